# libexec/lead/change.c: a second change begins during one (F30)
s/if (r == 0 \&\& (a->proposed != 0 || l->members.index > l->commit))/if (0)/

# libexec/lead/commit.c: whoever was a candidate leads whatever term it is (F4)
s/if (strcmp(st->term.voted_for.name, st->me.name) != 0 ||/if (0 \&\& (/; s/strcmp(st->term.voted_for.id, st->me.id) != 0)/strcmp(st->term.voted_for.id, st->me.id) != 0))/

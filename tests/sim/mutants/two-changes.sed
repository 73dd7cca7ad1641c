# libexec/lead/change.c: a second change begins during one (F30)
s/^	    (a->proposed != 0 || l->members.index > l->commit)) {/	    0) {/

# libexec/lead/change.c: the next configuration before this one is committed
s/^	    l->members.index > l->commit)$/	    0)/

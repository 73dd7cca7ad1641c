# libexec/state/segment.c: a cut is not durable before what follows it (F10)
s/^	    disk_sync(st->os, fd) == -1)$/	    0)/

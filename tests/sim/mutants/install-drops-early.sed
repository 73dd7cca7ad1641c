# libexec/state/install.c: the log goes before the snapshot is durable (F23)
s/^	    snapshot_sync(st) == -1)/	    0)/

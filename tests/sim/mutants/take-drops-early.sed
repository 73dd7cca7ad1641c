# libexec/state/take.c: the log goes before the snapshot is durable
s/ || snapshot_sync(st) == -1)$/)/

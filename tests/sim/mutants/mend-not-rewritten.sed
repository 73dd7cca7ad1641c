# libexec/state/lock.c: a page cache that may be ahead of the disk is trusted (F43)
s/ || log_rewrite(st, durable) == -1//

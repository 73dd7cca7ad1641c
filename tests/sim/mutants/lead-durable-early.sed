# libexec/lead/commit.c: a leader sends before its term is written down (F64)
s/^		r = log_sync(st);/		r = 0;/

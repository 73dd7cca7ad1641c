# libexec/state/take.c: the log goes up to the newest snapshot, which may rot (F27)
s/log_drop_before(st, oldest)/log_drop_before(st, st->snap.index)/

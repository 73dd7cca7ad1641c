# libexec/state/replay.c: a snapshot is taken of all of the log
s/^	if (commit > st->tail.index)$/	if (1)/

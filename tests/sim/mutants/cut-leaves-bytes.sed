# libexec/state/log.c: a cut leaves the old bytes behind the tail (F10)
s/return segment_zero(st, st->segment_fd, st->tail.off);/return 0;/

# libexec/state/scan.c: what rots is cut like what never reached the disk
s/return torn ? cut(st) : damage(st, st->tail.index + 1);/return cut(st);/

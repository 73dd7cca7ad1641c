# libexec/state/term.c: a vote is written, and not synced (F2)
s/disk_sync(st->os, st->term_fd) == -1/0/

# libexec/state/term.c: both slots of the term are written before either is synced (F2)
s/^	r = slot_store(st, 0, &line);/	r = disk_write(st->os, st->term_fd, buf_head(\&line), line.len, 0);/

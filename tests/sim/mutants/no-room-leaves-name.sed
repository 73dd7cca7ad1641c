# libexec/state/segment.c: a segment that found no room comes back after a loss of power (F44)
s/if (disk_remove(st->os, path) == -1 || disk_syncdir(st->os, "state\/log") == -1)/if (disk_remove(st->os, path) == -1)/

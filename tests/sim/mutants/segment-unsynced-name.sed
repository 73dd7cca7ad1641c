# libexec/state/segment.c: a new segment without a sync of its directory (F46)
s/if (disk_syncdir(st->os, "state\/log") == -1)/if (0)/

# libexec/state/lock.c: what is known of the log is never stale (two appends at once)
s/if (st->lock.counter != st->seen) {/if (st->seen == UINT64_MAX) {/

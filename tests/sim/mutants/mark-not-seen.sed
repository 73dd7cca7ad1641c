# libexec/state/lock.c: the dirty mark is not looked at (F63)
s/if (whole || st->lock.mark != MARK_CLEAN) {/if (whole) {/

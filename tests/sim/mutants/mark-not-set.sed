# libexec/state/lock.c: no dirty mark before a change (F63)
s/^	st->lock.mark = MARK_DIRTY;$/	st->lock.mark = MARK_CLEAN;/

# libexec/state/term.c: the second slot of the term is never written (F2)
s/^		r = slot_store(st, TERM_SLOT, &line);/		r = 0;/

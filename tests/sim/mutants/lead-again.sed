# libexec/lead/commit.c: a lead begins again in a term it has led (F64)
s/if (st->tail.term == st->term.current_term)/if (0)/

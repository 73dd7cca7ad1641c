# libexec/lead/commit.c: a leader does not look at its own term again (F5)
s/^	if (st->term.current_term != l->term) {/	if (0) {/

# libexec/state/install.c: a leader whose term has passed installs
s/^	if (f->term < st->term.current_term)$/	if (0)/

# libexec/state/lock.c: the term is read once a process (section 4)
s/^	if (term_load(st) == -1)$/	if (st->seen == UINT64_MAX \&\& term_load(st) == -1)/

# libexec/step/append.c: a late append cuts what follows it (F9)
s/^	if (known == f->length)$/	if (known == f->length \&\& f->arg[0] + f->arg[5] < st->tail.index \&\& (state_change(st) == -1 || log_cut(st, f->arg[0] + f->arg[5] + 1) == -1))\
		return -1;\
&/

# pkg/core/write.c: a renewal counts from its answer
s/^	if (w->t0 > p->t0)$/	w->t0 = p->now;\
&/

# pkg/core/body.c: a restarted monitor counts the lease that it reads
s/^	p->hold = HOLD_ADOPT;$/	p->hold = HOLD_MINE;\
	p->instance = p->seen.v.instance;\
	p->sent = p->now;/
s/^	if (p->armed)$/	p->t0 = p->now;\
	act_guard(p, GUARD_RENEWED);\
&/; s/^	p->t0 = 0;$/	p->t0 = p->now;/

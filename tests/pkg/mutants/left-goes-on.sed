# pkg/core/body.c: what has lost its guard and monitor is guarded as of now, and goes on
s/^	if (!p->armed \&\& p->here != 0 \&\& !p->here_maint) {$/	if (0) {/
s/(p->here != p->seen.v.epoch || !lease_needs_proof(&p->seen.v))/0/

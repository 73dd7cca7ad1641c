# pkg/core/body.c: what has lost its guard and monitor is guarded as of now, and goes on
s/^	if (!p->armed \&\& p->here != 0) {$/	if (0) {/
s/^		if (!p->armed \&\& !lease_needs_proof(&p->seen.v)) {$/		if (0) {/
s/lease_needs_proof(&p->seen.v) ? !lease_is_still(p) :/1 ? !lease_is_still(p) :/

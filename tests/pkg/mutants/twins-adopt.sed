# pkg/core/body.c: what another directory left to maintenance is gone on with
s/if (!p->armed \&\& p->here == 0) {/if (!p->armed \&\& p->here == 0 \&\& !lease_needs_proof(\&p->seen.v)) {/
s/(p->here != p->seen.v.epoch || !lease_needs_proof(&p->seen.v))/!lease_needs_proof(\&p->seen.v)/

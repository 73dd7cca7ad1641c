# pkg/core/body.c: what an earlier monitor left behind is not looked for
s/^	if (!p->armed \&\& p->here != 0 \&\& !p->here_maint) {$/	if (0) {/
s/^	\(		\)*become(p, BODY_PROBE);$/	become(p, BODY_NONE);/

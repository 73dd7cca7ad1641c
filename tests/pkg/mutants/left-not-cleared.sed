# pkg/core/body.c: what an earlier monitor left behind is not looked for
s/^	become(p, BODY_PROBE);$/	become(p, BODY_NONE);/

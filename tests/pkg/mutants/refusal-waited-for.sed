# pkg/core/body.c: a guard that refuses to be armed is waited for
s/^			owner_failed(p, "guard", 0);$/			p->refused = 0;/

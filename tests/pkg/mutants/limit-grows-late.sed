# pkg/core/body.c: guard has longer deadlines before the value has
s/if (deadlines_limit(d) > p->seen.v.limit || /if (/

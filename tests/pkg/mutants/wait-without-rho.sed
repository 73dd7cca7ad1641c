# pkg/core/lease.c: W is no longer than L: clocks are taken for right
s/ \* 11 \/ 9 + 1 + 100 \* LEASE_MS//

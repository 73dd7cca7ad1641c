# pkg/os/guard.c: guard counts a renewal from when it hears of it
# by: tests/pkg/guard.bats -f 'a renewal counts from its T0'
s/^	g.t0 = t0;$/	g.t0 = now;/

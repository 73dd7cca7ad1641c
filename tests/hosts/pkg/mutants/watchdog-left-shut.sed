# pkg/os/guard.c: the package starts without the watchdog that it should have
s/^	if (g.device\[0\] == '.0' || g.watchdog.fd != -1)$/	if (g.device[0] != 'x')/

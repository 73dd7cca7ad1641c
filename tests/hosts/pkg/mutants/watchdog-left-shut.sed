# pkg/os/guard.c: the package starts without the watchdog that it should have
s/^	if (!watchdog_ready()) {$/	if (g.device[0] == 'x' \&\& !watchdog_ready()) {/

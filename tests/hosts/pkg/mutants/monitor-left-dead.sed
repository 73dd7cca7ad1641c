# pkg/os/guard.c: a monitor that has died is not started again
s/^	if (g.monitor == 0 && !g.killing && now >= g.start_at)$/	if (g.monitor == 0 \&\& g.started == 0 \&\& !g.killing)/

# pkg/os/guard.c: what a package prints into ends with the monitor that reads it
# by: tests/pkg/monitor.bats -f 'prints without end'
s/^	(void)close(pair\[1\]);$/	(void)close(pair[1]); (void)close(g.output[0]);/

# pkg/os/guard.c: the watchdog is kicked when the lease is over, too
s/ && now + g.watchdog.timeout <= dead_by()) {$/) {/

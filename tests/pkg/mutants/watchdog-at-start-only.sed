# pkg/core/body.c: what guard is told of a watchdog while the package runs waits for the next start
# by: tests/pkg/rules.bats -f 'another watchdog'
s/^	return p->armed \&\& p->told .*/	return p->armed \&\&/; s/^	    strcmp(p->watchdog, p->settings.watchdog) == 0 \&\&//

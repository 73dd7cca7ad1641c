# pkg/core/body.c: an epoch is closed before the package is dead
s/^	p->stop_ran = 0;$/&\
	act_close(p, p->epoch);/

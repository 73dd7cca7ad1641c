# pkg/core/write.c: a change of the value does not start the timer over
s/^	s->at = p->now;$/	if (s->at == 0)\
	&/

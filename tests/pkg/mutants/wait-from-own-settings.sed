# pkg/core/standby.c: W is computed from the own settings, not from the value
s/^	return due(p, p->seen.at + lease_wait(v) + place_delay(p));/	struct lease own = *v;\
	own.limit = deadlines_limit(\&p->settings.deadlines);\
	return due(p, p->seen.at + lease_wait(\&own) + place_delay(p));/

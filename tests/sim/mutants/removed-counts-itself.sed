# libexec/lead/peers.c: a leader counts itself, member or not (F20)
s/^	return rule_quorum_index(&l->members, match);/	if (l->me == -1)\
		match[0] = l->durable;\
&/

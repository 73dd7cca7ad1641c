# libexec/core/rules.c: a new term keeps the old vote (All Servers)
/^	t->voted_for = (struct who){ "-", "-" };$/d

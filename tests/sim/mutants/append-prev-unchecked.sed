# libexec/step/append.c: the entry before is not compared
s/^	if (before.term == term && before.chain == f->arg\[2\])$/	if (1)/

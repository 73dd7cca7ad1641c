# libexec/step/append.c: the entry before is not compared
s/^	if (r.term == term && r.chain == f->arg\[2\])$/	if (1)/

# libexec/core/tally.c: PreVotes count as votes (F4)
s/(f->arg\[0\] == BALLOT_PRE) != (t->kind == BALLOT_PRE)/0/

# libexec/core/tally.c: replies to an earlier ballot count (F4)
s/who == -1 || f->seq != t->term ||/who == -1 ||/; s/ \&\& f->term == t->term//

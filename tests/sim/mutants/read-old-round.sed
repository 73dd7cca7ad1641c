# libexec/lead/answers.c: a read takes part in a round that is under way
s/r->seq = l->seq + 1;/r->seq = l->seq;/

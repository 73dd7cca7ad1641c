# libexec/lead/answers.c: a read without asking a majority (F36)
s/ || !peers_confirmed(l, r->seq)//

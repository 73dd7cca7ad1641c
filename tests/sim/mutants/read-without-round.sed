# libexec/lead/answers.c: a read without asking a majority (F36)
s/ || !followers_confirmed(l, r->seq)//

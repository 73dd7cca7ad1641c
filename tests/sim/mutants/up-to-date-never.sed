# libexec/core/rules.c: any log is up to date enough (F3)
s/return last_term > v->last_term;/return 1;/; s/return last_index >= v->last_index;/return 1;/

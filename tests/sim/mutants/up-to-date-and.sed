# libexec/core/rules.c: up to date is index and term, each for itself (F3)
s/return last_term > v->last_term;/return 0;/; s/if (last_term != v->last_term)/if (last_term < v->last_term || last_index < v->last_index)/

# libexec/core/members.c: half of the members are a majority
s/return 2 \* n > m->n;/return 2 * n >= m->n;/; s/return n > m->n \/ 2;/return 2 * n >= m->n;/

# libexec/state/take.c: the members of today, not those as of the index (F26)
s/^		r = store_write(st, store, &m);/		m.members = st->members;\
&/

# libexec/lead/followers.c: match_index from what was never sent (F14)
s/^		if (f->arg\[1\] > p->match_index)$/		if (l->st->tail.index > p->match_index)/; s/p->match_index = f->arg\[1\];/p->match_index = l->st->tail.index;/

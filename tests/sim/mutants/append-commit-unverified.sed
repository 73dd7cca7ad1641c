# libexec/step/append.c: commit index up to the own last entry (F11)
s/rule_follower_commit(a->commit, f->arg\[3\], verified)/rule_follower_commit(a->commit, f->arg[3], st->tail.index)/

# libexec/step/vote.c: a node that lost what it acknowledged votes
s/v.damaged = st->lock.damaged != 0;/v.damaged = 0;/

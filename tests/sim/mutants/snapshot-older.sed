# libexec/state/install.c: an older snapshot is accepted (F22)
s/^	if (in->name.index <= st->snap.index)$/	if (0)/
s/^	if (st->lock.damaged != 0 ? in->name.index <= st->tail.index :$/	if (0 \&\& (st->lock.damaged != 0 ? in->name.index <= st->tail.index :/
s/in->name.index <= run_commit_load(st->os))$/in->name.index <= run_commit_load(st->os)))/

# libexec/state/lock.c: a start does not look whether a snapshot is whole (F27)
s/(whole \&\& snapshot_judge(st) == -1)/0/

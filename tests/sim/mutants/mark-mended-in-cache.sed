# libexec/state/lock.c: a mark that was found set is not made durable first (F63)
s/if (lock_store(st, 1) == -1 || term_judge(st) == -1)/if (lock_store(st, 0) == -1 || term_judge(st) == -1)/

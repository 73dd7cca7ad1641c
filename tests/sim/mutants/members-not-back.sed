# libexec/state/log.c: a configuration does not go with its entry (F29)
s/if (st->members.index > st->tail.index \&\&/if (0 \&\&/

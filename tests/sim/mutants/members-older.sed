# libexec/state/members.c: a mend takes a configuration from before the snapshot
s/(cached > st->snap.index || cached == st->snap.members.index)/1/

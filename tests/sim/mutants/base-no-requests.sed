# libexec/state/replay.c: a snapshot is begun with without its request ids (F37)
s/return reader_requests(\*base, store_recall, store);/return 0;/

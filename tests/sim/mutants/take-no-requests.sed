# libexec/state/take.c: request ids are not in a snapshot (F26, F37)
s/r = store_requests(store, m->index, writer_request, w);/r = 0;/

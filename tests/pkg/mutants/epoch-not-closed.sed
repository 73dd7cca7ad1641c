# pkg/core/queue.c: an epoch that was answered to be closed is gone on with
s/^	p->closed = epoch;$//

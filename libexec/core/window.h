/*
 * window.h - the request ids of a window of log entries, and what became of
 * the requests: so that a repeated one is not carried out again.
 *
 * A request is accepted at index i if its id's base b is no more than size
 * entries behind: i - b <= size.  Its repeats carry the same base, and an entry
 * never stands before the base of its request: b <= j for the index j at which
 * it was first applied.  So when a repeat can still be accepted, i - j <= size
 * holds as well, and an id has to be remembered exactly that long.  What is
 * remembered depends on the log alone, never on when a node looked.
 */
#ifndef LITE_RAFT_WINDOW_H
#define LITE_RAFT_WINDOW_H

#include "command.h"

struct seen {
	struct request_id id;
	uint64_t index; /* of the entry that was carried out */
	uint32_t next;  /* in its chain: position + 1, 0: none */
	int outcome;
};

/* All zero but size is an empty window. */
struct window {
	uint64_t size;     /* in log entries */
	struct seen *ring; /* in the order of their indexes */
	uint32_t *chain;   /* where each begins: position + 1 */
	uint32_t cap;      /* of both, a power of two */
	uint32_t first;    /* position of the oldest */
	uint32_t n;
};

/* What became of a request that comes (again) at index, or NULL. */
const struct seen *window_find(struct window *, uint64_t index,
    const struct request_id *);

/*
 * Remembers one that window_find does not know.  Indexes only rise.  0, or -1
 * with ENOMEM.
 */
int window_add(struct window *, uint64_t index, const struct request_id *, int outcome);

/* Makes room for so many at once: 0, or -1 with ENOMEM. */
int window_room(struct window *, uint64_t n);

/* Those that can be found at index, in order, until visit returns non-zero: that. */
int window_each(const struct window *, uint64_t index,
    int (*visit)(void *, const struct seen *), void *arg);

void window_free(struct window *);

#endif

/*
 * replay.c - the state machine anew: a snapshot, and the entries behind it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "state.h"

#define SLICE (1024u * 1024) /* bytes of log in memory at a time */

int
store_load(struct state *st, struct store *store, struct reader **base)
{
	struct store_base b = { reader_get, reader_seek, reader_next, NULL };

	*base = NULL;
	if (st->snap.index == 0)
		return 0;
	*base = reader_open(st->os, &st->snap, "", st->why);
	if (*base == NULL)
		return -1;
	b.arg = *base;
	if (store_begin(store, &b, st->snap.requests) == -1) {
		(void)snprintf(st->why, sizeof(st->why),
		    "cannot load a snapshot: no memory is left");
		return -1;
	}
	return reader_requests(*base, store_recall, store);
}

/* Applies one entry, and notes what it was in m: 0, or -1 and why. */
static int
entry_replay(struct state *st, struct store *store, struct manifest *m,
    const struct record *r, const char *payload)
{
	struct command c;

	if (r->type == RECORD_MEMBERS) {
		if (members_parse(&m->members, payload, r->length) == -1)
			goto bad;
		m->members.index = r->index;
	}
	if (r->type == RECORD_COMMAND) {
		if (command_decode(&c, payload, r->length) == -1)
			goto bad;
		if (store_apply(store, r->index, &r->id, &c) == -1) {
			if (errno == ENOMEM)
				(void)snprintf(st->why, sizeof(st->why),
				    "cannot replay the log: no memory is left");
			return -1;
		}
	}
	m->index = r->index;
	m->term = r->term;
	m->chain = r->chain;
	return 0;

bad:
	errno = EILSEQ;
	(void)snprintf(st->why, sizeof(st->why),
	    "cannot replay the log: entry %" PRIu64 " makes no sense", r->index);
	return -1;
}

static int
slice_replay(struct state *st, struct store *store, struct manifest *m, const char *p,
    size_t n)
{
	struct record r;
	size_t done, warm = 0;

	for (done = 0; done < n; done += record_size(&r)) {
		if (warm-- == 0)
			warm = store_warm(store, p + done, n - done) - 1;
		if (record_parse(p + done, n - done, &r) != 1 ||
		    !record_intact(&r, p + done) || r.index != m->index + 1 ||
		    record_chain(p + done, m->chain) != r.chain) {
			errno = EILSEQ;
			(void)snprintf(st->why, sizeof(st->why),
			    "cannot replay the log: index %" PRIu64 " is damaged",
			    m->index + 1);
			return -1;
		}
		if (entry_replay(st, store, m, &r, p + done + RECORD_HEADER) == -1)
			return -1;
	}
	return 0;
}

int
log_replay(struct state *st, struct store *store, struct manifest *m, uint64_t last)
{
	struct buf b = { 0 };
	struct cursor c;
	struct tail before;
	size_t count;
	int bad = 0;

	if (last > st->tail.index || log_place(st, m->index + 1, &c, &before) == -1) {
		(void)snprintf(st->why, sizeof(st->why),
		    "cannot replay the log from index %" PRIu64 " to %" PRIu64
		    ": not all of it is there",
		    m->index + 1, last);
		return -1;
	}
	while (!bad && m->index < last) {
		bad = log_read(st, &c, last, SLICE, &b, &count, NULL);
		if (bad == 0)
			bad = slice_replay(st, store, m, buf_head(&b), b.len);
		buf_cut(&b, 0);
	}
	buf_free(&b);
	return bad;
}

/*
 * After a start run/commit_index says nothing until a leader does, but what a
 * snapshot covers was committed.
 */
uint64_t
log_committed(struct state *st)
{
	uint64_t commit = run_commit_load(st->os);

	if (commit > st->tail.index)
		commit = st->tail.index;
	if (st->lock.damaged != 0 && commit >= st->lock.damaged)
		commit = st->lock.damaged - 1;
	return commit > st->snap.index ? commit : st->snap.index;
}

/* With state/snapshot/lock held: nothing that is read here goes away. */
static int
replay(struct state *st, int whole, struct store *store, struct reader **base,
    struct manifest *m)
{
	uint64_t last;

	if (state_lock(st) == -1)
		return -1;
	last = whole ? st->tail.index : log_committed(st);
	*m = st->snap;
	if (state_unlock(st) == -1 || store_load(st, store, base) == -1)
		return -1;
	return last > m->index ? log_replay(st, store, m, last) : 0;
}

int
store_local(struct state *st, int whole, struct store **store, struct reader **base,
    struct manifest *m)
{
	int fd, r;

	*base = NULL;
	*store = NULL;
	fd = snapshot_lock(st);
	if (fd == -1)
		return -1;
	*store = store_new(STORE_WINDOW);
	if (*store == NULL) {
		(void)snprintf(st->why, sizeof(st->why),
		    "cannot replay the log: no memory is left");
		r = -1;
	} else
		r = replay(st, whole, *store, base, m);
	(void)disk_close(st->os, fd);
	if (r == -1) {
		store_free(*store);
		reader_close(*base);
		*store = NULL;
		*base = NULL;
	}
	return r;
}

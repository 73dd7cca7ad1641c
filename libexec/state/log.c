/*
 * log.c - state/log: append, cut, find, read.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define CHUNK (64u * 1024) /* bytes read at a time while looking */

/* That each record continues the one before, and is intact, whoever gives them has
 * seen to; that the first continues the log is looked at here. */
static int
continues(const struct state *st, const char *p, size_t n)
{
	const struct tail *t = &st->tail;
	struct record r;

	return n == 0 ||
	    (record_parse(p, n, &r) == 1 && r.index == t->index + 1 &&
		r.term >= t->term && record_chain(p, t->chain) == r.chain);
}

/* How much of p[0..n) fits behind the log's end in its segment; *next: the first
 * index that does not.  *last: where the last configuration among them is; n: none. */
static int
measure(struct state *st, const char *p, size_t n, size_t *fit, uint64_t *next,
    size_t *last, off_t *room_end)
{
	struct record r;
	struct tail t = st->tail;
	off_t size = 0;
	size_t done = 0;
	int room = 1;

	if (t.segment != 0) {
		if (segment_use(st, t.segment) == -1)
			return -1;
		size = disk_size(st->os, st->segment_fd);
		if (size == -1)
			return state_fail(st, "cannot measure the log: %s",
			    strerror(errno));
	}
	*room_end = size;
	*last = n;
	if (!continues(st, p, n)) {
		errno = EINVAL;
		return state_fail(st,
		    "cannot append: what follows index %" PRIu64
		    " does not continue the log",
		    t.index);
	}
	for (; done < n; done += record_size(&r)) {
		r.length = record_length(p + done);
		t.index++;
		t.off += record_size(&r);
		if (record_type(p + done) == RECORD_MEMBERS)
			*last = done;
		if (room && t.off <= (uint64_t)size)
			*fit = done + record_size(&r);
		else if (room) {
			room = 0;
			*next = t.index;
		}
	}
	return 0;
}

void
log_forget(struct state *st)
{
	buf_free(&st->recent);
	st->recent_segment = 0;
}

/* Keeps what was written at off in memory, behind what is there already. */
static void
remember(struct state *st, const char *p, size_t n, uint64_t off)
{
	if (st->recent_max == 0)
		return;
	if (st->recent_segment != st->tail.segment ||
	    st->recent_off + st->recent.len != off) {
		buf_cut(&st->recent, 0);
		st->recent_segment = st->tail.segment;
		st->recent_off = off;
	}
	if (n > st->recent_max || buf_add(&st->recent, p, n) == -1) {
		log_forget(st);
		return;
	}
	if (st->recent.len > st->recent_max) {
		n = st->recent.len - st->recent_max / 2;
		buf_eat(&st->recent, n);
		st->recent_off += n;
	}
}

const char *
log_recent(const struct state *st, const struct cursor *c, size_t *n)
{
	if (c->segment != st->recent_segment ||
	    st->recent_segment != st->tail.segment || c->off < st->recent_off ||
	    c->off >= st->tail.off || st->recent_off + st->recent.len != st->tail.off)
		return NULL;
	*n = (size_t)(st->tail.off - c->off);
	return buf_head(&st->recent) + (c->off - st->recent_off);
}

/* Writes whole records into the segment that st->tail names, at its off. */
static int
put(struct state *st, char *p, size_t n, uint64_t durable)
{
	struct record r;
	uint64_t start = st->tail.off;
	size_t done, last = 0;

	for (done = 0; done < n; done += record_size(&r)) {
		last = done;
		r.length = record_length(p + done);
		record_localise(p + done, &r, durable, start + done);
	}
	record_parse(p + last, n - last, &r);
	st->tail.index = r.index;
	st->tail.term = r.term;
	st->tail.chain = r.chain;
	st->tail.off = start + n;
	if (segment_use(st, st->tail.segment) == -1)
		return -1;
	if (disk_write(st->os, st->segment_fd, p, n, (off_t)start) == -1)
		return state_fail(st, "cannot write the log: %s", strerror(errno));
	remember(st, p, n, start);
	return 0;
}

/* In the second half of a segment it is time for the next. */
static void
prepare(struct state *st, uint64_t size)
{
	if (st->tail.off <= size / 2 || st->prepared == st->tail.segment)
		return;
	st->prepared = st->tail.segment;
	segment_prepare(st);
}

int
log_append(struct state *st, char *records, size_t n)
{
	uint64_t durable = st->lock.tail.index, next = 0;
	size_t fit = 0, last = n, rest;
	struct record r;
	off_t end;

	if (measure(st, records, n, &fit, &next, &last, &end) == -1)
		return -1;
	rest = n - fit;
	/* Room first: without it nothing is written at all. */
	if (rest > 0 &&
	    segment_make(st, next,
		rest > st->segment_bytes ? rest : st->segment_bytes) == -1)
		return -1;
	if (last < n &&
	    (record_parse(records + last, n - last, &r) != 1 ||
		members_take(st, &r, records + last) == -1)) {
		/* The log goes on in the segment before: an empty one would be in
		 * its way. */
		if (rest > 0 && !st->broken)
			(void)segment_unmake(st, next);
		return -1;
	}
	if (fit > 0 && put(st, records, fit, durable) == -1)
		return -1;
	if (rest == 0) {
		prepare(st, (uint64_t)end);
		return 0;
	}
	/* A segment is whole before the next one holds anything: also what an
	 * earlier call has left in it. */
	if (log_sync(st) == -1)
		return -1;
	durable = st->tail.index;
	st->tail.segment = next;
	st->tail.off = 0;
	if (put(st, records + fit, rest, durable) == -1)
		return -1;
	prepare(st, st->segment_bytes);
	return 0;
}

int
log_sync(struct state *st)
{
	if (st->tail.segment == 0)
		return 0;
	if (segment_use(st, st->tail.segment) == -1)
		return -1;
	if (disk_sync(st->os, st->segment_fd) == -1)
		return state_fail(st, "cannot sync the log: %s", strerror(errno));
	return 0;
}

int
log_cut_finish(struct state *st)
{
	uint64_t *list;
	size_t n;
	int r = 0;

	log_forget(st);

	list = segment_list(st, &n);
	if (list == NULL)
		return state_fail(st, "cannot list state/log: %s", strerror(errno));
	/* Newest first, so that what is left is always a log. */
	while (r == 0 && n > 0 && list[n - 1] > st->tail.segment)
		r = segment_drop(st, list[--n]);
	free(list);
	if (r == 0 && disk_syncdir(st->os, "state/log") == -1)
		r = state_fail(st, "cannot sync state/log: %s", strerror(errno));
	if (r == -1 || st->tail.segment == 0)
		return r;
	if (segment_use(st, st->tail.segment) == -1)
		return -1;
	return segment_zero(st, st->segment_fd, st->tail.off);
}

/* All behind t goes, durably. */
static int
cut_behind(struct state *st, const struct tail *t)
{
	st->tail = *t;
	if (state_cut(st, MARK_CUT) == -1 || log_cut_finish(st) == -1)
		return -1;
	/* A configuration goes with its entry, back to the one before (§6). */
	if (st->members.index > st->tail.index &&
	    members_mend(st, st->tail.index) == -1)
		return -1;
	return state_cut(st, MARK_DIRTY);
}

int
log_cut(struct state *st, uint64_t index)
{
	struct cursor c;
	struct tail before;

	if (index <= st->snap.index || index > st->tail.index + 1) {
		errno = EINVAL;
		return state_fail(st, "cannot cut the log at %" PRIu64, index);
	}
	if (log_place(st, index, &c, &before) == -1)
		return state_fail(st, "cannot cut the log at %" PRIu64 ": %s", index,
		    strerror(errno));
	return cut_behind(st, &before);
}

struct tail
log_start(const struct state *st)
{
	if (st->snap.index == 0)
		return (struct tail){ 0, 0, 0, 0, 0 };
	return (struct tail){ st->snap.index, st->snap.term, st->snap.chain, 0, 0 };
}

int
log_drop(struct state *st)
{
	struct tail start = log_start(st);

	return cut_behind(st, &start);
}

/*
 * Walks one segment from *c on, calling visit with each record, until it
 * returns non-zero or index last was visited.
 */
static int
walk(struct state *st, struct cursor *c, uint64_t last,
    int (*visit)(void *, const struct cursor *, const struct record *), void *arg)
{
	struct record r;
	char *chunk;
	size_t at = 0;
	ssize_t n = 0;
	int done = 0;

	if (segment_look(st, c->segment) == -1)
		return -1;
	chunk = malloc(CHUNK);
	if (chunk == NULL)
		return -1;
	while (!done && c->index <= last) {
		if (n == 0 || at + RECORD_HEADER > (size_t)n) {
			n = disk_read(st->os, st->segment_fd, chunk, CHUNK,
			    (off_t)c->off);
			at = 0;
		}
		/* What can't be read is not the end of the log. */
		if (n == -1) {
			(void)state_fail(st, "cannot read state/log: %s",
			    strerror(errno));
			break;
		}
		if (n == 0 || record_parse(chunk + at, (size_t)n - at, &r) != 1 ||
		    r.index != c->index)
			break;
		done = visit(arg, c, &r);
		if (done)
			break;
		c->index++;
		c->off += record_size(&r);
		at += record_size(&r);
		if (at > (size_t)n)
			n = 0;
	}
	free(chunk);
	return n == -1 ? -1 : 0;
}

/* The place in list of the segment that holds index, or -1. */
static long
segment_of(const uint64_t *list, size_t n, uint64_t index)
{
	long i = (long)n - 1;

	while (i >= 0 && list[i] > index)
		i--;
	return i;
}

struct wanted {
	uint64_t index;
	struct cursor at;
	struct record record;
	int found;
};

static int
visit_index(void *arg, const struct cursor *c, const struct record *r)
{
	struct wanted *w = arg;

	if (r->index != w->index)
		return 0;
	w->at = *c;
	w->record = *r;
	w->found = 1;
	return 1;
}

int
log_find(struct state *st, uint64_t index, struct cursor *c, struct record *r)
{
	struct wanted w = { .index = index };
	uint64_t *list;
	size_t n;
	long i;

	if (index == 0 || index > st->tail.index) {
		errno = ENOENT;
		return -1;
	}
	list = segment_list(st, &n);
	if (list == NULL)
		return state_fail(st, "cannot list state/log: %s", strerror(errno));
	i = segment_of(list, n, index);
	if (i >= 0) {
		w.at = (struct cursor){ list[i], list[i], 0 };
		*c = w.at;
		if (walk(st, c, index, visit_index, &w) == -1) {
			if (errno != ENOENT) {
				free(list);
				return -1;
			}
			i = -1;
		}
	}
	free(list);
	if (i == -1) {
		errno = ENOENT; /* the log begins later */
		return -1;
	}
	if (!w.found) {
		errno = EILSEQ;
		return state_fail(st,
		    "cannot read state/log: index %" PRIu64 " is not there", index);
	}
	*c = w.at;
	*r = w.record;
	return 0;
}

int
log_place(struct state *st, uint64_t index, struct cursor *c, struct tail *before)
{
	struct cursor at;
	struct record r;

	*before = (struct tail){ 0, 0, 0, 0, 0 };
	if (index == st->tail.index + 1)
		*before = st->tail;
	else if (index > 1 && log_find(st, index - 1, &at, &r) == 0)
		*before = (struct tail){ r.index, r.term, r.chain, at.segment,
			at.off + record_size(&r) };
	else if (index > 1 && errno == ENOENT && index - 1 == st->snap.index)
		*before = log_start(st);
	else if (index != 1 || segment_look(st, 1) == -1) /* errno is log_find's */
		return -1;
	*c = before->segment == 0 ?
	    (struct cursor){ index, index, 0 } :
	    (struct cursor){ index, before->segment, before->off };
	return 0;
}

struct within {
	uint64_t term;
	struct record *best;
};

static int
visit_within(void *arg, const struct cursor *c, const struct record *r)
{
	struct within *w = arg;

	(void)c;
	/* Terms only grow along a log. */
	if (r->term > w->term)
		return 1;
	*w->best = *r;
	return 0;
}

int
log_last_within(struct state *st, uint64_t index, uint64_t term, struct record *best)
{
	struct within w = { term, best };
	struct cursor c;
	uint64_t *list;
	size_t n;
	long i;
	int r = 0;

	memset(best, 0, sizeof(*best));
	if (index > st->tail.index)
		index = st->tail.index;
	list = segment_list(st, &n);
	if (list == NULL)
		return state_fail(st, "cannot list state/log: %s", strerror(errno));
	for (i = segment_of(list, n, index); i >= 0 && r == 0; i--) {
		c = (struct cursor){ list[i], list[i], 0 };
		r = walk(st, &c, index, visit_within, &w);
		if (best->index != 0)
			break;
	}
	free(list);
	if (best->index == 0 && st->snap.index <= index && st->snap.term <= term) {
		best->index = st->snap.index;
		best->term = st->snap.term;
		best->chain = st->snap.chain;
	}
	return r;
}

struct last_of {
	char type;
	uint64_t behind;
	struct cursor *at;
	struct record *record;
};

static int
visit_type(void *arg, const struct cursor *c, const struct record *r)
{
	struct last_of *w = arg;

	if (r->type == w->type && r->index > w->behind) {
		*w->at = *c;
		*w->record = *r;
	}
	return 0;
}

int
log_last_of(struct state *st, char type, uint64_t behind, struct cursor *at,
    struct record *last)
{
	struct last_of w = { type, behind, at, last };
	struct cursor c;
	uint64_t end, *list;
	size_t n;
	long i;
	int r = 0;

	memset(last, 0, sizeof(*last));
	if (st->tail.segment == 0 || st->tail.index <= behind)
		return 0;
	list = segment_list(st, &n);
	if (list == NULL)
		return state_fail(st, "cannot list state/log: %s", strerror(errno));
	for (i = segment_of(list, n, st->tail.index); i >= 0 && r == 0; i--) {
		c = (struct cursor){ list[i], list[i], 0 };
		end = (size_t)i + 1 < n && list[i + 1] <= st->tail.index ?
		    list[i + 1] - 1 :
		    st->tail.index;
		r = walk(st, &c, end, visit_type, &w);
		if (r == 0 && c.index <= end) {
			errno = EILSEQ;
			r = state_fail(st,
			    "cannot read state/log: index %" PRIu64 " is not there",
			    c.index);
		}
		if (last->index != 0 || list[i] <= behind + 1)
			break;
	}
	free(list);
	return r;
}

/* How many bytes of p[0..n) are whole records up to index last; the cursor
 * moves, *end is the last of them, *cut the one that is not whole. */
static size_t
take_whole(const char *p, size_t n, uint64_t last, struct cursor *c, size_t *count,
    struct tail *end, struct record *cut)
{
	size_t done = 0;

	memset(cut, 0, sizeof(*cut));
	while (c->index <= last && record_parse(p + done, n - done, cut) == 1 &&
	    cut->index == c->index && n - done >= record_size(cut)) {
		end->index = cut->index;
		end->term = cut->term;
		end->chain = cut->chain;
		done += record_size(cut);
		c->index++;
		c->off += record_size(cut);
		(*count)++;
	}
	return done;
}

/* Of n wanted bytes, those up to the log's end: zeros lie behind it. */
static size_t
up_to_tail(const struct state *st, const struct cursor *c, size_t n)
{
	if (c->segment == st->tail.segment && c->off < st->tail.off &&
	    n > st->tail.off - c->off)
		return (size_t)(st->tail.off - c->off);
	return n;
}

/* Appends all that follows the cursor, if it is in memory: 1, 0 (not), or -1. */
static int
recent_read(struct state *st, struct cursor *c, size_t max, struct buf *b,
    size_t *count, struct tail *end)
{
	const char *p;
	size_t n;

	p = log_recent(st, c, &n);
	if (p == NULL || n > max)
		return 0;
	if (buf_add(b, p, n) == -1)
		return state_fail(st, "cannot read the log: %s", strerror(errno));
	*count = (size_t)(st->tail.index + 1 - c->index);
	c->index = st->tail.index + 1;
	c->off = st->tail.off;
	*end = st->tail;
	return 1;
}

int
log_read(struct state *st, struct cursor *c, uint64_t last, size_t max, struct buf *b,
    size_t *count, struct tail *end)
{
	struct record cut;
	struct tail unused;
	size_t before = b->len, got, want = max;
	ssize_t n;
	char *p;
	int r;

	*count = 0;
	if (end == NULL)
		end = &unused;
	if (last >= st->tail.index) {
		r = recent_read(st, c, max, b, count, end);
		if (r != 0)
			return r == 1 ? 0 : -1;
	}
	if (max < RECORD_HEADER)
		max = want = RECORD_HEADER;
	if (last > st->tail.index)
		last = st->tail.index;
	while (c->index <= last && b->len - before < max) {
		if (segment_look(st, c->segment) == -1)
			return -1;
		want = up_to_tail(st, c, want);
		p = buf_room(b, want);
		if (p == NULL)
			return state_fail(st, "cannot read the log: %s",
			    strerror(errno));
		n = disk_read(st->os, st->segment_fd, p, want, (off_t)c->off);
		if (n == -1)
			return state_fail(st, "cannot read the log: %s",
			    strerror(errno));
		got = take_whole(p, (size_t)n, last, c, count, end, &cut);
		buf_grew(b, got);
		if (got > 0) {
			want = max;
			continue;
		}
		if (*count > 0)
			return 0;
		if (cut.index == c->index && want < record_size(&cut) &&
		    (size_t)n == want)
			want = record_size(&cut); /* longer than max */
		else if (c->segment != c->index)
			*c = (struct cursor){ c->index, c->index, 0 };
		else {
			errno = EILSEQ;
			return state_fail(st,
			    "cannot read state/log: index %" PRIu64 " is damaged",
			    c->index);
		}
	}
	return 0;
}

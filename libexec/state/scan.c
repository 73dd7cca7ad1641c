/*
 * scan.c - what lies on the disk: intact, torn or rotten.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* A segment in memory. */
struct image {
	uint64_t first;
	char *p;
	size_t n;
};

static int
image_load(struct state *st, uint64_t first, struct image *m)
{
	off_t size;
	ssize_t n;

	if (segment_use(st, first) == -1)
		return -1;
	size = disk_size(st->os, st->segment_fd);
	if (size == -1)
		return state_fail(st, "cannot measure the log: %s", strerror(errno));
	m->first = first;
	m->p = malloc((size_t)size + 1);
	if (m->p == NULL)
		return state_fail(st, "cannot read the log: %s", strerror(errno));
	n = disk_read(st->os, st->segment_fd, m->p, (size_t)size, 0);
	if (n == -1) {
		free(m->p);
		return state_fail(st, "cannot read state/log/%016" PRIu64 ": %s", first,
		    strerror(errno));
	}
	m->n = (size_t)n;
	return 0;
}

static int
all_zero(const char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/*
 * Reads records from st->tail on; 1: the next one is bad, 0: the rest is zero.
 * given: what stands before the first of them is not known, its chain is taken as
 * it is.
 */
static int
image_read(struct state *st, const struct image *m, int given)
{
	struct tail *t = &st->tail;
	struct record r;
	size_t off = (size_t)t->off;

	for (;;) {
		if (off > m->n)
			return 1;
		if (record_parse(m->p + off, m->n - off, &r) != 1)
			return !all_zero(m->p + off, m->n - off);
		if (m->n - off < record_size(&r) || r.index != t->index + 1 ||
		    r.term < t->term ||
		    (!given && record_chain(m->p + off, t->chain) != r.chain) ||
		    !record_intact(&r, m->p + off))
			return 1;
		given = 0;
		/* Not the log that the lock file speaks of. */
		if (st->lock.tail.index == r.index &&
		    (st->lock.tail.chain != r.chain || st->lock.tail.term != r.term))
			return 1;
		off += record_size(&r);
		t->index = r.index;
		t->term = r.term;
		t->chain = r.chain;
		t->off = off;
	}
}

/*
 * 1 if an intact header in p[off..n) says that index was durable.  What lies in
 * a record's payload is no header, even if it reads like one; and as many records
 * as an index is away need their room: gap bytes lie between index and off.
 */
static int
later_says_durable(const char *p, size_t off, size_t n, uint64_t index, size_t gap)
{
	const size_t from = off;
	const char *e;
	struct record r;

	while (off < n && (e = memchr(p + off, 'e', n - off)) != NULL) {
		off = (size_t)(e - p);
		if (record_parse(e, n - off, &r) != 1) {
			off++;
			continue;
		}
		if (r.index > index && r.durable >= index &&
		    r.index - index <= 1 + (gap + off - from) / RECORD_HEADER)
			return 1;
		if (record_size(&r) <= n - off && record_intact(&r, e))
			off += record_size(&r);
		else
			off++;
	}
	return 0;
}

/*
 * The record at off is bad.  1 if sectors of it never reached the disk: more
 * pieces are all zero than its header accounts for, or a piece of the header is,
 * which has no zero byte.  What lies behind the end of the file counts as zero.
 */
static int
looks_torn(const struct image *m, size_t off)
{
	struct record r;
	char header[RECORD_HEADER];
	size_t have, n;
	char *payload;
	uint32_t zeros;

	memset(header, 0, sizeof(header));
	have = off < m->n ? m->n - off : 0;
	memcpy(header, m->p + off, have < sizeof(header) ? have : sizeof(header));
	if (record_parse(header, sizeof(header), &r) != 1)
		return record_zeros(header, sizeof(header), off) > 0;
	payload = calloc(1, r.length + 1);
	if (payload == NULL)
		return 0; /* then it is kept: damage */
	n = have > RECORD_HEADER ? have - RECORD_HEADER : 0;
	memcpy(payload, m->p + off + (n > 0 ? RECORD_HEADER : 0),
	    n < r.length + 1 ? n : r.length + 1);
	zeros = record_zeros(payload, r.length + 1, off + RECORD_HEADER);
	free(payload);
	return zeros > r.zeros;
}

/* The record behind st->tail is bad: 1 torn, 0 rotten, -1. */
static int
judge(struct state *st, const struct image *m, const uint64_t *later, size_t n)
{
	const uint64_t index = st->tail.index + 1;
	struct image next;
	struct record r;
	size_t gap, i, off, skip;
	int durable;

	if (index <= st->lock.tail.index)
		return 0;
	/* Once something was lost, the lock file's tail is where that begins. */
	if (st->lock.damaged != 0 && st->lock.damaged <= index)
		return 0;
	off = m == NULL ? 0 : (size_t)st->tail.off;
	if (m != NULL && off < m->n) {
		/* Its own payload is not asked, where its header says how long it is. */
		skip = record_parse(m->p + off, m->n - off, &r) == 1 ? record_size(&r) :
								       1;
		if (skip < m->n - off &&
		    later_says_durable(m->p, off + skip, m->n, index, 0))
			return 0;
	}
	/* Of a segment that is missing nobody knows how much was in it. */
	gap = m == NULL ? SIZE_MAX / 2 : m->n - (off < m->n ? off : m->n);
	for (i = 0; i < n; i++) {
		if (image_load(st, later[i], &next) == -1)
			return -1;
		durable = later_says_durable(next.p, 0, next.n, index, gap);
		gap += next.n;
		free(next.p);
		if (durable)
			return 0;
	}
	/* Zeros to the end of the segment: nothing of it was written. */
	if (m == NULL || off >= m->n || all_zero(m->p + off, m->n - off))
		return 1;
	return looks_torn(m, off);
}

enum found { SCAN_WHOLE, SCAN_TORN, SCAN_GONE, SCAN_ROTTEN };

#define PLACE_TEXT 128u

/* Says which index is lost, and where the log has it no more: behind at. */
static const char *
place(char text[PLACE_TEXT], const struct tail *at, enum found found)
{
	char byte[64] = "";

	if (at->segment != 0)
		(void)snprintf(byte, sizeof(byte), "/%016" PRIu64 " at byte %" PRIu64,
		    at->segment, at->off);
	(void)snprintf(text, PLACE_TEXT, "index %" PRIu64 " in state/log%s is %s",
	    at->index + 1, byte, found == SCAN_ROTTEN ? "damaged" : "missing");
	return text;
}

/* From index on the log is not to be relied on: what says why. */
static int
damage(struct state *st, uint64_t index, const char *what)
{
	note(st->os, st->term.current_term,
	    "log: %s: this node neither votes nor campaigns until a leader has "
	    "repaired it",
	    what);
	return st->lock.damaged == index ? 0 : state_damage(st, index);
}

/* Moves st->tail from the start of a segment to behind the record before it. */
static int
tail_place(struct state *st)
{
	struct tail *t = &st->tail;
	struct cursor c;
	struct record r;

	if (t->index == st->snap.index) {
		*t = log_start(st);
		if (t->index == 0 || log_find(st, t->index, &c, &r) == -1)
			return st->broken ? -1 : 0;
	} else if (log_find(st, t->index, &c, &r) == -1)
		return -1;
	t->segment = c.segment;
	t->off = c.off + record_size(&r);
	return 0;
}

/* Everything behind st->tail was never durable: it goes. */
static int
cut(struct state *st)
{
	note(st->os, st->term.current_term,
	    "log: torn behind index %" PRIu64 ", cut there: state/log/%016" PRIu64
	    " at byte %" PRIu64,
	    st->tail.index, st->tail.segment, st->tail.off);
	/* The lock file is about to call all of what stays durable. */
	if (tail_place(st) == -1 || log_rewrite(st, st->lock.tail.index) == -1)
		return -1;
	if (state_cut(st, MARK_CUT) == -1 || log_cut_finish(st) == -1)
		return -1;
	return state_cut(st, MARK_DIRTY);
}

/*
 * Reads the segments list[0..n) and moves st->tail, which is in the first or
 * before it, to the last record of what is whole.  -1, or an enum found.
 */
static int
scan(struct state *st, const uint64_t *list, size_t n, int given)
{
	struct image m = { 0, NULL, 0 };
	size_t i;
	int bad, torn;

	for (i = 0; i < n; i++) {
		if (list[i] != st->tail.segment) {
			if (list[i] != st->tail.index + 1) {
				torn = judge(st, NULL, list + i, n - i);
				return torn == -1 ? -1 : torn ? SCAN_TORN : SCAN_GONE;
			}
			st->tail.segment = list[i];
			st->tail.off = 0;
		}
		if (image_load(st, list[i], &m) == -1)
			return -1;
		bad = image_read(st, &m, given && i == 0);
		torn = bad ? judge(st, &m, list + i + 1, n - i - 1) : 0;
		free(m.p);
		if (bad)
			return torn == -1 ? -1 : torn ? SCAN_TORN : SCAN_ROTTEN;
	}
	return SCAN_WHOLE;
}

/* The same from the first segment on: the log may begin with any index up to the
 * one behind the snapshot's. */
static int
scan_whole(struct state *st, const uint64_t *list, size_t n)
{
	const uint64_t covered = st->snap.index;
	struct tail none = { 0, 0, 0, 0, 0 };
	char lost[PLACE_TEXT];
	size_t first = 0, i;
	int found, given;

	for (;;) {
		given = first < n && list[first] > 1 && list[first] <= covered;
		if (given)
			st->tail = (struct tail){ list[first] - 1, 0, 0, list[first],
				0 };
		else if (first < n && list[first] == 1)
			st->tail = none;
		else
			st->tail = log_start(st);
		found = scan(st, list + first, n - first, given);
		/* What is rotten is in the snapshot as well: the log may begin later. */
		for (i = first; i < n && list[i] <= st->tail.index + 1; i++)
			continue;
		if (found < SCAN_GONE || st->tail.index >= covered || i == n ||
		    list[i] > covered + 1)
			break;
		if (first == 0)
			(void)place(lost, &st->tail, (enum found)found);
		first = i;
	}
	if (found == -1 || first == 0 || st->tail.index < covered)
		return found;
	note(st->os, st->term.current_term,
	    "log: %s; the snapshot holds it as well, and the log begins with index "
	    "%" PRIu64 " now",
	    lost, list[first]);
	for (i = 0; i < first; i++)
		if (segment_drop(st, list[i]) == -1)
			return -1;
	return found;
}

int
log_fits(struct state *st)
{
	struct cursor c;
	struct record r;

	if (st->tail.index < st->snap.index)
		return 0;
	if (st->snap.index == 0 || log_find(st, st->snap.index, &c, &r) == -1)
		return st->broken ? -1 : 1;
	if (r.term == st->snap.term && r.chain != st->snap.chain) {
		errno = EILSEQ;
		return state_fail(st,
		    "cannot use state/: index %" PRIu64
		    " in the log and in the snapshot differ: one was replaced",
		    r.index);
	}
	return r.term == st->snap.term;
}

/*
 * "If existing log entry has same index and term as snapshot's last included
 * entry, retain log entries following it ... Discard the entire log" (Figure 13):
 * an install was cut short, or what the log lost is in the snapshot.
 */
static int
start_anew(struct state *st, enum found found)
{
	const int lost = st->lock.damaged != 0 || st->rotten > st->snap.index ||
	    (st->tail.index < st->snap.index &&
		(found >= SCAN_GONE || st->lock.tail.index > st->snap.index));
	const struct tail end = st->tail, start = log_start(st);
	char text[PLACE_TEXT];

	if (lost) {
		/* Nothing goes before a leader has sent what is to be here. */
		st->tail = start;
		if (end.index < start.index)
			(void)place(text, &end, found);
		else
			(void)place(text, &start, SCAN_GONE);
		return damage(st, start.index + 1, text);
	}
	note(st->os, st->term.current_term,
	    "log: ends before the snapshot, or is another: begins behind index "
	    "%" PRIu64 " anew",
	    st->snap.index);
	return log_drop(st);
}

/* What is to be done about what was found. */
static int
conclude(struct state *st, enum found found)
{
	char text[PLACE_TEXT];

	switch (log_fits(st)) {
	case -1:
		return -1;
	case 0:
		return start_anew(st, found);
	default:
		/* A snapshot that is damaged held what this node had acknowledged. */
		if (found == SCAN_TORN && st->tail.index >= st->rotten)
			return cut(st);
		if (found != SCAN_WHOLE || st->tail.index < st->lock.tail.index ||
		    st->tail.index < st->rotten)
			return damage(st, st->tail.index + 1,
			    place(text, &st->tail, found));
		if (st->lock.damaged == 0)
			return 0;
		(void)snprintf(text, sizeof(text),
		    "what was lost from index %" PRIu64 " on has not come back yet",
		    st->lock.damaged);
		return damage(st, st->lock.damaged, text);
	}
}

/* A segment without a record, as a step that was killed while it made one
 * leaves it, is not the log's: it may be short. */
static int
drop_empty(struct state *st, const uint64_t *list, size_t n)
{
	if (st->lock.damaged != 0 || n == 0 || list[n - 1] <= st->tail.index)
		return 0;
	return cut(st);
}

int
log_scan(struct state *st, const struct tail *from, int known)
{
	uint64_t *list;
	char text[PLACE_TEXT];
	size_t n, skip = 0;
	int r;

	if (st->lock.mark == MARK_CUT) {
		st->tail = st->lock.tail;
		if (log_cut_finish(st) == -1 || state_cut(st, MARK_DIRTY) == -1)
			return -1;
	}
	list = segment_list(st, &n);
	if (list == NULL)
		return state_fail(st, "cannot list state/log: %s", strerror(errno));
	while (skip < n && list[skip] < from->segment)
		skip++;
	st->tail = *from;
	if (from->segment == 0 || from->index < st->snap.index)
		r = scan_whole(st, list, n);
	else
		r = scan(st, list + skip, n - skip, 0);
	free(list);
	if (r == -1 || conclude(st, (enum found)r) == -1)
		return -1;
	list = segment_list(st, &n);
	if (list == NULL)
		return state_fail(st, "cannot list state/log: %s", strerror(errno));
	r = drop_empty(st, list, n);
	free(list);
	if (r == -1)
		return -1;
	if (st->tail.term > st->term.current_term) {
		errno = EILSEQ;
		return state_fail(st,
		    "cannot use state/: the log is of term %" PRIu64
		    ", state/term of term %" PRIu64 ": it was replaced",
		    st->tail.term, st->term.current_term);
	}
	/* Without its lock file nobody can say where the log ended; only a leader
	 * can, unless this node is all there is. */
	if (known || st->members.n == 1)
		return 0;
	(void)snprintf(text, sizeof(text),
	    "index %" PRIu64 " and what follows may be missing", st->tail.index + 1);
	return damage(st, st->tail.index + 1, text);
}

/* Reads and writes again off..end of a segment. */
static int
rewrite(struct state *st, uint64_t segment, uint64_t off, uint64_t end)
{
	const size_t chunk = 1024u * 1024;
	ssize_t n = 0;
	char *p;
	int r = 0;

	if (segment_use(st, segment) == -1)
		return -1;
	p = malloc(chunk);
	if (p == NULL)
		return state_fail(st, "cannot rewrite the log: %s", strerror(errno));
	for (; r == 0 && off < end; off += (uint64_t)n) {
		n = disk_read(st->os, st->segment_fd, p,
		    end - off < chunk ? (size_t)(end - off) : chunk, (off_t)off);
		r = n <= 0 ?
		    -1 :
		    disk_write(st->os, st->segment_fd, p, (size_t)n, (off_t)off);
	}
	free(p);
	if (r == -1 || disk_sync(st->os, st->segment_fd) == -1)
		return state_fail(st, "cannot rewrite the log: %s", strerror(errno));
	return 0;
}

int
log_rewrite(struct state *st, uint64_t index)
{
	struct cursor c;
	struct record r;
	uint64_t *list;
	off_t size;
	size_t i, n;
	int bad = 0;

	if (term_store(st) == -1)
		return -1;
	if (index < st->tail.index && st->tail.segment != 0) {
		list = segment_list(st, &n);
		if (list == NULL)
			return state_fail(st, "cannot list state/log: %s",
			    strerror(errno));
		if (n > 0 && index + 1 < list[0])
			index = list[0] - 1;
		bad = log_find(st, index + 1, &c, &r);
		for (i = 0; i < n && !bad; i++) {
			if (list[i] < c.segment || list[i] > st->tail.segment)
				continue;
			bad = segment_use(st, list[i]);
			size = bad ? 0 : disk_size(st->os, st->segment_fd);
			if (size == -1)
				bad = state_fail(st, "cannot measure the log: %s",
				    strerror(errno));
			if (!bad)
				bad = rewrite(st, list[i],
				    list[i] == c.segment ? c.off : 0,
				    list[i] == st->tail.segment ? st->tail.off :
								  (uint64_t)size);
		}
		free(list);
		if (bad)
			return -1;
	}
	if (disk_syncdir(st->os, "state/log") == -1 ||
	    disk_syncdir(st->os, "state") == -1)
		return state_fail(st, "cannot sync state/: %s", strerror(errno));
	return 0;
}

/*
 * check_snap.c - snapshots: one at index i is what a replay up to i gives, and what
 * has its name is whole: see check.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "truth.h"
#include "watched.h"

static int
same(const struct snap_image *s, enum image image, const char *file, size_t n,
    const struct buf *b)
{
	struct inode *f = inode_child(s->dir, image, file);
	const unsigned char *p;
	size_t size;

	p = inode_bytes(f, image, &size);
	return n == b->len && size >= n && (n == 0 || memcmp(p, buf_head(b), n) == 0);
}

static int
same_members(const struct members *a, const struct members *b)
{
	struct buf x = { 0 }, y = { 0 };
	int r;

	if (members_print(a, &x) == -1 || members_print(b, &y) == -1)
		sim_die("out of memory");
	r = a->index == b->index && x.len == y.len &&
	    memcmp(buf_head(&x), buf_head(&y), x.len) == 0;
	buf_free(&x);
	buf_free(&y);
	return r;
}

/* "The state machine's state as of the last included index" (§7). */
static void
check_snap(const struct watched *w, const struct snap_image *s)
{
	const struct manifest *m = &s->manifest;
	const struct buf *items, *requests;
	struct members members;
	uint32_t chain;

	checks++;
	if (!truth_chain(m->index, &chain))
		violation("SNAP",
		    "%s has a snapshot at %" PRIu64 ", and only %" PRIu64
		    " is committed",
		    w->name, m->index, truth_count());
	if (chain != m->chain || truth_at(m->index)->record.term != m->term)
		violation("SNAP",
		    "%s's snapshot at %" PRIu64 " is not of the entry committed there",
		    w->name, m->index);
	truth_snapshot(m->index, &items, &requests);
	if (!same(s, IMAGE_CACHE, "data", m->offset, items))
		violation("SNAP",
		    "%s's snapshot at %" PRIu64 " has not the keys that a replay has",
		    w->name, m->index);
	if (!same(s, IMAGE_CACHE, "requests", m->requests * REQUEST_LINE, requests))
		violation("SNAP",
		    "%s's snapshot at %" PRIu64
		    " has not the request ids that a replay has",
		    w->name, m->index);
	truth_members(m->index, &members);
	if (!same_members(&m->members, &members))
		violation("SNAP",
		    "%s's snapshot at %" PRIu64
		    " has not the configuration of that index",
		    w->name, m->index);
}

static int
looked_at(struct watched *w, struct inode *dir)
{
	const size_t most = sizeof(w->looked_at) / sizeof(*w->looked_at);
	size_t i;

	for (i = 0; i < w->looked && i < most; i++)
		if (w->looked_at[i] == dir)
			return 1;
	w->looked_at[w->looked++ % most] = dir;
	return 0;
}

/* "What rots can be replaced" (F27): by an older snapshot, and the log behind it. */
static void
check_spare(struct watched *w, enum work work)
{
	const int had = w->spare;

	w->spare = log_image_spare(&w->cache);
	if (work == WORK_TAKE && had && !w->spare && !w->rotten && !w->stained)
		violation("SNAP",
		    "%s's log begins behind %" PRIu64
		    ": nothing could replace its newest snapshot",
		    w->name, w->cache.base);
}

void
check_snaps(struct watched *w, enum work work)
{
	size_t i;

	check_spare(w, work);

	for (i = 0; i < w->disk.snaps; i++)
		if (!w->disk.snap[i].whole && !w->rotten && !w->stained)
			violation("SNAP",
			    "a loss of power would leave %s a part of the snapshot at "
			    "%" PRIu64,
			    w->name, w->disk.snap[i].manifest.index);
	for (i = 0; i < w->cache.snaps; i++) {
		if (!w->cache.snap[i].whole && !w->rotten && !w->stained)
			violation("SNAP", "%s has a part of a snapshot", w->name);
		if (!w->cache.snap[i].whole || looked_at(w, w->cache.snap[i].dir))
			continue;
		check_snap(w, &w->cache.snap[i]);
		if (w->cache.snap[i].manifest.index < w->cache.covered)
			violation("SNAP", "%s has taken an older snapshot than it has",
			    w->name);
	}
}

void
check_snaps_anew(struct watched *w)
{
	size_t i;

	for (i = 0; i < w->cache.snaps; i++)
		(void)looked_at(w, w->cache.snap[i].dir);
}

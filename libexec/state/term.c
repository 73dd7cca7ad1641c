/*
 * term.c - state/term: current_term and voted_for in one record, in two slots.
 */
#include <errno.h>
#include <string.h>

#include "state.h"

/* The slot as it is on the disk: 0, or -1 when it is bad. */
static int
slot_load(struct state *st, off_t off, struct term *t)
{
	char line[TERM_LINE_MAX];
	ssize_t n;

	n = disk_read(st->os, st->term_fd, line, sizeof(line), off);
	if (n <= 0)
		return -1;
	return term_parse(t, line, (size_t)n);
}

/* *bad is the place of a slot that is damaged, -1: both are good. */
static int
load(struct state *st, off_t *bad)
{
	struct term slot[2];
	int good[2], newest;

	good[0] = slot_load(st, 0, &slot[0]) == 0;
	good[1] = slot_load(st, TERM_SLOT, &slot[1]) == 0;
	/* Never "default to term 0": a vote that was given must not be forgotten. */
	if (!good[0] && !good[1]) {
		errno = EILSEQ;
		return state_fail(st,
		    "cannot read state/term: both copies are "
		    "damaged; give this node a new id: remove it from the cluster, "
		    "then first-boot it anew");
	}
	newest = !good[0] || (good[1] && slot[1].version > slot[0].version);
	st->term = slot[newest];
	st->term_at = newest * (off_t)TERM_SLOT;
	*bad = good[0] && good[1] ? -1 : good[0] ? (off_t)TERM_SLOT : 0;
	return 0;
}

int
term_load(struct state *st)
{
	off_t bad;

	return load(st, &bad);
}

int
term_judge(struct state *st)
{
	off_t bad;

	if (load(st, &bad) == -1)
		return -1;
	if (bad != -1)
		note(st->os, st->term.current_term,
		    "term: the copy in state/term at byte %ju is damaged, and written anew "
		    "from the other",
		    (uintmax_t)bad);
	return 0;
}

static int
unwritten(struct state *st)
{
	return state_fail(st, "cannot write state/term: %s", strerror(errno));
}

static int
slot_store(struct state *st, off_t off, const struct buf *line)
{
	if (disk_write(st->os, st->term_fd, buf_head(line), line->len, off) == -1 ||
	    disk_sync(st->os, st->term_fd) == -1)
		return unwritten(st);
	return 0;
}

int
term_store(struct state *st)
{
	struct buf line = { 0 };
	int r;

	st->term.version++;
	if (term_print(&st->term, &line) == -1)
		return unwritten(st);
	/* One slot and its sync, then the other: either alone is enough.  The one that
	 * counts now stays until then; the other may be damaged.  Who wrote that one may
	 * have died before its sync. */
	r = disk_sync(st->os, st->term_fd) == 0 ? 0 : unwritten(st);
	if (r == 0)
		r = slot_store(st, (off_t)TERM_SLOT - st->term_at, &line);
	if (r == 0)
		r = slot_store(st, st->term_at, &line);
	buf_free(&line);
	return r;
}

int
term_save(struct state *st)
{
	if (state_change(st) == -1 || term_store(st) == -1)
		return -1;
	return state_settle(st);
}

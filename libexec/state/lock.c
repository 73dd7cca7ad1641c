/*
 * lock.c - state/lock: the lock that every step takes, the counter of changes,
 * and the mark that tells the next step what a killed one left.
 *
 * The lock file is one line in one sector:
 *
 *   lite-raft-lock 1 COUNTER MARK DAMAGED INDEX TERM CHAIN SEGMENT OFF CRC\n
 *
 * Its tail is never ahead of what is durable: a loss of power may bring back an
 * older line, whose tail is older too, and a cut syncs the line first.  So may a
 * disk that could not take the line, once the kernel forgets the page: older() looks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc.h"
#include "core/num.h"
#include "state.h"

#define LOCK_LINE 256u

static const char *const mark_names[] = { "clean", "dirty", "cut" };

void
state_break(struct state *st, const char *fmt, ...)
{
	va_list ap;
	int saved = errno;

	va_start(ap, fmt);
	(void)vsnprintf(st->why, sizeof(st->why), fmt, ap);
	va_end(ap);
	st->broken = 1;
	errno = saved;
}

static int
lock_print(const struct lockfile *l, struct buf *b)
{
	if (buf_fmt(b,
		"lite-raft-lock 1 %016" PRIu64 " %s %016" PRIu64 " %016" PRIu64
		" %016" PRIu64 " %08" PRIx32 " %016" PRIu64 " %016" PRIu64 " ",
		l->counter, mark_names[l->mark], l->damaged, l->tail.index,
		l->tail.term, l->tail.chain, l->tail.segment, l->tail.off) == -1)
		return -1;
	return buf_fmt(b, "%08" PRIx32 "\n", crc32c(0, buf_head(b), b->len));
}

int
lock_make(struct buf *b)
{
	struct lockfile l = { 0, MARK_CLEAN, 0, { 0, 0, 0, 0, 0 } };

	return lock_print(&l, b);
}

/* 0, or -1: the line is not intact. */
static int
lock_parse(const char *p, size_t n, struct lockfile *l)
{
	uint64_t field[8], crc;
	const char *at, *blank, *end, *newline;
	size_t i, m;

	newline = memchr(p, '\n', n);
	if (newline == NULL || newline - p < 32 ||
	    memcmp(p, "lite-raft-lock 1 ", 17) != 0)
		return -1;
	end = newline - 8;
	if (num_hex(end, 8, &crc) == -1 || crc != crc32c(0, p, (size_t)(end - p)))
		return -1;
	memset(l, 0, sizeof(*l));
	for (i = 0, at = p + 17; i < 8 && at < end; i++, at = blank + 1) {
		blank = memchr(at, ' ', (size_t)(end - at));
		if (blank == NULL)
			return -1;
		m = (size_t)(blank - at);
		if (i == 1) {
			while (l->mark <= MARK_CUT &&
			    strncmp(mark_names[l->mark], at, m) != 0)
				l->mark++;
			if (l->mark > MARK_CUT)
				return -1;
		} else if (i == 5) {
			if (num_hex(at, m, &field[i]) == -1)
				return -1;
		} else if (num_u64(at, m, NUMBER_MAX, &field[i]) == -1)
			return -1;
	}
	if (i != 8 || at != end)
		return -1;
	l->counter = field[0];
	l->damaged = field[2];
	l->tail.index = field[3];
	l->tail.term = field[4];
	l->tail.chain = (uint32_t)field[5];
	l->tail.segment = field[6];
	l->tail.off = field[7];
	return 0;
}

static int
lock_store(struct state *st, int sync)
{
	struct buf line = { 0 };
	int r, saved;

	r = lock_print(&st->lock, &line);
	if (r == 0)
		r = disk_write(st->os, st->lock_fd, buf_head(&line), line.len, 0);
	if (r == 0 && sync && disk_sync(st->os, st->lock_fd) == -1) {
		r = -1;
		/* The page counts as clean now and may be forgotten, the mark with it:
		 * the next step is to find it. */
		saved = errno;
		(void)disk_write(st->os, st->lock_fd, buf_head(&line), line.len, 0);
		errno = saved;
	}
	buf_free(&line);
	if (r == -1)
		return state_fail(st, "cannot write state/lock: %s", strerror(errno));
	st->seen = st->lock.counter;
	return 0;
}

int
state_change(struct state *st)
{
	/* Twice under one lock is one change. */
	if (st->lock.mark != MARK_CLEAN)
		return 0;
	st->lock.counter++;
	st->lock.mark = MARK_DIRTY;
	return lock_store(st, 0);
}

int
state_settle(struct state *st)
{
	st->lock.mark = MARK_CLEAN;
	st->lock.tail = st->tail;
	return lock_store(st, 0);
}

int
state_cut(struct state *st, enum mark mark)
{
	st->lock.counter++;
	st->lock.mark = mark;
	st->lock.tail = st->tail;
	return lock_store(st, 1);
}

int
state_damage(struct state *st, uint64_t index)
{
	st->lock.counter++;
	st->lock.damaged = index;
	return lock_store(st, 1);
}

/*
 * A step was killed between a change and its sync, or start asks for a look at
 * everything: what can be read may not be durable, so it is written again
 * before anything is decided on it.
 */
static int
mend(struct state *st, int known, int whole)
{
	struct tail none = { 0, 0, 0, 0, 0 };
	const struct tail *from;
	uint64_t right;

	from = known && !whole ? &st->lock.tail : &none;
	right = from->index;
	/* The line may be an older one: any other counter will do, as long as nobody
	 * has seen it. */
	st->lock.counter = chance_u64(st->os) % (NUMBER_MAX / 2);
	if (st->lock.mark == MARK_CLEAN)
		st->lock.mark = MARK_DIRTY;
	/* The mark as well may be in the cache alone, and the disk may hold one of
	 * a cut that has long ended: it would be finished again after a loss of
	 * power, on what was appended since. */
	if (lock_store(st, 1) == -1 || term_judge(st) == -1)
		return -1;
	if (!known)
		note(st->os, st->term.current_term,
		    "lock: state/lock is damaged: where the log ended is not known");
	if ((whole && snapshot_judge(st) == -1) ||
	    (st->snap.index != 0 && snapshot_sync(st) == -1) ||
	    log_scan(st, from, known) == -1 || members_mend(st, right) == -1)
		return -1;
	if (log_rewrite(st, st->lock.tail.index) == -1)
		return -1;
	return state_settle(st);
}

static int
lock_read(struct state *st, int *known)
{
	char line[LOCK_LINE];
	ssize_t n;

	n = disk_read(st->os, st->lock_fd, line, sizeof(line), 0);
	if (n == -1)
		return state_fail(st, "cannot read state/lock: %s", strerror(errno));
	*known = lock_parse(line, (size_t)n, &st->lock) == 0;
	if (!*known) {
		memset(&st->lock, 0, sizeof(st->lock));
		st->lock.counter = st->seen + 1;
		st->lock.mark = MARK_DIRTY;
	}
	return 0;
}

/* 1 if the newest snapshot or something else lies behind the tail that the line names,
 * where a log that nobody is changing has zeros; 0, or -1.  Where the log is damaged,
 * anything may. */
static int
older(struct state *st)
{
	const struct tail *t = &st->lock.tail;
	char next = 0;

	if (st->lock.damaged > t->index)
		return 0;
	if (t->index < st->snap.index || segment_look(st, t->index + 1) == 0)
		return 1;
	if (!st->broken && t->segment != 0 && segment_look(st, t->segment) == 0 &&
	    disk_read(st->os, st->segment_fd, &next, 1, (off_t)t->off) == -1)
		return state_fail(st, "cannot read the log: %s", strerror(errno));
	if (st->broken)
		return -1;
	return next != 0 || (t->segment != 0 && st->segment_fd == -1);
}

/* The newest snapshot can't be read: an older one will do, if the log goes on from there:
 * 0, or -1. */
static int
goes_on(struct state *st)
{
	uint64_t *list;
	size_t n;
	int yes;

	list = segment_list(st, &n);
	if (list == NULL)
		return state_fail(st, "cannot list state/log: %s", strerror(errno));
	yes = n > 0 && list[0] <= st->snap.index + 1;
	free(list);
	if (yes)
		return 0;
	errno = EIO;
	return state_fail(st,
	    "cannot read the newest of state/snapshot, and the log begins behind it");
}

/* Takes the lock; whole: verifies and rewrites everything (start). */
static int
lock_take(struct state *st, int whole)
{
	int changed, known, late = 0, older_one = 0;

	if (st->broken) {
		errno = EIO;
		return -1;
	}
	if (disk_lock(st->os, st->lock_fd) == -1)
		return state_fail(st, "cannot lock state/lock: %s", strerror(errno));
	st->locked = 1;
	if (lock_read(st, &known) == -1)
		return -1;
	changed = st->lock.counter != st->seen;
	if (changed)
		older_one = snapshot_load(st);
	if (older_one == -1 || (older_one == 1 && !whole && goes_on(st) == -1) ||
	    (changed && members_load(st) == -1))
		return -1;
	if (changed || whole || st->lock.mark != MARK_CLEAN) {
		/* What is known of the log may be stale. */
		segment_forget(st);
		log_forget(st);
	}
	if (changed && !whole && st->lock.mark == MARK_CLEAN) {
		late = older(st);
		if (late == -1)
			return -1;
		if (late)
			note(st->os, UINT64_MAX,
			    "lock: state/lock is older than the log, which goes on "
			    "behind index %" PRIu64,
			    st->lock.tail.index);
	}
	if (late || whole || st->lock.mark != MARK_CLEAN)
		return mend(st, known, whole);
	/* "Read current_term after taking the lock, every time." */
	if (term_load(st) == -1)
		return -1;
	if (changed) {
		st->tail = st->lock.tail;
		st->seen = st->lock.counter;
		if (st->members.n == 0 && strcmp(st->cluster, "-") != 0)
			return members_mend(st, 0);
	}
	return 0;
}

/* Who could not take it holds nobody up: 0, or -1. */
static int
lock_or_leave(struct state *st, int whole)
{
	int saved;

	if (lock_take(st, whole) == 0)
		return 0;
	saved = errno;
	(void)state_unlock(st);
	errno = saved;
	return -1;
}

int
state_lock(struct state *st)
{
	return lock_or_leave(st, 0);
}

int
state_lock_whole(struct state *st)
{
	return lock_or_leave(st, 1);
}

int
state_unlock(struct state *st)
{
	if (!st->locked)
		return 0;
	st->locked = 0;
	return disk_unlock(st->os, st->lock_fd);
}

pid_t
state_running(struct state *st)
{
	return disk_holder(st->os, st->running_fd);
}

static int
file_open(struct state *st, const char *path, int *fd)
{
	*fd = disk_open(st->os, path, DISK_WRITE);
	if (*fd == -1)
		return state_fail(st, "cannot open %s: %s", path, strerror(errno));
	return 0;
}

struct state *
state_open(struct os *os, char *why)
{
	struct state *st;
	int saved;

	st = calloc(1, sizeof(*st));
	if (st == NULL) {
		(void)snprintf(why, 256, "cannot open state/: %s", strerror(errno));
		return NULL;
	}
	st->os = os;
	st->lock_fd = st->term_fd = st->running_fd = st->segment_fd = -1;
	st->segment_bytes = SEGMENT_BYTES;
	st->seen = UINT64_MAX;
	if (node_load(st) == -1 || file_open(st, "state/lock", &st->lock_fd) == -1 ||
	    file_open(st, "state/term", &st->term_fd) == -1 ||
	    file_open(st, "state/running", &st->running_fd) == -1)
		goto fail;
	if (members_load(st) == -1)
		goto fail;
	return st;

fail:
	saved = errno;
	(void)snprintf(why, 256, "%s", st->why);
	state_close(st);
	errno = saved;
	return NULL;
}

void
state_close(struct state *st)
{
	if (st == NULL)
		return;
	segment_forget(st);
	log_forget(st);
	if (st->running_fd != -1)
		disk_close(st->os, st->running_fd);
	if (st->term_fd != -1)
		disk_close(st->os, st->term_fd);
	/* Closing the lock file gives up the lock: it is the last. */
	if (st->lock_fd != -1)
		disk_close(st->os, st->lock_fd);
	free(st);
}

/*
 * boots.c - every start of a node is counted, and its peers remember the count: a
 * state that was put back from a copy counts anew what they have heard already.
 *
 *   state/seen.ID: lite-raft-seen 1 BOOTS CRC\n
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/seal.h"
#include "state.h"

#define SEEN_LINE  64u
#define HEARD_WAIT UINT64_C(3000000000) /* ns: for a majority */
#define HEARD_REST UINT64_C(1000000000) /* ns: for the others, behind it */

/* What the file says, 0 where it is new: 1, 0 (it is damaged), or -1. */
static int
seen_read(struct os *os, int fd, uint64_t *boots)
{
	char line[SEEN_LINE + 1], *word;
	ssize_t n;

	*boots = 0;
	n = disk_read(os, fd, line, SEEN_LINE, 0);
	if (n <= 0)
		return n == 0 ? 1 : -1;
	line[n] = '\0';
	if (seal_open(line, "lite-raft-seen 1 ", &word, 1) == NULL ||
	    num_u64(word, strlen(word), NUMBER_MAX, boots) == -1) {
		*boots = 0;
		return 0;
	}
	return 1;
}

/* One line in one sector, so it is written where it stands. */
static int
seen_write(struct os *os, int fd, uint64_t boots)
{
	struct buf b = { 0 };
	int bad;

	bad = buf_fmt(&b, "lite-raft-seen 1 %016" PRIu64, boots) == -1 ||
	    seal_put(&b) == -1 || disk_write(os, fd, buf_head(&b), b.len, 0) == -1 ||
	    disk_sync(os, fd) == -1 || disk_syncdir(os, "state") == -1;
	buf_free(&b);
	return bad ? -1 : 0;
}

uint64_t
seen_raise(struct state *st, const struct who *who, uint64_t boots)
{
	char path[sizeof("state/seen.") + ID_DIGITS];
	uint64_t was = 0;
	int bad, fd;

	if (strcmp(who->id, st->me.id) == 0 ||
	    members_find(&st->members, who->name, who->id) == -1)
		return 0;
	(void)snprintf(path, sizeof(path), "state/seen.%s", who->id);
	fd = disk_open(st->os, path, boots > 0 ? DISK_CREATE : DISK_WRITE);
	if (fd == -1 && errno == ENOENT)
		return 0;
	bad = fd == -1 || disk_lock(st->os, fd) == -1;
	if (!bad) {
		bad = seen_read(st->os, fd, &was) == -1 ||
		    (boots > was && seen_write(st->os, fd, boots) == -1);
	}
	/* It is told who this is all the same. */
	if (bad)
		note(st->os, UINT64_MAX, "cannot write %s: %s", path, strerror(errno));
	if (fd != -1)
		(void)disk_close(st->os, fd);
	return was;
}

void
seen_judge(struct state *st)
{
	char path[sizeof("state/seen.") + ID_DIGITS], **names;
	uint64_t boots;
	size_t i;
	int fd;

	names = disk_names(st->os, "state");
	for (i = 0; names != NULL && names[i] != NULL; i++) {
		if (strncmp(names[i], "seen.", 5) != 0 ||
		    strlen(names[i]) != 5 + ID_DIGITS)
			continue;
		(void)snprintf(path, sizeof(path), "state/%s", names[i]);
		fd = disk_open(st->os, path, DISK_WRITE);
		if (fd == -1)
			continue;
		/* One that a hello holds is its to write. */
		if (disk_trylock(st->os, fd) == 0 &&
		    seen_read(st->os, fd, &boots) == 0 &&
		    disk_remove(st->os, path) == 0)
			note(st->os, st->term.current_term,
			    "boots: %s is damaged and removed: how often that node "
			    "was started is not known here any more",
			    path);
		(void)disk_close(st->os, fd);
	}
	disk_names_free(names);
}

enum heard { HEARD_WAITS, HEARD_NOTHING, HEARD, HEARD_LATER };

/* What a member has answered to the greeting, if it has; else whether it is over. */
static enum heard
heard(const struct state *st, const struct who *who)
{
	char path[NAME_LIMIT + 16], *text, *over;
	enum heard r = HEARD_WAITS;
	struct frame f;
	size_t n;

	(void)snprintf(path, sizeof(path), "run/greeted.%s", who->name);
	over = disk_slurp(st->os, path, 64, NULL);
	if (over != NULL)
		r = HEARD_NOTHING;
	(void)snprintf(path, sizeof(path), "run/heard.%s", who->name);
	text = disk_slurp(st->os, path, HELLO_MAX, &n);
	if (text != NULL && frame_answer(text, n, FRAME_HELLO_REPLY, &f) == 0 &&
	    strcmp(f.from.name, who->name) == 0 &&
	    strcmp(f.cluster, st->cluster) == 0 &&
	    (strcmp(who->id, "-") == 0 || strcmp(f.from.id, who->id) == 0))
		r = f.arg[1] > st->boots ? HEARD_LATER : HEARD;
	free(text);
	free(over);
	return r;
}

int
boots_heard(const struct state *st, const struct members *m, struct hearing *h)
{
	const uint64_t now = clock_now(st->os);
	char yes[MEMBERS_MAX] = { 0 };
	enum heard r;
	int left = 0;
	size_t i;

	if (h->end == 0)
		h->end = now + HEARD_WAIT;
	for (i = 0; i < m->n; i++) {
		if (strcmp(m->who[i].name, st->me.name) == 0) {
			yes[i] = 1;
			continue;
		}
		r = heard(st, &m->who[i]);
		if (r == HEARD_LATER) {
			memcpy(h->later, m->who[i].name, sizeof(h->later));
			return 1;
		}
		yes[i] = (char)(r == HEARD);
		left |= r == HEARD_WAITS;
	}
	/* The one that remembers may be slower than those that were down then. */
	if (members_quorum(m, yes) && h->end > now + HEARD_REST)
		h->end = now + HEARD_REST;
	return !left || now >= h->end;
}

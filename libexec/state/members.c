/*
 * members.c - state/members: a cache of the configuration in force, which is the
 * last one in the log, committed or not, else the snapshot's.
 *
 *   lite-raft-members 1 INDEX LENGTH BODYCRC CRC\n   and lines as in core/members.h
 *
 * INDEX is that of the entry that holds it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc.h"
#include "core/num.h"
#include "core/seal.h"
#include "state.h"

#define FILE_MAX (64u * 1024)

int
state_votes(const struct state *st)
{
	int i = members_find(&st->members, st->me.name, st->me.id);

	return i != -1 && members_votes(&st->members, (size_t)i);
}

int
state_stands(const struct state *st)
{
	int i = members_find(&st->members, st->me.name, st->me.id);

	/* "A server that is not part of its own latest configuration should still
	 * start new elections, as it might still be needed until the Cnew entry is
	 * committed" (thesis §4.2.2); it does not count itself then.  One that enters
	 * is needed likewise: it may have a vote in a newer configuration that is not
	 * here, and a newer log than those who need that vote.  A learner never is:
	 * before it has a vote anywhere it holds that it enters, committed. */
	if (i == -1)
		return st->members.n > 0 && !st->joiner && !st->removed;
	return state_votes(st) || st->members.part[i] == PART_ENTERING;
}

int
members_load(struct state *st)
{
	char *text, *body, *word[3];
	uint64_t crc, len;
	size_t n;

	/* A joiner's, or a cache that is lost. */
	memset(&st->members, 0, sizeof(st->members));
	if (strcmp(st->cluster, "-") == 0)
		return 0;
	text = disk_slurp(st->os, "state/members", FILE_MAX, &n);
	if (text == NULL && errno == ENOENT)
		return 0;
	if (text == NULL)
		return state_fail(st, "cannot read state/members: %s", strerror(errno));
	body = seal_open(text, "lite-raft-members 1 ", word, 3);
	if (body == NULL ||
	    num_u64(word[0], strlen(word[0]), NUMBER_MAX, &st->members.index) == -1 ||
	    num_u64(word[1], strlen(word[1]), FILE_MAX, &len) == -1 ||
	    len != (uint64_t)(text + n - body) || num_hex(word[2], 8, &crc) == -1 ||
	    crc != crc32c(0, body, (size_t)len) ||
	    members_parse(&st->members, body, (size_t)len) == -1)
		memset(&st->members, 0, sizeof(st->members));
	free(text);
	return 0;
}

int
members_store(struct state *st, const struct members *m)
{
	struct buf body = { 0 }, b = { 0 };
	int r;

	r = members_print(m, &body);
	if (r == 0)
		r = buf_fmt(&b, "lite-raft-members 1 %" PRIu64 " %zu %08" PRIx32,
		    m->index, body.len, crc32c(0, buf_head(&body), body.len));
	if (r == 0)
		r = seal_put(&b);
	if (r == 0)
		r = buf_add(&b, buf_head(&body), body.len);
	if (r == 0)
		r = file_replace(st->os, "state/members", &b);
	buf_free(&body);
	buf_free(&b);
	if (r == 0) {
		st->members = *m;
		return 0;
	}
	/* As where a segment has no room. */
	if (errno == ENOSPC || errno == EDQUOT) {
		(void)snprintf(st->why, sizeof(st->why),
		    "cannot make room for state/members: %s", strerror(errno));
		errno = ENOSPC;
		return -1;
	}
	return state_fail(st, "cannot write state/members: %s", strerror(errno));
}

int
members_take(struct state *st, const struct record *r, const char *p)
{
	struct members m;

	if (!record_intact(r, p) ||
	    members_parse(&m, p + RECORD_HEADER, r->length) == -1) {
		errno = EILSEQ;
		return state_fail(st,
		    "cannot append: the configuration of index %" PRIu64
		    " makes no sense",
		    r->index);
	}
	m.index = r->index;
	return members_store(st, &m);
}

/* The last configuration behind an index, from the log: 1, 0 none, or -1. */
static int
find(struct state *st, uint64_t behind, struct members *m)
{
	struct cursor c = { 0, 0, 0 };
	struct record r = { 0 };
	struct buf b = { 0 };
	size_t count;
	int found;

	if (log_last_of(st, RECORD_MEMBERS, behind, &c, &r) == -1)
		return -1;
	if (r.index == 0)
		return 0;
	found = log_read(st, &c, r.index, 1, &b, &count, NULL) == 0 &&
	    members_parse(m, buf_head(&b) + RECORD_HEADER, r.length) == 0;
	buf_free(&b);
	if (!found) {
		errno = EILSEQ;
		return state_fail(st,
		    "cannot find the members: index %" PRIu64 " is no configuration",
		    r.index);
	}
	m->index = r.index;
	return 1;
}

int
members_mend(struct state *st, uint64_t known)
{
	struct members m = { 0 };
	const uint64_t cached = st->members.n > 0 ? st->members.index : 0;
	int r;

	r = find(st, known, &m);
	/* One that a snapshot has just replaced may stand before its end as well. */
	if (r == 0 && cached != 0 && cached <= known && cached <= st->tail.index &&
	    (cached > st->snap.index || cached == st->snap.members.index))
		return 0;
	/* "A server always uses the latest configuration in its log" (§6). */
	if (r == 0 && known > 0)
		r = find(st, 0, &m);
	if (r == -1)
		return -1;
	if (r == 0 && st->snap.index != 0)
		m = st->snap.members;
	/* What a damaged log has lost, the cache may know. */
	if (st->lock.damaged != 0 && cached > m.index)
		return 0;
	/* Nothing is known: a log that waits for repair, or a joiner's. */
	if (m.n == 0 || members_equal(&m, &st->members))
		return 0;
	if (cached == 0 && !st->joiner)
		note(st->os, st->term.current_term,
		    "members: state/members is damaged or missing, and written anew");
	if (members_store(st, &m) == 0)
		return 0;
	if (st->broken)
		return -1;
	/* No room for a cache that is right: none, then, for one that is not. */
	st->members = m;
	if ((disk_remove(st->os, "state/members") == -1 && errno != ENOENT) ||
	    disk_syncdir(st->os, "state") == -1)
		return state_fail(st, "cannot remove state/members: %s",
		    strerror(errno));
	return 0;
}

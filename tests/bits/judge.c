/*
 * judge.c - what a node does with a file that is not what it was.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/must.h"
#include "bits.h"
#include "core/frame.h"
#include "step/step.h"

#define TIMEOUT UINT64_C(1000000000) /* ns */

/* A handle, or NULL: it is refused, and *refused says so. */
static struct state *
open_here(struct os *os, char refused[256])
{
	struct state *st = state_open(os, refused);

	if (st != NULL)
		st->segment_bytes = SMALL;
	return st;
}

/* --- votes --------------------------------------------------------------------- */

/* Asks for a vote as the other member does: 1 granted, 0 not. */
static int
ask(struct state *st, const struct truth *t, uint64_t term, uint64_t last)
{
	struct frame f = { .type = FRAME_VOTE };
	struct buf out = { 0 };
	int r;

	memcpy(f.cluster, t->cluster, sizeof(f.cluster));
	/* Not the one that has its vote. */
	f.from = t->members.who[1];
	f.to = t->me;
	f.term = f.seq = term;
	f.arg[0] = BALLOT_REAL;
	f.arg[1] = last;
	f.arg[2] = last == 0 ? 0 : 2 + last / 12;
	(void)disk_remove(st->os, "run/stamp");
	r = vote_answer(st, &f, TIMEOUT, &out);
	buf_free(&out);
	return r == 0;
}

/* What no node may do, be it started or in the midst of its work. */
static const char *
votes(struct state *st, const struct truth *t, uint64_t last)
{
	struct term before;

	if (t->size == 1)
		return NULL;
	if (ask(st, t, NODE_TERM, ENTRIES))
		return "it has voted twice in a term";
	if (st->broken)
		return NULL;
	if (ask(st, t, NODE_TERM + 1, last - 1))
		return "it has voted for a log that is shorter than what it acknowledged";
	if (st->broken)
		return NULL;
	if (state_lock(st) == -1 || state_unlock(st) == -1)
		return NULL;
	before = st->term;
	if (before.current_term < NODE_TERM)
		return "its term has gone back";
	if (st->lock.damaged != 0 && ask(st, t, NODE_TERM + 2, ENTRIES))
		return "it votes, and knows that its log is damaged";
	return NULL;
}

/* --- what it serves -------------------------------------------------------------- */

/* Its keys: NULL; what is there is right as far as it goes: *index. */
static const char *
serves(struct state *st, const struct truth *t, int whole, uint64_t *index)
{
	struct store *store;
	struct reader *base;
	struct manifest m;
	uint32_t crc;
	int r;

	*index = 0;
	if (store_local(st, whole, &store, &base, &m) == -1)
		return NULL;
	*index = m.index;
	r = store_crc(store, &crc);
	store_free(store);
	reader_close(base);
	if (r == -1)
		*index = 0;
	else if (m.index > ENTRIES || crc != t->store[m.index])
		return "it serves what was never written";
	return NULL;
}

/* --- its way back ---------------------------------------------------------------- */

/* With the file as it was nothing is missing: so nothing was thrown away. */
static const char *
undone(struct os *os, const struct truth *t, const struct image *instead)
{
	char bad[SNAPSHOT_PATH], path[SNAPSHOT_PATH], why[256];
	struct snapshot_name *list;
	struct truth put = *t;
	struct state *st;
	const char *said = NULL;
	uint64_t index;
	size_t i, n;

	/* The lock file and the term are written at each start. */
	put.files = 0;
	for (i = 0; i < t->files; i++)
		if (strcmp(t->file[i].path, "state/lock") == 0 ||
		    strcmp(t->file[i].path, "state/term") == 0 ||
		    strcmp(t->file[i].path, "state/node") == 0)
			put.file[put.files++] = t->file[i];
	st = open_here(os, why);
	if (st != NULL) {
		list = snapshot_list(st, ".bad", &n);
		MUST(list != NULL);
		for (i = 0; i < n; i++) {
			snapshot_path(bad, &list[i], ".bad");
			snapshot_path(path, &list[i], "");
			MUST(disk_rename(os, bad, path) == 0);
		}
		free(list);
		state_close(st);
	}
	for (i = 0; i < t->files; i++)
		if (strcmp(t->file[i].path, instead->path) == 0)
			put.file[put.files++] = t->file[i];
	images_put(os, &put);
	st = open_here(os, why);
	if (st == NULL || node_verify(st) == -1)
		said = "it does not start with the file that it had";
	else if (st->tail.index != t->tail || st->lock.damaged != 0)
		said = "it has thrown away what was acknowledged";
	else
		said = serves(st, t, 1, &index);
	state_close(st);
	return said;
}

/* --- a start ---------------------------------------------------------------------- */

/* It takes part, and knows of no damage: then nothing is missing. */
static const char *
healthy(struct state *st, const struct truth *t)
{
	const char *why;
	uint64_t index;

	if (st->tail.index < t->least || st->tail.index > t->tail)
		return "it has lost what it acknowledged, and does not know it";
	if (st->tail.index != t->snap && st->tail.chain != t->chain[st->tail.index])
		return "its log is another";
	if (!members_equal(&st->members, &t->members))
		return "it has other members";
	why = serves(st, t, 1, &index);
	if (why == NULL && index != st->tail.index)
		return "it can't read what it says it has";
	return why;
}

static const char *
starts(struct state *st, const struct truth *t, int *whole)
{
	const char *why;
	uint64_t index;

	*whole = st->lock.damaged == 0;
	if (st->term.current_term != NODE_TERM ||
	    strcmp(st->term.voted_for.id, t->peer.id) != 0)
		return "it has another term or vote";
	if (strcmp(st->me.id, t->me.id) != 0 || strcmp(st->cluster, t->cluster) != 0 ||
	    st->boots != NODE_BOOTS || st->joiner || st->removed || st->older)
		return "it is somebody else";
	why = *whole ? healthy(st, t) : serves(st, t, 1, &index);
	if (why != NULL)
		return why;
	if (!*whole && st->tail.index >= st->lock.damaged)
		return "it counts on what it knows to be damaged";
	/* A batch of which state/lock knows nothing may be torn, and is cut. */
	return votes(st, t, *whole ? st->tail.index : t->tail);
}

/* Is the segment missing, or does it end with a record that was taken? */
static int
ends_whole(const struct state *st, const struct image *m)
{
	return m->p == NULL || m->n == st->tail.off;
}

static const char *
start(struct os *os, const struct truth *t, const struct image *instead, int *whole)
{
	static char silent[512];
	char refused[256];
	struct state *st = open_here(os, refused);
	const char *why;
	int cut;

	*whole = 1;
	if (st == NULL || node_verify(st) == -1) {
		if (st != NULL)
			memcpy(refused, st->why, sizeof(refused));
		state_close(st);
		(void)snprintf(silent, sizeof(silent),
		    "it refuses, and does not say which file: %s", refused);
		return names(refused, t, instead) ? undone(os, t, instead) : silent;
	}
	why = starts(st, t, whole);
	cut = *whole && st->tail.index < t->tail;
	if (why == NULL && cut && is_flipped(t, instead))
		why = "it has cut off what is rotten, not torn";
	/* What was not settled, and of which nothing is there, was never there. */
	if (why == NULL && matters(t, instead) && !(cut && ends_whole(st, instead)) &&
	    !noted(os, t, instead))
		why = "it does not say where it was wrong";
	state_close(st);
	return why != NULL || cut ? why : undone(os, t, instead);
}

/* --- its repair ------------------------------------------------------------------- */

/* Everything, from its leader: NULL, and it is whole again. */
static const char *
repair(struct state *st, const struct truth *t, pid_t role)
{
	struct frame f = { .type = FRAME_APPEND }, reply = { .term = 0 };
	struct append *a;
	struct buf in = { 0 }, out = { 0 };
	const char *unused, *why = NULL;
	uint64_t from;
	size_t used;
	int r;

	memcpy(f.cluster, t->cluster, sizeof(f.cluster));
	f.from = t->peer;
	f.to = t->me;
	f.term = f.seq = NODE_TERM;
	f.arg[4] = t->tail;
	a = append_new(st, role);
	MUST(a != NULL);
	/* As a leader begins; then from where the hint says. */
	for (from = t->tail; why == NULL; from = reply.arg[2]) {
		f.arg[0] = from;
		f.arg[1] = from < 2 ? 0 : 2 + from / 12;
		f.arg[2] = t->chain[from];
		f.arg[5] = t->tail - from;
		f.body = buf_head(&t->log) + t->at[from + 1];
		f.length = t->at[t->tail + 1] - t->at[from + 1];
		buf_cut(&in, 0);
		buf_cut(&out, 0);
		MUST(frame_encode(&f, &in) == 0);
		r = append_input(a, buf_head(&in), in.len, &out);
		if (r != 0 ||
		    frame_parse(buf_head(&out), out.len, &reply, &used, &unused) != 1)
			why = "its leader can't repair it";
		else if (reply.arg[0] == APPENDED_YES)
			break;
		else if (reply.arg[0] != APPENDED_NO || reply.arg[2] >= from)
			why = "it never has what its leader sends";
	}
	append_free(a);
	buf_free(&in);
	buf_free(&out);
	if (why == NULL && st->lock.damaged != 0)
		why = "it is still damaged, though it has all that its leader has";
	return why;
}

static const char *
repaired(struct os *os, const struct truth *t, pid_t role)
{
	char refused[256];
	struct state *st = open_here(os, refused);
	const char *why;
	int whole;

	MUST(st != NULL && node_verify(st) == 0 && st->lock.damaged != 0);
	why = repair(st, t, role);
	state_close(st);
	if (why != NULL)
		return why;
	st = open_here(os, refused);
	if (st == NULL || node_verify(st) == -1)
		return "it does not start any more, once it is repaired";
	why = starts(st, t, &whole);
	if (why == NULL && (!whole || st->tail.index != t->tail))
		why = "its repair does not last";
	state_close(st);
	return why;
}

/* As a step finds it, of a node that has been running for long. */
static const char *
step(struct os *os, const struct truth *t)
{
	char refused[256];
	struct state *st = open_here(os, refused);
	const char *why;
	uint64_t index;

	if (st == NULL)
		return NULL;
	why = votes(st, t, t->tail);
	if (why == NULL && !st->broken)
		why = serves(st, t, 1, &index);
	state_close(st);
	return why;
}

const char *
node_judge(struct os *os, const struct truth *t, const struct image *instead,
    pid_t role)
{
	const char *why;
	int whole;

	node_restore(os, t, instead);
	/* Behind a loss of power the first is start. */
	why = t->least < t->tail ? NULL : step(os, t);
	if (why != NULL)
		return why;
	node_restore(os, t, instead);
	why = start(os, t, instead, &whole);
	if (why != NULL || whole || t->size == 1)
		return why;
	node_restore(os, t, instead);
	return repaired(os, t, role);
}

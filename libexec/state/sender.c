/*
 * sender.c - InstallSnapshot, the leader's half (§7): offers the newest snapshot
 * to a follower that is behind the log, and sends what that has not got yet.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "transfer.h"

#define CHUNK (256u * 1024) /* bytes in a step */

struct sender {
	struct state *st;
	struct manifest manifest;
	uint64_t at; /* bytes of requests and data together */
	int fd[2];   /* of both; they may be removed */
};

static int
refuse(struct state *st, const char *why)
{
	(void)snprintf(st->why, sizeof(st->why), "%s", why);
	return TRANSFER_REFUSED;
}

/*
 * What run/behind.NODE says: the term of the leader that found that the node needs
 * a snapshot; 0: it needs one, and does not answer yet.  -1: nobody says anything.
 */
static int
behind_load(struct state *st, const char *node, uint64_t *term)
{
	char path[NAME_LIMIT + 16], *text;

	(void)snprintf(path, sizeof(path), "run/behind.%s", node);
	text = disk_slurp(st->os, path, 64, NULL);
	if (text == NULL)
		return -1;
	if (num_u64(text, strcspn(text, "\n"), NUMBER_MAX, term) == -1)
		*term = 0;
	free(text);
	return 0;
}

/* The frame for a member, with the manifest: 0, refused, or -1. */
static int
frame_put(struct state *st, const char *node, const struct manifest *m,
    enum snapshot_kind kind, uint64_t offset, struct buf *out)
{
	const struct snapshot_name name = { m->index, m->term };
	const int i = members_find(&st->members, node, NULL);
	struct frame f;
	char path[SNAPSHOT_PATH], *text;
	uint64_t term;
	size_t n;
	int bad;

	if (behind_load(st, node, &term) == -1 || term == 0)
		return refuse(st, "no leader here says that it needs one");
	if (i == -1)
		return refuse(st, "it is no member");
	snapshot_path(path, &name, "/manifest");
	text = disk_slurp(st->os, path, MANIFEST_MAX, &n);
	if (text == NULL)
		return state_fail(st, "cannot read %s: %s", path, strerror(errno));
	f = address(st, FRAME_SNAPSHOT, &st->members.who[i]);
	f.term = term;
	f.arg[0] = kind;
	f.arg[1] = m->index;
	f.arg[2] = m->term;
	f.arg[3] = manifest_bytes(m);
	f.arg[4] = offset;
	f.length = n;
	f.body = text;
	bad = frame_encode(&f, out);
	free(text);
	return bad ? state_fail(st, "cannot send: %s", strerror(errno)) : 0;
}

int
sender_offer(struct state *st, const char *node, struct buf *out)
{
	uint64_t term;
	int r;

	if (behind_load(st, node, &term) == 0 && term == 0) {
		(void)refuse(st, "it does not answer");
		return TRANSFER_ON;
	}
	if (state_lock(st) == -1)
		return -1;
	if (st->snap.index == 0)
		r = refuse(st, "there is no snapshot");
	else
		r = frame_put(st, node, &st->snap, SNAPSHOT_OFFER, 0, out);
	if (state_unlock(st) == -1)
		return -1;
	return r == 0 ? TRANSFER_DONE : r;
}

static int
files_open(struct sender *s)
{
	const struct snapshot_name name = { s->manifest.index, s->manifest.term };
	struct state *st = s->st;
	char path[SNAPSHOT_PATH];
	int i;

	for (i = 0; i < 2; i++) {
		snapshot_path(path, &name, i == 0 ? "/requests" : "/data");
		s->fd[i] = disk_open(st->os, path, DISK_READ);
		if (s->fd[i] == -1)
			return state_fail(st, "cannot open %s: %s", path,
			    strerror(errno));
	}
	return 0;
}

/* Under the lock, so that nothing is removed meanwhile. */
static int
open_files(struct sender *s, const char *node, const struct frame *answer,
    struct buf *out)
{
	struct state *st = s->st;
	const struct snapshot_name name = { answer->arg[1], answer->arg[2] };
	int r;

	if (snapshot_manifest(st, &name, "", &s->manifest) == -1)
		return refuse(st, "a newer one has taken its place");
	if (answer->arg[3] != manifest_bytes(&s->manifest) ||
	    answer->arg[4] > answer->arg[3])
		return refuse(st, "the answer is about another snapshot");
	s->at = answer->arg[4];
	r = frame_put(st, node, &s->manifest, SNAPSHOT_BYTES, s->at, out);
	return r == 0 ? files_open(s) : r;
}

int
sender_open(struct state *st, const char *node, const struct frame *answer,
    struct sender **sender, struct buf *out)
{
	struct sender *s;
	const char *why;
	char said[SNAPSHOT_WHY];
	int r;

	*sender = NULL;
	why = address_refusal(st, answer);
	if (why == NULL &&
	    (answer->type != FRAME_SNAPSHOT_REPLY ||
		strcmp(answer->from.name, node) != 0))
		why = "it is no answer to an offer";
	if (why != NULL)
		return refuse(st, why);
	switch (answer->arg[0]) {
	case SNAPSHOT_WANTED:
		break;
	case SNAPSHOT_NOT_NEEDED:
		return TRANSFER_DONE;
	case SNAPSHOT_STALE:
		return refuse(st, "it has heard of a newer term");
	default:
		return refuse(st, "it takes or installs another one");
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return state_fail(st, "cannot send: %s", strerror(errno));
	s->st = st;
	s->fd[0] = s->fd[1] = -1;
	r = -1;
	if (state_lock(st) == 0) {
		r = open_files(s, node, answer, out);
		if (state_unlock(st) == -1)
			r = -1;
	}
	/* What is rotten is not sent. */
	if (r == 0 && snapshot_verify(st->os, &s->manifest, "", said) == -1)
		r = state_fail(st, "%s", said);
	if (r != 0) {
		sender_close(s);
		return r;
	}
	*sender = s;
	return TRANSFER_ON;
}

void
sender_close(struct sender *s)
{
	int i;

	for (i = 0; i < 2; i++)
		if (s->fd[i] != -1)
			(void)disk_close(s->st->os, s->fd[i]);
	free(s);
}

void
sender_progress(const struct sender *s, uint64_t *sent, uint64_t *total)
{
	*sent = s->at;
	*total = manifest_bytes(&s->manifest);
}

int
sender_next(struct sender *s, struct buf *out)
{
	const uint64_t requests = s->manifest.requests * REQUEST_LINE;
	const int second = s->at >= requests;
	const uint64_t off = second ? s->at - requests : s->at;
	const uint64_t left = (second ? s->manifest.data : requests) - off;
	const size_t want = left < CHUNK ? (size_t)left : CHUNK;
	struct state *st = s->st;
	ssize_t n;
	char *p;

	if (s->at == manifest_bytes(&s->manifest))
		return TRANSFER_DONE;
	p = buf_room(out, want);
	if (p == NULL)
		return state_fail(st, "cannot send: %s", strerror(errno));
	n = disk_read(st->os, s->fd[second], p, want, (off_t)off);
	if (n == -1 || (size_t)n != want)
		return state_fail(st, "cannot read state/snapshot: %s",
		    n == -1 ? strerror(errno) : "a file is too short");
	buf_grew(out, want);
	s->at += want;
	return TRANSFER_ON;
}

/*
 * followers.c - AppendEntries, the leader's side (Raft §5.3): what each
 * follower has, what it is sent, what it answers.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define FRAME_ENTRIES (256u * 1024)        /* bytes of records in a frame */
#define PROBE_ENTRIES (64u * 1024)         /* the same, in a probe */
#define STREAM_FULL   (1024u * 1024)       /* bytes that wait for a stream */
#define SECOND        UINT64_C(1000000000) /* ns */
#define FIRST_QUORUM  (5 * SECOND)         /* while connections are made */

void
lead_down(struct lead *l, const char *fmt, ...)
{
	va_list ap;

	if (l->down)
		return;
	l->down = 1;
	va_start(ap, fmt);
	(void)vsnprintf(l->why, sizeof(l->why), fmt, ap);
	va_end(ap);
	note(l->st->os, l->term, "lead: steps down: %s", l->why);
}

/* What was sent on another stream may be lost: begins where it is known to agree. */
static void
peer_reset(struct lead *l, struct peer *p, uint64_t next)
{
	p->next_index = next;
	p->cursor.index = 0;
	p->probing = 1;
	p->waiting = 0;
	p->reset_seq = l->seq + 1;
	l->push = 1;
}

/* From now on this is its peer's stream; the one before ends. */
static void
stream_use(struct lead *l, struct stream *s)
{
	struct peer *p = s->peer;

	if (p->stream != NULL) {
		p->stream->peer = NULL;
		p->stream->doomed = 1;
	}
	if (p->fresh == s)
		p->fresh = NULL;
	p->stream = s;
	peer_reset(l, p, p->match_index > 0 ? p->match_index + 1 : l->noop);
}

struct stream *
lead_stream_open(struct lead *l, const char *node, pid_t pid)
{
	struct stream *s;
	struct peer *p;

	p = peer_find(l, node);
	if (p == NULL)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->peer = p;
	s->pid = pid;
	s->opened_at = clock_now(l->st->os);
	if (p->stream == NULL) {
		stream_use(l, s);
		return s;
	}
	/* One that stands is kept until the new one has been answered: its ssh may
	 * take long, or never get through. */
	if (p->fresh != NULL) {
		p->fresh->peer = NULL;
		p->fresh->doomed = 1;
	}
	p->fresh = s;
	return s;
}

/* Asks a new stream's far end for a sign of life: an append of nothing. */
static int
knock(struct lead *l, struct stream *s)
{
	struct frame f;

	f = address(l->st, FRAME_APPEND, &s->peer->who);
	f.term = l->term;
	f.seq = l->seq;
	f.arg[4] = l->st->tail.index;
	return frame_encode(&f, &s->out);
}

struct buf *
lead_stream_output(struct stream *s)
{
	return &s->out;
}

int
lead_stream_doomed(const struct stream *s)
{
	return s->doomed;
}

pid_t
lead_stream_pid(const struct stream *s)
{
	return s->pid;
}

static void
behind_path(const struct peer *p, char path[NAME_LIMIT + 16])
{
	(void)snprintf(path, NAME_LIMIT + 16, "run/behind.%s", p->who.name);
}

/*
 * Writes run/behind.NODE: the term once the node has answered on its stream, 0
 * before, for one that is down can't take anything.  Where there is no room, it is
 * tried again.
 */
static void
behind_note(const struct lead *l, struct peer *p, int answers)
{
	struct os *os = l->st->os;
	char line[32], path[NAME_LIMIT + 16];
	int fd, n;

	behind_path(p, path);
	fd = disk_open(os, path, DISK_CREATE);
	if (fd == -1)
		return;
	n = snprintf(line, sizeof(line), "%016" PRIu64 "\n", answers ? l->term : 0);
	p->noted = disk_write(os, fd, line, (size_t)n, 0) == 0;
	p->answers = p->noted && answers;
	(void)disk_close(os, fd);
}

void
lead_stream_close(struct lead *l, struct stream *s)
{
	struct peer *p = s->peer;

	if (p != NULL && p->fresh == s)
		p->fresh = NULL;
	if (p != NULL && p->stream == s) {
		p->stream = NULL;
		if (p->fresh != NULL)
			stream_use(l, p->fresh);
		else if (p->behind)
			behind_note(l, p, 0);
	}
	buf_free(&s->in);
	buf_free(&s->out);
	free(s);
}

void
peer_behind(struct lead *l, struct peer *p, int behind)
{
	char path[NAME_LIMIT + 16];

	p->behind = behind;
	p->probing = p->probing || behind;
	p->noted = p->answers = 0;
	if (!behind) {
		behind_path(p, path);
		(void)disk_remove(l->st->os, path);
		return;
	}
	note(l->st->os, l->term,
	    "lead: %s needs what the log has no more: a snapshot is to be sent",
	    p->who.name);
	behind_note(l, p, 0);
}

/*
 * Sets the cursor and what stands before it, for next_index: 0, or -1.  "If the
 * leader has already discarded the next log entry that it needs to send" (§7), it
 * is sent a snapshot, by others; until it has that one, it hears heartbeats.
 */
static int
cursor_set(struct lead *l, struct peer *p)
{
	struct state *st = l->st;
	struct tail before;

	if (p->behind)
		p->next_index = st->snap.index + 1;
	if (p->behind && !p->noted)
		behind_note(l, p, 0);
	if (log_place(st, p->next_index, &p->cursor, &before) == -1) {
		if (errno != ENOENT)
			return -1;
		peer_behind(l, p, 1);
		p->reset_seq = l->seq + 1;
		p->next_index = st->snap.index + 1;
		if (log_place(st, p->next_index, &p->cursor, &before) == -1)
			return -1;
	}
	p->prev_term = before.term;
	p->prev_chain = before.chain;
	return 0;
}

/* One AppendEntries with up to max bytes of entries (0: a heartbeat). */
static int
frame_send(struct lead *l, struct peer *p, size_t max)
{
	struct state *st = l->st;
	struct buf body = { 0 };
	struct tail end = { 0, 0, 0, 0, 0 };
	struct frame f;
	size_t count = 0;
	int r = 0;

	if ((p->behind || p->cursor.index != p->next_index) && cursor_set(l, p) == -1)
		return -1;
	if (p->behind)
		max = 0;
	f = address(st, FRAME_APPEND, &p->who);
	f.seq = l->seq;
	f.arg[0] = p->next_index - 1;
	f.arg[1] = p->prev_term;
	f.arg[2] = p->prev_chain;
	f.arg[3] = l->commit;
	f.arg[4] = st->tail.index;
	if (max > 0)
		r = log_read(st, &p->cursor, st->tail.index, max, &body, &count, &end);
	f.arg[5] = count;
	f.length = body.len;
	f.body = body.len > 0 ? buf_head(&body) : "";
	if (r == -1 && errno == ENOENT && !st->broken) {
		/* A snapshot has just taken that segment's place. */
		buf_free(&body);
		p->cursor.index = 0;
		l->push = 1;
		return 0;
	}
	if (r == 0)
		r = frame_encode(&f, &p->stream->out);
	buf_free(&body);
	if (r == -1)
		return -1;
	if (count > 0) {
		p->next_index += count;
		p->prev_term = end.term;
		p->prev_chain = end.chain;
	}
	p->sent_seq = l->seq;
	p->sent_commit = l->commit;
	return 0;
}

static int
peer_send(struct lead *l, struct peer *p, uint64_t now, int round)
{
	const uint64_t last = l->st->tail.index;
	int full = p->full_until > now;

	if (p->probing) {
		if (!p->waiting || round) {
			if (frame_send(l, p,
				full || p->waiting || p->next_index > last ?
				    0 :
				    PROBE_ENTRIES) == -1)
				return -1;
			p->waiting = 1;
		}
		return 0;
	}
	while (!full && !p->probing && p->next_index <= last && !l->push &&
	    p->stream->out.len < STREAM_FULL)
		if (frame_send(l, p, FRAME_ENTRIES) == -1)
			return -1;
	if (round && p->sent_seq != l->seq)
		return frame_send(l, p, 0);
	return 0;
}

void
followers_send(struct lead *l, uint64_t now, int round)
{
	struct peer *p;

	for (p = l->peer; p < l->peer + PEERS; p++) {
		/* A follower that takes nothing is not waited for (F18).  What is sent
		 * before the gate has greeted might be heard by a later run of that node,
		 * which has lost what it has acknowledged since, and be taken for all that
		 * there is. */
		if (!peer_used(p) || p->stream == NULL || p->stream->doomed ||
		    !p->stream->greeted || p->stream->out.len >= STREAM_FULL)
			continue;
		if (peer_send(l, p, now, round) == -1) {
			lead_down(l, "%s", l->st->why);
			return;
		}
	}
}

/* Work under the lock has failed: this lead is about to end, and nobody waits for it. */
static int
let_go(struct state *st)
{
	(void)state_unlock(st);
	return -1;
}

/* The follower's log has no entry at prev: go back to what both could hold. */
static int
step_back(struct lead *l, struct peer *p, const struct frame *f)
{
	struct record r = { 0 };
	struct cursor c;
	struct tail before;
	uint64_t next;

	/* A newer leader's append may be cutting this log. */
	if (state_lock(l->st) == -1)
		return -1;
	if (l->st->term.current_term != l->term) {
		lead_down(l, "this node is in term %" PRIu64, l->st->term.current_term);
		return state_unlock(l->st);
	}
	if (f->arg[4] < p->match_index) {
		if (!p->lost)
			note(l->st->os, l->term,
			    "lead: %s lost acknowledged entries: it had %" PRIu64
			    ", its log ends at %" PRIu64,
			    p->who.name, p->match_index, f->arg[4]);
		p->lost = 1;
		p->match_index = f->arg[4];
	}
	if (log_last_within(l->st, f->arg[2], f->arg[3], &r) == -1)
		return let_go(l->st);
	next = r.index >= p->match_index ? r.index + 1 : p->match_index + 1;
	/* One that needs a snapshot says no until it has it. */
	if (p->behind && log_place(l->st, next, &c, &before) == -1)
		return l->st->broken ? let_go(l->st) : state_unlock(l->st);
	if (p->behind)
		peer_behind(l, p, 0);
	peer_reset(l, p, next);
	return state_unlock(l->st);
}

static int
newer_term(struct lead *l, const struct frame *f)
{
	struct state *st = l->st;

	if (state_lock(st) == -1)
		return -1;
	if (term_raise(&st->term, f->term) && term_save(st) == -1)
		return let_go(st);
	lead_down(l, "%s is in term %" PRIu64, f->from.name, f->term);
	return state_unlock(st);
}

/* One reply: 0, or -1 (the stream is to end). */
static int
reply_take(struct lead *l, struct stream *s, const struct frame *f)
{
	struct peer *p = s->peer;
	const uint64_t now = clock_now(l->st->os);

	if (f->term > l->term)
		return newer_term(l, f);
	if (f->term < l->term)
		return 0;
	if (p->fresh == s)
		stream_use(l, s);
	p->heard_at = now;
	p->last_index = f->arg[4];
	p->damaged = f->arg[5] != 0;
	if (f->seq > p->acked_seq && f->seq <= l->seq)
		p->acked_seq = f->seq;
	if (p->behind && !p->answers)
		behind_note(l, p, 1);
	switch (f->arg[0]) {
	case APPENDED_YES:
		/* Only what was sent can have been verified (F14). */
		if (f->arg[1] >= p->next_index)
			return f->seq < p->reset_seq ? 0 : -1;
		if (f->arg[1] > p->match_index)
			p->match_index = f->arg[1];
		if (f->seq < p->reset_seq)
			return 0;
		p->probing = 0;
		p->waiting = 0;
		p->full_until = 0;
		if (p->behind) { /* it has the snapshot */
			peer_behind(l, p, 0);
			peer_reset(l, p, p->match_index + 1);
		}
		if (p->next_index <= l->st->tail.index)
			l->push = 1;
		return 0;
	case APPENDED_NO:
		if (f->seq < p->reset_seq)
			return 0;
		return step_back(l, p, f);
	case APPENDED_FULL:
		if (f->seq < p->reset_seq)
			return 0;
		if (p->full_until == 0)
			note(l->st->os, l->term, "lead: %s has no space left",
			    p->who.name);
		if (step_back(l, p, f) == -1)
			return -1;
		p->full_until = now + 2 * l->beat;
		return 0;
	default:
		return -1;
	}
}

int
lead_stream_input(struct lead *l, struct stream *s, const char *bytes, size_t n)
{
	struct frame f;
	const char *why = "it does not follow the protocol";
	size_t used;
	int r;

	/* A stream that was replaced has nothing more to say. */
	if (s->peer == NULL || s->doomed)
		return -1;
	if (buf_add(&s->in, bytes, n) == -1)
		return -1;
	if (!s->greeted) {
		r = frame_greeting(buf_head(&s->in), s->in.len, &used);
		if (r != 1)
			return r;
		s->greeted = 1;
		s->opened_at = clock_now(l->st->os);
		buf_eat(&s->in, used);
		l->push = 1;
		if (s->peer->fresh == s && knock(l, s) == -1)
			return -1;
	}
	while (s->in.len > 0 && !l->down) {
		r = frame_parse(buf_head(&s->in), s->in.len, &f, &used, &why);
		if (r == 0)
			return 0;
		if (r == 1)
			why = address_refusal(l->st, &f);
		if (r == 1 && why == NULL && f.type == FRAME_APPENDED &&
		    strcmp(f.from.id, s->peer->who.id) == 0)
			r = reply_take(l, s, &f);
		else
			r = -1;
		if (r == -1) {
			note(l->st->os, l->term, "lead: the stream to %s ends: %s",
			    s->peer->who.name,
			    l->st->broken   ? l->st->why :
				why != NULL ? why :
					      "it does not follow the protocol");
			s->doomed = 1;
			return -1;
		}
		buf_eat(&s->in, used);
	}
	return 0;
}

/* Dooms a stream that nothing was heard on for too long. */
static void
stream_check(struct lead *l, struct stream *s, uint64_t heard_at, uint64_t now)
{
	uint64_t limit = l->timeout > SECOND ? l->timeout : SECOND;

	if (s == NULL || s->doomed)
		return;
	/* Opening a connection may take long, on a slow login shell. */
	if (!s->greeted)
		limit = 10 * SECOND;
	if (now - (heard_at > s->opened_at ? heard_at : s->opened_at) <= limit)
		return;
	note(l->st->os, l->term, "lead: the stream to %s is silent", s->peer->who.name);
	s->doomed = 1;
}

/* Ends streams that are silent, and steps down without a majority. */
void
followers_check(struct lead *l, uint64_t now)
{
	struct peer *p;

	for (p = l->peer; p < l->peer + PEERS; p++) {
		stream_check(l, p->stream, p->heard_at, now);
		stream_check(l, p->fresh, 0, now);
	}
	if (peers_heard(l, now > l->timeout ? now - l->timeout : 0)) {
		l->quorum_at = now;
		l->quorum_once = 1;
		return;
	}
	/* CheckQuorum (thesis §6.2); the first time, connections are being made. */
	if (l->quorum_once ||
	    now - l->began_at > (l->timeout > FIRST_QUORUM ? l->timeout : FIRST_QUORUM))
		lead_down(l, "no majority was heard for an election timeout");
}

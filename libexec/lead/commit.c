/*
 * commit.c - the leader's turn: its own log, what is committed, what is applied
 * (Raft §5.3, §5.4.2).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/types.h"
#include "inside.h"

#define APPLY_SLICE (4u * 1024 * 1024) /* bytes of log applied in a turn */
#define KEPT        (1024u * 1024)     /* bytes of log kept in memory */
#define TELLS       (256u * 1024)      /* looks at a watch in a turn */
#define BEATS       10u                /* in an election timeout */
#define FULL_LEAST  10u /* election timeouts that one leads, full or not */
#define WORDS_MOST  16u /* of a line: no request has so many */

/* Writes the term's no-op, durably: the index of the first own entry. */
static int
noop_write(struct lead *l)
{
	struct state *st = l->st;
	int r;

	l->fresh_tail = st->tail;
	r = record_add(l, RECORD_NOOP, NULL, "", 0);
	if (r == 0)
		r = state_change(st);
	if (r == 0)
		r = log_append(st, buf_head(&l->fresh), l->fresh.len);
	if (r == 0)
		r = log_sync(st);
	if (!st->broken && state_settle(st) == -1)
		r = -1;
	buf_cut(&l->fresh, 0);
	l->noop = l->last = st->tail.index;
	l->durable = st->tail.index;
	return r;
}

/* Why this node may not lead, or NULL. */
static const char *
leading_refusal(const struct state *st, uint64_t term)
{
	if (!state_stands(st))
		return "this node is no member that votes";
	/* A vote for itself is no election: a vote ask of a role that was killed may
	 * have come in between. */
	if (st->term.current_term != term ||
	    strcmp(st->term.voted_for.name, st->me.name) != 0 ||
	    strcmp(st->term.voted_for.id, st->me.id) != 0)
		return "it was not elected in this term";
	/* An earlier lead of this term may have sent what it never wrote. */
	if (st->tail.term == st->term.current_term)
		return "it has led in this term before";
	if (st->lock.damaged != 0)
		return "the log is damaged";
	return NULL;
}

static int
lead_start(struct lead *l, uint64_t term, int *status)
{
	struct state *st = l->st;
	const char *why;

	*status = EXIT_DISK;
	if (state_lock(st) == -1)
		return -1;
	why = leading_refusal(st, term);
	if (why != NULL) {
		*status = EXIT_NO;
		(void)state_unlock(st);
		(void)snprintf(st->why, sizeof(st->why), "%s", why);
		return -1;
	}
	l->term = st->term.current_term;
	/* What a snapshot holds is committed. */
	l->commit = l->applied = l->marked = l->base_index = st->snap.index;
	if (store_load(st, l->store, &l->base) == -1 || noop_write(l) == -1) {
		(void)state_unlock(st);
		return -1;
	}
	peers_adopt(l);
	return state_unlock(st);
}

struct lead *
lead_new(struct state *st, uint64_t term, uint64_t timeout, int *status)
{
	struct lead *l;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		goto fail;
	l->st = st;
	st->recent_max = KEPT;
	l->timeout = timeout;
	l->beat = timeout / BEATS;
	l->commit_fd = l->stamp_fd = -1;
	l->store = store_new(STORE_WINDOW);
	l->words = calloc(1, sizeof(*l->words));
	l->changed = calloc(1, STORE_WINDOW / 8);
	if (l->store == NULL || l->words == NULL || l->changed == NULL)
		goto fail;
	l->words->most = WORDS_MOST;
	if (lead_start(l, term, status) == -1) {
		lead_free(l);
		return NULL;
	}
	l->commit_fd = run_open(st->os, "commit_index");
	l->stamp_fd = run_open(st->os, "stamp");
	while (l->stream_id == 0)
		l->stream_id = chance_u64(st->os);
	l->quorum_at = l->began_at = clock_now(st->os);
	run_leader_store(st->os, st->me.name, l->term);
	note(st->os, l->term, "lead: leads, its first entry is %" PRIu64, l->noop);
	return l;

fail:
	*status = EXIT_DISK;
	state_break(st, "cannot lead: %s", strerror(errno));
	if (l != NULL)
		lead_free(l);
	return NULL;
}

void
lead_free(struct lead *l)
{
	struct peer *p;

	clients_free(l);
	for (p = l->peer; p < l->peer + PEERS; p++)
		if (p->behind)
			peer_behind(l, p, 0);
	if (l->commit_fd != -1)
		disk_close(l->st->os, l->commit_fd);
	if (l->stamp_fd != -1)
		disk_close(l->st->os, l->stamp_fd);
	store_free(l->store);
	reader_close(l->base);
	buf_free(&l->fresh);
	buf_free(&l->slice);
	free(l);
}

const char *
lead_why(const struct lead *l)
{
	return l->down ? l->why : l->st->why;
}

/*
 * Is there anything to write, or to ask?  "It can use a single round of heartbeats
 * for any number of read-only queries that it has accumulated" (thesis §6.4): those
 * that come in while one is under way wait for the next.
 */
static int
asks(const struct lead *l)
{
	return l->fresh.len > 0 ||
	    (l->round_wanted && peers_confirmed(l, l->asked_seq));
}

uint64_t
lead_due(const struct lead *l)
{
	uint64_t due = l->beat_at + l->beat;

	if (l->applied < l->commit || l->push || clients_resume(l) ||
	    (l->behind != NULL && !clients_tight(l)))
		return 0;
	if (asks(l) && gather_due(l) < due)
		due = gather_due(l);
	if (l->stopping && l->stop_by < due)
		due = l->stop_by;
	return due;
}

int
record_add(struct lead *l, char type, const struct request_id *id, const char *payload,
    size_t n)
{
	struct record r = { 0 };
	struct tail *t = &l->fresh_tail;

	if (l->fresh.len == 0)
		*t = l->st->tail;
	r.index = t->index + 1;
	r.term = l->term;
	r.type = type;
	if (id != NULL)
		r.id = *id;
	if (record_encode(&r, t->chain, payload, n, &l->fresh) == -1)
		return -1;
	t->index = r.index;
	t->term = r.term;
	t->chain = r.chain;
	return 0;
}

/* 1 if a follower is heard, has all that is committed, and is not known to be
 * full itself. */
static int
heir(const struct lead *l, uint64_t now)
{
	const struct peer *p;

	for (p = l->peer; p < l->peer + PEERS; p++) {
		if (peer_votes(l, p) && p->heard_at != 0 &&
		    now - p->heard_at < l->timeout && p->full_until == 0 &&
		    !p->damaged && p->match_index >= l->commit)
			return 1;
	}
	return 0;
}

/* No space: nothing was written, nothing is sent; another may have room. */
static void
full(struct lead *l)
{
	const uint64_t now = clock_now(l->st->os);

	if (!l->full)
		note(l->st->os, l->term, "lead: %s", l->st->why);
	l->full = 1;
	pendings_refuse(l, EXIT_DISK, l->st->why);
	/* Not at once after it began: it may be full everywhere. */
	if (now - l->began_at > FULL_LEAST * l->timeout && heir(l, now))
		lead_stop(l);
}

/* Puts this turn's entries into the log, not durable yet. */
static int
fresh_write(struct lead *l)
{
	struct state *st = l->st;

	if (l->fresh.len == 0)
		return 0;
	if (state_change(st) == -1)
		return -1;
	if (log_append(st, buf_head(&l->fresh), l->fresh.len) == 0) {
		l->last = l->fresh_tail.index;
		l->wrote = 1;
		l->full = 0;
	} else if (st->broken || state_settle(st) == -1) {
		l->last = l->fresh_tail.index; /* as far as anybody knows */
		return -1;
	} else
		full(l);
	buf_cut(&l->fresh, 0);
	return 0;
}

enum lead_next
lead_begin(struct lead *l)
{
	struct state *st = l->st;
	uint64_t now = clock_now(st->os);
	int beat = now - l->beat_at >= l->beat;
	int round = beat || l->round_wanted;

	if (st->broken)
		return LEAD_BROKEN;
	if (l->down)
		return LEAD_DOWN;
	if (!beat && !l->push && !(asks(l) && now >= gather_due(l)))
		return LEAD_ON;
	if (state_lock(st) == -1)
		return LEAD_BROKEN;
	if (st->term.current_term != l->term) {
		lead_down(l, "this node is in term %" PRIu64, st->term.current_term);
		return state_unlock(st) == -1 ? LEAD_BROKEN : LEAD_DOWN;
	}
	/* An entry once sent keeps its index. */
	if (st->tail.index < l->last) {
		lead_down(l, "the log has lost index %" PRIu64, l->last);
		return state_unlock(st) == -1 ? LEAD_BROKEN : LEAD_DOWN;
	}
	/* Its own term was read under the lock after the round was asked for:
	 * it counts itself. */
	l->seq++;
	l->self_seq = l->seq;
	if (round)
		l->asked_seq = l->seq;
	l->round_wanted = 0;
	l->push = 0;
	gather_begin(l);
	if (beat)
		l->beat_at = now;
	if (fresh_write(l) == -1)
		return LEAD_BROKEN;
	change_written(l);
	followers_send(l, now, round);
	l->begun = 1;
	return LEAD_ON;
}

void
store_failed(struct lead *l)
{
	if (errno == ENOMEM)
		lead_down(l, "no memory is left");
	else
		l->st->broken = 1; /* the base has said why */
}

/* Applies one committed entry: 0, or -1. */
static int
entry_apply(struct lead *l, const struct cursor *at, const struct record *r,
    const char *payload)
{
	uint64_t changes = store_changes(l->store);
	struct command c;
	int outcome = OUTCOME_YES;

	if (r->type == RECORD_COMMAND) {
		if (command_decode(&c, payload, r->length) == -1) {
			lead_down(l, "entry %" PRIu64 " is no command", r->index);
			return -1;
		}
		outcome = store_apply(l->store, r->index,
		    r->id.base == 0 && r->id.random == 0 ? NULL : &r->id, &c);
		if (outcome == -1) {
			store_failed(l);
			return -1;
		}
	}
	l->applied = r->index;
	watches_tell(l, at, store_changes(l->store) > changes ? &c : NULL);
	pendings_answer(l, r->index, outcome);
	return 0;
}

/*
 * Applies what is committed of p[0..n), which lies at the cursor; that moves.  Where
 * many watch it is done in several turns.
 */
static int
slice_apply(struct lead *l, struct cursor *at, const char *p, size_t n)
{
	struct record r;
	size_t done, warm = 0;

	for (done = 0; l->applied < l->commit && done < n && l->tells < TELLS;
	     done += record_size(&r)) {
		if (warm-- == 0)
			warm = store_warm(l->store, p + done, n - done) - 1;
		if (record_parse(p + done, n - done, &r) != 1 ||
		    !record_intact(&r, p + done))
			return state_fail(l->st,
			    "cannot apply: index %" PRIu64 " is damaged",
			    l->applied + 1);
		if (entry_apply(l, at, &r, p + done + RECORD_HEADER) == -1)
			return -1;
		at->index++;
		at->off += record_size(&r);
	}
	return 0;
}

/* Two snapshots were taken since the one it began with: it has to begin anew. */
static int
apply_late(struct lead *l)
{
	if (errno == ENOENT && !l->st->broken)
		lead_down(l, "the log begins behind entry %" PRIu64 " by now",
		    l->applied + 1);
	return -1;
}

/* "If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied]
 * to state machine" (Figure 2). */
static int
apply(struct lead *l)
{
	struct buf b = { 0 };
	struct cursor at;
	const char *p;
	struct tail before;
	size_t count, n;
	int bad;

	if (l->applied == l->commit)
		return 0;
	if (l->apply_at.index == 0 &&
	    log_place(l->st, l->applied + 1, &l->apply_at, &before) == -1)
		return apply_late(l);
	p = log_recent(l->st, &l->apply_at, &n);
	if (p != NULL)
		return slice_apply(l, &l->apply_at, p, n);
	bad = log_read(l->st, &l->apply_at, l->commit, APPLY_SLICE, &b, &count, NULL);
	if (bad == -1)
		bad = apply_late(l);
	else {
		at = l->apply_at;
		at.index -= count;
		at.off -= b.len;
		bad = slice_apply(l, &at, buf_head(&b), b.len);
		l->apply_at = at;
	}
	buf_free(&b);
	return bad;
}

static void
commit(struct lead *l)
{
	const uint64_t quorum = peers_hold(l);

	/* "Only log entries from the leader's current term are committed by
	 * counting replicas" (§5.4.2): those from its no-op on. */
	if (quorum <= l->commit || quorum < l->noop)
		return;
	if (l->commit < l->noop || quorum - l->greeted >= STORE_WINDOW / 4)
		clients_greet(l, quorum);
	l->commit = quorum;
	run_commit_store(l->st->os, l->commit_fd, quorum);
}

/* The node's own timer must not vote its leader away. */
static void
stamp(struct lead *l, uint64_t now)
{
	struct stamp s = { now, l->stream_id, l->term };

	if (now - l->stamped_at < l->beat)
		return;
	l->stamped_at = now;
	stamp_store(l->st->os, l->stamp_fd, &s);
}

/* 1 if a follower has all that this leader has, and it is committed. */
static int
caught_up(const struct lead *l)
{
	const struct peer *p;
	int others = 0;

	if (l->commit != l->st->tail.index)
		return 0;
	if (l->heir != NULL)
		return l->heir->match_index == l->commit;
	for (p = l->peer; p < l->peer + PEERS; p++) {
		if (!peer_votes(l, p))
			continue;
		others = 1;
		if (p->match_index == l->commit)
			return 1;
	}
	return !others;
}

enum lead_next
lead_finish(struct lead *l)
{
	struct state *st = l->st;
	const int synced = l->wrote;
	uint64_t now;

	if (st->broken)
		return LEAD_BROKEN;
	if (l->begun) {
		/* Its own write and the followers' went on at the same time. */
		if (l->wrote && (log_sync(st) == -1 || state_settle(st) == -1))
			return LEAD_BROKEN;
		if (state_unlock(st) == -1)
			return LEAD_BROKEN;
		l->durable = st->tail.index;
		l->wrote = 0;
		l->begun = 0;
	}
	if (l->down)
		return LEAD_DOWN;
	commit(l);
	l->tells = 0;
	if (apply(l) == -1)
		return st->broken ? LEAD_BROKEN : LEAD_DOWN;
	readings_answer(l);
	now = clock_now(st->os);
	gather_finish(l, synced, now);
	clients_look(l, now);
	watches_turn(l, now);
	followers_check(l, now);
	change_turn(l, now);
	if (st->broken)
		return LEAD_BROKEN;
	if (l->down)
		return LEAD_DOWN;
	if (l->quorum_at == now)
		stamp(l, now);
	if (l->stopping && (caught_up(l) || now >= l->stop_by))
		return transfer_turn(l, caught_up(l)) ? LEAD_ON : LEAD_DONE;
	return LEAD_ON;
}

void
lead_stop(struct lead *l)
{
	if (l->stopping)
		return;
	l->stopping = 1;
	l->stop_by = clock_now(l->st->os) + l->timeout;
	l->push = 1;
}

int
lead_handover(struct lead *l, struct buf *out)
{
	const struct peer *best = NULL, *p;
	struct frame f;
	uint64_t since = clock_now(l->st->os);

	since = since > l->timeout ? since - l->timeout : 0;
	for (p = l->peer; p < l->peer + PEERS; p++) {
		if (peer_votes(l, p) && p->heard_at > since && !p->damaged &&
		    p->full_until == 0 &&
		    (best == NULL || p->match_index > best->match_index) &&
		    (l->heir == NULL || l->heir == p))
			best = p;
	}
	if (best == NULL)
		return 0;
	f = address(l->st, FRAME_HANDOVER, &best->who);
	f.term = l->term;
	return frame_encode(&f, out) == 0;
}

/*
 * change.c - the leader's half of membership (§6; thesis §4): one change at a time,
 * each step of it an entry of the log, the next one when that is committed.  A new
 * leader finds in its log how far it had come, and goes on from there, whatever
 * became of the one who asked.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/change.h"
#include "inside.h"

#define SECOND       UINT64_C(1000000000) /* ns */
#define SILENT_LEAST (30 * SECOND)        /* and ten election timeouts: given up */
#define LEFT_LEAST   (5 * SECOND)         /* to tell one that it has left */

static void
refuse(struct lead *l, const struct waiter *w, const char *name, const char *why)
{
	char text[NAME_LIMIT + 256];

	(void)snprintf(text, sizeof(text), "%s %s", name, why);
	answer_text(l, w, EXIT_NO, text);
}

static void
answer_no(struct lead *l, const char *name, const char *why)
{
	refuse(l, &l->change.waiter, name, why);
	l->change.asked = 0;
}

static int
busy(const char **why)
{
	*why = "has to wait: another change is under way";
	return -1;
}

static void
answer_yes(struct lead *l)
{
	answer_status(l, &l->change.waiter, EXIT_YES);
	l->change.asked = 0;
}

/* Puts the next configuration into the log: 0, or -1 (ENOMEM). */
static int
propose(struct lead *l, const struct members *m)
{
	struct buf b = { 0 };
	int r;

	r = members_print(m, &b);
	if (r == 0)
		r = record_add(l, RECORD_MEMBERS, NULL, buf_head(&b), b.len);
	if (r == 0) {
		l->change.proposed = l->fresh_tail.index;
		note(l->st->os, l->term,
		    "lead: the configuration of index %" PRIu64 ": %zu members%s",
		    l->change.proposed, m->n, members_joint(m) ? ", joint" : "");
	}
	buf_free(&b);
	return r;
}

void
change_written(struct lead *l)
{
	if (l->change.proposed == 0)
		return;
	l->change.proposed = 0;
	if (l->st->members.index != l->members.index)
		peers_adopt(l);
	else if (l->change.asked) { /* there was no space */
		answer_text(l, &l->change.waiter, EXIT_DISK, l->st->why);
		l->change.asked = 0;
	}
}

/* Asks a follower to lead: when it has all. */
static void
transfer(struct lead *l, const char *name, uint64_t now)
{
	struct peer *p = peer_find(l, name);

	if (strcmp(name, l->st->me.name) == 0)
		answer_yes(l);
	else if (p == NULL || !peer_votes(l, p))
		answer_no(l, name, "is no member that votes");
	else if (p->heard_at == 0 || now - p->heard_at > l->timeout)
		answer_no(l, name, "has not been heard of late");
	else if (p->damaged || p->full_until != 0)
		answer_no(l, name,
		    "can't lead: its log is damaged, or its disk is full");
	else {
		l->heir = p;
		l->handed = 0;
		lead_stop(l);
	}
}

/* 1 if this is what is being waited for already. */
static int
asks_again(const struct change_asked *a, const struct command *c, const char *name,
    const char *id)
{
	return a->verb == c->verb && a->learner == c->learner &&
	    strcmp(a->who.name, name) == 0 && strcmp(a->who.id, id) == 0;
}

/* 1 if those who have been heard of late can commit in the next configuration:
 * else nothing could, nor the change be taken back. */
static int
rest_is_heard(struct lead *l, const struct members *next)
{
	const uint64_t now = clock_now(l->st->os);
	char yes[MEMBERS_MAX] = { 0 };
	const struct peer *p;
	size_t i;

	for (i = 0; i < next->n; i++) {
		p = peer_find(l, next->who[i].name);
		if (strcmp(next->who[i].name, l->st->me.name) == 0 ||
		    (p != NULL && p->heard_at != 0 && now - p->heard_at <= l->timeout))
			yes[i] = 1;
	}
	return members_quorum(next, yes);
}

void
change_ask(struct lead *l, const struct waiter *w, const struct command *c)
{
	struct change_asked *a = &l->change;
	struct members next = l->members;
	char name[NAME_LIMIT + 1] = "", id[ID_DIGITS + 1] = "";
	const char *why = NULL;
	int again, back, r = 1;

	/* "a leader must have committed an entry in its term before it changes the
	 * configuration" (thesis §4.1, the erratum). F21 */
	if (l->commit < l->noop) {
		answer_text(l, w, EXIT_NOLEADER,
		    "the leader has not committed an entry of its term yet");
		return;
	}
	memcpy(name, c->key.at, c->key.len);
	if (c->value.len > 0)
		memcpy(id, c->value.at, c->value.len);
	if (c->verb == VERB_ADD_MEMBER)
		r = change_add(&next, name, id, c->learner, &why);
	else if (c->verb == VERB_DEL_MEMBER)
		r = change_del(&next, name, &why);
	if (r == 0 && (a->proposed != 0 || l->members.index > l->commit))
		r = busy(&why);
	if (r == 0 && !rest_is_heard(l, &next)) {
		r = -1;
		why =
		    "has to stay: without it there is no majority of those that are heard; "
		    "first del-member one that is down";
	}
	again = a->asked && asks_again(a, c, name, id);
	back = a->asked && a->verb == VERB_ADD_MEMBER && c->verb == VERB_DEL_MEMBER &&
	    strcmp(a->who.name, name) == 0;
	if (r != -1 && a->asked && !again && !back)
		r = busy(&why);
	if (r == 0 && propose(l, &next) == -1) {
		r = -1;
		why = "can't be dealt with: no memory is left";
	}
	if (r == -1) {
		refuse(l, w, name, why);
		return;
	}
	/* Whoever asks for the same again has lost its connection. */
	if (again)
		answer_text(l, &a->waiter, EXIT_UNKNOWN, "it was asked for once more");
	else if (back)
		answer_no(l, name, "was taken back by del-member");
	a->asked = 1;
	a->waiter = *w;
	a->verb = c->verb;
	(void)snprintf(a->who.name, sizeof(a->who.name), "%s", name);
	(void)snprintf(a->who.id, sizeof(a->who.id), "%s", id);
	a->learner = c->learner;
	if (c->verb == VERB_TRANSFER)
		transfer(l, name, clock_now(l->st->os));
}

static int
is_silent(const struct lead *l, const struct peer *p, uint64_t now)
{
	const uint64_t heard = p->heard_at != 0 ? p->heard_at : p->since;

	return now - heard > 10 * l->timeout + SILENT_LEAST;
}

/* How one that enters is getting on: 1 it has caught up, -1 nothing is heard of it,
 * 0 it goes on. */
static int
entering(struct lead *l, const struct peer *p, uint64_t now)
{
	struct change_asked *a = &l->change;

	if (is_silent(l, p, now))
		return -1;
	if (a->entering == l->members.index && p->match_index < a->round_end)
		return 0;
	/* "The algorithm waits a fixed number of rounds ... if the last round lasts
	 * less than an election timeout, then the leader adds the new server"
	 * (thesis §4.2.1); here however many it takes. */
	if (a->entering == l->members.index && now - a->round_began <= l->timeout)
		return 1;
	a->entering = l->members.index;
	a->round_end = l->st->tail.index;
	a->round_began = now;
	return 0;
}

/* No change is under way any more: what was asked for has come about, or not. */
static void
settled(struct lead *l, uint64_t now)
{
	struct change_asked *a = &l->change;
	const struct peer *p = peer_find(l, a->who.name);
	int i = members_find(&l->members, a->who.name, NULL);

	if (!a->asked || a->verb == VERB_TRANSFER)
		return;
	/* Whoever adds a learner wants to know that it has come. */
	if (a->verb == VERB_ADD_MEMBER && a->learner && p != NULL &&
	    p->match_index < l->members.index && !is_silent(l, p, now))
		return;
	if (a->verb == VERB_DEL_MEMBER && i != -1)
		answer_no(l, a->who.name, "is a member still");
	else if (a->verb == VERB_ADD_MEMBER &&
	    (i == -1 || strcmp(l->members.who[i].id, a->who.id) != 0))
		answer_no(l, a->who.name, "was given up: nothing was heard of it");
	else
		answer_yes(l);
}

/* What a follower learns of itself from its leader, a leader sees here: 0, or -1. */
static int
follow(struct lead *l)
{
	if (state_lock(l->st) == -1 || node_follow(l->st, l->commit, 1) == -1)
		return -1;
	return state_unlock(l->st);
}

/* This node is in no configuration any more: another is to lead. */
static void
leave(struct lead *l)
{
	if (follow(l) == -1)
		return;
	note(l->st->os, l->term, "lead: this node is no member any more");
	lead_stop(l);
}

/* Those who have left are told so, if they are there. */
static void
farewell(struct lead *l, uint64_t now)
{
	const uint64_t limit = 2 * l->timeout + LEFT_LEAST;
	struct peer *p;

	for (p = l->peer; p < l->peer + PEERS; p++) {
		if (!peer_used(p) || p->place != -1 || l->commit < l->members.index)
			continue;
		if (now - p->left_at > limit ||
		    (p->match_index >= l->members.index &&
			p->sent_commit >= l->members.index &&
			p->acked_seq >= p->sent_seq))
			peer_drop(l, p);
	}
}

void
change_turn(struct lead *l, uint64_t now)
{
	struct members next = l->members;
	const struct peer *p;
	size_t place;
	int r;

	farewell(l, now);
	if (l->down || l->stopping || l->commit < l->noop || l->change.proposed != 0 ||
	    l->members.index > l->commit)
		return;
	if (l->me != -1 && (l->st->joiner || l->st->removed) && follow(l) == -1)
		return;
	switch (change_under_way(&next, &place)) {
	case CHANGE_NONE:
		settled(l, now);
		if (l->me == -1)
			leave(l);
		return;
	case CHANGE_ENTERING:
		p = peer_at(l, place);
		if ((int)place == l->me) /* it has all that there is */
			r = 1;
		else
			r = p == NULL ? -1 : entering(l, p, now);
		if (r == 0)
			return;
		if (r == 1)
			change_promote(&next);
		else
			change_give_up(&next);
		break;
	case CHANGE_JOINT:
		change_settle(&next);
		break;
	}
	if (propose(l, &next) == -1)
		lead_down(l, "no memory is left");
}

int
transfer_turn(struct lead *l, int caught_up)
{
	struct frame f;

	if (l->heir == NULL)
		return 0;
	/* TimeoutNow: this node leads until the heir is elected, so that nobody else
	 * is in its way. */
	if (caught_up && !l->handed && l->heir->stream != NULL) {
		f = address(l->st, FRAME_HANDOVER, &l->heir->who);
		f.term = l->term;
		l->handed = frame_encode(&f, &l->heir->stream->out) == 0;
		l->stop_by = clock_now(l->st->os) + l->timeout;
	}
	if (clock_now(l->st->os) < l->stop_by)
		return 1;
	/* "If leadership transfer does not complete after about an election timeout,
	 * the prior leader aborts the transfer and resumes" (thesis §3.10). */
	l->stopping = 0;
	if (l->change.asked)
		answer_no(l, l->heir->who.name,
		    l->handed ? "did not take over in time" :
				"did not catch up in time");
	l->handed = 0;
	l->heir = NULL;
	return 1;
}

void
change_dismiss(struct lead *l)
{
	if (!l->change.asked)
		return;
	if (l->change.verb == VERB_TRANSFER && l->handed) {
		answer_yes(l);
		return;
	}
	answer_text(l, &l->change.waiter, EXIT_UNKNOWN,
	    "the leader has stepped down; the next one goes on with the change");
	l->change.asked = 0;
}

/*
 * answers.c - what clients wait for: writes until they are applied, reads until
 * they are confirmed, and all until those before them have been answered.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

static struct slot *
slot_at(struct client *c, uint64_t number)
{
	return &c->slot[number % c->slot_cap];
}

/* The slot that waits, or NULL: its client is gone. */
static struct slot *
slot_find(struct lead *l, const struct waiter *w, struct client **c)
{
	*c = w->id < l->clients ? l->client[w->id] : NULL;
	if (*c == NULL || (*c)->generation != w->generation)
		return NULL;
	return slot_at(*c, w->number);
}

/* A new slot at the end: whom to answer. 0, or -1 (ENOMEM). */
int
slot_add(struct client *c, struct waiter *w)
{
	struct slot *grown;
	size_t cap, i;

	if (c->slots == c->slot_cap) {
		cap = c->slot_cap == 0 ? 4 : 2 * c->slot_cap;
		grown = calloc(cap, sizeof(*grown));
		if (grown == NULL)
			return -1;
		for (i = 0; i < c->slots; i++)
			grown[(c->first + i) % cap] = *slot_at(c, c->first + i);
		free(c->slot);
		c->slot = grown;
		c->slot_cap = cap;
	}
	w->id = c->id;
	w->generation = c->generation;
	w->number = c->first + c->slots;
	*slot_at(c, w->number) = (struct slot){ .status = SLOT_WAITS };
	c->slots++;
	return 0;
}

void
slots_free(struct client *c)
{
	uint64_t i;

	for (i = 0; i < c->slots; i++)
		free(slot_at(c, c->first + i)->text);
	free(c->slot);
	c->slot = NULL;
	c->slot_cap = 0;
}

static void
status_node(struct lead *l, size_t i, uint64_t now, struct buf *b)
{
	const enum part part = l->members.part[i];
	const struct peer *p = peer_at(l, i);
	const struct tail *t = &l->st->tail;
	struct buf w = { 0 };
	int me = p == NULL;
	uint64_t match = me ? l->durable : p->match_index;
	int up = me || (p->heard_at != 0 && now - p->heard_at < l->timeout);

	(void)buf_fmt(&w, "name=%s id=%s role=%s", l->members.who[i].name,
	    l->members.who[i].id,
	    me                                ? "leader" :
		!up                           ? "down" :
		members_votes(&l->members, i) ? "follower" :
						"learner");
	(void)buf_fmt(&w,
	    " term=%" PRIu64 " last=%" PRIu64 " commit=%" PRIu64 " match=%" PRIu64
	    " lag=%" PRIu64,
	    l->term, me ? t->index : p->last_index,
	    l->commit < match ? l->commit : match, match,
	    t->index > match ? t->index - match : 0);
	if (me)
		(void)buf_str(&w, " heard=0.000");
	else if (p->heard_at == 0)
		(void)buf_str(&w, " heard=-");
	else
		(void)buf_fmt(&w, " heard=%.3f", (double)(now - p->heard_at) / 1e9);
	if (!me && p->damaged)
		(void)buf_str(&w, " note=damaged");
	else if (!me && p->lost)
		(void)buf_str(&w, " note=lost-entries");
	else if (!me && p->full_until != 0)
		(void)buf_str(&w, " note=no-space");
	else if (!me && p->behind)
		(void)buf_str(&w, " note=needs-snapshot");
	else if (part != PART_MEMBER && (part != PART_LEARNER || !up))
		(void)buf_fmt(&w, " note=%s", part_name(part));
	(void)buf_add(b, " ", 1);
	(void)words_put(b, buf_head(&w), w.len);
	buf_free(&w);
}

static void
status_text(struct lead *l, struct buf *b)
{
	const uint64_t now = clock_now(l->st->os);
	struct buf w = { 0 };
	size_t i;

	(void)buf_fmt(&w, "leader=%s term=%" PRIu64 " cluster=%s election_timeout=%.9g",
	    l->st->me.name, l->term, l->st->cluster, (double)l->timeout / 1e9);
	(void)buf_add(b, " ", 1);
	(void)words_put(b, buf_head(&w), w.len);
	buf_free(&w);
	for (i = 0; i < l->members.n; i++)
		status_node(l, i, now, b);
}

/* Appends a read's answer: of the store as it is now, which is no older than the
 * state that the read was confirmed for. */
static int
read_store(struct lead *l, struct client *c, const struct slot *s)
{
	struct buf *b = &c->out;
	struct bytes value;
	int r;

	switch (s->verb) {
	case VERB_WATCH:
		return watch_begin(l, c, s);
	case VERB_LIST:
		if (buf_str(b, "0") == -1)
			return -1;
		r = store_list(l->store, s->text, s->len, b);
		if (r == -1 && errno != ENOMEM)
			store_failed(l);
		return r;
	case VERB_STATUS:
		if (buf_str(b, "0") == -1)
			return -1;
		status_text(l, b);
		return 0;
	default:
		r = store_get(l->store, s->text, s->len, &value);
		if (r == -1)
			store_failed(l);
		if (r != 1)
			return r == -1 ? -1 : buf_str(b, "1");
		return buf_str(b, "0 ") == -1 ? -1 : words_put(b, value.at, value.len);
	}
}

/* Most answers are this and no more. */
static int
status_put(struct buf *b, int status)
{
	const char digit = (char)('0' + status);

	return status < 10 ? buf_add(b, &digit, 1) : buf_fmt(b, "%d", status);
}

/* Is there room for the answer that is known?  One that is too long goes alone. */
static int
fits(struct lead *l, const struct client *c, const struct slot *s)
{
	const size_t room = client_room_out(l, c, OUTPUT_FULL);
	struct bytes value;

	if (room == 0 || s->status != SLOT_READS || !clients_put_off(l))
		return room > 0;
	if (s->verb == VERB_GET && store_get(l->store, s->text, s->len, &value) == 1)
		return value.len < room && value.len < LITTLE;
	return s->verb != VERB_LIST;
}

/* Answers go out in the order of the requests, and no more than fit. */
int
answers_flush(struct lead *l, struct client *c)
{
	struct slot *s;
	size_t before;
	int bad, grown = 0;

	while (!c->doomed && c->slots > 0 &&
	    (s = slot_at(c, c->first))->status != SLOT_WAITS && fits(l, c, s)) {
		before = c->out.len;
		if (s->status == SLOT_READS)
			bad = read_store(l, c, s);
		else
			bad = status_put(&c->out, s->status) == -1 ||
			    buf_add(&c->out, s->text, s->len) == -1;
		if (bad || buf_str(&c->out, "\n") == -1) {
			client_doom(l, c);
			return 0;
		}
		if (c->out.len - before > LITTLE)
			l->told += c->out.len - before;
		free(s->text);
		c->texts -= s->len;
		c->first++;
		c->slots--;
		grown = 1;
		client_weigh(l, c);
	}
	if (grown)
		client_ready(l, c);
	return grown;
}

/* Takes over text (malloc'd, beginning with a blank), which may be NULL. */
static void
answer(struct lead *l, const struct waiter *w, int status, char *text, size_t n)
{
	struct client *c;
	struct slot *s;

	s = slot_find(l, w, &c);
	if (s == NULL) {
		free(text);
		return;
	}
	free(s->text);
	c->texts -= s->len;
	s->status = status;
	s->text = text;
	s->len = text == NULL ? 0 : n;
	c->texts += s->len;
	gather_answered(l, c);
	(void)answers_flush(l, c);
}

/* Answers with a sentence, as one word. */
void
answer_text(struct lead *l, const struct waiter *w, int status, const char *why)
{
	struct buf b = { 0 };
	char *copy;

	if (buf_str(&b, " ") == -1 || words_put(&b, why, strlen(why)) == -1 ||
	    (copy = malloc(b.len)) == NULL) {
		buf_free(&b);
		answer(l, w, status, NULL, 0);
		return;
	}
	memcpy(copy, buf_head(&b), b.len);
	answer(l, w, status, copy, b.len);
	buf_free(&b);
}

void
answer_status(struct lead *l, const struct waiter *w, int status)
{
	answer(l, w, status, NULL, 0);
}

/* Another node leads, nobody knows which. */
void
answer_elsewhere(struct lead *l, const struct waiter *w)
{
	static const char text[] = " not-leader -";
	char *copy;

	copy = malloc(sizeof(text) - 1);
	if (copy != NULL)
		memcpy(copy, text, sizeof(text) - 1);
	answer(l, w, EXIT_NOLEADER, copy, sizeof(text) - 1);
}

/* Room for one more in a ring of n items of a size: 0, or -1. */
static int
ring_room(void **ring, size_t n, size_t *first, size_t *cap, size_t size)
{
	size_t head, wanted;
	char *grown;

	if (n < *cap)
		return 0;
	wanted = *cap == 0 ? 64 : 2 * *cap;
	grown = malloc(wanted * size);
	if (grown == NULL)
		return -1;
	head = *cap - *first;
	if (n > 0) {
		memcpy(grown, (char *)*ring + *first * size, head * size);
		memcpy(grown + head * size, *ring, *first * size);
	}
	free(*ring);
	*ring = grown;
	*first = 0;
	*cap = wanted;
	return 0;
}

int
pending_add(struct lead *l, const struct waiter *w, uint64_t index)
{
	void *ring = l->pending;

	if (ring_room(&ring, l->pendings, &l->pending_first, &l->pending_cap,
		sizeof(*l->pending)) == -1)
		return -1;
	l->pending = ring;
	l->pending[(l->pending_first + l->pendings++) % l->pending_cap] =
	    (struct pending){ *w, index };
	return 0;
}

void
pendings_answer(struct lead *l, uint64_t index, int outcome)
{
	struct pending *p;

	if (l->pendings == 0 || (p = &l->pending[l->pending_first])->index != index)
		return;
	if (outcome == OUTCOME_UNKNOWN)
		answer_text(l, &p->waiter, outcome,
		    "the request is older than the "
		    "window of request ids");
	else
		answer(l, &p->waiter, outcome, NULL, 0);
	l->pending_first = (l->pending_first + 1) % l->pending_cap;
	l->pendings--;
}

void
pendings_refuse(struct lead *l, int status, const char *why)
{
	struct pending *p;

	while (l->pendings > 0) {
		p = &l->pending[(l->pending_first + l->pendings - 1) % l->pending_cap];
		if (p->index <= l->last)
			break;
		answer_text(l, &p->waiter, status, why);
		l->pendings--;
	}
}

int
reading_add(struct lead *l, const struct waiter *w, const struct command *cmd)
{
	void *ring = l->reading;
	struct client *c;
	struct reading *r;
	struct slot *s = slot_find(l, w, &c);

	if (s == NULL ||
	    ring_room(&ring, l->readings, &l->reading_first, &l->reading_cap,
		sizeof(*l->reading)) == -1)
		return -1;
	l->reading = ring;
	s->text = malloc(cmd->key.len + 1);
	if (s->text == NULL)
		return -1;
	if (cmd->key.len > 0)
		memcpy(s->text, cmd->key.at, cmd->key.len);
	s->len = cmd->key.len;
	c->texts += s->len;
	s->verb = cmd->verb;
	s->from = cmd->from;
	c->watches = cmd->verb == VERB_WATCH;
	r = &l->reading[(l->reading_first + l->readings++) % l->reading_cap];
	r->waiter = *w;
	/* "saves its current commit index in a local variable readIndex"; until
	 * the no-op is committed that is not known to be enough (thesis §6.4). */
	r->index = l->commit > l->noop ? l->commit : l->noop;
	r->seq = l->seq + 1;
	l->round_wanted = 1;
	gather_asked(l, c);
	return 0;
}

static void
reading_drop(struct lead *l)
{
	l->reading_first = (l->reading_first + 1) % l->reading_cap;
	l->readings--;
}

void
readings_answer(struct lead *l)
{
	struct reading *r;
	struct client *c;
	struct slot *s;

	/* Rounds rise along the queue: the first that waits holds up the others. */
	while (l->readings > 0) {
		r = &l->reading[l->reading_first];
		if (l->applied < r->index || !peers_confirmed(l, r->seq))
			return;
		s = slot_find(l, &r->waiter, &c);
		reading_drop(l);
		if (s == NULL)
			continue;
		s->status = SLOT_READS;
		gather_answered(l, c);
		(void)answers_flush(l, c);
	}
}

void
lead_dismiss(struct lead *l)
{
	struct pending *p;

	watches_dismiss(l);
	change_dismiss(l);
	/* What is in the log may be committed yet, by the next leader. */
	for (; l->pendings > 0; l->pendings--) {
		p = &l->pending[l->pending_first];
		/* The log's end here says nothing: a newer leader may have cut it. */
		if (p->index > l->last)
			answer_elsewhere(l, &p->waiter);
		else
			answer_text(l, &p->waiter, EXIT_UNKNOWN,
			    "the leader has "
			    "stepped down, the outcome is not known");
		l->pending_first = (l->pending_first + 1) % l->pending_cap;
	}
	while (l->readings > 0) {
		answer_elsewhere(l, &l->reading[l->reading_first].waiter);
		reading_drop(l);
	}
}

/*
 * clients.c - the clients' lines: requests in, answers out, in order.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "inside.h"

#define LINE_LIMIT	(9u * 1024 * 1024)	/* bytes: all of it escaped */
#define SLOTS_FULL	8192u			/* answers that a client waits for */
#define OUTPUT_FULL	(4u * 1024 * 1024)	/* bytes that it has not read */

static void
client_ready(struct lead *l, struct client *c)
{
	if (c->ready)
		return;
	c->ready = 1;
	c->next_ready = l->ready;
	l->ready = c;
}

static int
hello(struct lead *l, struct client *c, uint64_t commit)
{
	if (buf_fmt(&c->out, "hello 1 %" PRIu64 "\n", commit) == -1)
		return -1;
	client_ready(l, c);
	return 0;
}

/* A request's base must be an index that is committed, and no old one. */
void
clients_greet(struct lead *l, uint64_t commit)
{
	size_t i;

	for (i = 0; i < l->clients; i++)
		if (l->client[i] != NULL && hello(l, l->client[i], commit) == -1)
			l->client[i]->closing = 1;
}

struct client *
lead_client_open(struct lead *l)
{
	struct client **grown, *c;
	size_t i;

	for (i = 0; i < l->clients && l->client[i] != NULL; i++)
		continue;
	if (i == l->clients) {
		grown = realloc(l->client, (2 * i + 16) * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		memset(grown + i, 0, (i + 16) * sizeof(*grown));
		l->client = grown;
		l->clients = 2 * i + 16;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->id = i;
	c->generation = ++l->generations;
	if (l->commit >= l->noop && hello(l, c, l->commit) == -1) {
		free(c);
		return NULL;
	}
	l->client[i] = c;
	return c;
}

static struct slot *
slot_at(struct client *c, uint64_t number)
{
	return &c->slot[number % c->slot_cap];
}

static void
client_free(struct client *c)
{
	uint64_t i;

	for (i = 0; i < c->slots; i++)
		free(slot_at(c, c->first + i)->text);
	free(c->slot);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

void
lead_client_close(struct lead *l, struct client *c)
{
	struct client **at;

	for (at = &l->ready; *at != NULL; at = &(*at)->next_ready)
		if (*at == c) {
			*at = c->next_ready;
			break;
		}
	l->client[c->id] = NULL;
	client_free(c);
}

void
clients_free(struct lead *l)
{
	size_t i;

	for (i = 0; i < l->clients; i++)
		if (l->client[i] != NULL)
			client_free(l->client[i]);
	for (i = 0; i < l->readings; i++)
		free(l->reading[(l->reading_first + i) % l->reading_cap].key);
	free(l->client);
	free(l->pending);
	free(l->reading);
	if (l->words != NULL)
		words_free(l->words);
	free(l->words);
}

struct buf *
lead_client_output(struct client *c)
{
	return &c->out;
}

int
lead_client_wants_input(const struct client *c)
{
	return !c->closing && c->slots < SLOTS_FULL &&
	    c->out.len + c->held < OUTPUT_FULL;
}

int
lead_client_waits(const struct client *c)
{
	return c->slots > 0;
}

void *
lead_client_tag(struct client *c, void *tag)
{
	if (tag != NULL)
		c->tag = tag;
	return c->tag;
}

struct client *
lead_client_ready(struct lead *l)
{
	struct client *c = l->ready;

	if (c == NULL)
		return NULL;
	l->ready = c->next_ready;
	c->ready = 0;
	return c;
}

/* Answers go out in the order of the requests. */
static void
answers_flush(struct lead *l, struct client *c)
{
	struct slot *s;
	int grown = 0;

	while (c->slots > 0 && (s = slot_at(c, c->first))->status != -1) {
		if (buf_fmt(&c->out, "%d", s->status) == -1 ||
		    buf_add(&c->out, s->text, s->len) == -1 ||
		    buf_add(&c->out, "\n", 1) == -1)
			c->closing = 1;
		free(s->text);
		c->held -= s->len;
		c->first++;
		c->slots--;
		grown = 1;
	}
	if (grown)
		client_ready(l, c);
}

/* Takes over text (malloc'd, beginning with a blank), which may be NULL. */
static void
answer(struct lead *l, const struct waiter *w, int status, char *text, size_t n)
{
	struct client *c = NULL;
	struct slot *s;

	if (w->generation != 0 && w->id < l->clients)
		c = l->client[w->id];
	if (c == NULL || c->generation != w->generation) {
		free(text);
		return;
	}
	s = slot_at(c, w->number);
	s->status = status;
	s->text = text;
	s->len = text == NULL ? 0 : n;
	c->held += s->len;
	answers_flush(l, c);
}

/* Answers with a sentence, as one word. */
static void
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

/* Another node leads, nobody knows which. */
static void
answer_elsewhere(struct lead *l, const struct waiter *w)
{
	static const char text[] = " not-leader -";
	char *copy;

	copy = malloc(sizeof(text) - 1);
	if (copy != NULL)
		memcpy(copy, text, sizeof(text) - 1);
	answer(l, w, EXIT_NOLEADER, copy, sizeof(text) - 1);
}

/* A new slot at the end: whom to answer. 0, or -1 (ENOMEM). */
static int
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
	*slot_at(c, w->number) = (struct slot){ -1, NULL, 0 };
	c->slots++;
	return 0;
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

static int
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
		answer_text(l, &p->waiter, outcome, "the request is older than the "
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
		p = &l->pending[(l->pending_first + l->pendings - 1) %
		    l->pending_cap];
		if (p->index <= l->st->tail.index)
			break;
		answer_text(l, &p->waiter, status, why);
		l->pendings--;
	}
}

int
reading_add(struct lead *l, const struct waiter *w, const struct command *c)
{
	void *ring = l->reading;
	struct reading *r;
	char *key;

	if (ring_room(&ring, l->readings, &l->reading_first, &l->reading_cap,
	    sizeof(*l->reading)) == -1)
		return -1;
	l->reading = ring;
	key = malloc(c->key.len + 1);
	if (key == NULL)
		return -1;
	if (c->key.len > 0)
		memcpy(key, c->key.at, c->key.len);
	r = &l->reading[(l->reading_first + l->readings++) % l->reading_cap];
	r->waiter = *w;
	r->verb = c->verb;
	r->key = key;
	r->keylen = c->key.len;
	/* "saves its current commit index in a local variable readIndex"; until
	 * the no-op is committed that is not known to be enough (thesis §6.4). */
	r->index = l->commit > l->noop ? l->commit : l->noop;
	r->seq = l->seq + 1;
	l->round_wanted = 1;
	return 0;
}

static void
status_node(struct lead *l, size_t i, uint64_t now, struct buf *b)
{
	const struct peer *p = &l->peer[i];
	const struct tail *t = &l->st->tail;
	struct buf w = { 0 };
	int me = (int)i == l->me;
	uint64_t match = me ? l->durable : p->match_index;
	int up = me || (p->heard_at != 0 && now - p->heard_at < l->timeout);

	(void)buf_fmt(&w, "name=%s id=%s role=%s", l->members.who[i].name,
	    l->members.who[i].id, me ? "leader" : up ? "follower" : "down");
	(void)buf_fmt(&w, " term=%" PRIu64 " last=%" PRIu64 " commit=%" PRIu64
	    " match=%" PRIu64 " lag=%" PRIu64, l->term,
	    me ? t->index : p->last_index,
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

	(void)buf_fmt(&w, "leader=%s term=%" PRIu64 " cluster=%s", l->st->me.name,
	    l->term, l->st->cluster);
	(void)buf_add(b, " ", 1);
	(void)words_put(b, buf_head(&w), w.len);
	buf_free(&w);
	for (i = 0; i < l->members.n; i++)
		status_node(l, i, now, b);
}

static void
reading_answer(struct lead *l, const struct reading *r)
{
	struct buf b = { 0 };
	struct bytes value;
	char *copy = NULL;
	int status = OUTCOME_YES;

	if (r->verb == VERB_LIST)
		(void)store_list(l->store, r->key, r->keylen, &b);
	else if (r->verb == VERB_STATUS)
		status_text(l, &b);
	else if (store_get(l->store, r->key, r->keylen, &value)) {
		(void)buf_add(&b, " ", 1);
		(void)words_put(&b, value.at, value.len);
	} else
		status = OUTCOME_NO;
	if (b.len > 0 && (copy = malloc(b.len)) != NULL)
		memcpy(copy, buf_head(&b), b.len);
	if (b.len > 0 && copy == NULL)
		answer_text(l, &r->waiter, 74, "no memory is left");
	else
		answer(l, &r->waiter, status, copy, b.len);
	buf_free(&b);
}

void
readings_answer(struct lead *l)
{
	struct reading *r;

	/* Both rise along the queue: the first that waits holds up the others. */
	while (l->readings > 0) {
		r = &l->reading[l->reading_first];
		if (l->applied < r->index || !followers_confirmed(l, r->seq))
			return;
		reading_answer(l, r);
		free(r->key);
		l->reading_first = (l->reading_first + 1) % l->reading_cap;
		l->readings--;
	}
}

static void
request(struct lead *l, const struct waiter *w, const struct command *c,
    const struct request_id *id)
{
	struct buf b = { 0 };
	int r;

	if (l->down || l->stopping) {
		answer_elsewhere(l, w);
		return;
	}
	if (!command_is_write(c))
		r = reading_add(l, w, c);
	else {
		r = command_encode(c, &b);
		if (r == 0)
			r = record_add(l, RECORD_COMMAND, id, buf_head(&b), b.len);
		if (r == 0)
			r = pending_add(l, w, l->fresh_tail.index);
		buf_free(&b);
	}
	if (r == -1)
		answer_text(l, w, EXIT_DISK, "no memory is left");
}

/* One line: 0, or -1 (ENOMEM). */
static int
line_take(struct lead *l, struct client *c, const char *line, size_t n)
{
	struct request_id id;
	struct command cmd;
	struct words *words = l->words;
	struct waiter w;
	const struct word *word;
	const char *why = "it can't be read";
	size_t count;
	int named, r;

	r = words_parse(words, line, n, &why);
	if (r == 0 && words->n == 0)
		return 0;
	if (slot_add(c, &w) == -1)
		return -1;
	if (r == -1) {
		answer_text(l, &w, EXIT_USE, why);
		return 0;
	}
	word = words->word;
	count = words->n;
	named = word->len > 3 && memcmp(word->bytes, "id=", 3) == 0;
	if (named && request_id_parse(word->bytes + 3, word->len - 3, &id) == -1) {
		answer_text(l, &w, EXIT_USE, "the request id is none");
		return 0;
	}
	if (command_from_words(&cmd, word + named, count - (size_t)named,
	    &why) == -1)
		answer_text(l, &w, EXIT_USE, why);
	else
		request(l, &w, &cmd, named ? &id : NULL);
	return 0;
}

int
lead_client_input(struct lead *l, struct client *c, const char *p, size_t n)
{
	const char *newline;
	size_t len, at = 0;
	struct waiter w;

	if (c->closing)
		return -1;
	if (buf_add(&c->in, p, n) == -1)
		return -1;
	while ((newline = memchr(buf_head(&c->in) + at, '\n', c->in.len - at)) !=
	    NULL) {
		len = (size_t)(newline - (buf_head(&c->in) + at));
		if (line_take(l, c, buf_head(&c->in) + at, len) == -1)
			return -1;
		at += len + 1;
	}
	buf_eat(&c->in, at);
	if (c->in.len <= LINE_LIMIT)
		return 0;
	c->closing = 1;
	if (slot_add(c, &w) == 0)
		answer_text(l, &w, EXIT_USE, "the line is too long");
	return -1;
}

void
lead_dismiss(struct lead *l)
{
	struct reading *r;
	struct pending *p;

	/* What is in the log may be committed yet, by the next leader. */
	for (; l->pendings > 0; l->pendings--) {
		p = &l->pending[l->pending_first];
		if (p->index > l->st->tail.index)
			answer_elsewhere(l, &p->waiter);
		else
			answer_text(l, &p->waiter, EXIT_UNKNOWN, "the leader has "
			    "stepped down, the outcome is not known");
		l->pending_first = (l->pending_first + 1) % l->pending_cap;
	}
	for (; l->readings > 0; l->readings--) {
		r = &l->reading[l->reading_first];
		answer_elsewhere(l, &r->waiter);
		free(r->key);
		l->reading_first = (l->reading_first + 1) % l->reading_cap;
	}
}

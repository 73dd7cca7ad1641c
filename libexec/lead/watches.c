/*
 * watches.c - clients that are told of changes as they are committed.
 *
 * No client can slow the others: what it does not read is not kept for it but
 * stays in the log, where it is read again when there is room, a slice a turn.
 * Which entries have changed a key, and which were a false condition or a
 * repeat, is remembered for the last STORE_WINDOW of them; who falls behind that
 * is cut off, and so is who asks for more.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define ROOM  (256u * 1024)  /* bytes that a watch has not read: no more for now */
#define SLICE (128u * 1024)  /* bytes of log that one reads in a turn */
#define TURN  (1024u * 1024) /* and all of them */

static int
was_change(const struct lead *l, uint64_t index)
{
	uint64_t bit = index % STORE_WINDOW;

	return l->changed[bit / 8] >> bit % 8 & 1;
}

/* The first entry of which it is known whether it was a change. */
static uint64_t
oldest(const struct lead *l)
{
	return l->applied < STORE_WINDOW ? 1 : l->applied - STORE_WINDOW + 1;
}

static int
refuse(struct lead *l, struct client *c)
{
	c->closing = 1;
	return buf_fmt(&c->out,
	    "1 \"the changes before %" PRIu64
	    " are no longer known: list, and watch anew\"",
	    oldest(l));
}

int
watch_begin(struct lead *l, struct client *c, const struct slot *s)
{
	struct watch *w;

	if (s->from != 0 && s->from < oldest(l))
		return refuse(l, c);
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return -1;
	w->prefix = malloc(s->len + 1);
	if (w->prefix == NULL) {
		free(w);
		return -1;
	}
	memcpy(w->prefix, s->text, s->len);
	w->len = s->len;
	w->client = c;
	w->next = s->from != 0 ? s->from : l->applied + 1;
	w->next_watch = l->watch;
	l->watch = w;
	c->watch = w;
	return buf_fmt(&c->out, "0 %" PRIu64, w->next);
}

void
watch_end(struct lead *l, struct client *c)
{
	struct watch **at;

	if (c->watch == NULL)
		return;
	for (at = &l->watch; *at != c->watch; at = &(*at)->next_watch)
		continue;
	*at = c->watch->next_watch;
	free(c->watch->prefix);
	free(c->watch);
	c->watch = NULL;
}

/* Appends a change to what the client is to read: 0, or -1. */
static int
change_put(struct lead *l, struct watch *w, uint64_t index, const struct command *c)
{
	const int set = c->verb == VERB_SET || c->verb == VERB_IF_SET;
	struct buf *out = &w->client->out;

	if (c->key.len < w->len || memcmp(c->key.at, w->prefix, w->len) != 0)
		return 0;
	if (buf_fmt(out, "change %" PRIu64 " %s ", index, set ? "set" : "unset") ==
		-1 ||
	    words_put(out, c->key.at, c->key.len) == -1)
		return -1;
	if (set &&
	    (buf_str(out, " ") == -1 ||
		words_put(out, c->value.at, c->value.len) == -1))
		return -1;
	client_ready(l, w->client);
	return buf_str(out, "\n");
}

void
watches_tell(struct lead *l, uint64_t index, const struct command *c)
{
	unsigned char *byte = &l->changed[index % STORE_WINDOW / 8];
	const unsigned char bit = (unsigned char)(1u << index % 8);
	struct watch *w;

	*byte = (unsigned char)(c != NULL ? *byte | bit : *byte & ~bit);
	for (w = l->watch; w != NULL; w = w->next_watch) {
		if (w->next != index || w->client->out.len >= ROOM)
			continue;
		if (c != NULL && change_put(l, w, index, c) == -1)
			client_doom(l, w->client);
		w->next = index + 1;
		w->at.index = 0;
	}
}

/* Tells what stands in a slice of the log: 0, or -1. */
static int
slice_tell(struct lead *l, struct watch *w, const struct buf *b)
{
	const char *head = buf_head(b);
	struct command c;
	struct record r;
	size_t at;

	for (at = 0; at < b->len; at += record_size(&r)) {
		record_parse(head + at, b->len - at, &r);
		if (!was_change(l, r.index))
			continue;
		if (!record_intact(&r, head + at) ||
		    command_decode(&c, head + at + RECORD_HEADER, r.length) == -1 ||
		    change_put(l, w, r.index, &c) == -1)
			return -1;
	}
	return 0;
}

/* One that is behind reads on; *left falls by what it has read.  0, or -1. */
static int
catch_up(struct lead *l, struct watch *w, size_t *left)
{
	struct buf b = { 0 };
	struct record r;
	struct tail end;
	size_t count;
	int bad = 0;

	if (w->at.index != w->next)
		bad = log_find(l->st, w->next, &w->at, &r);
	if (bad == 0)
		bad = log_read(l->st, &w->at, l->applied, SLICE, &b, &count, &end);
	if (bad == 0)
		bad = slice_tell(l, w, &b);
	if (bad == 0)
		w->next = end.index + 1;
	*left -= b.len < *left ? b.len : *left;
	buf_free(&b);
	return bad;
}

/* The next one's turn comes first, the next time. */
static void
rotate(struct lead *l)
{
	struct watch *first = l->watch, **end = &first->next_watch;

	while (*end != NULL)
		end = &(*end)->next_watch;
	l->watch = first->next_watch;
	*end = first;
	first->next_watch = NULL;
}

void
watches_turn(struct lead *l)
{
	size_t left = TURN;
	struct watch *w, *next;

	l->watch_more = 0;
	for (w = l->watch; w != NULL; w = next) {
		next = w->next_watch;
		if (w->next > l->applied)
			continue;
		if (w->next < oldest(l)) {
			if (refuse(l, w->client) == -1 ||
			    buf_str(&w->client->out, "\n") == -1)
				client_doom(l, w->client);
			client_ready(l, w->client);
			watch_end(l, w->client);
			continue;
		}
		if (w->client->out.len >= ROOM)
			continue;
		if (left > 0 && catch_up(l, w, &left) == -1)
			client_doom(l, w->client);
		if (w->next <= l->applied && w->client->out.len < ROOM)
			l->watch_more = 1;
	}
	if (l->watch_more && l->watch != NULL && l->watch->next_watch != NULL)
		rotate(l);
}

void
watches_dismiss(struct lead *l)
{
	struct client *c;

	while (l->watch != NULL) {
		c = l->watch->client;
		if (buf_str(&c->out, "69 not-leader -\n") == -1)
			client_doom(l, c);
		c->closing = 1;
		client_ready(l, c);
		watch_end(l, c);
	}
}

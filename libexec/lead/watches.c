/*
 * watches.c - clients that are told of changes as they are committed.
 *
 * No client can slow the others: what it does not read is not kept for it but
 * stays in the log, where it is read again when there is room, a slice a turn.
 * Which entries have changed a key, and which were a false condition or a
 * repeat, is remembered for the last STORE_WINDOW of them; who falls behind that
 * is cut off, and so is who asks for more.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define ROOM  (256u * 1024)  /* bytes that a watch has not read: no more for now */
#define SLICE (128u * 1024)  /* bytes of log that one reads in a turn */
#define LEAST (SLICE / 8)    /* what it counts for at least */
#define TURN  (1024u * 1024) /* and all of them */
#define SHARE 4              /* of the time between heartbeats, at most */

/* Entries without a change: fewer than any log keeps behind its snapshots, by
 * default, so that the next leader can go on from there. */
#define TOLD_EVERY 8192u

static int
was_change(const struct lead *l, uint64_t index)
{
	uint64_t bit = index % STORE_WINDOW;

	return l->changed[bit / 8] >> bit % 8 & 1;
}

/*
 * The same of an entry that the snapshot holds, by the ids of requests that came
 * with it: 1, 0, or -1: nobody knows.  A key that was not there is unset, too.
 */
static int
was_change_before(const struct lead *l, const struct record *r, const struct command *c)
{
	if (c->verb == VERB_NOOP)
		return 0;
	if (r->id.random == 0)
		return c->op == OP_NONE ? 1 : -1;
	return store_carried_out(l->store, r->index, &r->id);
}

/* The first entry of which it may be known whether it was a change. */
static uint64_t
oldest(const struct lead *l)
{
	return l->applied < STORE_WINDOW ? 1 : l->applied - STORE_WINDOW + 1;
}

static void
unlink_watch(struct watch *w)
{
	if (w->link == NULL)
		return;
	*w->link = w->next_watch;
	if (w->next_watch != NULL)
		w->next_watch->link = w->link;
	w->link = NULL;
}

/* Moves it to the head of a list. */
static void
move(struct watch *w, struct watch **list)
{
	unlink_watch(w);
	w->next_watch = *list;
	w->link = list;
	if (*list != NULL)
		(*list)->link = &w->next_watch;
	*list = w;
}

/* It asked for the changes from next on. */
static int
refuse(struct lead *l, struct client *c, uint64_t next)
{
	uint64_t from = oldest(l);

	if (next >= from)
		from = (next > l->base_index ? l->applied : l->base_index) + 1;
	c->closing = 1;
	return buf_fmt(&c->out,
	    "1 \"the changes before %" PRIu64
	    " are no longer known: watch anew, then list\"",
	    from);
}

int
watch_begin(struct lead *l, struct client *c, const struct slot *s)
{
	struct watch *w;

	if (s->from != 0 && s->from < oldest(l))
		return refuse(l, c, s->from);
	w = calloc(1, sizeof(*w) + s->len);
	if (w == NULL)
		return -1;
	memcpy(w->prefix, s->text, s->len);
	w->len = s->len;
	w->client = c;
	w->next = s->from != 0 ? s->from : l->applied + 1;
	w->told = w->next;
	c->watch = w;
	move(w, w->next > l->applied ? &l->current : &l->behind);
	return buf_fmt(&c->out, "0 %" PRIu64, w->next);
}

void
watch_end(struct client *c)
{
	if (c->watch == NULL)
		return;
	unlink_watch(c->watch);
	free(c->watch);
	c->watch = NULL;
}

void
watch_resume(struct lead *l, struct client *c)
{
	if (c->watch != NULL && c->watch->link == NULL)
		move(c->watch, &l->behind);
}

static int
is_watched(const struct watch *w, const struct command *c)
{
	return c->key.len >= w->len && memcmp(c->key.at, w->prefix, w->len) == 0;
}

/* Appends a change to what the client is to read: 0, or -1. */
static int
change_put(struct lead *l, struct watch *w, uint64_t index, const struct command *c)
{
	const int set = c->verb == VERB_SET || c->verb == VERB_IF_SET;
	struct buf *out = &w->client->out;
	const size_t before = out->len;

	if (buf_fmt(out, "change %" PRIu64 " %s ", index, set ? "set" : "unset") ==
		-1 ||
	    words_put(out, c->key.at, c->key.len) == -1 ||
	    (set &&
		(buf_str(out, " ") == -1 ||
		    words_put(out, c->value.at, c->value.len) == -1)) ||
	    buf_str(out, "\n") == -1) {
		buf_cut(out, before);
		return -1;
	}
	w->told = index;
	client_weigh(l, w->client);
	client_ready(l, w->client);
	return 0;
}

/* Says that all before next has been told, if that was not said for long. */
static void
mark_put(struct lead *l, struct watch *w)
{
	struct buf *out = &w->client->out;
	const size_t before = out->len;

	if (w->next < w->told + TOLD_EVERY || client_room_out(l, w->client, ROOM) == 0)
		return;
	if (buf_fmt(out, "at %" PRIu64 "\n", w->next) == -1) {
		buf_cut(out, before);
		return;
	}
	w->told = w->next;
	client_ready(l, w->client);
}

/* May it be told of this now?  What is long goes alone, but when room is short. */
static int
has_room(const struct lead *l, const struct client *to, const struct command *c)
{
	const size_t room = client_room_out(l, to, ROOM);

	return room > 0 && (!clients_tight(l) || c->key.len + c->value.len < room);
}

void
watches_tell(struct lead *l, const struct cursor *at, const struct command *c)
{
	const uint64_t index = at->index;
	unsigned char *byte = &l->changed[index % STORE_WINDOW / 8];
	const unsigned char bit = (unsigned char)(1u << index % 8);
	struct watch *w, *next;

	*byte = (unsigned char)(c != NULL ? *byte | bit : *byte & ~bit);
	if (index % MARK_EVERY == 0)
		l->mark[index / MARK_EVERY % (STORE_WINDOW / MARK_EVERY)] = *at;
	if (c == NULL)
		return;
	for (w = l->current; w != NULL; w = next) {
		next = w->next_watch;
		l->tells++;
		if (!is_watched(w, c) || index < w->next)
			continue;
		if (has_room(l, w->client, c)) {
			if (change_put(l, w, index, c) == -1)
				client_doom(l, w->client);
			continue;
		}
		w->next = index;
		w->at = *at;
		if (w->client->out.len > 0)
			unlink_watch(w);
		else
			move(w, &l->behind);
	}
}

/* Tells what stands in a slice of the log: 0, 1 nobody knows any more, or -1. */
static int
slice_tell(struct lead *l, struct watch *w, const struct buf *b)
{
	const char *head = buf_head(b);
	struct command c;
	struct record r;
	size_t at;
	int changed;

	for (at = 0; at < b->len; at += record_size(&r)) {
		if (record_parse(head + at, b->len - at, &r) != 1)
			return -1;
		if (r.index < w->next || r.type != RECORD_COMMAND ||
		    (r.index > l->base_index && !was_change(l, r.index)))
			continue;
		if (!record_intact(&r, head + at) ||
		    command_decode(&c, head + at + RECORD_HEADER, r.length) == -1)
			return -1;
		if (!is_watched(w, &c))
			continue;
		changed = r.index > l->base_index ? 1 : was_change_before(l, &r, &c);
		if (changed == -1)
			return 1;
		if (changed && change_put(l, w, r.index, &c) == -1)
			return -1;
	}
	return 0;
}

/* Sets w->at to an entry not far before next, or to none: it is to be found. */
static void
place(const struct lead *l, struct watch *w)
{
	const struct cursor *mark =
	    &l->mark[w->next / MARK_EVERY % (STORE_WINDOW / MARK_EVERY)];

	if (w->at.index != 0 && w->at.index <= w->next)
		return;
	w->at.index = 0;
	if (mark->index == w->next - w->next % MARK_EVERY)
		w->at = *mark;
}

/* One that is behind reads on; *left falls by what it has read.  0, 1 the log has
 * it no more, or -1. */
static int
catch_up(struct lead *l, struct watch *w, size_t *left)
{
	struct buf *b = &l->slice;
	struct record r;
	struct tail end = { 0, 0, 0, 0, 0 };
	size_t count, cost;
	int bad = 0;

	/* Want of memory inside log_read would end this node's leadership. */
	buf_cut(b, 0);
	if (buf_room(b, 2 * SLICE + RECORD_MAX) == NULL)
		return -1;
	place(l, w);
	if (w->at.index != 0)
		bad = log_read(l->st, &w->at, l->applied, SLICE, b, &count, &end);
	/* What is not far before it may have gone from the log. */
	if (w->at.index == 0 || (bad == -1 && errno == ENOENT && !l->st->broken)) {
		buf_cut(b, 0);
		bad = log_find(l->st, w->next, &w->at, &r);
		if (bad == 0)
			bad = log_read(l->st, &w->at, l->applied, SLICE, b, &count,
			    &end);
	}
	if (bad == -1 && errno == ENOENT && !l->st->broken)
		bad = 1;
	if (bad == 0)
		bad = slice_tell(l, w, b);
	if (bad == 0 && end.index >= w->next)
		w->next = end.index + 1;
	cost = b->len > LEAST ? b->len : LEAST;
	*left -= cost < *left ? cost : *left;
	return bad;
}

/* One that is behind has its turn. */
static void
behind_turn(struct lead *l, struct watch *w, size_t *left)
{
	const int bad = w->next < oldest(l) ? 1 : catch_up(l, w, left);

	if (bad == 1) {
		if (refuse(l, w->client, w->next) == -1 ||
		    buf_str(&w->client->out, "\n") == -1)
			client_doom(l, w->client);
		client_ready(l, w->client);
		watch_end(w->client);
	} else if (bad == -1)
		client_doom(l, w->client);
	else {
		mark_put(l, w);
		if (w->next > l->applied)
			move(w, &l->current);
		else if (w->client->out.len >= ROOM)
			unlink_watch(w);
	}
}

void
watches_turn(struct lead *l, uint64_t now)
{
	const uint64_t until = now + l->beat / SHARE;
	struct watch *w, **end, *done = NULL;
	size_t left = TURN;

	if (l->applied - l->marked >= TOLD_EVERY) {
		l->marked = l->applied;
		for (w = l->current; w != NULL; w = w->next_watch) {
			if (w->next <= l->applied)
				w->next = l->applied + 1;
			mark_put(l, w);
		}
	}
	while ((w = l->behind) != NULL && left > 0 && !clients_tight(l)) {
		behind_turn(l, w, &left);
		if (l->behind == w)
			move(w, &done); /* it comes last the next time */
		if (clock_now(l->st->os) >= until)
			break;
	}
	if (done == NULL)
		return;
	for (end = &l->behind; *end != NULL; end = &(*end)->next_watch)
		continue;
	*end = done;
	done->link = end;
}

void
watches_dismiss(struct lead *l)
{
	struct client *c;
	size_t i;

	for (i = 0; i < l->clients; i++) {
		c = l->client[i];
		if (c == NULL || c->watch == NULL)
			continue;
		if (buf_str(&c->out, "69 not-leader -\n") == -1)
			client_doom(l, c);
		c->closing = 1;
		client_ready(l, c);
		watch_end(c);
	}
}

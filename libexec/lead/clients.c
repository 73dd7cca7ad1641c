/*
 * clients.c - the clients' lines: their connections and their requests.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define LINE_LIMIT (9u * 1024 * 1024) /* bytes: all of it escaped */
#define SLOTS_FULL 8192u              /* answers that a client waits for */

void
client_ready(struct lead *l, struct client *c)
{
	if (c->ready)
		return;
	c->ready = 1;
	c->next_ready = l->ready;
	l->ready = c;
}

/* It has lost an answer: what came behind would be taken for another's. */
void
client_doom(struct lead *l, struct client *c)
{
	c->closing = c->doomed = 1;
	client_ready(l, c);
}

static int
hello(struct lead *l, struct client *c, uint64_t commit)
{
	if (buf_fmt(&c->out, "hello 1 %" PRIu64 "\n", commit) == -1)
		return -1;
	c->greeted = commit;
	client_ready(l, c);
	return 0;
}

/* A request's base must be an index that is committed, and no old one. */
void
clients_greet(struct lead *l, uint64_t commit)
{
	struct client *c;
	size_t i;

	l->greeted = commit;
	for (i = 0; i < l->clients; i++) {
		c = l->client[i];
		if (c != NULL && c->out.len < OUTPUT_FULL && hello(l, c, commit) == -1)
			client_doom(l, c);
	}
}

/* More places for clients: 0, or -1 (ENOMEM). */
static int
places_grow(struct lead *l)
{
	const size_t n = 2 * l->clients + 16;
	struct client **client;
	size_t *vacant;

	client = realloc(l->client, n * sizeof(*client));
	if (client == NULL)
		return -1;
	l->client = client;
	vacant = realloc(l->vacant, n * sizeof(*vacant));
	if (vacant == NULL)
		return -1;
	l->vacant = vacant;
	while (l->clients < n) {
		client[l->clients] = NULL;
		vacant[l->vacants++] = l->clients++;
	}
	return 0;
}

struct client *
lead_client_open(struct lead *l)
{
	struct client *c;

	if (l->vacants == 0 && places_grow(l) == -1)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->id = l->vacant[l->vacants - 1];
	c->generation = ++l->generations;
	if (l->commit >= l->noop && hello(l, c, l->commit) == -1) {
		free(c);
		return NULL;
	}
	l->client[c->id] = c;
	client_line(l, c);
	l->vacants--;
	return c;
}

static void
client_free(struct client *c)
{
	slots_free(c);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

void
lead_client_close(struct lead *l, struct client *c)
{
	struct client **at;

	watch_end(c);
	client_leaves(l, c);
	for (at = &l->ready; *at != NULL; at = &(*at)->next_ready)
		if (*at == c) {
			*at = c->next_ready;
			break;
		}
	l->client[c->id] = NULL;
	l->vacant[l->vacants++] = c->id;
	client_free(c);
}

void
clients_free(struct lead *l)
{
	size_t i;

	for (i = 0; i < l->clients; i++)
		if (l->client[i] != NULL) {
			watch_end(l->client[i]);
			client_free(l->client[i]);
		}
	free(l->client);
	free(l->vacant);
	free(l->changed);
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
	return !c->closing && !c->watches && !c->paused && c->slots < SLOTS_FULL &&
	    c->out.len < OUTPUT_FULL;
}

int
lead_client_waits(const struct client *c)
{
	return c->slots > 0 || c->watch != NULL;
}

int
lead_client_ends(const struct client *c)
{
	return c->doomed ? 2 : c->closing;
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

static void
request(struct lead *l, const struct waiter *w, const struct command *c,
    const struct request_id *id)
{
	struct buf b = { 0 };
	uint64_t index;
	int r;

	if (l->down || l->stopping) {
		answer_elsewhere(l, w);
		return;
	}
	if (command_is_change(c)) {
		if (l->client[w->id]->store_only)
			answer_text(l, w, EXIT_GATE,
			    "this host may use the store, and no more");
		else
			change_ask(l, w, c);
		return;
	}
	if (!command_is_write(c))
		r = reading_add(l, w, c);
	else {
		r = command_encode(c, &b);
		index = (l->fresh.len > 0 ? l->fresh_tail.index : l->st->tail.index) +
		    1;
		if (r == 0)
			r = pending_add(l, w, index);
		if (r == 0 &&
		    record_add(l, RECORD_COMMAND, id, buf_head(&b), b.len) == -1) {
			l->pendings--;
			r = -1;
		}
		if (r == 0)
			gather_asked(l, l->client[w->id]);
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
	/* The gate says so before it passes anything on. */
	if (r == 0 && words->n == 1 && strcmp(words->word->bytes, "store-only") == 0) {
		c->store_only = 1;
		return 0;
	}
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
	if (command_from_words(&cmd, word + named, count - (size_t)named, &why) == -1)
		answer_text(l, &w, EXIT_USE, why);
	else
		request(l, &w, &cmd, named ? &id : NULL);
	return 0;
}

/* Takes lines while there is room for their answers: how many, or -1. */
static int
lines_take(struct lead *l, struct client *c)
{
	const char *newline;
	size_t len, at = 0;
	int taken = 0;

	/* One that was passed over, for it read nothing, has missed it. */
	if (l->commit >= l->noop && l->commit - c->greeted >= STORE_WINDOW / 4 &&
	    hello(l, c, l->commit) == -1) {
		client_doom(l, c);
		return -1;
	}
	while (lead_client_wants_input(c) &&
	    (newline = memchr(buf_head(&c->in) + at, '\n', c->in.len - at)) != NULL) {
		len = (size_t)(newline - (buf_head(&c->in) + at));
		if (line_take(l, c, buf_head(&c->in) + at, len) == -1) {
			client_doom(l, c);
			return -1;
		}
		at += len + 1;
		taken++;
	}
	buf_eat(&c->in, at);
	if (taken > 0)
		client_line(l, c);
	client_spare(l, c);
	return taken;
}

int
lead_client_input(struct lead *l, struct client *c, const char *p, size_t n)
{
	struct waiter w;

	if (c->closing)
		return -1;
	if (buf_add(&c->in, p, n) == -1 || lines_take(l, c) == -1)
		return -1;
	if (c->in.len <= LINE_LIMIT ||
	    memchr(buf_head(&c->in), '\n', c->in.len) != NULL)
		return 0;
	c->closing = 1;
	if (slot_add(c, &w) == 0)
		answer_text(l, &w, EXIT_USE, "the line is too long");
	return -1;
}

int
lead_client_more(struct lead *l, struct client *c)
{
	int more;

	client_spare(l, c);
	more = answers_flush(l, c);
	watch_resume(l, c);
	if (c->in.len > 0 && !c->doomed && lines_take(l, c) > 0)
		more = 1;
	return more;
}

/*
 * watcher.c - clients that watch, as client/watch.c does: each change is to be told
 * once, in order, when it is committed, without a gap from leader to leader; some
 * read slowly, break off, or ask again from an index of their own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/words.h"
#include "queue.h"
#include "sim.h"
#include "truth.h"
#include "world.h"

#define WATCHERS_MAX 3u
#define ATTEMPT      SECOND /* before it tries another node */

struct view;

struct watcher {
	int number;
	char prefix[4];
	uint64_t next;  /* the first index that it may have to be told; 0: none yet */
	uint64_t since; /* committed when it asked anew */
	uint64_t stands_until; /* it reads nothing before then */
	struct node *guess;
	struct view *view; /* NULL: not connected */
};

/* One connection; what comes late from an old one is nobody's. */
struct view {
	struct watcher *watcher; /* NULL: it was left */
	struct connection *connection;
	struct node *node;
	const struct machine *machine; /* that it had then */
	struct buf in;
	int asked;
	int begun;
};

static struct watcher watchers[WATCHERS_MAX];
static uint64_t told;

uint64_t
watchers_told(void)
{
	return told;
}

static int
is_watched(const struct watcher *w, const struct command *c)
{
	const size_t n = strlen(w->prefix);

	return c->key.len >= n && memcmp(c->key.at, w->prefix, n) == 0;
}

/* The first index from..last that it has to be told of; 0: there is none. */
static uint64_t
first_due(const struct watcher *w, uint64_t from, uint64_t last)
{
	struct command c;

	for (; from <= last; from++)
		if (truth_change(from, &c) == EFFECT_CHANGE && is_watched(w, &c))
			return from;
	return 0;
}

int
watchers_behind(void)
{
	size_t i;

	for (i = 0; i < config.watchers; i++)
		if (watchers[i].view == NULL || !watchers[i].view->begun ||
		    first_due(&watchers[i], watchers[i].next, truth_count()) != 0)
			return 1;
	return 0;
}

/* --- what it is told ------------------------------------------------------ */

/* All before index has been told. */
static void
passes(const struct watcher *w, uint64_t index)
{
	uint64_t gap;

	if (index > truth_count() + 1)
		violation("WATCH",
		    "watcher %d is told of what comes before %" PRIu64
		    ", and only %" PRIu64 " is committed",
		    w->number, index, truth_count());
	if ((gap = first_due(w, w->next, index - 1)) != 0)
		violation("WATCH",
		    "watcher %d was not told of index %" PRIu64
		    ", and is told of what comes before %" PRIu64,
		    w->number, gap, index);
}

/* change INDEX set KEY VALUE, or unset KEY */
static void
change(struct watcher *w, const struct words *line)
{
	const struct word *word = line->word;
	enum effect effect;
	struct command c;
	uint64_t index;
	int set;

	if (line->n < 4 ||
	    num_u64(word[1].bytes, word[1].len, NUMBER_MAX, &index) == -1)
		violation("WATCH", "watcher %d is told nonsense", w->number);
	if (index < w->next)
		violation("WATCH",
		    "watcher %d is told of index %" PRIu64
		    " again: it has been told all before %" PRIu64,
		    w->number, index, w->next);
	if (index > truth_count())
		violation("WATCH",
		    "watcher %d is told of index %" PRIu64 ", and only %" PRIu64
		    " is committed",
		    w->number, index, truth_count());
	passes(w, index);
	effect = truth_change(index, &c);
	set = c.verb == VERB_SET || c.verb == VERB_IF_SET;
	if (effect == EFFECT_NONE || !is_watched(w, &c) ||
	    strcmp(word[2].bytes, set ? "set" : "unset") != 0 ||
	    line->n != 4u + (size_t)set || word[3].len != c.key.len ||
	    memcmp(word[3].bytes, c.key.at, c.key.len) != 0 ||
	    (set &&
		(word[4].len != c.value.len ||
		    memcmp(word[4].bytes, c.value.at, c.value.len) != 0)))
		violation("WATCH",
		    "watcher %d is told of index %" PRIu64 " what it is not: %s %s",
		    w->number, index, word[2].bytes, word[3].bytes);
	w->next = index + 1;
	told++;
}

/* 0 INDEX: it begins there. */
static void
begins(struct watcher *w, uint64_t index)
{
	story("watcher %d is told by %s what \"%s\" becomes from %" PRIu64 " on",
	    w->number, w->view->node->name, w->prefix, index);
	w->view->begun = 1;
	if (w->next == 0) {
		w->next = index;
		if (index <= w->since)
			violation("WATCH",
			    "watcher %d begins with index %" PRIu64 ", when %" PRIu64
			    " had been committed before it asked",
			    w->number, index, w->since);
	} else if (index != w->next)
		violation("WATCH",
		    "watcher %d goes on from %" PRIu64 " instead of %" PRIu64,
		    w->number, index, w->next);
	passes(w, index);
}

/* Only what a snapshot has taken the place of may be known no longer; unless it went with
 * all of a disk before the watcher has read this. */
static void
refused(struct watcher *w)
{
	const struct node *n = w->view->node;
	const uint64_t covered = check_log(n->number)->covered;

	story("watcher %d: %s no longer knows what came behind %" PRIu64, w->number,
	    n->name, w->next);
	if (w->next == 0 || (n->machine == w->view->machine && w->next > covered))
		violation("WATCH",
		    "watcher %d is refused from %" PRIu64
		    " on, and %s's snapshot ends with %" PRIu64,
		    w->number, w->next, n->name, covered);
	w->next = 0;
}

/* --- how it asks ---------------------------------------------------------- */

static void attempt(void *arg, uint64_t number);

static void
leave(struct watcher *w, uint64_t delay)
{
	struct view *v = w->view;

	w->view = NULL;
	v->watcher = NULL;
	connection_close(v->connection);
	w->guess = &nodes[seed_below(config.nodes)];
	queue_in(delay, attempt, w, 0);
}

static void
ask(struct watcher *w)
{
	struct buf b = { 0 };

	if (buf_str(&b, "watch ") == -1 ||
	    words_put(&b, w->prefix, strlen(w->prefix)) == -1 ||
	    (w->next != 0 && buf_fmt(&b, " %" PRIu64, w->next) == -1) ||
	    buf_str(&b, "\n") == -1)
		sim_die("out of memory");
	w->view->asked = 1;
	w->since = truth_count();
	connection_send(w->view->connection, buf_head(&b), b.len);
	buf_free(&b);
}

static void
line(struct watcher *w, const struct words *words)
{
	const struct word *word = words->word;
	struct view *v = w->view;
	uint64_t n = 0;

	if (words->n == 0)
		violation("WATCH", "watcher %d is told nothing", w->number);
	if (words->n > 1)
		(void)num_u64(word[1].bytes, word[1].len, NUMBER_MAX, &n);
	if (strcmp(word->bytes, "hello") == 0 && !v->asked)
		ask(w);
	else if (strcmp(word->bytes, "hello") == 0)
		return;
	else if (v->begun && strcmp(word->bytes, "change") == 0)
		change(w, words);
	else if (v->begun && strcmp(word->bytes, "at") == 0 && n >= w->next) {
		passes(w, n);
		w->next = n;
	} else if (v->asked && !v->begun && strcmp(word->bytes, "0") == 0)
		begins(w, n);
	else if (v->asked && strcmp(word->bytes, "1") == 0) {
		refused(w);
		leave(w, MILLI);
	} else if (strcmp(word->bytes, "69") == 0)
		leave(w, seed_range(5, 50) * MILLI);
	else
		violation("WATCH", "watcher %d is told %s", w->number, word->bytes);
}

static uint64_t
from_lead(void *arg, const char *p, size_t n)
{
	struct view *v = arg;
	struct watcher *w = v->watcher;
	struct words words = { 0 };
	const char *newline, *why;
	size_t len;

	if (w == NULL)
		return 0;
	if (n == 0) {
		leave(w, seed_range(5, 50) * MILLI);
		return 0;
	}
	if (trouble && w->stands_until > sim_time())
		return w->stands_until;
	if (buf_add(&v->in, p, n) == -1)
		sim_die("out of memory");
	while (v->watcher == w &&
	    (newline = memchr(buf_head(&v->in), '\n', v->in.len)) != NULL) {
		len = (size_t)(newline - buf_head(&v->in));
		if (words_parse(&words, buf_head(&v->in), len, &why) == -1)
			violation("WATCH", "watcher %d can't read what it is told: %s",
			    w->number, why);
		buf_eat(&v->in, len + 1);
		line(w, &words);
	}
	words_free(&words);
	return 0;
}

static void
time_is_up(void *arg, uint64_t number)
{
	struct view *v = arg;

	(void)number;
	if (v->watcher != NULL && !v->begun)
		leave(v->watcher, MILLI);
}

static void
attempt(void *arg, uint64_t number)
{
	struct watcher *w = arg;
	struct view *v;

	(void)number;
	v = sim_alloc(sizeof(*v));
	v->watcher = w;
	v->node = w->guess;
	v->machine = v->node->machine;
	v->connection = connection_open(w->guess, from_lead, v);
	if (v->connection == NULL) {
		free(v);
		w->guess = &nodes[seed_below(config.nodes)];
		queue_in(seed_range(10, 100) * MILLI, attempt, w, 0);
		return;
	}
	if (trouble)
		connection_narrow(v->connection, (size_t)seed_range(1, 65536));
	w->view = v;
	queue_in(ATTEMPT + seed_below(2 * ATTEMPT), time_is_up, v, 0);
}

void
watchers_narrow(size_t n)
{
	size_t i;

	for (i = 0; i < config.watchers; i++)
		if (watchers[i].view != NULL)
			connection_narrow(watchers[i].view->connection, n);
}

/* Something happens to it: it breaks off, reads no more for a while, or asks once
 * more for what it was told. */
static void
stirs(void *arg, uint64_t number)
{
	struct watcher *w = arg;

	(void)number;
	if (!trouble)
		return;
	queue_in(seed_range(100, 4000) * MILLI, stirs, w, 0);
	if (seed_odds(500))
		w->stands_until = sim_time() + seed_below(8 * SECOND);
	else if (w->view != NULL) {
		if (w->next > 0 && seed_odds(200))
			w->next = seed_range(1, w->next);
		else if (seed_odds(100))
			w->next = 0;
		leave(w, seed_below(SECOND));
	}
}

void
watchers_begin(void)
{
	struct watcher *w;
	size_t i;

	for (i = 0; i < config.watchers; i++) {
		w = &watchers[i];
		w->number = (int)i;
		w->guess = &nodes[seed_below(config.nodes)];
		(void)snprintf(w->prefix, sizeof(w->prefix), "k%d",
		    (int)seed_below(config.keys));
		w->prefix[seed_below(3)] = '\0';
		queue_in(seed_below(2 * SECOND), attempt, w, 0);
		queue_in(seed_below(4 * SECOND), stirs, w, 0);
	}
}

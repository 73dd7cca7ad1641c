/*
 * store.c - the store, and the way to it and back: what is asked arrives late, or not, or
 * twice, and so do the answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define ASKS 2048u

enum op { OP_GET, OP_SET, OP_UNSET, OP_IF };

struct asked {
	unsigned host;
	uint32_t gen; /* of the monitor that asked */
	uint64_t number;
	enum op op;
	enum key key;
	int absent; /* if KEY absent */
	int unset;
	int answered; /* the monitor has one */
	int refused;  /* it was told that nothing was changed: so nothing may be */
	int done;     /* carried out: the same id is not again */
	int result;
	size_t old_len, new_len;
	char old[WANT_TEXT];
	char new[WANT_TEXT];
};

struct store store;
static struct asked ask[ASKS];
static unsigned asks;
static struct words words;

void
store_clear(void)
{
	memset(&store, 0, sizeof(store));
	asks = 0;
}

static void
put(enum key key, const char *text, size_t len)
{
	struct value *v = &store.value[key];

	v->present = 1;
	v->len = len < sizeof(v->text) ? len : 0;
	memcpy(v->text, text, v->len);
}

void
store_set(enum key key, const char *text)
{
	struct lease was = store.lease;
	int had = store.value[key].present;

	put(key, text, strlen(text));
	if (key == KEY_LEASE) {
		(void)lease_parse(&store.lease, text, strlen(text));
		check_write(HOSTS, &was, had);
	}
}

void
store_unset(enum key key)
{
	store.value[key].present = 0;
}

static enum key
key_of(const char *s, size_t n)
{
	static const char *const names[] = { "conf", "want", "lease", "order",
		"event/last" };
	unsigned i;

	/* "pkg/p/" is before all of them. */
	s += 6;
	n -= 6;
	for (i = 0; i < 5; i++) {
		if (strlen(names[i]) == n && memcmp(names[i], s, n) == 0)
			return (enum key)i;
	}
	if (n == 6 && memcmp(s, "node/", 5) == 0)
		return (enum key)(KEY_NODE + (s[5] - 'a'));
	return KEY_OTHER;
}

static size_t
keep(char to[WANT_TEXT], const struct word *w)
{
	size_t n = w->len < WANT_TEXT ? w->len : 0;

	memcpy(to, w->bytes, n);
	return n;
}

/* Reads a line of the rules. */
static void
understand(struct asked *a, const struct action *act)
{
	const char *why;
	const struct word *w;

	a->absent = a->unset = a->answered = a->refused = a->done = 0;
	if (memcmp(act->text, "get ", 4) == 0) {
		a->op = OP_GET;
		a->key = key_of(act->text + 4, act->length - 4);
		return;
	}
	if (words_parse(&words, act->text, act->length, &why) == -1 || words.n < 2) {
		broken("every line can be read", "%s: %s", act->text, why);
		return;
	}
	w = words.word;
	a->key = key_of(w[1].bytes, w[1].len);
	if (strcmp(w[0].bytes, "set") == 0 && words.n == 3) {
		a->op = OP_SET;
		a->new_len = keep(a->new, &w[2]);
	} else if (strcmp(w[0].bytes, "unset") == 0) {
		a->op = OP_UNSET;
	} else if (words.n == 5 && strcmp(w[2].bytes, "absent") == 0) {
		a->op = OP_IF;
		a->absent = 1;
		a->new_len = keep(a->new, &w[4]);
	} else if (words.n == 5 && strcmp(w[4].bytes, "unset") == 0) {
		a->op = OP_IF;
		a->unset = 1;
		a->old_len = keep(a->old, &w[3]);
	} else if (words.n == 6) {
		a->op = OP_IF;
		a->old_len = keep(a->old, &w[3]);
		a->new_len = keep(a->new, &w[5]);
	} else {
		broken("every line can be read", "%s", act->text);
	}
}

/* How long a word takes; NEVER: it is lost. */
static uint64_t
way(const struct host *h)
{
	uint64_t ns = between(MS / 10, 5 * MS);

	if (now < h->cut)
		return NEVER;
	if (now < h->slow)
		ns += below(h->slow_by);
	if (now < h->lossy && odds(300))
		return NEVER;
	return ns;
}

void
store_send(unsigned i, const struct action *act)
{
	struct host *h = &host[i];
	unsigned n = asks++ % ASKS;
	struct asked *a = &ask[n];
	uint64_t ns = way(h), patience = conf.deadlines.soft * 8 / 10;

	a->host = i;
	a->gen = h->gen;
	a->number = act->number;
	understand(a, act);

	/* What is lost is sent again by the session, on a new connection. */
	if (ns == NEVER && h->cut > now && h->cut < now + patience)
		ns = h->cut - now + between(MS, 300 * MS);
	else if (ns == NEVER && now >= h->cut)
		ns = between(500 * MS, 1500 * MS);
	else if (ns == NEVER && odds(300))
		ns = h->cut - now +
		    between(MS, SECOND); /* it was on its way all the time */
	if (ns != NEVER)
		at(now + ns, EV_DELIVER, i, asks, n);
	at(now + patience, EV_EXPIRE, i, asks, n);
	ask[n].result = 75;
}

/* Is it still the ask that the event is about? */
static struct asked *
asked_of(const struct event *e)
{
	return asks - e->gen < ASKS ? &ask[e->n] : NULL;
}

static int
carry_out(struct asked *a)
{
	struct value *v = &store.value[a->key];
	struct lease was;
	int had = v->present;

	switch (a->op) {
	case OP_GET:
		return v->present ? 0 : 1;
	case OP_UNSET:
		if (a->key != KEY_OTHER)
			v->present = 0;
		return 0;
	case OP_SET:
		put(a->key, a->new, a->new_len);
		return 0;
	case OP_IF:
		break;
	}
	if (a->absent ? v->present :
			(!v->present || v->len != a->old_len ||
			    memcmp(v->text, a->old, v->len) != 0))
		return 1;
	if (a->unset) {
		v->present = 0;
		return 0;
	}
	put(a->key, a->new, a->new_len);
	if (a->key != KEY_LEASE)
		return 0;
	was = store.lease;
	if (lease_parse(&store.lease, a->new, a->new_len) == -1)
		broken("the lease can be read", "%.*s", (int)a->new_len, a->new);
	story("store: %.*s", (int)a->new_len, a->new);
	check_write(a->host, &was, had);
	return 0;
}

void
store_deliver(const struct event *e)
{
	struct asked *a = asked_of(e);
	const struct host *h = &host[e->host];
	uint64_t ns;

	if (a == NULL || a->refused)
		return;
	if (now < store.away) {
		at(store.away + between(MS, 50 * MS), EV_DELIVER, e->host, e->gen,
		    e->n);
		return;
	}
	/* One that comes a second time has the same id, until that is forgotten. */
	if (!a->done || odds(100))
		a->result = carry_out(a);
	a->done = 1;
	if (a->op != OP_GET && odds(10))
		at(now + between(MS, 3 * SECOND), EV_DELIVER, e->host, e->gen, e->n);
	if (a->answered)
		return;
	/* A read's value is that of this moment. */
	if (a->op == OP_GET && a->result == 0) {
		a->new_len = store.value[a->key].len;
		memcpy(a->new, store.value[a->key].text, a->new_len);
	}
	ns = way(h);
	if (ns != NEVER)
		at(now + ns, EV_ANSWER, e->host, e->gen, e->n);
	else if (kind == KIND_BLIP || odds(900))
		/* Asked again under its id: the session saw that it ended. */
		at((h->cut > now ? h->cut : now) + between(MS, 600 * MS), EV_DELIVER,
		    e->host, e->gen, e->n);
}

static void
tell(struct asked *a, unsigned i, int status)
{
	struct host *h = &host[i];

	a->answered = 1;
	if (h->p == NULL || h->gen != a->gen)
		return;
	package_answer(h->p, local(h), a->number, status, a->new,
	    a->op == OP_GET && status == 0 ? a->new_len : 0);
	host_settle(i);
}

void
store_replied(const struct event *e)
{
	struct asked *a = asked_of(e);
	uint64_t thaw = host_thaw(e->host, 0);

	if (a == NULL || a->answered)
		return;
	if (thaw > now) {
		at(thaw, EV_ANSWER, e->host, e->gen, e->n);
		return;
	}
	if (host[e->host].p != NULL && host[e->host].gen == a->gen)
		tell(a, e->host, a->result);
}

void
store_expire(const struct event *e)
{
	struct asked *a = asked_of(e);
	uint64_t thaw = host_thaw(e->host, 0);

	if (a == NULL || a->answered)
		return;
	if (thaw > now) {
		at(thaw, EV_EXPIRE, e->host, e->gen, e->n);
		return;
	}
	/* Where it was never sent, nothing was changed, and never will be. */
	if (!a->done && odds(500)) {
		a->refused = 1;
		tell(a, e->host, 69);
		return;
	}
	tell(a, e->host, 75);
}

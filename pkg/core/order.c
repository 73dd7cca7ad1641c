/*
 * order.c - moves: those that a person orders, and the one back to a preferred node.
 */
#include <string.h>

#include "inside.h"

#define PEERS_EVERY (5 * SECOND)
#define HEALTHY     (60 * SECOND)

/* Removes the order; it is carried out once that is known to be done. */
static void
order_take(struct package *p)
{
	struct buf *b;

	if (p->ask[SLOT_TAKEN].number != 0)
		return;
	b = ask_open(p, SLOT_TAKEN);
	if (buf_fmt(b, "if pkg/%s/order = \"%s\" unset", p->name, p->order_text) == -1)
		p->no_memory = 1;
	ask_send(p);
}

static void
order_refuse(struct package *p, const char *why)
{
	notes_event(p, "will not move to %s: %s", p->order.to, why);
	p->order_good = 0;
	order_take(p);
}

/* The order is gone from the store: now it counts, and only once. */
static void
order_do(struct package *p)
{
	p->order_text[0] = '\0';
	if (!p->order_good || p->body != BODY_UP || p->hold != HOLD_MINE)
		return;
	p->order_good = 0;
	notes_event(p, "moves to %s", p->order.to);
	owner_give(p, LEASE_RELEASED, p->order.to, "moved by order");
}

/* What an order's bytes are must be known to be safe between quotes. */
static int
is_plain(const char *value, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (value[i] < ' ' || value[i] == '"' || value[i] == '\\' ||
		    value[i] == 0x7f)
			return 0;
	}
	return 1;
}

/* Other nodes' notes are read for the order alone from here on. */
static void
order_ask(struct package *p)
{
	p->order_peer = 0;
	p->peer_asked = SETTINGS_NODES;
	p->ask[SLOT_PEER].number = 0; /* its answer would be another node's */
}

void
order_see(struct package *p, int status, const char *value, size_t n)
{
	if (p->order_text[0] != '\0') {
		/* The answer to its removal was lost: it is gone, so it was removed. */
		if (status == 1)
			order_do(p);
		else if (status == 0)
			p->order_text[0] = '\0';
		return;
	}
	if (status != 0 || n == 0 || n >= sizeof(p->order_text) || !is_plain(value, n))
		return;
	memcpy(p->order_text, value, n);
	p->order_text[n] = '\0';
	p->order_good = 0;
	if (order_parse(&p->order, value, n) == -1)
		order_refuse(p, "the order is not understood");
	else if (p->order.epoch != 0 && p->order.epoch != p->epoch)
		order_refuse(p, "it was given to an earlier owner");
	else if (strcmp(p->order.to, p->node) == 0)
		order_refuse(p, "it is there");
	else if (strcmp(p->order.to, "-") == 0 && !p->want.automatic)
		order_refuse(p, "nobody takes it over by itself: name a node");
	else if (strcmp(p->order.to, "-") == 0 && p->settings.nodes == 0) {
		/* Who there is, is not known here: `pkg move` has looked. */
		p->order_good = 1;
		order_take(p);
	} else if (strcmp(p->order.to, "-") != 0 &&
	    (settings_place(&p->settings, p->order.to) == -1 ||
		want_is_off(&p->want, p->order.to)))
		order_refuse(p, "it may not run there");
	else
		order_ask(p);
	p->changed = 1;
}

void
order_taken(struct package *p, int status)
{
	if (status == 0)
		order_do(p);
	else if (status == 1 && p->order_good)
		p->ask[SLOT_ORDER].due =
		    p->now; /* another one, or removed by this ask's twin */
	else if (status == 1)
		p->order_text[0] = '\0';
	p->changed = 1;
}

/* Could it take over: has it said so, and not too long ago? */
static int
stands_by(const struct package *p, const struct node_note *n)
{
	return n->state == NODE_STANDBY &&
	    node_is_fresh(n, &p->seen.v, p->settings.renew);
}

/* A preferred node has been well for long enough: it gets its package back. */
static void
failback(struct package *p, unsigned i, const struct node_note *n)
{
	uint64_t *since = &p->standing[i];

	if (!stands_by(p, n))
		*since = 0;
	else if (*since == 0)
		*since = p->now;
	if (*since != 0 && p->now >= *since + HEALTHY && p->body == BODY_UP &&
	    !p->want.maint && p->want.automatic &&
	    !want_is_off(&p->want, p->settings.node[i])) {
		memset(p->standing, 0, sizeof(p->standing));
		owner_give(p, LEASE_RELEASED, p->settings.node[i], "back to %s",
		    p->settings.node[i]);
	}
}

void
peer_see(struct package *p, int status, const char *value, size_t n)
{
	struct node_note note;
	int sound = status == 0 && node_parse(&note, value, n) == 0;

	p->changed = 1;
	if (p->peer_asked < SETTINGS_NODES) {
		if (sound && p->peer_asked < p->settings.nodes)
			failback(p, p->peer_asked, &note);
		p->peer_asked++;
		return;
	}
	if (p->order_text[0] == '\0' || status > 1)
		return;
	if (!sound || !stands_by(p, &note)) {
		if (strcmp(p->order.to, "-") == 0) {
			p->order_peer++;
			return;
		}
		order_refuse(p, "it does not stand by there");
		return;
	}
	p->order_good = 1;
	order_take(p);
}

/* Asks whether the node stands by, or the next one of which nothing is known yet. */
static void
order_look(struct package *p)
{
	const struct settings *s = &p->settings;
	unsigned *i = &p->order_peer;

	if (strcmp(p->order.to, "-") != 0) {
		ask_get(p, SLOT_PEER, "/node/", p->order.to);
		return;
	}
	while (*i < s->nodes &&
	    (strcmp(s->node[*i], p->node) == 0 || want_is_off(&p->want, s->node[*i])))
		(*i)++;
	if (*i < s->nodes)
		ask_get(p, SLOT_PEER, "/node/", s->node[*i]);
	else
		order_refuse(p, "no other node stands by");
}

void
order_step(struct package *p)
{
	int place = settings_place(&p->settings, p->node);

	if (p->hold != HOLD_MINE || p->body != BODY_UP) {
		p->order_text[0] = '\0';
		return;
	}
	if (p->ask[SLOT_PEER].number != 0)
		return;
	if (p->order_text[0] != '\0' && !p->order_good &&
	    p->ask[SLOT_TAKEN].number == 0 && p->peer_asked >= SETTINGS_NODES) {
		order_look(p);
		return;
	}
	if (!p->settings.failback || place <= 0)
		return;
	if (p->peer_asked >= (unsigned)place) {
		if (!due(p, p->peer_due))
			return;
		p->peer_due = p->now + PEERS_EVERY;
		p->peer_asked = 0;
	}
	ask_get(p, SLOT_PEER, "/node/", p->settings.node[p->peer_asked]);
}

/*
 * serving.c - a lead's clients: connections that carry what they ask, also when they
 * have long given up, and what they are answered.
 */
#include <stdlib.h>

#include "leading.h"
#include "queue.h"
#include "sim.h"

static void
connection_lost(struct connection *c)
{
	if (c->told != NULL)
		pipe_close(c->back);
}

void
clients_lose(struct leading *g)
{
	struct connection *c;

	while ((c = g->connections) != NULL) {
		g->connections = c->next;
		c->leading = NULL;
		connection_lost(c);
	}
}

static void
client_work(void *arg)
{
	struct leading *g = arg;

	g->result = lead_client_input(g->lead, g->from->client, g->in, g->n);
}

static void
client_open_work(void *arg)
{
	struct leading *g = arg;

	g->from->client = lead_client_open(g->lead);
	if (g->from->client == NULL)
		sim_die("out of memory");
	(void)lead_client_tag(g->from->client, g->from);
}

/* The lead's side of it closes. */
static void
connection_drop(struct connection *c)
{
	struct connection **at;
	struct leading *g = c->leading;

	if (g == NULL)
		return;
	for (at = &g->connections; *at != NULL; at = &(*at)->next) {
		if (*at == c) {
			*at = c->next;
			break;
		}
	}
	c->leading = NULL;
	lead_client_close(g->lead, c->client);
	connection_lost(c);
}

/* What a socket takes. */
static void
connection_flush(struct connection *c, struct buf *out)
{
	size_t n = out->len;

	if (c->narrow > 0 && c->flight + n > c->narrow)
		n = c->flight < c->narrow ? c->narrow - c->flight : 0;
	if (c->told != NULL) {
		pipe_send(c->back, buf_head(out), n);
		c->flight += n;
	}
	buf_eat(out, n);
}

/* client_flush of lead/main.c. */
static void
connection_output(struct connection *c)
{
	struct lead *l = c->leading->lead;
	struct buf *out = lead_client_output(c->client);
	int ends;

	if (lead_client_ends(c->client) != 2)
		do
			connection_flush(c, out);
		while (out->len == 0 && lead_client_more(l, c->client));
	ends = lead_client_ends(c->client);
	if (ends == 2 || (ends && out->len == 0 && !lead_client_waits(c->client)))
		connection_drop(c);
}

void
clients_output(struct leading *g)
{
	struct client *client;

	while ((client = lead_client_ready(g->lead)) != NULL)
		connection_output(lead_client_tag(client, NULL));
}

/* It has read, and takes more. */
static void
connection_opens(void *arg, uint64_t number)
{
	struct connection *c = arg;
	struct leading *g = c->leading;

	if (g == NULL || node_later(g->node, g->os, connection_opens, c, number))
		return;
	if (g->frozen > sim_time()) {
		queue_put(g->frozen, connection_opens, c, 0);
		return;
	}
	connection_output(c);
	leading_turn_soon(g, seed_below(300 * MICRO));
}

static uint64_t
from_client(void *arg, const char *p, size_t n)
{
	struct connection *c = arg;
	struct leading *g = c->leading;
	enum ended how;

	if (g == NULL)
		return 0;
	if (g->frozen > sim_time())
		return g->frozen;
	if (node_free_at(g->node, g->os) > 0)
		return node_free_at(g->node, g->os);
	if (n == 0) {
		connection_drop(c);
		return 0;
	}
	g->from = c;
	g->in = p;
	g->n = n;
	how = node_works(g->node, g->os, WORK_LEAD, client_work, g);
	if (how != RAN) {
		leading_cut_short(g, how);
		return 0;
	}
	clients_output(g);
	if (g->result == -1)
		connection_drop(c);
	leading_turn_soon(g, seed_below(300 * MICRO));
	return 0;
}

static uint64_t
to_client(void *arg, const char *p, size_t n)
{
	struct connection *c = arg;
	uint64_t later = c->told != NULL ? c->told(c->arg, p, n) : 0;

	if (later > 0)
		return later;
	c->flight -= n;
	if (c->narrow > 0 && n > 0)
		queue_in(0, connection_opens, c, 0);
	return 0;
}

struct connection *
connection_open(struct node *n, deliver *told, void *arg)
{
	struct leading *g = n->leading;
	struct connection *c;
	enum ended how;

	if (g == NULL || g->frozen > sim_time() || node_free_at(n, g->os) > 0)
		return NULL;
	c = sim_alloc(sizeof(*c));
	c->leading = g;
	g->from = c;
	how = node_works(n, g->os, WORK_LEAD, client_open_work, g);
	if (how != RAN) {
		leading_cut_short(g, how);
		return NULL;
	}
	c->told = told;
	c->arg = arg;
	c->there = pipe_new(ANYWHERE, n->number, from_client, c);
	c->back = pipe_new(n->number, ANYWHERE, to_client, c);
	c->next = g->connections;
	g->connections = c;
	clients_output(g);
	return c;
}

void
connection_narrow(struct connection *c, size_t n)
{
	c->narrow = n;
	queue_in(0, connection_opens, c, 0);
}

void
connection_send(struct connection *c, const char *p, size_t n)
{
	pipe_send(c->there, p, n);
}

void
connection_close(struct connection *c)
{
	c->told = NULL;
	pipe_leave(c->back);
	/* What was sent may arrive yet, long after its sender gave up. */
	pipe_close(c->there);
}

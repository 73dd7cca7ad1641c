/*
 * net.c - the simulated network: see net.h.
 */
#include <stdlib.h>
#include <string.h>

#include "net.h"
#include "queue.h"
#include "sim.h"

#define RETRY (20 * MILLI) /* a packet that met a cut is sent again */

struct chunk {
	struct chunk *next;
	uint64_t at;
	int arrived; /* it waits for its reader: no cut holds it up */
	size_t n;    /* 0: the end */
	char bytes[];
};

struct pipe {
	size_t from;
	size_t to;
	deliver *deliver;
	void *arg; /* NULL: nobody listens */
	struct chunk *first;
	struct chunk **last;
	uint64_t newest; /* when the last chunk arrives */
	int closed;
	int pumping; /* an event is on its way */
	int left;
};

static struct weather weather;
static unsigned char cuts[HOSTS + 1][HOSTS + 1];

void
net_set(const struct weather *w)
{
	weather = *w;
}

void
net_cut(size_t from, size_t to, int cut)
{
	cuts[from][to] = (unsigned char)cut;
}

int
net_open(size_t from, size_t to)
{
	return !cuts[from][to];
}

void
net_heal(void)
{
	memset(cuts, 0, sizeof(cuts));
}

static uint64_t
delay(unsigned late)
{
	uint64_t d = weather.delay + seed_below(weather.spread + 1);

	if (seed_odds(late))
		d += seed_below(3 * SECOND);
	return d;
}

uint64_t
net_delay(size_t from, size_t to)
{
	if (!net_open(from, to) || seed_odds(weather.lost))
		return 0;
	return delay(weather.late) + 1;
}

int
net_twice(void)
{
	return seed_odds(weather.twice);
}

struct pipe *
pipe_new(size_t from, size_t to, deliver *how, void *arg)
{
	struct pipe *p = sim_alloc(sizeof(*p));

	p->from = from;
	p->to = to;
	p->deliver = how;
	p->arg = arg;
	p->last = &p->first;
	return p;
}

static void
drop(struct chunk *c)
{
	while (c != NULL) {
		struct chunk *next = c->next;

		free(c);
		c = next;
	}
}

/* The receiver is busy at times: what comes meanwhile, it reads together. */
static uint64_t
busy(void)
{
	return seed_odds(weather.busy) ? seed_below(60 * MILLI) : 0;
}

static void pump(void *arg, uint64_t number);

static void
pump_at(struct pipe *p, uint64_t at)
{
	if (!p->pumping) {
		p->pumping = 1;
		queue_put(at, pump, p, 0);
	}
}

/* What has arrived by now is read in one piece. */
static void
gather(struct pipe *p)
{
	struct chunk *c = p->first, *next;

	while ((next = c->next) != NULL && next->n > 0 && next->at <= sim_time()) {
		c = sim_grow(c, sizeof(*c) + c->n + next->n);
		memcpy(c->bytes + c->n, next->bytes, next->n);
		c->n += next->n;
		c->next = next->next;
		p->first = c;
		free(next);
	}
	if (c->next == NULL)
		p->last = &c->next;
}

/* Hands over what has come, if the way is open. */
static void
pump(void *arg, uint64_t number)
{
	struct pipe *p = arg;
	struct chunk *c = p->first;
	uint64_t again;

	(void)number;
	p->pumping = 0;
	if (p->left) {
		drop(p->first);
		free(p);
		return;
	}
	if (c == NULL)
		return;
	if (c->at > sim_time()) {
		pump_at(p, c->at);
		return;
	}
	if (!c->arrived && !net_open(p->from, p->to)) {
		pump_at(p, sim_time() + RETRY);
		return;
	}
	c->arrived = 1;
	if (c->n > 0 && net_open(p->from, p->to)) {
		gather(p);
		c = p->first;
	}
	p->first = c->next;
	if (p->first == NULL)
		p->last = &p->first;
	/* The receiver may leave, or send, or break the pipe, in deliver. */
	p->pumping = 1;
	again = p->deliver(p->arg, c->bytes, c->n);
	p->pumping = 0;
	if (again > 0 && !p->left) {
		c->next = p->first;
		p->first = c;
		if (c->next == NULL)
			p->last = &c->next;
		pump_at(p, again);
		return;
	}
	free(c);
	if (p->left)
		pump_at(p, sim_time());
	else if (p->first != NULL)
		pump_at(p, p->first->at + busy());
}

static void
put(struct pipe *p, const char *bytes, size_t n)
{
	struct chunk *c = sim_alloc(sizeof(*c) + n);
	uint64_t at = sim_time() + delay(weather.stalls);

	if (at < p->newest)
		at = p->newest;
	p->newest = at;
	c->at = at;
	c->n = n;
	if (n > 0)
		memcpy(c->bytes, bytes, n);
	*p->last = c;
	p->last = &c->next;
	pump_at(p, p->first->at + busy());
}

void
pipe_send(struct pipe *p, const char *bytes, size_t n)
{
	size_t cut = seed_odds(100) ? (size_t)seed_below(n) : 0;

	if (p->closed || n == 0)
		return;
	/* A stream keeps no boundaries. */
	if (cut > 0)
		put(p, bytes, cut);
	put(p, bytes + cut, n - cut);
}

void
pipe_close(struct pipe *p)
{
	if (p->closed)
		return;
	put(p, NULL, 0);
	p->closed = 1;
}

void
pipe_break(struct pipe *p)
{
	struct chunk **at = &p->first, *c;
	size_t kept;

	if (p->closed)
		return;
	/* A part of what is under way arrives; the rest never does. */
	for (kept = (size_t)seed_below(4); *at != NULL && kept > 0; kept--)
		at = &(*at)->next;
	drop(*at);
	*at = NULL;
	p->last = at;
	/* Or all of it arrives, long after its sender has given up. */
	if (seed_odds(300))
		p->newest = sim_time() + seed_below(2 * SECOND);
	for (c = p->first; c != NULL && p->newest > c->at; c = c->next)
		c->at = p->newest;
	pipe_close(p);
}

void
pipe_leave(struct pipe *p)
{
	p->left = 1;
	p->closed = 1;
	p->arg = NULL;
	pump_at(p, sim_time());
}

/*
 * compact.c - lib/compact's part: a node takes a snapshot when one is due, beside
 * all else that works on it.
 */
#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "queue.h"
#include "sim.h"
#include "world.h"

/* One process; it outlives the role that it began under. */
struct taking {
	struct taking *next;
	struct node *node;
	struct os *os; /* NULL: it has ended */
	int wait;      /* only if it is due */
	int result;
	char why[256];
};

static void
gone(struct taking *t)
{
	struct taking **at;

	for (at = &t->node->takings; *at != t; at = &(*at)->next)
		continue;
	*at = t->next;
	t->os = NULL;
}

static void
take_work(void *arg)
{
	struct taking *t = arg;
	struct cursor from = { 0, 0, 0 };
	struct state *st;

	t->result = -1;
	if ((st = node_state(t->os)) == NULL)
		return;
	t->result = 1;
	if (!t->wait || (t->result = snapshot_due(st, config.period, &from)) == 1)
		t->result = snapshot_take(st);
	memcpy(t->why, st->why, sizeof(t->why));
	state_close(st);
}

static void
goes_on(void *arg, uint64_t number)
{
	struct taking *t = arg;
	struct os *os = t->os;

	if (os == NULL || node_later(t->node, os, goes_on, t, number))
		return;
	switch (node_works_beside(t->node, os, WORK_TAKE, take_work, t)) {
	case PAUSED:
		/* It has low priority, and much to read and to write. */
		queue_in(seed_odds(100) ? seed_below(300 * MILLI) :
					  seed_below(2 * MILLI),
		    goes_on, t, 0);
		return;
	case RAN:
		if (t->result == -1)
			story("%s cannot take a snapshot: %s", t->node->name, t->why);
		gone(t);
		task_end(os);
		return;
	default: /* node_works has ended it, or its machine has */
		if (t->os != NULL)
			gone(t);
	}
}

static void
due(void *arg, uint64_t number)
{
	struct node *n = arg;
	struct taking *t;

	if (node_later(n, NULL, due, n, number))
		return;
	queue_in(seed_range(20, 400) * MILLI, due, n, 0);
	/* One is a role's; an orphan may be at work still. */
	if (config.period == 0 || n->shell == NULL ||
	    (n->takings != NULL && !seed_odds(100)))
		return;
	t = sim_alloc(sizeof(*t));
	t->node = n;
	t->os = task_new(n->machine, "take");
	t->wait = !seed_odds(200);
	t->next = n->takings;
	n->takings = t;
	goes_on(t, 0);
}

void
compact_begin(struct node *n)
{
	queue_in(seed_below(SECOND), due, n, 0);
}

void
compact_kill(struct node *n)
{
	struct taking *t = n->takings;
	struct os *os;

	if (t == NULL)
		return;
	story("%s's taking of a snapshot is killed", n->name);
	os = t->os;
	gone(t);
	task_end(os);
}

void
compact_power_off(struct node *n)
{
	while (n->takings != NULL)
		gone(n->takings);
}

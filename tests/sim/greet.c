/*
 * greet.c - a start is told to the others, and what they answer: the part of begin's
 * greet, of ssh and the gate, and of libexec/node/greet.c.
 */
#include <stdlib.h>
#include <string.h>

#include "core/frame.h"
#include "queue.h"
#include "sim.h"
#include "world.h"

/* One ssh of a start to one peer. */
struct greeting {
	struct start *start;
	struct node *from;
	struct node *to;
	struct frame hello;
	struct buf out; /* what comes back; nothing: the gate has refused */
	int later;      /* from who knows of a start that is later than a copy's */
};

struct answering {
	struct os *os;
	const struct frame *hello;
	struct frame reply;
	struct buf out;
	int knows; /* whoever asks is a member, as far as this node knows */
	int result;
};

static void
hello_work(void *arg)
{
	static const char greeting[] = "motd\n" FRAME_GREETING "\n";
	struct answering *a = arg;
	const struct who *from = &a->hello->from;
	struct state *st;

	a->result = -1;
	if ((st = node_state(a->os)) == NULL)
		return;
	a->knows = members_find(&st->members, from->name, from->id) != -1;
	a->reply = address(st, FRAME_HELLO_REPLY, from);
	a->reply.term = 0;
	a->reply.arg[0] = strcmp(st->cluster, "-") != 0;
	a->reply.arg[1] = seen_raise(st, from, a->hello->arg[0]);
	if (buf_add(&a->out, greeting, sizeof(greeting) - 1) == -1 ||
	    frame_encode(&a->reply, &a->out) == -1 || buf_add(&a->out, "", 1) == -1)
		sim_die("out of memory");
	state_close(st);
	a->result = 0;
}

static void
answer_arrives(void *arg, uint64_t number)
{
	struct greeting *g = arg;

	if (start_waits(g->start, answer_arrives, g, number))
		return;
	if (g->later)
		start_later(g->start, g->to);
	start_heard(g->start, g->to, g->hello.arg[0],
	    g->out.len > 0 ? buf_head(&g->out) : NULL);
}

static void
hello_arrives(void *arg, uint64_t number)
{
	struct greeting *g = arg;
	struct node *n = g->to;
	struct answering a = { .hello = &g->hello };
	const unsigned errors = n->machine->errors;
	enum ended ended = KILLED;
	uint64_t delay;

	if (n->role == ROLE_OFF)
		return;
	/* One that waits may be another of these, which holds the file's lock. */
	if (n->machine->waits != NULL) {
		queue_put(n->machine->hangs_until + 1, hello_arrives, g, number);
		return;
	}
	if (!n->blank) {
		a.os = task_new(n->machine, "hello");
		ended = node_works(n, a.os, WORK_HELLO, hello_work, &a);
	}
	if (ended == POWERED_OFF)
		return;
	if (ended == RAN)
		task_end(a.os);
	if (ended == RAN && a.result == 0) {
		check_said(n->number, &a.reply);
		g->out = a.out;
		if (a.knows && n->machine->errors == errors) {
			check_told(n->number, g->hello.from.id, g->hello.arg[0],
			    a.reply.arg[1]);
			g->later = check_knows_better(g->from->number, n->number);
		}
	}
	if ((delay = net_delay(n->number, g->from->number)) > 0)
		queue_in(delay, answer_arrives, g, 0);
}

void
greetings_go_out(struct start *s, struct node *n, const struct state *st,
    const struct members *m)
{
	struct who to = { "", "-" };
	struct greeting *g;
	uint64_t delay;
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (strcmp(m->who[i].name, n->name) == 0)
			continue;
		g = sim_alloc(sizeof(*g));
		g->start = s;
		g->from = n;
		g->to = node_by_name(m->who[i].name);
		memcpy(to.name, m->who[i].name, sizeof(to.name));
		g->hello = address(st, FRAME_HELLO, &to);
		g->hello.term = 0;
		g->hello.arg[0] = st->boots;
		check_said(n->number, &g->hello);
		if ((delay = net_delay(n->number, g->to->number)) == 0)
			continue;
		/* ssh runs it, at times after its caller has given up. */
		delay += seed_range(5, 60) * MILLI;
		if (seed_odds(config.slow))
			delay += seed_below(6 * SECOND);
		queue_in(delay, hello_arrives, g, 0);
	}
}

/*
 * channel.c - a stream of appends from a lead to a node, through ssh and the
 * gate, and the append filter at its far end.  Several filters of one node live
 * at once: an old leader's and a new one's, or one leader's before and after it
 * has connected anew.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/frame.h"
#include "os/os.h"
#include "queue.h"
#include "sim.h"
#include "step/step.h"
#include "world.h"

#define IDLE_TIMEOUTS 10u /* as in step/append.c */

struct channel {
	struct channel *next; /* of those whose append is on one node */
	struct node *leader;
	struct node *follower;
	deliver *told;
	void *arg;
	struct pipe *there;
	struct pipe *back; /* NULL: the leader's side has closed */
	int waiting;       /* ssh and the gate are on their way */

	struct os *os; /* the append; NULL: there is none */
	struct state *st;
	struct append *append;
	int pid; /* of the role, when the gate looked */
	uint64_t frozen;
	uint64_t heard;
	const char *in;
	size_t n;
	struct buf out;
	int result;
};

/* --- the follower's side -------------------------------------------------- */

static void
append_gone(struct channel *c)
{
	struct channel **at;

	for (at = &c->follower->channels; *at != NULL; at = &(*at)->next) {
		if (*at == c) {
			*at = c->next;
			break;
		}
	}
	c->os = NULL;
	c->append = NULL;
	/* sshd closes the connection behind a process that has ended. */
	if (c->back != NULL)
		pipe_close(c->back);
}

static void
append_ends(struct channel *c)
{
	struct os *os = c->os;

	append_gone(c);
	task_end(os);
}

static void
input_work(void *arg)
{
	struct channel *c = arg;

	c->result = append_input(c->append, c->in, c->n, &c->out);
}

static void
replies_go_out(struct channel *c)
{
	struct frame f;
	const char *why;
	size_t at, used;

	for (at = 0; at < c->out.len; at += used) {
		if (frame_parse(buf_head(&c->out) + at, c->out.len - at, &f, &used,
			&why) != 1)
			violation("FRAME", "append wrote what is no frame: %s", why);
		story("%s: append answer to %s: %s, to %" PRIu64
		      "; its log ends at %" PRIu64 ", term %" PRIu64,
		    c->follower->name, c->leader->name,
		    f.arg[0] == APPENDED_YES       ? "yes" :
			f.arg[0] == APPENDED_NO    ? "no" :
			f.arg[0] == APPENDED_STALE ? "stale" :
						     "full",
		    f.arg[1], f.arg[4], f.term);
		check_said(c->follower->number, &f);
	}
	if (c->back != NULL)
		pipe_send(c->back, buf_head(&c->out), c->out.len);
	buf_cut(&c->out, 0);
}

static void
end_work(void *arg)
{
	struct channel *c = arg;

	c->result = append_end(c->append);
}

static void
wake_work(void *arg)
{
	struct channel *c = arg;

	append_wake(c->append);
}

/* The stream's end was seen, a random moment ago. */
static void
wakes(void *arg, uint64_t number)
{
	struct channel *c = arg;

	if (c->os == NULL || node_later(c->follower, c->os, wakes, c, number))
		return;
	if (node_works(c->follower, c->os, WORK_APPEND, wake_work, c) == RAN)
		append_ends(c);
	else
		append_gone(c);
}

/* The stream's end is seen now. */
static void
ended(struct channel *c)
{
	if (node_works(c->follower, c->os, WORK_APPEND, end_work, c) != RAN)
		append_gone(c);
	else if (c->result == 1)
		queue_in(seed_below(100 * MILLI), wakes, c, 0);
	else
		append_ends(c);
}

static void
idle(void *arg, uint64_t number)
{
	struct channel *c = arg;
	uint64_t most = IDLE_TIMEOUTS * config.timeout;

	if (c->os == NULL || node_later(c->follower, c->os, idle, c, number))
		return;
	if (sim_time() - c->heard >= most)
		append_ends(c);
	else
		queue_put(c->heard + most, idle, c, 0);
}

static uint64_t
to_append(void *arg, const char *p, size_t n)
{
	struct channel *c = arg;

	if (c->waiting)
		return sim_time() + 5 * MILLI;
	if (c->os == NULL)
		return 0;
	if (c->frozen > sim_time())
		return c->frozen;
	if (node_free_at(c->follower, c->os) > 0)
		return node_free_at(c->follower, c->os);
	c->heard = sim_time();
	if (n == 0) {
		ended(c);
		return 0;
	}
	c->in = p;
	c->n = n;
	if (node_works(c->follower, c->os, WORK_APPEND, input_work, c) != RAN) {
		append_gone(c);
		return 0;
	}
	if (c->result == -1) {
		append_ends(c);
		return 0;
	}
	if (c->out.len > 0 &&
	    (c->follower->shell == NULL || task_pid(c->follower->shell) != c->pid))
		violation("RUN",
		    "%s's append from %s answers, and its node has stopped, or was "
		    "started anew",
		    c->follower->name, c->leader->name);
	replies_go_out(c);
	if (c->result == 1) {
		story("%s's append from %s ends: %s", c->follower->name,
		    c->leader->name, c->st->why);
		append_ends(c);
	}
	return 0;
}

static void
begin_work(void *arg)
{
	struct channel *c = arg;

	if ((c->st = node_state(c->os)) != NULL)
		c->append = append_new(c->st, c->pid);
}

/* The gate: looks whether the node runs, then execs append. */
static void
gate(void *arg, uint64_t number)
{
	static const char greeting[] = "motd\n" FRAME_GREETING "\n";
	struct channel *c = arg;
	struct node *n = c->follower;
	enum ended how;

	if (node_later(n, NULL, gate, c, number))
		return;
	c->waiting = 0;
	if (n->shell == NULL || !net_open(c->leader->number, n->number) ||
	    !net_open(n->number, c->leader->number)) {
		if (c->back != NULL && n->role != ROLE_OFF)
			pipe_close(c->back);
		return;
	}
	c->pid = task_pid(n->shell);
	c->os = task_new(n->machine, "append");
	c->next = n->channels;
	n->channels = c;
	if (c->back != NULL)
		pipe_send(c->back, greeting, sizeof(greeting) - 1);
	how = node_works(n, c->os, WORK_APPEND, begin_work, c);
	if (how != RAN)
		append_gone(c);
	else if (c->append == NULL)
		append_ends(c);
	c->heard = sim_time();
	queue_in(IDLE_TIMEOUTS * config.timeout, idle, c, 0);
}

void
filters_power_off(struct node *n)
{
	struct channel *c;

	while ((c = n->channels) != NULL) {
		n->channels = c->next;
		c->os = NULL;
		c->append = NULL;
	}
}

static struct channel *
some_append(struct node *n)
{
	struct channel *c = n->channels;
	size_t i;

	for (i = (size_t)seed_below(3); i > 0 && c != NULL && c->next != NULL; i--)
		c = c->next;
	return c;
}

void
filter_kill(struct node *n)
{
	struct channel *c = some_append(n);

	if (c == NULL)
		return;
	story("%s's append from %s is killed", n->name, c->leader->name);
	append_ends(c);
}

void
filter_freeze(struct node *n, uint64_t until)
{
	struct channel *c = some_append(n);

	if (c == NULL)
		return;
	story("%s's append from %s is frozen", n->name, c->leader->name);
	c->frozen = until;
}

/* --- the leader's side ---------------------------------------------------- */

static uint64_t
to_leader(void *arg, const char *p, size_t n)
{
	struct channel *c = arg;

	return c->told != NULL ? c->told(c->arg, p, n) : 0;
}

struct channel *
channel_open(struct node *leader, struct node *follower, deliver *told, void *arg)
{
	struct channel *c = sim_alloc(sizeof(*c));
	uint64_t delay = seed_range(5, 60) * MILLI;

	c->leader = leader;
	c->follower = follower;
	c->told = told;
	c->arg = arg;
	c->waiting = 1;
	c->there = pipe_new(leader->number, follower->number, to_append, c);
	c->back = pipe_new(follower->number, leader->number, to_leader, c);
	/* A slow login shell; or ssh runs it long after its caller gave up. */
	if (seed_odds(config.slow))
		delay += seed_below(4 * SECOND);
	queue_in(delay, gate, c, 0);
	return c;
}

void
channel_send(struct channel *c, const char *p, size_t n)
{
	pipe_send(c->there, p, n);
}

void
channel_close(struct channel *c, int silently)
{
	c->told = NULL;
	if (c->back != NULL)
		pipe_leave(c->back);
	c->back = NULL;
	if (silently)
		return;
	if (seed_odds(700))
		pipe_close(c->there);
	else
		pipe_break(c->there);
}

void
channel_break(struct channel *c)
{
	pipe_break(c->there);
	if (c->back != NULL)
		pipe_break(c->back);
}

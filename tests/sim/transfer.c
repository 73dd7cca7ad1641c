/*
 * transfer.c - link/send's part: a snapshot on its way from a leader's host to a
 * follower, through ssh and the gate; and what comes of it there, in part, late,
 * or twice.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/frame.h"
#include "os/os.h"
#include "queue.h"
#include "sim.h"
#include "state/transfer.h"
#include "world.h"

/* The far end of one call of ssh: an install. */
struct arrival {
	struct arrival *next; /* of those on one node */
	struct node *node;
	struct node *from;
	struct os *os; /* NULL: it has ended, or has not begun */
	struct state *st;
	struct install *install;
	struct pipe *pipe;
	int pid; /* of the role, when the gate looked */
	int begun;
	int paused;
	struct buf head; /* until the frame is whole */
	struct frame frame;
	uint64_t covered; /* by the node's snapshots, before this one */
	struct buf in;    /* what it is at work on */
	struct buf out;
	int result;
	struct sending *sending; /* who waits for the answer to an offer; NULL */
};

static uint64_t offers[NODES_MAX]; /* to each */

/* The near end: offers, and sends. */
struct sending {
	struct sending *next; /* of those on one node */
	struct node *node;
	struct node *to;
	struct os *os; /* NULL: it has ended */
	struct state *st;
	struct sender *sender;
	struct buf answer;
	struct buf out;
	struct buf all; /* that was sent, for who gets it twice */
	struct pipe *pipe;
	int result;
	char why[256];
};

/* --- the follower's half -------------------------------------------------- */

static void
arrival_gone(struct arrival *a)
{
	struct arrival **at;

	for (at = &a->node->arrivals; *at != NULL; at = &(*at)->next) {
		if (*at == a) {
			*at = a->next;
			break;
		}
	}
	a->os = NULL;
	a->install = NULL;
}

static void
install_work(void *arg)
{
	struct arrival *a = arg;

	if (a->install == NULL) {
		a->result = -1;
		if ((a->st = node_state(a->os)) == NULL)
			return;
		a->install = install_new(a->st, a->pid);
		if (a->install == NULL)
			return;
	}
	if (a->in.len > 0)
		a->result = install_input(a->install, buf_head(&a->in), a->in.len,
		    &a->out);
	else {
		install_short(a->install);
		a->result = TRANSFER_REFUSED;
	}
}

/* "Reply immediately if term < currentTerm" (Figure 13), also at the end. */
static void
check_term(const struct arrival *a)
{
	const struct log_image *l = check_log(a->node->number);
	struct term t;

	if (a->result == TRANSFER_DONE && a->frame.type == FRAME_SNAPSHOT &&
	    a->frame.arg[0] == SNAPSHOT_BYTES && l->covered == a->frame.arg[1] &&
	    l->covered > a->covered &&
	    term_image(a->node->machine, IMAGE_CACHE, &t) == 0 &&
	    t.current_term > a->frame.term)
		violation("TERM",
		    "%s is in term %" PRIu64
		    ", and has installed a snapshot for the leader of term %" PRIu64,
		    a->node->name, t.current_term, a->frame.term);
}

/* Looks at the frame that goes before the bytes. */
static void
head(struct arrival *a, const char *p, size_t n)
{
	const char *why;
	size_t used;

	a->covered = check_log(a->node->number)->covered;
	if (a->frame.from.name[0] != '\0')
		return;
	if (buf_add(&a->head, p, n) == -1)
		sim_die("out of memory");
	if (frame_parse(buf_head(&a->head), a->head.len, &a->frame, &used, &why) != 1)
		memset(&a->frame, 0, sizeof(a->frame));
}

static void answer_goes_back(struct arrival *);

static void
install_goes_on(void *arg, uint64_t number)
{
	struct arrival *a = arg;
	struct os *os = a->os;
	enum ended how;

	if (os == NULL || node_later(a->node, os, install_goes_on, a, number))
		return;
	how = node_works_beside(a->node, os, WORK_INSTALL, install_work, a);
	a->paused = how == PAUSED;
	if (how == PAUSED) {
		queue_in(seed_odds(100) ? seed_below(300 * MILLI) : seed_below(MILLI),
		    install_goes_on, a, 0);
		return;
	}
	buf_cut(&a->in, 0);
	if (how != RAN) {
		arrival_gone(a);
		return;
	}
	check_term(a);
	if (a->out.len > 0 && a->result != -1)
		answer_goes_back(a);
	if (a->result == TRANSFER_ON)
		return;
	story("%s's install from %s ends: %s", a->node->name, a->from->name,
	    a->result == TRANSFER_DONE ? "done" :
		a->st != NULL          ? a->st->why :
					 "no state");
	arrival_gone(a);
	task_end(os);
}

/* The gate looks whether the node runs, and execs install. */
static int
gate(struct arrival *a)
{
	struct node *n = a->node;

	if (n->shell == NULL)
		return 0;
	a->begun = 1;
	a->pid = task_pid(n->shell);
	a->os = task_new(n->machine, "install");
	a->next = n->arrivals;
	n->arrivals = a;
	return 1;
}

static uint64_t
arrives(void *arg, const char *p, size_t n)
{
	struct arrival *a = arg;

	if (!a->begun && (n == 0 || !gate(a)))
		return 0;
	if (a->os == NULL)
		return 0;
	if (a->paused)
		return sim_time() + 2 * MILLI;
	if (node_free_at(a->node, a->os) > 0)
		return node_free_at(a->node, a->os);
	head(a, p, n);
	if (n > 0 && buf_add(&a->in, p, n) == -1)
		sim_die("out of memory");
	install_goes_on(a, 0);
	return 0;
}

static struct arrival *
arrival_new(struct node *from, struct node *to)
{
	struct arrival *a = sim_alloc(sizeof(*a));

	a->from = from;
	a->node = to;
	a->pipe = pipe_new(from->number, to->number, arrives, a);
	return a;
}

/* In pieces, as a network does. */
static void
bytes_go(struct pipe *pipe, const char *p, size_t n)
{
	size_t part;

	while (n > 0) {
		part = seed_odds(500) ? n : (size_t)seed_range(1, n);
		pipe_send(pipe, p, part);
		p += part;
		n -= part;
	}
}

/* --- the leader's half ---------------------------------------------------- */

static void
sending_gone(struct sending *s)
{
	struct sending **at;

	for (at = &s->node->sendings; *at != NULL; at = &(*at)->next) {
		if (*at == s) {
			*at = s->next;
			break;
		}
	}
	if (s->pipe != NULL)
		pipe_close(s->pipe);
	s->pipe = NULL;
	s->os = NULL;
}

static void
sending_ends(struct sending *s, const char *why)
{
	struct os *os = s->os;

	if (os == NULL)
		return;
	story("%s's sending of a snapshot to %s ends: %s", s->node->name, s->to->name,
	    why);
	sending_gone(s);
	task_end(os);
}

/* Somebody else gets it once more, much later: whoever began that ssh is gone. */
struct echo {
	struct node *from, *to;
	struct buf all;
};

static void
comes_again(void *arg, uint64_t number)
{
	struct echo *e = arg;
	struct arrival *a = arrival_new(e->from, e->to);

	(void)number;
	story("what %s sent to %s comes once more", e->from->name, e->to->name);
	bytes_go(a->pipe, buf_head(&e->all), e->all.len);
	pipe_close(a->pipe);
}

static void
echo(struct sending *s)
{
	struct echo *e;

	if (!net_twice() || s->all.len == 0)
		return;
	e = sim_alloc(sizeof(*e));
	e->from = s->node;
	e->to = s->to;
	e->all = s->all;
	memset(&s->all, 0, sizeof(s->all));
	queue_in(seed_below(8 * SECOND), comes_again, e, 0);
}

static void
send_work(void *arg)
{
	struct sending *s = arg;
	const char *why;
	struct frame f;
	size_t used;

	s->result = -1;
	if (s->sender == NULL) {
		if (frame_parse(buf_head(&s->answer), s->answer.len, &f, &used, &why) !=
		    1)
			violation("FRAME", "install wrote what is no frame: %s", why);
		if ((s->st = node_state(s->os)) == NULL)
			return;
		s->result = sender_open(s->st, s->to->name, &f, &s->sender, &s->out);
	} else
		s->result = sender_next(s->sender, &s->out);
	memcpy(s->why, s->st->why, sizeof(s->why));
}

static void
send_goes_on(void *arg, uint64_t number)
{
	struct sending *s = arg;
	struct arrival *a;

	if (s->os == NULL || node_later(s->node, s->os, send_goes_on, s, number))
		return;
	switch (node_works_beside(s->node, s->os, WORK_SEND, send_work, s)) {
	case PAUSED:
		queue_in(seed_below(5 * MILLI), send_goes_on, s, 0);
		return;
	case RAN:
		break;
	default:
		sending_gone(s);
		return;
	}
	if (s->pipe == NULL && s->result != -1 && s->out.len > 0) {
		a = arrival_new(s->node, s->to);
		s->pipe = a->pipe;
	}
	if (s->out.len > 0 && s->result != -1) {
		bytes_go(s->pipe, buf_head(&s->out), s->out.len);
		if (buf_add(&s->all, buf_head(&s->out), s->out.len) == -1)
			sim_die("out of memory");
	}
	buf_cut(&s->out, 0);
	if (s->result == TRANSFER_ON) {
		queue_in(seed_below(20 * MILLI), send_goes_on, s, 0);
		return;
	}
	echo(s);
	sending_ends(s, s->result == TRANSFER_DONE ? "done" : s->why);
}

static void
answer_comes(void *arg, uint64_t number)
{
	struct sending *s = arg;

	(void)number;
	if (s->os == NULL || s->sender != NULL || s->answer.len == 0)
		return;
	send_goes_on(s, 0);
}

static void
answer_goes_back(struct arrival *a)
{
	struct sending *s = a->sending;
	uint64_t delay = net_delay(a->node->number, a->from->number);

	if (delay > 0 && s != NULL && s->os != NULL && s->answer.len == 0) {
		if (buf_add(&s->answer, buf_head(&a->out), a->out.len) == -1)
			sim_die("out of memory");
		queue_in(delay, answer_comes, s, 0);
	}
	buf_cut(&a->out, 0);
}

static void
offer_work(void *arg)
{
	struct sending *s = arg;
	struct state *st;

	s->result = -1;
	if ((st = node_state(s->os)) == NULL)
		return;
	s->result = sender_offer(st, s->to->name, &s->out);
	memcpy(s->why, st->why, sizeof(s->why));
	state_close(st);
}

/* timer limit. */
static void
too_long(void *arg, uint64_t number)
{
	struct sending *s = arg;

	if (!node_later(s->node, s->os, too_long, s, number))
		sending_ends(s, "it takes too long");
}

static void
offer(struct node *n, struct node *to)
{
	struct sending *s = sim_alloc(sizeof(*s));
	struct arrival *a;

	s->node = n;
	s->to = to;
	s->os = task_new(n->machine, "send");
	s->next = n->sendings;
	n->sendings = s;
	if (node_works(n, s->os, WORK_SEND, offer_work, s) != RAN) {
		sending_gone(s);
		return;
	}
	if (s->result != TRANSFER_DONE) {
		sending_ends(s, s->why);
		return;
	}
	story("%s offers %s a snapshot", n->name, to->name);
	offers[to->number]++;
	a = arrival_new(n, to);
	a->sending = s;
	bytes_go(a->pipe, buf_head(&s->out), s->out.len);
	pipe_close(a->pipe);
	buf_cut(&s->out, 0);
	queue_in(10 * SECOND, too_long, s, 0);
}

/* role/leader's loop: whoever is behind is sent one. */
static void
look(void *arg, uint64_t epoch)
{
	struct node *n = arg;
	struct sending *s;
	char path[32];
	size_t i;

	if (n->epoch != epoch || n->role != ROLE_LEADER ||
	    node_later(n, NULL, look, n, epoch))
		return;
	for (i = 0; i < config.nodes; i++) {
		memcpy(path, "run/behind.", 12);
		memcpy(path + 11, nodes[i].name, strlen(nodes[i].name) + 1);
		if (machine_find(n->machine, path, IMAGE_CACHE) == NULL)
			continue;
		for (s = n->sendings; s != NULL && s->to != &nodes[i]; s = s->next)
			continue;
		/* An earlier role's may be at it still. */
		if (s == NULL || seed_odds(50))
			offer(n, &nodes[i]);
		if (n->epoch != epoch)
			return;
	}
	queue_in(seed_range(50, 500) * MILLI, look, n, epoch);
}

void
transfer_begin(struct node *n)
{
	queue_in(seed_below(300 * MILLI), look, n, n->epoch);
}

void
transfer_break(struct node *n)
{
	struct sending *s = n->sendings;
	struct arrival *a = n->arrivals;
	struct os *os;

	if (s != NULL && s->pipe != NULL) {
		story("%s's snapshot for %s breaks off", n->name, s->to->name);
		pipe_break(s->pipe);
		s->pipe = NULL;
		sending_ends(s, "its connection was reset");
	}
	if (a != NULL) {
		story("%s's install is killed", n->name);
		os = a->os;
		arrival_gone(a);
		task_end(os);
	}
}

uint64_t
transfer_offers(const struct node *to)
{
	return offers[to->number];
}

int
transfer_doom(struct node *n, unsigned calls, enum ended how)
{
	if (n->arrivals == NULL || n->arrivals->frame.arg[0] != SNAPSHOT_BYTES)
		return 0;
	task_doom(n->arrivals->os, calls, how);
	return 1;
}

void
transfer_power_off(struct node *n)
{
	while (n->arrivals != NULL)
		arrival_gone(n->arrivals);
	while (n->sendings != NULL) {
		if (n->sendings->pipe != NULL)
			pipe_break(n->sendings->pipe);
		n->sendings->pipe = NULL;
		sending_gone(n->sendings);
	}
}

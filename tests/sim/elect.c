/*
 * elect.c - candidates and voters: role/candidate's part, and the ballots that
 * ssh carries.
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

/* A ballot's count: one process of the tally. */
struct candidacy {
	struct node *node;
	struct os *os;
	struct state *st;
	struct tally tally;
	enum ballot kind;
	enum count result;
	const struct frame *in;
	int failed;
	int over;
};

/* A frame under way, and the candidacy that it belongs to. */
struct letter {
	struct node *from;
	struct node *to;
	struct candidacy *candidacy;
	struct buf bytes;
};

static struct frame
read_frame(const struct buf *b, size_t at, size_t *used)
{
	struct frame f;
	const char *why;

	if (frame_parse(buf_head(b) + at, b->len - at, &f, used, &why) != 1)
		violation("FRAME", "a step wrote what is no frame: %s", why);
	return f;
}

static struct letter *
letter_new(struct node *from, struct node *to, struct candidacy *c, const char *p,
    size_t n)
{
	struct letter *l = sim_alloc(sizeof(*l));

	l->from = from;
	l->to = to;
	l->candidacy = c;
	if (buf_add(&l->bytes, p, n) == -1)
		sim_die("out of memory");
	return l;
}

/* --- the voter ------------------------------------------------------------ */

struct answering {
	struct os *os;
	struct frame in;
	struct buf out;
	int result;
};

static void
answer_work(void *arg)
{
	struct answering *a = arg;
	struct state *st;

	a->result = -1;
	if ((st = node_state(a->os)) == NULL)
		return;
	a->result = vote_answer(st, &a->in, run_timeout(a->os), &a->out);
	state_close(st);
}

/* Where the voter's log ends. */
static void
log_end(const struct node *n, uint64_t *index, uint64_t *term)
{
	const struct log_image *l = check_log(n->number);
	const struct entry *last = log_image_entry(l, l->n);

	*index = l->n;
	*term = last != NULL ? last->record.term : l->covered_term;
}

static void reply_arrives(void *arg, uint64_t number);

static void
ballot_arrives(void *arg, uint64_t number)
{
	struct letter *l = arg, *back;
	struct node *n = l->to;
	struct answering a = { 0 };
	struct frame f;
	uint64_t delay, index, term;
	size_t used;

	/* The gate answers for a stopped node that it is stopped. */
	if (n->shell == NULL || node_later(n, NULL, ballot_arrives, l, number))
		return;
	a.in = read_frame(&l->bytes, 0, &used);
	a.os = task_new(n->machine, "vote");
	log_end(n, &index, &term);
	if (node_works(n, a.os, WORK_VOTE, answer_work, &a) != RAN)
		return;
	task_end(a.os);
	/* The error's end of the process comes before its reply is written. */
	if (a.result == -1 || a.out.len == 0)
		return;
	f = read_frame(&a.out, 0, &used);
	story("%s: %s answer term %" PRIu64 " from %s: log %" PRIu64 "@%" PRIu64
	      " %s %" PRIu64 "@%" PRIu64 " -> %s",
	    n->name, a.in.arg[0] == BALLOT_PRE ? "prevote" : "vote", a.in.term,
	    l->from->name, a.in.arg[1], a.in.arg[2],
	    a.in.arg[2] < term || (a.in.arg[2] == term && a.in.arg[1] < index) ?
		"older than" :
		"not older than",
	    index, term, f.arg[1] == 1 ? "yes" : "no");
	check_said(n->number, &f);
	if ((delay = net_delay(n->number, l->from->number)) == 0)
		return;
	back = letter_new(n, l->from, l->candidacy, buf_head(&a.out), a.out.len);
	queue_in(delay, reply_arrives, back, 0);
	if (net_twice())
		queue_in(delay + seed_below(SECOND), reply_arrives, back, 0);
}

/* --- the candidate -------------------------------------------------------- */

static void
end_work(void *arg)
{
	struct candidacy *c = arg;

	c->failed = tally_end(&c->tally, c->st, &c->result) == -1;
}

static void
lead_now(void *arg, uint64_t epoch)
{
	struct node *n = arg;

	if (node_later(n, NULL, lead_now, n, epoch))
		return;
	if (n->epoch == epoch && n->role == ROLE_CANDIDATE)
		leading_begin(n);
}

/* A majority, or none to be had: the tally's last piece of work. */
static void
counted(struct candidacy *c)
{
	struct node *n = c->node;

	if (node_works(n, c->os, WORK_VOTE, end_work, c) != RAN) {
		c->os = NULL;
		if (n->candidacy == c)
			node_not_elected(n);
		return;
	}
	candidate_end(n);
	if (c->failed || c->result != COUNT_WON) {
		node_not_elected(n);
		return;
	}
	story("%s: wins its %s of term %" PRIu64, n->name,
	    c->kind == BALLOT_PRE ? "prevote" : "ballot", c->tally.term);
	if (c->kind == BALLOT_PRE) {
		candidate_begin(n, BALLOT_REAL);
		return;
	}
	n->elected = c->tally.term;
	/* An exec takes a moment, in which the term may move on. */
	n->epoch++;
	queue_in(seed_below(60 * MILLI), lead_now, n, n->epoch);
}

static void
add_work(void *arg)
{
	struct candidacy *c = arg;

	c->result = tally_add(&c->tally, c->in);
}

static void
reply_arrives(void *arg, uint64_t number)
{
	struct letter *l = arg;
	struct node *n = l->to;
	struct candidacy *c = l->candidacy;
	struct frame f;
	size_t used;

	if (node_later(n, c->os, reply_arrives, l, number))
		return;
	/* A reply that comes late must count for nothing, whoever reads it. */
	if (c->over && n->candidacy != NULL && seed_odds(500))
		c = n->candidacy;
	if (c->over || c->os == NULL)
		return;
	f = read_frame(&l->bytes, 0, &used);
	c->in = &f;
	if (node_works(n, c->os, WORK_VOTE, add_work, c) != RAN) {
		c->os = NULL;
		if (n->candidacy == c)
			node_not_elected(n);
		return;
	}
	if (c->result != COUNT_OPEN)
		counted(c);
}

static void
time_is_up(void *arg, uint64_t number)
{
	struct candidacy *c = arg;

	if (!c->over && node_later(c->node, c->os, time_is_up, c, number))
		return;
	if (!c->over && c->os != NULL)
		counted(c);
}

struct asking {
	struct os *os;
	enum ballot kind;
	struct buf out;
	int result;
	char why[256];
};

static void
ask_work(void *arg)
{
	struct asking *a = arg;
	struct state *st;

	a->result = -1;
	if ((st = node_state(a->os)) == NULL)
		return;
	a->result = vote_ask(st, a->kind, run_timeout(a->os), &a->out);
	memcpy(a->why, st->why, sizeof(a->why));
	state_close(st);
}

static void
begin_work(void *arg)
{
	struct candidacy *c = arg;

	c->failed = 1;
	if ((c->st = node_state(c->os)) == NULL)
		return;
	c->failed = tally_begin(&c->tally, c->st, c->kind) == -1;
	c->result = tally_count(&c->tally);
}

static void
ballots_go_out(struct candidacy *c, const struct buf *out)
{
	struct letter *l;
	struct frame f;
	struct node *to;
	size_t at, used;
	uint64_t delay;

	for (at = 0; at < out->len; at += used) {
		f = read_frame(out, at, &used);
		check_said(c->node->number, &f);
		to = node_by_name(f.to.name);
		l = letter_new(c->node, to, c, buf_head(out) + at, used);
		if ((delay = net_delay(c->node->number, to->number)) > 0)
			queue_in(delay, ballot_arrives, l, 0);
		if (delay > 0 && net_twice())
			queue_in(delay + seed_below(2 * SECOND), ballot_arrives, l, 0);
	}
}

void
candidate_begin(struct node *n, enum ballot kind)
{
	struct candidacy *c = sim_alloc(sizeof(*c));
	struct asking a = { .kind = kind };
	uint64_t limit = config.timeout;
	enum ended ended;

	n->role = ROLE_CANDIDATE;
	n->epoch++;
	a.os = task_new(n->machine, "ask");
	if ((ended = node_works(n, a.os, WORK_VOTE, ask_work, &a)) == POWERED_OFF)
		return;
	if (ended == RAN)
		task_end(a.os);
	if (ended == KILLED || a.result != 0) {
		if (ended == RAN)
			story("%s: may not campaign: %s", n->name, a.why);
		node_not_elected(n);
		return;
	}
	story("%s: asks for %s", n->name, kind == BALLOT_PRE ? "prevotes" : "votes");
	c->node = n;
	c->kind = kind;
	n->candidacy = c;
	ballots_go_out(c, &a.out);
	buf_free(&a.out);

	c->os = task_new(n->machine, "tally");
	if (node_works(n, c->os, WORK_VOTE, begin_work, c) != RAN) {
		c->os = NULL;
		if (n->candidacy == c)
			node_not_elected(n);
		return;
	}
	if (c->failed) {
		node_not_elected(n);
		return;
	}
	if (c->result != COUNT_OPEN) {
		counted(c);
		return;
	}
	if (limit < 2 * SECOND)
		limit = 2 * SECOND;
	queue_in(limit, time_is_up, c, 0);
}

void
candidate_end(struct node *n)
{
	struct candidacy *c = n->candidacy;

	if (c == NULL)
		return;
	n->candidacy = NULL;
	c->over = 1;
	if (c->os != NULL)
		task_end(c->os);
	c->os = NULL;
}

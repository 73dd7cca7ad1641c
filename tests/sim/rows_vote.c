/*
 * rows_vote.c - the rows about votes.
 */
#include <inttypes.h>
#include <string.h>

#include "core/rules.h"
#include "rows.h"
#include "sim.h"
#include "step/step.h"
#include "world.h"

#define CALLS 40u /* more than a vote makes of the system */

static const struct fate unharmed = { 0, RAN };

/* Two candidates ask by turns, also after a loss of power: one gets the vote. */
static void
ask_both(struct node *n)
{
	size_t i;

	for (i = 0; i < 6; i++) {
		(void)tell_ballot(n, &nodes[1 + i % 2], BALLOT_REAL, 1, 1, 0, unharmed);
		if (i == 3) {
			node_power_off(n);
			node_power_on(n);
		}
	}
}

/* F2: the vote ends in each of its calls; torn in many ways. */
static void
row_f2(uint64_t number, void *result)
{
	struct fate fate = { 1 + (unsigned)(number / 2 % CALLS),
		number % 2 ? POWERED_OFF : KILLED };
	struct node *n;
	struct response t;

	(void)result;
	seed_set(number);
	n = row_node();
	t = tell_ballot(n, &nodes[1], BALLOT_REAL, 1, 1, 0, fate);
	(void)row_back(n, t);
	/* Its reply, if there was one, may be lost: the other one asks first. */
	(void)tell_ballot(n, &nodes[2], BALLOT_REAL, 1, 1, 0, unharmed);
	ask_both(n);
}

/* F43: the n-th sync fails; the page cache forgets, the power goes. */
static void
row_f43(uint64_t number, void *result)
{
	struct node *n;
	struct response t;

	(void)result;
	seed_set(number);
	n = row_node();
	n->machine->sync_fails = 1 + (unsigned)(number % 5);
	t = tell_ballot(n, &nodes[1], BALLOT_REAL, 1, 1, 0, unharmed);
	if (t.replied != (t.result != -1))
		violation("F43", "a vote whose sync failed was answered");
	n->machine->sync_fails = 0;
	if (number / 5 % 2)
		machine_evict(n->machine);
	check_evicted(n->number);
	(void)tell_ballot(n, &nodes[2], BALLOT_REAL, 1, 1, 0, unharmed);
	ask_both(n);
}

/* F3: all pairs of (last term, last index), by the sentence of §5.4.1. */
static void
row_f3(uint64_t number, void *result)
{
	const uint64_t index = number % 5, term = number / 5 % 5;
	const uint64_t mine_index = number / 25 % 5, mine_term = number / 125 % 5;
	struct voter v;
	struct frame f;
	struct vote_answer a;
	int wanted = term > mine_term || (term == mine_term && index >= mine_index);

	(void)result;
	memset(&v, 0, sizeof(v));
	memset(&f, 0, sizeof(f));
	memcpy(&v.term.voted_for, &(struct who){ "-", "-" }, sizeof(v.term.voted_for));
	v.last_index = mine_index;
	v.last_term = mine_term;
	f.type = FRAME_VOTE;
	memcpy(&f.from, &(struct who){ "b", "0123456789abcdef" }, sizeof(f.from));
	f.term = 9;
	f.arg[0] = BALLOT_REAL;
	f.arg[1] = index;
	f.arg[2] = term;
	a = rule_vote(&v, &f);
	if (a.granted != wanted)
		violation("F3",
		    "a log that ends at %" PRIu64 "@%" PRIu64
		    " asks one that ends at %" PRIu64 "@%" PRIu64 ": %s",
		    index, term, mine_index, mine_term, a.granted ? "yes" : "no");
}

/* A tally's process, which lives while others change the node. */
struct counting {
	struct os *os;
	struct state *st;
	struct tally tally;
	struct frame reply;
	enum count result;
	int failed;
};

static void
tally_begin_work(void *arg)
{
	struct counting *c = arg;

	c->failed = (c->st = node_state(c->os)) == NULL ||
	    tally_begin(&c->tally, c->st, BALLOT_PRE) == -1;
}

static void
tally_end_work(void *arg)
{
	struct counting *c = arg;

	c->result = tally_add(&c->tally, &c->reply);
	c->failed = tally_end(&c->tally, c->st, &c->result) == -1;
}

/*
 * F4: while votes are counted, another leads, and appends; then a reply of a newer
 * term comes.  What the tally knew of the log is old.
 */
static void
row_f4(uint64_t number, void *result)
{
	struct counting c;
	struct buf in = { 0 };
	struct response t;
	struct book b;
	struct node *n;

	(void)result;
	memset(&c, 0, sizeof(c));
	seed_set(number);
	n = row_node();
	c.os = task_new(n->machine, "tally");
	if (node_works(n, c.os, WORK_VOTE, tally_begin_work, &c) != RAN || c.failed)
		sim_die("no tally");
	book_copy(&b, n, 1);
	while (b.n < 5)
		book_add(&b, 1, 200, 0);
	book_frame(&b, n, &nodes[2], 1, 2, 5, 0, &in);
	(void)tell_append(n, &in, unharmed);
	c.reply = frame_between(&nodes[1 + number % 2], n, FRAME_VOTED, 2 + number / 2);
	c.reply.seq = 1;
	c.reply.arg[0] = BALLOT_PRE;
	if (node_works(n, c.os, WORK_VOTE, tally_end_work, &c) != RAN || c.failed)
		sim_die("no end of the tally");
	task_end(c.os);
	if (c.result == COUNT_WON)
		violation("F4", "a vote against it wins");
	t = tell_ballot(n, &nodes[1], BALLOT_REAL, 9, 1, 0, unharmed);
	if (!t.replied || t.reply.arg[1] != 0)
		violation("F4",
		    "a log that ends at 1 gets the vote of one that ends at 5");
	row_holds(n, &b, 5);
	node_power_off(n);
	node_power_on(n);
	row_holds(n, &b, 5);
}

const struct row rows_vote[] = {
	{ "F2", row_f2, 2 * CALLS * 6 },
	{ "F3", row_f3, 625 },
	{ "F4", row_f4, 6 },
	{ "F43", row_f43, 60 },
	{ NULL, NULL, 0 },
};

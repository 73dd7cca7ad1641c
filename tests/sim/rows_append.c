/*
 * rows_append.c - the rows about appends: a follower of the first node of three,
 * whose leaders are made up.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "queue.h"
#include "rows.h"
#include "sim.h"
#include "step/step.h"
#include "world.h"

#define CALLS 120u /* more than any append here makes of the system */

static const struct fate unharmed = { 0, RAN };

/* The follower gets entries first..last of b in one frame: the reply. */
static struct response
give(struct node *n, const struct book *b, uint64_t term, uint64_t first, uint64_t last,
    struct fate fate)
{
	struct buf in = { 0 };
	struct response t;

	book_frame(b, n, &nodes[1 + term % 2], term, first, last, 0, &in);
	t = tell_append(n, &in, fate);
	buf_free(&in);
	return t;
}

static void
expect(struct response t, enum appended result, uint64_t verified)
{
	if (!t.replied || t.reply.arg[0] != result ||
	    (result == APPENDED_YES && t.reply.arg[1] != verified))
		violation("APPEND",
		    "it was to answer %d up to %" PRIu64
		    ", and answered %d up to %" PRIu64,
		    (int)result, verified, t.replied ? (int)t.reply.arg[0] : -1,
		    t.reply.arg[1]);
}

static void
lose_power(struct node *n)
{
	node_power_off(n);
	node_power_on(n);
}

/* A node with eight entries of term 1 over some segments, in b. */
static struct node *
node_with(struct book *b, uint64_t entries, size_t bytes)
{
	struct node *n = row_node();

	book_copy(b, n, 1);
	while (b->n < entries)
		book_add(b, 1, bytes, 0);
	if (entries > 1)
		expect(give(n, b, 1, 2, entries, unharmed), APPENDED_YES, entries);
	row_holds(n, b, entries);
	return n;
}

/*
 * F42, F65: a batch of some sectors of which any subset reaches the disk: what is
 * left is the beginning of it, and nothing is called damaged.
 */
static void
row_f42(uint64_t number, void *result)
{
	static const size_t zeros[] = { 0, 40, 300, 700, 512 };
	const unsigned calls = 8 + (unsigned)(number / 128 % 12);
	const size_t shape = (size_t)(number / 128 / 12);
	struct fate fate = { calls, POWERED_OFF };
	const struct log_image *l;
	struct book b;
	struct node *n;
	uint32_t chain;
	uint64_t had;

	(void)result;
	seed_set(number);
	n = node_with(&b, 3, 60);
	config.segment_bytes = 4096;
	had = b.n;
	book_add(&b, 1, 700, zeros[shape % 5]);
	book_add(&b, 1, 200 + 17 * shape, 0);
	book_add(&b, 1, 900, zeros[(shape + 1) % 5]);
	machine_keep(number % 128);
	(void)row_back(n, give(n, &b, 1, had + 1, b.n, fate));
	l = check_log(n->number);
	if (l->n < had || !log_image_chain(l, l->n, &chain) ||
	    chain != b.record[l->n - 1].chain)
		violation("F42", "of a torn batch, %zu entries are left", l->n);
	machine_keep(0);
	expect(give(n, &b, 1, had + 1, b.n, unharmed), APPENDED_YES, b.n);
	lose_power(n);
	row_holds(n, &b, b.n);
}

/*
 * F10: a conflict cuts what follows, over segments, and ends in each of its calls;
 * F63: another one reads what that one left, and acknowledges; then the power goes.
 */
static void
row_f10(uint64_t number, void *result)
{
	struct fate fate = { 1 + (unsigned)(number / 4 % CALLS),
		number % 2 ? POWERED_OFF : KILLED };
	struct book old, new;
	struct node *n;
	struct response t;

	(void)result;
	seed_set(number);
	n = node_with(&old, 8, 300);
	book_copy(&new, n, 4);
	book_add(&new, 2, 200, 0);
	book_add(&new, 2, 900, 500);
	t = give(n, &new, 2, 4, 6, fate);
	(void)row_back(n, t);
	if (number / 2 % 2)
		machine_keep(0);
	/* The leader looks where they agree, and the answer must be true. */
	t = give(n, &new, 2, 4, 3, unharmed);
	expect(t, APPENDED_YES, 3);
	t = give(n, &new, 2, 7, 6, unharmed);
	if (t.replied && t.reply.arg[0] == APPENDED_YES)
		lose_power(n);
	expect(give(n, &new, 2, 4, 6, unharmed), APPENDED_YES, 6);
	lose_power(n);
	row_holds(n, &new, 6);
}

/* F43: the n-th sync of such a cut fails, and the next process goes on. */
static void
row_f43(uint64_t number, void *result)
{
	struct book old, new;
	struct node *n;
	struct response t;

	(void)result;
	seed_set(number);
	n = node_with(&old, 8, 300);
	book_copy(&new, n, 4);
	book_add(&new, 2, 200, 0);
	book_add(&new, 2, 900, 500);
	n->machine->sync_fails = 1 + (unsigned)(number % 12);
	t = give(n, &new, 2, 4, 6, unharmed);
	if (t.replied != (t.result != -1))
		violation("F43", "an append whose sync failed was answered");
	n->machine->sync_fails = number / 12 % 3 ? 1 + (unsigned)(number / 36 % 8) : 0;
	(void)give(n, &new, 2, 7, 6, unharmed);
	n->machine->sync_fails = 0;
	if (number / 12 % 2) {
		machine_evict(n->machine);
		check_evicted(n->number);
	}
	expect(give(n, &new, 2, 4, 6, unharmed), APPENDED_YES, 6);
	lose_power(n);
	row_holds(n, &new, 6);
}

/* F44: no space, so many bytes before the end; and space again. */
static void
row_f44(uint64_t number, void *result)
{
	struct book b;
	struct node *n;
	struct response t;

	(void)result;
	seed_set(number);
	n = node_with(&b, 3, 60);
	while (b.n < 9)
		book_add(&b, 1, 400, 100);
	n->machine->full = 1 + (int)(number % 2);
	n->machine->space = number / 2 * 64;
	t = give(n, &b, 1, 4, 9, unharmed);
	if (t.replied && t.reply.arg[0] == APPENDED_FULL)
		row_holds(n, &b, 3);
	n->machine->full = 0;
	if (number / 2 % 2)
		lose_power(n);
	expect(give(n, &b, 1, 4, 9, unharmed), APPENDED_YES, 9);
	lose_power(n);
	row_holds(n, &b, 9);
}

/*
 * F44, F46: a segment that found no room; what is smaller is written in the one
 * before; then any part of what is not durable yet is lost, names too.
 */
static void
row_f46(uint64_t number, void *result)
{
	struct book large, small;
	struct node *n;

	(void)result;
	seed_set(number);
	n = node_with(&small, 3, 60);
	book_copy(&large, n, 3);
	book_add(&large, 1, 900, 0);
	book_add(&small, 2, 10, 0);
	book_add(&small, 2, 10, 0);
	n->machine->full = 1;
	n->machine->space = 64 + number % 4 * 256;
	(void)give(n, &large, 1, 4, 4, unharmed);
	row_holds(n, &large, 3);
	expect(give(n, &small, 2, 4, 5, unharmed), APPENDED_YES, 5);
	n->machine->full = 0;
	lose_power(n);
	row_holds(n, &small, 5);
}

/*
 * A start whose n-th read fails, of a node whose cache of the members has to come from
 * its log: it starts with those, or does not start.
 */
static void
row_read(uint64_t number, void *result)
{
	struct book b;
	struct node *n;

	(void)result;
	seed_set(number);
	n = node_with(&b, 8, 300);
	node_power_off(n);
	machine_write(n->machine, "state/members", "x\n");
	n->machine->read_fails = 1 + (unsigned)(number / 2);
	node_power_on(n);
	if (n->shell != NULL)
		row_holds(n, &b, 8);
	/* The next one comes to its end. */
	n->machine->read_fails = 0;
	if (n->shell == NULL)
		node_start(n);
	row_holds(n, &b, 8);
}

/* F9: appends and heartbeats that come late, or again, cut nothing that matches. */
static void
row_f9(uint64_t number, void *result)
{
	const uint64_t first = 2 + number % 9, last = first + number / 9 % 9 - 1;
	struct book b;
	struct node *n;

	(void)result;
	seed_set(number);
	n = node_with(&b, 10, 50);
	if (last > 10)
		return;
	expect(give(n, &b, 1, first, last, unharmed), APPENDED_YES, last);
	row_holds(n, &b, 10);
}

/* F11: the commit index stops at what this very request has verified. */
static void
row_f11(uint64_t number, void *result)
{
	struct buf in = { 0 };
	struct book old, new;
	struct node *n;

	(void)result;
	seed_set(number);
	n = node_with(&old, 8, 50);
	/* The leader's log differs from index 5 on; it asks about less. */
	book_copy(&new, n, 4);
	while (new.n < 8)
		book_add(&new, 2, 50, 0);
	book_frame(&new, n, &nodes[1], 2, 2 + number, 1 + number, 8, &in);
	check_unwatched(n->number);
	expect(tell_append(n, &in, unharmed), APPENDED_YES, 1 + number);
	if (number_image(n->machine, "run/commit_index") != 1 + number)
		violation("F11",
		    "commit index %" PRIu64 ", and %" PRIu64 " is verified",
		    number_image(n->machine, "run/commit_index"), 1 + number);
}

/* F12: what is committed is never cut, wherever the leader begins. */
static void
row_f12(uint64_t number, void *result)
{
	struct buf in = { 0 };
	struct book old, new;
	struct node *n;

	(void)result;
	seed_set(number);
	n = node_with(&old, 8, 50);
	check_unwatched(n->number);
	book_frame(&old, n, &nodes[2], 1, 9, 8, 6, &in);
	expect(tell_append(n, &in, unharmed), APPENDED_YES, 8);
	/* From behind its commit index: matches, and changes nothing. */
	expect(give(n, &old, 1, 2 + number % 5, 8, unharmed), APPENDED_YES, 8);
	row_holds(n, &old, 8);
	/* And one that would change it is no leader. */
	book_copy(&new, n, 1 + number % 5);
	while (new.n < 8)
		book_add(&new, 2, 60, 0);
	(void)give(n, &new, 2, 2 + number % 5, 8, unharmed);
	row_holds(n, &old, 8);
}

/* F13: a batch with a hole, or an index twice, or out of order, is refused whole. */
static void
row_f13(uint64_t number, void *result)
{
	struct buf in = { 0 };
	struct book b, bad;
	struct node *n;
	struct response t;
	uint64_t i;

	(void)result;
	seed_set(number);
	n = node_with(&b, 4, 50);
	while (b.n < 8)
		book_add(&b, 1, 50, 0);
	/* The frame has entries 5 to 8, of which one is another's place. */
	bad = b;
	bad.bytes = (struct buf){ 0 };
	bad.off = sim_alloc(8 * sizeof(*bad.off));
	for (i = 0; i < 8; i++) {
		uint64_t from = i;

		if (number < 16 && i == 4 + number / 4)
			from = 4 + number % 4;
		if (number >= 16 && i >= 4 + number % 4)
			from = i + 1 < 8 ? i + 1 : 7;
		bad.off[i] = bad.bytes.len;
		if (buf_add(&bad.bytes, buf_head(&b.bytes) + b.off[from],
			record_size(&b.record[from])) == -1)
			sim_die("out of memory");
	}
	check_unwatched(n->number);
	book_frame_unchecked(&bad, n, &nodes[2], 1, 5, 8, &in);
	if (number < 16 && number / 4 == number % 4)
		return; /* each is in its place */
	t = tell_append(n, &in, unharmed);
	if (t.replied || t.result != 1)
		violation("F13", "a batch out of order was answered");
	row_holds(n, &b, 4);
}

struct asking {
	struct os *os;
	struct buf out;
	int result;
};

static void
ask_work(void *arg)
{
	struct asking *a = arg;
	struct state *st;

	a->result = -1;
	if ((st = node_state(a->os)) == NULL)
		return;
	a->result = vote_ask(st, BALLOT_REAL, run_timeout(a->os), &a->out);
	state_close(st);
}

/* Fills a node's log from its second entry on, in runs of a term each. */
static void
fill(struct book *b, struct node *n, uint64_t first_term, uint64_t runs, uint64_t by)
{
	uint64_t i;

	book_copy(b, n, 1);
	for (i = 0; i < 10000; i++)
		book_add(b, first_term + 2 * (i * runs / 10000), 20, 0);
	for (i = 2; i <= b->n; i += 500)
		expect(give(n, b, by, i, i + 499 < b->n ? i + 499 : b->n, unharmed),
		    APPENDED_YES, i + 499 < b->n ? i + 499 : b->n);
}

/* F16: 10,000 entries that differ, in one term, in three, in twenty: few rounds, and
 * many entries in each append. */
static void
row_f16(uint64_t number, void *result)
{
	static const uint64_t runs[] = { 1, 3, 20 };
	struct node *follower, *leader = &nodes[1];
	struct asking a = { 0 };
	struct book mine, theirs;
	uint64_t appends, refusals;
	uint32_t chain;

	(void)result;
	seed_set(number);
	follower = row_node();
	config.segment_bytes = 256u * 1024;
	fill(&theirs, follower, 2, runs[number], 1001);
	fill(&mine, leader, 3, runs[number], 1003);
	node_power_off(&nodes[2]);
	/* Nobody is heard any more, nobody else stands, nobody comes back. */
	sim_set_time(sim_time() + 5 * SECOND);
	follower->epoch++;
	nodes[2].epoch++;
	a.os = task_new(leader->machine, "ask");
	if (node_works(leader, a.os, WORK_VOTE, ask_work, &a) != RAN || a.result != 0)
		sim_die("it may not ask");
	task_end(a.os);
	refusals = check_refusals();
	appends = check_appends();
	leading_begin(leader);
	while (!log_image_chain(check_log(0), 10001, &chain) ||
	    chain != mine.record[10000].chain)
		if (!queue_step(60 * SECOND))
			violation("F16", "the follower has not got the leader's log");
	if (check_refusals() - refusals > runs[number] + 4)
		violation("F16", "%" PRIu64 " rounds, for %" PRIu64 " terms",
		    check_refusals() - refusals, runs[number]);
	if (check_appends() - appends > 100)
		violation("F16", "%" PRIu64 " appends, for 10,000 entries",
		    check_appends() - appends);
}

const struct row rows_append[] = {
	{ "F9", row_f9, 81 },
	{ "F10", row_f10, 4 * CALLS * 4 },
	{ "F11", row_f11, 4 },
	{ "F12", row_f12, 5 },
	{ "F13", row_f13, 19 },
	{ "F16", row_f16, 3 },
	{ "F42", row_f42, 128 * 12 * 5 },
	{ "F43", row_f43, 12 * 3 * 8 },
	{ "F44", row_f44, 2 * 128 },
	{ "F46", row_f46, 80 },
	{ "read", row_read, 80 },
	{ NULL, NULL, 0 },
};

/*
 * rows_cluster.c - the rows about a whole cluster, in calm weather but for what
 * the row is about.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/num.h"
#include "core/words.h"
#include "history.h"
#include "queue.h"
#include "rows.h"
#include "sim.h"
#include "watched.h"
#include "world.h"

#define CALLS 60u /* of an install, at most */

static void
pass(uint64_t ns)
{
	uint64_t end = sim_time() + ns;

	while (queue_step(end))
		continue;
	sim_set_time(end);
}

/* So many nodes, the first of them members, started at once; with a client or two. */
static void
cluster_of(uint64_t seed, size_t count, size_t formed, size_t clients)
{
	const struct weather calm = { .delay = MILLI, .spread = MILLI };
	size_t i;

	seed_set(seed);
	memset(&config, 0, sizeof(config));
	config.nodes = count;
	config.formed = formed;
	config.timeout = SECOND;
	config.segment_bytes = 16384;
	config.window = UINT64_MAX;
	config.clients = clients;
	config.keys = 2;
	config.pause = 20 * MILLI;
	net_set(&calm);
	nodes_make();
	for (i = 0; i < formed; i++)
		node_start(&nodes[i]);
	clients_begin();
}

static void
cluster(uint64_t seed, size_t count, size_t clients)
{
	cluster_of(seed, count, count, clients);
}

static struct node *
leader(void)
{
	struct node *n = NULL;
	size_t i;

	for (i = 0; i < config.nodes; i++)
		if (nodes[i].role == ROLE_LEADER && nodes[i].leading != NULL)
			n = &nodes[i];
	return n;
}

static struct node *
elected(const char *row, uint64_t limit)
{
	uint64_t end = sim_time() + limit;

	while (leader() == NULL || check_commit() < 2)
		if (!queue_step(end))
			violation(row, "nobody leads after %" PRIu64 " ms",
			    limit / MILLI);
	return leader();
}

static uint64_t
term_of(const struct node *n)
{
	struct term t;

	if (term_image(n->machine, IMAGE_CACHE, &t) == -1)
		sim_die("%s has no term", n->name);
	return t.current_term;
}

/*
 * F6: a follower is cut off, both ways or one, for ten election timeouts, and comes
 * back: the leader leads on in its term.
 */
static void
row_f6(uint64_t number, void *result)
{
	struct node *l, *n;
	uint64_t term;
	size_t i;

	(void)result;
	/* Where nobody writes, its log is as good as any all the while. */
	cluster(number, 3, number / 6 % 2);
	l = elected("F6", 10 * SECOND);
	pass(SECOND);
	term = term_of(l);
	n = &nodes[(l->number + 1 + number % 2) % 3];
	for (i = 0; i < 3; i++) {
		if (number / 2 % 3 != 0)
			net_cut(i, n->number, i != n->number);
		if (number / 2 % 3 != 1)
			net_cut(n->number, i, i != n->number);
	}
	pass(10 * SECOND);
	if (leader() != l || term_of(l) != term)
		violation("F6", "%s was unseated while %s was cut off", l->name,
		    n->name);
	net_heal();
	pass(10 * SECOND);
	if (leader() != l || term_of(l) != term || term_of(n) != term)
		violation("F6", "%s came back, and unseated %s", n->name, l->name);
	if (check_log(n->number)->n < check_commit())
		violation("F6", "%s has not caught up", n->name);
}

/* F8: five nodes whose time is up at once, after a loss of power of all. */
static void
row_f8(uint64_t number, void *result)
{
	uint64_t now;
	size_t i;

	(void)result;
	cluster(number, 5, 0);
	(void)elected("F8", 10 * SECOND);
	for (i = 0; i < 5; i++)
		node_power_off(&nodes[i]);
	for (i = 0; i < 5; i++)
		node_power_on(&nodes[i]);
	for (i = 0; i < 5; i++)
		candidate_begin(&nodes[i], BALLOT_PRE);
	now = check_commit();
	for (i = 0; i < 100 && check_commit() == now; i++)
		pass(100 * MILLI);
	if (check_commit() == now)
		violation("F8", "five candidates at once have elected nobody in 10 s");
}

/* F18: a follower's append hangs; the others are not kept waiting. */
static void
row_f18(uint64_t number, void *result)
{
	size_t before, done;
	struct node *l, *n;

	(void)result;
	cluster(number, 3, 2);
	l = elected("F18", 10 * SECOND);
	pass(SECOND);
	n = &nodes[(l->number + 1 + number % 2) % 3];
	filter_freeze(n, sim_time() + 4 * SECOND);
	before = history_acknowledged();
	pass(3 * SECOND);
	done = history_acknowledged() - before;
	if (leader() != l || done < 60)
		violation("F18", "in 3 s, %zu writes while %s hangs", done, n->name);
}

/* A client that asks one thing, of one leader. */
struct reader {
	struct deed *op;
	struct buf in;
};

static uint64_t
reader_told(void *arg, const char *p, size_t n)
{
	struct reader *r = arg;
	struct words w = { 0 };
	const char *newline, *why;

	if (buf_add(&r->in, p, n) == -1)
		sim_die("out of memory");
	while (r->in.len > 0 &&
	    (newline = memchr(buf_head(&r->in), '\n', r->in.len)) != NULL) {
		n = (size_t)(newline - buf_head(&r->in));
		if (words_parse(&w, buf_head(&r->in), n, &why) == -1 || w.n == 0)
			violation("CLIENT", "the answer can't be read");
		buf_eat(&r->in, n + 1);
		if (strcmp(w.word[0].bytes, "hello") == 0)
			continue;
		if (strcmp(w.word[0].bytes, "0") == 0 && w.n == 2) {
			r->op->got = sim_alloc(w.word[1].len + 1);
			r->op->got_len = w.word[1].len;
			memcpy(r->op->got, w.word[1].bytes, w.word[1].len);
		}
		history_ends(r->op,
		    strcmp(w.word[0].bytes, "0") == 0     ? TOLD_YES :
			strcmp(w.word[0].bytes, "1") == 0 ? TOLD_NO :
							    TOLD_NOT_DONE,
		    check_commit());
	}
	words_free(&w);
	return 0;
}

/*
 * F36: a leader is stopped, with its followers' answers unread, and cut off;
 * another is elected and writes; the first goes on and is read from.
 */
static void
row_f36(uint64_t number, void *result)
{
	static const char ask[] = "get k0\n";
	struct reader r = { 0 };
	struct connection *c;
	struct node *l;
	uint64_t thaw;
	size_t i;

	(void)result;
	cluster(number, 3, 3);
	l = elected("F36", 10 * SECOND);
	pass(SECOND + seed_below(SECOND));
	c = connection_open(l, reader_told, &r);
	if (c == NULL)
		sim_die("no connection");
	pass(100 * MILLI + seed_below(100 * MILLI));
	thaw = sim_time() + 6 * SECOND;
	leading_freeze(l, thaw);
	pass(4 * MILLI);
	for (i = 0; i < 3; i++) {
		net_cut(i, l->number, i != l->number);
		net_cut(l->number, i, i != l->number);
	}
	pass(5 * SECOND + 500 * MILLI);
	if (leader() == l && check_commit() == 0)
		sim_die("nobody else");
	r.op = history_deed();
	r.op->verb = VERB_GET;
	r.op->key = sim_copy("k0");
	history_begins(r.op);
	connection_send(c, ask, sizeof(ask) - 1);
	pass(3 * SECOND);
	net_heal();
	pass(5 * SECOND);
	clients_stop();
	pass(8 * SECOND);
	if (!history_check(config.window))
		violation("LIN", "the search gave up");
}

static uint64_t
unheard(void *arg, const char *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
	return 0;
}

/* What is said to its leader by somebody who does not wait for the answer. */
static void
tell_leader(struct node *l, const char *lines, size_t n)
{
	struct connection *c = connection_open(l, unheard, NULL);

	if (c == NULL)
		sim_die("no connection");
	connection_send(c, lines, n);
}

static void
told_of_all(const char *row, const char *when)
{
	const uint64_t end = sim_time() + 20 * SECOND;

	while (watchers_behind())
		if (!queue_step(end))
			violation(row, "%s, the watcher is not told of all", when);
}

/* So many more changes, of about so many bytes each, asked at once; and all committed. */
static void
write_many(const char *row, struct node *l, uint64_t count, size_t bytes)
{
	const uint64_t end = sim_time() + 60 * SECOND, last = check_commit() + count;
	struct buf lines = { 0 };
	uint64_t i;

	for (i = 0; i < count; i++)
		if (buf_fmt(&lines, "set k%d %0*" PRIu64 "\n", (int)(i % 2), (int)bytes,
			i) == -1)
			sim_die("out of memory");
	tell_leader(l, buf_head(&lines), lines.len);
	buf_free(&lines);
	while (check_commit() < last)
		if (!queue_step(end))
			violation(row, "%" PRIu64 " of %" PRIu64 " are committed",
			    check_commit(), last);
}

/*
 * F40: a watcher reads a little at a time, while more than is kept for it is written,
 * and more than lies between two of the places that the leader knows in its log; then
 * the leader goes, and it goes on behind the last change that it was told of.
 */
static void
row_f40(uint64_t number, void *result)
{
	struct node *l;

	(void)result;
	cluster(number, 3, 0);
	config.watchers = 1;
	watchers_begin();
	l = elected("F40", 10 * SECOND);
	told_of_all("F40", "in a calm");
	if (number % 2 == 0)
		watchers_narrow(4096);
	write_many("F40", l, 1025 + 97 * number, 700);
	told_of_all("F40", "after much at once");
	leading_kill(l);
	l = elected("F40", 10 * SECOND);
	write_many("F40", l, 3, 700);
	told_of_all("F40", "by the next leader");
}

/* A client that does not wait for its answers: it gets what it has set before, or
 * behind. */
struct batch {
	struct buf in;
	uint64_t answers;
	uint64_t seen;
	size_t bytes;
};

static uint64_t
batch_told(void *arg, const char *p, size_t n)
{
	struct batch *b = arg;
	struct words w = { 0 };
	const char *newline, *why;
	uint64_t value = 0;

	if (buf_add(&b->in, p, n) == -1)
		sim_die("out of memory");
	while (b->in.len > 0 &&
	    (newline = memchr(buf_head(&b->in), '\n', b->in.len)) != NULL) {
		n = (size_t)(newline - buf_head(&b->in));
		if (words_parse(&w, buf_head(&b->in), n, &why) == -1 || w.n == 0)
			violation("CLIENT", "the answer can't be read");
		buf_eat(&b->in, n + 1);
		if (strcmp(w.word[0].bytes, "hello") == 0)
			continue;
		if (strcmp(w.word[0].bytes, "0") != 0 || w.n != 1 + b->answers % 2 ||
		    (w.n == 2 &&
			(w.word[1].len != b->bytes ||
			    num_u64(w.word[1].bytes, w.word[1].len, NUMBER_MAX,
				&value) == -1 ||
			    value < b->answers / 2 || value < b->seen)))
			violation("LIN",
			    "request %" PRIu64 " of a batch is told %s %.30s",
			    b->answers, w.word[0].bytes,
			    w.n > 1 ? w.word[1].bytes : "");
		if (w.n == 2)
			b->seen = value;
		b->answers++;
	}
	words_free(&w);
	return 0;
}

/* Writes and reads by turns, none waited for: they are carried out in that order. */
static void
row_batch(uint64_t number, void *result)
{
	struct batch b = { .bytes = 16 };
	const uint64_t count = 2 * (100 + 100 * number), end = 60 * SECOND;
	struct connection *c;
	struct buf lines = { 0 };
	uint64_t i;

	(void)result;
	cluster(number, 3, 0);
	c = connection_open(elected("batch", 10 * SECOND), batch_told, &b);
	if (c == NULL)
		sim_die("no connection");
	for (i = 0; i < number; i++)
		b.bytes *= 2;
	for (i = 0; i < count / 2; i++)
		if (buf_fmt(&lines, "set k0 %0*" PRIu64 "\nget k0\n", (int)b.bytes,
			i) == -1)
			sim_die("out of memory");
	connection_send(c, buf_head(&lines), lines.len);
	while (b.answers < count)
		if (!queue_step(end))
			violation("batch", "%" PRIu64 " of %" PRIu64 " are answered",
			    b.answers, count);
	buf_free(&lines);
}

/*
 * F23: a node is cut off while a member goes, and needs a snapshot then, whose install
 * ends in each of its calls; whoever comes next goes by the snapshot's configuration,
 * and in the end it has that one's successor too.
 */
static void
row_f23(uint64_t number, void *result)
{
	struct node *gone, *l, *n;
	uint64_t offers;
	char line[32];
	size_t i, steady;

	(void)result;
	cluster(number / 2, 4, 1);
	config.period = 30;
	l = elected("F23", 10 * SECOND);
	pass(SECOND);
	n = &nodes[(l->number + 1) % 4];
	gone = &nodes[(l->number + 2) % 4];
	for (i = 0; i < 4; i++) {
		net_cut(i, n->number, i != n->number);
		net_cut(n->number, i, i != n->number);
	}
	for (i = 0; i < 4; i++)
		compact_begin(&nodes[i]);
	(void)snprintf(line, sizeof(line), "del-member %s\n", gone->name);
	tell_leader(l, line, strlen(line));
	pass(6 * SECOND);
	if (admin_voters() != 3 || admin_is_member(gone))
		sim_die("%s has not gone", gone->name);
	net_heal();
	for (i = 0; i < 10000; i++)
		if (transfer_doom(n, 1 + (unsigned)number / 2 % CALLS,
			number % 2 ? KILLED : POWERED_OFF) ||
		    !queue_step(sim_time() + 10 * SECOND))
			break;
	/* An ssh to a host without power is given up after ten seconds. */
	for (i = steady = 0; steady < 20; i++, pass(100 * MILLI)) {
		steady = n->shell != NULL &&
			check_log(n->number)->n > check_log(n->number)->covered &&
			check_log(n->number)->n + 20 > check_commit() ?
		    steady + 1 :
		    0;
		if (i == 600)
			violation("F23", "%s has not got its leader's snapshot",
			    n->name);
	}
	offers = transfer_offers(n);
	pass(5 * SECOND);
	if (transfer_offers(n) > offers)
		violation("F23", "%s has the snapshot, and is offered it again",
		    n->name);
}

/* The part that it has by the last configuration in its own log; -1: none. */
static int
part_of(const struct node *n)
{
	const struct log_image *log = check_log(n->number);
	struct members m;
	int i;

	if (!config_at(log, log->n, &m))
		return -1;
	i = members_find(&m, nodes[3].name, nodes[3].id);
	return i == -1 ? -1 : (int)m.part[i];
}

static uint64_t
last_term(const struct node *n)
{
	const struct log_image *log = check_log(n->number);
	const struct entry *e = log_image_entry(log, log->n);

	return e != NULL ? e->record.term : log->covered_term;
}

/* Nothing gets through between the two any more. */
static void
sever(const struct node *a, const struct node *b)
{
	net_cut(a->number, b->number, 1);
	net_cut(b->number, a->number, 1);
}

static void
elects(struct node *n, const char *what)
{
	const uint64_t end = sim_time() + SECOND;

	candidate_begin(n, BALLOT_HANDOVER);
	while (n->leading == NULL)
		if (!queue_step(end))
			violation("F31", "%s, %s, is not elected", n->name, what);
}

/*
 * The leader l alone has the joint configuration, and the next one, who is cut off
 * for good then, has told nobody but n of its first entry.  With n's vote l could lead on,
 * but n has a newer log.
 */
static void
row_f31_in_the_way(struct node *l, struct node *n)
{
	struct node *next = &nodes[(l->number + 1) % 3],
		    *last = &nodes[(l->number + 2) % 3];
	const uint64_t end = sim_time() + 10 * SECOND;
	size_t i;

	for (i = 0; i < 4; i++)
		net_cut(l->number, i, i != l->number);
	while (part_of(l) != PART_JOINING)
		if (!queue_step(end))
			sim_die("%s does not go on with the change", l->name);
	for (i = 0; i < 4; i++)
		net_cut(i, l->number, i != l->number);
	elects(next, "who knows of the newcomer");
	sever(next, last);
	while (last_term(n) < term_of(next))
		if (!queue_step(end))
			sim_die("%s gets nothing of %s", n->name, next->name);
	net_heal();
	for (i = 0; i < 4; i++)
		if (i != next->number)
			sever(next, &nodes[i]);
}

/*
 * F31: a leader is gone as somebody enters, who is elected for it, or is the only one
 * who can be; that one leads its own change to its end.
 */
static void
row_f31(uint64_t number, void *result)
{
	struct node *l, *n = &nodes[3];
	char line[64];
	size_t i;

	(void)result;
	cluster_of(number, 4, 3, 0);
	l = elected("F31", 10 * SECOND);
	node_join_cluster(n);
	/* It alone may know that it enters: that is committed by itself then. */
	for (i = 0; i < 3 && number % 3 == 0; i++)
		if (i != l->number)
			net_cut(l->number, i, 1);
	(void)snprintf(line, sizeof(line), "add-member %s %s\n", n->name, n->id);
	tell_leader(l, line, strlen(line));
	while (part_of(n) != PART_ENTERING ||
	    check_log(n->number)->n < check_log(l->number)->n)
		if (!queue_step(60 * SECOND))
			sim_die("%s does not enter", n->name);
	if (number % 3 == 2)
		row_f31_in_the_way(l, n);
	else {
		node_power_off(l);
		net_heal();
		elects(n, "which enters");
	}
	for (i = 0; i < 300 && (admin_voters() != 4 || !node_standing(n, "member"));
	     i++)
		pass(100 * MILLI);
	if (admin_voters() != 4 || !node_standing(n, "member") || n->leading == NULL)
		violation("F31", "%s does not lead itself to be a member", n->name);
}

const struct row rows_cluster[] = {
	{ "F6", row_f6, 60 },
	{ "F8", row_f8, 100 },
	{ "F18", row_f18, 20 },
	{ "F23", row_f23, 2 * CALLS },
	{ "F31", row_f31, 60 },
	{ "F36", row_f36, 60 },
	{ "F40", row_f40, 10 },
	{ "batch", row_batch, 11 },
	{ NULL, NULL, 0 },
};

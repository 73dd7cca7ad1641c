/*
 * random - histories to test the checker with, from a seed.
 *
 *	random history SEED OPERATIONS CLIENTS KEYS UNKNOWN SPOILT
 *		prints one of a run that was right, as lin.h says; UNKNOWN in a
 *		thousand have no known outcome, SPOILT answers are changed
 *	random compare SEED COUNT
 *		makes COUNT small ones, most of them spoilt, and holds the
 *		checker's verdict against that of trying every order; prints how
 *		many were linearizable and how many were not
 *
 * What is right is what the store itself does, one operation at a time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/store.h"
#include "lin.h"

#define CLIENTS_MAX 1000u
#define KEYS_MAX    1000u
#define MEMORY      ((size_t)64 << 20)

/* One operation of a run. */
struct act {
	uint64_t client, invoked, returned;
	struct words words;
	struct command command;
	int status;
	struct buf answer; /* behind the status */
};

struct plan {
	size_t acts;
	size_t clients;
	size_t keys;
	unsigned unknown; /* in a thousand */
	int unique;       /* values */
};

struct run {
	struct plan plan;
	struct act *act;
	size_t n;
	struct store *store;
	uint64_t index; /* of the store */
	uint64_t time;
};

static uint64_t state;

static void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputs("\n", stderr);
	exit(1);
}

static uint64_t
below(uint64_t n)
{
	/* xorshift64* */
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * UINT64_C(2685821657736338717) >> 11) % (n > 0 ? n : 1);
}

static void
seed_set(uint64_t seed)
{
	state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	(void)below(2);
	(void)below(2);
}

/* --- requests ------------------------------------------------------------------ */

/* The last three are a group, for lists to see. */
static void
key_put(struct buf *b, const struct plan *p)
{
	size_t key = (size_t)below(p->keys);

	(void)buf_fmt(b, key + 3 >= p->keys ? " g.%zu" : " k%zu", key);
}

static void
value_put(struct buf *b, const struct plan *p, size_t number)
{
	static const char *const few[] = { "1", "2", "+2", "x", "\"\"" };

	if (!p->unique)
		(void)buf_fmt(b, " %s", few[below(sizeof(few) / sizeof(few[0]))]);
	else if (below(2) == 0)
		(void)buf_fmt(b, " %zu", number);
	else
		(void)buf_fmt(b, " v%zu", number);
}

static void
request_put(struct buf *b, const struct plan *p, size_t number)
{
	static const char *const tests[] = { "=", "!=", "-eq", "-ne", "-lt", "-le",
		"-gt", "-ge", "absent", "exists" };
	static const char *const prefixes[] = { "g.", "g.", "g.", "\"\"", "none" };
	uint64_t kind = below(100), test;

	if (kind < 4) {
		(void)buf_str(b, "noop");
		return;
	}
	if (kind < 12) {
		(void)buf_fmt(b, "list %s", prefixes[below(p->unique ? 3 : 5)]);
		return;
	}
	(void)buf_str(b,
	    kind < 40     ? "get" :
		kind < 70 ? "set" :
		kind < 75 ? "unset" :
			    "if");
	key_put(b, p);
	if (kind >= 75) {
		test = below(sizeof(tests) / sizeof(tests[0]));
		(void)buf_fmt(b, " %s", tests[test]);
		if (test >= 2 && test < 8)
			(void)buf_fmt(b, " %zu", (size_t)below(p->unique ? number : 4));
		else if (test < 2)
			value_put(b, p, (size_t)below(number));
		(void)buf_str(b, below(4) == 0 ? " unset" : " set");
	}
	if ((kind >= 40 && kind < 70) || (kind >= 75 && buf_head(b)[b->len - 5] != 'u'))
		value_put(b, p, number);
}

static struct act *
act_make(struct run *r, uint64_t client)
{
	struct act *a = &r->act[r->n++];
	struct buf b = { 0 };
	const char *why;

	memset(a, 0, sizeof(*a));
	request_put(&b, &r->plan, r->n);
	a->client = client;
	a->status = 75;
	a->returned = LIN_NEVER;
	if (words_parse(&a->words, buf_head(&b), b.len, &why) == -1 ||
	    command_from_words(&a->command, a->words.word, a->words.n, &why) == -1)
		die("a request is none: %.*s: %s", (int)b.len, buf_head(&b), why);
	buf_free(&b);
	return a;
}

/* Carries it out: its status, and what follows in the answer. */
static int
carry_out(struct store *s, uint64_t index, const struct act *a, struct buf *answer)
{
	const struct command *c = &a->command;
	struct bytes value;

	if (command_is_write(c))
		return store_apply(s, index, NULL, c);
	if (c->verb == VERB_LIST) {
		if (store_list(s, c->key.at, c->key.len, answer) == -1)
			die("out of memory");
		return 0;
	}
	if (!store_get(s, c->key.at, c->key.len, &value))
		return 1;
	if (buf_str(answer, " ") == -1 || words_put(answer, value.at, value.len) == -1)
		die("out of memory");
	return 0;
}

/* --- a run ------------------------------------------------------------------------ */

struct client {
	struct act *act;
	int done; /* it took effect */
	int lost; /* nobody will hear */
};

/* A client asks, or its request takes effect, or it hears. */
static void
client_goes_on(struct run *r, struct client *c, uint64_t number)
{
	if (c->act == NULL) {
		if (r->n == r->plan.acts)
			return;
		c->act = act_make(r, number);
		c->act->invoked = r->time;
		c->done = 0;
		c->lost = below(1000) < r->plan.unknown;
	} else if (c->lost && below(3) == 0) {
		c->act = NULL; /* never */
	} else if (!c->done) {
		c->act->status = carry_out(r->store, ++r->index, c->act,
		    &c->act->answer);
		c->done = 1;
	} else {
		if (c->lost)
			c->act->status = 75;
		else
			c->act->returned = r->time;
		c->act = NULL;
	}
}

/*
 * Each client has a second self, to whom it leaves what it will not hear of; so
 * that can take effect while it asks for more.
 */
static void
run_make(struct run *r, const struct plan *plan)
{
	struct client client[2 * CLIENTS_MAX] = { { NULL, 0, 0 } };
	size_t at, i, under_way;

	memset(r, 0, sizeof(*r));
	r->plan = *plan;
	r->act = calloc(plan->acts, sizeof(*r->act));
	r->store = store_new(STORE_WINDOW);
	if (r->act == NULL || r->store == NULL)
		die("out of memory");
	do {
		r->time += below(3);
		i = (size_t)below(plan->clients);
		at = 2 * i + (size_t)below(2);
		if (at % 2 == 0 || client[at].act != NULL)
			client_goes_on(r, &client[at], i);
		if (client[2 * i].lost && client[2 * i].act != NULL &&
		    client[2 * i + 1].act == NULL) {
			client[2 * i + 1] = client[2 * i];
			client[2 * i].act = NULL;
		}
		for (under_way = 0, i = 0; i < 2 * plan->clients; i++)
			under_way += client[i].act != NULL;
	} while (r->n < plan->acts || under_way > 0);
	store_free(r->store);
	for (i = 0; i < r->n; i++)
		if (r->act[i].returned == LIN_NEVER)
			r->act[i].status = 75;
}

static void
run_free(struct run *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		words_free(&r->act[i].words);
		buf_free(&r->act[i].answer);
	}
	free(r->act);
}

/* Changes an answer, or when it was given. */
static void
spoil(struct run *r)
{
	struct act *a = &r->act[below(r->n)], *b = &r->act[below(r->n)];
	struct buf other;

	if (a->status == 75)
		return;
	if (a->command.verb == VERB_GET) {
		buf_cut(&a->answer, 0);
		a->status = below(3) == 0;
		if (a->status == 0)
			value_put(&a->answer, &r->plan, (size_t)below(r->n) + 1);
	} else if (a->command.verb == VERB_LIST) {
		if (b->command.verb == VERB_LIST && b->status != 75) {
			other = a->answer;
			a->answer = b->answer;
			b->answer = other;
		} else if (below(2) == 0)
			buf_cut(&a->answer, 0);
		else
			key_put(&a->answer, &r->plan);
	} else if (a->command.op != OP_NONE)
		a->status = !a->status;
	else if (a->command.verb == b->command.verb && b->status != 75) {
		uint64_t invoked = a->invoked, returned = a->returned;

		a->invoked = b->invoked;
		a->returned = b->returned;
		b->invoked = invoked;
		b->returned = returned;
	}
}

static void
line_put(struct buf *b, const struct act *a)
{
	size_t i;

	(void)buf_fmt(b, "%" PRIu64 " %" PRIu64, a->client, a->invoked);
	if (a->returned == LIN_NEVER)
		(void)buf_str(b, " -");
	else
		(void)buf_fmt(b, " %" PRIu64, a->returned);
	for (i = 0; i < a->words.n; i++)
		if (buf_str(b, " ") == -1 ||
		    words_put(b, a->words.word[i].bytes, a->words.word[i].len) == -1)
			die("out of memory");
	(void)buf_fmt(b, "\t%d", a->status);
	if (buf_add(b, buf_head(&a->answer), a->answer.len) == -1)
		die("out of memory");
}

/* --- every order -------------------------------------------------------------------- */

/* Does the last of these acts, in this order, hear what it heard? */
static int
fits(const struct run *r, const size_t *order, size_t n)
{
	struct store *s = store_new(STORE_WINDOW);
	struct buf answer = { 0 };
	const struct act *a = NULL;
	size_t i;
	int status = 0, same;

	if (s == NULL)
		die("out of memory");
	for (i = 0; i < n; i++) {
		a = &r->act[order[i]];
		buf_cut(&answer, 0);
		status = carry_out(s, i + 1, a, &answer);
	}
	same = a == NULL || a->returned == LIN_NEVER ||
	    (status == a->status && answer.len == a->answer.len &&
		(answer.len == 0 ||
		    memcmp(buf_head(&answer), buf_head(&a->answer), answer.len) == 0));
	store_free(s);
	buf_free(&answer);
	return same;
}

/* Is there an order that begins with these and fits? */
static int
try_all(const struct run *r, size_t *order, size_t n)
{
	size_t i, k, left = 0;
	uint64_t first = LIN_NEVER;
	uint32_t used = 0;

	if (!fits(r, order, n))
		return 0;
	for (k = 0; k < n; k++)
		used |= UINT32_C(1) << order[k];
	for (i = 0; i < r->n; i++)
		if (!(used >> i & 1) && r->act[i].returned != LIN_NEVER) {
			left++;
			if (r->act[i].returned < first)
				first = r->act[i].returned;
		}
	if (left == 0)
		return 1;
	for (i = 0; i < r->n; i++) {
		if (used >> i & 1 || r->act[i].invoked > first)
			continue;
		order[n] = i;
		if (try_all(r, order, n + 1))
			return 1;
	}
	return 0;
}

static int
verdict_of(const struct run *r, struct buf *text)
{
	struct lin *l = lin_new();
	struct buf line = { 0 }, report = { 0 };
	const char *why;
	size_t i;
	int verdict;

	for (i = 0; l != NULL && i < r->n; i++) {
		buf_cut(&line, 0);
		line_put(&line, &r->act[i]);
		if (lin_add_line(l, buf_head(&line), line.len, &why) == -1)
			die("a line is none: %.*s: %s", (int)line.len, buf_head(&line),
			    why);
		if (buf_add(text, buf_head(&line), line.len) == -1 ||
		    buf_str(text, "\n") == -1)
			die("out of memory");
	}
	verdict = l == NULL ? -1 : lin_check(l, MEMORY, &report);
	if ((verdict == LIN_LINEARIZABLE) != (report.len == 0) || verdict == -1)
		die("a verdict of %d with %zu bytes of report", verdict, report.len);
	buf_free(&line);
	buf_free(&report);
	lin_free(l);
	return verdict;
}

/* A small one: what the checker says is what trying every order says. */
static int
compare(uint64_t seed)
{
	struct plan plan = { 0, 0, 0, 0, 0 };
	struct buf text = { 0 };
	size_t order[32] = { 0 };
	struct run r;
	uint64_t spoils;
	int all, verdict;

	seed_set(seed);
	plan.acts = 2 + (size_t)below(7);
	plan.clients = 1 + (size_t)below(4);
	plan.keys = 1 + (size_t)below(4);
	plan.unknown = below(2) == 0 ? 300 : 0;
	plan.unique = below(3) == 0;
	run_make(&r, &plan);
	spoils = below(4);
	all = (int)spoils;
	while (spoils-- > 0)
		spoil(&r);
	verdict = verdict_of(&r, &text);
	if (all == 0 && verdict != LIN_LINEARIZABLE)
		die("seed %" PRIu64 ": what was right is called wrong:\n%.*s", seed,
		    (int)text.len, buf_head(&text));
	all = try_all(&r, order, 0);
	if (all != (verdict == LIN_LINEARIZABLE))
		die("seed %" PRIu64 ": %s order fits, the verdict is %d:\n%.*s", seed,
		    all ? "an" : "no", verdict, (int)text.len, buf_head(&text));
	run_free(&r);
	buf_free(&text);
	return verdict;
}

static void
history_print(uint64_t seed, const struct plan *plan, uint64_t spoils)
{
	struct buf line = { 0 };
	struct run r;
	size_t i;

	seed_set(seed);
	run_make(&r, plan);
	while (spoils-- > 0)
		spoil(&r);
	(void)printf("# random history, seed %" PRIu64 "\n", seed);
	for (i = 0; i < r.n; i++) {
		buf_cut(&line, 0);
		line_put(&line, &r.act[i]);
		(void)printf("%.*s\n", (int)line.len, buf_head(&line));
	}
	buf_free(&line);
	run_free(&r);
}

static uint64_t
number(const char *s, uint64_t least, uint64_t most)
{
	uint64_t n;

	if (num_u64(s, strlen(s), most, &n) == -1 || n < least) {
		(void)fprintf(stderr, "random: %s is no number from %" PRIu64 "\n", s,
		    least);
		exit(64);
	}
	return n;
}

int
main(int argc, char **argv)
{
	struct plan plan = { 0 };
	uint64_t seed, count, i, good = 0;

	if (argc == 4 && strcmp(argv[1], "compare") == 0) {
		seed = number(argv[2], 0, NUMBER_MAX);
		count = number(argv[3], 1, NUMBER_MAX);
		for (i = 0; i < count; i++)
			good += compare(seed + i) == LIN_LINEARIZABLE;
		(void)printf("%" PRIu64 " linearizable, %" PRIu64 " not\n", good,
		    count - good);
		return fflush(stdout) != 0;
	}
	if (argc != 8 || strcmp(argv[1], "history") != 0) {
		(void)fprintf(stderr,
		    "usage: random compare SEED COUNT\n       random "
		    "history SEED OPERATIONS CLIENTS KEYS UNKNOWN "
		    "SPOILT\n");
		return 64;
	}
	seed = number(argv[2], 0, NUMBER_MAX);
	plan.acts = (size_t)number(argv[3], 1, 10000000);
	plan.clients = (size_t)number(argv[4], 1, CLIENTS_MAX);
	plan.keys = (size_t)number(argv[5], 1, KEYS_MAX);
	plan.unknown = (unsigned)number(argv[6], 0, 1000);
	plan.unique = 1;
	history_print(seed, &plan, number(argv[7], 0, 1000));
	return fflush(stdout) != 0;
}

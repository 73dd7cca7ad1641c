/*
 * history.c - linearizability, with what was committed as its witness: see history.h.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../lin/lin.h"
#include "history.h"
#include "sim.h"
#include "truth.h"

#define LIN_MEMORY ((size_t)64 << 20)

/* An operation begins or ends. */
struct moment {
	struct deed *op;
	int ends;
};

/* What a key held from index on. */
struct version {
	uint64_t index;
	const char *value; /* NULL: absent */
	size_t len;
};

struct key {
	const char *name;
	struct version *version;
	size_t versions;
};

static struct deed **ops;
static size_t deed_count;
static struct moment *moments;
static size_t moment_count;
static struct key *keys;
static size_t key_count;

struct deed *
history_deed(void)
{
	struct deed *op = sim_alloc(sizeof(*op));

	ops = sim_grow(ops, (deed_count + 1) * sizeof(*ops));
	ops[deed_count++] = op;
	return op;
}

int
deed_reads(const struct deed *op)
{
	return op->verb == VERB_GET || op->verb == VERB_LIST;
}

int
deed_compares(const struct deed *op)
{
	return op->test >= OP_EQUAL && op->test <= OP_GE;
}

static void
moment_add(struct deed *op, int ends)
{
	moments = sim_grow(moments, (moment_count + 1) * sizeof(*moments));
	moments[moment_count++] = (struct moment){ op, ends };
}

void
history_begins(struct deed *op)
{
	moment_add(op, 0);
}

void
history_ends(struct deed *op, enum told told, uint64_t committed)
{
	op->told = told;
	op->committed = committed;
	if (told != TOLD_NOTHING)
		moment_add(op, 1);
}

size_t
history_acknowledged(void)
{
	size_t i, n = 0;

	for (i = 0; i < deed_count; i++)
		if (ops[i]->told == TOLD_YES && !deed_reads(ops[i]))
			n++;
	return n;
}

static struct key *
key_of(const char *name, size_t len)
{
	size_t i;
	char *copy;

	for (i = 0; i < key_count; i++)
		if (strlen(keys[i].name) == len && memcmp(keys[i].name, name, len) == 0)
			return &keys[i];
	copy = sim_alloc(len + 1);
	memcpy(copy, name, len);
	keys = sim_grow(keys, (key_count + 1) * sizeof(*keys));
	keys[key_count] = (struct key){ copy, NULL, 0 };
	return &keys[key_count++];
}

/* What the key holds at index. */
static struct version
version_at(const struct key *k, uint64_t index)
{
	struct version none = { 0, NULL, 0 };
	size_t i;

	for (i = k->versions; i > 0; i--)
		if (k->version[i - 1].index <= index)
			return k->version[i - 1];
	return none;
}

static void
version_add(struct key *k, uint64_t index, const char *value, size_t len)
{
	k->version = sim_grow(k->version, (k->versions + 1) * sizeof(*k->version));
	k->version[k->versions++] = (struct version){ index, value, len };
}

static int
same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

static struct deed *
deed_by_id(const struct request_id *id)
{
	size_t i;

	for (i = 0; i < deed_count; i++)
		if (ops[i]->id.random == id->random && ops[i]->id.base == id->base &&
		    !deed_reads(ops[i]))
			return ops[i];
	return NULL;
}

/* 1 and the number that a value is; 0: it is none. */
static int
is_number(const char *value, size_t len, long *number)
{
	char *end;

	if (len == 0 || isspace((unsigned char)value[0]))
		return 0;
	*number = strtol(value, &end, 10);
	return end == value + len;
}

/* 1 if a condition with an operand holds, of what is there. */
static int
compares(const struct deed *op, const struct version *now)
{
	long a, b;

	if (op->test == OP_EQUAL || op->test == OP_DIFFERS)
		return same(now->value, now->len, op->operand, op->operand_len) ==
		    (op->test == OP_EQUAL);
	if (!is_number(now->value, now->len, &a) ||
	    !is_number(op->operand, op->operand_len, &b))
		return 0;
	return (op->test == OP_EQ && a == b) || (op->test == OP_NE && a != b) ||
	    (op->test == OP_LT && a < b) || (op->test == OP_LE && a <= b) ||
	    (op->test == OP_GT && a > b) || (op->test == OP_GE && a >= b);
}

/* What the command should be told, and what it does, at index. */
static void
take_effect(struct deed *op, uint64_t index)
{
	struct version now;
	struct key *k;
	int holds = 1;

	op->index = index;
	op->outcome = TOLD_YES;
	if (op->verb == VERB_NOOP)
		return;
	k = key_of(op->key, strlen(op->key));
	now = version_at(k, index);
	if (op->verb == VERB_IF_SET || op->verb == VERB_IF_UNSET) {
		holds = (now.value == NULL) == (op->test == OP_ABSENT);
		if (holds && deed_compares(op))
			holds = compares(op, &now);
	}
	if (!holds)
		op->outcome = TOLD_NO;
	else if (op->verb == VERB_SET || op->verb == VERB_IF_SET)
		version_add(k, index, op->value, op->value_len);
	else
		version_add(k, index, NULL, 0);
}

/* The entry says what its op asked, byte for byte. */
static void
entry_check(const struct deed *op, const struct truth *e)
{
	struct command c;

	if (command_decode(&c, e->payload, e->record.length) == -1)
		violation("LIN", "index %" PRIu64 " holds no command", e->record.index);
	if (c.verb != op->verb ||
	    (op->verb != VERB_NOOP &&
		!same(c.key.at, c.key.len, op->key, strlen(op->key))) ||
	    ((op->verb == VERB_SET || op->verb == VERB_IF_SET) &&
		!same(c.value.at, c.value.len, op->value, op->value_len)))
		violation("LIN", "index %" PRIu64 " is not what client %d asked",
		    e->record.index, op->client);
}

static void
replay(uint64_t window)
{
	const struct truth *e;
	struct deed *op;
	uint64_t i;

	for (i = 1; i <= truth_count(); i++) {
		e = truth_at(i);
		if (e->record.type != RECORD_COMMAND)
			continue;
		op = deed_by_id(&e->record.id);
		if (op == NULL)
			violation("LIN",
			    "index %" PRIu64 " holds a command that no client asked",
			    i);
		entry_check(op, e);
		/* Too old for its id to be known: refused, whenever it comes. */
		if (op->index == 0 && i - op->id.base <= window)
			take_effect(op, i);
	}
}

/* 1 if these were the keys with its prefix at index, in byte order. */
static int
lists(const struct deed *op, uint64_t index)
{
	const struct word *w = op->listed.word;
	size_t i, there = 0;

	for (i = 0; i < key_count; i++)
		there += strncmp(keys[i].name, op->key, strlen(op->key)) == 0 &&
		    version_at(&keys[i], index).value != NULL;
	for (i = 1; i < op->listed.n; i++)
		if ((i > 1 && strcmp(w[i - 1].bytes, w[i].bytes) >= 0) ||
		    strncmp(w[i].bytes, op->key, strlen(op->key)) != 0 ||
		    version_at(key_of(w[i].bytes, w[i].len), index).value == NULL)
			return 0;
	return there + 1 == op->listed.n;
}

/* The first index from floor on at which the read could have been answered. */
static uint64_t
read_point(const struct deed *op)
{
	struct version v;
	uint64_t at;

	for (at = op->floor; at <= op->committed; at++) {
		if (op->verb == VERB_LIST && lists(op, at))
			return at;
		if (op->verb == VERB_LIST)
			continue;
		v = version_at(key_of(op->key, strlen(op->key)), at);
		if (same(v.value, v.len, op->got, op->got_len))
			return at;
	}
	if (op->verb == VERB_LIST)
		violation("LIN",
		    "client %d was told of %zu keys with %s, which were not those that "
		    "were there anywhere in %" PRIu64 "..%" PRIu64,
		    op->client, op->listed.n - 1, op->key, op->floor, op->committed);
	violation("LIN",
	    "client %d got %.20s of %s, which is not what it held "
	    "anywhere in %" PRIu64 "..%" PRIu64,
	    op->client, op->got != NULL ? op->got : "(absent)", op->key, op->floor,
	    op->committed);
}

static uint64_t
write_point(const struct deed *op)
{
	if (op->index == 0)
		violation("LIN",
		    "client %d was told %s of a write to %s that is "
		    "not in the log (id %" PRIu64 "-%016" PRIx64 ")",
		    op->client, op->told == TOLD_YES ? "yes" : "no", op->key,
		    op->id.base, op->id.random);
	if (op->index > op->committed)
		violation("LIN",
		    "client %d was told of index %" PRIu64 ", when "
		    "%" PRIu64 " was committed",
		    op->client, op->index, op->committed);
	if (op->index <= op->floor && op->verb != VERB_NOOP)
		violation("LIN",
		    "client %d's write took effect at %" PRIu64
		    ", before it began (behind %" PRIu64 ")",
		    op->client, op->index, op->floor);
	if (op->outcome != (int)op->told)
		violation("LIN",
		    "client %d was told %s at index %" PRIu64 ", the other is right",
		    op->client, op->told == TOLD_YES ? "yes" : "no", op->index);
	return op->index;
}

/* Gives the checker an operation; ended 0: nobody knows. */
static void
lin_take(struct lin *l, const struct deed *op, uint64_t ended)
{
	static const enum lin_told told[] = { [TOLD_NOTHING] = LIN_UNKNOWN,
		[TOLD_YES] = LIN_YES,
		[TOLD_NO] = LIN_NO,
		[TOLD_NOT_DONE] = LIN_NOT_DONE };
	struct word got = { op->got, op->got_len, 0 };
	struct lin_op o = { 0 };

	o.client = (uint64_t)op->client;
	o.invoked = op->began;
	o.returned = ended == 0 ? LIN_NEVER : ended;
	o.told = told[op->told];
	o.command.verb = op->verb;
	o.command.op = op->test;
	o.command.key = (struct bytes){ op->key, strlen(op->key) };
	o.command.operand = (struct bytes){ op->operand, op->operand_len };
	o.command.value = (struct bytes){ op->value, op->value_len };
	if (op->verb == VERB_GET && op->told == TOLD_YES) {
		o.answer = &got;
		o.answers = 1;
	}
	if (op->verb == VERB_LIST && op->told == TOLD_YES) {
		o.answer = op->listed.word + 1;
		o.answers = op->listed.n - 1;
	}
	if (lin_add(l, &o) == -1)
		sim_die("the checker does not take what client %d was told",
		    op->client);
}

/* What the clients saw, without a look at the log: 1, or 0: the search gave up, of a
 * history with too much in it that nobody was told the outcome of. */
static int
linearizable(void)
{
	struct lin *l = lin_new();
	struct buf report = { 0 };
	size_t i;
	int verdict;

	if (l == NULL)
		sim_die("out of memory");
	for (i = 0; i < moment_count; i++)
		if (moments[i].ends)
			lin_take(l, moments[i].op, i + 1);
		else
			moments[i].op->began = i + 1;
	for (i = 0; i < deed_count; i++)
		if (ops[i]->told == TOLD_NOTHING && ops[i]->began != 0)
			lin_take(l, ops[i], 0);
	verdict = lin_check(l, LIN_MEMORY, &report);
	if (verdict != LIN_LINEARIZABLE && verdict != LIN_GAVE_UP)
		violation("LIN", "%.*s", (int)report.len,
		    report.len > 0 ? buf_head(&report) : "");
	buf_free(&report);
	lin_free(l);
	return verdict == LIN_LINEARIZABLE;
}

int
history_check(uint64_t window)
{
	uint64_t floor = 0, point;
	struct deed *op;
	size_t i;

	replay(window);
	for (i = 0; i < moment_count; i++) {
		op = moments[i].op;
		if (!moments[i].ends) {
			op->floor = floor;
			continue;
		}
		if (op->told == TOLD_NOT_DONE) {
			if (op->index != 0)
				violation("LIN",
				    "client %d was told that nothing was "
				    "changed, but index %" PRIu64 " did",
				    op->client, op->index);
			continue;
		}
		point = deed_reads(op) ? read_point(op) : write_point(op);
		if (point > floor)
			floor = point;
	}
	return linearizable();
}

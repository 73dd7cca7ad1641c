/*
 * lin.c - a history, and its objects, each of which is searched alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/types.h"
#include "inside.h"

struct lin *
lin_new(void)
{
	return calloc(1, sizeof(struct lin));
}

void
lin_free(struct lin *l)
{
	size_t i;

	if (l == NULL)
		return;
	for (i = 0; i < l->n; i++)
		free(l->op[i].listed);
	free(l->op);
	names_free(&l->keys);
	names_free(&l->values);
	names_free(&l->prefixes);
	words_free(&l->request);
	words_free(&l->answer);
	free(l);
}

size_t
lin_operations(const struct lin *l)
{
	return l->n + l->ignored;
}

size_t
lin_keys(const struct lin *l)
{
	return l->keys.n;
}

/* --- one operation ------------------------------------------------------------ */

static int
number_of(struct names *names, struct bytes b, uint32_t *number)
{
	*number = names_number(names, b.at, b.len);
	return *number == 0 ? -1 : 0;
}

/* What a get or a list was told. */
static int
answer_take(struct lin *l, struct deed *op, const struct lin_op *from)
{
	struct bytes b;
	size_t i;

	if (op->verb == VERB_LIST && op->told == LIN_YES && from->answers > 0) {
		op->listed = calloc(from->answers, sizeof(*op->listed));
		if (op->listed == NULL)
			return -1;
	}
	for (i = 0; op->told == LIN_YES && i < from->answers; i++) {
		b.at = from->answer[i].bytes;
		b.len = from->answer[i].len;
		if (op->verb == VERB_GET)
			return number_of(&l->values, b, &op->value);
		if (number_of(&l->keys, b, &op->listed[op->listed_n++]) == -1)
			return -1;
	}
	return 0;
}

static int
numbers_take(struct lin *l, struct deed *op, const struct lin_op *from)
{
	const struct command *c = &from->command;

	if (op->verb == VERB_LIST) {
		if (number_of(&l->prefixes, c->key, &op->key) == -1)
			return -1;
		return answer_take(l, op, from);
	}
	if (number_of(&l->keys, c->key, &op->key) == -1)
		return -1;
	if (op->verb == VERB_GET)
		return answer_take(l, op, from);
	if (c->op != OP_NONE && c->op != OP_ABSENT && c->op != OP_EXISTS &&
	    number_of(&l->values, c->operand, &op->operand) == -1)
		return -1;
	if (op->verb == VERB_UNSET || op->verb == VERB_IF_UNSET)
		return 0;
	return number_of(&l->values, c->value, &op->value);
}

/* NULL, or why there can be no such operation. */
static const char *
fault(const struct lin_op *op)
{
	enum verb verb = op->command.verb;

	if (op->returned < op->invoked)
		return "it returned before it was invoked";
	if (op->told == LIN_NO && (verb == VERB_NOOP || verb == VERB_LIST))
		return "noop and list are never answered no";
	if (op->told == LIN_YES && verb == VERB_GET && op->answers != 1)
		return "a get that is answered yes has one value";
	if (op->told == LIN_YES && verb != VERB_GET && verb != VERB_LIST &&
	    op->answers != 0)
		return "a write is answered without a word more";
	if ((op->told == LIN_YES || op->told == LIN_NO) && op->returned == LIN_NEVER)
		return "what never returned has no answer";
	if (verb == VERB_NONE || verb == VERB_STATUS)
		return "status is no operation on keys";
	return NULL;
}

int
lin_add(struct lin *l, const struct lin_op *from)
{
	struct deed *op;
	size_t cap;

	if (fault(from) != NULL) {
		errno = EINVAL;
		return -1;
	}
	if (from->told == LIN_NOT_DONE || from->command.verb == VERB_NOOP ||
	    (from->told == LIN_UNKNOWN && !command_is_write(&from->command))) {
		l->ignored++;
		return 0;
	}
	if (l->n == l->cap) {
		cap = l->cap == 0 ? 64 : 2 * l->cap;
		op = realloc(l->op, cap * sizeof(*op));
		if (op == NULL)
			return -1;
		l->op = op;
		l->cap = cap;
	}
	op = &l->op[l->n++];
	memset(op, 0, sizeof(*op));
	op->client = from->client;
	op->invoked = from->invoked;
	op->returned = from->told == LIN_UNKNOWN ? LIN_NEVER : from->returned;
	op->verb = from->command.verb;
	op->test = from->command.op;
	op->told = from->told;
	return numbers_take(l, op, from);
}

/* --- a line of text ------------------------------------------------------------ */

static int
number_parse(const struct word *w, uint64_t *out)
{
	return num_u64(w->bytes, w->len, LIN_NEVER - 1, out);
}

/* What the answer's first word says. */
static const char *
told_parse(struct lin_op *op, const struct words *w)
{
	uint64_t status;

	op->told = LIN_UNKNOWN;
	if (w->n == 0)
		return NULL;
	if (number_parse(&w->word[0], &status) == -1)
		return "an answer begins with its status";
	op->answer = w->word + 1;
	op->answers = w->n - 1;
	if (status == EXIT_YES || status == EXIT_NO)
		op->told = status == EXIT_YES ? LIN_YES : LIN_NO;
	else if (status == EXIT_NOLEADER || status == EXIT_USE || status == EXIT_GATE ||
	    status == EXIT_CONF)
		op->told = LIN_NOT_DONE;
	return NULL;
}

static const char *
request_parse(struct lin_op *op, const struct words *w)
{
	static const char usage[] = "a line is: CLIENT INVOKED RETURNED REQUEST"
				    "<TAB>ANSWER";
	const char *why;

	if (w->n < 4 || number_parse(&w->word[0], &op->client) == -1 ||
	    number_parse(&w->word[1], &op->invoked) == -1)
		return usage;
	if (w->word[2].len == 1 && w->word[2].bytes[0] == '-')
		op->returned = LIN_NEVER;
	else if (number_parse(&w->word[2], &op->returned) == -1)
		return usage;
	if (command_from_words(&op->command, w->word + 3, w->n - 3, &why) == -1)
		return why;
	return NULL;
}

int
lin_add_line(struct lin *l, const char *line, size_t n, const char **why)
{
	struct lin_op op = { 0 };
	const char *tab;
	size_t before;

	if (n == 0 || *line == '#')
		return 0;
	tab = memchr(line, '\t', n);
	before = tab == NULL ? n : (size_t)(tab - line);
	if (words_parse(&l->request, line, before, why) == -1 ||
	    words_parse(&l->answer, line + before, n - before, why) == -1) {
		if (errno == ENOMEM)
			*why = NULL;
		return -1;
	}
	*why = request_parse(&op, &l->request);
	if (*why == NULL)
		*why = told_parse(&op, &l->answer);
	if (*why == NULL)
		*why = fault(&op);
	if (*why == NULL)
		return lin_add(l, &op);
	errno = EINVAL;
	return -1;
}

/* --- objects ------------------------------------------------------------------- */

/* What a check needs beside the history. */
struct plan {
	uint32_t *joined; /* a key that each key is joined to, or itself */
	uint32_t *local;  /* its number within its object */
	uint32_t *of;     /* the object of a key that is joined to itself */
	struct object *object;
	size_t objects;
	struct deed **order; /* by invocation */
};

static uint32_t
root_of(const struct plan *p, uint32_t key)
{
	while (p->joined[key] != key)
		key = p->joined[key] = p->joined[p->joined[key]];
	return key;
}

static int
begins(struct bytes key, struct bytes prefix)
{
	return key.len >= prefix.len &&
	    (prefix.len == 0 || memcmp(key.at, prefix.at, prefix.len) == 0);
}

static void
join(struct plan *p, uint32_t *first, uint32_t key)
{
	if (*first == 0)
		*first = key;
	p->joined[root_of(p, key)] = root_of(p, *first);
}

/* Joins what lists have seen together. */
static void
join_lists(struct lin *l, struct plan *p)
{
	uint32_t first, key;
	size_t i, k;

	for (i = 1; i <= l->prefixes.n; i++)
		for (first = 0, key = 1; key <= l->keys.n; key++)
			if (begins(l->keys.name[key], l->prefixes.name[i]))
				join(p, &first, key);
	for (i = 0; i < l->n; i++)
		for (first = 0, k = 0; k < l->op[i].listed_n; k++)
			join(p, &first, l->op[i].listed[k]);
}

/* A key of the operation's object; 0: a list of no key that there ever was. */
static uint32_t
key_of(const struct lin *l, const struct deed *op)
{
	uint32_t key;

	if (op->verb != VERB_LIST)
		return op->key;
	if (op->listed_n > 0)
		return op->listed[0];
	for (key = 1; key <= l->keys.n; key++)
		if (begins(l->keys.name[key], l->prefixes.name[op->key]))
			return key;
	return 0;
}

/* Which keys the list saw and did not see; none at all if no list is like it. */
static int
list_compile(const struct lin *l, const struct plan *p, const struct object *o,
    struct deed *op)
{
	struct bytes prefix = l->prefixes.name[op->key], a, b;
	size_t i, least;

	op->keys = malloc(o->keys);
	if (op->keys == NULL)
		return -1;
	for (i = 0; i < o->keys; i++)
		op->keys[i] = begins(l->keys.name[o->key[i]], prefix) ? 0 : -1;
	for (i = 0; i < op->listed_n; i++) {
		b = l->keys.name[op->listed[i]];
		a = i > 0 ? l->keys.name[op->listed[i - 1]] : prefix;
		least = a.len < b.len ? a.len : b.len;
		if (!begins(b, prefix) ||
		    (i > 0 &&
			(memcmp(a.at, b.at, least) > 0 ||
			    (memcmp(a.at, b.at, least) == 0 && a.len >= b.len)))) {
			free(op->keys);
			op->keys = NULL;
			return 0;
		}
		op->keys[p->local[op->listed[i]]] = 1;
	}
	return 0;
}

static int
earlier(const void *a, const void *b)
{
	const struct deed *x = *(struct deed *const *)a, *y = *(struct deed *const *)b;

	if (x->invoked != y->invoked)
		return x->invoked < y->invoked ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Each object's keys: 0, or -1. */
static int
keys_share_out(struct lin *l, struct plan *p)
{
	struct object *o;
	uint32_t key, *grown;

	for (key = 1; key <= l->keys.n; key++)
		if (root_of(p, key) == key) {
			p->of[key] = (uint32_t)p->objects;
			p->object[p->objects].lin = l;
			p->object[p->objects].number = (uint32_t)p->objects + 1;
			p->objects++;
		}
	for (key = 1; key <= l->keys.n; key++) {
		o = &p->object[p->of[root_of(p, key)]];
		grown = realloc(o->key, (o->keys + 1) * sizeof(*grown));
		if (grown == NULL)
			return -1;
		o->key = grown;
		p->local[key] = (uint32_t)o->keys;
		o->key[o->keys++] = key;
	}
	return 0;
}

/* Each object's operations, which are counted first: 0, or -1. */
static int
ops_share_out(struct lin *l, struct plan *p)
{
	struct object *o;
	struct deed *op;
	uint32_t key;
	size_t i;

	for (i = 0; i < l->n; i++) {
		p->order[i] = &l->op[i];
		if ((key = key_of(l, &l->op[i])) != 0)
			p->object[p->of[root_of(p, key)]].n++;
	}
	if (l->n > 0)
		qsort(p->order, l->n, sizeof(*p->order), earlier);
	for (i = 0; i < p->objects; i++) {
		o = &p->object[i];
		o->op = calloc(o->n + 1, sizeof(struct deed *));
		if (o->op == NULL)
			return -1;
		o->n = 0;
	}
	for (i = 0; i < l->n; i++) {
		op = p->order[i];
		if ((key = key_of(l, op)) == 0)
			continue;
		o = &p->object[p->of[root_of(p, key)]];
		o->op[o->n++] = op;
		op->local = p->local[key];
		if (op->verb == VERB_LIST && list_compile(l, p, o, op) == -1)
			return -1;
	}
	return 0;
}

static int
plan_make(struct lin *l, struct plan *p)
{
	uint32_t i;

	memset(p, 0, sizeof(*p));
	l->value = calloc(l->values.n + 1, sizeof(*l->value));
	l->seen = calloc(l->values.n + 1, sizeof(*l->seen));
	p->joined = calloc(l->keys.n + 1, sizeof(*p->joined));
	p->local = calloc(l->keys.n + 1, sizeof(*p->local));
	p->of = calloc(l->keys.n + 1, sizeof(*p->of));
	p->object = calloc(l->keys.n + 1, sizeof(*p->object));
	p->order = calloc(l->n + 1, sizeof(struct deed *));
	if (l->value == NULL || l->seen == NULL || p->joined == NULL ||
	    p->local == NULL || p->of == NULL || p->object == NULL || p->order == NULL)
		return -1;
	for (i = 1; i <= l->values.n; i++)
		l->value[i].is_number = num_i64(l->values.name[i].at,
					    l->values.name[i].len,
					    &l->value[i].number) == 0;
	for (i = 1; i <= l->keys.n; i++)
		p->joined[i] = i;
	join_lists(l, p);
	if (keys_share_out(l, p) == -1 || ops_share_out(l, p) == -1)
		return -1;
	for (i = 0; i < p->objects; i++)
		if (classes_values(&p->object[i], p->object[i].number) == -1)
			return -1;
	return 0;
}

static void
plan_free(struct lin *l, struct plan *p)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		free(l->op[i].keys);
		l->op[i].keys = NULL;
	}
	for (i = 0; i < p->objects; i++) {
		free(p->object[i].key);
		free(p->object[i].op);
	}
	free(l->value);
	l->value = NULL;
	free(l->seen);
	l->seen = NULL;
	free(p->joined);
	free(p->local);
	free(p->of);
	free(p->object);
	free(p->order);
}

int
lin_check(struct lin *l, size_t memory, struct buf *report)
{
	int one, verdict = LIN_LINEARIZABLE;
	struct trouble trouble;
	struct plan p;
	size_t i;

	if (plan_make(l, &p) == -1)
		verdict = -1;
	for (i = 0; verdict != -1 && i < p.objects; i++) {
		one = search(&p.object[i], memory, &trouble);
		if (one == LIN_BROKEN || (one == LIN_GAVE_UP && verdict == 0))
			verdict = one;
		if (one == -1 ||
		    (one != 0 &&
			report_trouble(&p.object[i], &trouble, one, report) == -1))
			verdict = -1;
		free(trouble.held);
	}
	plan_free(l, &p);
	return verdict;
}

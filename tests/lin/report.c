/*
 * report.c - what to show of a history that no order explains.
 */
#include <inttypes.h>
#include <string.h>

#include "inside.h"

#define BEFORE 6u  /* operations that had returned, and are shown */
#define SHOWN  24u /* others */
#define LONG   60u /* bytes of a word */

static const char *const ops[] = { "", "=", "!=", "-eq", "-ne", "-lt", "-le", "-gt",
	"-ge", "absent", "exists" };

static int
word(struct buf *b, struct bytes w)
{
	if (buf_str(b, " ") == -1)
		return -1;
	if (w.len <= LONG)
		return words_put(b, w.at, w.len);
	if (words_put(b, w.at, LONG) == -1)
		return -1;
	return buf_str(b, "...");
}

static int
value(struct buf *b, const struct lin *l, uint32_t number)
{
	if (number == 0)
		return buf_str(b, " (absent)");
	return word(b, l->values.name[number]);
}

/* What a key held, where one of many stands for all that nobody saw. */
static int
state(struct buf *b, const struct object *o, uint32_t number)
{
	if (number != 0 && o->lin->seen[number] != o->number)
		return buf_str(b, " (a value that nobody saw)");
	return value(b, o->lin, number);
}

static int
request(struct buf *b, const struct lin *l, const struct deed *op)
{
	static const char *const verbs[] = { [VERB_SET] = " set",
		[VERB_UNSET] = " unset",
		[VERB_IF_SET] = " if",
		[VERB_IF_UNSET] = " if",
		[VERB_GET] = " get",
		[VERB_LIST] = " list" };
	int r = buf_str(b, verbs[op->verb]);

	if (r == 0 && op->verb == VERB_LIST)
		return word(b, l->prefixes.name[op->key]);
	if (r == 0)
		r = word(b, l->keys.name[op->key]);
	if (r == 0 && op->test != OP_NONE)
		r = buf_fmt(b, " %s", ops[op->test]);
	if (r == 0 && op->operand != 0)
		r = word(b, l->values.name[op->operand]);
	if (r == 0 && op->verb == VERB_IF_SET)
		r = buf_str(b, " set");
	if (r == 0 && op->verb == VERB_IF_UNSET)
		r = buf_str(b, " unset");
	if (r == 0 && (op->verb == VERB_SET || op->verb == VERB_IF_SET))
		r = word(b, l->values.name[op->value]);
	return r;
}

/* A line, as it would be in a history. */
static int
line(struct buf *b, const struct lin *l, const struct deed *op)
{
	size_t i;
	int r;

	r = buf_fmt(b, "    %" PRIu64 " %" PRIu64, op->client, op->invoked);
	if (r == 0 && op->returned == LIN_NEVER)
		r = buf_str(b, " -");
	else if (r == 0)
		r = buf_fmt(b, " %" PRIu64, op->returned);
	if (r == 0)
		r = request(b, l, op);
	if (r == 0)
		r = buf_str(b,
		    op->told == LIN_YES    ? "\t0" :
			op->told == LIN_NO ? "\t1" :
					     "\t75");
	if (r == 0 && op->verb == VERB_GET && op->told == LIN_YES)
		r = word(b, l->values.name[op->value]);
	for (i = 0; r == 0 && i < op->listed_n; i++)
		r = word(b, l->keys.name[op->listed[i]]);
	return r == 0 ? buf_str(b, "\n") : -1;
}

/* What the keys could hold when it was stuck. */
static int
held(struct buf *b, const struct object *o, const struct trouble *t)
{
	size_t i, k;
	uint32_t v;

	for (i = 0; i < t->states; i++) {
		if (buf_str(b,
			i == 0 ? "  the most that fits before it leaves" : "  or") ==
		    -1)
			return -1;
		for (k = 0; k < o->keys; k++) {
			v = t->held[i * o->keys + k];
			if (word(b, o->lin->keys.name[o->key[k]]) == -1 ||
			    buf_str(b, " =") == -1 || state(b, o, v) == -1 ||
			    (k + 1 < o->keys && buf_str(b, ",") == -1))
				return -1;
		}
		if (buf_str(b, "\n") == -1)
			return -1;
	}
	return 0;
}

/* Is a's return, or else b's invocation, earlier? */
static int
over_before(const struct deed *a, uint64_t time)
{
	return a->returned != LIN_NEVER && a->returned < time;
}

/* Those that wrote what it read, wherever they are. */
static int
writers(struct buf *b, const struct object *o, const struct deed *stuck)
{
	const struct deed *op;
	size_t i, n = 0;

	if (stuck->verb != VERB_GET || stuck->value == 0)
		return 0;
	for (i = 0; i < o->n && n < BEFORE; i++) {
		op = o->op[i];
		if (op->value != stuck->value || op->local != stuck->local ||
		    op->verb == VERB_GET || op->told == LIN_NO)
			continue;
		if ((n++ == 0 && buf_str(b, "  what it read was written by\n") == -1) ||
		    line(b, o->lin, op) == -1)
			return -1;
	}
	return n > 0 ? 0 : buf_str(b, "  what it read was never written\n");
}

/* The last that were over before it was invoked. */
static int
before(struct buf *b, const struct object *o, const struct deed *stuck)
{
	const struct deed *last[BEFORE];
	size_t i, k, n = 0;

	for (i = 0; i < o->n; i++) {
		if (!over_before(o->op[i], stuck->invoked))
			continue;
		if (n == BEFORE && o->op[i]->returned < last[0]->returned)
			continue;
		if (n == BEFORE)
			memmove(last, last + 1, --n * sizeof(last[0]));
		for (k = n++; k > 0 && last[k - 1]->returned > o->op[i]->returned; k--)
			last[k] = last[k - 1];
		last[k] = o->op[i];
	}
	if (n > 0 && buf_str(b, "  before it\n") == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (line(b, o->lin, last[i]) == -1)
			return -1;
	return 0;
}

/* Those that were under way when it was. */
static int
beside(struct buf *b, const struct object *o, const struct deed *stuck)
{
	const struct deed *op;
	size_t i, n = 0;

	for (i = 0; i < o->n; i++) {
		op = o->op[i];
		if (op == stuck || op->invoked > stuck->returned ||
		    over_before(op, stuck->invoked))
			continue;
		if (n++ == 0 && buf_str(b, "  beside it\n") == -1)
			return -1;
		if (n <= SHOWN && line(b, o->lin, op) == -1)
			return -1;
	}
	return n <= SHOWN ? 0 : buf_fmt(b, "    and %zu more\n", n - SHOWN);
}

int
report_trouble(const struct object *o, const struct trouble *t, int verdict,
    struct buf *b)
{
	size_t k;
	int r;

	r = buf_str(b, verdict == LIN_BROKEN ? "not linearizable:" : "gave up:");
	for (k = 0; r == 0 && k < o->keys && k < SHOWN; k++)
		r = word(b, o->lin->keys.name[o->key[k]]);
	if (r == 0)
		r = buf_fmt(b, ", %zu operations, %" PRIu64 " states tried\n", o->n,
		    t->tried);
	if (r == 0)
		r = buf_str(b,
		    verdict == LIN_BROKEN ? "  no order explains\n" :
					    "  the furthest was\n");
	if (r == 0)
		r = line(b, o->lin, t->stuck);
	if (r == 0)
		r = held(b, o, t);
	if (r == 0 && verdict == LIN_BROKEN)
		r = writers(b, o, t->stuck);
	if (r == 0)
		r = before(b, o, t->stuck);
	return r == 0 ? beside(b, o, t->stuck) : -1;
}

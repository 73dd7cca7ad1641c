/*
 * classes.c - what need not be told apart.
 *
 * Two values that no get was answered and no condition compares with are the same
 * to everybody, as far as numeric conditions can't tell them apart either.  And
 * of two operations of unknown outcome that do the same, the one that was invoked
 * first can always stand for the other.
 */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

static int
is_numeric(const struct deed *op)
{
	return op->test >= OP_EQ && op->test <= OP_GE;
}

static int
smaller(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Where a number stands among these: twice how many are smaller, or one more. */
static size_t
rank(int64_t number, const int64_t *among, size_t n)
{
	size_t low = 0, high = n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (among[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return 2 * low + (low < n && among[low] == number);
}

/* Marks the values that are seen; the operands of numeric conditions, sorted. */
static size_t
look(const struct object *o, uint32_t mark, int64_t *operand)
{
	const struct deed *op;
	size_t i, n = 0, kept = 0;

	for (i = 0; i < o->n; i++) {
		op = o->op[i];
		if (op->verb == VERB_GET)
			o->lin->seen[op->value] = mark;
		else if (is_numeric(op))
			operand[n++] = o->lin->value[op->operand].number;
		else if (op->operand != 0)
			o->lin->seen[op->operand] = mark;
	}
	if (n > 0)
		qsort(operand, n, sizeof(*operand), smaller);
	for (i = 0; i < n; i++)
		if (kept == 0 || operand[kept - 1] != operand[i])
			operand[kept++] = operand[i];
	return kept;
}

int
classes_values(const struct object *o, uint32_t mark)
{
	const struct value *v;
	struct deed *op;
	uint32_t *like;
	int64_t *operand;
	size_t class, i, n;
	int r = -1;

	operand = calloc(o->n + 1, sizeof(*operand));
	like = calloc(2 * o->n + 3, sizeof(*like));
	if (operand != NULL && like != NULL) {
		n = look(o, mark, operand);
		for (i = 0; i < o->n; i++) {
			op = o->op[i];
			op->effect = op->value;
			if (op->value == 0 || o->lin->seen[op->value] == mark)
				continue;
			v = &o->lin->value[op->value];
			class = v->is_number ? rank(v->number, operand, n) : 2 * n + 1;
			if (like[class] == 0)
				like[class] = op->value;
			op->effect = like[class];
		}
		r = 0;
	}
	free(operand);
	free(like);
	return r;
}

int
classes_twins(const struct object *o, const uint32_t *unknown, size_t n, uint32_t *twin)
{
	struct names kinds = { 0 };
	const struct deed *op;
	uint32_t what[5], kind, *last;
	size_t i;

	last = calloc(n + 1, sizeof(*last));
	for (i = 0; last != NULL && i < n; i++) {
		op = o->op[unknown[i]];
		what[0] = (uint32_t)op->verb;
		what[1] = (uint32_t)op->test;
		what[2] = op->operand;
		what[3] = op->effect;
		what[4] = op->local;
		kind = names_number(&kinds, (const char *)what, sizeof(what));
		if (kind == 0)
			break;
		twin[i] = last[kind];
		last[kind] = (uint32_t)i + 1;
	}
	names_free(&kinds);
	free(last);
	return last != NULL && i == n ? 0 : -1;
}

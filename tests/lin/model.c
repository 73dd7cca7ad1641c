/*
 * model.c - what each verb does to a few keys, as core/command.h says it; written
 * apart from the store, which is what is to be judged.
 */
#include <string.h>

#include "inside.h"

/* 1 if the condition holds where the key has this value. */
static int
holds(const struct lin *l, const struct deed *op, uint32_t now)
{
	const struct value *a = &l->value[now], *b = &l->value[op->operand];

	switch (op->test) {
	case OP_NONE:
		return 1;
	case OP_ABSENT:
		return now == 0;
	case OP_EXISTS:
		return now != 0;
	case OP_EQUAL:
		return now == op->operand;
	case OP_DIFFERS:
		return now != 0 && now != op->operand;
	default:
		break;
	}
	if (now == 0 || !a->is_number || !b->is_number)
		return 0;
	switch (op->test) {
	case OP_EQ:
		return a->number == b->number;
	case OP_NE:
		return a->number != b->number;
	case OP_LT:
		return a->number < b->number;
	case OP_LE:
		return a->number <= b->number;
	case OP_GT:
		return a->number > b->number;
	case OP_GE:
		return a->number >= b->number;
	default:
		return 0;
	}
}

/* 1 if just these keys are there. */
static int
lists(const struct object *o, const struct deed *op, const uint32_t *state)
{
	size_t i;

	if (op->keys == NULL) /* its answer is in no order, or names a key twice */
		return 0;
	for (i = 0; i < o->keys; i++)
		if (op->keys[i] != -1 && op->keys[i] != (state[i] != 0))
			return 0;
	return 1;
}

int
model_step(const struct object *o, const struct deed *op, uint32_t *state)
{
	uint32_t *now = &state[op->local];
	int yes;

	if (op->verb == VERB_LIST)
		return op->told == LIN_YES && lists(o, op, state);
	if (op->verb == VERB_GET)
		return *now == op->value;
	yes = holds(o->lin, op, *now);
	if (op->told != LIN_UNKNOWN && yes != (op->told == LIN_YES))
		return 0;
	if (yes)
		*now = op->effect;
	return 1;
}

int
model_reads(const struct deed *op)
{
	return op->verb == VERB_GET || op->verb == VERB_LIST || op->told == LIN_NO;
}

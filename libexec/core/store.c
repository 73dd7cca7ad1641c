/*
 * store.c - the replicated state machine.
 */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "num.h"
#include "trie.h"
#include "window.h"

struct store {
	struct trie items;
	struct window seen;
	uint64_t changes;
};

struct store *
store_new(uint64_t window)
{
	struct store *s;

	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->seen.size = window;
	return s;
}

void
store_free(struct store *s)
{
	if (s == NULL)
		return;
	trie_free(&s->items);
	window_free(&s->seen);
	free(s);
}

/* 1 if a and b stand to each other as the operator says. */
static int
numbers_match(enum op op, struct bytes a, struct bytes b)
{
	int64_t x, y;

	if (num_i64(a.at, a.len, &x) == -1 || num_i64(b.at, b.len, &y) == -1)
		return 0;
	switch (op) {
	case OP_EQ:
		return x == y;
	case OP_NE:
		return x != y;
	case OP_LT:
		return x < y;
	case OP_LE:
		return x <= y;
	case OP_GT:
		return x > y;
	case OP_GE:
		return x >= y;
	default:
		return 0;
	}
}

/* 1 if the command's condition holds; one that has none always does. */
static int
condition_holds(const struct store *s, const struct command *c)
{
	struct bytes value;
	int equal;

	if (c->op == OP_NONE)
		return 1;
	if (!trie_get(&s->items, c->key, &value))
		return c->op == OP_ABSENT;
	switch (c->op) {
	case OP_ABSENT:
		return 0;
	case OP_EXISTS:
		return 1;
	case OP_EQUAL:
	case OP_DIFFERS:
		equal = value.len == c->operand.len &&
		    (value.len == 0 || memcmp(value.at, c->operand.at, value.len) == 0);
		return equal == (c->op == OP_EQUAL);
	default:
		return numbers_match(c->op, value, c->operand);
	}
}

/* Carries a write out: its outcome, or -1. */
static int
carry_out(struct store *s, const struct command *c)
{
	if (!condition_holds(s, c))
		return OUTCOME_NO;
	switch (c->verb) {
	case VERB_NOOP:
		return OUTCOME_YES;
	case VERB_SET:
	case VERB_IF_SET:
		if (trie_set(&s->items, c->key, c->value) == -1)
			return -1;
		s->changes++;
		return OUTCOME_YES;
	case VERB_UNSET:
	case VERB_IF_UNSET:
		s->changes += (uint64_t)trie_unset(&s->items, c->key);
		return OUTCOME_YES;
	default:
		errno = EINVAL;
		return -1;
	}
}

/*
 * "If it receives a command whose serial number has already been executed, it
 * responds immediately without re-executing the request." (§8)
 */
int
store_apply(struct store *s, uint64_t index, const struct request_id *id,
    const struct command *c)
{
	int outcome;

	if (id == NULL || id->random == 0)
		return carry_out(s, c);

	/* No client can have known of an entry that was not there yet. */
	if (id->base > index)
		return OUTCOME_UNKNOWN;
	if (window_find(&s->seen, index, id, &outcome))
		return outcome;
	if (index - id->base > s->seen.size)
		return OUTCOME_UNKNOWN;
	outcome = carry_out(s, c);
	if (outcome == -1 || window_add(&s->seen, index, id, outcome) == -1)
		return -1;
	return outcome;
}

int
store_get(const struct store *s, const char *key, size_t len, struct bytes *value)
{
	struct bytes k = { key, len };

	return trie_get(&s->items, k, value);
}

static int
list_one(void *list, struct bytes key, struct bytes value)
{
	(void)value;
	if (buf_add(list, " ", 1) == -1)
		return -1;
	return words_put(list, key.at, key.len);
}

int
store_list(const struct store *s, const char *prefix, size_t len, struct buf *list)
{
	struct bytes p = { prefix, len };

	return trie_each(&s->items, p, list_one, list);
}

size_t
store_count(const struct store *s)
{
	return s->items.count;
}

uint64_t
store_changes(const struct store *s)
{
	return s->changes;
}

int
store_each(const struct store *s,
    int (*visit)(void *, struct bytes key, struct bytes value), void *arg)
{
	struct bytes all = { NULL, 0 };

	return trie_each(&s->items, all, visit, arg);
}

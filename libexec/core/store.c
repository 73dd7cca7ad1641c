/*
 * store.c - the replicated state machine.
 */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "num.h"
#include "record.h"
#include "trie.h"
#include "window.h"

struct store {
	struct store_base base; /* without functions: none */
	struct trie items;
	struct trie removed; /* keys of the base */
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
	trie_free(&s->removed);
	window_free(&s->seen);
	free(s);
}

int
store_begin(struct store *s, const struct store_base *base, uint64_t requests)
{
	s->base = *base;
	return window_room(&s->seen, requests);
}

int
store_recall(void *store, const struct seen *r)
{
	struct store *s = store;

	return window_add(&s->seen, r->index, &r->id, r->outcome);
}

size_t
store_warm(const struct store *s, const char *p, size_t n)
{
	struct bytes key[TRIE_WARM];
	struct command c;
	size_t count = 0, done = 0, keys = 0, length;

	for (; count < TRIE_WARM && done < n; done += RECORD_HEADER + length + 1) {
		length = record_length(p + done);
		if (command_decode(&c, p + done + RECORD_HEADER, length) == 0 &&
		    c.key.len > 0)
			key[keys++] = c.key;
		count++;
	}
	trie_warm(&s->items, key, keys);
	return count;
}

/* The value of key: 1, 0, or -1. */
static int
find(const struct store *s, struct bytes key, struct bytes *value)
{
	struct bytes nothing;

	if (trie_get(&s->items, key, value))
		return 1;
	if (s->base.get == NULL || trie_get(&s->removed, key, &nothing))
		return 0;
	return s->base.get(s->base.arg, key, value);
}

/* Removes a key: 1 if it was there, 0, or -1. */
static int
take_out(struct store *s, struct bytes key)
{
	const struct bytes nothing = { "", 0 };
	struct bytes value;
	int there;

	there = find(s, key, &value);
	if (there != 1)
		return there;
	if (s->base.get != NULL) {
		there = s->base.get(s->base.arg, key, &value);
		if (there == -1 ||
		    (there == 1 && trie_set(&s->removed, key, nothing) == -1))
			return -1;
	}
	(void)trie_unset(&s->items, key);
	return 1;
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

/* 1 if the command's condition holds, 0, or -1; one that has none always does. */
static int
condition_holds(const struct store *s, const struct command *c)
{
	struct bytes value;
	int equal, there;

	if (c->op == OP_NONE)
		return 1;
	there = find(s, c->key, &value);
	if (there != 1)
		return there == -1 ? -1 : c->op == OP_ABSENT;
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
	int r = condition_holds(s, c);

	if (r != 1)
		return r == -1 ? -1 : OUTCOME_NO;
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
		r = take_out(s, c->key);
		if (r == -1)
			return -1;
		s->changes += (uint64_t)r;
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
	const struct seen *before;
	int outcome;

	if (id == NULL || id->random == 0)
		return carry_out(s, c);

	/* No client can have known of an entry that was not there yet. */
	if (id->base > index)
		return OUTCOME_UNKNOWN;
	before = window_find(&s->seen, index, id);
	if (before != NULL)
		return before->outcome;
	if (index - id->base > s->seen.size)
		return OUTCOME_UNKNOWN;
	outcome = carry_out(s, c);
	if (outcome == -1 || window_add(&s->seen, index, id, outcome) == -1)
		return -1;
	return outcome;
}

int
store_carried_out(struct store *s, uint64_t index, const struct request_id *id)
{
	const struct seen *before = window_find(&s->seen, index, id);

	return before != NULL && before->index == index &&
	    before->outcome == OUTCOME_YES;
}

int
store_get(const struct store *s, const char *key, size_t len, struct bytes *value)
{
	struct bytes k = { key, len };

	return find(s, k, value);
}

/* Goes through both: the base, and what was changed since. */
struct merge {
	const struct store *store;
	struct bytes prefix;
	int (*visit)(void *, struct bytes key, struct bytes value);
	void *arg;
	struct bytes key, value; /* of the base */
	int there;               /* 1, or 0: the base has no more */
};

/* The next key of the base that was not removed: 0, or -1. */
static int
merge_next(struct merge *m)
{
	const struct store_base *base = &m->store->base;
	struct bytes nothing;

	do {
		m->there = base->next(base->arg, &m->key, &m->value);
		if (m->there != 1)
			return m->there;
		if (m->key.len < m->prefix.len ||
		    (m->prefix.len > 0 &&
			memcmp(m->key.at, m->prefix.at, m->prefix.len) != 0))
			m->there = 0;
	} while (m->there && trie_get(&m->store->removed, m->key, &nothing));
	return 0;
}

/* A key that was set comes behind those of the base that are before it. */
static int
merge_one(void *merge, struct bytes key, struct bytes value)
{
	struct merge *m = merge;
	int order = -1, r = 0;

	while (r == 0 && m->there && (order = bytes_compare(m->key, key)) < 0) {
		r = m->visit(m->arg, m->key, m->value);
		if (r == 0)
			r = merge_next(m);
	}
	if (r == 0 && m->there && order == 0)
		r = merge_next(m);
	return r != 0 ? r : m->visit(m->arg, key, value);
}

static int
each(const struct store *s, struct bytes prefix,
    int (*visit)(void *, struct bytes key, struct bytes value), void *arg)
{
	struct merge m = { .store = s, .prefix = prefix, .visit = visit, .arg = arg };
	int r;

	if (s->base.get == NULL)
		return trie_each(&s->items, prefix, visit, arg);
	if (s->base.seek(s->base.arg, prefix) == -1 || merge_next(&m) == -1)
		return -1;
	r = trie_each(&s->items, prefix, merge_one, &m);
	while (r == 0 && m.there) {
		r = visit(arg, m.key, m.value);
		if (r == 0)
			r = merge_next(&m);
	}
	return r;
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

	return each(s, p, list_one, list);
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
	struct bytes all = { "", 0 };

	return each(s, all, visit, arg);
}

int
store_requests(const struct store *s, uint64_t index,
    int (*visit)(void *, const struct seen *), void *arg)
{
	return window_each(&s->seen, index + 1, visit, arg);
}

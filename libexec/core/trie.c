/*
 * trie.c - keys in byte order.
 *
 * A key is read as half-bytes, the high one first, and an end.  A branch says at
 * which half-byte the keys below it part for the first time, and has one twig
 * for each value that occurs there: the end, then 0 to 15.
 */
#include "trie.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* How an item and a branch begin: which of the two it is. */
struct node {
	uint16_t key_len; /* 0: a branch */
};

struct item {
	struct node node;
	uint32_t value_len;
	char bytes[]; /* the key, then the value */
};

struct branch {
	struct node node;
	uint16_t place;   /* of the half-byte */
	uint32_t present; /* bit v: there is a twig for value v */
	struct node *twig[];
};

static struct branch *
branch_of(struct node *n)
{
	return (struct branch *)n;
}

static struct item *
item_of(struct node *n)
{
	return (struct item *)n;
}

/* The bit of the half-byte of a key that stands at place. */
static uint32_t
bit_at(const char *key, size_t len, size_t place)
{
	unsigned char byte;

	if (place / 2 >= len)
		return 1;
	byte = (unsigned char)key[place / 2];
	return UINT32_C(2) << (place % 2 == 0 ? byte >> 4 : byte & 15);
}

/* How many bits of x are set. */
static size_t
bits(uint32_t x)
{
	x -= x >> 1 & UINT32_C(0x55555555);
	x = (x & UINT32_C(0x33333333)) + (x >> 2 & UINT32_C(0x33333333));
	x = (x + (x >> 4)) & UINT32_C(0x0f0f0f0f);
	return x * UINT32_C(0x01010101) >> 24;
}

/* Where the twig of a bit is, or would be. */
static size_t
twig_number(const struct branch *b, uint32_t bit)
{
	return bits(b->present & (bit - 1));
}

static size_t
branch_size(size_t twigs)
{
	return sizeof(struct branch) + twigs * sizeof(struct node *);
}

/*
 * The item that key is, if it is here at all; otherwise one with which it
 * shares its half-bytes up to the place where it parts from all others.
 * NULL: the trie is empty.
 */
static struct item *
nearest(const struct trie *t, struct bytes key)
{
	struct node *n = t->root;
	struct branch *b;
	uint32_t bit;

	if (n == NULL)
		return NULL;
	while (n->key_len == 0) {
		b = branch_of(n);
		bit = bit_at(key.at, key.len, b->place);
		n = b->twig[b->present & bit ? twig_number(b, bit) : 0];
	}
	return item_of(n);
}

static int
is_key(const struct item *i, struct bytes key)
{
	return i->node.key_len == key.len && memcmp(i->bytes, key.at, key.len) == 0;
}

int
trie_get(const struct trie *t, struct bytes key, struct bytes *value)
{
	const struct item *i = nearest(t, key);

	if (i == NULL || !is_key(i, key))
		return 0;
	value->at = i->bytes + i->node.key_len;
	value->len = i->value_len;
	return 1;
}

/* A new item, or the given one with room for another value; NULL: ENOMEM. */
static struct item *
item_size(struct item *i, size_t key_len, size_t value_len)
{
	i = realloc(i, offsetof(struct item, bytes) + key_len + value_len);
	if (i == NULL)
		return NULL;
	i->node.key_len = (uint16_t)key_len;
	i->value_len = (uint32_t)value_len;
	return i;
}

static void
item_fill(struct item *i, struct bytes value)
{
	if (value.len > 0)
		memcpy(i->bytes + i->node.key_len, value.at, value.len);
}

/* The first place at which two different keys differ. */
static size_t
place_of_difference(const struct item *i, struct bytes key)
{
	size_t n = 0;

	while (n < i->node.key_len && n < key.len && i->bytes[n] == key.at[n])
		n++;

	/* They differ in this byte; do they in its high half already? */
	if (bit_at(i->bytes, i->node.key_len, 2 * n) == bit_at(key.at, key.len, 2 * n))
		return 2 * n + 1;
	return 2 * n;
}

/*
 * The link that a search for key follows to the first node that has nothing to
 * say of the half-bytes before place.
 */
static struct node **
link_at(struct trie *t, struct bytes key, size_t place)
{
	struct node **link = &t->root;
	struct branch *b;

	while ((*link)->key_len == 0 && branch_of(*link)->place < place) {
		b = branch_of(*link);
		link = &b->twig[twig_number(b, bit_at(key.at, key.len, b->place))];
	}
	return link;
}

/* Puts a twig into the branch that is there: 0, or -1 (ENOMEM). */
static int
branch_grow(struct node **link, uint32_t bit, struct item *i)
{
	struct branch *b;
	size_t at, n;

	n = bits(branch_of(*link)->present);
	b = realloc(*link, branch_size(n + 1));
	if (b == NULL)
		return -1;
	at = twig_number(b, bit);
	memmove(&b->twig[at + 1], &b->twig[at], (n - at) * sizeof(b->twig[0]));
	b->twig[at] = &i->node;
	b->present |= bit;
	*link = &b->node;
	return 0;
}

/* Puts a branch in, between the link and what it led to: 0, or -1 (ENOMEM). */
static int
branch_insert(struct node **link, size_t place, uint32_t bit, struct item *i,
    uint32_t other)
{
	struct branch *b;

	b = malloc(branch_size(2));
	if (b == NULL)
		return -1;
	b->node.key_len = 0;
	b->place = (uint16_t)place;
	b->present = bit | other;
	b->twig[bit < other ? 0 : 1] = &i->node;
	b->twig[bit < other ? 1 : 0] = *link;
	*link = &b->node;
	return 0;
}

int
trie_set(struct trie *t, struct bytes key, struct bytes value)
{
	struct item *i, *near = nearest(t, key);
	struct node **link;
	size_t place;
	uint32_t bit;
	int r;

	if (near != NULL && is_key(near, key)) {
		if (near->value_len != value.len) {
			link = link_at(t, key, SIZE_MAX);
			near = item_size(near, key.len, value.len);
			if (near == NULL)
				return -1;
			*link = &near->node;
		}
		item_fill(near, value);
		return 0;
	}

	i = item_size(NULL, key.len, value.len);
	if (i == NULL)
		return -1;
	memcpy(i->bytes, key.at, key.len);
	item_fill(i, value);
	if (near == NULL) {
		t->root = &i->node;
		t->count = 1;
		return 0;
	}
	place = place_of_difference(near, key);
	bit = bit_at(key.at, key.len, place);
	link = link_at(t, key, place);
	if ((*link)->key_len == 0 && branch_of(*link)->place == place)
		r = branch_grow(link, bit, i);
	else
		r = branch_insert(link, place, bit, i,
		    bit_at(near->bytes, near->node.key_len, place));
	if (r == -1) {
		free(i);
		return -1;
	}
	t->count++;
	return 0;
}

/* Takes a twig out of the branch; one that has a single twig left goes, too. */
static void
branch_shrink(struct node **link, uint32_t bit)
{
	struct branch *b = branch_of(*link);
	struct node *smaller;
	size_t at, n;

	n = bits(b->present) - 1;
	at = twig_number(b, bit);
	memmove(&b->twig[at], &b->twig[at + 1], (n - at) * sizeof(b->twig[0]));
	b->present &= ~bit;
	if (n == 1) {
		*link = b->twig[0];
		free(b);
		return;
	}
	smaller = realloc(b, branch_size(n));
	if (smaller != NULL) /* else it stays as large as it was */
		*link = smaller;
}

int
trie_unset(struct trie *t, struct bytes key)
{
	struct node **above = NULL, **link = &t->root;
	struct item *i = nearest(t, key);
	struct branch *b;
	uint32_t bit = 0;

	if (i == NULL || !is_key(i, key))
		return 0;
	while ((*link)->key_len == 0) {
		b = branch_of(*link);
		bit = bit_at(key.at, key.len, b->place);
		above = link;
		link = &b->twig[twig_number(b, bit)];
	}
	if (above == NULL)
		t->root = NULL;
	else
		branch_shrink(above, bit);
	free(i);
	t->count--;
	return 1;
}

/*
 * Every item below n, in order.  It calls itself once for a branch on the way
 * down, of which there is at most one for a half-byte of a key.
 */
static int
each_below(struct node *n, int (*visit)(void *, struct bytes key, struct bytes value),
    void *arg)
{
	struct bytes key, value;
	const struct item *i;
	size_t k, twigs;
	int r = 0;

	if (n->key_len > 0) {
		i = item_of(n);
		key.at = i->bytes;
		key.len = i->node.key_len;
		value.at = i->bytes + i->node.key_len;
		value.len = i->value_len;
		return visit(arg, key, value);
	}
	twigs = bits(branch_of(n)->present);
	for (k = 0; k < twigs && r == 0; k++)
		r = each_below(branch_of(n)->twig[k], visit, arg);
	return r;
}

int
trie_each(const struct trie *t, struct bytes prefix,
    int (*visit)(void *, struct bytes key, struct bytes value), void *arg)
{
	const struct item *i = nearest(t, prefix);
	struct node *n = t->root;
	struct branch *b;

	/* All keys below n agree up to n's place: one of them speaks for all. */
	if (i == NULL || i->node.key_len < prefix.len ||
	    (prefix.len > 0 && memcmp(i->bytes, prefix.at, prefix.len) != 0))
		return 0;
	while (n->key_len == 0 && branch_of(n)->place < 2 * prefix.len) {
		b = branch_of(n);
		n = b->twig[twig_number(b, bit_at(prefix.at, prefix.len, b->place))];
	}
	return each_below(n, visit, arg);
}

void
trie_warm(const struct trie *t, const struct bytes *key, size_t n)
{
	const struct node *at[TRIE_WARM];
	const struct branch *b;
	size_t i, moved = n;
	uint32_t bit;

	for (i = 0; i < n; i++)
		at[i] = t->root;
	while (t->root != NULL && moved > 0) {
		moved = 0;
		for (i = 0; i < n; i++) {
			if (at[i]->key_len > 0)
				continue;
			b = (const struct branch *)at[i];
			bit = bit_at(key[i].at, key[i].len, b->place);
			at[i] = b->twig[b->present & bit ? twig_number(b, bit) : 0];
			moved++;
		}
	}
}

static void
free_below(struct node *n)
{
	size_t k, twigs;

	if (n->key_len == 0) {
		twigs = bits(branch_of(n)->present);
		for (k = 0; k < twigs; k++)
			free_below(branch_of(n)->twig[k]);
	}
	free(n);
}

void
trie_free(struct trie *t)
{
	if (t->root != NULL)
		free_below(t->root);
	memset(t, 0, sizeof(*t));
}

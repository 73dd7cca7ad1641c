/*
 * trie.h - keys and values in byte order of the keys.
 *
 * A trie over the keys' half-bytes in which only the places where keys part
 * have a branch: a search looks at one branch for each such place and at one
 * key in the end, whatever the number of keys.  An item is one allocation, its
 * key and its value together; for each there is, on top, little more than the
 * pointer to it.
 */
#ifndef LITE_RAFT_TRIE_H
#define LITE_RAFT_TRIE_H

#include "command.h"

/* All zero is an empty trie. */
struct trie {
	struct node *root;
	size_t count; /* of keys */
};

/* The value of a key: 1 and *value (valid until the next change), or 0. */
int trie_get(const struct trie *, struct bytes key, struct bytes *value);

/* 0, or -1 with ENOMEM and nothing changed.  A key has 1 to KEY_MAX bytes. */
int trie_set(struct trie *, struct bytes key, struct bytes value);

/* 1 if the key was there.  No memory is needed for it. */
int trie_unset(struct trie *, struct bytes key);

/*
 * Every key that begins with prefix, in byte order, until visit returns
 * non-zero: that, or 0.
 */
int trie_each(const struct trie *, struct bytes prefix,
    int (*visit)(void *, struct bytes key, struct bytes value), void *arg);

/*
 * Looks for up to TRIE_WARM keys at a time, step by step, so that the memory's
 * answers are waited for together: what comes next finds them at hand.
 */
#define TRIE_WARM 16u
void trie_warm(const struct trie *, const struct bytes *key, size_t n);

void trie_free(struct trie *);

#endif

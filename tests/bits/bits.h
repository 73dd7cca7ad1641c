/*
 * bits.h - a small node, every bit of which is to be flipped: the images of its
 * files, and what was acknowledged of it.
 */
#ifndef LITE_RAFT_BITS_H
#define LITE_RAFT_BITS_H

#include "state/state.h"

#define ENTRIES     32u /* of the whole log */
#define FILES_MAX   32u
#define SMALL       1536u /* bytes of a segment */
#define NODE_TERM   9u
#define NODE_BOOTS  4u
#define PEER_BOOTS  5u
#define PATH_LENGTH 128u

struct image {
	char path[PATH_LENGTH];
	char *p;
	size_t n;
};

/* What is true of a node, whatever becomes of its files. */
struct truth {
	struct image file[FILES_MAX];
	size_t files;
	size_t size;         /* how many members */
	uint64_t tail;       /* all up to here was acknowledged */
	uint64_t least;      /* the lock file says at least this */
	uint64_t snap;       /* the newest snapshot's index; 0: none */
	struct who me, peer; /* peer has its vote */
	char cluster[ID_DIGITS + 1];
	uint32_t chain[ENTRIES + 1];
	uint32_t store[ENTRIES + 1]; /* the CRC of the store's dump, at each index */
	struct buf log;              /* every record, as a leader sends it */
	size_t at[ENTRIES + 2];      /* where they begin in it */
	struct members members;
};

/* The kinds of node; the last has no name. */
extern const char *const kinds[];

/* Makes a node of that kind in the current directory, which is empty. */
void node_make(struct os *, const char *kind, struct truth *);

/* All of state/ is as it was, but for the one file, if one is given; no notes. */
void node_restore(struct os *, const struct truth *, const struct image *instead);

/* Puts its files where they belong, over what is there. */
void images_put(struct os *, const struct truth *);

/* The CRC of what a store holds: 0, or -1 (it can't be read). */
int store_crc(const struct store *, uint32_t *);

/* 1 if a byte of that file tells something, and is not what it was. */
int matters(const struct truth *, const struct image *);

/* 1 if one byte of it is another, and is not zero: that is no tear. */
int is_flipped(const struct truth *, const struct image *);

/*
 * 1 if the text, or what the node has noted, says where that file is not what it was: its
 * path, and where there is more than one place in it to be wrong the byte at which the
 * damaged record, slot, block or line begins.
 */
int names(const char *text, const struct truth *, const struct image *);
int noted(struct os *, const struct truth *, const struct image *);

/*
 * Puts the node with that one file through its paces: NULL, or what it did that it
 * must not (a sentence).  role: the pid that its steps work for.
 */
const char *node_judge(struct os *, const struct truth *, const struct image *,
    pid_t role);

#endif

/*
 * image.h - what lies in a node's directory, read by the checker's own eyes:
 * from the page cache (what the node believes) or from the disk (what a loss of
 * power would leave it).
 */
#ifndef LITE_RAFT_SIM_IMAGE_H
#define LITE_RAFT_SIM_IMAGE_H

#include "core/record.h"
#include "core/rules.h"
#include "core/snapshot.h"
#include "machine.h"

struct entry {
	struct record record;
	struct inode *segment;
	size_t off;
	uint32_t before; /* the chain that it was found to follow */
};

/* A snapshot under its name. */
struct snap_image {
	struct inode *dir;
	struct manifest manifest;
	int whole; /* every byte is as its manifest says */
};

/*
 * The intact, chained records behind index base, and the newest whole snapshot,
 * which holds all up to its index: base, or beyond.  A log that ends before it, or
 * that has another entry there, counts for nothing.
 */
struct log_image {
	struct machine *machine;
	enum image image;
	uint64_t base;       /* entry[i] is index base + i + 1 */
	size_t n;            /* the last index */
	struct entry *entry; /* n - base of them */
	size_t room;
	struct entry *old; /* while it is read again: what was there */
	uint64_t old_base, old_n;
	struct inode **segment;
	uint64_t *first;
	size_t *from; /* of each: the first byte that has changed */
	size_t segments;
	struct inode *snapshots; /* their directory; NULL: there is none */
	struct snap_image *snap; /* all of them, oldest first */
	size_t snaps;
	size_t snap_room;
	uint64_t covered; /* index of the newest whole one; 0: none */
	uint64_t covered_term;
	uint32_t covered_chain;
	int read;
};

void log_image_init(struct log_image *, struct machine *, enum image);

/* 1 if anything has changed since log_image_read. */
int log_image_stale(struct log_image *);

/* Reads again what has changed: the number of entries that stayed as they were. */
size_t log_image_read(struct log_image *);

/*
 * The chain at index, 1 and *chain; 0: there is no such entry. Index 0 has 0.  What
 * a snapshot holds is what was committed: check.c looks at every snapshot.
 */
int log_image_chain(const struct log_image *, uint64_t index, uint32_t *chain);

/* 1 if an older snapshot and the log have all that the newest one has. */
int log_image_spare(const struct log_image *);

/* NULL where the log does not have it (but a snapshot may hold it). */
const struct entry *log_image_entry(const struct log_image *, uint64_t index);

/* An entry's payload, as it lies in the image now. */
const char *log_image_payload(const struct log_image *, const struct entry *);

/* The first index of the segment that an entry lies in. */
uint64_t log_image_segment(const struct log_image *, const struct entry *);

/* The newer intact slot of state/term; -1: there is none. */
int term_image(struct machine *, enum image, struct term *);

/* What both slots say on the disk; -1: they differ, or one of them is damaged. */
int term_stored(struct machine *, struct term *);

/* What state/lock says; -1: nothing that can be read. */
struct lock_image {
	uint64_t counter;
	uint64_t damaged;
	uint64_t tail;
	int clean;
	int cut;
};

int lock_image(struct machine *, enum image, struct lock_image *);

/* A decimal number at the beginning of a small file; 0 if it is not there. */
uint64_t number_image(struct machine *, const char *path);

#endif

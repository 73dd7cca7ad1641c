/*
 * image.h - what lies in a node's directory, read by the checker's own eyes:
 * from the page cache (what the node believes) or from the disk (what a loss of
 * power would leave it).
 */
#ifndef LITE_RAFT_SIM_IMAGE_H
#define LITE_RAFT_SIM_IMAGE_H

#include "core/record.h"
#include "core/rules.h"
#include "machine.h"

struct entry {
	struct record record;
	struct inode *segment;
	size_t off;
};

/* The intact, chained records from index 1 on; entry[i] is index i + 1. */
struct log_image {
	struct machine *machine;
	enum image image;
	struct entry *entry;
	size_t n;
	size_t room;
	struct inode **segment;
	uint64_t *first;
	size_t segments;
	size_t segments_room;
	int read;
};

void log_image_init(struct log_image *, struct machine *, enum image);

/* 1 if anything has changed since log_image_read. */
int log_image_stale(struct log_image *);

/* Reads again what has changed: the number of entries that stayed as they were. */
size_t log_image_read(struct log_image *);

/* The chain at index, 1 and *chain; 0: there is no such entry. Index 0 has 0. */
int log_image_chain(const struct log_image *, uint64_t index, uint32_t *chain);

/* An entry's payload, as it lies in the image now. */
const char *log_image_payload(const struct log_image *, const struct entry *);

/* The first index of the segment that an entry lies in. */
uint64_t log_image_segment(const struct log_image *, const struct entry *);

/* The newer intact slot of state/term; -1: there is none. */
int term_image(struct machine *, enum image, struct term *);

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

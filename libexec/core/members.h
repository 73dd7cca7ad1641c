/*
 * members.h - a configuration: names and node ids, sorted by name.
 *
 * Text, a line each: "member NAME ID".
 */
#ifndef LITE_RAFT_MEMBERS_H
#define LITE_RAFT_MEMBERS_H

#include "buf.h"
#include "frame.h"

struct members {
	uint64_t index; /* of the entry that holds it */
	size_t n;
	struct who who[MEMBERS_MAX];
};

/* Reads lines; 0, or -1 (not sorted, a name or an id twice, too many, no members). */
int members_parse(struct members *, const char *, size_t);
int members_print(const struct members *, struct buf *);

/* The place of a name, or -1; with id: of that name under that id. */
int members_find(const struct members *, const char *name, const char *id);

/* Adds one and keeps the order: 0, or -1 (a name or an id twice, too many). */
int members_add(struct members *, const char *name, const char *id);

/* 1 if n of the members are more than half of them (Raft §5.2). */
int members_majority(const struct members *, size_t n);

/* The cluster's id: a digest of the sorted pairs, 16 hexadecimal digits. */
void members_digest(const struct members *, char[ID_DIGITS + 1]);

#endif

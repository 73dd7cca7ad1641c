/*
 * members.h - a configuration: names and node ids, sorted by name.
 *
 * Text, a line each, which begins with the part that a node has in it:
 *
 *	member NAME ID     a voter
 *	joining NAME ID    a voter of the new configuration, not of the old
 *	leaving NAME ID    a voter of the old configuration, not of the new
 *	learner NAME ID    is sent the log, and counts nowhere
 *	entering NAME ID   a learner that is to become a voter
 *
 * While any is joining or leaving the configuration is joint: "agreement (for
 * elections and entry commitment) requires separate majorities from both the old
 * and new configurations" (§6).
 */
#ifndef LITE_RAFT_MEMBERS_H
#define LITE_RAFT_MEMBERS_H

#include "buf.h"
#include "frame.h"

enum part { PART_MEMBER, PART_JOINING, PART_LEAVING, PART_LEARNER, PART_ENTERING };

struct members {
	uint64_t index; /* of the entry that holds it */
	size_t n;
	struct who who[MEMBERS_MAX];
	enum part part[MEMBERS_MAX];
};

/*
 * Reads lines; 0, or -1 (not sorted, a name or an id twice, too many, no voter in
 * the old configuration or in the new).
 */
int members_parse(struct members *, const char *, size_t);
int members_print(const struct members *, struct buf *);
const char *part_name(enum part);

/* 1 if both are the same, of the same entry. */
int members_equal(const struct members *, const struct members *);

/* The place of a name, or -1; with id: of that name under that id. */
int members_find(const struct members *, const char *name, const char *id);

/* Adds a voter and keeps the order: 0, or -1 (a name or an id twice, too many). */
int members_add(struct members *, const char *name, const char *id);
void members_remove(struct members *, size_t place);

/* 1 if the node at this place votes, be it in one of two configurations. */
int members_votes(const struct members *, size_t place);

/* 1 while there are two configurations. */
int members_joint(const struct members *);

/*
 * 1 if those whose yes[place] is not 0 are more than half of the voters: of the
 * old configuration, and of the new one (§6).
 */
int members_quorum(const struct members *, const char yes[MEMBERS_MAX]);

/* The cluster's id: a digest of the sorted pairs, 16 hexadecimal digits. */
void members_digest(const struct members *, char[ID_DIGITS + 1]);

#endif

/*
 * tally.h - the votes for one ballot (Raft §5.2).
 */
#ifndef LITE_RAFT_TALLY_H
#define LITE_RAFT_TALLY_H

#include "frame.h"
#include "members.h"

enum count { COUNT_OPEN, COUNT_WON, COUNT_LOST };

struct tally {
	enum ballot kind;
	uint64_t term;   /* that was asked for */
	uint64_t newest; /* the newest term seen in a refusal */
	char cluster[ID_DIGITS + 1];
	struct who me;
	struct members members;
	char vote[MEMBERS_MAX]; /* 0 none yet, 'y', 'n' */
};

/*
 * Counts a reply, if it is one to this very ballot from a member, once; what
 * comes late, twice or from elsewhere changes nothing.
 */
enum count tally_add(struct tally *, const struct frame *);

/* Won with a majority's yes, of both configurations where there are two (§6); lost
 * when that can't be any more, or in the face of a newer term. */
enum count tally_count(const struct tally *);

#endif

/*
 * rules.h - Raft's decisions (Figure 2), each a pure function.
 */
#ifndef LITE_RAFT_RULES_H
#define LITE_RAFT_RULES_H

#include "frame.h"
#include "members.h"
#include "types.h"

/* current_term and voted_for: one record (state/term). */
struct term {
	uint64_t version; /* of the record: higher is newer */
	uint64_t current_term;
	struct who voted_for; /* name "-": nobody */
};

/* A slot of state/term: one line. */
#define TERM_SLOT     4096u /* bytes from slot to slot */
#define TERM_LINE_MAX 256u

int term_print(const struct term *, struct buf *);
int term_parse(struct term *, const char *, size_t); /* 0, or -1 */

/* 1 and the change made, if t is behind the given term ("All Servers", Figure 2). */
int term_raise(struct term *, uint64_t term);

/* What a voter looks at. */
struct voter {
	struct term term;
	uint64_t last_index;
	uint64_t last_term;
	int hears_leader; /* within the least election timeout */
	int damaged;      /* the log lost what was acknowledged */
};

/* Why a vote was refused; NULL when it was granted. */
struct vote_answer {
	int granted;
	int changed; /* v->term is to be made durable first */
	const char *why;
};

/* 1 if (index, term) is at least as up to date as the voter's log (§5.4.1). */
int log_up_to_date(uint64_t last_index, uint64_t last_term, const struct voter *);

/* RequestVote and PreVote, the receiver's half; changes v->term. */
struct vote_answer rule_vote(struct voter *, const struct frame *);

/*
 * The commit index that an append allows: min(leader's, last entry verified by
 * this very request), never less than before (Figure 2, 5; F11).
 */
uint64_t rule_follower_commit(uint64_t commit, uint64_t leader_commit,
    uint64_t verified);

/*
 * The highest index that a majority holds, of both configurations where there are
 * two (§6); match[place] is a member's (the leader's own included, 0 where it is
 * not counted).
 */
uint64_t rule_quorum_index(const struct members *, const uint64_t match[MEMBERS_MAX]);

#endif

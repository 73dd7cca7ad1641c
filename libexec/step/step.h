/*
 * step.h - the steps' work, apart from their main(): what the programs vote and
 * append do between reading their input and writing their output.
 *
 * Functions that work on state/ return -1 when the process must end (the reason
 * is in st->why), and take and give up the lock themselves.
 */
#ifndef LITE_RAFT_STEP_H
#define LITE_RAFT_STEP_H

#include "core/buf.h"
#include "core/frame.h"
#include "core/rules.h"
#include "core/tally.h"
#include "state/state.h"

/* 1 if a leader was heard within the least election timeout (ns). */
int leader_heard(struct os *, uint64_t timeout);

/*
 * The candidate's half of RequestVote: raises the term and votes for itself
 * (BALLOT_PRE: neither), durably, and appends a ballot for every other member.
 * 0; 1: this node may not campaign, st->why says why; -1.
 */
int vote_ask(struct state *, enum ballot, uint64_t timeout, struct buf *out);

/*
 * The voter's half: appends the reply.  0 granted, 1 refused, 2 the frame is
 * not for this node (nothing is appended, st->why says why), -1.
 */
int vote_answer(struct state *, const struct frame *, uint64_t timeout,
    struct buf *out);

/* Begins a count for the ballot that vote_ask wrote. 0, or -1. */
int tally_begin(struct tally *, struct state *, enum ballot);

/*
 * Ends a count: records a newer term that was seen; COUNT_WON only if this node
 * still stands in the term that the votes are of.  *result; 0, or -1.
 */
int tally_end(struct tally *, struct state *, enum count *result);

/* TimeoutNow: 0 and the candidate is woken, 1 refused (st->why), -1. */
int vote_handover(struct state *, const struct frame *);

/* The follower's half of AppendEntries. */
struct append;

/* NULL: st->why. pid is that of the role that runs this node. */
struct append *append_new(struct state *, pid_t pid);
void append_free(struct append *);

/*
 * Takes bytes off the stream and carries out all frames that are whole, with
 * one lock and one sync; appends the replies.  0; 1: the stream ends here
 * (st->why: refused, another stream has begun, the node has stopped); -1.
 */
int append_input(struct append *, const char *, size_t, struct buf *out);

/*
 * The stream has ended: its leader may be dead.  Expires the stamp, if it is
 * still this stream's and the term is still current: 1, else 0.  append_wake, a
 * little later, wakes the timer if nobody else leads by then.
 */
int append_end(struct append *);
void append_wake(struct append *);

#endif

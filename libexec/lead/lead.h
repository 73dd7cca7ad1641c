/*
 * lead.h - the leader's half of Raft, apart from sockets: what comes in is
 * given to it, what goes out waits in a struct buf for main to take.
 *
 * A turn: input from whoever has any, lead_begin (writes the log, fills the
 * streams' output), main sends that, lead_finish (syncs, counts, commits,
 * applies, fills the clients' output), main sends that.
 */
#ifndef LITE_RAFT_LEAD_H
#define LITE_RAFT_LEAD_H

#include <sys/types.h>

#include "core/buf.h"
#include "state/state.h"

struct lead;
struct stream;
struct client;

/*
 * Begins to lead in term, which this node was elected in: writes and syncs the
 * term's no-op.  timeout: the election timeout in ns.  NULL: st->why; *status is
 * the exit status that fits.
 */
struct lead *lead_new(struct state *, uint64_t term, uint64_t timeout, int *status);
void lead_free(struct lead *);

/* What lead_begin and lead_finish return. */
enum lead_next {
	LEAD_ON,
	LEAD_DOWN,  /* it leads no more: lead_why */
	LEAD_DONE,  /* lead_stop has finished */
	LEAD_BROKEN /* the disk: lead_why */
};

enum lead_next lead_begin(struct lead *);
enum lead_next lead_finish(struct lead *);
const char *lead_why(const struct lead *);

/* When the next turn is due without any input (clock_now's time). */
uint64_t lead_due(const struct lead *);

/* --- followers ---------------------------------------------------------------- */

/*
 * A stream to a member has opened; pid is the process at its far end on this
 * host.  One that stands already is used until the new one has been answered.
 * NULL: there is no such other member, or no memory.
 */
struct stream *lead_stream_open(struct lead *, const char *node, pid_t pid);

/* 0, or -1: it is to be closed. */
int lead_stream_input(struct lead *, struct stream *, const char *, size_t);
struct buf *lead_stream_output(struct stream *);

/* Non-zero when the stream is to be closed, and its process ended first. */
int lead_stream_doomed(const struct stream *);
pid_t lead_stream_pid(const struct stream *);
void lead_stream_close(struct lead *, struct stream *);

/* --- clients ------------------------------------------------------------------ */

/*
 * NULL: ENOMEM.  "hello 1 COMMIT_INDEX" goes out first: at once, or when this
 * term's first entry is committed.
 */
struct client *lead_client_open(struct lead *);

/* 0, or -1: it is to be closed when its output is out. */
int lead_client_input(struct lead *, struct client *, const char *, size_t);
struct buf *lead_client_output(struct client *);

/*
 * Goes on with what was put off while its output was full: 1 if there was any, so
 * that there is more output; else 0.
 */
int lead_client_more(struct lead *, struct client *);

/* 0 while so much waits for this client that nothing more is read from it. */
int lead_client_wants_input(const struct client *);

/*
 * How many bytes may be read from one that has sent some.  0: none for now, for all
 * clients hold too much; lead_client_ready tells when there is room.
 */
size_t lead_client_room(struct lead *, struct client *);

/* Non-zero while it waits for an answer, or watches. */
int lead_client_waits(const struct client *);

/* 1: it is to be closed when its output is out; 2: at once. */
int lead_client_ends(const struct client *);

/* Clients whose output has grown: one at a time, NULL at the end. */
struct client *lead_client_ready(struct lead *);
void *lead_client_tag(struct client *, void *tag); /* keeps, returns main's own */
void lead_client_close(struct lead *, struct client *);

/* --- the end ------------------------------------------------------------------- */

/*
 * Takes no more writes; LEAD_DONE follows when a follower has all that this
 * leader has, or an election timeout later.
 */
void lead_stop(struct lead *);

/* The frame that tells the most caught-up follower to stand: 1, or 0: nobody. */
int lead_handover(struct lead *, struct buf *);

/* Answers all that is still waited for: unknown, or not done. */
void lead_dismiss(struct lead *);

#endif

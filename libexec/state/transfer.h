/*
 * transfer.h - a snapshot on its way from the leader to a follower:
 * InstallSnapshot (§7, Figure 13), without the wire.
 *
 * The leader's host first asks how much of its newest snapshot the follower has:
 * a frame "snapshot" goes there, "snapshot!" comes back.  Then another frame
 * goes, and behind it, from there on, the bytes of the files requests and data.
 */
#ifndef LITE_RAFT_TRANSFER_H
#define LITE_RAFT_TRANSFER_H

#include "core/buf.h"
#include "core/frame.h"
#include "state.h"

/* What the functions return where they say "a step": -1 is an error of the disk. */
enum transfer {
	TRANSFER_ON,      /* there is more to come */
	TRANSFER_DONE,    /* this was all, and it went well */
	TRANSFER_REFUSED, /* st->why says why */
	TRANSFER_BARRED   /* the same: it is not for this node, or is damaged */
};

/* --- install.c: the follower's half ----------------------------------------------- */

struct install;

/* role is the pid that the node runs under; NULL: st->why. */
struct install *install_new(struct state *, pid_t role);
void install_free(struct install *);

/*
 * Takes bytes of the input: a step.  Appends the answer to an offer to out.
 * What has come of a snapshot is kept in INDEX.TERM.part, also if there is no
 * more; the whole is verified before it replaces anything.
 */
int install_input(struct install *, const char *, size_t, struct buf *out);

/* The input has ended, or is silent: what is to be said of that. */
void install_short(struct install *);

/* How much of a snapshot is there of how much; 0 of 0: none is under way. */
void install_progress(struct state *, uint64_t *have, uint64_t *total);

/* --- sender.c: the leader's half ---------------------------------------------------- */

/*
 * Appends the offer of the newest snapshot to a member that run/behind.NODE says
 * needs one: TRANSFER_DONE, TRANSFER_ON (it does not answer yet: ask again),
 * TRANSFER_REFUSED, or -1.
 */
int sender_offer(struct state *, const char *node, struct buf *out);

struct sender;

/*
 * Begins to send what a member's answer asks for: TRANSFER_ON and *s, with the
 * frame in out; TRANSFER_DONE: it needs nothing; TRANSFER_REFUSED; or -1.
 */
int sender_open(struct state *, const char *node, const struct frame *answer,
    struct sender **, struct buf *out);
void sender_close(struct sender *);

/* Appends the next bytes: a step. */
int sender_next(struct sender *, struct buf *out);

void sender_progress(const struct sender *, uint64_t *sent, uint64_t *total);

#endif

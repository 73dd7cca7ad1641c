/*
 * batch.h - a client's many requests: lines that wait for their answers, in
 * order, whatever leaders come and go.
 *
 * A line is "[id=REQUEST_ID] VERB WORDS..." as in talk.h.  A write that has no id
 * gets one when it is first sent, and keeps it, so that it can be sent to the
 * next leader without being carried out twice.
 */
#ifndef LITE_RAFT_BATCH_H
#define LITE_RAFT_BATCH_H

#include "command.h"

#define BATCH_LINES 1024u                /* that wait for an answer, at most */
#define BATCH_BYTES (4u * 1024u * 1024u) /* of them, after which none is taken */

struct batch_line {
	char *text; /* without its newline; or the answer, if it has one */
	size_t len;
	struct request_id id;
	size_t wire; /* bytes, as it was sent */
	int write;
	int named;    /* text has the id */
	int sent;     /* in this conversation */
	int maybe;    /* it may have been carried out */
	int answered; /* it never was a request */
};

/* All zero but random (64 bits by chance) is one that begins. */
struct batch {
	struct batch_line line[BATCH_LINES]; /* a ring */
	size_t first, n, bytes;
	size_t sent;     /* of n, the first */
	size_t heard;    /* of sent: the leader says it will do no more */
	uint64_t random; /* of the next id */
	int worst;       /* the greatest status so far */
	struct words words;
};

/* 1 if there is room for one more. */
int batch_room(const struct batch *);

/*
 * Takes a line of n bytes; or one that is to be answered 64, for a reason.  One of
 * blanks is skipped.  0, or -1 (ENOMEM).
 */
int batch_take(struct batch *, const char *, size_t n);
int batch_refuse(struct batch *, const char *, size_t n, const char *why);

/*
 * Appends lines that have not been sent to out, until that has max bytes; commit
 * is the leader's.  0, or -1 (ENOMEM).
 */
int batch_send(struct batch *, uint64_t commit, size_t max, struct buf *out);

/*
 * The answer to the oldest line that was sent, which begins with status: appends
 * it to out.  1; 0: it is to be asked again, of another leader, and so is all
 * that follows: its answers only tell what was not carried out.  -1: ENOMEM, or
 * EPROTO: nothing had been asked.  commit: of the leader's newest hello.
 */
int batch_answer(struct batch *, int status, struct bytes answer, uint64_t commit,
    struct buf *out);

/* Has all that was sent had an answer of this leader? */
int batch_heard(const struct batch *);

/* Appends the answers that need no leader. 0, or -1 (ENOMEM). */
int batch_settle(struct batch *, struct buf *out);

/*
 * The conversation is over: all is to be sent again.  Of what batch_send gave,
 * the last unsent bytes have not left.
 */
void batch_again(struct batch *, size_t unsent);

/* Appends an answer to all that waits: unknown if it may have been carried out,
 * else this status, for a reason. */
int batch_give_up(struct batch *, int status, const char *why, struct buf *out);

void batch_free(struct batch *);

#endif

/*
 * frame.h - what travels between peers: one text header line and a body.
 *
 *   lr1 TYPE CLUSTER FROM FROMID TO TOID TERM SEQ A B C D E F LENGTH BODYCRC CRC\n
 *
 * CLUSTER, FROMID and TOID are 16 hexadecimal digits or "-" (not known yet);
 * numbers are decimal.  A to F mean, by TYPE (0 where nothing is named):
 *
 *   vote       A kind (enum ballot)  B last index  C last term
 *   voted      A kind  B 1 granted, 0 refused  C 1: a leader is being heard
 *              D 1: its log is damaged, it does not vote
 *   append     A prev index  B prev term  C prev chain  D commit index
 *              E leader's last index  F number of records; body: the records
 *   appended   A result (enum appended)  B last index verified by this request
 *              C hint: index  D hint: term there  E own last index
 *              F 1: this node's log is under repair
 *   handover   (TimeoutNow, thesis §3.10)
 *   snapshot   A kind (enum snapshot_kind)  B index  C term  D bytes in all
 *              E offset of those that follow the frame; body: the manifest
 *   snapshot!  A answer (enum snapshot_answer)  B index  C term  D bytes in all
 *              E bytes of them that it has
 *   hello      A how often it was started; body: nothing
 *   hello!     A 1: formed  B as A of the last hello before; body: "KEY VALUE" lines (see os/node.c)
 *
 * SEQ numbers a sender's requests; a reply carries its request's.
 */
#ifndef LITE_RAFT_FRAME_H
#define LITE_RAFT_FRAME_H

#include "buf.h"
#include "types.h"

#define FRAME_HEADER_MAX 1024u              /* bytes of the header line */
#define FRAME_BODY_MAX   (4u * 1024 * 1024) /* bytes; more is refused unread */

enum frame_type {
	FRAME_VOTE,
	FRAME_VOTED,
	FRAME_APPEND,
	FRAME_APPENDED,
	FRAME_HANDOVER,
	FRAME_SNAPSHOT,
	FRAME_SNAPSHOT_REPLY,
	FRAME_HELLO,
	FRAME_HELLO_REPLY,
	FRAME_TYPES
};

enum ballot { BALLOT_PRE, BALLOT_REAL, BALLOT_HANDOVER };

enum appended {
	APPENDED_YES,   /* the log agrees up to B, durably */
	APPENDED_NO,    /* no entry (prev index, prev term); hint in C, D */
	APPENDED_STALE, /* the sender's term has passed */
	APPENDED_FULL   /* no space: nothing was written */
};

enum snapshot_kind {
	SNAPSHOT_OFFER, /* how much of it is there? */
	SNAPSHOT_BYTES  /* here it is, from the offset on */
};

enum snapshot_answer {
	SNAPSHOT_WANTED,
	SNAPSHOT_NOT_NEEDED, /* what it holds is there, committed */
	SNAPSHOT_STALE,      /* the sender's term has passed */
	SNAPSHOT_BUSY        /* one is being taken or installed: later */
};

struct who {
	char name[NAME_LIMIT + 1];
	char id[ID_DIGITS + 1]; /* "-": not known */
};

struct frame {
	enum frame_type type;
	char cluster[ID_DIGITS + 1]; /* "-": none yet */
	struct who from;
	struct who to;
	uint64_t term;
	uint64_t seq;
	uint64_t arg[6];
	size_t length;
	const char *body; /* parsed: points into the input */
};

/* Appends the frame; length and body are taken from it. 0, or -1 (ENOMEM). */
int frame_encode(const struct frame *, struct buf *);

/*
 * Reads a frame at p[0..n): 1, *f and *used; 0: more is needed (at least *used
 * bytes in all, as far as is known); -1: this is no frame, *why says so.
 */
int frame_parse(const char *p, size_t n, struct frame *, size_t *used,
    const char **why);

/*
 * The door opens with this line; what a login shell printed stands before it.
 */
#define FRAME_GREETING "lite-raft-gate 1"

/*
 * Where what follows the greeting begins in p[0..n): 1 and *skip; 0: not there
 * yet; -1: more than 64 KiB without it.
 */
int frame_greeting(const char *p, size_t n, size_t *skip);

/* The frame of this type that stands behind the greeting: 0, or -1. Points into p. */
int frame_answer(const char *p, size_t n, enum frame_type, struct frame *);

/* A node's name: 1..NAME_LIMIT of A-Z a-z 0-9 . _ : % -, not "-" first. */
int name_valid(const char *, size_t);

#endif

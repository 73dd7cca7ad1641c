/*
 * drive.h - what the files of the driver share.  Each client is a process; what
 * it did goes to the history in one write an operation.
 */
#ifndef LITE_RAFT_LIN_DRIVE_H
#define LITE_RAFT_LIN_DRIVE_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/words.h"

#define SECOND UINT64_C(1000000000)
#define MILLI  UINT64_C(1000000)

#define KEYS_MAX 64u

/* What the clients came to. */
struct sum {
	uint64_t operations;
	uint64_t written; /* writes that were answered yes or no */
	uint64_t read;
	uint64_t unknown;
};

struct drive {
	char *const *node; /* shell words that run "$@" on each */
	size_t nodes;
	uint64_t seed;
	uint64_t until; /* no new operation from then on */
	uint64_t patience;
	uint64_t pause; /* between two operations, on average */
	size_t keys;
	int history; /* a descriptor */
};

struct self {
	const struct drive *drive;
	uint64_t number;
	uint64_t chance;
	uint64_t made;                 /* values */
	struct buf last[KEYS_MAX + 3]; /* the value that it knows of each key */
	struct sum sum;
};

struct request {
	struct buf text; /* in words.h quoting, without a newline */
	size_t key;
	int writes;
	int reads; /* a value, not a list */
	uint64_t invoked;
};

extern volatile sig_atomic_t drive_stops;

/* CLOCK_MONOTONIC, in nanoseconds. */
uint64_t now(void);
uint64_t below(struct self *, uint64_t n);
int goes_on(const struct self *);

/* Sleeps a moment of chance. */
void rest(struct self *);

void die(const char *what) __attribute__((noreturn));

/* --- drive_request.c -------------------------------------------------------- */

/* Thinks of a request, which begins now; the caller frees its text. */
void request_make(struct self *, struct request *);

/* It ended now, with the protocol's answer, or, NULL, with none. */
void request_ends(struct self *, struct request *, const char *answer, size_t n);

/* --- drive_child.c: a program on a node, behind two pipes --------------------- */

struct child {
	pid_t pid; /* 0: none */
	int in;
	int out;
	struct buf buf;
};

void child_start(struct child *, const char *node, const char *const *argv);
int child_send(struct child *, const char *, size_t); /* 0, or -1: it is gone */

/*
 * Its next line, without a newline, into line: 1; 0: it has said nothing until
 * then; -1: it is over.
 */
int child_line(struct child *, uint64_t until, struct buf *line);
void child_end(struct child *);

/* --- the kinds of clients -------------------------------------------------------- */

void client_command(struct self *); /* lite-raft-client, a process a request */
void client_door(struct self *);    /* the protocol, as gate client speaks it */
void client_batch(struct self *);   /* lite-raft-client batch */

#endif

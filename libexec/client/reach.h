/*
 * reach.h - finds the node that leads: who is to be asked, one connection after
 * the other, for as long as there is time.
 */
#ifndef LITE_RAFT_REACH_H
#define LITE_RAFT_REACH_H

#include "core/client.h"
#include "core/walk.h"
#include "os/os.h"

struct reach {
	struct os *os;
	const struct client *client; /* for messages: what was to be done */
	struct walk walk;
	uint64_t timeout;           /* ns; for a word from a leader */
	uint64_t deadline;          /* clock_now: when that is over */
	int runs;                   /* 1: this node does; 0: not; -1: none here */
	int others;                 /* the other nodes are known */
	char hint[NAME_LIMIT + 32]; /* run/leader, as last read */
	volatile sig_atomic_t interrupted; /* SIGHUP, SIGINT or SIGTERM */
};

/* A connection to a node. */
struct conn {
	struct walk_node *node;
	struct talk *talk;
	struct loop *loop;
	int fd;
	int deaf;  /* it takes nothing more; it may have said why before */
	int ended; /* and will say nothing more */
};

/* What conn_wait came back for; more than one of them, or nothing. */
enum {
	CONN_INPUT = 1, /* there is more in talk->in */
	CONN_OTHER = 2, /* the other descriptor can be read, or has ended */
	CONN_ENDED = 4, /* there is no more to come */
	CONN_LATE = 8,  /* until has come, or a signal */
	CONN_MOVED = 16 /* another node leads, as the follower here sees it */
};

/* Gets ready: 0, or an exit status. */
int reach_begin(struct reach *, const struct client *, struct os *);

/* What the visit to a node may return, besides an exit status. */
enum {
	VISIT_NEXT = -1,  /* others are to be asked */
	VISIT_MOVED = -2, /* the leader is another now: the round begins anew */
	VISIT_IDLE = -3,  /* nothing is left to be asked */
	VISIT_LATE = -4   /* the time is up, or a signal came */
};

/*
 * Visits node after node until a visit says something that ends it; unknown is
 * non-zero while something sent may have been carried out, so that waiting may
 * help although no node runs.
 */
int reach_go(struct reach *, int (*visit)(void *, struct conn *), void *arg,
    const int *unknown);

/*
 * Sends what is in the talk's out, and waits for input; until: clock_now's time,
 * UINT64_MAX for ever.  other: a descriptor, or -1.  -1 with errno.
 */
int conn_wait(struct reach *, struct conn *, uint64_t until, int other);

/* How long a node may be silent before others are asked, in ns. */
uint64_t reach_patience(const struct reach *, const struct walk_node *);

/* Notes what a node did, as in "a does not lead". */
void reach_note(struct walk_node *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Notes what the present line says of the leader: it is not this node. */
void reach_elsewhere(struct reach *, struct conn *);

/* Notes the present line's sentence. */
void reach_says(struct conn *);

/* Prints the one line that an error gets; returns status. */
int reach_complain(const struct reach *, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int reach_fault(const struct reach *); /* errno's */

/* Says that no leader answered, in words that begin with what: status. */
int reach_give_up(const struct reach *, int status, const char *what);

/*
 * Prints on stdout, and takes out of the buf what has been printed: 0, an exit
 * status, or VISIT_LATE: a signal came, and stdout takes nothing.
 */
int reach_print(const struct reach *, struct buf *);

/* 0; or an exit status: nobody will take what is printed on stdout. */
int reach_unheard(const struct reach *);

#endif

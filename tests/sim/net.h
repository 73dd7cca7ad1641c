/*
 * net.h - the simulated network: which hosts reach which, single messages that
 * may be lost, late, twice and out of order, and byte streams that keep their
 * order and break.
 */
#ifndef LITE_RAFT_SIM_NET_H
#define LITE_RAFT_SIM_NET_H

#include <stddef.h>
#include <stdint.h>

#define HOSTS    8u
#define ANYWHERE HOSTS /* a client's host: never cut off */

struct weather {
	uint64_t delay;  /* nanoseconds that a message takes */
	uint64_t spread; /* and up to so many more */
	unsigned lost;   /* in a thousand */
	unsigned late;   /* in a thousand: seconds late */
	unsigned busy;   /* in a thousand: it is read later */
	unsigned stalls; /* in a thousand: a stream stands still so long */
	unsigned twice;  /* in a thousand */
};

void net_set(const struct weather *);
void net_cut(size_t from, size_t to, int cut); /* one way */
int net_open(size_t from, size_t to);
void net_heal(void);

/* How long the next message will take; 0: it is lost. */
uint64_t net_delay(size_t from, size_t to);
int net_twice(void);

/*
 * One direction of a stream.  deliver is given what has arrived, n 0 at its end;
 * it returns 0, or the time at which the receiver will be able to take it.
 */
struct pipe;

typedef uint64_t deliver(void *arg, const char *, size_t n);

struct pipe *pipe_new(size_t from, size_t to, deliver *, void *arg);
void pipe_send(struct pipe *, const char *, size_t n);
void pipe_close(struct pipe *); /* the end, behind all that was sent */

/* The end, now or later; what is under way arrives late, in part, or never. */
void pipe_break(struct pipe *);

/* Nobody listens any more; the pipe frees itself. */
void pipe_leave(struct pipe *);

#endif

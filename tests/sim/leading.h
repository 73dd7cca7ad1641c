/*
 * leading.h - a lead at work, for leading.c, which does what its main() and the role
 * do, and for serving.c, where its clients are.
 */
#ifndef LITE_RAFT_SIM_LEADING_H
#define LITE_RAFT_SIM_LEADING_H

#include "lead/inside.h"
#include "world.h"

/* One stream's leader side. */
struct strand {
	struct link *link;
	struct channel *channel; /* NULL: there is none */
	struct stream *stream;
};

/* link/stream: the first stream goes through a connection that is open already,
 * and one of its own takes its place. */
struct link {
	struct leading *leading;
	struct node *peer;
	struct strand first;
	struct strand own;
	uint64_t heard; /* when its peer was, last; 0: never */
};

struct leading {
	struct node *node;
	struct os *os; /* NULL: it has ended */
	struct state *st;
	struct lead *lead;
	int role; /* the pid of the role that began it */
	int status;
	uint64_t frozen;
	uint64_t patience; /* it need not have heard a majority before then */
	unsigned deaf;     /* turns that it went on without one */
	uint64_t turn_at;  /* an event is on its way, then; 0: none */
	enum lead_next next;
	struct link link[NODES_MAX];
	struct connection *connections;

	/* What a piece of work is about. */
	struct strand *about;
	struct connection *from;
	const char *in;
	size_t n;
	int result;
};

struct connection {
	struct connection *next;
	struct leading *leading; /* NULL: its lead has ended */
	struct client *client;
	struct pipe *there;
	struct pipe *back;
	size_t narrow; /* bytes that go out before it reads; 0: no bound */
	size_t flight; /* those that it has not read */
	deliver *told; /* NULL: the client has closed */
	void *arg;
};

/* Its next turn comes no later than so. */
void leading_turn_soon(struct leading *, uint64_t delay);

/* A piece of its work did not come to its end. */
void leading_cut_short(struct leading *, enum ended how);

/* What it has for its clients goes out; they all lose it. */
void clients_output(struct leading *);
void clients_lose(struct leading *);

#endif

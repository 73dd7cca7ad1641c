/*
 * walk.h - which node a client asks next, and what became of it.
 *
 * A client goes round: in each round it asks every node at most once, first
 * this directory's own, then the one that was said to lead, then the others in
 * the order in which they became known.
 */
#ifndef LITE_RAFT_WALK_H
#define LITE_RAFT_WALK_H

#include "buf.h"
#include "types.h"

#define WALK_MAX (2u * MEMBERS_MAX) /* the configured, and the members */

struct walk_node {
	char name[NAME_LIMIT + 1]; /* "": this one, whose name is not known */
	int asked;                 /* in this round */
	int slow;                  /* it let a time pass without an answer */
	int stopped;               /* it does not run */
	char why[160];             /* what it did last, as in "a does not lead" */
};

struct walk {
	struct walk_node node[WALK_MAX]; /* the first is this one */
	size_t n;
	char hint[NAME_LIMIT + 1];
};

/* Begins with this node alone, whose name is not known. */
void walk_begin(struct walk *);

/* Names this node, by what state/node says: "lite-raft-node 1 NAME ...". */
void walk_self(struct walk *, const char *text);

/* Adds a node if it is not there; -1: no name, or too many. */
int walk_add(struct walk *, const char *name, size_t);

/* Adds the names of conf/cluster_nodes: 0, or -1 and the name that is none. */
int walk_conf(struct walk *, const char *text, const char **bad, size_t *len);

/* Adds what the lines "member NAME ID" name; other lines are skipped. */
void walk_members(struct walk *, const char *text);

/* The one to ask before others, if it is not this round's already. */
void walk_hint(struct walk *, const char *name, size_t);

void walk_round(struct walk *);             /* begins the next round */
struct walk_node *walk_next(struct walk *); /* NULL: the round is over */

/* 1 if no node runs: waiting does not help. */
int walk_all_stopped(const struct walk *);

/* Appends "a does not run, b does not lead". */
int walk_report(const struct walk *, struct buf *);

#endif

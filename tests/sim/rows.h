/*
 * rows.h - rows of FAILURES.md that want every case of something, one after the
 * other, where the seeds draw lots.  One node is made and told things; what it
 * answers and what is on its disk is held against the same properties.
 */
#ifndef LITE_RAFT_SIM_ROWS_H
#define LITE_RAFT_SIM_ROWS_H

#include "core/frame.h"
#include "machine.h"

/* Runs the row of this name (or "all"): 0, 1 it fails (and has said why), 64 there is none. */
int row_run(const char *name);

struct node;

/* What became of a step that was told something. */
struct response {
	enum ended ended;
	int result; /* the step's own, if it RAN */
	int replied;
	struct frame reply; /* without its body */
};

/* How it is told: to end in the n-th call (0: not at all), and how. */
struct fate {
	unsigned calls;
	enum ended how;
};

/* Three nodes that have formed, the first one started. */
struct node *row_node(void);

/* A frame between two members of the cluster. */
struct frame frame_between(struct node *from, struct node *to, enum frame_type,
    uint64_t term);

/* A ballot from another node, whose log ends at (index, term). */
struct response tell_ballot(struct node *, struct node *from, enum ballot,
    uint64_t term, uint64_t index, uint64_t last_term, struct fate);

/* A leader's log, made up entry by entry. */
struct book {
	struct buf bytes;
	size_t *off; /* entry i begins at off[i - 1] */
	struct record *record;
	uint64_t n;
};

/* Begins with what the node itself holds, the first count entries. */
void book_copy(struct book *, struct node *, uint64_t count);

/* One more entry, with so many bytes of payload, the last of them zero. */
void book_add(struct book *, uint64_t term, size_t bytes, size_t zeros);

/* Appends a frame of entries first..last to out; first == last + 1: a heartbeat. */
void book_frame(const struct book *, struct node *to, struct node *from, uint64_t term,
    uint64_t first, uint64_t last, uint64_t commit, struct buf *out);

/* The same of a book that no leader could have. */
void book_frame_unchecked(const struct book *, struct node *to, struct node *from,
    uint64_t term, uint64_t first, uint64_t last, struct buf *out);

/* A new append on the node is given bytes, and ends. */
struct response tell_append(struct node *, const struct buf *, struct fate);

/* Starts it again if it has lost power; 1 if it had. */
int row_back(struct node *, struct response);

/* The node's log is the book's first count entries. */
void row_holds(struct node *, const struct book *, uint64_t count);

/* rows_vote.c, rows_append.c, rows_cluster.c: each case of a row, 0 to cases - 1. */
struct row {
	const char *name;
	void (*run)(uint64_t number, void *);
	uint64_t cases;
};

extern const struct row rows_vote[];
extern const struct row rows_append[];
extern const struct row rows_cluster[];

#endif

/*
 * store.h - the replicated state machine: keys in byte order, and the request
 * ids of a window of log entries.  Only the leader has one in memory.
 *
 * Deterministic: the same commands at the same indexes give the same store and
 * the same answers on every node (Raft §2).
 */
#ifndef LITE_RAFT_STORE_H
#define LITE_RAFT_STORE_H

#include "buf.h"
#include "command.h"
#include "types.h"
#include "window.h"

/*
 * Entries for which a request's id is remembered (see window.h).  A request
 * whose base is more than this behind the index it is applied at, or beyond it,
 * is refused as unknown, unless its outcome is still remembered.
 */
#define STORE_WINDOW UINT64_C(262144)

struct store;

struct store *store_new(uint64_t window); /* NULL: ENOMEM */
void store_free(struct store *);

/*
 * Keys in byte order that a store begins with: what it then changes stands in
 * memory, the rest stays where it is.
 */
struct store_base {
	/* The value of key: 1 (valid until the next get), 0, or -1. */
	int (*get)(void *, struct bytes key, struct bytes *value);
	/* The first key not before this one is the next: 0, or -1. */
	int (*seek)(void *, struct bytes key);
	/* The next key: 1 (valid until the next call of next), 0 (none), or -1. */
	int (*next)(void *, struct bytes *key, struct bytes *value);
	void *arg;
};

/*
 * For a new store: its base, and each of so many requests that were seen before, in
 * order.  0, or -1 (ENOMEM).
 */
int store_begin(struct store *, const struct store_base *, uint64_t requests);
int store_recall(void *store, const struct seen *); /* 0, or -1 (ENOMEM) */

/*
 * What is at p[0..n), whole records of the log, is about to be applied: looks ahead
 * at the next few of them.  Returns how many.
 */
size_t store_warm(const struct store *, const char *p, size_t n);

/* What became of a command. */
enum outcome {
	OUTCOME_YES = 0,     /* done, or the condition held */
	OUTCOME_NO = 1,      /* the condition did not hold (unset of no key is done) */
	OUTCOME_UNKNOWN = 75 /* older than the window: applied before, or not */
};

/*
 * Applies the command of log entry index.  A request id seen in the window is
 * not applied again: its first outcome is returned.  id may be NULL, or all
 * zero, for none.  Indexes only rise.
 * Returns an outcome, or -1 (no memory, or the base cannot be read), and then
 * the store is unusable.
 */
int store_apply(struct store *, uint64_t index, const struct request_id *,
    const struct command *);

/* 1 if a request was carried out, with yes, in entry index of those remembered. */
int store_carried_out(struct store *, uint64_t index, const struct request_id *);

/*
 * The value of key: 1 and *value (valid until the next apply or get), 0, or -1
 * (the base cannot be read).
 */
int store_get(const struct store *, const char *key, size_t, struct bytes *value);

/*
 * Appends " WORD" for every key that begins with prefix, in byte order, each
 * word quoted as in words.h.  0, or -1.
 */
int store_list(const struct store *, const char *prefix, size_t, struct buf *);

uint64_t store_changes(const struct store *); /* keys set, and keys removed */

/*
 * Every key and value in byte order, until visit returns non-zero: that.  -1
 * as well when the base cannot be read.
 */
int store_each(const struct store *,
    int (*visit)(void *, struct bytes key, struct bytes value), void *arg);

/* Every request that may be remembered behind entry index, in order; likewise. */
int store_requests(const struct store *, uint64_t index,
    int (*visit)(void *, const struct seen *), void *arg);

#endif

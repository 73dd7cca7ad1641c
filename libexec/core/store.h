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

/*
 * Entries for which a request's id is remembered (see window.h).  A request
 * whose base is more than this behind the index it is applied at, or beyond it,
 * is refused as unknown, unless its outcome is still remembered.
 */
#define STORE_WINDOW UINT64_C(262144)

struct store;

struct store *store_new(uint64_t window); /* NULL: ENOMEM */
void store_free(struct store *);

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
 * Returns an outcome, or -1 with ENOMEM, and then the store is unusable.
 */
int store_apply(struct store *, uint64_t index, const struct request_id *,
    const struct command *);

/* The value of key: 1 and *value (valid until the next apply), or 0. */
int store_get(const struct store *, const char *key, size_t, struct bytes *value);

/*
 * Appends " WORD" for every key that begins with prefix, in byte order, each
 * word quoted as in words.h.  0, or -1 (ENOMEM).
 */
int store_list(const struct store *, const char *prefix, size_t, struct buf *);

size_t store_count(const struct store *);     /* keys */
uint64_t store_changes(const struct store *); /* keys set, and keys removed */

/* Every key and value in byte order, until visit returns non-zero: that. */
int store_each(const struct store *,
    int (*visit)(void *, struct bytes key, struct bytes value), void *arg);

#endif

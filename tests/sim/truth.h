/*
 * truth.h - what was committed, entry by entry, as the leaders' logs had it: what
 * a snapshot, a configuration and an answer are held against.
 */
#ifndef LITE_RAFT_SIM_TRUTH_H
#define LITE_RAFT_SIM_TRUTH_H

#include "core/buf.h"
#include "core/members.h"
#include "core/record.h"

/* What an entry has done, behind all before it; VOID: it has removed a key that was
 * not there, which a watcher may be told of, or not. */
enum effect { EFFECT_NONE, EFFECT_CHANGE, EFFECT_VOID };

struct truth {
	struct record record;
	char *payload;
	uint64_t config; /* index of the last configuration, up to here; 0: none */
	enum effect effect;
	uint64_t in; /* the term whose leader was the first to commit it */
};

/* One more entry, in order. */
void truth_add(const struct record *, const char *payload, uint64_t term);

uint64_t truth_count(void);
const struct truth *truth_at(uint64_t index); /* 1 .. truth_count() */

/* 1 and the chain at index; 0: nothing is committed there. Index 0 has 0. */
int truth_chain(uint64_t index, uint32_t *chain);

/* The last configuration at or before index; it is there. */
void truth_members(uint64_t index, struct members *);

/* What was made of it; *c is what it holds. */
enum effect truth_change(uint64_t index, struct command *c);

/*
 * What a snapshot at index has to hold: the items of its data and the lines of its
 * requests.  Valid until it is asked again.
 */
void truth_snapshot(uint64_t index, const struct buf **items,
    const struct buf **requests);

#endif

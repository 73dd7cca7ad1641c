/*
 * check.h - Raft's properties, held against every node after every piece of
 * work (FAILURES.md's head; Figure 3 of the paper).
 *
 * A node is its number here.  Everything that a node tells another one goes
 * through check_said before it leaves.
 */
#ifndef LITE_RAFT_SIM_CHECK_H
#define LITE_RAFT_SIM_CHECK_H

#include "core/frame.h"
#include "image.h"

enum work {         /* what kind of process has worked */
	WORK_START, /* init, verify, form: alone on the node */
	WORK_VOTE,
	WORK_APPEND,
	WORK_LEAD,
	WORK_TAKE, /* a snapshot */
	WORK_INSTALL,
	WORK_SEND,
	WORK_HELLO /* a node need not be started to answer one */
};

/* A node begins, or begins again with another disk, and so as another. */
void check_node(size_t number, struct machine *, const char *name);
void check_member(size_t number, const char *id);

/* After each piece of work on a node, however it ended. */
void check_worked(size_t number, enum work, enum ended);

/* After a loss of power; when clean pages have left the page cache, when run/ is
 * empty, when verify has looked. */
void check_powered_off(size_t number);
void check_evicted(size_t number);
void check_emptied(size_t number);
void check_verified(size_t number);

/* A node is about to say this to a peer. */
void check_said(size_t number, const struct frame *);

/* It was told that the node of this id has its start number boots, and said that it
 * knew of seen. */
void check_told(size_t number, const char *id, uint64_t boots, uint64_t seen);

/* What it remembers of that id has rotted; and is not there any more when it starts. */
void check_forgets(size_t number, const char *id);
void check_forgotten(size_t number);

/* How often its disk says that it was started; and who was told of a later start. */
uint64_t check_boots(size_t number);
size_t check_know_later(size_t number, uint64_t boots);

/* A copy of its disk that has so many starts was put back, and must not take part again;
 * 1 if the other one was told of a later start. */
void check_put_back(size_t number, uint64_t boots);
int check_knows_better(size_t number, size_t other);

/* An append that a test makes up: what its leader's log holds. */
void check_sent(const struct frame *);

/* A lead begins in this term; nothing was sent yet. */
void check_leads(size_t number, uint64_t term);

/* It says that all up to index is committed. */
void check_committed(size_t number, uint64_t term, uint64_t index);

/* A leader takes for known that this member holds its log up to index. */
void check_matched(size_t number, uint64_t term, const char *id, uint64_t index);

/* A test looks itself after what this node takes for committed. */
void check_unwatched(size_t number);

/* How far anybody has committed. */
uint64_t check_commit(void);

/* Appends that found no entry (prev index, prev term), so far. */
uint64_t check_refusals(void);
uint64_t check_appends(void); /* those that held entries */

/* 1 while any node's log is in the middle of a change of the members. */
int check_changing(void);

/* The log of a node, as it believes. */
const struct log_image *check_log(size_t number);

/* The durable image of a majority holds all that was committed. */
void check_durable(void);

/* A bit of this node was flipped: it may have lost anything, and must say so. */
void check_rotten(size_t number);

/* A bit of its newest snapshot was flipped, and the log has all of that: nothing
 * may be lost. */
void check_stained(size_t number);

/* The number of properties that were looked at, for the summary. */
uint64_t check_count(void);

#endif

/*
 * watched.h - what the parts of the checker share: one node's disk (a node that
 * has lost it is another one, under the same name), and what happened in a term.
 */
#ifndef LITE_RAFT_SIM_WATCHED_H
#define LITE_RAFT_SIM_WATCHED_H

#include "check.h"

#define WATCHED 40u

struct watched {
	size_t slot;
	struct machine *machine;
	struct log_image cache;
	struct log_image disk;
	uint64_t term;     /* the durable one */
	uint64_t leads;    /* that it led last, or leads */
	uint64_t known;    /* that it committed, as this leader */
	uint64_t said;     /* the highest that it told anybody */
	uint64_t commit;   /* claimed since it started */
	uint64_t cut;      /* what lies behind is being cut, if cutting */
	uint64_t seen;     /* its machine's changes, when its files were read */
	uint64_t judged;   /* the same, when they were whole, and found right */
	uint64_t promised; /* told a leader that it holds up to here */
	uint64_t owed;     /* the same, when it rotted */
	struct inode *looked_at[32]; /* snapshots */
	size_t looked;
	uint32_t promised_chain;
	int cutting; /* as its lock file says */
	int damaged; /* as its lock file says */
	int clean;   /* the same: no change is under way */
	int rotten;  /* a bit of it was flipped, or all is lost: until it is mended */
	int stained; /* a bit of a snapshot was, and no more than that is to go */
	int spare;   /* its newest snapshot could be replaced */
	int unwatched;
	int better; /* it was told of a later start of a disk than the copy of that has */
	char name[16];
	char id[ID_DIGITS + 1];
	struct term stored;     /* what both slots said last */
	uint64_t told[WATCHED]; /* of each disk, the latest start that it was told of */
};

/* What happened in a term. */
struct reign {
	int leader;                        /* a slot; -1: none */
	int sent;                          /* its leader has sent entries */
	char vote[WATCHED][ID_DIGITS + 1]; /* who got each node's vote */
	uint32_t *chain;                   /* of the leader's log, by index */
	unsigned char *known;
	size_t room;
};

extern struct watched watched[WATCHED];
extern size_t watched_count;
extern uint64_t checks;

struct watched *watched_of(size_t number); /* a node's disk now */
struct watched *watched_by_id(const char *id);
struct reign *reign_of(uint64_t term);
uint64_t reign_last(void);

/* An intact log's configuration in force: the last up to index; 0: there is none. */
int config_at(const struct log_image *, uint64_t index, struct members *);

/* 1 if those whose yes is not 0 can decide: by the checker's own count. */
int config_decides(const struct members *, const char *yes);

/* check_config.c: a configuration that was seen in a log for the first time. */
void check_config(const struct watched *, const struct entry *);
/* After each piece of work that came to its end. */
void check_configs(const struct watched *);

/* check_snap.c: after each piece of work; when others were put in their place. */
void check_snaps(struct watched *, enum work);
void check_snaps_anew(struct watched *);

#endif

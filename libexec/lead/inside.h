/*
 * inside.h - what the parts of lead share.
 */
#ifndef LITE_RAFT_INSIDE_H
#define LITE_RAFT_INSIDE_H

#include "core/command.h"
#include "core/store.h"
#include "lead.h"

/* --- followers.c ---------------------------------------------------------------- */

struct stream {
	struct peer *peer; /* NULL: replaced, or its peer's end */
	pid_t pid;
	int doomed;
	int greeted;        /* the gate's greeting has come */
	uint64_t opened_at; /* or greeted at */
	struct buf in, out;
};

/* What the leader knows of one other member (Figure 2). */
struct peer {
	struct who who;   /* an empty name: a free slot */
	int place;        /* in members; -1: it has left them */
	uint64_t since;   /* clock_now, when it came */
	uint64_t left_at; /* and when it was a member last */
	struct stream *stream;
	struct stream *fresh; /* a newer one, not answered yet */
	uint64_t next_index;
	uint64_t match_index;
	struct cursor cursor; /* on next_index; index 0: to be found */
	uint64_t prev_term;   /* of the entry before next_index */
	uint32_t prev_chain;
	int probing;        /* one frame at a time, until one is taken */
	int waiting;        /* for the probe's answer */
	uint64_t reset_seq; /* refusals of earlier frames are stale */
	uint64_t sent_seq;  /* of the last frame sent */
	uint64_t sent_commit;
	uint64_t acked_seq;  /* the newest round that it has answered */
	uint64_t heard_at;   /* clock_now, 0: never */
	uint64_t last_index; /* its own log's end, as it said */
	uint64_t full_until; /* its disk was full: not before then */
	int lost;            /* it lost what it had acknowledged */
	int damaged;
	int behind;  /* it needs a snapshot ... */
	int noted;   /* ... and run/behind.NODE says so ... */
	int answers; /* ... and that it can be sent */
};

/* --- clients.c -------------------------------------------------------------------- */

/* One answer that a client waits for. */
struct slot {
	int status;     /* SLOT_WAITS, SLOT_READS, or what it is */
	char *text;     /* behind the status; NULL: nothing.  A read's key or prefix */
	size_t len;     /* of that */
	enum verb verb; /* of a read */
	uint64_t from;  /* of a watch */
};

enum {
	SLOT_WAITS = -1, /* for its entry, or for its round */
	SLOT_READS = -2  /* it may read the store, behind its client's own writes */
};

struct client {
	size_t id; /* its place in lead->client */
	uint64_t generation;
	void *tag;
	struct buf in, out;
	struct slot *slot; /* a ring of waiting answers */
	size_t slots, slot_cap;
	size_t texts;                   /* bytes of their texts */
	uint64_t first;                 /* the number of the first of them */
	uint64_t greeted;               /* the commit index that it was last told */
	uint64_t asked_in, answered_in; /* lead's seq then (gather.c) */
	struct watch *watch;
	int watches;    /* or has asked to: nothing more is read */
	int closing;    /* nothing more is read */
	int store_only; /* its host may not change who the members are */
	int doomed;     /* an answer was lost: nothing more is said either */
	int ready;      /* output has grown */
	int paused;     /* there is no room for what it has to say (held.c) */
	struct client *next_ready;

	/* held.c */
	size_t held_in, held_out; /* bytes, as they stand in lead's sums */
	size_t in_seen, out_seen; /* bytes, when it was last judged; 0: not then */
	uint64_t line;            /* number of its unfinished line among all */
};

/* --- watches.c -------------------------------------------------------------------- */

/*
 * A client that is told of changes.  One that is current is told as they are
 * applied; one that is behind reads them in the log, a slice a turn; one whose
 * output is full waits until it is out.
 */
struct watch {
	struct watch *next_watch, **link; /* in its list; a NULL link: in none */
	struct client *client;
	uint64_t next; /* the first entry that it may have to be told of */
	uint64_t told; /* the index that it was last told, itself or by "at" */
	struct cursor
	    at; /* where to look for next, at it or before; index 0: find it */
	size_t len;
	char prefix[];
};

#define MARK_EVERY 1024u /* entries */

/* --- answers.c -------------------------------------------------------------------- */

/* Who waits: the answer goes to a client that may be gone. */
struct waiter {
	size_t id;
	uint64_t generation;
	uint64_t number; /* of its slot */
};

/* A write in the log, not applied yet. */
struct pending {
	struct waiter waiter;
	uint64_t index;
};

/* A read that waits for its round and its index (thesis §6.4). */
struct reading {
	struct waiter waiter;
	uint64_t seq;
	uint64_t index;
};

/* --- peers.c ---------------------------------------------------------------------- */

#define PEERS (MEMBERS_MAX + 1u) /* one may still be told that it has left */

/* --- change.c --------------------------------------------------------------------- */

struct change_asked {
	int asked; /* a client waits for what the next four say */
	struct waiter waiter;
	enum verb verb;
	struct who who;
	int learner;
	uint64_t proposed; /* index of a configuration that is not written yet */
	uint64_t entering; /* index of the one that these rounds are of */
	uint64_t round_end, round_began;
};

/* --- gather.c --------------------------------------------------------------------- */

struct gather {
	size_t expected;  /* clients that were answered since a turn was begun */
	size_t came;      /* of them, who have asked again */
	uint64_t until;   /* they are waited for; 0: nobody was answered */
	unsigned in_vain; /* turns for which nobody is waited for */
	uint64_t
	    synced_at; /* clock_now, when the newest own entries were durable here */
};

struct lead {
	struct state *st;
	uint64_t term;
	uint64_t timeout; /* election timeout, ns */
	uint64_t beat;    /* between heartbeats, ns */
	struct members members;
	int me; /* place in members; -1: this node is none (any more) */
	struct peer peer[PEERS];

	uint64_t last;    /* entry that it has written: it may have been sent */
	uint64_t noop;    /* index of this term's first entry */
	uint64_t durable; /* own match_index */
	uint64_t commit, applied;
	struct cursor apply_at;
	struct store *store;
	struct reader *base; /* of the store, NULL: none */
	uint64_t base_index; /* of the snapshot that it is, or 0 */
	int commit_fd, stamp_fd;
	uint64_t stream_id; /* in run/stamp: this leader itself */

	uint64_t seq;        /* of the newest round */
	uint64_t self_seq;   /* the newest round that it confirmed itself */
	uint64_t asked_seq;  /* the newest that all were sent */
	int round_wanted;    /* reads came in */
	int push;            /* somebody can be sent more */
	uint64_t beat_at;    /* of the last heartbeat */
	uint64_t stamped_at; /* when run/stamp was last written */
	uint64_t quorum_at;  /* when it was last found that a majority is heard */
	int quorum_once;     /* it has been heard */
	int begun;           /* the lock is held, a sync is owed */
	int wrote;

	struct gather gather;
	struct buf fresh;       /* records of this turn, not written yet */
	struct tail fresh_tail; /* where they would end the log */

	struct pending *pending; /* a ring */
	size_t pendings, pending_first, pending_cap;
	struct reading *reading; /* a ring */
	size_t readings, reading_first, reading_cap;

	struct client **client;
	size_t clients;
	size_t *vacant; /* places without a client, a stack */
	size_t vacants;
	uint64_t generations;
	uint64_t greeted; /* the commit index that clients were last told */
	struct client *ready;
	size_t held_in, held_out; /* bytes that clients hold */
	uint64_t lines;
	struct client *favoured; /* the one whose long line is read when it is tight */
	uint64_t judged_at;
	size_t told;             /* bytes of large answers, since it was last looked */
	int tight_in, tight_out; /* then, or somebody was put off since */
	struct watch *current, *behind;
	size_t tells;           /* how often a watch was looked at in this turn */
	uint64_t marked;        /* applied, when the current ones were told "at" */
	struct buf slice;       /* of the log, for those behind */
	unsigned char *changed; /* of the last STORE_WINDOW entries: a bit each */
	struct cursor mark[STORE_WINDOW / MARK_EVERY]; /* where some of them are */
	struct words *words;

	uint64_t began_at;
	int full; /* there was no space for the last entries */
	struct change_asked change;
	int stopping;
	struct peer *heir; /* who is to lead next; NULL: whoever is best */
	int handed;        /* it has been told to stand */
	uint64_t stop_by;
	int down; /* it leads no more */
	char why[256];
};

/* peers.c */
int peer_used(const struct peer *);
struct peer *peer_find(struct lead *, const char *name);
const struct peer *peer_at(const struct lead *, size_t place); /* NULL: this node */
int peer_votes(const struct lead *, const struct peer *);
void peer_drop(struct lead *, struct peer *);
/* The configuration in force is another one. */
void peers_adopt(struct lead *);
int peers_heard(const struct lead *, uint64_t since);
int peers_confirmed(const struct lead *, uint64_t seq);
uint64_t peers_hold(const struct lead *);

/* change.c */
void change_ask(struct lead *, const struct waiter *, const struct command *);
/* The turn's entries are in the log, or there was no space. */
void change_written(struct lead *);
/* Goes on with the change that is under way. */
void change_turn(struct lead *, uint64_t now);
/* Goes on with handing over to a node by name: 1 if this one still leads. */
int transfer_turn(struct lead *, int caught_up);
void change_dismiss(struct lead *);

/* followers.c */
void followers_send(struct lead *, uint64_t now, int round);
void followers_check(struct lead *, uint64_t now);
/* Notes that a peer needs a snapshot, or does not any more. */
void peer_behind(struct lead *, struct peer *, int behind);
void lead_down(struct lead *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* clients.c */
void client_ready(struct lead *, struct client *); /* its output has grown */
/* Says hello to those who came before anything was committed. */
void clients_greet(struct lead *, uint64_t commit);
void clients_free(struct lead *);
void client_doom(struct lead *, struct client *);

/* held.c */
#define LITTLE 4096u /* bytes of input, or of output, that nobody is put off for */

/* Counts what it holds, after a change. */
void client_weigh(struct lead *, struct client *);
void client_leaves(struct lead *, const struct client *);
/* Frees what it has no use for now, and counts. */
void client_spare(struct lead *, struct client *);
/* Its line has been finished: another begins. */
void client_line(struct lead *, struct client *);
/* How many bytes of output it may get beyond what waits, who alone may have most. */
size_t client_room_out(const struct lead *, const struct client *, size_t most);
/* 1 while all together hold too much output: only little is answered. */
int clients_tight(const struct lead *);
/* 1 if no large answer is to be made now: whoever asks goes on after the next look. */
int clients_put_off(struct lead *);
/* 1 if somebody who was put off can go on: a turn is due. */
int clients_resume(const struct lead *);
/* Once a turn: who has waited for room goes on, who stands still is cut off. */
void clients_look(struct lead *, uint64_t now);

/* watches.c */

/* Appends the answer to a watch, and begins it: 0, or -1 (ENOMEM). */
int watch_begin(struct lead *, struct client *, const struct slot *);
void watch_end(struct client *);
/* Its output is out: it may go on. */
void watch_resume(struct lead *, struct client *);
/* The entry at this cursor was applied; c is what it said if a key has changed. */
void watches_tell(struct lead *, const struct cursor *, const struct command *c);
/* Those that are behind go on. */
void watches_turn(struct lead *, uint64_t now);
/* This node leads no more. */
void watches_dismiss(struct lead *);

/* answers.c */
#define OUTPUT_FULL (4u * 1024 * 1024) /* bytes that a client has not read */

/* A new slot at the end: whom to answer.  0, or -1 (ENOMEM). */
int slot_add(struct client *, struct waiter *);
void slots_free(struct client *);
/* Puts out the answers that are known, as far as there is room: 1 any, 0 none. */
int answers_flush(struct lead *, struct client *);
void answer_text(struct lead *, const struct waiter *, int status, const char *why);
void answer_status(struct lead *, const struct waiter *, int status);
/* Another node leads, nobody knows which. */
void answer_elsewhere(struct lead *, const struct waiter *);
int reading_add(struct lead *, const struct waiter *, const struct command *);
void readings_answer(struct lead *);
int pending_add(struct lead *, const struct waiter *, uint64_t index);
void pendings_answer(struct lead *, uint64_t index, int outcome);
/* Refuses what waits for entries that were not written. */
void pendings_refuse(struct lead *, int status, const char *why);

/* gather.c */
void gather_asked(struct lead *, struct client *);
void gather_answered(struct lead *, struct client *);
void gather_begin(struct lead *);
void gather_finish(struct lead *, int synced, uint64_t now);
uint64_t gather_due(const struct lead *);

/* commit.c */

/* The store could not be read or changed: there is no memory, or no disk. */
void store_failed(struct lead *);

/* Adds an entry to this turn's. 0, or -1 (ENOMEM). */
int record_add(struct lead *, char type, const struct request_id *, const char *payload,
    size_t);

#endif

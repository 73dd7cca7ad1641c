/*
 * state.h - a node's state/ directory: what it must never lose.
 *
 * One struct state is one process's handle on it.  Everything is read and
 * written between state_lock and state_unlock: lock, read, decide, make
 * durable, unlock and reply.
 *
 * Functions return 0, or -1 with errno set and a sentence in why.  After a
 * failed write or sync the handle is broken: every call fails, the mark in
 * state/lock stays, and the process ends; the next one mends what it left.
 */
#ifndef LITE_RAFT_STATE_H
#define LITE_RAFT_STATE_H

#include "core/buf.h"
#include "core/members.h"
#include "core/record.h"
#include "core/rules.h"
#include "core/snapshot.h"
#include "core/store.h"
#include "core/types.h"
#include "os/os.h"

/*
 * The end of the log; an empty one's is what it begins behind: the snapshot's
 * last entry, or index 0.
 */
struct tail {
	uint64_t index;
	uint64_t term;
	uint32_t chain;
	uint64_t segment; /* first index of the segment it ends in; 0: none */
	uint64_t off;     /* where the next record goes there */
};

/* What state/lock says. */
enum mark {
	MARK_CLEAN, /* all of state/ is as tail says, and durable */
	MARK_DIRTY, /* a change is under way; up to tail all is durable */
	MARK_CUT    /* what lies behind tail is being removed */
};

struct lockfile {
	uint64_t counter; /* of changes */
	enum mark mark;
	uint64_t damaged; /* the first index that was lost; 0: nothing was */
	struct tail tail;
};

struct state {
	struct os *os;
	struct who me;
	char cluster[ID_DIGITS + 1]; /* "-": not formed */
	int joiner;                  /* it is in no committed configuration yet */
	int removed;                 /* it is in none any more */
	int older;                   /* it was put back from a copy */
	uint64_t followed;           /* index of the configuration that they are of */
	uint64_t boots;              /* how often it was started */
	struct members members;      /* the configuration in force */
	struct term term;            /* as read under this lock */
	struct lockfile lock;        /* as read under this lock */
	struct tail tail;            /* the log's end, durable or not yet */
	struct manifest snap;        /* the newest snapshot's */
	uint64_t rotten;             /* the last index of one that is damaged */
	size_t segment_bytes;        /* size of a new segment */

	off_t term_at; /* the slot that the term was read from */
	int lock_fd, term_fd, running_fd, segment_fd;
	uint64_t segment_open; /* the first index of segment_fd's */
	uint64_t prepared;     /* the segment whose successor was asked for */
	size_t recent_max;     /* bytes of the log to be kept in memory; 0: none */
	struct buf recent;     /* what was appended last ... */
	uint64_t recent_segment, recent_off; /* ... and where it begins */
	uint64_t seen;                       /* the counter when tail was read */
	pid_t role;                          /* that this process works for; 0: any */
	int locked;
	int broken;
	char why[256];
};

#define SEGMENT_BYTES (8u * 1024 * 1024)

/* --- lock.c: the handle, the lock, the mark -------------------------------- */

/*
 * Opens ./state.  NULL, errno and a sentence in why[256] (ENOENT: there was no
 * first boot).
 */
struct state *state_open(struct os *, char *why);
void state_close(struct state *);

/* Waits for the lock; then term, lock and tail are what is on the disk. */
int state_lock(struct state *);
int state_lock_whole(struct state *); /* reads and rewrites everything: start */
int state_unlock(struct state *);

/* Appends the lock file of an empty log. */
int lock_make(struct buf *);

/* Before the first change under this lock, and after the last one's sync. */
int state_change(struct state *);
int state_settle(struct state *);

/* Around a cut: notes, durably, that what lies behind st->tail goes or has gone. */
int state_cut(struct state *, enum mark);

/* Notes that the log lost what was acknowledged, from index on. */
int state_damage(struct state *, uint64_t index);

/* Breaks the handle, and says why; state_fail is -1 as well. */
void state_break(struct state *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
#define state_fail(...) (state_break(__VA_ARGS__), -1)

/* The pid of the role that runs this node, 0: it is stopped. */
pid_t state_running(struct state *);

/* --- term.c ------------------------------------------------------------------ */

int term_load(struct state *);
int term_judge(struct state *); /* the same; notes which copy is damaged */

/* Makes st->term durable, in both slots; call state_change first. */
int term_store(struct state *);

/* state_change, term_store, state_settle. */
int term_save(struct state *);

/* --- log.c: the log's own moves ---------------------------------------------- */

/*
 * Writes n bytes of whole, intact records, which continue one another and the log;
 * they are not durable before log_sync.  Changes DURABLE and ZEROS in them.  -1 with
 * ENOSPC: nothing was written, the handle is not broken.
 */
int log_append(struct state *, char *records, size_t n);
void log_forget(struct state *); /* what is kept in memory may be stale */
int log_sync(struct state *);

/* Removes index and all that follows, durably (§5.3); never what a snapshot holds. */
int log_cut(struct state *, uint64_t index);

/* The end of a log that is empty; and makes it so, durably. */
struct tail log_start(const struct state *);
int log_drop(struct state *);

/* The rest of a cut: removes what lies behind st->tail. */
int log_cut_finish(struct state *);

/* A place in the log: the record of this index begins at off. */
struct cursor {
	uint64_t index;
	uint64_t segment;
	uint64_t off;
};

/*
 * The record at index, and the cursor on it: 0, or -1 (ENOENT: not there, the log
 * ends before it or begins behind it).
 */
int log_find(struct state *, uint64_t index, struct cursor *, struct record *);

/*
 * What stands before index (a record, the snapshot's last entry, or index 0), and
 * the cursor on index, which may be the one behind the log's end: 0, or -1
 * (ENOENT: nobody knows, the log begins later).
 */
int log_place(struct state *, uint64_t index, struct cursor *, struct tail *before);

/*
 * The last record at or before index whose term is at most term, or the index,
 * term and chain of the snapshot's last entry; rec->index 0 when there is none.
 */
int log_last_within(struct state *, uint64_t index, uint64_t term, struct record *);

/* The last record of this type behind an index, and the cursor on it; rec->index 0: none. */
int log_last_of(struct state *, char type, uint64_t behind, struct cursor *,
    struct record *);

/*
 * Appends whole records from the cursor on, up to index last, to b: at least
 * one, no more than max bytes beyond it, and all from one segment, at whose end
 * the cursor then may stand.  *count of them; *end (or NULL) has index, term and
 * chain of the last.  -1 with ENOENT, and nothing broken: the log begins later now.
 */
int log_read(struct state *, struct cursor *, uint64_t last, size_t max, struct buf *,
    size_t *count, struct tail *end);

/*
 * What is in memory from the cursor on, up to the log's end: *n bytes, valid
 * until the log changes; NULL if it is not there.
 */
const char *log_recent(const struct state *, const struct cursor *, size_t *n);

/* --- scan.c: what lies on the disk ------------------------------------------- */

/*
 * Reads every record behind from, and sets st->tail to the last intact one: a
 * torn end is cut, a corrupt one is noted as damage (see DESIGN: torn or
 * rotten).  A log that ends before the snapshot, or has another entry where that
 * ends, is dropped.  st->lock is what the lock file said; known says that it was
 * intact.
 */
int log_scan(struct state *, const struct tail *from, int known);

/*
 * 1 if the log has the snapshot's last entry, or begins behind it; 0 if it is to be
 * dropped for the snapshot's sake; or -1.
 */
int log_fits(struct state *);

/* Rewrites and syncs every record behind index, and the term. */
int log_rewrite(struct state *, uint64_t index);

/* --- segment.c: the files of state/log ---------------------------------------- */

/* The first indexes of all segments, ascending; *n of them; to be freed. */
uint64_t *segment_list(struct state *, size_t *n);
void segment_path(char[64], uint64_t first);
int segment_use(struct state *, uint64_t first); /* sets segment_fd */
/* The same; -1 with ENOENT breaks nothing: a snapshot may have taken its place. */
int segment_look(struct state *, uint64_t first);
int segment_make(struct state *, uint64_t first, size_t bytes);
int segment_unmake(struct state *, uint64_t first); /* durably; errno stays */
int segment_drop(struct state *, uint64_t first);
void segment_prepare(struct state *); /* has the next one made, beside the work */
void segment_tidy(struct state *);    /* removes what such work has left half done */
void segment_forget(struct state *);  /* closes segment_fd */

/* Writes zeros from off to the end of the file and syncs. */
int segment_zero(struct state *, int fd, uint64_t off);

/* --- snapshot.c: state/snapshot/INDEX.TERM/ ------------------------------------- */

/* What the name of a snapshot's directory says. */
struct snapshot_name {
	uint64_t index;
	uint64_t term;
};

#define SNAPSHOT_PATH 96u /* bytes of a path below one, its NUL included */

/*
 * One process at a time makes or removes snapshots: a descriptor, to be closed in
 * the end, or -1 with st->why (EAGAIN: another does).
 */
int snapshot_lock(struct state *);

/* state/snapshot/INDEX.TERM and the suffix: "", ".new", "/data" ... */
void snapshot_path(char[SNAPSHOT_PATH], const struct snapshot_name *,
    const char *suffix);

/* Reads INDEX.TERM, whatever follows: 0, or -1 (the text begins otherwise). */
int snapshot_name_parse(const char *, struct snapshot_name *);

/*
 * The snapshots whose names end in suffix ("", ".new", ".part", ".bad"), oldest
 * first; *n of them; to be freed.  NULL: an error.
 */
struct snapshot_name *snapshot_list(struct state *, const char *suffix, size_t *n);

/* Reads one's manifest: 0, or -1 (EILSEQ: it is damaged); m->index is 0 then. */
int snapshot_manifest(struct state *, const struct snapshot_name *, const char *suffix,
    struct manifest *);

/* Removes it, and all that is in it: 0 (also when it was not there), or -1. */
int snapshot_remove(struct state *, const struct snapshot_name *, const char *suffix);

/*
 * Gives INDEX.TERM and the suffix, which is durable, the name INDEX.TERM: a change
 * of its own, under the lock.  st->snap is what is the newest then.  The name is
 * durable behind snapshot_sync, and not before that goes what it replaces.
 */
int snapshot_enter(struct state *, const struct snapshot_name *, const char *suffix);
/* The same, in the midst of a change. */
int snapshot_put(struct state *, const struct snapshot_name *, const char *suffix);
int snapshot_sync(struct state *);

/*
 * Sets st->snap to the newest one whose manifest is intact; index 0: there is
 * none.  0; 1: there is a newer one, which can't be read; or -1.
 */
int snapshot_load(struct state *);

/*
 * Looks at every byte of every one: what is damaged gets .bad behind its name, and
 * st->rotten tells that it held what this node had acknowledged.  0, or -1.
 */
int snapshot_judge(struct state *);

/*
 * Looks at every byte of one: 0, or -1 with why[SNAPSHOT_WHY] (EILSEQ: it is
 * damaged).  Without the lock.
 */
int snapshot_verify(struct os *, const struct manifest *, const char *suffix,
    char *why);

#define SNAPSHOT_WHY 256u

/* Removes what has come of snapshots up to index, which nobody waits for. */
int install_tidy(struct state *, uint64_t index);

/* --- reader.c: a snapshot, searched where it lies -------------------------------- */

struct reader;

/*
 * Reads the list of the blocks.  The files are kept open: they may be removed.
 * NULL, or -1 from the others, with errno (EILSEQ: it is damaged) and a sentence
 * in why[SNAPSHOT_WHY], which has to last as long as the reader.
 */
struct reader *reader_open(struct os *, const struct manifest *, const char *suffix,
    char *why);
void reader_close(struct reader *);

/* Gives every request to visit, which returns 0, or -1 with errno. */
int reader_requests(struct reader *, int (*visit)(void *, const struct seen *), void *);

/* The same as in struct store_base. */
int reader_get(void *reader, struct bytes key, struct bytes *value);
int reader_seek(void *reader, struct bytes key);
int reader_next(void *reader, struct bytes *key, struct bytes *value);

/* --- writer.c: makes a snapshot ---------------------------------------------------- */

struct writer;

/*
 * Begins INDEX.TERM.new: index, term, chain and members are those of the manifest.
 * NULL, or -1 from the others, with errno and a sentence in why, as above.
 */
struct writer *writer_open(struct state *, const struct manifest *, char *why);
void writer_close(struct writer *);

int writer_item(void *writer, struct bytes key, struct bytes value); /* ascending */
int writer_request(void *writer, const struct seen *);               /* the same */

/* All is durable under its name with .new: *m is its manifest. */
int writer_end(struct writer *, struct manifest *m);

/* --- replay.c: the state machine anew ---------------------------------------------- */

/*
 * Has a new store begin with st->snap, if there is one; *base is to be closed
 * behind the store.  0, or -1 with st->why (ENOMEM, EILSEQ: it is damaged, ...).
 */
int store_load(struct state *, struct store *, struct reader **base);

/*
 * Applies the committed entries behind m->index, up to last; of m, index, term,
 * chain and members follow.  Without the lock.  0, or -1 with st->why.
 */
int log_replay(struct state *, struct store *, struct manifest *m, uint64_t last);

/* The last index that this node knows to be committed.  Under the lock. */
uint64_t log_committed(struct state *);

/*
 * The store as of log_committed, or of all of the log; m->index is of when.  The
 * caller frees *store, then closes *base.  Without the lock.  0, or -1 with
 * st->why (EAGAIN: a snapshot is being made).
 */
int store_local(struct state *, int whole, struct store **, struct reader **base,
    struct manifest *m);

/* --- take.c: a snapshot of what is committed (§7) --------------------------------- */

/*
 * Takes one, and removes what it makes superfluous.  0; 1: there is none to take
 * (st->why); -1.
 */
int snapshot_take(struct state *);

/*
 * 1 if so many entries are committed behind the newest snapshot, and they have bytes
 * enough to be worth another; 0, or -1.  *from is kept between two calls, all zero
 * at first.
 */
int snapshot_due(struct state *, uint64_t period, struct cursor *from);

/* Removes the segments that hold nothing behind index; takes the lock itself. */
int log_drop_before(struct state *, uint64_t index);

/* --- node.c: who this is ------------------------------------------------------ */

/* Makes ./state with a random id. EEXIST where there is state. why[256]. */
int node_init(struct os *, const char *name, char *why);

/* What start does before anything else, the node's own lock held. */
int node_verify(struct state *);

/*
 * The first configuration, once and for all: writes the log's first entry,
 * then the cluster id.  Under the lock.
 */
int node_form(struct state *, const struct members *);
int node_join(struct state *, const char *cluster); /* becomes a joiner */

/*
 * Under the lock, with the commit index: notes in state/node that this node has
 * come into the configuration, or has left it, once that is committed and the log is
 * whole (one that is still being sent may hold configurations that are long over).
 * One that had left, and is added again, is a joiner from the entry on that says so.
 * 1: it has left, 0, or -1.
 */
int node_follow(struct state *, uint64_t commit, int whole);

int node_load(struct state *);

/* Counts a start, durably: before a peer is told of it. */
int node_boot(struct state *);

/* Notes that a peer has seen a later start: it must not run again under its id. */
int node_older(struct state *);

/* --- boots.c: what peers remember of a node's starts ----------------------------- */

/*
 * A member has told how often it was started: remembers that, durably, if it is
 * more than before; what it was before, 0 if nothing is known.
 */
uint64_t seen_raise(struct state *, const struct who *, uint64_t boots);

/* Removes what is damaged of it: nothing is known of that node then. */
void seen_judge(struct state *);

#define HELLO_MAX (256u * 1024) /* bytes of a hello's answer */

/* What a start has heard of its peers; all zero before the first look. */
struct hearing {
	uint64_t end;               /* it waits no longer */
	char later[NAME_LIMIT + 1]; /* who has seen a later start of this node, or "" */
};

/*
 * Looks at what these have answered to the greeting of this start, where "-" is an id
 * that is not known: an answer is in run/heard.NAME, and with run/greeted.NAME no more
 * comes of it.  1 when nothing more is to be waited for, or 0.
 */
int boots_heard(const struct state *, const struct members *, struct hearing *);

/* Writes a file of state/ so that it is there whole, or not at all. */
int file_replace(struct os *, const char *path, const struct buf *);

/* --- members.c: with whom ------------------------------------------------------ */

/* 1 if this node is a voter of the configuration in force. */
int state_votes(const struct state *);

/* 1 if it may stand for election, and lead: who votes, and some who do not. */
int state_stands(const struct state *);

/* Sets st->members to what state/members says; n is 0 where it says nothing. */
int members_load(struct state *);

/*
 * Both are the given configuration from now on: before the record that holds it,
 * or the snapshot, is written.  -1 with ENOSPC breaks nothing, as log_append's.
 */
int members_store(struct state *, const struct members *);
int members_take(struct state *, const struct record *, const char *p);

/*
 * Looks into the log, or else the snapshot, for the configuration in force.
 * Nothing but what lies behind the index known can have changed since it was
 * last right.
 */
int members_mend(struct state *, uint64_t known);

/* --- address.c: frames and whom they are for --------------------------------- */

/* A frame from this node to a member: type, cluster, from, to and term are set. */
struct frame address(const struct state *, enum frame_type, const struct who *to);

/* Why a frame is not for this node (a sentence), or NULL: it is. */
const char *address_refusal(const struct state *, const struct frame *);

/* --- run.c: what may vanish ----------------------------------------------------- */

uint64_t run_commit_load(struct os *); /* 0: not known */
uint64_t run_commit_read(struct os *, int fd);
void run_commit_store(struct os *, int fd, uint64_t);
uint64_t run_timeout(struct os *); /* election timeout, ns */
uint64_t run_period(struct os *);  /* snapshot_period, entries */

/*
 * run/stamp: when a leader was last heard, by which stream, in which term.
 * run/prevote: when a PreVote was last granted, to which id, for which term.
 */
struct stamp {
	uint64_t at; /* clock_now, 0: expired */
	uint64_t stream;
	uint64_t term;
};

int stamp_load(struct os *, const char *name, struct stamp *);
int stamp_read(struct os *, int fd, struct stamp *);
void stamp_store(struct os *, int fd, const struct stamp *);
void stamp_put(struct os *, const char *name, const struct stamp *);
int run_open(struct os *, const char *name); /* run/NAME, created */

/* The leader that was last heard: "NAME TERM" in run/leader; NULL: none. */
void run_leader_store(struct os *, const char *name, uint64_t term);

#endif

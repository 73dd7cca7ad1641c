/*
 * machine.h - a simulated host: its disk with a page cache before it, its
 * clock, and the processes (struct os) that run on it.
 *
 * A file is two images: what programs read (the page cache) and what survives
 * a loss of power (the disk).  disk_sync moves a file's dirty sectors from one
 * to the other; a creation, rename or removal is durable after disk_syncdir of
 * its directory.  A loss of power keeps any subset of what was not synced, a
 * sector whole, old or new.  A killed process leaves the page cache as it is.
 */
#ifndef LITE_RAFT_SIM_MACHINE_H
#define LITE_RAFT_SIM_MACHINE_H

#include <stddef.h>
#include <stdint.h>

struct inode;
struct os;

enum image { IMAGE_CACHE, IMAGE_DISK };

struct machine {
	char name[16];
	struct inode *root;
	struct os *tasks; /* alive, newest first */
	int pids;

	/* Its clock: sim_time() * rate / 1000 + offset. */
	uint64_t rate;
	uint64_t offset;

	/* What goes wrong on it, set by the driver. */
	unsigned sync_fails;  /* the n-th sync from now; 0: none */
	unsigned read_fails;  /* the n-th read */
	unsigned write_fails; /* the n-th write, in its midst */
	unsigned name_fails;  /* the n-th open, rename, removal, mkdir or listing */
	int full;             /* no more space; 2: nor to overwrite */
	uint64_t space;       /* bytes that still go in when full */
	uint64_t hangs_until; /* nothing is written or synced before then */
	int hangs_all;        /* nor written to run/ */
	struct os *waits;     /* in the midst of its work, for that; NULL: none */
	unsigned errors;      /* calls that have failed, or had no space */

	uint64_t changes; /* of what must not vanish, in either image */
};

struct machine *machine_new(const char *name);

/* The page cache is lost, and every process; each unsynced change by chance. */
void machine_power_off(struct machine *);

/*
 * For tests that want it exact: of what is not synced in state/log, the n-th
 * sector survives the next loss of power if bit n is set, nothing else does.
 */
void machine_keep(uint64_t sectors);

/* Drops clean pages: what a failed sync lost is now seen to be lost. */
void machine_evict(struct machine *);

/* All of run/ goes, as at the start of a node. */
void machine_empty(struct machine *, const char *dir);

/* A small file of run/ or conf/, written or removed as the shell would. */
void machine_write(struct machine *, const char *path, const char *text);
void machine_remove(struct machine *, const char *path);

/* Flips one bit of a file, on disk and in the page cache, or makes zeros of all the
 * sector: rot. */
int machine_rot(struct machine *, const char *path, size_t at, int bit);
int machine_rot_sector(struct machine *, const char *path, size_t at);

/* A file or directory in an image, NULL if it is not there. */
struct inode *machine_find(struct machine *, const char *path, enum image);
const unsigned char *inode_bytes(const struct inode *, enum image, size_t *size);

/* The names in a directory, in byte order: their number; valid until a change. */
size_t inode_names(struct inode *, enum image, const char *const **names);
struct inode *inode_child(struct inode *, enum image, const char *name);

/*
 * The first offset that changed since it was asked last, SIZE_MAX if none did;
 * of a directory 0 if a name came or went.
 */
size_t inode_changed(struct inode *, enum image);
int inode_stale(const struct inode *, enum image); /* 1 if it would say so */
int inode_misread(const struct inode *); /* 1 if the last read failed, or was torn */

/* --- processes ------------------------------------------------------------ */

enum ended {
	RAN,         /* the work was done */
	KILLED,      /* in its midst; the rest of the machine goes on */
	POWERED_OFF, /* the whole machine lost power in its midst */
	PAUSED       /* it goes on later; others come first */
};

struct os *task_new(struct machine *, const char *name);

/* Runs a piece of work of a process to its end, or as far as it lives. */
enum ended task_run(struct os *, void (*work)(void *), void *arg);

/*
 * The same, but others may work between two of its calls, where it does not hold
 * state/lock: PAUSED, until it is called again (with whatever work and arg).
 */
enum ended task_step(struct os *, void (*work)(void *), void *arg);

/*
 * POWERED_OFF, and its machine had lost power long before, while it waited for its
 * disk: 1, and it is gone.
 */
int task_was_gone(struct os *);

/* Ends it in the n-th call from now that it makes of the system. */
void task_doom(struct os *, unsigned calls, enum ended how);

/*
 * How often, in a thousand, a process ends in a call behind the second sync of
 * one piece of work: a long change is rare, and there is much to go wrong in it.
 */
void machine_danger(unsigned thousandths, unsigned power);

/* Gone: its locks fall, its descriptors are closed. */
void task_end(struct os *);

int task_pid(const struct os *);
const char *task_name(const struct os *);

/* 1 if it holds state/lock. */
int task_locks(const struct os *);

/* A process that may change state/ without the lock (nobody else runs). */
void task_alone(struct os *);

/* 1 if it holds a lock (none may outlive a piece of work, but the node's). */
int task_holds(const struct os *);

/* What the second half of os/os.h comes to here (see build.mk): a violation. */
void not_simulated(void);

/* The same, where it looks at wall time, which steps forwards and back. */
void wall_time(void);

#endif

/*
 * kill.h - ends a package on this host without asking it: its processes, its
 * addresses, its mounts.  Both guard and, when guard has died, monitor do so.
 *
 * What is to be taken away is said beforehand, so that nothing need be looked up on
 * a disk when the time has come.
 */
#ifndef PKG_KILL_H
#define PKG_KILL_H

#include "core/buf.h"
#include "family.h"

/* In this order; addresses again, for what was about to add one while it was killed. */
enum kill_kind {
	KILL_ADDRESS,
	KILL_ORPHAN,
	KILL_READDED,
	KILL_MOUNT,
	KILL_DEVICE,
	KILL_KINDS
};

struct kill_resource {
	enum kill_kind kind;
	char *name; /* the address, the directory, the device */
	char *interface;
};

struct kill {
	struct family family;
	struct kill_resource *resource;
	size_t n;
	int lost;                /* one that cannot be seen to: it is never gone */
	struct buf told;         /* the lines they were made of, and a NUL */
	pid_t child[KILL_KINDS]; /* takes away those of one kind; 0: none does */
	int done[KILL_KINDS];    /* those of that kind are gone */
	char why[128];           /* what is not gone yet */
};

/*
 * What tells the processes of this package and this copy of pkg from all others, from
 * its directory run/NAME: 0, or -1 with errno.
 */
#define KILL_MARK 160
int kill_mark(const char *name, char mark[KILL_MARK]);

/* 0, or -1 with errno. */
int kill_open(struct kill *, const char *mark);

/*
 * The resources from now on, all of them, in lines as a control script says them to
 * `resources`:
 *
 *	vip ADDRESS[/LENGTH] INTERFACE
 *	fs DIRECTORY
 *	device DEVICE		to be mounted nowhere, not in another namespace either
 *	group PID START		and all that descends from it; START is - where nobody knows
 *	cgroup PATH		as seen from the top of cgroup2, as systemd's ControlGroup
 *
 * Others are passed over.  A cgroup that cannot be found out about here is never gone,
 * nor is what there was no memory for.
 */
void kill_resources(struct kill *, const char *lines);

#define KILL_TOLD 32768 /* bytes that they may have, and a NUL */

/* The lines that are in force; empty if there were none. */
const char *kill_told(const struct kill *);

/* Begins: nothing is taken for gone any more. */
void kill_begin(struct kill *);

/* Goes on: 1 once all of it is gone, 0: not yet, see why. To be called again soon. */
int kill_round(struct kill *);

/* A child has ended: 1 if it was one of these. */
int kill_reaped(struct kill *, pid_t, int status);

#endif

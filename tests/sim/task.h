/*
 * task.h - the inside of a simulated process, for task.c and os_sim.c alone.
 */
#ifndef LITE_RAFT_SIM_TASK_H
#define LITE_RAFT_SIM_TASK_H

#include <setjmp.h>
#include <ucontext.h>

#include "machine.h"

#define FIRST_FD 3

struct open_file {
	struct inode *inode; /* NULL: this descriptor is free */
	int writes;
	char path[80];
};

struct os {
	struct machine *machine;
	struct os *next;
	char name[32];
	int pid;
	int alone;
	struct open_file *file;
	size_t files;
	unsigned doom;  /* calls left to live; 0: no end in sight */
	unsigned syncs; /* in this piece of work */
	enum ended how;
	int running;
	int gone; /* while it waited for its disk */
	jmp_buf escape;

	/* One that others work beside has a stack of its own. */
	char *stack;
	ucontext_t begin; /* for once: a swapcontext would be two calls of the kernel */
	jmp_buf here, back;
	enum ended state;
	void (*work)(void *);
	void *arg;
};

/* This is a call of the system: others may come first; 1 if it is the last. */
int last_call(struct os *);
void die_here(struct os *) __attribute__((noreturn));

/* A call that writes or syncs: it waits while the disk hangs. */
void disk_waits(struct os *);

/* Nobody holds the lock of this file but this process. */
int holds(const struct os *, const char *path);

void locks_fall(struct os *, struct inode *);

#endif

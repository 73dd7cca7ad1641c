/*
 * script.h - one call of a control script at a time.
 *
 * It gets a session and process group of its own, and what it prints goes to the
 * pipe on SCRIPT_PRINTS.  guard learns of it from the child itself, before it begins.
 */
#ifndef PKG_SCRIPT_H
#define PKG_SCRIPT_H

#include <stdint.h>
#include <sys/types.h>

/* The descriptors that guard gives to what it starts. */
enum {
	SCRIPT_GUARD = 3, /* a socket */
	SCRIPT_HEARS = 4, /* the pipe's end that is read here */
	SCRIPT_PRINTS = 5
};

/* What package.h has for a script that did not end by itself. */
struct script {
	pid_t pid;     /* its process group; 0: none runs */
	int begun;     /* a byte comes from there if it was not begun */
	int stays;     /* what it leaves behind is meant to stay, if it ends with 0 */
	uint64_t late; /* host_now: then it is too late */
	int was_late;
	int ended; /* it has, its group may not have */
	int status;
	uint64_t over; /* host_now: then the group is waited for no longer */
};

/*
 * Starts argv, unless it is `until` or later by then: 0, or -1 with errno.  mark: of
 * family.h.
 */
int script_start(struct script *, char *const argv[], const char *mark, uint64_t until);

/* Ends it, and its group, now. */
void script_cut(struct script *);

/* A child has ended: 1 if it was this one. */
int script_reaped(struct script *, pid_t, int status, uint64_t now);

/*
 * 1 if it has ended, and nothing is left of its group: *status is that of
 * package_script, and the next one may start.
 */
int script_done(struct script *, uint64_t now, int *status);

/* When script_done is to be called again. */
uint64_t script_wake(const struct script *, uint64_t now);

#endif

/*
 * package.h - the rules of one package on one host: who may start it, when it must
 * be stopped, what the store is asked.  Pure: events go in with the time, actions come
 * out; no system call, no clock.
 *
 * The monitor does this:
 *
 *	package_begin
 *	for ever:
 *		read the clock; put in one event (package_tick when package_wake has come)
 *		for each package_next: carry it out, in order
 *
 * Times are ns of one clock that never steps and also runs while the host sleeps
 * (CLOCK_BOOTTIME); each is read after what the event tells of and before
 * the call, so that what an action sends counts from before its sending.
 * The events return nothing: out of memory comes out as ACTION_LEAVE with 74.
 */
#ifndef LITE_RAFT_PKG_PACKAGE_H
#define LITE_RAFT_PKG_PACKAGE_H

#include "core/buf.h"
#include "lease.h"
#include "settings.h"
#include "want.h"

struct package;

/* Whose rules these are. */
struct package_who {
	const char *name;  /* the package's */
	const char *node;  /* this host's */
	const char *boot;  /* the kernel's boot id, or "-" */
	uint64_t instance; /* drawn by chance, for this process */
	uint64_t closed;   /* the highest epoch in run/NAME/closed, or 0 */
	uint64_t here;     /* the epoch in run/NAME/here, or 0; see ACTION_HERE */
	int maint;         /* and it says that it was left to maintenance */
};

/* NULL: no memory.  package_free ends it. */
struct package *package_begin(const struct package_who *, uint64_t now, uint64_t wall);
void package_free(struct package *);

/* ---- events ---- */

/* The time package_wake told has come, or any time before; wall: seconds, for people. */
void package_tick(struct package *, uint64_t now, uint64_t wall);

/*
 * The answer to an ask: status 0 (yes; of get with the value), 1 (no; absent), 69 or
 * another: nothing was changed, 75: not known.  Each ask is answered once, in any order; one whose
 * session ended is asked again under the same id by the monitor, or answered 75, and * none is left unanswered for longer than the setting soft (package_settings).  Of the lease
 * the rules wait for a third of that, then ask anew; the first ask's answer is
 * passed over when it comes after all.
*/
void package_answer(struct package *, uint64_t now, uint64_t ask, int status,
    const char *value, size_t n);

/*
 * The control script that ACTION_RUN started has ended, and nothing of its process
 * group is left but what `start` meant to leave: its exit status, or one of these.
 */
enum {
	SCRIPT_LATE = -1, /* its time-out came: its process group was killed */
	SCRIPT_CUT = -2,  /* ended by ACTION_CUT, the kill, or another signal */
	SCRIPT_NEVER = -3 /* it was not begun: `until` had come, or no such file */
};
void package_script(struct package *, uint64_t now, int status);

/* A line that it has printed before that: the last one is shown to people. */
void package_said(struct package *, const char *line, size_t n);

/*
 * What guard says.  Its greeting is the first event of all, GUARD_ARMED or
 * GUARD_IDLE.  It answers `arm` with ARMED and what is in force then, or with IDLE if it
 * is idle and refuses (T0 too old or in the future), `disarm` with IDLE, `kill`, also when it
 * is idle, with DEAD (and is idle from then on) or UNDEAD (and is as armed as before). * DEAD and UNDEAD come unasked when a deadline has come; after an UNDEAD then guard goes
 * on killing until it is DEAD, or a later T0 counts.
 * After a greeting IDLE where run/NAME/here names an epoch, and not as left to maintenance,
 * what is left of it has no guard: `kill` comes out at once; the monitor tells guard the package's resources
 * before it passes that on.
 * UNWATCHED, before an ARMED that answers: it refused, for it can't have the watchdog of the
 * settings, and is armed as before; with no why: it has it now.
 * GUARD_GONE: guard died.  From now on the monitor itself carries out ACTION_GUARD
 * `kill`, the first of which comes out at once, and answers DEAD or UNDEAD in guard's
 * place; other words to guard are void.
 */
enum guard_word {
	GUARD_IDLE,
	GUARD_ARMED,
	GUARD_DEAD,
	GUARD_UNDEAD,
	GUARD_UNWATCHED,
	GUARD_GONE
};

struct guard_said {
	enum guard_word word;
	uint64_t epoch; /* ARMED: that, t0 and the deadlines in force */
	uint64_t t0;
	struct deadlines deadlines;
	const char *why; /* UNDEAD: what would not die; UNWATCHED: for people */
};
void package_guard(struct package *, uint64_t now, const struct guard_said *);

/*
 * What ACTION_PROVE found, asked and answered after the action came out: the boot id
 * that the host runs under ("-": not known), and the highest epoch it has closed (0: none).
 */
void package_proof(struct package *, uint64_t now, uint64_t proof, const char *boot,
    uint64_t closed);

/* A person wants this host's monitor to leave: it stops the package first, if it is here. */
void package_leave(struct package *, uint64_t now);

/* ---- actions ---- */

enum action_kind {
	ACTION_ASK, /* send the batch line text (no id=, no newline); number is its ask */
	ACTION_RUN,   /* start the control script with verb text [and arg]; see below */
	ACTION_CUT,   /* end the one that runs; its package_script still comes */
	ACTION_GUARD, /* tell guard: see below */
	ACTION_PROVE, /* find out about host text's boot id and epochs; number */
	ACTION_CLOSE, /* write number into run/NAME/closed, before the next action */
	ACTION_HERE,  /* the same with run/NAME/here; see below; 0: remove it */
	ACTION_LOG,   /* one line for the message log */
	ACTION_LEAVE /* end with status; 74: no memory.  PACKAGE_AGAIN: become a new guard */
};

#define PACKAGE_AGAIN 75

/*
 * ARM and RENEWED count t0, and only if it is later than what is counted; ARM puts the
 * deadlines, the watchdog and reboot into force, also for a t0 that is counted already.  Before ARM is passed on the
 * monitor has told guard the package's resources.  Where HERE could not be written ARM is not
 * passed on: IDLE is the answer.
 */
enum guard_verb { GUARD_ARM, GUARD_RENEWED, GUARD_DISARM, GUARD_KILL };

/*
 * HERE: what runs here was armed in that epoch; maint: it was, and has been left without a
 * guard.  It counts in this boot and this directory alone: not in a copy, whose
 * guard would find nothing of it.
 *
 * RUN: timeout in ns; a script that is not begun before `until` is not begun
 * at all: the clock is read again in the child, right before it becomes the script.
 */
struct action {
	enum action_kind kind;
	uint64_t number;  /* ASK PROVE CLOSE HERE */
	const char *text; /* ASK RUN PROVE LOG; valid until the next event */
	size_t length;    /* of text; a NUL follows */
	const char *arg;  /* RUN: fence's node; or NULL */
	uint64_t timeout; /* RUN */
	uint64_t until;   /* RUN; UINT64_MAX: at any time */
	enum guard_verb guard;
	uint64_t epoch;             /* GUARD ARM */
	uint64_t t0;                /* GUARD ARM RENEWED */
	struct deadlines deadlines; /* GUARD ARM */
	int maint;                  /* HERE */
	int status;                 /* LEAVE */
};

/* The next action: 1, or 0: there are none until the next event. */
int package_next(struct package *, struct action *);

/* When package_tick is due, in the events' time. */
uint64_t package_wake(const struct package *);

/* ---- what can be seen ---- */

/* The settings in force (watchdog, reboot ...); NULL while the store has not been read. */
const struct settings *package_settings(const struct package *);

/* 1 once the store has been read: `run` may say that the monitor stands. */
int package_ready(const struct package *);

/* Adds one line of words for the local question `status`, with its newline: 0, or -1. */
int package_show(const struct package *, uint64_t now, struct buf *);

#endif

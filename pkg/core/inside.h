/*
 * inside.h - what the files of the rules share.
 *
 * Two things are kept apart: `hold`, what the store says of this host (whether
 * the lease is its own), and `body`, what of the package is on it.  Each event changes a
 * little, then package.c takes steps until none changes anything; what has
 * to wait for a time says so by due().
 */
#ifndef LITE_RAFT_PKG_INSIDE_H
#define LITE_RAFT_PKG_INSIDE_H

#include "package.h"

#define MS     LEASE_MS
#define SECOND (1000 * MS)
#define NEVER  UINT64_MAX

#define FAILS_MAX  17u /* restarts are 16 at most */
#define EVENTS_MAX 8u  /* that wait to be written */
#define EVENT_RING 200u
#define EVENT_TEXT 512u

/* What is asked of the store: one question of each kind at a time. */
enum slot {
	SLOT_CONF,
	SLOT_WANT,
	SLOT_LEASE,
	SLOT_ORDER,
	SLOT_SELF,  /* this node's own note, once, at the beginning */
	SLOT_PEER,  /* another node's note */
	SLOT_WRITE, /* the lease */
	SLOT_TAKEN, /* the order is removed */
	SLOT_NOTE,  /* this node's note is written */
	SLOT_EVENT,
	SLOTS
};

struct ask {
	uint64_t number; /* 0: none is out */
	uint64_t due;    /* when the next one may go */
	uint64_t sent;
};

/* The lease as it was last read, or written and acknowledged. */
struct seen {
	int known;    /* it was read at all */
	int present;  /* the key exists */
	int sound;    /* and is a lease */
	int vanished; /* it is absent, and was there before */
	char text[LEASE_TEXT];
	size_t len;
	struct lease v;
	uint64_t at; /* the clock after the first answer that showed this value */
};

enum purpose { WRITE_TAKE, WRITE_RENEW, WRITE_GIVE };

/* A write of the lease that is on its way. */
struct writing {
	int busy;
	int back; /* what became of it is to be read back */
	enum purpose purpose;
	struct lease v;
	char text[LEASE_TEXT];
	size_t len;
	uint64_t t0; /* before its sending */
};

enum hold {
	HOLD_NONE,
	HOLD_ADOPT, /* it was this host's before this monitor; not renewed by it yet */
	HOLD_MINE
};

enum body {
	BODY_UNKNOWN, /* the monitor has just begun */
	BODY_NONE,    /* nothing of it runs here */
	BODY_ARM,     /* guard is being armed, then start */
	BODY_ADOPT,   /* it may run: the lease is being renewed anew */
	BODY_PROBE,   /* status is asked what there is */
	BODY_START,
	BODY_UP,
	BODY_STOP,
	BODY_KILL,
	BODY_VERIFY, /* killed: status must say down */
	BODY_STUCK,  /* it won't die, or status doesn't say that it did */
	BODY_MAINT   /* it runs with no guard */
};

enum script { SCRIPT_NONE, SCRIPT_START, SCRIPT_STOP, SCRIPT_STATUS, SCRIPT_FENCE };

/* The lease is to be given away once the package is down. */
struct giving {
	int on;
	enum lease_state state;
	char to[LEASE_NAME + 1];
	char note[LEASE_NOTE + 1];
};

/* Whose package is proven dead: all that an owner did in a boot and epoch. */
struct proof {
	uint64_t asked; /* number of the question that is out, 0: none */
	uint64_t due;
	int good;
	char owner[LEASE_NAME + 1];
	char boot[LEASE_BOOT + 1];
	uint64_t epoch;
};

struct event_queue {
	char text[EVENTS_MAX][EVENT_TEXT];
	unsigned n;
	int stage;     /* of the first: reading the last number, counting, writing */
	uint64_t last; /* number in use */
	uint64_t gone; /* what was to go for this number, and those before, is gone */
	int counted;   /* there is a last number */
};

struct queued {
	struct action a;
	size_t text; /* where in p->text */
	size_t arg;  /* the same; SIZE_MAX: none */
};

struct package {
	/* When. */
	uint64_t now;
	uint64_t wall;
	uint64_t wake;

	/* What is to be done. */
	struct queued *queue;
	size_t queued, taken, room;
	struct buf text;
	struct action spare; /* where there is no memory for another one */

	/* The store. */
	struct ask ask[SLOTS];
	uint64_t asks;
	struct buf conf;
	struct settings settings;
	struct want want;
	struct seen seen;
	struct writing write;
	uint64_t write_at; /* none is sent before */
	uint64_t writes;   /* the greatest seq sent or seen as one's own */

	/* The lease. */
	uint64_t instance;
	uint64_t closed;     /* no epoch up to this one starts anything here */
	uint64_t here;       /* what may run here was armed in it; 0: nothing does */
	int here_maint;      /* and was left to maintenance */
	uint64_t epoch;      /* held, or last held */
	uint64_t t0;         /* of the newest renewal that is acknowledged; 0: none */
	uint64_t sent;       /* when the newest was sent */
	uint64_t not_before; /* after giving it away */
	struct giving give;
	struct proof proof;
	uint64_t twin; /* the epoch that a monitor of another directory was noted for */

	/* Guard. */
	uint64_t armed_t0;      /* of the last ARM */
	uint64_t guard_t0;      /* that guard has said to count from */
	uint64_t refused;       /* the T0 that guard would not arm for */
	struct deadlines force; /* what guard has confirmed */
	struct deadlines asked; /* what it was told last */
	int told;               /* and by this monitor */
	char watchdog[SETTINGS_PATH];
	int reboot;
	char unwatched[LEASE_NOTE + 1]; /* why it has not that watchdog, or empty */
	int greeted, armed, gone;
	int arming; /* it has not answered to be armed or disarmed */

	/* The package. */
	uint64_t next;     /* status, or the next try of what is stuck */
	uint64_t patience; /* for a script that doesn't end */
	enum hold hold;
	enum body body;
	enum script script;
	int cutting;
	int stop_ran, stop_failed;
	int verify; /* a kill is not enough: status must say down */
	int late;   /* the lease ran out: this epoch is over here */
	int left;   /* it was found with no guard */
	int stuck;
	int stop_again; /* it is killed, but not down: only its own stop may help */
	int degraded;

	int changed; /* another step is to be taken */
	int no_memory;
	int over; /* LEAVE has been said */
	int has_conf, has_want, has_self;

	/* Failures, the oldest first. */
	uint64_t fail[FAILS_MAX];
	uint64_t failed_until;
	unsigned fails;

	/* People. */
	int leaving;
	uint64_t leave_by;
	struct order order;
	int order_good;
	unsigned order_peer; /* moving anywhere: the next of nodes to be looked at */

	/* Notes. */
	int left_noted;
	struct event_queue events;
	struct node_note noted;
	uint64_t note_due;
	uint64_t
	    standing[SETTINGS_NODES]; /* since when, without a gap; 0: it does not */
	uint64_t peer_due;
	unsigned peer_asked;

	char name[LEASE_NAME + 1];
	char node[LEASE_NAME + 1];
	char boot[LEASE_BOOT + 1];
	char fencing[LEASE_NAME + 1];
	char why[LEASE_NOTE + 1];   /* what is wrong, for people */
	char said[LEASE_NOTE + 1];  /* by the script, last */
	char order_text[WANT_TEXT]; /* being taken; empty: none */
	char want_text[WANT_TEXT];
	size_t want_len;
};

/* 1 if t has come; else the next tick is at t, or before. */
int due(struct package *, uint64_t t);

/* queue.c: actions.  act's text may be NULL. */
struct action *act(struct package *, enum action_kind, const char *text,
    const char *arg);
void act_log(struct package *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void act_close(struct package *, uint64_t epoch);
void act_here(struct package *, uint64_t epoch, int maint);
void act_guard(struct package *, enum guard_verb);
void act_arm(struct package *, uint64_t t0, const struct deadlines *);
void act_disarm(struct package *);
void act_run(struct package *, enum script, const char *arg, uint64_t timeout,
    uint64_t until);
void act_cut(struct package *);

/* A question: its words are appended to what ask_open returns. */
struct buf *ask_open(struct package *, enum slot);
void ask_send(struct package *);
void ask_get(struct package *, enum slot, const char *key, const char *sub);

/* store.c: reading. */
void store_step(struct package *);
void store_answer(struct package *, enum slot, int status, const char *value, size_t n);

/* write.c: the lease. */
void lease_step(struct package *);
void lease_take(struct package *);
void lease_answer(struct package *, int status);
void lease_see(struct package *, const char *value, size_t n, int present);
int lease_is_ours(const struct package *); /* the seen value is of this host and boot */
void lease_is_twins(struct package *);     /* but another directory's: says so */
int lease_is_fresh(const struct package *);
int lease_is_still(struct package *); /* nobody on this host renews the seen value */
int lease_is_past(struct package *);  /* whose package was on it is dead by now */
uint64_t lease_patience(const struct package *); /* for an answer, in ns */

/* standby.c */
void standby_step(struct package *);
void standby_fenced(struct package *, int status);
int standby_may(const struct package *); /* this node may have the package */

/* body.c: the package. */
void body_step(struct package *);
void body_watch(struct package *);
void body_script(struct package *, int status);
void body_guard(struct package *, const struct guard_said *);
void body_stop(struct package *);
void body_kill(struct package *, int verify);
int body_is_down(int status);

/* owner.c: what an owner decides. */
void owner_step(struct package *);
void owner_failed(struct package *, const char *what, int status);
void owner_give(struct package *, enum lease_state, const char *to, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));
int node_has_failed(struct package *);
void fails_forget(struct package *);

/* order.c: moves, asked for or not. */
void order_step(struct package *);
void order_see(struct package *, int status, const char *value, size_t n);
void order_taken(struct package *, int status);
void peer_see(struct package *, int status, const char *value, size_t n);

/* notes.c: what people read. */
void notes_step(struct package *);
void notes_event(struct package *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void notes_self(struct package *, int status, const char *value, size_t n);
void event_answer(struct package *, int status, const char *value, size_t n);

#endif

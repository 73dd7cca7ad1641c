/*
 * sim.h - hosts that run pkg's rules, in a world of one true clock: a store that
 * pauses and answers late, guards, control scripts, clocks that are wrong by up
 * to ten per cent, and people.
 *
 * In some runs the last host is a twin: a copy of pkg's directory on another one, with that
 * one's name, boot and power.  Sessions, clocks and pauses are its own, which is the worse.
 *
 * Everything of a run comes from its seed.
 */
#ifndef LITE_RAFT_PKG_SIM_H
#define LITE_RAFT_PKG_SIM_H

#include <stddef.h>
#include <stdint.h>

#include "core/package.h"
#include "core/words.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)
#define NEVER  UINT64_MAX
#define HOSTS  5u /* four, and a twin */
#define NAME   "p"

/* ---- chance and the story (chance.c) ---- */

void seed_set(uint64_t);
uint64_t below(uint64_t n);                      /* 0 .. n-1 */
uint64_t between(uint64_t least, uint64_t most); /* both included */
int odds(unsigned thousandths);

extern int tracing;
void story(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void broken(const char *property, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
extern int bad; /* a property did not hold in this run */

/* ---- what is to happen (queue.c) ---- */

enum event_kind {
	EV_TICK,    /* a monitor's */
	EV_DELIVER, /* an ask arrives at the store */
	EV_ANSWER,  /* its answer arrives at the monitor */
	EV_EXPIRE,  /* the monitor's session gives it up */
	EV_GUARD,   /* a word for guard */
	EV_SAID,    /* a word of guard's for the monitor */
	EV_TIMER,   /* guard's deadline */
	EV_KILLED,  /* a kill is over */
	EV_DOG,     /* the watchdog's */
	EV_SCRIPT,  /* a control script ends by itself */
	EV_TIMEOUT, /* its time-out */
	EV_STOPPED, /* the programs end in the middle of stop */
	EV_PROOF,   /* an answer to a proof */
	EV_RESUME,  /* actions go on that were held up */
	EV_MONITOR, /* guard starts a monitor */
	EV_RUN,     /* a person, or the boot, runs `pkg run` */
	EV_BOOT,    /* a host is switched on again */
	EV_FAULT,   /* the next fault of the run */
	EV_HEAL,    /* all is well from here on */
	EV_LOOK,    /* looks whether it has healed */
	EV_UNDO     /* a person takes back an order */
};

struct event {
	uint64_t t;
	uint64_t order;
	enum event_kind kind;
	unsigned host;
	uint32_t gen; /* of whom it is for: void if that is gone */
	uint64_t n;
};

extern uint64_t now; /* the one true clock */

void queue_clear(void);
void at(uint64_t t, enum event_kind, unsigned host, uint32_t gen, uint64_t n);
int queue_next(struct event *); /* 1, or 0: there is none */

/* ---- the store (store.c) ---- */

enum key {
	KEY_CONF,
	KEY_WANT,
	KEY_LEASE,
	KEY_ORDER,
	KEY_LAST,
	KEY_NODE,
	KEY_OTHER = KEY_NODE + HOSTS,
	KEYS
};

struct value {
	int present;
	size_t len;
	char text[WANT_TEXT];
};

struct store {
	struct value value[KEYS];
	uint64_t away; /* no leader, or no quorum, until then */
	struct lease lease;
};
extern struct store store;

void store_clear(void);
void store_set(enum key, const char *text); /* by a person */
void store_unset(enum key);
void store_send(unsigned host, const struct action *);
void store_deliver(const struct event *);
void store_replied(const struct event *);
void store_expire(const struct event *);

/* ---- hosts (host.c, guard.c, script.c) ---- */

struct guard {
	int alive;
	int armed;
	uint64_t frozen; /* true time until which it is */
	uint64_t slow;   /* until when its words, and those to it, take long */
	uint64_t epoch, t0;
	struct deadlines d;
	uint32_t gen;
	uint64_t last; /* words keep their order */
};

enum verb { VERB_NONE, VERB_START, VERB_STOP, VERB_STATUS, VERB_FENCE };

/* How a control script behaves: of start, stop and status each. */
enum manner { WELL, SLOW, HUNG, FAILS };

struct script {
	enum verb verb;
	uint32_t gen;
	int status; /* it will end with */
	unsigned target;
};

struct held {
	struct action a;
	char text[2600];
	char arg[LEASE_NAME + 1];
};

struct host {
	char name[8]; /* in the story */
	char node[8]; /* in the store */
	char boot[24];
	unsigned boots;
	int on;
	uint64_t rate;  /* of its clock, in millionths */
	uint64_t epoch; /* when that clock said `zero` */
	uint64_t zero;
	uint64_t closed;
	uint64_t here;
	int maint;       /* what is here was left to maintenance */
	int copied;      /* a twin is there */
	uint64_t frozen; /* the host as a whole, until then */

	/* The network to the store and to other hosts. */
	uint64_t cut;
	uint64_t slow, slow_by;
	uint64_t lossy;

	/* Its processes. */
	struct guard guard;
	struct package *p;
	uint64_t monitor_frozen;
	uint64_t tick;
	uint64_t last;
	uint64_t died; /* when its last guard did */
	struct held *held;
	unsigned helds;
	uint32_t gen; /* of the monitor */
	int gone;     /* the monitor kills by itself */
	int watchdog;
	int refuses; /* its guard is never armed: the device it is to kick is missing */
	int beyond;  /* what runs can't be killed by guard, only be stopped: a unit */
	struct script script;
	enum manner manner[5];

	/* The package's programs: what all this is about. */
	int running;
	int degraded;
	int killing;
	uint32_t kill_gen;
	int by_monitor;   /* who kills */
	uint64_t undying; /* they can't be killed until then */

	uint64_t excused; /* two owners would not be the rules' fault until then */
	int alone;        /* what runs has neither guard nor monitor */
};
extern struct host host[HOSTS];
extern unsigned hosts;
extern unsigned twin, twin_of; /* HOSTS: there is none */

uint64_t local(const struct host *);                     /* its clock, now */
uint64_t when(const struct host *, uint64_t local_time); /* the true time of it */

void host_clear(void);
void host_twin(unsigned);
unsigned host_wrote(const struct lease *); /* of the value */
void host_on(unsigned);
void host_off(unsigned, uint64_t back); /* back: on again after that; NEVER */
void host_run(unsigned);                /* `pkg run` */
void host_excuse(unsigned, uint64_t until);
void host_alone(unsigned);  /* nobody is left who would end what runs */
void host_settle(unsigned); /* carries out what its rules say */
void host_do(unsigned, const struct action *);
int monitor_up(unsigned);
uint64_t host_thaw(unsigned, int guard); /* when an event for it can be handled */
void monitor_begin(unsigned);
void monitor_kill(unsigned);
void host_event(const struct event *);

void guard_clear(unsigned);
void guard_start(unsigned);
void guard_kill(unsigned); /* a fault: it dies */
void guard_tell(unsigned, const struct action *);
void guard_say(unsigned, enum guard_word, const char *why);
void guard_event(const struct event *);
void kill_begin(unsigned, int asked);

void script_run(unsigned, const struct action *);
void script_cut(unsigned, int status);
void script_event(const struct event *);
void programs(unsigned, int running);

/* ---- faults and people (fault.c) ---- */

enum kind { KIND_CHAOS, KIND_BLIP, KIND_POWER, KIND_MOVE, KIND_MONITOR, KINDS };

void plan(uint64_t seed);
void fault_event(const struct event *);
extern enum kind kind;
extern int fast; /* the profile, in runs that are measured */
extern int healed;
extern int noticed; /* a blip may cost the lease, though no takeover */
extern uint64_t
    moved_at; /* when the owner was switched off, or told to go; 0: not yet */
extern struct settings conf; /* the settings of the run */

/* ---- what must hold (check.c) ---- */

void check_clear(void);
void check_programs(unsigned host); /* after any change of what runs */
void check_write(unsigned i, const struct lease *was, int had);
void check_closed(unsigned host, uint64_t epoch);
void check_start(unsigned host);
void check_healed(int last);
void check_end(void);
void check_report(unsigned long seeds, double seconds);

extern uint64_t overlap; /* ns that two ran at once in this run, excused */
extern int done;         /* it has healed */

#endif

/*
 * world.h - the nodes of one run and what is done with them.  The driver plays
 * the shell: follower, candidate and leader, start and stop; whatever decides or
 * writes is the product's own object code, run as a process on a machine.
 */
#ifndef LITE_RAFT_SIM_WORLD_H
#define LITE_RAFT_SIM_WORLD_H

#include "check.h"
#include "machine.h"
#include "net.h"
#include "queue.h"
#include "state/state.h"

#define NODES_MAX 7u

enum role {
	ROLE_OFF,      /* the machine has no power */
	ROLE_STOPPED,  /* it has, the node was not started, or was killed */
	ROLE_STARTING, /* the gate lets nothing in yet but a hello */
	ROLE_FOLLOWER,
	ROLE_CANDIDATE,
	ROLE_LEADER
};

/* What a person takes away from what a seed has in store; 0: nothing. */
struct spared {
	uint64_t without; /* 1 << what: see fault_number */
	uint64_t trouble; /* at most so long */
	uint64_t clients; /* at most so many */
	uint64_t dice;    /* the same world, and other chances */
};

/* What one seed has in store. */
struct config {
	size_t nodes;     /* machines */
	size_t formed;    /* the first so many are the first members; 0: all */
	uint64_t changes; /* how often the administrator does something; 0: never */
	uint64_t timeout; /* election timeout */
	size_t segment_bytes;
	uint64_t trouble;     /* how long faults go on */
	uint64_t fault_every; /* on average */
	unsigned faults;      /* which kinds: 1 << enum fault */
	unsigned doom;        /* in a thousand: a piece of work is killed */
	unsigned doom_power;  /* of those, in a thousand: with its machine */
	unsigned danger;      /* in a thousand: killed in a call of a long change */
	size_t clients;
	size_t keys;
	unsigned numbers; /* in a thousand: a value is one, or a condition about one */
	unsigned lists;   /* in a thousand: a read is of all keys with a prefix */
	uint64_t window;  /* log entries for which a request id is remembered */
	uint64_t period;  /* log entries between two snapshots; 0: none are taken */
	unsigned slow;    /* in a thousand: ssh takes seconds to get through */
	unsigned big;     /* in a thousand: a value of some sectors */
	unsigned huge;    /* and of those, in a thousand: of up to 250,000 bytes */
	size_t watchers;
	uint64_t pause; /* between a client's requests */
	int greets;     /* a start is told to the others, and hears what they say */
	int copies;     /* of a disk are made, and put back */
	struct weather weather;
};

struct start;
struct channel;
struct leading;
struct candidacy;
struct taking;
struct sending;
struct arrival;

struct node {
	size_t number;
	char name[8];
	char id[ID_DIGITS + 1];
	char first[ID_DIGITS + 1]; /* id that the cluster forms with */
	int blank;                 /* there is no state */
	int removed;               /* from the cluster: it does not start */
	int nameless;              /* its state/node is damaged: nor does it */
	int old;        /* its state/ is a copy of what it was: nor does it ... */
	int refused;    /* and it knows */
	int joining;    /* somebody sees to its first boot */
	unsigned tries; /* candidacies in vain since a leader */
	enum role role;
	struct machine *machine;
	struct os *shell;    /* holds state/running; NULL: not started */
	struct os *starting; /* the same, as long as it starts */
	struct start *start; /* that has told the others; NULL */
	uint64_t epoch;      /* of its role: older events mean nothing */
	uint64_t heard_from; /* its timer: since when, on its own clock */
	uint64_t patience;   /* and for how long */
	uint64_t stamp;      /* the one that it saw last */
	struct candidacy *candidacy;
	uint64_t elected;         /* the term of the ballot that it won last */
	struct leading *leading;  /* its lead, maybe an orphan; NULL */
	struct channel *channels; /* whose append runs here */
	struct taking *takings;   /* of snapshots, under way */
	struct sending *sendings;
	struct arrival *arrivals;
};

extern struct config config;
extern struct node nodes[NODES_MAX];
extern int trouble;    /* faults go on */
extern uint64_t steps; /* pieces of work, so far */

/* --- node.c: first boot, end and loss of power ---------------------------- */

void nodes_make(void);
void node_kill(struct node *); /* the role, not what it started */
void node_power_off(struct node *);
void node_power_on(struct node *);
void node_step_down(struct node *); /* exec follower */

/*
 * Runs a piece of a process's work and looks at what it left.  KILLED: the
 * process is gone, POWERED_OFF: its machine and all on it; os is freed in both.
 */
enum ended node_works(struct node *, struct os *, enum work, void (*work)(void *),
    void *arg);

/* The same, and others may work beside it: PAUSED, call it again. */
enum ended node_works_beside(struct node *, struct os *, enum work,
    void (*work)(void *), void *arg);

/*
 * A process in the midst of its work waits for its disk: when that is over, to itself
 * (who), and while it holds state/lock to everybody on its machine; 0: go on.
 */
uint64_t node_free_at(const struct node *, const struct os *who);

/* The same for an event: 1, and it comes then. */
int node_later(const struct node *, const struct os *who, act *what, void *arg,
    uint64_t number);

/* state_open in a process, with this run's segments; NULL: it can't go on. */
struct state *node_state(struct os *);

struct node *node_by_name(const char *);

/* 1 if its state/node says that it is this: member, joiner, removed. */
int node_standing(const struct node *, const char *);

/* How long it is to everybody until so much has passed on its own clock. */
uint64_t node_takes(const struct node *, uint64_t ns);

/* Its own election timeout has come, or somebody woke its timer. */
void node_woken(struct machine *, const char *word);
void node_waits(struct node *);
void node_not_elected(struct node *);

/* Its disk is lost: what comes is another one, empty. */
void node_loses_disk(struct node *);

/* add-member's part on the new node: joins on an empty disk, and starts. */
void node_join_cluster(struct node *);

/* --- start.c ---------------------------------------------------------------- */

void node_start(struct node *);
void start_end(struct node *); /* one that is under way */

/* The start can't take it yet: 1, and the event comes when it can. */
int start_waits(struct start *, act *what, void *arg, uint64_t number);

/* What one that was told of so many starts has answered; NULL: nothing. */
void start_heard(struct start *, const struct node *from, uint64_t told,
    const char *answer);

/* That one remembers a later start than the copy has that was put back. */
void start_later(struct start *, const struct node *from);

/* --- greet.c ---------------------------------------------------------------- */

/* The start is told to all of these but its own node. */
void greetings_go_out(struct start *, struct node *, const struct state *,
    const struct members *);

/* --- elect.c: candidates and voters --------------------------------------- */

void candidate_begin(struct node *, enum ballot);
void candidate_end(struct node *);

/* --- channel.c: a stream of appends, and the filter at its far end --------- */

struct channel;

/*
 * The leader's side is told of bytes and, n 0, of the end.  The gate at the other
 * side answers later, or never.
 */
struct channel *channel_open(struct node *leader, struct node *follower, deliver *,
    void *arg);
void channel_send(struct channel *, const char *, size_t);

/* By the leader's side; silently: its host has vanished, no FIN is sent. */
void channel_close(struct channel *, int silently);
void channel_break(struct channel *);

void filters_power_off(struct node *);
void filter_kill(struct node *); /* one of them */
void filter_freeze(struct node *, uint64_t until);

/* --- leading.c: a lead, its streams and its clients ----------------------- */

void leading_begin(struct node *);
void leading_stop(struct node *); /* SIGTERM: hands over */
void leading_kill(struct node *);
void leading_power_off(struct node *);
void leading_freeze(struct node *, uint64_t until);
void leading_break(struct node *); /* one of its streams */

/* A client's connection; NULL where nobody leads. */
struct connection;

struct connection *connection_open(struct node *, deliver *, void *arg);
void connection_send(struct connection *, const char *, size_t);
void connection_close(struct connection *);

/* So many bytes go to it before it reads; else there is no bound. */
void connection_narrow(struct connection *, size_t);

struct store *sim_store_new(uint64_t window);

/* --- compact.c: a node's snapshots ----------------------------------------- */

void compact_begin(struct node *);
void compact_kill(struct node *); /* one that is being taken */
void compact_power_off(struct node *);

/* --- transfer.c: a snapshot for a follower that is behind ------------------- */

void transfer_begin(struct node *); /* it leads */
void transfer_break(struct node *); /* one that goes or comes */
void transfer_power_off(struct node *);

uint64_t transfer_offers(
    const struct node *); /* snapshots that it was offered, so far */

/* 1, and the install at work there ends in its n-th call from now; 0: there is none. */
int transfer_doom(struct node *, unsigned calls, enum ended how);

/* --- client.c ------------------------------------------------------------- */

void clients_begin(void);
void clients_stop(void); /* no new requests, but one more a client */
size_t clients_busy(void);

/* --- watcher.c ------------------------------------------------------------ */

void watchers_begin(void);

/* So many bytes go to each before it reads, where it is connected; 0: no bound. */
void watchers_narrow(size_t);
int watchers_behind(void);    /* 1 if one has not been told all yet */
uint64_t watchers_told(void); /* how many changes */

/* --- admin.c --------------------------------------------------------------- */

void admins_begin(void);
void admins_stop(void);
int admin_removes(void); /* what was asked of late may come to pass yet */
int admin_is_member(const struct node *);
size_t admin_voters(void); /* 0 while the configuration is joint */

/* --- fault.c -------------------------------------------------------------- */

void config_draw(const struct spared *);

/* The number of what can be taken away: a kind of fault, of weather, of work; its
 * name, NULL: there are no more.  -1: there is none of this name. */
const char *fault_name(unsigned number);
int fault_number(const char *name, size_t n);
void faults_begin(void);
void faults_end(void); /* heals all */

/* --- rot.c: what is lost on a disk ------------------------------------------ */

void rot(struct node *);      /* something on it, while its power is off */
void rot_disk(struct node *); /* all of it */

/* 1 if it may lose what it held, and is the one that has from now on; or 0. */
int rot_spends(struct node *);

/* The one that has lost, or may have lost, what it held; NULL: none has. */
struct node *rot_spent(void);

/* A snapshot, by its path below state/snapshot, can't be read when a node starts: 1,
 * or 0: that must not be, for it would be one node too many. */
int rot_unreadable(struct node *, const char *path);

/* --- old.c ------------------------------------------------------------------ */

void old_keep(struct node *); /* a copy of its disk, maybe: its power is off */
void old_put_back(void);      /* if there is one, and that node may lose the rest */

#endif

/*
 * fault.c - what one seed has in store: how the cluster is made, and what goes
 * wrong in it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "queue.h"
#include "sim.h"
#include "world.h"

enum fault {
	FAULT_POWER,     /* a machine goes, and comes back later */
	FAULT_POWER_ALL, /* all at once */
	FAULT_ROLE,      /* the role's process is killed; start, later */
	FAULT_LEAD,
	FAULT_APPEND,
	FAULT_STOP, /* a leader is told to hand over */
	FAULT_ONE_WAY,
	FAULT_ALONE, /* a node is cut off from all */
	FAULT_SPLIT,
	FAULT_FREEZE,       /* SIGSTOP of a lead */
	FAULT_FREEZE_ALONE, /* the same, and nobody tells it what has happened */
	FAULT_FREEZE_APPEND,
	FAULT_SYNC,  /* one of the next syncs fails */
	FAULT_READ,  /* one of the next reads fails */
	FAULT_WRITE, /* one of the next writes ends in its midst */
	FAULT_NAME,  /* one of the next calls about a name fails */
	FAULT_HANG,  /* a disk stands still for some time */
	FAULT_FULL,
	FAULT_EVICT, /* clean pages leave the page cache */
	FAULT_BREAK, /* a stream's connection is reset */
	FAULT_ROT,   /* a bit flips on a disk, or a sector is zeros */
	FAULT_TAKE,  /* a snapshot's taking is killed */
	FAULT_SEND,  /* a snapshot breaks off on its way */
	FAULT_DISK,  /* a disk is lost; of one node in a run */
	FAULT_OLD,   /* an old copy of one is put back; of one node in a run */
	FAULTS
};

/* What else can be taken away. */
enum spare {
	SPARE_LOSS = FAULTS,
	SPARE_LATE,
	SPARE_TWICE,
	SPARE_BUSY,
	SPARE_STALLS,
	SPARE_DOOM,
	SPARE_DANGER,
	SPARE_CHANGES,
	SPARE_SNAPSHOTS,
	SPARE_WINDOW,
	SPARE_BIG,
	SPARE_WATCHERS,
	SPARES
};

static const char *const names[] = { "power", "power-all", "role", "lead", "append",
	"stop", "one-way", "alone", "split", "freeze", "freeze-alone", "freeze-append",
	"sync", "read", "write", "name", "hang", "full", "evict", "break", "rot",
	"take", "send", "disk", "old", "loss", "late", "twice", "busy", "stalls",
	"kill", "kill-late", "changes", "snapshots", "window", "big", "watchers",
	NULL };

const char *
fault_name(unsigned number)
{
	return number < SPARES ? names[number] : NULL;
}

int
fault_number(const char *name, size_t n)
{
	int i;

	for (i = 0; names[i] != NULL; i++)
		if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0)
			return i;
	return -1;
}

static int
spares(const struct spared *s, enum spare what)
{
	return (s->without >> what & 1) != 0;
}

static void
config_spare(const struct spared *s)
{
	struct weather *w = &config.weather;

	config.faults &= ~(unsigned)s->without & ((1u << FAULTS) - 1);
	if (spares(s, SPARE_LOSS))
		w->lost = 0;
	if (spares(s, SPARE_LATE))
		w->late = 0;
	if (spares(s, SPARE_TWICE))
		w->twice = 0;
	if (spares(s, SPARE_BUSY))
		w->busy = 0;
	if (spares(s, SPARE_STALLS))
		w->stalls = 0;
	if (spares(s, SPARE_DOOM))
		config.doom = 0;
	if (spares(s, SPARE_DANGER))
		config.danger = 0;
	if (spares(s, SPARE_CHANGES)) {
		config.changes = 0;
		config.nodes = config.formed;
	}
	if (spares(s, SPARE_SNAPSHOTS))
		config.period = 0;
	if (spares(s, SPARE_WINDOW))
		config.window = UINT64_MAX;
	if (spares(s, SPARE_BIG))
		config.big = 0;
	if (spares(s, SPARE_WATCHERS))
		config.watchers = 0;
	if (s->trouble > 0 && s->trouble < config.trouble)
		config.trouble = s->trouble;
	if (s->clients > 0 && s->clients < config.clients)
		config.clients = (size_t)s->clients;
	if (s->dice > 0)
		seed_turn(s->dice);
}

/* Segments of some hundred bytes are used up as fast as any test needs it. */
void
config_draw(const struct spared *spared)
{
	static const size_t segments[] = { 1024, 4096, 4096, 16384, 65536 };
	static const size_t sizes[] = { 3, 3, 3, 3, 3, 3, 5, 5, 1, 2 };
	struct weather *w = &config.weather;

	memset(&config, 0, sizeof(config));
	config.nodes = sizes[seed_below(sizeof(sizes) / sizeof(*sizes))];
	config.formed = config.nodes;
	if (seed_odds(400)) {
		config.changes = seed_range(200, 3000) * MILLI;
		config.nodes += seed_below(NODES_MAX - config.nodes + 1);
		if (config.nodes > 5 && !seed_odds(200))
			config.nodes = config.formed + seed_below(3);
		if (config.nodes > NODES_MAX)
			config.nodes = NODES_MAX;
	}
	config.timeout = seed_odds(700) ? SECOND : seed_range(700, 5000) * MILLI;
	config.segment_bytes =
	    segments[seed_below(sizeof(segments) / sizeof(*segments))];
	config.trouble = seed_range(6, 30) * SECOND;
	config.fault_every = seed_range(150, 2500) * MILLI;
	/* Each seed has its own mix: too many kinds at once hide one another. */
	config.faults = (unsigned)(seed_next() & seed_next()) |
	    1u << seed_below(FAULTS);
	if (seed_odds(150))
		config.faults = (1u << FAULTS) - 1;
	config.doom = seed_odds(500) ? (unsigned)seed_below(12) : 0;
	config.doom_power = seed_odds(500) ? (unsigned)seed_below(1000) : 0;
	config.danger = seed_odds(500) ? (unsigned)seed_below(60) : 0;
	config.clients = (size_t)seed_range(1, 4);
	config.keys = (size_t)seed_range(1, 3);
	config.lists = seed_odds(500) ? (unsigned)seed_below(500) : 0;
	config.numbers = seed_odds(500) ? (unsigned)seed_below(900) : 0;
	config.period = seed_odds(700) ? seed_range(1, 30) : 0;
	config.slow = 50;
	config.window = seed_odds(300) ? seed_range(2, 30) : UINT64_MAX;
	config.big = seed_odds(500) ? (unsigned)seed_below(500) : 0;
	config.pause = seed_range(20, 500) * MILLI;
	config.greets = 1;

	w->delay = seed_range(100, 5000) * MICRO;
	w->spread = seed_odds(500) ? seed_below(100 * MILLI) : seed_below(3 * MILLI);
	w->lost = seed_odds(500) ? (unsigned)seed_below(300) : 0;
	w->late = seed_odds(500) ? (unsigned)seed_below(300) : 0;
	w->twice = seed_odds(500) ? (unsigned)seed_below(500) : 0;
	w->busy = seed_odds(500) ? (unsigned)seed_below(400) : 0;
	w->stalls = seed_odds(300) ? (unsigned)seed_below(8) : 0;
	config.watchers = config.window == UINT64_MAX && seed_odds(400) ?
	    (size_t)seed_range(1, 2) :
	    0;
	/* So that one who does not read for a while is left behind. */
	if (config.watchers > 0 && seed_odds(80))
		config.big = config.huge = 700;
	config_spare(spared);
	config.copies = (config.faults & 1u << FAULT_OLD) != 0;
}

static struct node *
some_node(void)
{
	return &nodes[seed_below(config.nodes)];
}

static struct node *
some_leader(void)
{
	size_t at = (size_t)seed_below(config.nodes), i;

	for (i = 0; i < config.nodes; i++)
		if (nodes[(at + i) % config.nodes].leading != NULL)
			return &nodes[(at + i) % config.nodes];
	return &nodes[at];
}

static void
starts(void *arg, uint64_t number)
{
	struct node *n = arg;

	(void)number;
	if (n->role == ROLE_STOPPED)
		node_start(n);
}

static void
has_space(void *arg, uint64_t number)
{
	struct node *n = arg;

	(void)number;
	n->machine->full = 0;
}

static void
full(struct node *n, uint64_t until)
{
	story("%s's disk is full", n->name);
	n->machine->full = seed_odds(300) ? 2 : 1;
	n->machine->space = seed_below(8192);
	queue_put(until, has_space, n, 0);
}

static void
cut_heals(void *arg, uint64_t number)
{
	(void)arg;
	net_cut((size_t)(number / HOSTS), (size_t)(number % HOSTS), 0);
	/* It has much to take back now, and no space to. */
	if (trouble && (config.faults & 1u << FAULT_FULL) && seed_odds(100))
		full(&nodes[number / HOSTS], sim_time() + seed_below(SECOND));
}

static void
cut(size_t from, size_t to, uint64_t until)
{
	if (from == to)
		return;
	net_cut(from, to, 1);
	queue_put(until, cut_heals, NULL, from * HOSTS + to);
}

static void
alone(const struct node *n, uint64_t until)
{
	size_t i;

	story("%s is cut off", n->name);
	for (i = 0; i < config.nodes; i++) {
		cut(n->number, i, until);
		cut(i, n->number, until);
	}
}

static void
split(uint64_t until)
{
	uint64_t side = seed_next();
	size_t i, j;

	story("the network is split in two");
	for (i = 0; i < config.nodes; i++)
		for (j = 0; j < config.nodes; j++)
			if ((side >> i & 1) != (side >> j & 1))
				cut(i, j, until);
}

static void
strike(enum fault what)
{
	uint64_t until = sim_time() + seed_range(100, 5000) * MILLI;
	struct node *n = seed_odds(500) ? some_leader() : some_node();
	size_t i, other;

	/* What waits for a disk can't be killed: only its host's power ends it. */
	if (n->machine->waits != NULL && what != FAULT_ROT)
		what = FAULT_POWER;
	switch (what) {
	case FAULT_POWER:
		node_power_off(n);
		break;
	case FAULT_POWER_ALL:
		for (i = 0; i < config.nodes; i++)
			node_power_off(&nodes[i]);
		break;
	case FAULT_ROLE:
		if (n->shell == NULL && n->starting == NULL)
			break;
		story("%s's role is killed", n->name);
		node_kill(n);
		queue_in(seed_below(3000) * MILLI, starts, n, 0);
		break;
	case FAULT_LEAD:
		leading_kill(n);
		break;
	case FAULT_APPEND:
		filter_kill(n);
		break;
	case FAULT_STOP:
		leading_stop(n);
		break;
	case FAULT_ONE_WAY:
		other = (size_t)seed_below(config.nodes);
		story("nothing gets from %s to %s", n->name, nodes[other].name);
		cut(n->number, other, until);
		break;
	case FAULT_ALONE:
		alone(n, until);
		break;
	case FAULT_SPLIT:
		split(until);
		break;
	case FAULT_FREEZE:
		leading_freeze(n, until);
		break;
	case FAULT_FREEZE_ALONE:
		leading_freeze(n, until);
		alone(n, until + seed_below(SECOND));
		break;
	case FAULT_FREEZE_APPEND:
		filter_freeze(n, until);
		break;
	case FAULT_SYNC:
		n->machine->sync_fails = 1 + (unsigned)seed_below(6);
		break;
	case FAULT_READ:
		n->machine->read_fails = 1 + (unsigned)seed_below(30);
		break;
	case FAULT_WRITE:
		n->machine->write_fails = 1 + (unsigned)seed_below(20);
		break;
	case FAULT_NAME:
		n->machine->name_fails = 1 + (unsigned)seed_below(30);
		break;
	case FAULT_HANG:
		story("%s's disk hangs", n->name);
		n->machine->hangs_until = until;
		n->machine->hangs_all = seed_odds(300);
		break;
	case FAULT_FULL:
		full(n, until);
		break;
	case FAULT_EVICT:
		machine_evict(n->machine);
		check_evicted(n->number);
		break;
	case FAULT_BREAK:
		leading_break(n);
		break;
	case FAULT_ROT:
		rot(n);
		break;
	case FAULT_TAKE:
		compact_kill(n);
		break;
	case FAULT_DISK:
		if (config.changes > 0)
			rot_disk(n);
		break;
	case FAULT_OLD:
		old_put_back();
		break;
	case FAULT_SEND:
		for (i = 0; i < config.nodes; i++)
			if (nodes[i].machine->waits == NULL)
				transfer_break(&nodes[i]);
		break;
	default:
		break;
	}
}

static void
fault(void *arg, uint64_t number)
{
	unsigned kinds = config.faults & ((1u << FAULTS) - 1);
	enum fault what;

	(void)arg;
	(void)number;
	if (!trouble || kinds == 0)
		return;
	do {
		what = (enum fault)seed_below(FAULTS);
	} while ((kinds & 1u << what) == 0);
	strike(what);
	queue_in(seed_below(2 * config.fault_every), fault, NULL, 0);
}

void
faults_begin(void)
{
	trouble = 1;
	machine_danger(config.danger, config.doom_power);
	queue_in(seed_below(3 * SECOND), fault, NULL, 0);
}

void
faults_end(void)
{
	struct weather calm = config.weather;
	size_t i;

	story("the trouble is over");
	trouble = 0;
	machine_danger(0, 0);
	net_heal();
	calm.lost = calm.late = calm.stalls = 0;
	net_set(&calm);
	for (i = 0; i < config.nodes; i++) {
		nodes[i].machine->full = 0;
		nodes[i].machine->sync_fails = nodes[i].machine->read_fails = 0;
		nodes[i].machine->write_fails = nodes[i].machine->name_fails = 0;
		nodes[i].machine->hangs_until = 0;
		node_power_on(&nodes[i]);
		starts(&nodes[i], 0);
	}
}

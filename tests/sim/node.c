/*
 * node.c - the life of a node: first boot, kill, loss of power; its follower's
 * timer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/members.h"
#include "os/os.h"
#include "queue.h"
#include "sim.h"
#include "truth.h"
#include "world.h"

struct config config;
struct node nodes[NODES_MAX];
int trouble;
uint64_t steps;

/* --- a piece of work ------------------------------------------------------ */

static enum ended
works(struct node *n, struct os *os, enum work kind,
    enum ended (*run)(struct os *, void (*)(void *), void *), void (*work)(void *),
    void *arg)
{
	unsigned errors = n->machine->errors;
	enum ended ended;

	steps++;
	ended = run(os, work, arg);
	if (ended == POWERED_OFF && task_was_gone(os))
		return ended;
	check_worked(n->number, kind, ended);
	if (ended == KILLED)
		task_end(os);
	else if (ended == POWERED_OFF)
		node_power_off(n);
	else if (n->machine->errors != errors)
		story("%s: %s has met an error of its disk", n->name, task_name(os));
	return ended;
}

uint64_t
node_free_at(const struct node *n, const struct os *who)
{
	const struct os *waits = n->machine->waits;

	return waits != NULL && (waits == who || task_locks(waits)) ?
	    n->machine->hangs_until + 1 :
	    0;
}

int
node_later(const struct node *n, const struct os *who, act *what, void *arg,
    uint64_t number)
{
	uint64_t at = node_free_at(n, who);

	if (at > 0)
		queue_put(at, what, arg, number);
	return at > 0;
}

static void
doom(struct os *os, unsigned calls)
{
	if (trouble && seed_odds(config.doom))
		task_doom(os, 1 + (unsigned)seed_below(calls),
		    seed_odds(config.doom_power) ? POWERED_OFF : KILLED);
}

enum ended
node_works(struct node *n, struct os *os, enum work kind, void (*work)(void *),
    void *arg)
{
	doom(os, 40);
	return works(n, os, kind, task_run, work, arg);
}

enum ended
node_works_beside(struct node *n, struct os *os, enum work kind, void (*work)(void *),
    void *arg)
{
	doom(os, 40);
	return works(n, os, kind, task_step, work, arg);
}

struct state *
node_state(struct os *os)
{
	char why[256];
	struct state *st;

	st = state_open(os, why);
	if (st == NULL)
		return NULL;
	st->segment_bytes = config.segment_bytes;
	return st;
}

struct node *
node_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < config.nodes; i++)
		if (strcmp(nodes[i].name, name) == 0)
			return &nodes[i];
	sim_die("there is no node %s", name);
}

/* --- first boot ------------------------------------------------------------ */

struct job {
	struct node *node;
	struct os *os;
	int result;
	char why[256];
};

static void
init_work(void *arg)
{
	struct job *j = arg;

	j->result = node_init(j->os, j->node->name, j->why);
}

static void ends_all(struct node *);

/* First boot, on an empty disk. */
static int
boot(struct node *n)
{
	struct job j = { .node = n, .result = -1 };
	struct state *st;

	check_node(n->number, n->machine, n->name);
	j.os = task_new(n->machine, "init");
	task_alone(j.os);
	if (node_works(n, j.os, WORK_START, init_work, &j) != RAN)
		return -1;
	st = j.result == 0 ? node_state(j.os) : NULL;
	if (st != NULL) {
		memcpy(n->id, st->me.id, sizeof(n->id));
		state_close(st);
		check_member(n->number, n->id);
		n->blank = n->removed = 0;
	}
	task_end(j.os);
	return st != NULL ? 0 : -1;
}

static struct machine *
machine_of(struct node *n)
{
	struct machine *m = machine_new(n->name);

	m->rate = seed_range(900, 1100);
	m->offset = seed_below(1000000) * SECOND;
	return m;
}

void
nodes_make(void)
{
	struct node *n;
	size_t i;

	if (config.formed == 0)
		config.formed = config.nodes;
	for (i = 0; i < config.nodes; i++) {
		n = &nodes[i];
		n->number = i;
		(void)snprintf(n->name, sizeof(n->name), "%c", (int)('a' + i));
		n->machine = machine_of(n);
		n->role = ROLE_STOPPED;
		n->blank = 1;
		if (i < config.formed && boot(n) == -1)
			sim_die("no first boot");
		memcpy(n->first, n->id, sizeof(n->id));
	}
}

/* --- members that come ---------------------------------------------------- */

static void
empties(struct node *n)
{
	n->machine = machine_of(n);
	n->blank = 1;
	n->nameless = n->old = n->refused = 0;
	n->id[0] = '\0';
}

void
node_loses_disk(struct node *n)
{
	story("%s: loses its disk", n->name);
	node_power_off(n);
	check_rotten(n->number);
	empties(n);
}

static void
join_work(void *arg)
{
	struct job *j = arg;
	char cluster[ID_DIGITS + 1];
	struct state *st;
	struct members m;

	truth_members(1, &m);
	members_digest(&m, cluster);
	if ((st = node_state(j->os)) == NULL)
		return;
	j->result = node_join(st, cluster);
	state_close(st);
}

static void
joins(struct node *n)
{
	struct job j = { .node = n, .result = -1 };

	/* The state of one that was removed goes by hand, with all that runs on it. */
	if (!n->blank) {
		if (n->role != ROLE_OFF)
			node_kill(n);
		ends_all(n);
		machine_power_off(n->machine);
		empties(n);
	}
	if (boot(n) == -1)
		return;
	j.os = task_new(n->machine, "join");
	task_alone(j.os);
	if (node_works(n, j.os, WORK_START, join_work, &j) == RAN)
		task_end(j.os);
	if (j.result == -1) {
		empties(n);
		return;
	}
	story("%s (%s) is to join", n->name, n->id);
	if (n->role == ROLE_STOPPED)
		node_start(n);
}

void
node_join_cluster(struct node *n)
{
	if (n->joining)
		return;
	n->joining = 1;
	joins(n);
	n->joining = 0;
}

/* state/node: lite-raft-node 1 NAME ID CLUSTER STANDING. */
int
node_standing(const struct node *n, const char *standing)
{
	struct inode *f = machine_find(n->machine, "state/node", IMAGE_CACHE);
	char line[256] = "", word[16];
	const unsigned char *p;
	size_t size;

	if (f == NULL)
		return 0;
	p = inode_bytes(f, IMAGE_CACHE, &size);
	memcpy(line, p, size < sizeof(line) ? size : sizeof(line) - 1);
	(void)snprintf(word, sizeof(word), " %s ", standing);
	return strstr(line, word) != NULL;
}

/* The role has found that its node is no member any more. */
static void
leaves(struct node *n)
{
	story("%s is no member any more, and stops", n->name);
	node_kill(n);
	n->removed = 1;
}

/* --- end ------------------------------------------------------------------ */

void
node_kill(struct node *n)
{
	n->epoch++;
	n->role = ROLE_STOPPED;
	candidate_end(n);
	start_end(n);
	if (n->shell != NULL)
		task_end(n->shell);
	n->shell = NULL;
}

static void
comes_back(void *arg, uint64_t epoch)
{
	struct node *n = arg;

	if (n->epoch == epoch)
		node_power_on(n);
}

/* Every process of the node is gone, without a word. */
static void
ends_all(struct node *n)
{
	leading_power_off(n);
	filters_power_off(n);
	compact_power_off(n);
	transfer_power_off(n);
	n->shell = NULL;
}

void
node_power_off(struct node *n)
{
	uint64_t back = seed_odds(300) ? seed_below(200) : seed_below(5000);

	if (n->role == ROLE_OFF)
		return;
	story("%s: loses power", n->name);
	n->epoch++;
	n->role = ROLE_OFF;
	candidate_end(n);
	start_end(n);
	ends_all(n);
	machine_power_off(n->machine);
	check_powered_off(n->number);
	check_durable();
	if (config.copies)
		old_keep(n);
	queue_in(back * MILLI, comes_back, n, n->epoch);
}

void
node_power_on(struct node *n)
{
	if (n->role != ROLE_OFF)
		return;
	n->machine->offset = seed_below(1000000) * SECOND;
	n->role = ROLE_STOPPED;
	node_start(n);
}

void
node_step_down(struct node *n)
{
	if (n->role != ROLE_LEADER && n->role != ROLE_CANDIDATE)
		return;
	candidate_end(n);
	n->tries = 0;
	node_waits(n);
}

/* --- the follower's timer ------------------------------------------------- */

uint64_t
node_takes(const struct node *n, uint64_t ns)
{
	return ns / n->machine->rate * 1000 + MICRO;
}

/* step/timer.c's wait, one look of it. */
static void
timer(void *arg, uint64_t epoch)
{
	struct node *n = arg;
	struct stamp stamp;
	uint64_t now;

	if (n->epoch != epoch || n->role != ROLE_FOLLOWER ||
	    node_later(n, NULL, timer, n, epoch))
		return;
	now = clock_now(n->shell);
	if (stamp_load(n->shell, "stamp", &stamp) == 0 && stamp.at <= now) {
		if (stamp.at != n->stamp)
			n->tries = 0;
		n->stamp = stamp.at;
		n->heard_from = stamp.at;
	}
	if (n->heard_from == 0 || now - n->heard_from >= n->patience) {
		candidate_begin(n, BALLOT_PRE);
		return;
	}
	queue_in(node_takes(n, n->patience - (now - n->heard_from)), timer, n, epoch);
}

void
node_waits(struct node *n)
{
	if (node_standing(n, "removed")) {
		leaves(n);
		return;
	}
	n->epoch++;
	n->role = ROLE_FOLLOWER;
	n->heard_from = clock_now(n->shell);
	n->patience = config.timeout + seed_below(config.timeout / 2 + 1);
	timer(n, n->epoch);
}

static void
paused(void *arg, uint64_t epoch)
{
	struct node *n = arg;

	if (node_later(n, NULL, paused, n, epoch))
		return;
	if (n->epoch == epoch && n->role == ROLE_CANDIDATE)
		node_waits(n);
}

/* role/candidate's pause: a random time that grows with the tries in vain. */
void
node_not_elected(struct node *n)
{
	static const uint64_t most[] = { 150, 150, 300, 600 };
	uint64_t ns = config.timeout < 3 * SECOND ? config.timeout : 3 * SECOND;

	candidate_end(n);
	if (n->tries < sizeof(most) / sizeof(*most))
		ns = most[n->tries] * MILLI;
	n->tries++;
	n->epoch++;
	queue_in(seed_below(ns + 1), paused, n, n->epoch);
}

static void
woken(void *arg, uint64_t epoch)
{
	struct node *n = arg;

	if (node_later(n, NULL, woken, n, epoch))
		return;
	if (n->epoch == epoch && n->role == ROLE_FOLLOWER)
		candidate_begin(n, BALLOT_PRE);
}

static void
woken_to_take_over(void *arg, uint64_t epoch)
{
	struct node *n = arg;

	if (node_later(n, NULL, woken_to_take_over, n, epoch))
		return;
	if (n->epoch == epoch && n->role == ROLE_FOLLOWER)
		candidate_begin(n, BALLOT_HANDOVER);
}

static void
woken_to_leave(void *arg, uint64_t epoch)
{
	struct node *n = arg;

	if (node_later(n, NULL, woken_to_leave, n, epoch))
		return;
	if (n->epoch == epoch && n->role == ROLE_FOLLOWER &&
	    node_standing(n, "removed"))
		leaves(n);
}

/* run/wake: whoever writes there is in the midst of its work. */
void
node_woken(struct machine *m, const char *word)
{
	struct node *n = node_by_name(m->name);

	queue_in(MILLI,
	    strcmp(word, "handover") == 0    ? woken_to_take_over :
		strcmp(word, "removed") == 0 ? woken_to_leave :
					       woken,
	    n, n->epoch);
}

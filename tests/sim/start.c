/*
 * start.c - what stands between a node's lock being taken and its first role: the
 * part of libexec/lib/begin.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/members.h"
#include "os/os.h"
#include "queue.h"
#include "sim.h"
#include "truth.h"
#include "world.h"

#define WITHIN (900 * MILLI) /* an answer that comes so soon is always heard */

/* A start that has told the others, and waits for what they answer. */
struct start {
	struct node *node;
	struct os *os; /* one process at a time; NULL: none */
	struct state *st;
	unsigned errors;      /* of its machine, when it began */
	int counted;          /* boot is done: the others are told again */
	uint64_t boots;       /* what they are told */
	uint64_t began;       /* when they were */
	struct members named; /* whom it asks where it knows of no configuration yet */
	struct hearing hearing;
	uint64_t end; /* hearing's, when it was looked at */
	int over;
	int older; /* its state/node says so */
	int result;
	char why[256];

	/* Of one with an old copy: who has answered, and does know of a later start; nobody
	 * was heard. */
	const struct node *later;
	int unnoticed;
};

struct job {
	struct os *os;
	int result;
	int formed;  /* now */
	int forming; /* it was not, before */
	char why[256];
};

static void
hold_work(void *arg)
{
	struct job *j = arg;
	int fd;

	if (disk_mkdir(j->os, "run") == -1 && errno != EEXIST)
		return;
	fd = disk_open(j->os, "state/running", DISK_CREATE);
	j->result = fd == -1 ? -1 : disk_trylock(j->os, fd);
}

static void
form(struct job *j, struct state *st)
{
	struct members m = { 0 };
	size_t i;

	for (i = 0; i < config.formed; i++)
		if (members_add(&m, nodes[i].name, nodes[i].first) == -1)
			sim_die("no such members");
	if (node_boot(st) == -1 || state_lock(st) == -1 || node_form(st, &m) == -1 ||
	    state_unlock(st) == -1)
		return;
	j->formed = 1;
}

static void
verify_work(void *arg)
{
	struct job *j = arg;
	struct state *st;

	st = state_open(j->os, j->why);
	if (st == NULL)
		return;
	st->segment_bytes = config.segment_bytes;
	if (node_verify(st) == -1) {
		(void)snprintf(j->why, sizeof(j->why), "%s", st->why);
		state_close(st);
		return;
	}
	j->result = 0;
	j->formed = strcmp(st->cluster, "-") != 0;
	j->forming = !j->formed;
	if (!j->formed)
		form(j, st);
	state_close(st);
}

/* What was left of a segment that was being made beside the work is gone. */
static void
tidied(struct node *n)
{
	struct inode *dir = machine_find(n->machine, "state/log", IMAGE_CACHE);
	const char *const *names;
	size_t i, count = inode_names(dir, IMAGE_CACHE, &names);

	for (i = 0; i < count; i++)
		if (strncmp(names[i], "spare.", 6) == 0)
			violation("START", "%s starts, and state/log/%s is still there",
			    n->name, names[i]);
}

static void
start_again(void *arg, uint64_t epoch)
{
	struct node *n = arg;

	if (n->epoch == epoch && n->role == ROLE_STOPPED)
		node_start(n);
}

/* The node was not started: whoever started it does so again. */
static void
fails(struct node *n, const char *why)
{
	story("%s: does not start: %s", n->name, why);
	node_kill(n);
	queue_in(seed_range(100, 1000) * MILLI, start_again, n, n->epoch);
}

/* It never does so again: somebody comes, sooner or later, moves state/ away, and has
 * it replaced. */
static void
is_over(struct node *n, const char *why)
{
	if (seed_odds(500)) {
		fails(n, why);
		return;
	}
	story("%s: does not start any more: %s", n->name, why);
	node_loses_disk(n);
}

/* hold run/ready: the gate lets steps in, and the follower begins. */
static void
ready(struct node *n)
{
	story("%s: starts", n->name);
	n->shell = n->starting;
	n->starting = NULL;
	n->start = NULL;
	n->tries = 0;
	node_waits(n);
}

/* --- the others are told -------------------------------------------------- */

static void
boot_work(void *arg)
{
	struct start *s = arg;
	struct state *st;

	s->result = -1;
	if ((st = state_open(s->os, s->why)) == NULL)
		return;
	s->older = st->older;
	s->result = s->older ? 0 : node_boot(st);
	(void)snprintf(s->why, sizeof(s->why), "%s", st->why);
	state_close(st);
}

/* A joiner's conf/ names those who are members when it is added. */
static const struct members *
asked(struct start *s)
{
	struct members *m = &s->named;
	struct members now;
	size_t i;

	if (s->st->members.n > 0)
		return &s->st->members;
	if (!s->st->joiner || m->n > 0)
		return m;
	truth_members(truth_count(), &now);
	for (i = 0; i < now.n; i++) {
		if (strcmp(now.who[i].name, s->node->name) == 0)
			continue;
		m->who[m->n] = now.who[i];
		memcpy(m->who[m->n++].id, "-", 2);
	}
	return m;
}

static void
heard_work(void *arg)
{
	struct start *s = arg;

	s->result = -1;
	if (s->st == NULL && (s->st = state_open(s->os, s->why)) == NULL)
		return;
	s->boots = s->st->boots;
	s->older = s->st->older;
	s->over = boots_heard(s->st, asked(s), &s->hearing);
	s->result = s->hearing.later[0] == '\0' || s->older ? 0 : node_older(s->st);
	(void)snprintf(s->why, sizeof(s->why), "%s", s->st->why);
}

/* A process of the start does a piece of its work: 1, or 0: that has ended the start. */
static int
works(struct start *s, void (*work)(void *))
{
	struct node *n = s->node;
	enum ended ended;

	ended = node_works(n, s->os, WORK_START, work, s);
	if (ended == POWERED_OFF)
		return 0;
	if (ended == KILLED)
		s->os = NULL;
	else if (s->result == 0)
		return 1;
	else if (n->machine->errors == s->errors)
		violation("START", "%s does not start: %s", n->name, s->why);
	fails(n, ended == RAN ? s->why : "killed");
	return 0;
}

static void
refused(struct start *s)
{
	struct node *n = s->node;

	if (!n->old)
		violation("OLDER", "%s is taken for an old copy, by %s", n->name,
		    s->older ? "itself" : s->hearing.later);
	n->refused = 1;
	is_over(n, "its state is an old copy");
}

/* Nobody who remembers has answered: an old copy is not noticed, and nothing is promised
 * any more.  Whoever has put it back takes it away again. */
static void
unnoticed(struct start *s)
{
	struct node *n = s->node;

	if (s->later != NULL || n->refused)
		violation("OLDER",
		    "%s goes on with an old copy, and %s knows of a later start",
		    n->name, s->later != NULL ? s->later->name : n->name);
	s->unnoticed = 1;
	story("%s: nobody has noticed that it is an old copy", n->name);
	node_loses_disk(n);
}

/* 1, or 0: that has ended the start. */
static int
counts(struct start *s)
{
	s->os = task_new(s->node->machine, "boot");
	if (!works(s, boot_work))
		return 0;
	task_end(s->os);
	s->os = NULL;
	s->counted = 1;
	return 1;
}

static void tells(struct start *s);

/* Enough have answered: what was asked before the start is counted, or told behind it. */
static void
heard(struct start *s)
{
	struct node *n = s->node;

	if (s->older || s->hearing.later[0] != '\0') {
		refused(s);
		return;
	}
	if (n->old) {
		unnoticed(s);
		return;
	}
	task_end(s->os);
	s->os = NULL;
	if (s->counted)
		ready(n);
	else if (counts(s))
		tells(s);
}

static void looks(struct start *s);

static void
time_is_up(void *arg, uint64_t number)
{
	struct start *s = arg;

	if (s->node->start == s && !start_waits(s, time_is_up, s, number))
		looks(s);
}

static void
looks(struct start *s)
{
	struct node *n = s->node;

	if (!works(s, heard_work))
		return;
	if (s->over || s->older) {
		heard(s);
		return;
	}
	if (s->hearing.end == s->end)
		return;
	s->end = s->hearing.end;
	queue_in(node_takes(n, s->end - clock_now(s->os)), time_is_up, s, 0);
}

/* peers_tell, all over again. */
static void
tells(struct start *s)
{
	struct node *n = s->node;
	const int counted = s->counted;
	char path[32];
	size_t i;

	for (i = 0; i < config.nodes; i++) {
		(void)snprintf(path, sizeof(path), "run/heard.%s", nodes[i].name);
		machine_remove(n->machine, path);
		(void)snprintf(path, sizeof(path), "run/greeted.%s", nodes[i].name);
		machine_remove(n->machine, path);
	}
	memset(&s->hearing, 0, sizeof(s->hearing));
	s->os = task_new(n->machine, "heard");
	s->st = NULL;
	s->end = 0;
	s->began = sim_time();
	looks(s);
	if (n->start == s && s->counted == counted)
		greetings_go_out(s, n, s->st, asked(s));
}

int
start_waits(struct start *s, act *what, void *arg, uint64_t number)
{
	return s->node->start == s && node_later(s->node, s->os, what, arg, number);
}

void
start_later(struct start *s, const struct node *from)
{
	s->later = from;
	if (s->unnoticed && sim_time() - s->began < WITHIN)
		violation("OLDER",
		    "%s has gone on with an old copy, and %s, who knows of a later "
		    "start, answers within %u ms",
		    s->node->name, from->name, (unsigned)(WITHIN / MILLI));
}

void
start_heard(struct start *s, const struct node *from, uint64_t told, const char *answer)
{
	struct node *n = s->node;
	char path[32];

	if (n->start != s || told != s->boots)
		return;
	if (answer != NULL) {
		(void)snprintf(path, sizeof(path), "run/heard.%s", from->name);
		machine_write(n->machine, path, answer);
	}
	(void)snprintf(path, sizeof(path), "run/greeted.%s", from->name);
	machine_write(n->machine, path, "0\n");
	looks(s);
}

/* peers_greet: an old copy is to be found out before its start is counted. */
static void
greets(struct node *n, unsigned errors)
{
	struct start *s = sim_alloc(sizeof(*s));

	s->node = n;
	s->errors = errors;
	n->start = s;
	tells(s);
}

void
start_end(struct node *n)
{
	struct start *s = n->start;

	if (s != NULL && s->os != NULL)
		task_end(s->os);
	if (n->starting != NULL)
		task_end(n->starting);
	n->start = NULL;
	n->starting = NULL;
}

/* The node's own lock, run/ emptied, verify. */
void
node_start(struct node *n)
{
	struct job j = { .result = -1 };
	unsigned errors = n->machine->errors;
	int full = n->machine->full;
	char seconds[32];
	enum ended ended;

	if (n->blank || node_later(n, NULL, start_again, n, n->epoch))
		return;
	if (node_standing(n, "removed")) {
		n->removed = 1;
		return;
	}
	n->epoch++;
	n->role = ROLE_STARTING;
	n->starting = task_new(n->machine, "role");
	task_alone(n->starting);
	j.os = n->starting;
	(void)task_run(n->starting, hold_work, &j);
	if (j.result == -1) {
		if (!full && n->machine->errors == errors)
			violation("START", "%s cannot take its own lock", n->name);
		fails(n, "no space, or an error of its disk");
		return;
	}
	if (n->leading != NULL && seed_odds(700))
		leading_kill(n);
	machine_empty(n->machine, "run");
	check_emptied(n->number);
	(void)snprintf(seconds, sizeof(seconds), "%llu.%03llu\n",
	    (unsigned long long)(config.timeout / SECOND),
	    (unsigned long long)(config.timeout % SECOND / MILLI));
	machine_write(n->machine, "run/election_timeout", seconds);

	j.os = task_new(n->machine, "verify");
	j.result = -1;
	task_alone(j.os);
	ended = node_works(n, j.os, WORK_START, verify_work, &j);
	if (ended == POWERED_OFF)
		return;
	if (ended == RAN)
		task_end(j.os);
	if (n->nameless && ended == RAN && n->machine->errors == errors) {
		if (j.result == 0)
			violation("START", "%s starts, and its state/node is damaged",
			    n->name);
		is_over(n, j.why);
		return;
	}
	if (ended != RAN || j.result == -1 || !j.formed) {
		if (ended == RAN && n->machine->errors == errors)
			violation("START", "%s does not start: %s", n->name, j.why);
		fails(n, ended == RAN ? j.why : "killed");
		return;
	}
	if (n->machine->errors == errors) {
		tidied(n);
		check_forgotten(n->number);
	}
	check_verified(n->number);
	/* Who forms the cluster as it starts has no peers yet. */
	if (config.greets && !j.forming)
		greets(n, errors);
	else
		ready(n);
}

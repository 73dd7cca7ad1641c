/*
 * task.c - simulated machines and the processes on them: see machine.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "queue.h"
#include "sim.h"
#include "task.h"

#define STACK  ((size_t)256 * 1024)
#define SPARES 16u
#define BESIDE 200u /* in a thousand: before a call, others come first */

static unsigned danger;
static unsigned danger_power;
static int waiting; /* somebody, somewhere, for a disk */
static struct os *starting;
static ucontext_t left;
static char *spare[SPARES]; /* stacks */
static size_t spares;

/* --- machines and processes ----------------------------------------------- */

struct machine *
machine_new(const char *name)
{
	struct machine *m = sim_alloc(sizeof(*m));

	(void)snprintf(m->name, sizeof(m->name), "%s", name);
	m->root = inode_new(m, "", 1);
	m->rate = 1000;
	m->pids = 100;
	return m;
}

struct os *
task_new(struct machine *m, const char *name)
{
	struct os *os = sim_alloc(sizeof(*os));

	os->machine = m;
	os->pid = m->pids++;
	(void)strncpy(os->name, name, sizeof(os->name) - 1);
	os->next = m->tasks;
	m->tasks = os;
	return os;
}

void
locks_fall(struct os *os, struct inode *f)
{
	if (f->locked_by == os)
		f->locked_by = NULL;
}

static void
task_free(struct os *os)
{
	free(os->file);
	if (os->stack != NULL && spares == SPARES)
		free(os->stack);
	else if (os->stack != NULL)
		spare[spares++] = os->stack;
	free(os);
}

void
task_end(struct os *os)
{
	struct os **at;
	size_t i;

	for (i = 0; i < os->files; i++)
		if (os->file[i].inode != NULL)
			locks_fall(os, os->file[i].inode);
	for (at = &os->machine->tasks; *at != NULL; at = &(*at)->next) {
		if (*at == os) {
			*at = os->next;
			break;
		}
	}
	/* Its stack lives: it ends when it is called back. */
	if (os->machine->waits == os) {
		os->machine->waits = NULL;
		os->gone = 1;
		return;
	}
	task_free(os);
}

int
task_was_gone(struct os *os)
{
	if (!os->gone)
		return 0;
	task_free(os);
	return 1;
}
enum ended
task_run(struct os *os, void (*work)(void *), void *arg)
{
	int how;

	if (os->running)
		sim_die("%s runs already", os->name);
	os->running = 1;
	os->syncs = 0;
	how = setjmp(os->escape);
	if (how == 0) {
		work(arg);
		os->running = 0;
		return RAN;
	}
	os->running = 0;
	return how == POWERED_OFF ? POWERED_OFF : KILLED;
}

static char *
stack_new(void)
{
	return spares > 0 ? spare[--spares] : sim_grow(NULL, STACK);
}

static void
work_apart(void)
{
	struct os *os = starting;

	os->work(os->arg);
	os->state = RAN;
	longjmp(os->back, 1);
}

/* Others go on; when it is called again, it does. */
static void
others_first(struct os *os)
{
	if (setjmp(os->here) == 0)
		longjmp(os->back, 1);
}

enum ended
task_step(struct os *os, void (*work)(void *), void *arg)
{
	if (!os->running) {
		if (os->stack == NULL)
			os->stack = stack_new();
		os->work = work;
		os->arg = arg;
		if (getcontext(&os->begin) == -1)
			sim_die("no context");
		os->begin.uc_stack.ss_sp = os->stack;
		os->begin.uc_stack.ss_size = STACK;
		os->begin.uc_link = NULL;
		makecontext(&os->begin, work_apart, 0);
	}
	os->state = PAUSED;
	if (setjmp(os->back) == 0) {
		if (os->running)
			longjmp(os->here, 1);
		os->running = 1;
		os->syncs = 0;
		starting = os;
		/* Nobody comes back here; but ASan looks after a stack that is swapped. */
		(void)swapcontext(&left, &os->begin);
		sim_die("no context");
	}
	if (os->state != PAUSED)
		os->running = 0;
	return os->state;
}

void
task_doom(struct os *os, unsigned calls, enum ended how)
{
	os->doom = calls;
	os->how = how;
}

void
machine_danger(unsigned thousandths, unsigned power)
{
	danger = thousandths;
	danger_power = power;
}

int
task_pid(const struct os *os)
{
	return os->pid;
}

const char *
task_name(const struct os *os)
{
	return os->name;
}

void
task_alone(struct os *os)
{
	os->alone = 1;
}

int
task_holds(const struct os *os)
{
	size_t i;

	for (i = 0; i < os->files; i++)
		if (os->file[i].inode != NULL && os->file[i].inode->locked_by == os)
			return 1;
	return 0;
}

void
machine_power_off(struct machine *m)
{
	struct os *next, *os;

	for (os = m->tasks; os != NULL; os = next) {
		next = os->next;
		task_end(os);
	}
	disk_power_off(m);
	m->sync_fails = m->read_fails = m->write_fails = m->name_fails = 0;
	m->hangs_until = 0;
}

void
machine_empty(struct machine *m, const char *path)
{
	struct inode *dir = machine_find(m, path, IMAGE_CACHE);
	const char *const *names;

	while (dir != NULL && inode_names(dir, IMAGE_CACHE, &names) > 0)
		dir_change(dir, names[0], NULL, NULL);
}

void
die_here(struct os *os)
{
	story("%s: %s dies in its midst%s", os->machine->name, os->name,
	    os->how == POWERED_OFF ? ", with its machine" : "");
	os->doom = 0;
	if (os->stack != NULL) {
		os->state = os->how;
		longjmp(os->back, 1); /* nobody comes back here */
	}
	longjmp(os->escape, os->how == POWERED_OFF ? POWERED_OFF : KILLED);
}

int
task_locks(const struct os *os)
{
	return holds(os, "state/lock");
}

/* The world goes on meanwhile, in the midst of this call: see node_later.  One waits
 * at a time. */
void
disk_waits(struct os *os)
{
	struct machine *m = os->machine;
	const uint64_t until = m->hangs_until;

	if (!os->running || until <= sim_time())
		return;
	if (os->stack != NULL && !task_locks(os)) {
		while (m->hangs_until > sim_time())
			others_first(os);
		return;
	}
	if (waiting)
		return;
	story("%s: %s waits for its disk", m->name, os->name);
	waiting = 1;
	m->waits = os;
	while (queue_step(until))
		continue;
	waiting = 0;
	if (os->gone) {
		os->how = POWERED_OFF;
		die_here(os);
	}
	m->waits = NULL;
	if (sim_time() < until)
		sim_set_time(until);
}

int
holds(const struct os *os, const char *path)
{
	struct inode *lock = machine_find(os->machine, path, IMAGE_CACHE);

	return lock != NULL && lock->locked_by == os;
}

int
last_call(struct os *os)
{
	if (!os->running)
		return 0;
	/* Others would wait for the lock. */
	if (os->stack != NULL && seed_odds(BESIDE) && !holds(os, "state/lock"))
		others_first(os);
	if (danger > 0 && os->syncs >= 2 && seed_odds(danger)) {
		os->doom = 1;
		os->how = seed_odds(danger_power) ? POWERED_OFF : KILLED;
	}
	return os->doom > 0 && --os->doom == 0;
}

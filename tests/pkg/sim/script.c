/*
 * script.c - control scripts, and the programs that they start and stop.
 */
#include <string.h>

#include "sim.h"

static const char *const names[] = { "-", "start", "stop", "status", "fence" };

void
programs(unsigned i, int running)
{
	if (host[i].running == running)
		return;
	host[i].running = running;
	host[i].degraded = 0;
	story("%s: %s", host[i].name, running ? "RUNS" : "does not run");
	check_programs(i);
}

static enum verb
verb_of(const char *s)
{
	unsigned v;

	for (v = VERB_START; v < VERB_FENCE; v++) {
		if (strcmp(s, names[v]) == 0)
			break;
	}
	return (enum verb)v;
}

/* How long it takes, if it ends at all. */
static uint64_t
length(enum verb v, enum manner m)
{
	switch (m) {
	case SLOW:
		return between(SECOND, 8 * SECOND);
	case HUNG:
		return NEVER;
	default:
		return v == VERB_STATUS ? between(2 * MS, 50 * MS) :
					  between(10 * MS, 500 * MS);
	}
}

void
script_run(unsigned i, const struct action *a)
{
	struct host *h = &host[i];
	struct script *s = &h->script;
	enum verb v = verb_of(a->text);
	enum manner m = h->manner[v];
	uint64_t ns = length(v, m);

	if (s->verb != VERB_NONE)
		broken("one control script at a time", "%s: %s", h->name, a->text);
	story("%s: script %s%s", h->name, a->text,
	    m == HUNG      ? " (hangs)" :
		m == FAILS ? " (fails)" :
		m == SLOW  ? " (slow)" :
			     "");
	memset(s, 0, sizeof(*s));
	s->verb = v;
	s->gen = (uint32_t)below(UINT32_MAX);
	if (local(h) >= a->until) {
		s->status = SCRIPT_NEVER;
		at(now, EV_SCRIPT, i, s->gen, 0);
		return;
	}
	if (v == VERB_START) {
		check_start(i);
		/* It is up at once, or half of it is. */
		programs(i, 1);
		s->status = m == FAILS ? 1 : 0;
	} else if (v == VERB_STOP) {
		s->status = m == FAILS || h->undying > now ? 1 : 0;
		if (s->status == 0 && ns != NEVER)
			at(now + ns / 2, EV_STOPPED, i, s->gen, 0);
	} else if (v == VERB_FENCE) {
		s->target = (unsigned)(a->arg[0] - 'a');
		s->status = m == FAILS ? 1 : 0;
	}
	if (ns != NEVER)
		at(now + ns, EV_SCRIPT, i, s->gen, 0);
	at(when(h, local(h) + a->timeout), EV_TIMEOUT, i, s->gen, 0);
}

/* Tells the monitor, if it still is there. */
static void
ended(unsigned i, int status)
{
	struct host *h = &host[i];

	h->script.verb = VERB_NONE;
	if (h->p == NULL)
		return;
	package_script(h->p, local(h), status);
	host_settle(i);
}

void
script_cut(unsigned i, int status)
{
	struct host *h = &host[i];

	if (h->script.verb == VERB_NONE)
		return;
	if (h->p == NULL) {
		h->script.verb = VERB_NONE;
		return;
	}
	/* It is told through the monitor's loop, not from within an action. */
	h->script.status = status;
	h->script.gen = (uint32_t)below(UINT32_MAX);
	at(now + between(MS / 100, MS), EV_SCRIPT, i, h->script.gen, 1);
}

static void
script_end(unsigned i, int by_itself)
{
	struct host *h = &host[i];
	struct script *s = &h->script;

	if (!by_itself || s->status < 0) {
		ended(i, s->status);
		return;
	}
	if (s->verb == VERB_STOP && s->status == 0 && h->undying > now)
		s->status = 1; /* what it stops does not go */
	else if (s->verb == VERB_STOP && s->status == 0)
		programs(i, 0);
	if (s->verb == VERB_STATUS && h->manner[VERB_STATUS] == FAILS)
		s->status = odds(500) ? 4 : 127;
	else if (s->verb == VERB_STATUS && h->running)
		s->status = h->degraded ? 2 : 0;
	else if (s->verb == VERB_STATUS)
		s->status = odds(500) ? 1 : odds(500) ? 3 : 7;
	if (s->verb == VERB_FENCE && s->status == 0 && s->target < hosts)
		host_off(s->target, between(10 * SECOND, 30 * SECOND));
	story("%s: script %s: %d", h->name, names[s->verb], s->status);
	ended(i, s->status);
}

void
script_event(const struct event *e)
{
	struct host *h = &host[e->host];
	struct script *s = &h->script;
	uint64_t thaw = host_thaw(e->host, 0);

	if (!h->on || s->verb == VERB_NONE || e->gen != s->gen)
		return;
	/* The script itself goes on while the monitor is frozen. */
	if (e->kind == EV_STOPPED && h->frozen <= now) {
		if (h->undying <= now && h->manner[VERB_STOP] != FAILS)
			programs(e->host, 0);
		return;
	}
	if (thaw > now) {
		at(thaw, e->kind, e->host, e->gen, e->n);
		return;
	}
	if (e->kind == EV_SCRIPT) {
		script_end(e->host, e->n == 0);
		return;
	}
	if (e->kind == EV_TIMEOUT && h->undying <= now) {
		story("%s: script %s took too long", h->name, names[s->verb]);
		ended(e->host, SCRIPT_LATE);
	} else if (e->kind == EV_TIMEOUT) {
		at(h->undying, EV_TIMEOUT, e->host, e->gen, 0);
	}
}

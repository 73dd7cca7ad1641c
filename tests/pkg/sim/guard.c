/*
 * guard.c - guards, as PKG's rules trust them to be: they kill at T0 + soft + grace whatever
 * the monitor does, unless they are frozen or killed themselves; and watchdogs.
 */
#include <string.h>

#include "sim.h"

/* A word on its way: its order is kept. */
struct told {
	enum guard_verb verb;
	uint64_t epoch, t0;
	struct deadlines d;
};
static struct told words[256];
static unsigned tolds;

static struct guard_said saids[256];
static uint64_t arrives[256]; /* when it is there for the monitor to read */
static uint32_t by[256];      /* which guard said it */
static unsigned spoken;

void
guard_clear(unsigned i)
{
	struct guard *g = &host[i].guard;
	uint32_t gen = g->gen + 1;

	memset(g, 0, sizeof(*g));
	g->gen = gen;
	host[i].killing = 0;
	host[i].gone = 0;
}

void
guard_start(unsigned i)
{
	struct host *h = &host[i];

	guard_clear(i);
	h->guard.alive = 1;
	at(now + between(MS, 20 * MS), EV_MONITOR, i, h->guard.gen, 0);
}

/* It dies: the monitor sees that at once, if it can. */
void
guard_kill(unsigned i)
{
	struct host *h = &host[i];

	if (!h->guard.alive)
		return;
	story("%s: guard is killed", h->name);
	guard_clear(i);
	h->died = h->last = now;
	if (h->p == NULL) {
		host_alone(i);
		return;
	}
	if (host_thaw(i, 0) > now + 100 * MS)
		host_excuse(i, host_thaw(i, 0) + 10 * SECOND);
	h->gone = 1;
	guard_say(i, GUARD_GONE, NULL);
}

/* When a word arrives that is said now. */
static uint64_t
in_order(const struct guard *g, uint64_t *last)
{
	uint64_t t = now +
	    (g->slow > now ? between(MS, 2 * SECOND) : between(MS / 100, MS));

	if (t <= *last)
		t = *last + 1;
	*last = t;
	return t;
}

void
guard_say(unsigned i, enum guard_word word, const char *why)
{
	struct host *h = &host[i];
	struct guard_said *s = &saids[spoken % 256];

	if (h->p == NULL)
		return;
	memset(s, 0, sizeof(*s));
	s->word = word;
	s->epoch = h->guard.epoch;
	s->t0 = h->guard.t0;
	s->deadlines = h->guard.d;
	s->why = why;
	by[spoken % 256] = h->guard.gen;
	arrives[spoken % 256] = in_order(&h->guard, &h->last);
	at(arrives[spoken % 256], EV_SAID, i, h->gen, spoken);
	spoken++;
}

void
guard_tell(unsigned i, const struct action *a)
{
	struct host *h = &host[i];
	struct told *w = &words[tolds % 256];

	if (h->gone) {
		if (a->guard == GUARD_KILL && !h->killing)
			kill_begin(i, 1);
		return;
	}
	if (!h->guard.alive)
		return;
	w->verb = a->guard;
	w->epoch = a->epoch;
	w->t0 = a->t0;
	w->d = a->deadlines;
	at(in_order(&h->guard, &h->guard.last), EV_GUARD, i, h->guard.gen, tolds++);
}

/* Kills what runs; the end of it is EV_KILLED. */
void
kill_begin(unsigned i, int asked)
{
	struct host *h = &host[i];
	uint64_t most = h->guard.armed ? h->guard.d.kill : conf.deadlines.kill;
	uint64_t ns = odds(300) ? most * 9 / 10 : between(MS, most / 4);

	h->by_monitor = !h->guard.alive;
	if (h->killing)
		return;
	story("%s: %s kills%s", h->name, h->by_monitor ? "monitor" : "guard",
	    asked ? "" : ": the deadline has come");
	h->killing = 1;
	h->kill_gen++;
	if (h->undying <= now)
		script_cut(i, SCRIPT_CUT);
	at(when(h, local(h) + ns), EV_KILLED, i, h->kill_gen, 0);
}

/* Deadlines, on this host's clock. */
static void
arm_timers(unsigned i)
{
	struct host *h = &host[i];
	struct guard *g = &h->guard;
	uint64_t kill = g->t0 + g->d.soft + g->d.grace;

	at(when(h, kill), EV_TIMER, i, g->gen, g->t0);
	if (h->watchdog)
		at(when(h, kill + g->d.kill), EV_DOG, i, g->gen, g->t0);
}

static void
take_arm(unsigned i, const struct told *w)
{
	struct host *h = &host[i];
	struct guard *g = &h->guard;
	uint64_t t0 = w->t0 > g->t0 ? w->t0 : g->t0;

	if (h->killing)
		return;
	if (h->refuses || w->t0 > local(h) || t0 + w->d.soft + w->d.grace <= local(h)) {
		story("%s: guard refuses to be armed", h->name);
		guard_say(i, g->armed ? GUARD_ARMED : GUARD_IDLE, NULL);
		return;
	}
	g->armed = 1;
	g->epoch = w->epoch;
	g->t0 = t0;
	g->d = w->d;
	story("%s: guard is armed, epoch %llu", h->name, (unsigned long long)w->epoch);
	arm_timers(i);
	guard_say(i, GUARD_ARMED, NULL);
}

static void
hear(unsigned i, const struct told *w)
{
	struct guard *g = &host[i].guard;

	switch (w->verb) {
	case GUARD_ARM:
		take_arm(i, w);
		break;
	case GUARD_RENEWED:
		if (!g->armed || w->t0 <= g->t0 || w->t0 > local(&host[i]))
			break;
		g->t0 = w->t0;
		arm_timers(i);
		break;
	case GUARD_DISARM:
		g->armed = 0;
		g->t0 = 0;
		guard_say(i, GUARD_IDLE, NULL);
		break;
	case GUARD_KILL:
		kill_begin(i, 1);
		break;
	}
}

static void
killed(unsigned i)
{
	struct host *h = &host[i];

	h->killing = 0;
	if (h->undying > now) {
		guard_say(i, GUARD_UNDEAD, "a process does not die");
		/* Past the deadline guard goes on by itself. */
		if (h->guard.armed)
			at(now + SECOND, EV_TIMER, i, h->guard.gen, h->guard.t0);
		return;
	}
	script_cut(i, SCRIPT_CUT);
	if (!h->beyond)
		programs(i, 0);
	else
		host_excuse(i, NEVER);
	h->guard.armed = 0;
	h->guard.t0 = 0;
	guard_say(i, GUARD_DEAD, NULL);
}

static void
timer(unsigned i, uint64_t t0)
{
	struct host *h = &host[i];
	struct guard *g = &h->guard;

	if (!g->armed || g->t0 != t0)
		return;
	/* Deadlines may have become longer since; then there is another timer. */
	if (local(h) < g->t0 + g->d.soft + g->d.grace)
		return;
	kill_begin(i, 0);
	if (h->p != NULL && host_thaw(i, 0) > now) {
		story("%s: guard kills the frozen monitor", h->name);
		monitor_kill(i);
		h->monitor_frozen = 0;
		at(now + between(MS, 20 * MS), EV_MONITOR, i, g->gen, 0);
	}
}

/* Nobody has kicked it: what is not dead by L is switched off. */
static void
dog(const struct event *e)
{
	struct host *h = &host[e->host];
	struct guard *g = &h->guard;

	if (!h->on || !h->running)
		return;
	if (e->gen == g->gen ? !g->armed || g->t0 != e->n : g->armed)
		return; /* disarmed, or kicked since */
	if (e->gen == g->gen && local(h) < g->t0 + g->d.soft + g->d.grace + g->d.kill)
		return;
	story("%s: the watchdog bites", h->name);
	host_off(e->host, between(5 * SECOND, 20 * SECOND));
}

void
guard_event(const struct event *e)
{
	struct host *h = &host[e->host];
	uint64_t thaw = host_thaw(e->host, e->kind != EV_SAID);
	struct guard_said said;

	if (e->kind == EV_DOG) {
		dog(e);
		return;
	}
	if (!h->on ||
	    (e->kind == EV_SAID          ? e->gen != h->gen || h->p == NULL :
		    e->kind == EV_KILLED ? e->gen != h->kill_gen || !h->killing :
					   e->gen != h->guard.gen))
		return;
	if (e->kind == EV_KILLED && h->by_monitor)
		thaw = host_thaw(e->host, 0);
	if (thaw > now) {
		at(thaw, e->kind, e->host, e->gen, e->n);
		return;
	}
	switch (e->kind) {
	case EV_GUARD:
		hear(e->host, &words[e->n % 256]);
		break;
	case EV_SAID:
		said = saids[e->n % 256];
		/* What one that was killed would have said goes with it. */
		if (by[e->n % 256] != h->guard.gen && arrives[e->n % 256] > h->died)
			return;
		story("%s: guard says %s", h->name,
		    said.word == GUARD_IDLE      ? "idle" :
			said.word == GUARD_ARMED ? "armed" :
			said.word == GUARD_DEAD  ? "dead" :
			said.word == GUARD_GONE  ? "no more" :
						   "undead");
		package_guard(h->p, local(h), &said);
		host_settle(e->host);
		break;
	case EV_TIMER:
		timer(e->host, e->n);
		break;
	case EV_KILLED:
		killed(e->host);
		break;
	default:
		break;
	}
}

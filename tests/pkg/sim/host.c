/*
 * host.c - hosts: their clocks, power and monitors, which carry out what the rules say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define HELD      64u
#define UNGUARDED (2500 * MS) /* the longest kill, by the slowest clock, and a little */

struct host host[HOSTS];
unsigned hosts;
unsigned twin, twin_of;
static uint64_t runs; /* of monitors, for their instance numbers */

uint64_t
local(const struct host *h)
{
	return h->zero + (now - h->epoch) * h->rate / 1000000;
}

uint64_t
when(const struct host *h, uint64_t t)
{
	if (t == NEVER)
		return NEVER;
	if (t <= h->zero)
		return h->epoch;
	return h->epoch + ((t - h->zero) * 1000000 + h->rate - 1) / h->rate;
}

void
host_clear(void)
{
	unsigned i;

	runs = 0;
	twin = twin_of = HOSTS;
	for (i = 0; i < HOSTS; i++) {
		struct held *keep = host[i].held;

		package_free(host[i].p);
		memset(&host[i], 0, sizeof(host[i]));
		host[i].held = keep;
		host[i].name[0] = host[i].node[0] = (char)('a' + i);
	}
}

/* One more directory on host i. */
void
host_twin(unsigned i)
{
	twin = hosts++;
	twin_of = i;
	host[twin].node[0] = host[i].node[0];
	host[twin].name[0] = host[i].name[0];
	host[twin].name[1] = '2';
}

/* The other directory on the same host; HOSTS: there is none. */
static unsigned
other(unsigned i)
{
	return i == twin ? twin_of : i == twin_of ? twin : HOSTS;
}

unsigned
host_wrote(const struct lease *l)
{
	return (unsigned)(l->instance & 255);
}

void
host_excuse(unsigned i, uint64_t until)
{
	struct host *h = &host[i];

	if (until == NEVER && !h->running)
		return; /* there is nothing that could go on */
	if (until > h->excused && !h->watchdog)
		h->excused = until;
}

/* Until somebody comes who can know of it; then it has to be ended in a kill's time. */
void
host_alone(unsigned i)
{
	struct host *h = &host[i];

	h->alone = h->running && !h->watchdog;
}

static void
host_met(unsigned i)
{
	struct host *h = &host[i];

	if (h->alone)
		host_excuse(i, now + UNGUARDED);
	h->alone = 0;
}

/* When an event for the monitor, or for guard, can be handled. */
uint64_t
host_thaw(unsigned i, int guard)
{
	const struct host *h = &host[i];
	uint64_t thaw = guard ? h->guard.frozen : h->monitor_frozen;

	return h->frozen > thaw ? h->frozen : thaw;
}

int
monitor_up(unsigned i)
{
	return host[i].p != NULL;
}

static void
power_on(unsigned i)
{
	struct host *h = &host[i];

	h->on = 1;
	h->boots++;
	(void)snprintf(h->boot, sizeof(h->boot), "%c%u", h->node[0], h->boots);
	h->epoch = now;
	h->zero = between(0, 1000 * SECOND);
	h->rate = odds(600) ? (odds(500) ? 900000 : 1100000) : between(900000, 1100000);
	/* What is measured, is with clocks as they usually are. */
	if (kind != KIND_CHAOS)
		h->rate = between(980000, 1020000);
	story("%s: is on, boot %s, its clock at %.3f", h->name, h->boot,
	    (double)h->rate / 1e6);
}

void
host_on(unsigned i)
{
	power_on(i);
	if (other(i) < HOSTS)
		power_on(other(i));
}

static void
power_off(unsigned i)
{
	struct host *h = &host[i];

	story("%s: is OFF", h->name);
	h->on = 0;
	h->frozen = h->monitor_frozen = 0;
	h->undying = 0;
	h->here = 0; /* it names the boot */
	monitor_kill(i);
	guard_clear(i);
	programs(i, 0);
}

void
host_off(unsigned i, uint64_t back)
{
	if (!host[i].on)
		return;
	power_off(i);
	if (other(i) < HOSTS)
		power_off(other(i));
	if (back != NEVER)
		at(now + back, EV_BOOT, i, host[i].boots, 0);
}

/* `pkg run`: a guard, which starts a monitor. */
void
host_run(unsigned i)
{
	if (!host[i].on || host[i].guard.alive || host[i].p != NULL)
		return;
	story("%s: pkg run", host[i].name);
	if (i == twin && !host[i].copied) {
		host[i].copied = 1;
		host[i].closed = host[twin_of].closed;
	}
	guard_start(i);
}

void
monitor_begin(unsigned i)
{
	struct host *h = &host[i];
	struct package_who who = { NAME, h->node, h->boot, 0, h->closed, h->here,
		h->maint };

	if (h->p != NULL || !h->guard.alive)
		return;
	who.instance = ++runs << 8 | i;
	h->p = package_begin(&who, local(h), now / SECOND);
	h->gen++;
	h->tick = NEVER;
	h->gone = 0;
	h->helds = 0;
	h->last = now;
	h->monitor_frozen = 0;
	story("%s: monitor %llx", h->name, (unsigned long long)who.instance);
	host_met(i);
	guard_say(i, h->guard.armed ? GUARD_ARMED : GUARD_IDLE, NULL);
	host_settle(i);
}

/* It is gone, whatever it was about to do; scripts go on, unheard. */
void
monitor_kill(unsigned i)
{
	struct host *h = &host[i];

	if (h->p == NULL)
		return;
	package_free(h->p);
	h->p = NULL;
	h->gen++;
	h->helds = 0;
	h->gone = 0;
	if (h->by_monitor)
		h->killing = 0;
	/* The control script's parent is gone: nobody times it or waits for it; it dies too. */
	if (h->script.verb != VERB_NONE)
		script_cut(i, SCRIPT_CUT);
}

/* The monitor ends by itself. */
static void
monitor_leave(unsigned i, int status)
{
	struct host *h = &host[i];
	int again = status == PACKAGE_AGAIN;

	story("%s: monitor leaves with %d", h->name, status);
	if (h->running && h->guard.armed)
		broken("who leaves has stopped it", "%s", h->name);
	monitor_kill(i);
	guard_clear(i);
	if (again)
		guard_start(i);
	else if (odds(700) || healed)
		at(now + between(SECOND, 10 * SECOND), EV_RUN, i, h->boots, 0);
}

/* A proof is looked for, over ssh: at some time between now and the answer. */
static void
prove(unsigned i, const struct action *a)
{
	unsigned target = (unsigned)(a->text[0] - 'a');
	uint64_t ns = between(5 * MS, 200 * MS);

	if (target == twin_of && odds(500))
		target = twin; /* whichever is where one would look for it */

	if (target >= hosts || now < host[i].cut)
		ns = 3 * SECOND;
	at(now + ns, EV_PROOF, i, host[i].gen, a->number << 8 | target);
}

void
host_do(unsigned i, const struct action *a)
{
	struct host *h = &host[i];

	switch (a->kind) {
	case ACTION_ASK:
		store_send(i, a);
		break;
	case ACTION_RUN:
		script_run(i, a);
		break;
	case ACTION_CUT:
		story("%s: cuts its script", h->name);
		if (h->undying <= now)
			script_cut(i, SCRIPT_CUT);
		break;
	case ACTION_GUARD:
		guard_tell(i, a);
		break;
	case ACTION_PROVE:
		prove(i, a);
		break;
	case ACTION_CLOSE:
		story("%s: closes epoch %llu", h->name, (unsigned long long)a->number);
		if (a->number > h->closed)
			h->closed = a->number;
		check_closed(i, a->number);
		break;
	case ACTION_HERE:
		story("%s: has epoch %llu here%s", h->name,
		    (unsigned long long)a->number, a->maint ? ", unguarded" : "");
		h->here = a->number;
		h->maint = a->maint;
		break;
	case ACTION_LOG:
		story("%s: | %s", h->name, a->text);
		break;
	case ACTION_LEAVE:
		monitor_leave(i, a->status);
		break;
	}
}

/* What is to be done later, in its order. */
static void
hold(struct host *h, const struct action *a)
{
	struct held *d;

	if (h->held == NULL)
		h->held = calloc(HELD, sizeof(*h->held));
	if (h->held == NULL || h->helds == HELD)
		return;
	d = &h->held[h->helds++];
	d->a = *a;
	memcpy(d->text, a->text, a->length + 1);
	if (a->arg != NULL)
		memcpy(d->arg, a->arg, strlen(a->arg) + 1);
}

static void
resume(unsigned i)
{
	struct host *h = &host[i];
	uint32_t gen = h->gen;
	unsigned n, count = h->helds;

	h->helds = 0;
	for (n = 0; n < count && h->gen == gen && h->p != NULL; n++) {
		struct action a = h->held[n].a;

		a.text = h->held[n].text;
		a.arg = a.arg == NULL ? NULL : h->held[n].arg;
		host_do(i, &a);
	}
}

/*
 * Carries out what the rules say.  Now and then the process is held up between the
 * clock that it read and what it does.
 */
void
host_settle(unsigned i)
{
	struct host *h = &host[i];
	uint32_t gen = h->gen;
	struct action a;
	uint64_t wake, pause;

	while (h->p != NULL && h->gen == gen && package_next(h->p, &a)) {
		if (h->helds > 0 || (kind == KIND_CHAOS && !healed && odds(1))) {
			if (h->helds == 0) {
				pause = odds(500) ? between(MS, 50 * MS) :
						    below(15 * SECOND);
				story("%s: monitor is held up for %.3f s", h->name,
				    (double)pause / 1e9);
				if (now + pause > h->monitor_frozen)
					h->monitor_frozen = now + pause;
				if (!h->guard.armed)
					host_excuse(i, now + pause + UNGUARDED);
				at(now + pause, EV_RESUME, i, gen, 0);
			}
			hold(h, &a);
			continue;
		}
		host_do(i, &a);
	}
	if (h->p == NULL || h->gen != gen)
		return;
	wake = when(h, package_wake(h->p));
	if (wake <= now)
		wake = now + MS / 100;
	if (wake < h->tick) {
		h->tick = wake;
		at(wake + below(MS), EV_TICK, i, gen, wake);
	}
}

static void
proof(const struct event *e)
{
	struct host *h = &host[e->host];
	unsigned target = (unsigned)(e->n & 255);
	const struct host *t = target < hosts ? &host[target] : NULL;
	int heard = t != NULL && t->on && t->frozen <= now && t->cut <= now &&
	    h->cut <= now;

	package_proof(h->p, local(h), e->n >> 8, heard ? t->boot : "-",
	    heard ? t->closed : 0);
	host_settle(e->host);
}

void
host_event(const struct event *e)
{
	struct host *h = &host[e->host];
	uint64_t thaw = host_thaw(e->host, 0);

	if (e->kind == EV_BOOT || e->kind == EV_RUN) {
		if (e->gen != h->boots)
			return;
		if (e->kind == EV_BOOT)
			host_on(e->host);
		if (e->kind == EV_BOOT && other(e->host) < HOSTS)
			at(now + below(3 * SECOND), EV_RUN, other(e->host), h->boots,
			    0);
		host_run(e->host);
		return;
	}
	if (e->kind == EV_MONITOR) {
		if (e->gen == h->guard.gen && h->guard.alive && h->on)
			monitor_begin(e->host);
		return;
	}
	if (h->p == NULL || e->gen != h->gen)
		return;
	if (thaw > now) {
		if (e->kind != EV_TICK || h->tick == e->n)
			at(thaw, e->kind, e->host, e->gen, e->n);
		return;
	}
	switch (e->kind) {
	case EV_TICK:
		if (h->tick != e->n)
			return;
		h->tick = NEVER;
		package_tick(h->p, local(h), now / SECOND);
		host_settle(e->host);
		break;
	case EV_PROOF:
		proof(e);
		break;
	case EV_RESUME:
		resume(e->host);
		host_settle(e->host);
		break;
	default:
		break;
	}
}

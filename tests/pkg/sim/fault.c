/*
 * fault.c - what a run is about: the faults of its seed, and what people do.
 */
#include <stdio.h>
#include <string.h>

#include "sim.h"

enum kind kind;
int fast;
int healed;
uint64_t moved_at;
struct settings conf;

static uint64_t faults_end;
static unsigned profile, looks;
static struct want want;
static unsigned clears, orders;
int noticed;

static unsigned
owner(void)
{
	unsigned i = host_wrote(&store.lease);

	return store.value[KEY_LEASE].present && i < hosts ? i : (unsigned)below(hosts);
}

/* ---- settings and wishes ---- */

static const char *const profiles[] = { "", "profile fast\n",
	"soft 8\ngrace 4\nkill 2\n", "soft 4.5\nrenew 1.5\ngrace 1\nkill 0.7\n" };
static const char *const scripts[] = {
	"start_timeout 8\nstop_timeout 4\nstatus_timeout 3\nstatus_interval 2\n",
	"start_timeout 20\nstop_timeout 15\nstatus_timeout 5\nstatus_interval 3\n"
};

static char nodes[32];
static const char *rest;

static void
init(unsigned which)
{
	char text[WANT_TEXT];
	struct buf why = { 0 };

	profile = which;
	(void)snprintf(text, sizeof(text), "%s%s%s", nodes, rest, profiles[which]);
	if (settings_parse(&conf, text, strlen(text), &why) == -1)
		broken("settings are fine", "%.*s", (int)why.len, buf_head(&why));
	buf_free(&why);
	store_set(KEY_CONF, text);
	story("person: init, profile %u", which);
}

static void
wish(void)
{
	char text[WANT_TEXT];

	(void)snprintf(text, sizeof(text), "up=%s auto=%s maint=%s off=%.64s clear=%u",
	    want.up ? "yes" : "no", want.automatic ? "on" : "off",
	    want.maint ? "on" : "off", want.off, clears);
	store_set(KEY_WANT, text);
	story("person: %s", text);
}

void
plan(uint64_t seed)
{
	unsigned i;
	static char other[256];

	kind = seed % 10 == 1 ? KIND_BLIP :
	    seed % 10 == 2    ? KIND_POWER :
	    seed % 20 == 3    ? KIND_MOVE :
	    seed % 20 == 13   ? KIND_MONITOR :
				KIND_CHAOS;
	fast = odds(500);
	hosts = odds(500) ?
	    2 :
	    (unsigned)between(3, kind == KIND_CHAOS && odds(200) ? 4 : 3);
	healed = 0;
	looks = 0;
	moved_at = 0;
	orders = clears = 0;
	want_default(&want);
	nodes[0] = '\0';
	if (odds(700))
		(void)snprintf(nodes, sizeof(nodes), "nodes a b c%s\n",
		    hosts == 4 ? " d" : "");
	(void)snprintf(other, sizeof(other),
	    "%srestarts 2/40s\non_stop_fail %s\nfailback %s\n", scripts[below(2)],
	    odds(500) ? "block" : "fence", odds(300) ? "auto" : "manual");
	rest = kind == KIND_CHAOS ? other : "";
	init(kind == KIND_CHAOS ? (unsigned)below(4) : (unsigned)fast);
	wish();
	if (kind == KIND_CHAOS && seed % 5 == 4)
		host_twin((unsigned)below(hosts));
	for (i = 0; i < hosts; i++) {
		host[i].watchdog = kind == KIND_CHAOS && odds(300);
		host[i].beyond = kind == KIND_CHAOS && !host[i].watchdog && odds(100);
		host[i].refuses = kind == KIND_CHAOS && i == 0 && odds(100);
		if (i != twin)
			host_on(i);
		at(below(i == twin ? 40 * SECOND : 3 * SECOND), EV_RUN, i,
		    i == twin ? 1 : host[i].boots, 0);
	}
	faults_end = between(20 * SECOND, 60 * SECOND);
	at(between(8 * SECOND, 15 * SECOND), EV_FAULT, 0, 0, 0);
	at(kind == KIND_CHAOS     ? faults_end :
		kind == KIND_BLIP ? 70 * SECOND :
				    40 * SECOND,
	    EV_HEAL, 0, 0, 0);
}

/* Now and then a host is slow, and cut off just when that may matter. */
static void
then_cut(unsigned i, uint64_t after)
{
	if (odds(500))
		return;
	host[i].slow = now + after;
	host[i].slow_by = 2 * SECOND;
	at(now + after, EV_FAULT, i, host[i].boots, 1);
}

/* ---- people ---- */
enum undo { UNDO_UP, UNDO_MAINT, UNDO_OFF, UNDO_AUTO };

/* "A person says so": having seen that the owner's host is switched off. */
static void
confirm_dead(void)
{
	char text[LEASE_TEXT];
	struct lease l = store.lease;
	unsigned i = owner();

	if (!store.value[KEY_LEASE].present || host[i].on ||
	    (!lease_is_held(&l) && !lease_needs_proof(&l)))
		return;
	story("person: confirm-dead %s", host[i].name);
	l.state = LEASE_RELEASED;
	l.seq++;
	(void)lease_print(&l, text);
	store_set(KEY_LEASE, text);
}

static void
leave(unsigned i)
{
	if (host[i].p == NULL || host_thaw(i, 0) > now)
		return;
	story("%s: a person wants it to leave", host[i].name);
	package_leave(host[i].p, local(&host[i]));
	host_settle(i);
}

static void
person(void)
{
	uint64_t later = now + between(2 * SECOND, 25 * SECOND);
	unsigned i = (unsigned)below(hosts);
	char text[64];

	if (now < store.away)
		return;
	switch (below(9)) {
	case 0:
	case 1:
		(void)snprintf(text, sizeof(text), "move %s %u",
		    odds(300) ? "-" : host[i].node, ++orders);
		story("person: %s", text);
		store_set(KEY_ORDER, text);
		break;
	case 2:
		want.up = 0;
		at(later, EV_UNDO, 0, 0, UNDO_UP);
		break;
	case 3:
		want.maint = 1;
		at(later, EV_UNDO, 0, 0, UNDO_MAINT);
		break;
	case 4:
		(void)snprintf(want.off, sizeof(want.off), "%s", host[i].node);
		at(later, EV_UNDO, 0, 0, UNDO_OFF);
		break;
	case 5:
		want.automatic = 0;
		at(later, EV_UNDO, 0, 0, UNDO_AUTO);
		break;
	case 6:
		init((unsigned)below(4));
		then_cut(owner(), below(5 * SECOND));
		return;
	case 7:
		leave(i);
		return;
	default:
		confirm_dead();
		return;
	}
	wish();
}

static void
undo(enum undo what)
{
	if (healed)
		return;
	switch (what) {
	case UNDO_UP:
		want.up = 1;
		clears++;
		break;
	case UNDO_MAINT:
		want.maint = 0;
		break;
	case UNDO_OFF:
		want.off[0] = '\0';
		clears++;
		break;
	case UNDO_AUTO:
		want.automatic = 1;
		break;
	}
	wish();
}

/* ---- faults ---- */

static void
fault_process(unsigned i)
{
	struct host *h = &host[i];
	uint64_t d = between(SECOND / 2, 20 * SECOND), again;

	switch (below(7)) {
	case 0:
		story("%s: monitor is killed", h->name);
		if (h->p == NULL)
			break;
		monitor_kill(i);
		again = odds(700) ? between(5 * MS, 50 * MS) : below(4 * SECOND);
		if (h->guard.alive)
			at(now + again, EV_MONITOR, i, h->guard.gen, 0);
		/* What it reads first is old then, and may be the last that it reads. */
		if (odds(300))
			at(now + again + below(20 * MS), EV_FAULT, i, h->boots, 1);
		if (!h->guard.armed)
			host_alone(i);
		if (!h->guard.alive)
			at(now + between(SECOND, 10 * SECOND), EV_RUN, i, h->boots, 0);
		break;
	case 1:
		guard_kill(i);
		if (h->p == NULL)
			at(now + between(SECOND, 10 * SECOND), EV_RUN, i, h->boots, 0);
		break;
	case 2:
		story("%s: guard and monitor are killed", h->name);
		monitor_kill(i);
		guard_kill(i);
		host_alone(i);
		at(now + between(SECOND / 10, 15 * SECOND), EV_RUN, i, h->boots, 0);
		break;
	case 3:
		story("%s: monitor is frozen for %.1f s", h->name, (double)d / 1e9);
		h->monitor_frozen = now + d;
		then_cut(i,
		    conf.deadlines.soft + conf.deadlines.grace + below(4 * SECOND));
		if (h->gone || !h->guard.armed)
			host_excuse(i, now + d + 10 * SECOND);
		break;
	case 4:
		story("%s: guard is frozen for %.1f s", h->name, (double)d / 1e9);
		h->guard.frozen = now + d;
		host_excuse(i, now + d + 10 * SECOND);
		break;
	case 5:
		story("%s: guard is slow for %.1f s", h->name, (double)d / 1e9);
		h->guard.slow = now + d;
		break;
	default:
		story("%s: is frozen as a whole for %.1f s", h->name, (double)d / 1e9);
		h->frozen = now + d;
		host_excuse(i, now + d + 10 * SECOND);
		break;
	}
}

static void
fault_scripts(struct host *h)
{
	enum verb v = (enum verb)between(VERB_START, VERB_FENCE);

	h->manner[v] = (enum manner)below(4);
	story("%s: its scripts of kind %d go %d", h->name, (int)v, (int)h->manner[v]);
}

static void
fault_network(struct host *h)
{
	uint64_t d = odds(500) ? between(SECOND / 10, 5 * SECOND) :
				 between(2 * SECOND, 30 * SECOND);

	switch (below(5)) {
	case 0:
	case 1:
		h->cut = now + d;
		story("%s: is cut off for %.1f s", h->name, (double)d / 1e9);
		break;
	case 2:
		h->slow = now + d;
		h->slow_by = between(10 * MS, 2 * SECOND);
		story("%s: its network is slow for %.1f s", h->name, (double)d / 1e9);
		break;
	case 3:
		h->lossy = now + d;
		story("%s: its network loses for %.1f s", h->name, (double)d / 1e9);
		break;
	default:
		store.away = now + (odds(700) ? between(SECOND / 10, 4 * SECOND) : d);
		story("store: is away for %.1f s", (double)(store.away - now) / 1e9);
		break;
	}
}

static void
fault_any(void)
{
	unsigned i = odds(600) ? owner() : (unsigned)below(hosts);
	struct host *h = &host[i];

	if (!h->on)
		i = (unsigned)below(hosts), h = &host[i];
	if (!h->on)
		return;
	switch (below(10)) {
	case 0:
	case 1:
	case 2:
		fault_network(h);
		break;
	case 3:
	case 4:
		fault_process(i);
		break;
	case 5:
		fault_scripts(h);
		break;
	case 6:
		host_off(i, odds(800) ? between(SECOND, 40 * SECOND) : NEVER);
		break;
	case 7:
		if (odds(500)) {
			h->degraded = h->running && odds(300);
			if (!h->degraded)
				programs(i, 0);
		} else {
			h->undying = now + between(SECOND, 40 * SECOND);
			story("%s: what runs won't die", h->name);
			host_excuse(i, h->undying + 15 * SECOND);
			then_cut(i, between(3 * SECOND, 8 * SECOND));
			if (odds(500))
				leave(i);
		}
		break;
	default:
		person();
		break;
	}
}

/* Shorter than T_soft, of the store or one host, and far apart. */
static void
blip(void)
{
	uint64_t quiet = conf.deadlines.soft - conf.renew - SECOND / 2;
	uint64_t d = odds(500) ? between(SECOND / 5, quiet) :
				 between(quiet, conf.deadlines.soft * 95 / 100);

	noticed = d > quiet;
	story("a blip of %.2f s", (double)d / 1e9);
	if (odds(500))
		store.away = now + d;
	else
		host[owner()].cut = now + d;
	if (now < 45 * SECOND)
		at(now + between(20 * SECOND, 25 * SECOND), EV_FAULT, 0, 0, 0);
}

/* One event, whose time is taken. */
static void
measured(void)
{
	unsigned i = owner();
	char text[32];

	if (store.lease.state != LEASE_RUNNING || !host[i].on) {
		at(now + SECOND, EV_FAULT, 0, 0, 0);
		return;
	}
	moved_at = now;
	if (kind == KIND_POWER) {
		if (odds(300))
			store.away = now + (fast ? 600 * MS : 1500 * MS);
		host_off(i, NEVER);
	} else if (kind == KIND_MONITOR) {
		monitor_kill(i);
		at(now + between(5 * MS, 50 * MS), EV_MONITOR, i, host[i].guard.gen, 0);
	} else if (odds(500)) {
		(void)snprintf(text, sizeof(text), "move %s 1",
		    odds(500) ? "-" : host[!i].node);
		story("person: %s", text);
		store_set(KEY_ORDER, text);
	} else {
		leave(i);
	}
}
/* From here on all is well, and something must come to run. */
static void
heal(void)
{
	unsigned i, v;

	story("all is well from here on");
	healed = 1;
	store.away = 0;
	want_default(&want);
	clears++;
	wish();
	for (i = 0; i < hosts; i++) {
		struct host *h = &host[i];

		h->cut = h->slow = h->lossy = h->undying = 0;
		h->degraded = 0;
		for (v = 0; v < 5; v++)
			h->manner[v] = WELL;
		if (!h->on)
			host_on(i);
		at(now + below(SECOND), EV_RUN, i, h->boots, 0);
	}
	at(now + SECOND / 2, EV_LOOK, 0, 0, 0);
}

void
fault_event(const struct event *e)
{
	unsigned i;

	switch (e->kind) {
	case EV_FAULT:
		if (healed)
			return;
		if (e->n == 1) {
			host[e->host].cut = now + between(4 * SECOND, 20 * SECOND);
			story("%s: is cut off", host[e->host].name);
			return;
		}
		if (kind == KIND_BLIP) {
			blip();
		} else if (kind != KIND_CHAOS) {
			measured();
		} else {
			fault_any();
			if (now < faults_end)
				at(now + below(odds(300) ? SECOND : 10 * SECOND),
				    EV_FAULT, 0, 0, 0);
		}
		break;
	case EV_HEAL:
		heal();
		break;
	case EV_LOOK:
		for (i = 0; i < hosts; i++) {
			/* Monitors that a fault of the last moment left dead. */
			if (looks % 20 == 19)
				host_run(i);
		}
		check_healed(++looks == 400);
		break;
	case EV_UNDO:
		undo((enum undo)e->n);
		break;
	default:
		break;
	}
}

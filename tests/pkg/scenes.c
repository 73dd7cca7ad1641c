/*
 * scenes.c - small scenes of pkg's rules: one machine, whose store and guard are this
 * program.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/must.h"
#include "core/package.h"

#define SECOND UINT64_C(1000000000)

static const char sample[] =
    "owner=a boot=1-2 instance=00000000000000ff epoch=7 seq=1234 "
    "state=running limit=10000 since=17 to=- note=it%20is%20%25";

struct scene {
	struct package *p;
	uint64_t now;
	char lease[LEASE_TEXT]; /* what the store holds; empty: nothing */
	char write[2400];       /* the last write of the lease that was asked */
	uint64_t number;        /* its */
	char ran[64];           /* the scripts */
	char order[WANT_TEXT];
	const char *conf, *want, *peer; /* b's note */
	int twice;      /* the order's removal is refused once it is done */
	int told;       /* guard, last */
	uint64_t t0;    /* with that */
	uint64_t asked; /* when that write was */
	uint64_t closed, here;
	int maint; /* what is here was left to it */
	int cut;   /* the store does not answer */
	int cuts;
	int left;
	int twins; /* lines that speak of another monitor */
};

/* Events, where they are looked at: which are there, and how many were counted. */
#define EVENTS 2000u
static int event[EVENTS];
static unsigned long last;
static unsigned lose; /* each time so many are counted, nobody is told */

static void carry(struct scene *);

static void
answer(struct scene *s, uint64_t number, int status, const char *value)
{
	package_answer(s->p, s->now, number, status, value, strlen(value));
}

static void
event_asked(struct scene *s, const struct action *a)
{
	char text[24];
	unsigned long n;

	(void)snprintf(text, sizeof(text), "%lu", last);
	if (strcmp(a->text, "get pkg/p/event/last") == 0) {
		answer(s, a->number, last == 0, last == 0 ? "" : text);
	} else if (strncmp(a->text, "if", 2) == 0) {
		last++;
		answer(s, a->number, last % lose == 0 ? 75 : 0, "");
	} else {
		n = strtoul(strstr(a->text, "event/") + 6, NULL, 10);
		MUST(n > 0 && n <= last && n < EVENTS);
		event[n] = strncmp(a->text, "set", 3) == 0;
		answer(s, a->number, 0, "");
	}
}

static void
asked(struct scene *s, const struct action *a)
{
	if (s->cut)
		answer(s, a->number, 75, "");
	else if (lose != 0 && strstr(a->text, "pkg/p/event/") != NULL)
		event_asked(s, a);
	else if (strcmp(a->text, "get pkg/p/conf") == 0)
		answer(s, a->number, 0, s->conf);
	else if (strcmp(a->text, "get pkg/p/lease") == 0)
		answer(s, a->number, s->lease[0] == '\0', s->lease);
	else if (strncmp(a->text, "if pkg/p/lease", 14) == 0) {
		memcpy(s->write, a->text, a->length + 1);
		s->number = a->number;
		s->asked = s->now;
	} else if (strcmp(a->text, "get pkg/p/node/b") == 0)
		answer(s, a->number, s->peer[0] == '\0', s->peer);
	else if (strcmp(a->text, "get pkg/p/want") == 0)
		answer(s, a->number, s->want[0] == '\0', s->want);
	else if (strstr(a->text, "/order = ") != NULL) {
		s->order[0] = '\0';
		answer(s, a->number, s->twice, "");
	} else if (strcmp(a->text, "get pkg/p/order") == 0)
		answer(s, a->number, s->order[0] == '\0', s->order);
	else
		answer(s, a->number, strncmp(a->text, "get", 3) == 0, "");
}

/* Scripts that ran: + - ? ! for start, stop, status and fence. */
static void
note(struct scene *s, const char *verb)
{
	size_t n = strlen(s->ran);

	MUST(n + 1 < sizeof(s->ran));
	s->ran[n] = '?';
	if (strcmp(verb, "start") == 0)
		s->ran[n] = '+';
	else if (strcmp(verb, "stop") == 0)
		s->ran[n] = '-';
	else if (strcmp(verb, "fence") == 0)
		s->ran[n] = '!';
	s->ran[n + 1] = '\0';
}

static void
carry(struct scene *s)
{
	struct action a;
	char text[2400];

	while (package_next(s->p, &a)) {
		memcpy(text, a.text, a.length + 1);
		a.text = text;
		if (a.kind == ACTION_ASK)
			asked(s, &a);
		else if (a.kind == ACTION_RUN)
			note(s, text);
		else if (a.kind == ACTION_CUT)
			s->cuts++;
		else if (a.kind == ACTION_GUARD)
			s->told = (int)a.guard, s->t0 = a.t0;
		else if (a.kind == ACTION_CLOSE)
			s->closed = a.number;
		else if (a.kind == ACTION_HERE)
			s->here = a.number, s->maint = a.maint;
		else if (a.kind == ACTION_LOG)
			s->twins += strstr(text, "through another monitor") != NULL;
		else if (a.kind == ACTION_LEAVE)
			s->left = 1 + a.status;
	}
}

static void
guard_armed(struct scene *s, uint64_t epoch, uint64_t t0, const struct deadlines *d)
{
	struct guard_said g = { GUARD_ARMED, .epoch = epoch, .t0 = t0,
		.deadlines = *d };

	package_guard(s->p, s->now, &g);
	carry(s);
}

static void
guard(struct scene *s, enum guard_word word)
{
	struct guard_said g = { .word = word };

	if (word == GUARD_ARMED) {
		guard_armed(s, 1, s->now, &package_settings(s->p)->deadlines);
		return;
	}
	package_guard(s->p, s->now, &g);
	carry(s);
}

static void
script(struct scene *s, int status)
{
	package_script(s->p, s->now, status);
	carry(s);
}

/* Lets time go by, waking when that is wanted. */
static void
pass(struct scene *s, uint64_t ms)
{
	uint64_t end = s->now + ms * 1000000, wake;

	for (;;) {
		wake = package_wake(s->p);
		s->now = wake > end ? end : wake > s->now ? wake : s->now + 1000;
		package_tick(s->p, s->now, s->now / SECOND);
		carry(s);
		if (s->now >= end)
			return;
	}
}

/* The write that was asked is carried out; what the machine is told of it. */
static void
written(struct scene *s, int status)
{
	const char *set = strstr(s->write, " set ");
	size_t n;

	MUST(set != NULL);
	set += 6; /* and its quote */
	n = strlen(set) - 1;
	memcpy(s->lease, set, n);
	s->lease[n] = '\0';
	s->write[0] = '\0';
	answer(s, s->number, status, "");
	carry(s);
}

static void
enter(struct scene *s, const char *lease, uint64_t closed)
{
	struct package_who who = { "p", "a", "A", 1, closed, s->here, s->maint };
	const uint64_t here = s->here;

	memset(s, 0, sizeof(*s));
	s->here = here;
	s->told = -1;
	s->now = 1000 * SECOND;
	s->conf = "nodes a b\non_stop_fail fence";
	s->want = s->peer = "";
	memcpy(s->lease, lease, strlen(lease) + 1);
	s->p = package_begin(&who, s->now, 1000);
	MUST(s->p != NULL);
}

static void
begin(struct scene *s, const char *lease, uint64_t closed)
{
	s->here = 0;
	s->maint = 0;
	enter(s, lease, closed);
	guard(s, GUARD_IDLE);
	pass(s, 1);
}

/* After the death of guard and monitor; what may run is of the epoch here. */
static void
begin_as(struct scene *s, const char *lease, uint64_t here, int cut)
{
	s->here = here;
	s->maint = 0;
	enter(s, lease, 0);
	s->cut = cut;
	guard(s, GUARD_IDLE);
}

/* After a monitor that left something to maintenance in that epoch. */
static void
begin_maint(struct scene *s, const char *lease, uint64_t here)
{
	s->here = here;
	s->maint = 1;
	enter(s, lease, 0);
	guard(s, GUARD_IDLE);
}

/* To where it runs. */
static void
up(struct scene *s)
{
	begin(s, "", 0);
	MUST(strcmp(s->ran, "?") == 0); /* nothing was left here? */
	script(s, 3);
	MUST(strstr(s->write, "lease absent set") != NULL);
	MUST(s->told != GUARD_ARM && strcmp(s->ran, "?") == 0);
	written(s, 0);
	MUST(s->told == GUARD_ARM && strcmp(s->ran, "?") == 0);
	guard(s, GUARD_ARMED);
	MUST(strcmp(s->ran, "?+") == 0);
	script(s, 0);
	MUST(strstr(s->write, "state=running") != NULL);
	written(s, 0);
	s->ran[0] = '\0';
}

static void
starts(void)
{
	struct scene s;

	up(&s);
	pass(&s, 1900);
	MUST(s.write[0] == '\0');
	pass(&s, 200);
	MUST(strstr(s.write, "seq=3") != NULL);
	pass(&s, 700);
	written(&s, 0);
	MUST(s.told == GUARD_RENEWED && s.t0 == s.asked && s.t0 < s.now);
	package_free(s.p);
}

/* Others wait for the longer time before guard has it, and guard has the shorter one first. */
static void
longer(void)
{
	struct scene s;

	up(&s);
	pass(&s, 2100);
	written(&s, 0);
	s.conf = "nodes a b\nsoft 8\ngrace 4\nkill 2";
	pass(&s, 2100);
	while (strstr(s.write, "limit=14000") == NULL) {
		MUST(s.told != GUARD_ARM);
		written(&s, 0);
	}
	MUST(s.told != GUARD_ARM);
	written(&s, 0);
	MUST(s.told == GUARD_ARM);
	guard(&s, GUARD_ARMED);

	s.conf = "nodes a b\n";
	s.told = -1;
	pass(&s, 2100);
	while (s.told != GUARD_ARM) {
		MUST(strstr(s.write, "limit=14000") != NULL);
		written(&s, 0);
	}
	MUST(strstr(s.lease, "limit=14000") != NULL && s.write[0] == '\0');
	guard(&s, GUARD_ARMED);
	MUST(strstr(s.write, "limit=10000") != NULL);
	package_free(s.p);
}

/* Lets time go by until guard is told verb, with a store that answers. */
static int
told_soon(struct scene *s, enum guard_verb verb)
{
	int i;

	s->told = -1;
	for (i = 0; i < 50 && s->told != (int)verb; i++) {
		pass(s, 100);
		if (s->told != (int)verb && s->write[0] != '\0')
			written(s, 0);
	}
	return s->told == (int)verb;
}

/* Guard hears of another watchdog at once; of one that it can't have people do. */
static void
watched(void)
{
	struct guard_said g = { .word = GUARD_UNWATCHED, .why = "no watchdog: /dev/w" };
	struct scene s;

	up(&s);
	s.conf = "nodes a b\nwatchdog /dev/w";
	MUST(told_soon(&s, GUARD_ARM));
	package_guard(s.p, s.now, &g);
	carry(&s);
	guard(&s, GUARD_ARMED);
	MUST(told_soon(&s, GUARD_ARM)); /* it may be there by now */
	MUST(told_soon(&s, GUARD_RENEWED) && told_soon(&s, GUARD_RENEWED));
	MUST(strstr(s.lease, "note=no%20watchdog:%20/dev/w") != NULL);
	g.why = "";
	package_guard(s.p, s.now, &g);
	carry(&s);
	guard(&s, GUARD_ARMED);
	MUST(told_soon(&s, GUARD_RENEWED) && told_soon(&s, GUARD_RENEWED));
	MUST(strstr(s.lease, "no%20watchdog") == NULL);
	MUST(!told_soon(&s, GUARD_ARM));
	s.conf = "nodes a b\nwatchdog /dev/w\nreboot yes";
	MUST(told_soon(&s, GUARD_ARM));
	package_free(s.p);
}

/* An outcome that is not known is read back, and then counts from its sending. */
static void
unknown(void)
{
	struct scene s;
	char first[sizeof(s.write)];

	begin(&s, "", 0);
	script(&s, 1);
	memcpy(first, s.write, sizeof(first));
	answer(&s, s.number, 75, "");
	carry(&s);
	pass(&s, 1000);
	MUST(s.told != GUARD_ARM);
	MUST(strstr(s.write, "absent set") != NULL); /* tried again: it was not done */
	MUST(strcmp(s.write, first) != 0); /* and can be told from the first */
	written(&s, 75);
	MUST(s.told != GUARD_ARM);
	pass(&s, 1000);
	MUST(s.told == GUARD_ARM);
	package_free(s.p);
}

static void
late(void)
{
	struct scene s;

	up(&s);
	pass(&s, 5900);
	MUST(s.ran[0] == '\0' || strcmp(s.ran, "?") == 0);
	script(&s, 0);
	s.ran[0] = '\0';
	pass(&s, 200);
	MUST(strcmp(s.ran, "-") == 0);
	script(&s, 0);
	MUST(s.told == GUARD_KILL && s.closed == 0);
	guard(&s, GUARD_DEAD);
	MUST(s.closed == 1);
	package_free(s.p);
}

/* Lets seconds go by, renewing, until guard is told to kill: how many. */
static unsigned
killed_after(struct scene *s)
{
	unsigned n;

	for (n = 0; s->told != GUARD_KILL && n < 100; n++) {
		if (s->write[0] != '\0')
			written(s, 0);
		pass(s, 1000);
	}
	return n;
}

/* A script that nothing ends, as on a dead disk: it has failed, whether it ends or not. */
static void
endless(void)
{
	struct scene s;
	unsigned n;

	up(&s);
	n = killed_after(&s); /* 5, and 20, and twice as long as a kill may take */
	MUST(n >= 34 && n <= 36 && strcmp(s.ran, "?") == 0);
	MUST(strstr(s.lease, "state=stopping") != NULL);
	guard(&s, GUARD_UNDEAD);
	s.told = -1;
	script(&s, SCRIPT_CUT);
	MUST(killed_after(&s) <= 11 && strstr(s.lease, "state=stuck") != NULL);
	guard(&s, GUARD_DEAD);
	MUST(strcmp(s.ran, "??") == 0 && s.closed == 0);
	script(&s, 3);
	MUST(s.closed == 1);
	package_free(s.p);

	/* The same with a start. */
	begin(&s, "", 0);
	script(&s, 3);
	written(&s, 0);
	guard(&s, GUARD_ARMED);
	n = killed_after(&s);
	MUST(n >= 69 && n <= 71 && strcmp(s.ran, "?+") == 0);
	package_free(s.p);

	/* And with what is asked before anything is known of it. */
	begin(&s, "", 0);
	n = killed_after(&s);
	MUST(n >= 29 && n <= 31 && strcmp(s.ran, "?") == 0);
	package_free(s.p);
}

/* What its scripts say of it is shown where it is, and where it failed. */
static void
says(void)
{
	static const char ro[] = "fs:/data\tro", full[] = "disk full";
	struct scene s;
	unsigned n;

	up(&s);
	pass(&s, 1900);
	MUST(s.write[0] == '\0');
	pass(&s, 3200);
	written(&s, 0);
	package_said(s.p, ro, strlen(ro));
	script(&s, 2);
	MUST(strstr(s.write, "state=degraded") != NULL);
	MUST(strstr(s.write, "note=fs:/data%3fro\"") != NULL);
	written(&s, 0);
	pass(&s, 5100);
	script(&s, 0);
	written(&s, 0);
	MUST(strstr(s.write, "state=running") != NULL);
	MUST(strstr(s.write, "note=\"") != NULL);
	package_free(s.p);

	begin(&s, "", 0);
	script(&s, 3);
	written(&s, 0);
	for (n = 0; n < 3; n++) {
		guard(&s, GUARD_ARMED);
		package_said(s.p, full, strlen(full));
		script(&s, 1);
		script(&s, 0);
		guard(&s, GUARD_DEAD);
		for (; s.write[0] != '\0' && strstr(s.write, "failed") == NULL;)
			written(&s, 0);
	}
	MUST(strstr(s.write, "note=a:%20start%20ended%20with%201:%20disk%20full") !=
	    NULL);
	package_free(s.p);
}

/* As many events are kept as should be, however the answers go. */
static void
events(void)
{
	struct scene s;
	unsigned i, n;

	lose = 7;
	up(&s);
	for (i = 0; i < 2000; i++) {
		if (s.write[0] != '\0')
			written(&s, 0);
		pass(&s, 1500);
		if (s.ran[0] == '\0')
			continue;
		s.ran[0] = '\0';
		script(&s, i / 4 % 2 == 0 ? 2 : 0);
	}
	for (i = n = 0; i < EVENTS; i++)
		n += (unsigned)event[i];
	MUST(last > 300 && n > 160 && n <= 200);
	package_free(s.p);
}

/* Another's value: there is no time for a stop. */
static void
lost(void)
{
	struct scene s;

	up(&s);
	pass(&s, 2100);
	memcpy(s.lease, sample, sizeof(sample));
	answer(&s, s.number, 1, "");
	carry(&s);
	MUST(s.told == GUARD_KILL && s.ran[0] == '\0' && s.closed == 0);
	guard(&s, GUARD_DEAD);
	MUST(strcmp(s.ran, "?") == 0);
	script(&s, 1);
	MUST(s.closed == 1);
	package_free(s.p);
}

/* What a person wants, and a stop that fails. */
static void
leaves(void)
{
	struct scene s;

	up(&s);
	package_leave(s.p, s.now);
	carry(&s);
	MUST(strcmp(s.ran, "-") == 0 && s.closed == 0);
	script(&s, 1);
	MUST(s.told == GUARD_KILL);
	guard(&s, GUARD_DEAD);
	MUST(strcmp(s.ran, "-?") == 0 && s.closed == 0);
	script(&s, 4); /* status does not say down */
	MUST(s.closed == 0 && s.left == 0);
	written(&s, 0); /* stopping */
	pass(&s, 10);
	MUST(strstr(s.write, "state=stuck") != NULL);
	written(&s, 0);
	s.told = -1;
	pass(&s, 10000);
	MUST(strcmp(s.ran, "-?-") == 0); /* it may be what only stop can stop */
	script(&s, 0);
	MUST(s.told == GUARD_KILL);
	guard(&s, GUARD_DEAD);
	MUST(s.closed == 0);
	script(&s, 1);
	MUST(s.closed == 1 && s.left == 0);
	written(&s, 0); /* a renewal that was on its way */
	MUST(strstr(s.write, "state=released") != NULL);
	written(&s, 0);
	MUST(s.left == 1);
	package_free(s.p);
}

/* Guard's word takes longer than T_soft: it may have killed since, and is armed anew. */
static void
armed_late(void)
{
	struct scene s;
	struct deadlines was;
	uint64_t t0;

	begin(&s, "", 0);
	script(&s, 1);
	written(&s, 0);
	MUST(s.told == GUARD_ARM);
	t0 = s.t0;
	was = package_settings(s.p)->deadlines;
	while (s.now < t0 + 5 * SECOND) {
		pass(&s, 100);
		if (s.write[0] != '\0')
			written(&s, 0);
	}
	/* Meanwhile its deadlines are to become longer, which the value does not say yet. */
	s.conf = "nodes a b\nsoft 8\ngrace 4\nkill 2\non_stop_fail fence";
	while (s.now < t0 + 6 * SECOND || s.write[0] == '\0')
		pass(&s, 100);
	guard_armed(&s, 1, t0, &was);
	MUST(strcmp(s.ran, "?") == 0 && s.told == GUARD_KILL);
	guard(&s, GUARD_DEAD);
	MUST(s.told == GUARD_KILL && strstr(s.write, "limit=14000") != NULL);
	written(&s, 0);
	MUST(s.told == GUARD_ARM && s.t0 > t0);
	guard_armed(&s, 0, s.now, &was); /* of an epoch that is over */
	MUST(strcmp(s.ran, "?") == 0 && s.told == GUARD_KILL);
	guard(&s, GUARD_DEAD);
	MUST(s.told == GUARD_ARM);
	guard(&s, GUARD_ARMED);
	MUST(strcmp(s.ran, "?+") == 0);
	package_free(s.p);
}

/* Told to leave while guard is being armed: nothing is started any more. */
static void
leaves_arming(void)
{
	struct scene s;

	begin(&s, "", 0);
	script(&s, 1);
	written(&s, 0);
	MUST(s.told == GUARD_ARM);
	package_leave(s.p, s.now);
	carry(&s);
	MUST(s.left == 0);
	guard(&s, GUARD_ARMED);
	MUST(s.told == GUARD_KILL && strcmp(s.ran, "?") == 0);
	guard(&s, GUARD_DEAD);
	MUST(strstr(s.write, "state=stopping") != NULL);
	written(&s, 0);
	pass(&s, 10);
	MUST(strstr(s.write, "state=released") != NULL);
	written(&s, 0);
	pass(&s, 10);
	MUST(s.left == 1 && s.closed == 1 && strcmp(s.ran, "?") == 0);
	package_free(s.p);
}

/* What is left alone is left by a guard that knows: an armed one would kill it. */
static void
leaves_alone(void)
{
	struct scene s;

	up(&s);
	s.want = "maint=on";
	pass(&s, 1000);
	MUST(strstr(s.write, "state=maint") != NULL && s.told != GUARD_DISARM);
	written(&s, 0);
	MUST(s.told == GUARD_DISARM && s.here == 1 && s.maint);
	package_leave(s.p, s.now);
	pass(&s, 20000);
	MUST(s.left == 0);
	guard(&s, GUARD_IDLE);
	pass(&s, 1000);
	MUST(s.left == 1 && strchr(s.ran, '-') == NULL);
	package_free(s.p);
}

/* A stand-by: by age, by proof, and what is never taken for its age. */
static void
takes(void)
{
	static const char other[] =
	    "owner=b boot=B instance=00000000000000ff epoch=7 seq=4 "
	    "state=%s limit=10000 since=17 to=- note=";
	char lease[LEASE_TEXT];
	struct scene s;

	(void)snprintf(lease, sizeof(lease), other, "running");
	begin(&s, lease, 0);
	script(&s, 1);
	pass(&s, 12200);
	MUST(s.write[0] == '\0');
	pass(&s, 200);
	MUST(strstr(s.write, "owner=a") != NULL && strstr(s.write, "epoch=8") != NULL);
	package_free(s.p);

	(void)snprintf(lease, sizeof(lease), other, "stuck");
	begin(&s, lease, 0);
	script(&s, 1);
	pass(&s, 100000);
	MUST(s.write[0] == '\0' && strcmp(s.ran, "?!") == 0);

	/* It is down after all: who was to be fenced need not be. */
	(void)snprintf(s.lease, sizeof(s.lease), other, "released");
	pass(&s, 1000);
	MUST(s.cuts == 0 && strstr(s.write, "epoch=8") != NULL);
	written(&s, 0);
	MUST(s.cuts == 1 && s.told == -1);
	script(&s, SCRIPT_CUT);
	MUST(s.told == GUARD_ARM);
	package_free(s.p);

	/* One's own, of another boot; or another host's of the same name. */
	(void)snprintf(lease, sizeof(lease),
	    "owner=a boot=0 instance=00000000000000ff epoch=7 seq=4 state=running "
	    "limit=10000 since=17 to=- note=");
	begin(&s, lease, 0);
	script(&s, 1);
	pass(&s, 12200);
	MUST(s.write[0] == '\0');
	pass(&s, 200);
	MUST(strstr(s.write, "boot=A") != NULL && strstr(s.write, "epoch=8") != NULL);
	package_free(s.p);

	/* Closed here: not in that epoch again. */
	(void)snprintf(lease, sizeof(lease),
	    "owner=a boot=A instance=00000000000000ff epoch=7 seq=4 state=running "
	    "limit=10000 since=17 to=- note=");
	begin(&s, lease, 7);
	script(&s, 1);
	pass(&s, 5100);
	MUST(strstr(s.write, "epoch=8") != NULL);
	package_free(s.p);

	/* Not closed, and never armed here: as much time as for another host's. */
	begin(&s, lease, 0);
	pass(&s, 12200);
	MUST(s.told == -1 && s.ran[0] == '\0' && s.write[0] == '\0');
	pass(&s, 200);
	MUST(strcmp(s.ran, "?") == 0 && s.told == -1);
	script(&s, 1);
	MUST(strstr(s.write, "instance=0000000000000001 epoch=8 seq=") != NULL);
	package_free(s.p);
}

static const char own[] = "owner=a boot=A instance=00000000000000ff epoch=7 seq=%u "
			  "state=running limit=10000 since=17 to=- note=";

/* Another directory's monitor of this very node renews: this one keeps its hands off. */
static void
twins(void)
{
	char lease[LEASE_TEXT];
	struct scene s;
	unsigned seq;

	(void)snprintf(lease, sizeof(lease), own, 4u);
	begin(&s, lease, 0);
	for (seq = 5; seq < 15; seq++) {
		pass(&s, 2000);
		(void)snprintf(s.lease, sizeof(s.lease), own, seq);
	}
	MUST(s.told == -1 && s.ran[0] == '\0' && s.write[0] == '\0');

	/* It has been said once, also when that one is started again. */
	MUST(s.twins == 1);
	*strstr(s.lease, "ff epoch") = 'e';
	pass(&s, 2000);
	MUST(s.twins == 1 && s.told == -1 && s.write[0] == '\0');
	*strchr(strstr(s.lease, "epoch="), '7') = '8';
	pass(&s, 2000);
	MUST(s.twins == 2 && s.told == -1 && s.write[0] == '\0');
	package_free(s.p);

	/* The same while it stands by already; and once that one has ended. */
	begin(&s, sample, 0);
	script(&s, 1);
	for (seq = 5; seq < 15; seq++) {
		(void)snprintf(s.lease, sizeof(s.lease), own, seq);
		pass(&s, 2000);
	}
	pass(&s, 9500);
	MUST(s.told == -1 && s.write[0] == '\0');
	pass(&s, 1500);
	MUST(strstr(s.write, "instance=0000000000000001 epoch=8") != NULL);
	package_free(s.p);
}

/* What another directory left to maintenance is that one's, for however long. */
static void
twins_in_maintenance(void)
{
	static const char maint[] =
	    "owner=a boot=A instance=00000000000000ff epoch=7 seq=4 "
	    "state=maint limit=10000 since=17 to=- note=";
	struct scene s;

	begin(&s, maint, 0);
	pass(&s, 60000);
	package_leave(s.p, s.now);
	carry(&s);
	MUST(s.told == -1 && s.ran[0] == '\0' && s.write[0] == '\0' && s.left == 1);
	package_free(s.p);

	/* Also one that stood by before it. */
	begin(&s, sample, 0);
	script(&s, 1);
	memcpy(s.lease, maint, sizeof(maint));
	pass(&s, 60000);
	MUST(s.told == -1 && s.write[0] == '\0');
	package_free(s.p);

	/* Its own monitor, begun again, knows it, and another epoch's not. */
	begin_maint(&s, maint, 7);
	pass(&s, 5100);
	MUST(s.told == GUARD_ARM && s.here == 7 && !s.maint);
	package_free(s.p);
	begin_maint(&s, maint, 6);
	pass(&s, 1);
	MUST(s.told == -1 && s.write[0] == '\0' && strcmp(s.ran, "?") == 0);
	script(&s, 0);
	MUST(strcmp(s.ran, "?-") == 0); /* it has no right to run any more */
	package_free(s.p);
}

/* What guard and monitor left when they died: nobody knows for how long it may run. */
static void
strangers(void)
{
	char lease[LEASE_TEXT];
	struct scene s;

	begin_as(&s, sample, 7, 1);
	MUST(s.told == GUARD_KILL && s.ran[0] == '\0' && s.here == 7);
	guard(&s, GUARD_DEAD);
	MUST(strcmp(s.ran, "?") == 0);
	script(&s, 0); /* what guard can't find: its own stop may */
	s.told = -1;
	pass(&s, 1100);
	MUST(strcmp(s.ran, "?-") == 0);
	script(&s, 0);
	MUST(s.told == GUARD_KILL && s.here == 7 && s.closed == 0);
	guard(&s, GUARD_DEAD);
	script(&s, 1);
	MUST(s.here == 0 && s.closed == 7);
	package_free(s.p);

	/* Also where the store says at once that the lease is this host's. */
	(void)snprintf(lease, sizeof(lease), own, 4u);
	begin_as(&s, lease, 7, 0);
	MUST(s.told == GUARD_KILL);
	s.told = -1;
	pass(&s, 10);
	MUST(strstr(s.write, "epoch=7 seq=5 state=stopping") != NULL);
	written(&s, 0); /* others are held off, but nothing is armed for that */
	pass(&s, 1000);
	MUST(s.told == -1 && s.ran[0] == '\0');
	guard(&s, GUARD_DEAD);
	script(&s, 1);
	MUST(s.closed == 7 && s.here == 0);
	MUST(strstr(s.write, "epoch=8") != NULL);
	written(&s, 0);
	MUST(s.told == GUARD_ARM && s.here == 8);
	package_free(s.p);

	/* Nothing was armed: maintenance, say. */
	begin_as(&s, sample, 0, 1);
	pass(&s, 20000);
	MUST(s.told == -1 && s.ran[0] == '\0');
	package_free(s.p);
}

/* A guard that does not arm, as one without its watchdog: another node's turn. */
static void
refuses(void)
{
	char lease[LEASE_TEXT];
	struct scene s;
	unsigned n;

	begin(&s, "", 0);
	script(&s, 1);
	written(&s, 0);
	for (n = 0; n < 2; n++) {
		MUST(s.told == GUARD_ARM);
		s.told = -1;
		guard(&s, GUARD_IDLE);
		pass(&s, 2000);
		MUST(s.told == -1 && strstr(s.write, "state=starting") != NULL);
		written(&s, 0);
	}
	MUST(s.told == GUARD_ARM);
	guard(&s, GUARD_IDLE);
	MUST(strcmp(s.ran, "?") == 0 && strstr(s.write, "state=failed") != NULL);
	MUST(strstr(s.write, "guard%20refuses") != NULL);
	package_free(s.p);

	/* What was here before it has no guard either: down, before others count on it. */
	(void)snprintf(lease, sizeof(lease), own, 4u);
	(void)snprintf(strstr(lease, "running"), 64,
	    "maint limit=10000 since=17 to=- note=");
	begin_maint(&s, lease, 7);
	pass(&s, 5100);
	for (n = 0; n < 80 && s.told == GUARD_ARM; n++) {
		guard(&s, GUARD_IDLE);
		pass(&s, 100);
	}
	MUST(s.told == GUARD_KILL && s.write[0] == '\0');
	package_free(s.p);
}

#define STANDBY "state=standby boot=B fails=0/2 until=0 seen=1.2 note="
#define FAILED  "state=failed boot=B fails=3/2 until=9 seen=1.2 note="

/* Is the order carried out?  Either way it is gone. */
static int
moves(const char *order, const char *want, const char *peer, int twice)
{
	struct scene s;
	int r;

	up(&s);
	memcpy(s.order, order, strlen(order) + 1);
	s.want = want;
	s.peer = peer;
	s.twice = twice;
	pass(&s, 1500);
	MUST(s.order[0] == '\0');
	r = strchr(s.ran, '-') != NULL;
	package_free(s.p);
	return r;
}

static void
orders(void)
{
	MUST(moves("move b 1.x", "", STANDBY, 0));
	MUST(moves("move b x", "", STANDBY, 0));
	MUST(!moves("move b 2.x", "", STANDBY, 0)); /* of another owner */
	MUST(!moves("move b 1.x", "", FAILED, 0));

	/* Anywhere: only where somebody takes it. */
	MUST(moves("move - 1.x", "", STANDBY, 0));
	MUST(!moves("move - 1.x", "", FAILED, 0));
	MUST(!moves("move - 1.x", "", "", 0));
	MUST(!moves("move - 1.x", "auto=off", STANDBY, 0));
	MUST(!moves("move - 1.x", "off=b", STANDBY, 0));

	/* Two sessions ask for its removal: the second one's answer may come first. */
	MUST(moves("move b 1.x", "", STANDBY, 1));
	MUST(moves("move - 1.x", "", STANDBY, 1));
}

/* Who said so half a minute ago may not be there any more. */
static void
silent(void)
{
	static const char standby[] =
	    "state=standby boot=B fails=0/2 until=0 seen=1.%u note=";
	char note[WANT_TEXT];
	struct scene s;
	unsigned n;

	up(&s);
	for (n = 0; n < 30; n++) {
		pass(&s, 2000);
		if (s.ran[0] != '\0')
			script(&s, 0);
		s.ran[0] = '\0';
		written(&s, 0);
	}
	(void)snprintf(note, sizeof(note), standby, 2u);
	s.peer = note;
	memcpy(s.order, "move b 1.x", 11);
	pass(&s, 1500);
	MUST(s.order[0] == '\0' && strchr(s.ran, '-') == NULL);
	(void)snprintf(note, sizeof(note), standby, n);
	memcpy(s.order, "move b 1.y", 11);
	pass(&s, 1500);
	MUST(s.order[0] == '\0' && strchr(s.ran, '-') != NULL);
	package_free(s.p);
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = { { "starts", starts },
		{ "longer", longer }, { "watched", watched }, { "unknown", unknown },
		{ "late", late }, { "lost", lost }, { "leaves", leaves },
		{ "armed_late", armed_late }, { "leaves_arming", leaves_arming },
		{ "leaves_alone", leaves_alone }, { "takes", takes },
		{ "twins", twins }, { "twins_in_maintenance", twins_in_maintenance },
		{ "strangers", strangers }, { "refuses", refuses },
		{ "endless", endless }, { "orders", orders }, { "silent", silent },
		{ "says", says }, { "events", events }, { NULL, NULL } };

	return run_cases(cases, argc, argv);
}

/*
 * check.c - what must hold, by the one true clock, after everything that happens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "sim.h"

#define TIMES 200000u

/* Of all runs. */
static struct {
	unsigned long takeovers, starts, blips, blips_stopped, overlaps, healed;
	uint64_t worst;        /* overlap */
	uint64_t *times[3][2]; /* power, move, monitor; default and fast */
	size_t n[3][2];
} sum;

static const char *const names[3] = { "power-off to start", "move or stop to start",
	"monitor killed to renewed" };
static const double goals[3][2] = { { 15, 9 }, { 2.5, 2.5 }, { 3, 3 } };

uint64_t overlap;
static uint64_t since; /* two run at once since then; 0: they don't */
int done;

void
check_clear(void)
{
	overlap = since = 0;
	done = 0;
}

static void
took(int what)
{
	uint64_t **t = &sum.times[what][fast];
	size_t *n = &sum.n[what][fast];

	if (*t == NULL)
		*t = calloc(TIMES, sizeof(**t));
	if (*t != NULL && *n < TIMES)
		(*t)[(*n)++] = now - moved_at;
	story("that took %.3f s", (double)(now - moved_at) / 1e9);
	moved_at = 0;
}

void
check_programs(unsigned changed)
{
	unsigned i, running = 0;
	int excused = 0;

	for (i = 0; i < hosts; i++) {
		if (!host[i].running)
			continue;
		running++;
		excused |= host[i].alone || host[i].excused >= now;
	}
	if (!host[changed].running && host[changed].excused == NEVER)
		host[changed].excused = 0;
	if (!host[changed].running)
		host[changed].alone = 0;
	if (kind == KIND_MONITOR && !host[changed].running && !healed)
		broken("a monitor's death leaves the package alone", "%s",
		    host[changed].name);
	if (kind == KIND_BLIP && !host[changed].running && !noticed && !healed)
		broken("a blip shorter than T_soft - renew - 0.5 s is not noticed",
		    "%s", host[changed].name);
	if (running < 2) {
		if (since != 0)
			overlap += now - since;
		since = 0;
		return;
	}
	if (since == 0)
		since = now;
	story("TWO RUN AT ONCE%s", excused ? ", which no lease can prevent" : "");
	if (!excused)
		broken("never two owners", "%u run it", running);
}

/* Host i wrote the lease, or a person did (HOSTS). */
void
check_write(unsigned i, const struct lease *was, int had)
{
	const struct lease *l = &store.lease;
	unsigned before = had ? host_wrote(was) : HOSTS;

	if (had &&
	    (l->epoch < was->epoch || (l->epoch == was->epoch && l->seq <= was->seq)))
		broken("epoch and seq grow", "%llu.%llu to %llu.%llu",
		    (unsigned long long)was->epoch, (unsigned long long)was->seq,
		    (unsigned long long)l->epoch, (unsigned long long)l->seq);
	if (i == HOSTS)
		return;
	if (had && l->epoch == was->epoch && strcmp(l->owner, was->owner) != 0)
		broken("one owner an epoch", "%s", l->owner);
	if (had && l->epoch == was->epoch && i != before &&
	    host[before].closed < l->epoch)
		broken("one directory an epoch", "%s, %s", host[before].name,
		    host[i].name);
	if (!lease_is_held(l) && !lease_needs_proof(l) && host[i].running)
		broken("what is released does not run", "%s", host[i].name);
	if (kind == KIND_MONITOR && moved_at != 0 && i == before && host[i].p != NULL)
		took(2);
	if (!had || i == before || (!lease_is_held(was) && !lease_needs_proof(was)))
		return;
	sum.takeovers++;
	if (kind == KIND_BLIP)
		broken("no takeover on a blip", "%s from %s", l->owner, was->owner);
	if (lease_needs_proof(was) && host[before].running)
		broken("stuck and maint are taken on proof alone", "%s from %s",
		    l->owner, was->owner);
}

void
check_closed(unsigned i, uint64_t epoch)
{
	if (host[i].running)
		broken("nothing runs in a closed epoch", "%s, %llu", host[i].name,
		    (unsigned long long)epoch);
}

void
check_start(unsigned i)
{
	const struct host *h = &host[i];

	sum.starts++;
	if (kind == KIND_BLIP && now > 8 * SECOND)
		sum.blips_stopped++;
	if (h->guard.alive && h->guard.frozen <= now && h->excused < now &&
	    !h->guard.armed && !h->killing)
		broken("guard is armed before start", "%s", h->name);
	if (h->guard.armed && h->guard.epoch <= h->closed)
		broken("nothing starts in a closed epoch", "%s", h->name);
	if (moved_at != 0 && kind == KIND_POWER)
		took(0);
	if (moved_at != 0 && kind == KIND_MOVE)
		took(1);
}

/* Has it come to run again? */
void
check_healed(int last)
{
	unsigned i, running = 0, owner = HOSTS;

	for (i = 0; i < hosts; i++) {
		if (host[i].running) {
			running++;
			owner = i;
		}
	}
	if (running == 1 && store.lease.state == LEASE_RUNNING &&
	    host[owner].p != NULL && host[owner].guard.armed &&
	    strcmp(store.lease.owner, host[owner].node) == 0 &&
	    strcmp(store.lease.boot, host[owner].boot) == 0) {
		sum.healed++;
		done = 1;
		return;
	}
	if (last) {
		broken("it runs again once all is well", "%u run it", running);
		return;
	}
	at(now + SECOND / 2, EV_LOOK, 0, 0, 0);
}

void
check_end(void)
{
	if (kind == KIND_BLIP)
		sum.blips++;
	if (overlap == 0)
		return;
	sum.overlaps++;
	if (overlap > sum.worst)
		sum.worst = overlap;
}

static void
report_times(unsigned what, unsigned profile)
{
	uint64_t *t = sum.times[what][profile];
	size_t n = sum.n[what][profile], half = n / 2, late = n * 99 / 100;
	double goal = goals[what][profile];
	int over;

	if (n == 0)
		return;
	(void)num_median(t, n);
	over = (double)t[late] / 1e9 > goal;
	(void)printf("%s, %s profile: p50 %.2f s, p99 %.2f s, worst %.2f s "
		     "(goal %.1f), %zu times%s\n",
	    names[what], profile ? "fast" : "default", (double)t[half] / 1e9,
	    (double)t[late] / 1e9, (double)t[n - 1] / 1e9, goal, n,
	    over ? ": TOO LONG" : "");
	bad |= over;
}

void
check_report(unsigned long seeds, double seconds)
{
	unsigned i;

	(void)printf(
	    "%lu schedules, %.0f a second: %lu starts, %lu takeovers, %lu healed\n",
	    seeds, (double)seeds / seconds, sum.starts, sum.takeovers, sum.healed);
	for (i = 0; i < 3; i++) {
		report_times(i, 0);
		report_times(i, 1);
	}
	(void)printf(
	    "blips: %lu runs, %lu of them longer than T_soft - renew, and started "
	    "anew in the same place\n",
	    sum.blips, sum.blips_stopped);
	(void)printf(
	    "two at once where no lease can help (guard frozen, or killed with the "
	    "monitor; a host paused whole; what won't die), and no watchdog: "
	    "%lu runs, at worst %.1f s\n",
	    sum.overlaps, (double)sum.worst / 1e9);
}

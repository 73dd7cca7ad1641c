/*
 * body.c - the package on this host: guard, the control script, and what is to be
 * done when one of them says something.
 */
#include <string.h>

#include "inside.h"
#include "text.h"

#define STUCK_AGAIN (10 * SECOND)
#define KILL_AGAIN  SECOND
#define CUT_TIME    (5 * SECOND) /* for a script to be gone once it is killed */

/* Runs a control script; p->patience is when even one that no signal ends is given up. */
static void
run(struct package *p, enum script script, uint64_t timeout, uint64_t until)
{
	act_run(p, script, NULL, timeout, until);
	p->patience = p->now + timeout + CUT_TIME;
}

/* LSB's and OCF's words for it; anything else is no proof. */
int
body_is_down(int status)
{
	return status == 1 || status == 3 || status == 7;
}

static void
become(struct package *p, enum body body)
{
	p->body = body;
	p->changed = 1;
}

/* Nothing of it runs here any more. */
static void
body_gone(struct package *p)
{
	if (p->stuck)
		notes_event(p, "is down after all");
	if (p->late || p->hold != HOLD_MINE || p->give.on || p->gone)
		act_close(p, p->epoch);
	act_here(p, 0, 0);
	p->late = p->stuck = p->verify = p->degraded = p->left = 0;
	p->stop_failed = 0;
	p->fencing[0] = p->unwatched[0] = '\0';
	if (p->hold == HOLD_ADOPT)
		p->hold = HOLD_NONE;
	p->next = p->now;
	p->leave_by = p->now + p->settings.deadlines.soft;
	become(p, BODY_NONE);
}

/* What may run is killed; verify: and status is to say that it is down. */
void
body_kill(struct package *p, int verify)
{
	p->verify |= verify;
	act_guard(p, GUARD_KILL);
	become(p, BODY_KILL);
}

static void
stop_begin(struct package *p)
{
	act_cut(p);
	p->stop_ran = 0;
	p->patience = p->now + CUT_TIME;
	become(p, BODY_STOP);
}

/* Begins to stop it, with its own script. */
void
body_stop(struct package *p)
{
	if (p->body == BODY_STOP || p->body == BODY_KILL || p->body == BODY_VERIFY ||
	    p->body == BODY_STUCK || p->body == BODY_NONE || p->body == BODY_ARM)
		return;
	stop_begin(p);
}
static void
stuck(struct package *p, const char *why)
{
	if (!p->stuck)
		notes_event(p, "cannot be proven down: %s", why);
	p->stuck = 1;
	text_copy(p->why, sizeof(p->why), why);
	p->next = p->now + (p->hold == HOLD_MINE ? STUCK_AGAIN : KILL_AGAIN);
	become(p, BODY_STUCK);
}

/* T_soft passes without a newer renewal: it begins to stop. */
void
body_watch(struct package *p)
{
	uint64_t soft = p->force.soft;

	if (p->late || p->body == BODY_NONE || p->body == BODY_MAINT ||
	    (!p->armed && p->body != BODY_UP))
		return;
	if (p->asked.soft < soft)
		soft = p->asked.soft;
	if (!due(p, (p->t0 > p->armed_t0 ? p->t0 : p->armed_t0) + soft))
		return;
	p->late = 1;
	notes_event(p, "the lease could not be renewed for %.1f s: stops",
	    (double)soft / (double)SECOND);
	if (p->body == BODY_ARM)
		become(p, BODY_NONE);
	body_stop(p);
}

/* A lease that was this host's before this monitor began. */
static void
adopt(struct package *p)
{
	p->epoch = p->seen.v.epoch;
	p->stuck = p->seen.v.state == LEASE_STUCK;
	p->hold = HOLD_ADOPT;
	p->patience = p->now + p->settings.deadlines.soft;
	become(p, BODY_ADOPT);

	/*
	 * Guard counts on from the T0 that it has.  Where it has none, the value is one that
	 * nobody takes for its age; the first that ages is this one's renewal, sent when guard
	 * is armed, and so not before what guard counts from.
	 */
	if (p->armed)
		return;
	p->t0 = 0;
	act_arm(p, p->now, &p->settings.deadlines);
}

/* The monitor has begun: is anything here, and whose is it? */
static void
unknown_step(struct package *p)
{
	/*
	 * What was armed and is not: its guard has died, and the monitor that alone knew when
	 * it renewed.  Nothing that can be read now says for how long others wait yet, as
	 * the value may have been old for any time up to W.  It is dead before anything is asked.
	 */
	if (!p->armed && p->here != 0 && !p->here_maint) {
		notes_event(p, "was left here with no guard: it is killed");
		p->late = p->left = 1;
		body_kill(p, 1);
		return;
	}
	if (!p->has_conf || !p->has_want || !p->seen.known)
		return;
	if (lease_is_ours(p) && p->seen.v.epoch > p->closed &&
	    (!p->armed || p->epoch == p->seen.v.epoch)) {
		/* This directory has left nothing alone: it is another one's monitor's. */
		if (!p->armed && p->here == 0) {
			lease_is_twins(p);
			if (!lease_needs_proof(&p->seen.v) && lease_is_past(p))
				become(p, BODY_PROBE);
			return;
		}
		if (!p->armed &&
		    (p->here != p->seen.v.epoch || !lease_needs_proof(&p->seen.v))) {
			become(p, BODY_PROBE);
			return;
		}
		if (!p->armed && !lease_is_still(p))
			return;
		if (p->seen.v.state != LEASE_MAINT || !p->want.maint) {
			adopt(p);
			return;
		}
		p->epoch = p->seen.v.epoch;
		act_here(p, p->epoch, 1);
		act_disarm(p); /* also where it is idle: it knows then */
		become(p, BODY_MAINT);
		return;
	}
	if (p->armed) {
		act_log(p, "the lease that guard is armed for is lost");
		p->late = 1;
		body_kill(p, 1);
		return;
	}
	become(p, BODY_PROBE);
}

/* Was guard told all of it that is its business, and could have what it was told of? */
static int
is_told(const struct package *p)
{
	return p->armed && p->told && p->reboot == p->settings.reboot &&
	    strcmp(p->watchdog, p->settings.watchdog) == 0 && p->unwatched[0] == '\0' &&
	    memcmp(&p->settings.deadlines, &p->force, sizeof(p->force)) == 0;
}

/* The settings come into force at guard: shorter deadlines first there. */
static void
force_step(struct package *p)
{
	const struct deadlines *d = &p->settings.deadlines;

	if (p->arming || p->hold != HOLD_MINE || p->t0 <= p->armed_t0 || is_told(p))
		return;
	if (deadlines_limit(d) > p->seen.v.limit || p->now >= p->t0 + d->soft / 2)
		return; /* the value is to say so first; or T0 is too old for them */
	act_arm(p, p->t0, d);
}

/* The lease is this host's and nothing runs: arm, then start. */
static void
none_step(struct package *p)
{
	if (p->hold == HOLD_MINE && p->script == SCRIPT_FENCE)
		act_cut(p); /* what it was for is over */
	if (p->hold != HOLD_MINE || p->give.on || p->epoch <= p->closed || p->arming ||
	    p->script != SCRIPT_NONE || !lease_is_fresh(p) || p->t0 <= p->refused ||
	    p->seen.v.limit < deadlines_limit(&p->settings.deadlines))
		return;
	p->late = 0;
	act_arm(p, p->t0, &p->settings.deadlines);
	become(p, BODY_ARM);
}

/* Under maintenance nothing is renewed; until people say that it is over. */
static void
maint_step(struct package *p)
{
	if (p->want.maint || !lease_is_ours(p) || p->arming || p->leaving)
		return;
	notes_event(p, "maintenance is over");
	adopt(p);
}

/* A script that does not even end by SIGKILL, for a disk that does not answer, say. */
static void
given_up(struct package *p, const char *what)
{
	if (p->hold == HOLD_MINE)
		owner_failed(p, what, SCRIPT_LATE);
	else
		body_stop(p);
}

void
body_step(struct package *p)
{
	switch (p->body) {
	case BODY_UNKNOWN:
		unknown_step(p);
		break;
	case BODY_NONE:
		none_step(p);
		break;
	case BODY_ARM:
		if (!p->armed || p->arming || p->script != SCRIPT_NONE)
			break;
		/* Guard may have killed since it said so longer ago than T_soft. */
		if (p->give.on || due(p, p->guard_t0 + p->force.soft)) {
			body_kill(p, 0); /* guard is idle again, and nothing runs */
			break;
		}
		run(p, SCRIPT_START, p->settings.start_timeout, p->t0 + p->force.soft);
		notes_event(p, "starts, epoch %llu", (unsigned long long)p->epoch);
		become(p, BODY_START);
		break;
	case BODY_ADOPT:
		if (!p->armed && due(p, p->patience)) {
			notes_event(p,
			    "guard refuses to be armed: what runs here is killed");
			p->late = 1;
			body_kill(p, 1);
			break;
		}
		if (!p->armed && !p->arming && due(p, p->armed_t0 + SECOND / 10))
			act_arm(p, p->now, &p->settings.deadlines);
		if (p->hold != HOLD_MINE || !p->armed)
			break;
		become(p, BODY_PROBE);
		if (p->stuck)
			body_kill(p, 1);
		break;
	case BODY_PROBE:
		if (p->script == SCRIPT_NONE)
			run(p, SCRIPT_STATUS, p->settings.status_timeout, NEVER);
		else if (due(p, p->patience))
			given_up(p, "status");
		break;
	case BODY_UP:
		force_step(p);
		if (p->script == SCRIPT_NONE && due(p, p->next))
			run(p, SCRIPT_STATUS, p->settings.status_timeout, NEVER);
		else if (p->script != SCRIPT_NONE && due(p, p->patience))
			given_up(p, "status");
		break;
	case BODY_STOP:
		if (p->script == SCRIPT_NONE && !p->stop_ran) {
			run(p, SCRIPT_STOP, p->settings.stop_timeout, NEVER);
			p->stop_ran = 1;
		} else if (due(p, p->patience)) {
			p->stop_failed = 1;
			body_kill(p, 1);
		}
		break;
	case BODY_VERIFY:
		if (p->script == SCRIPT_NONE && !p->stop_ran) {
			run(p, SCRIPT_STATUS, p->settings.status_timeout, NEVER);
			p->stop_ran = 1;
		} else if (due(p, p->patience)) {
			stuck(p, "a control script does not end");
		}
		break;
	case BODY_STUCK:
		if (!due(p, p->next))
			break;
		if (p->stop_again)
			stop_begin(p);
		else
			body_kill(p, 1);
		p->stop_again = 0;
		break;
	case BODY_MAINT:
		maint_step(p);
		break;
	case BODY_START:
		if (due(p, p->patience))
			given_up(p, "start");
		break;
	case BODY_KILL:
		break;
	}
}

/* status, while it is up or may be. */
static void
status_ended(struct package *p, int status)
{
	int degraded = status == 2;

	p->next = p->now + p->settings.status_interval;
	if (status != 0 && status != 2) {
		/* Not the lease's owner: what an earlier monitor left behind goes. */
		if (p->hold != HOLD_MINE && body_is_down(status))
			body_gone(p);
		else if (p->hold != HOLD_MINE)
			body_stop(p);
		else
			owner_failed(p, "status", status);
		return;
	}
	if (p->hold != HOLD_MINE) {
		notes_event(p, "runs here without a lease: stops");
		body_stop(p);
		return;
	}
	if (p->body == BODY_PROBE || degraded != p->degraded)
		notes_event(p, "%s%s%s", degraded ? "is degraded" : "is up",
		    degraded && p->said[0] != '\0' ? ": " : "",
		    degraded ? p->said : "");
	p->degraded = degraded;
	text_copy(p->why, sizeof(p->why), degraded ? p->said : "");
	if (p->body == BODY_PROBE)
		become(p, BODY_UP);
}

void
body_script(struct package *p, int status)
{
	enum script script = p->script;
	int cut = p->cutting;

	p->script = SCRIPT_NONE;
	p->cutting = 0;
	p->changed = 1;
	if (script == SCRIPT_FENCE && !cut) {
		standby_fenced(p, status);
		return;
	}
	if (cut || script == SCRIPT_NONE)
		return;
	if (script == SCRIPT_START && p->body == BODY_START) {
		if (status != 0) {
			owner_failed(p, "start", status);
			return;
		}
		notes_event(p, "is up, epoch %llu", (unsigned long long)p->epoch);
		p->why[0] = '\0';
		p->degraded = 0;
		p->next = p->now + p->settings.status_interval;
		become(p, BODY_UP);
	} else if (script == SCRIPT_STOP && p->body == BODY_STOP) {
		p->stop_failed = status != 0;
		if (status != 0 && !p->stuck)
			notes_event(p, "stop failed with status %d: it is killed",
			    status);
		/* Also after a good one: what it left is swept up, and guard is done. */
		body_kill(p, status != 0);
	} else if (script == SCRIPT_STATUS && p->body == BODY_VERIFY) {
		if (body_is_down(status)) {
			body_gone(p);
		} else {
			p->stop_again = 1;
			stuck(p, "killed, and status does not say that it is down");
		}
	} else if (script == SCRIPT_STATUS &&
	    (p->body == BODY_UP || p->body == BODY_PROBE)) {
		status_ended(p, status);
	}
}

/* All that guard could find is dead. */
static void
guard_killed(struct package *p)
{
	p->armed = p->arming = 0;
	if (p->body == BODY_NONE || p->body == BODY_MAINT || p->body == BODY_UNKNOWN)
		return;
	if (p->body == BODY_ARM) {
		become(p, BODY_NONE);
		return;
	}
	if (p->body == BODY_KILL && !p->verify) {
		body_gone(p);
		return;
	}
	if (p->body != BODY_KILL && p->body != BODY_STUCK && !p->late) {
		p->late = 1;
		notes_event(p, "guard has killed it");
	}
	if (p->body == BODY_VERIFY)
		return;
	p->verify = 1;
	p->stop_ran = 0;
	p->patience = p->now + CUT_TIME;
	act_cut(p);
	become(p, BODY_VERIFY);
}

void
body_guard(struct package *p, const struct guard_said *g)
{
	p->changed = 1;
	switch (g->word) {
	case GUARD_ARMED:
		if (!p->greeted) {
			p->epoch = g->epoch;
			p->t0 = p->armed_t0 = g->t0;
			p->asked = g->deadlines;
		}
		p->greeted = p->armed = 1;
		p->arming = 0;
		p->guard_t0 = g->epoch == p->epoch ? g->t0 : 0;
		p->force = g->deadlines;
		break;
	case GUARD_IDLE:
		p->greeted = 1;
		p->armed = p->arming = 0;
		if (p->body != BODY_ARM)
			break;
		p->refused = p->armed_t0;
		become(p, BODY_NONE);
		if (lease_is_fresh(p)) /* else it was only too late for this T0 */
			owner_failed(p, "guard", 0);
		break;
	case GUARD_DEAD:
		guard_killed(p);
		break;
	case GUARD_UNDEAD:
		p->arming = 0;
		if (p->body == BODY_ARM)
			become(p, BODY_NONE);
		else if (p->body != BODY_NONE && p->body != BODY_MAINT)
			stuck(p, g->why == NULL ? "it does not die" : g->why);
		break;
	case GUARD_UNWATCHED:
		if (g->why[0] != '\0' && strcmp(p->unwatched, g->why) != 0)
			notes_event(p, "%s", g->why);
		text_copy(p->unwatched, sizeof(p->unwatched), g->why);
		break;
	case GUARD_GONE:
		p->gone = p->greeted = 1;
		p->armed = p->arming = 0;
		if (p->body == BODY_MAINT)
			break;
		act_log(p, "guard is gone: what runs here is killed");
		if (p->body == BODY_NONE) {
			if (p->hold == HOLD_MINE)
				act_close(p, p->epoch);
			break;
		}
		p->late = 1;
		body_kill(p, 1);
		break;
	}
}

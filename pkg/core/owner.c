/*
 * owner.c - what the lease's owner decides: to restart the package, to give it away,
 * or to keep it down.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "inside.h"
#include "text.h"

/* Forgets the failures that are older than the window. */
static void
fails_expire(struct package *p)
{
	unsigned old = 0;

	while (old < p->fails && due(p, p->fail[old] + p->settings.restart_window))
		old++;
	if (old == 0)
		return;
	memmove(p->fail, p->fail + old, (p->fails - old) * sizeof(p->fail[0]));
	p->fails -= old;
}

void
fails_forget(struct package *p)
{
	if (p->fails > 0 || p->failed_until > p->now)
		notes_event(p, "failures are forgotten");
	p->fails = 0;
	p->failed_until = 0;
	p->changed = 1;
}

int
node_has_failed(struct package *p)
{
	return !due(p, p->failed_until);
}

/* To be given away, once it is down; what was to be done before stays so. */
void
owner_give(struct package *p, enum lease_state state, const char *to, const char *fmt,
    ...)
{
	va_list ap;

	if (p->give.on || p->hold != HOLD_MINE)
		return;
	p->give.on = 1;
	p->give.state = state;
	text_copy(p->give.to, sizeof(p->give.to), to);
	va_start(ap, fmt);
	(void)vsnprintf(p->give.note, sizeof(p->give.note), fmt, ap);
	va_end(ap);
	p->changed = 1;
	body_stop(p);
}

/* This node can't have it again before its failures expire. */
static void
fail_here(struct package *p, const char *why)
{
	p->failed_until = p->now + p->settings.restart_window;
	owner_give(p, LEASE_FAILED, "-", "%s: %s", p->node, why);
}

/* Why a script is not good news; said: its last line. */
static void
say_status(char *to, size_t size, const char *what, int status, const char *said)
{
	size_t n;

	if (status == SCRIPT_LATE)
		(void)snprintf(to, size, "%s took too long", what);
	else if (status == SCRIPT_CUT)
		(void)snprintf(to, size, "%s was killed", what);
	else if (status == SCRIPT_NEVER)
		(void)snprintf(to, size, "%s could not be run", what);
	else if (strcmp(what, "guard") == 0)
		(void)snprintf(to, size, "guard refuses to be armed, see the log");
	else if (strcmp(what, "status") == 0 && body_is_down(status))
		(void)snprintf(to, size, "status says that it is down");
	else
		(void)snprintf(to, size, "%s ended with %d", what, status);
	if (status <= 0 || said[0] == '\0')
		return;
	n = strlen(to);
	text_copy(to + n, size - n, ": ");
	n = strlen(to);
	text_copy(to + n, size - n, said);
}

void
owner_failed(struct package *p, const char *what, int status)
{
	char why[LEASE_NOTE + 1];

	say_status(why, sizeof(why), what, status, p->said);
	text_copy(p->why, sizeof(p->why), why);
	fails_expire(p);
	if (p->fails < FAILS_MAX)
		p->fail[p->fails++] = p->now;
	notes_event(p, "failed: %s (%u of %u restarts)", why, p->fails,
	    p->settings.restarts);
	if (p->fails > p->settings.restarts)
		fail_here(p, why);
	else
		body_stop(p);
}

/* People's wishes, in the order of their weight. */
static void
obey(struct package *p)
{
	if (p->leaving)
		owner_give(p, LEASE_RELEASED, "-", "%s has left", p->node);
	else if (!p->want.up)
		owner_give(p, LEASE_HALTED, "-", "halted");
	else if (p->body != BODY_NONE)
		return;
	else if (p->want.maint)
		owner_give(p, LEASE_RELEASED, "-", "maintenance");
	else if (node_has_failed(p))
		owner_give(p, LEASE_FAILED, "-", "%s: %s", p->node, p->why);
	else if (p->epoch <= p->closed && !standby_may(p))
		owner_give(p, LEASE_RELEASED, "-", "%s may not run it", p->node);
}

void
owner_step(struct package *p)
{
	fails_expire(p);

	/* One that is told to leave before it has read the store stops what was armed here. */
	if (p->leaving && p->body == BODY_UNKNOWN &&
	    (!p->armed || due(p, p->leave_by))) {
		p->body = p->armed ? BODY_PROBE : BODY_NONE;
		p->changed = 1;
	}
	if (p->hold != HOLD_MINE || p->give.on)
		return;

	/* "A failed stop ... is released", once it is down, and tried elsewhere. */
	if (p->stop_failed && !p->late)
		fail_here(p, "stop failed");
	else
		obey(p);
}

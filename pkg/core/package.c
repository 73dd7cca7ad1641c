/*
 * package.c - the door: events in, and the steps that follow from them.
 */
#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "text.h"

struct package *
package_begin(const struct package_who *who, uint64_t now, uint64_t wall)
{
	struct package *p = calloc(1, sizeof(*p));
	struct buf why = { 0 };

	if (p == NULL)
		return NULL;
	text_copy(p->name, sizeof(p->name), who->name);
	text_copy(p->node, sizeof(p->node), who->node);
	text_copy(p->boot, sizeof(p->boot), who->boot);
	p->instance = who->instance;
	p->closed = who->closed;
	p->epoch = p->here = who->here;
	p->here_maint = who->maint;
	p->now = now;
	p->wall = wall;
	want_default(&p->want);

	/* Until the store has been read: a guard that is armed may have to be obeyed. */
	(void)settings_parse(&p->settings, "", 0, &why);
	buf_free(&why);
	p->wake = now;
	return p;
}

void
package_free(struct package *p)
{
	if (p == NULL)
		return;
	free(p->queue);
	buf_free(&p->text);
	buf_free(&p->conf);
	free(p);
}

int
due(struct package *p, uint64_t t)
{
	if (p->now >= t)
		return 1;
	if (t < p->wake)
		p->wake = t;
	return 0;
}

/* Ends once a person wanted it to, and there is nothing left to do for that. */
static void
leave_step(struct package *p)
{
	if (p->gone && (p->body == BODY_NONE || p->body == BODY_MAINT)) {
		act(p, ACTION_LEAVE, NULL, NULL)->status = PACKAGE_AGAIN;
		p->over = 1;
		return;
	}
	if (!p->leaving || p->script != SCRIPT_NONE || p->arming)
		return;
	if (p->body != BODY_NONE && p->body != BODY_MAINT)
		return;
	if (!due(p, p->leave_by) &&
	    (p->hold != HOLD_NONE || p->write.busy || !p->left_noted ||
		p->events.n > 0))
		return;
	(void)act(p, ACTION_LEAVE, NULL, NULL);
	p->over = 1;
}

/* Takes steps until none changes anything. */
static void
settle(struct package *p)
{
	do {
		p->changed = 0;
		p->wake = NEVER;
		store_step(p);
		if (!p->greeted)
			break;
		body_watch(p);
		body_step(p);
		owner_step(p);
		order_step(p);
		lease_step(p);
		standby_step(p);
		notes_step(p);
		leave_step(p);
	} while (p->changed && !p->over && !p->no_memory);
}

/* Each event begins so: what was taken out of the queue is forgotten. */
static int
event_begin(struct package *p, uint64_t now)
{
	if (now > p->now)
		p->now = now;
	if (p->taken == p->queued) {
		p->taken = p->queued = 0;
		buf_cut(&p->text, 0);
	}
	return !p->over && !p->no_memory;
}

void
package_tick(struct package *p, uint64_t now, uint64_t wall)
{
	p->wall = wall;
	if (event_begin(p, now))
		settle(p);
}

void
package_answer(struct package *p, uint64_t now, uint64_t number, int status,
    const char *value, size_t n)
{
	unsigned slot;

	if (!event_begin(p, now))
		return;
	for (slot = 0; slot < SLOTS; slot++) {
		if (p->ask[slot].number != number)
			continue;
		p->ask[slot].number = 0;
		store_answer(p, (enum slot)slot, status, value, n);
		settle(p);
		return;
	}
}

void
package_script(struct package *p, uint64_t now, int status)
{
	if (!event_begin(p, now))
		return;
	body_script(p, status);
	settle(p);
}

void
package_said(struct package *p, const char *line, size_t n)
{
	size_t i;

	if (n > LEASE_NOTE)
		n = LEASE_NOTE;
	for (i = 0; i < n; i++)
		p->said[i] = (char)(line[i] >= ' ' && line[i] <= '~' ? line[i] : '?');
	p->said[n] = '\0';
}

void
package_guard(struct package *p, uint64_t now, const struct guard_said *said)
{
	if (!event_begin(p, now))
		return;
	body_guard(p, said);
	settle(p);
}

void
package_proof(struct package *p, uint64_t now, uint64_t number, const char *boot,
    uint64_t closed)
{
	struct proof *f = &p->proof;

	if (!event_begin(p, now) || f->asked == 0 || number != f->asked)
		return;
	f->asked = 0;
	/* Where there is no boot id, none is another one. */
	f->good = (strcmp(boot, "-") != 0 && strcmp(f->boot, "-") != 0 &&
		      strcmp(boot, f->boot) != 0) ||
	    closed >= f->epoch;
	settle(p);
}

void
package_leave(struct package *p, uint64_t now)
{
	if (!event_begin(p, now) || p->leaving)
		return;
	p->leaving = 1;
	p->leave_by = now + p->settings.deadlines.soft;
	settle(p);
}

uint64_t
package_wake(const struct package *p)
{
	return p->over ? NEVER : p->wake;
}

const struct settings *
package_settings(const struct package *p)
{
	return p->has_conf ? &p->settings : NULL;
}

int
package_ready(const struct package *p)
{
	return p->has_conf && p->has_want && p->seen.known;
}

int
package_show(const struct package *p, uint64_t now, struct buf *b)
{
	static const char *const bodies[] = { "unknown", "down", "starting", "adopting",
		"probing", "starting", "up", "stopping", "stopping", "stopping",
		"stuck", "maint" };
	static const char *const scripts[] = { "-", "start", "stop", "status",
		"fence" };
	uint64_t end = p->t0 + (p->armed ? p->force.soft : p->settings.deadlines.soft);
	char note[3 * LEASE_NOTE + 1];

	*text_put_quoted(note, p->why) = '\0';
	return buf_fmt(b,
	    "package=%s node=%s holds=%s epoch=%llu here=%s script=%s armed=%s "
	    "lease=%llu fails=%u/%u note=%s\n",
	    p->name, p->node, p->hold == HOLD_MINE ? "yes" : "no",
	    (unsigned long long)p->epoch, bodies[p->body], scripts[p->script],
	    p->armed ? "yes" : "no",
	    (unsigned long long)(p->hold == HOLD_MINE && end > now ? (end - now) / MS :
								     0),
	    p->fails, p->settings.restarts, note);
}

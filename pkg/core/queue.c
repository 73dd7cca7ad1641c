/*
 * queue.c - actions on their way out, and the questions to the store among them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "text.h"

static const char *const verbs[] = { "", "start", "stop", "status", "fence" };

/* Where s begins in p->text: SIZE_MAX if there is none, or no memory. */
static size_t
keep(struct package *p, const char *s)
{
	size_t at = p->text.len;

	if (s == NULL)
		return SIZE_MAX;
	if (buf_add(&p->text, s, strlen(s) + 1) == -1) {
		p->no_memory = 1;
		return SIZE_MAX;
	}
	return at;
}

struct action *
act(struct package *p, enum action_kind kind, const char *text, const char *arg)
{
	struct queued *more, *q;

	if (p->queued == p->room) {
		more = realloc(p->queue, (p->room * 2 + 8) * sizeof(*more));
		if (more == NULL) {
			p->no_memory = 1;
			return &p->spare;
		}
		p->queue = more;
		p->room = p->room * 2 + 8;
	}
	q = &p->queue[p->queued++];
	memset(&q->a, 0, sizeof(q->a));
	q->a.kind = kind;
	q->text = keep(p, text);
	q->a.length = text == NULL ? 0 : strlen(text);
	q->arg = keep(p, arg);
	return &q->a;
}

void
act_log(struct package *p, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)act(p, ACTION_LOG, line, NULL);
}

void
act_close(struct package *p, uint64_t epoch)
{
	if (epoch <= p->closed)
		return;
	p->closed = epoch;
	act(p, ACTION_CLOSE, NULL, NULL)->number = epoch;
}

/* Who comes after the death of both guard and monitor has no other way to know. */
void
act_here(struct package *p, uint64_t epoch, int maint)
{
	struct action *a;

	if (epoch == p->here && maint == p->here_maint)
		return;
	p->here = epoch;
	p->here_maint = maint;
	a = act(p, ACTION_HERE, NULL, NULL);
	a->number = epoch;
	a->maint = maint;
}

void
act_guard(struct package *p, enum guard_verb verb)
{
	struct action *a = act(p, ACTION_GUARD, NULL, NULL);

	a->guard = verb;
	a->epoch = p->epoch;
	a->t0 = p->t0;
}

void
act_arm(struct package *p, uint64_t t0, const struct deadlines *d)
{
	struct action *a;

	act_here(p, p->epoch, 0);
	a = act(p, ACTION_GUARD, NULL, NULL);
	a->guard = GUARD_ARM;
	a->epoch = p->epoch;
	a->t0 = t0;
	a->deadlines = *d;
	p->arming = 1;
	p->armed_t0 = t0;
	p->asked = *d;
	p->told = 1;
	text_copy(p->watchdog, sizeof(p->watchdog), p->settings.watchdog);
	p->reboot = p->settings.reboot;
}

void
act_disarm(struct package *p)
{
	act_guard(p, GUARD_DISARM);
	p->armed = 0;
	p->arming = 1;
}

void
act_run(struct package *p, enum script script, const char *arg, uint64_t timeout,
    uint64_t until)
{
	struct action *a = act(p, ACTION_RUN, verbs[script], arg);

	a->timeout = timeout;
	a->until = until;
	p->script = script;
	p->cutting = 0;
	p->said[0] = '\0';
	p->changed = 1;
}

void
act_cut(struct package *p)
{
	if (p->script == SCRIPT_NONE || p->cutting)
		return;
	p->cutting = 1;
	(void)act(p, ACTION_CUT, NULL, NULL);
}

struct buf *
ask_open(struct package *p, enum slot slot)
{
	struct action *a = act(p, ACTION_ASK, NULL, NULL);

	p->ask[slot].number = a->number = ++p->asks;
	p->ask[slot].sent = p->now;
	if (!p->no_memory)
		p->queue[p->queued - 1].text = p->text.len;
	return &p->text;
}

void
ask_send(struct package *p)
{
	struct queued *q;

	if (p->no_memory)
		return;
	q = &p->queue[p->queued - 1];
	q->a.length = p->text.len - q->text;
	if (buf_add(&p->text, "", 1) == -1)
		p->no_memory = 1;
}

void
ask_get(struct package *p, enum slot slot, const char *key, const char *sub)
{
	struct buf *b = ask_open(p, slot);

	if (buf_str(b, "get pkg/") == -1 || buf_str(b, p->name) == -1 ||
	    buf_str(b, key) == -1 || buf_str(b, sub) == -1)
		p->no_memory = 1;
	ask_send(p);
}

int
package_next(struct package *p, struct action *a)
{
	const char *text = buf_head(&p->text);
	const struct queued *q;

	if (p->no_memory && !p->over) {
		memset(a, 0, sizeof(*a));
		a->kind = ACTION_LEAVE;
		a->status = 74;
		p->over = 1;
		return 1;
	}
	if (p->no_memory || p->taken == p->queued)
		return 0;
	q = &p->queue[p->taken++];
	*a = q->a;
	a->text = q->text == SIZE_MAX ? "" : text + q->text;
	a->arg = q->arg == SIZE_MAX ? NULL : text + q->arg;
	return 1;
}

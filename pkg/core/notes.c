/*
 * notes.c - what people read: this node's note, and the events.
 *
 * No decision of anybody's safety rests on them.  An event's number is counted
 * by compare-and-set, so that each has one of its own; those that are EVENT_RING older
 * go.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/num.h"
#include "core/words.h"
#include "inside.h"
#include "text.h"

#define NOTE_EVERY (10 * SECOND)

enum event_stage { EVENT_READ, EVENT_COUNT, EVENT_WRITE, EVENT_DROP };

void
notes_event(struct package *p, const char *fmt, ...)
{
	struct event_queue *e = &p->events;
	char what[EVENT_TEXT / 2];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	act_log(p, "%s", what);
	if (e->n == EVENTS_MAX) {
		/* The store is away: the newest are worth more; the first may be on its way. */
		memmove(e->text[1], e->text[2], (EVENTS_MAX - 2) * sizeof(e->text[0]));
		e->n--;
	}
	(void)snprintf(e->text[e->n++], EVENT_TEXT, "%llu %s %s",
	    (unsigned long long)p->wall, p->node, what);
	p->changed = 1;
}

/* The next question that the first event needs. */
static void
event_step(struct package *p)
{
	struct event_queue *e = &p->events;
	struct buf *b;
	int r = 0;

	if (e->n == 0 || p->ask[SLOT_EVENT].number != 0 ||
	    !due(p, p->ask[SLOT_EVENT].due))
		return;
	if (e->stage == EVENT_READ) {
		ask_get(p, SLOT_EVENT, "/event/last", "");
		return;
	}
	b = ask_open(p, SLOT_EVENT);
	if (e->stage == EVENT_COUNT && e->counted)
		r = buf_fmt(b, "if pkg/%s/event/last = %llu set %llu", p->name,
		    (unsigned long long)e->last, (unsigned long long)e->last + 1);
	else if (e->stage == EVENT_COUNT)
		r = buf_fmt(b, "if pkg/%s/event/last absent set 1", p->name);
	else if (e->stage == EVENT_DROP)
		r = buf_fmt(b, "unset pkg/%s/event/%06llu", p->name,
		    (unsigned long long)(e->gone + 1 - EVENT_RING));
	else if (buf_fmt(b, "set pkg/%s/event/%06llu ", p->name,
		     (unsigned long long)e->last) == -1 ||
	    words_put(b, e->text[0], strlen(e->text[0])) == -1)
		r = -1;
	if (r == -1)
		p->no_memory = 1;
	ask_send(p);
}

static void
event_done(struct event_queue *e)
{
	e->n--;
	memmove(e->text[0], e->text[1], e->n * sizeof(e->text[0]));
	/* The number is known: the next event needs no reading, unless others write. */
	e->stage = EVENT_COUNT;
}

void
event_answer(struct package *p, int status, const char *value, size_t n)
{
	struct event_queue *e = &p->events;

	p->changed = 1;
	if (status > 1) {
		/* Not known whether it was counted: a number may be left out. */
		p->ask[SLOT_EVENT].due = p->now + SECOND;
		if (e->stage == EVENT_COUNT)
			e->stage = EVENT_READ;
		return;
	}
	if (e->n == 0)
		return;
	switch (e->stage) {
	case EVENT_READ:
		e->counted = status == 0;
		e->last = 0;
		if (e->counted && num_u64(value, n, UINT64_MAX / 2, &e->last) == -1)
			e->n = 0; /* not ours to mend */
		e->stage = EVENT_COUNT;
		break;
	case EVENT_COUNT:
		e->stage = status == 0 ? EVENT_WRITE : EVENT_READ;
		if (status == 0)
			e->last++;
		e->counted = 1;
		break;
	case EVENT_WRITE:
		e->stage = EVENT_DROP;
		/* Numbers that were left out push one out, too; others' are others' care. */
		if (e->gone >= e->last || e->last - e->gone > EVENTS_MAX)
			e->gone = e->last - 1;
		if (e->gone < EVENT_RING)
			e->gone = e->last < EVENT_RING ? e->last : EVENT_RING;
		break;
	default:
		e->gone++;
		break;
	}
	if (e->stage == EVENT_DROP && e->gone == e->last)
		event_done(e);
}

/* What this node's note is to say. */
static void
note_now(struct package *p, struct node_note *n)
{
	memset(n, 0, sizeof(*n));
	if (p->leaving && p->hold == HOLD_NONE &&
	    (p->body == BODY_NONE || p->body == BODY_MAINT))
		n->state = NODE_LEFT;
	else if (p->hold != HOLD_NONE || p->body == BODY_MAINT)
		n->state = NODE_OWNER;
	else if (p->body != BODY_NONE)
		n->state = NODE_UNCLEAN;
	else
		n->state = node_has_failed(p) ? NODE_FAILED : NODE_STANDBY;
	text_copy(n->boot, sizeof(n->boot), p->boot);
	n->fails = p->fails;
	n->restarts = p->settings.restarts;
	if (p->seen.sound) {
		n->epoch = p->seen.v.epoch;
		n->seq = p->seen.v.seq;
	}
	if (p->failed_until > p->now)
		n->until = p->wall + (p->failed_until - p->now) / SECOND;
	if (n->state == NODE_FAILED || n->state == NODE_UNCLEAN || p->stuck)
		text_copy(n->note, sizeof(n->note), p->why);
}

static int
note_differs(const struct node_note *a, const struct node_note *b)
{
	return a->state != b->state || a->fails != b->fails ||
	    (a->until == 0) != (b->until == 0);
}

static void
note_step(struct package *p)
{
	struct node_note n;
	char text[WANT_TEXT];
	struct buf *b;
	size_t len;

	if (!p->has_self || p->ask[SLOT_NOTE].number != 0 || p->body == BODY_UNKNOWN)
		return;
	note_now(p, &n);
	if (!note_differs(&n, &p->noted) && !due(p, p->note_due))
		return;
	p->noted = n;
	p->note_due = p->now + NOTE_EVERY;
	len = node_print(&n, text);
	b = ask_open(p, SLOT_NOTE);
	if (buf_fmt(b, "set pkg/%s/node/%s ", p->name, p->node) == -1 ||
	    words_put(b, text, len) == -1)
		p->no_memory = 1;
	ask_send(p);
}

/* What this node said of itself before: its failures count on. */
void
notes_self(struct package *p, int status, const char *value, size_t n)
{
	struct node_note note;
	uint64_t left;

	if (status > 1)
		return;
	p->has_self = p->changed = 1;
	if (status == 1 || node_parse(&note, value, n) == -1)
		return;
	while (p->fails < note.fails && p->fails < FAILS_MAX)
		p->fail[p->fails++] = p->now;
	if (note.until <= p->wall)
		return;
	left = (note.until - p->wall) * SECOND;
	if (left > p->settings.restart_window)
		left = p->settings.restart_window;
	p->failed_until = p->now + left;
	text_copy(p->why, sizeof(p->why), note.note);
}

void
notes_step(struct package *p)
{
	event_step(p);
	note_step(p);
}

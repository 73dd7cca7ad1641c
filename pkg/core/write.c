/*
 * write.c - the lease: what this host reads of it, and writes, and what it may
 * count on.
 *
 * Every write is a compare-and-set from exactly the value seen to one that nobody
 * has ever written: instance and seq make it one of a kind.  So a write whose answer is
 * lost may be carried out late, and is known again when it is read.
 */
#include <string.h>

#include "core/words.h"
#include "inside.h"
#include "text.h"

#define PACE (200 * MS) /* before the store is asked again for what it refused */

int
lease_is_ours(const struct package *p)
{
	const struct lease *v = &p->seen.v;

	return p->seen.sound && (lease_is_held(v) || lease_needs_proof(v)) &&
	    strcmp(v->owner, p->node) == 0 && strcmp(v->boot, p->boot) == 0;
}

void
lease_is_twins(struct package *p)
{
	if (p->twin != p->seen.v.epoch)
		act_log(p,
		    "%s holds the lease through another monitor, which may still run: "
		    "waits; is pkg in two directories here?",
		    p->node);
	p->twin = p->seen.v.epoch;
}

/* What is begun now has at least half of T_soft. */
int
lease_is_fresh(const struct package *p)
{
	return p->hold == HOLD_MINE && p->t0 != 0 &&
	    p->now < p->t0 + p->settings.deadlines.soft / 2;
}

int
lease_is_still(struct package *p)
{
	return due(p, p->seen.at + 2 * p->settings.renew + SECOND);
}

int
lease_is_past(struct package *p)
{
	return due(p, p->seen.at + lease_wait(&p->seen.v));
}

uint64_t
lease_patience(const struct package *p)
{
	return p->settings.deadlines.soft / 3;
}

/* What the value is to say. */
static enum lease_state
state_here(const struct package *p)
{
	if (p->stuck)
		return LEASE_STUCK;
	switch (p->body) {
	case BODY_UP:
		if (p->want.maint && !p->leaving)
			return LEASE_MAINT;
		return p->degraded ? LEASE_DEGRADED : LEASE_RUNNING;
	case BODY_STOP:
	case BODY_KILL:
	case BODY_VERIFY:
	case BODY_STUCK:
		return LEASE_STOPPING;
	default:
		return LEASE_STARTING;
	}
}

/* Others must wait for the longer of what guard has in force and what it will have. */
static uint64_t
limit_here(const struct package *p)
{
	uint64_t limit = deadlines_limit(&p->settings.deadlines), force;

	if (!p->armed && !p->arming)
		return limit;
	force = deadlines_limit(&p->force);
	if (p->arming && deadlines_limit(&p->asked) > force)
		force = deadlines_limit(&p->asked);
	return force > limit ? force : limit;
}

/* Sends what p->write.v has become of the value seen. */
static void
write_send(struct package *p, enum purpose purpose)
{
	struct writing *w = &p->write;
	struct lease *v = &w->v;
	struct buf *b;

	text_copy(v->owner, sizeof(v->owner), p->node);
	text_copy(v->boot, sizeof(v->boot), p->boot);
	v->instance = p->instance;
	if (v->seq > p->writes)
		p->writes = v->seq;
	v->seq = ++p->writes;
	if (!p->seen.present || v->state != p->seen.v.state ||
	    v->epoch != p->seen.v.epoch)
		v->since = p->wall;
	w->len = lease_print(v, w->text);
	w->purpose = purpose;
	w->busy = 1;
	w->back = 0;
	w->t0 = p->sent = p->now;
	p->changed = 1;

	p->ask[SLOT_LEASE].number = 0; /* its answer may be older than this one's */
	b = ask_open(p, SLOT_WRITE);
	if (buf_str(b, "if pkg/") == -1 || buf_str(b, p->name) == -1 ||
	    buf_str(b, p->seen.present ? "/lease = " : "/lease absent") == -1 ||
	    (p->seen.present && words_put(b, p->seen.text, p->seen.len) == -1) ||
	    buf_str(b, " set ") == -1 || words_put(b, w->text, w->len) == -1)
		p->no_memory = 1;
	ask_send(p);
}

/* A new epoch, from the value seen. */
void
lease_take(struct package *p)
{
	struct lease *v = &p->write.v;
	uint64_t before = p->seen.v.epoch; /* 0 if there was never one */

	memset(v, 0, sizeof(*v));
	v->epoch = (before > p->closed ? before : p->closed) + 1;
	v->state = LEASE_STARTING;
	v->limit = limit_here(p);
	text_copy(v->to, sizeof(v->to), "-");
	write_send(p, WRITE_TAKE);
}

/* One more thing for people to know, as far as there is room. */
static void
note_add(char note[LEASE_NOTE + 1], const char *what)
{
	size_t n = strlen(note);

	if (n > 0 && what[0] != '\0')
		text_copy(note + n, LEASE_NOTE + 1 - n, "; ");
	n = strlen(note);
	text_copy(note + n, LEASE_NOTE + 1 - n, what);
}

static void
renew(struct package *p)
{
	struct lease *v = &p->write.v;

	*v = p->seen.v;
	v->note[0] = '\0';
	v->state = state_here(p);
	v->limit = limit_here(p);
	text_copy(v->to, sizeof(v->to), "-");
	note_add(v->note, p->unwatched);
	if (p->stuck || p->degraded)
		note_add(v->note, p->why);
	write_send(p, WRITE_RENEW);
}

static void
give(struct package *p)
{
	struct lease *v = &p->write.v;

	*v = p->seen.v;
	v->state = p->give.state;
	text_copy(v->to, sizeof(v->to), p->give.to);
	text_copy(v->note, sizeof(v->note), p->give.note);
	write_send(p, WRITE_GIVE);
}

/* The lease is another's, or nobody's: what runs here has no right to. */
static void
lost(struct package *p)
{
	p->hold = HOLD_NONE;
	p->give.on = 0;
	p->t0 = 0;
	p->changed = 1;
	if (p->body == BODY_NONE)
		return;
	notes_event(p, "lost the lease of epoch %llu to %s: what runs here is killed",
	    (unsigned long long)p->epoch, p->seen.sound ? p->seen.v.owner : "nobody");
	p->late = 1;
	body_kill(p, 1);
}

/* It runs with no guard from here on. */
static void
maint_begin(struct package *p)
{
	notes_event(p, "maintenance: runs unguarded, and nobody takes it over");
	p->hold = HOLD_NONE;
	p->t0 = 0;
	p->body = BODY_MAINT;
	act_cut(p);
	act_here(p, p->epoch, 1);
	act_disarm(p);
}

/* The write took place, and is what the store holds. */
static void
acknowledged(struct package *p)
{
	struct writing *w = &p->write;

	w->busy = 0;
	p->changed = 1;
	if (w->purpose == WRITE_GIVE) {
		notes_event(p, "is %s here%s%s", lease_state_name(w->v.state),
		    w->v.note[0] == '\0' ? "" : ": ", w->v.note);
		p->hold = HOLD_NONE;
		p->give.on = 0;
		p->t0 = 0;
		p->not_before = p->now + LEASE_SHIFT;
		return;
	}
	if (w->purpose == WRITE_TAKE) {
		p->epoch = w->v.epoch;
		p->t0 = 0;
	}
	p->hold = HOLD_MINE;

	/* "A renewal counts from the clock as it was before its first sending." */
	if (w->t0 > p->t0)
		p->t0 = w->t0;
	if (w->v.state == LEASE_MAINT && p->body == BODY_UP)
		maint_begin(p);
	else if (p->armed)
		act_guard(p, GUARD_RENEWED);
}

/* Makes the bytes the value seen. */
static void
seen_set(struct package *p, const char *text, size_t n, int present)
{
	struct seen *s = &p->seen;

	if (s->known && s->present == present && s->len == n &&
	    memcmp(s->text, text, n) == 0)
		return;
	if (s->present && !present)
		s->vanished = 1;
	s->known = 1;
	s->present = present;
	s->at = p->now;
	s->len = n < sizeof(s->text) ? n : 0;
	memcpy(s->text, text, s->len);
	if (present)
		s->vanished = 0;
	/* Of one that has vanished v stays: its limit is how long others wait. */
	s->sound = s->len > 0 && lease_parse(&s->v, s->text, s->len) == 0;
	p->changed = 1;
	if (present && !s->sound)
		act_log(p, "cannot understand pkg/%s/lease: nobody may take it over",
		    p->name);
	if (p->hold == HOLD_NONE && !p->write.busy && lease_is_ours(p) &&
	    p->seen.v.seq > p->writes)
		p->writes = p->seen.v.seq;
}

void
lease_see(struct package *p, const char *value, size_t n, int present)
{
	struct writing *w = &p->write;

	seen_set(p, value, n, present);
	if (w->busy) {
		w->busy = 0;
		p->changed = 1;
		if (present && n == w->len && memcmp(value, w->text, n) == 0) {
			acknowledged(p);
			return;
		}
		p->sent = p->t0; /* so the next one is due, if it was a renewal */
	}
	if (p->hold == HOLD_NONE) {
		if (p->body == BODY_MAINT &&
		    (!lease_is_ours(p) || p->seen.v.epoch != p->epoch))
			lost(p);
		return;
	}
	if (!present || !lease_is_ours(p) || p->seen.v.epoch != p->epoch ||
	    (p->hold == HOLD_MINE && p->seen.v.instance != p->instance))
		lost(p);
	else if (p->seen.v.seq > p->writes)
		p->writes = p->seen.v.seq;
}

void
lease_answer(struct package *p, int status)
{
	struct writing *w = &p->write;

	if (!w->busy)
		return;
	if (status == 0) {
		seen_set(p, w->text, w->len, 1);
		acknowledged(p);
	} else if (status == 69) {
		/* Nothing was changed. */ w->busy = 0;
		p->sent = p->t0;
		p->write_at = p->now + PACE;
		p->changed = 1;
	} else {
		/* "Outcome unknown: read back before anything is started." */
		w->back = 1;
		p->ask[SLOT_LEASE].due = status == 1 ? p->now : p->now + PACE / 2;
		p->changed = 1;
	}
}

/* What is left here and may not be dead holds others off, as far as they let it. */
static void
left_hold(struct package *p)
{
	if (!p->left || p->hold != HOLD_NONE || p->write.busy || !p->has_conf ||
	    !lease_is_ours(p) || p->seen.v.epoch != p->here)
		return;
	p->hold = HOLD_ADOPT;
	p->stuck |= p->seen.v.state == LEASE_STUCK;
	p->changed = 1;
}

/* Sends what is due of a lease that is this host's. */
void
lease_step(struct package *p)
{
	struct writing *w = &p->write;

	if (w->busy && !w->back && due(p, w->t0 + lease_patience(p))) {
		p->ask[SLOT_WRITE].number = 0; /* its answer says nothing any more */
		lease_answer(p, 75);
	}
	left_hold(p);
	if (w->busy || p->hold == HOLD_NONE)
		return;
	if (p->hold == HOLD_ADOPT) {
		if ((p->armed || p->left) && due(p, p->write_at))
			renew(p);
		return;
	}
	if (!due(p, p->write_at))
		return;
	if (p->body == BODY_NONE && p->give.on) {
		give(p);
		return;
	}
	if (p->body == BODY_NONE && p->epoch <= p->closed) {
		/* Nothing starts in a closed epoch: the next one is this host's too. */
		lease_take(p);
		return;
	}
	if (p->seen.v.state != state_here(p) || p->seen.v.limit != limit_here(p) ||
	    due(p, p->sent + p->settings.renew))
		renew(p);
}

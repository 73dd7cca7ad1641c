/*
 * store.c - what is read of the store, and how often.
 */
#include <string.h>

#include "inside.h"

#define CONF_EVERY (2 * SECOND)

/*
 * 1 if the slot is free and its time has come.  For the lease no answer is waited for
 * too long: there must be time for another way.
 */
static int
slot_due(struct package *p, enum slot slot)
{
	if (p->ask[slot].number != 0 &&
	    (slot != SLOT_LEASE || !due(p, p->ask[slot].sent + lease_patience(p))))
		return 0;
	return due(p, p->ask[slot].due);
}
static void
poll(struct package *p, enum slot slot, const char *key, const char *sub,
    uint64_t every)
{
	if (!slot_due(p, slot))
		return;
	p->ask[slot].due = p->now + every;
	ask_get(p, slot, key, sub);
}

void
store_step(struct package *p)
{
	uint64_t every = p->settings.poll;

	poll(p, SLOT_CONF, "/conf", "", CONF_EVERY);
	poll(p, SLOT_WANT, "/want", "", every);
	if (!p->has_self)
		poll(p, SLOT_SELF, "/node/", p->node, every);
	if (p->hold == HOLD_MINE && p->body == BODY_UP)
		poll(p, SLOT_ORDER, "/order", "", every);

	/* A read that was asked before a write's answer would show the value before it. */
	if (p->write.busy ? p->write.back : p->hold != HOLD_MINE)
		poll(p, SLOT_LEASE, "/lease", "", every);
}

static void
conf_see(struct package *p, const char *value, size_t n)
{
	struct settings s = { 0 };
	struct buf why = { 0 };

	if (p->conf.len == n &&
	    (n == 0 ? p->has_conf : memcmp(buf_head(&p->conf), value, n) == 0))
		return;
	buf_cut(&p->conf, 0);
	if (buf_add(&p->conf, value, n) == -1)
		p->no_memory = 1;
	if (settings_parse(&s, value, n, &why) == 0) {
		p->settings = s;
		p->has_conf = 1;
		p->changed = 1;
	} else {
		act_log(p,
		    "cannot use the settings in the store: %.*s; run ./pkg init %s",
		    (int)why.len, buf_head(&why), p->name);
	}
	buf_free(&why);
}

static void
want_see(struct package *p, const char *value, size_t n)
{
	struct want w;

	if (p->has_want && n == p->want_len && memcmp(value, p->want_text, n) == 0)
		return;
	if (n > sizeof(p->want_text) || want_parse(&w, value, n) == -1) {
		act_log(p, "cannot understand pkg/%s/want: it stays as it was",
		    p->name);
		return;
	}
	memcpy(p->want_text, value, n);
	p->want_len = n;
	if (p->has_want && strcmp(w.clear, p->want.clear) != 0)
		fails_forget(p);
	p->want = w;
	p->has_want = 1;
	p->changed = 1;
}

void
store_answer(struct package *p, enum slot slot, int status, const char *value, size_t n)
{
	if (status != 0)
		n = 0;
	switch (slot) {
	case SLOT_CONF:
		if (status == 0)
			conf_see(p, value, n);
		else if (status == 1 && !p->has_conf)
			act_log(p, "pkg/%s/conf is not there: run ./pkg init %s",
			    p->name, p->name);
		break;
	case SLOT_WANT:
		if (status <= 1)
			want_see(p, value, n);
		break;
	case SLOT_LEASE:
		if (status <= 1)
			lease_see(p, value, n, status == 0);
		break;
	case SLOT_ORDER:
		order_see(p, status, value, n);
		break;
	case SLOT_SELF:
		notes_self(p, status, value, n);
		break;
	case SLOT_PEER:
		peer_see(p, status, value, n);
		break;
	case SLOT_WRITE:
		lease_answer(p, status);
		break;
	case SLOT_TAKEN:
		order_taken(p, status);
		break;
	case SLOT_NOTE:
		if (status != 0)
			p->note_due = p->now + SECOND;
		else
			p->left_noted = p->noted.state == NODE_LEFT;
		break;
	case SLOT_EVENT:
		event_answer(p, status, value, n);
		break;
	case SLOTS:
		break;
	}
}

/*
 * held.c - what all clients together hold of the leader's memory.
 *
 * Each alone has its bounds; these are for thousands.  Beyond HELD_MAX who holds
 * little goes on as ever, and who holds much waits: unfinished lines are read one
 * at a time, the oldest first, and large answers wait until others have been
 * taken.  Who could go on meanwhile, and does not, is cut off.  Nor is a turn given
 * to large answers alone, for followers are to hear of this leader meanwhile.
 */
#include "inside.h"

#define HELD_MAX (64u * 1024 * 1024)  /* bytes of input, and as many of output */
#define PACE     (64u * 1024)         /* bytes that are to come, or to be taken, */
#define PATIENCE UINT64_C(1000000000) /* in so many ns */
#define KEPT     (256u * 1024)        /* bytes that an empty buffer may keep */
#define TURN     (1024u * 1024)       /* bytes of large answers in a turn */

static int
tight_in(const struct lead *l)
{
	return l->held_in > HELD_MAX;
}

int
clients_tight(const struct lead *l)
{
	return l->held_out > HELD_MAX;
}

void
client_weigh(struct lead *l, struct client *c)
{
	const size_t in = c->in.cap + c->slot_cap * sizeof(*c->slot) + c->texts;

	l->held_in = l->held_in - c->held_in + in;
	l->held_out = l->held_out - c->held_out + c->out.cap;
	c->held_in = in;
	c->held_out = c->out.cap;
}

void
client_leaves(struct lead *l, const struct client *c)
{
	l->held_in -= c->held_in;
	l->held_out -= c->held_out;
	if (l->favoured == c)
		l->favoured = NULL;
}

void
client_spare(struct lead *l, struct client *c)
{
	const size_t kept = tight_in(l) || clients_tight(l) ? LITTLE : KEPT;

	if (c->in.len == 0 && c->in.cap > kept)
		buf_free(&c->in);
	if (c->out.len == 0 && c->out.cap > kept)
		buf_free(&c->out);
	if (c->slots == 0 && c->slot_cap * sizeof(*c->slot) > kept)
		slots_free(c);
	client_weigh(l, c);
}

void
client_line(struct lead *l, struct client *c)
{
	c->line = ++l->lines;
	if (l->favoured == c)
		l->favoured = NULL;
}

/* What it has sent, and could finish. */
static int
unfinished(const struct client *c)
{
	return !c->closing && c->slots == 0 && c->in.len >= LITTLE;
}

int
clients_put_off(struct lead *l)
{
	if (!clients_tight(l) && l->told < TURN)
		return 0;
	l->tight_out = 1;
	return 1;
}

int
clients_resume(const struct lead *l)
{
	return (l->tight_in && !tight_in(l)) || (l->tight_out && !clients_tight(l));
}

static size_t
room_in(struct lead *l, const struct client *c)
{
	if (!tight_in(l) || c == l->favoured)
		return PACE;
	l->tight_in = 1;
	return c->in.len + c->slots * sizeof(*c->slot) + c->texts < LITTLE ? LITTLE : 0;
}

size_t
lead_client_room(struct lead *l, struct client *c)
{
	const size_t room = room_in(l, c);

	c->paused = room == 0;
	return room;
}

size_t
client_room_out(const struct lead *l, const struct client *c, size_t most)
{
	if (clients_tight(l))
		most = LITTLE;
	return c->out.len < most ? most - c->out.len : 0;
}

/* Since it was last looked at, has it taken next to nothing? */
static int
output_stands(const struct client *c)
{
	return c->out_seen >= LITTLE && c->out.len >= LITTLE &&
	    c->out.len + PACE > c->out_seen;
}

/* Has next to nothing come, though it was read from? */
static int
input_stands(const struct client *c)
{
	return c->in_seen >= LITTLE && !c->paused && unfinished(c) &&
	    c->in.len < c->in_seen + PACE;
}

/* Cuts it off if it stands still where it is tight: 1 if it was. */
static int
judge(struct lead *l, struct client *c, int in, int out)
{
	struct waiter w;

	if (out && output_stands(c)) {
		/* There is no way to tell it. */
		buf_free(&c->out);
		client_doom(l, c);
		return 1;
	}
	if (!in || !input_stands(c))
		return 0;
	c->closing = 1;
	buf_free(&c->in);
	if (slot_add(c, &w) == 0)
		answer_text(l, &w, EXIT_DISK,
		    "too many unfinished requests fill the leader's memory");
	client_ready(l, c);
	return 1;
}

/* Looks at all clients; at times also at what has moved since. */
static void
look(struct lead *l, int judges)
{
	const int in = tight_in(l), out = clients_tight(l), tight = in || out;
	struct client *c, *oldest = NULL;
	size_t i, slow = 0;

	for (i = 0; i < l->clients; i++) {
		c = l->client[i];
		if (c == NULL || c->doomed)
			continue;
		if (judges)
			slow += (size_t)judge(l, c, in, out);
		client_spare(l, c);
		if (judges || !tight) {
			c->out_seen = tight ? c->out.len : 0;
			c->in_seen = tight && !c->paused ? c->in.len : 0;
		}
		if (c->paused && room_in(l, c) > 0) {
			c->paused = 0;
			client_ready(l, c);
		} else if (l->tight_out && !out)
			client_ready(l, c); /* its answers go on */
		if (c->paused && unfinished(c) &&
		    (oldest == NULL || c->line < oldest->line))
			oldest = c;
	}
	if (slow > 0)
		note(l->st->os, l->term,
		    "lead: clients that stood still while all held too much were cut "
		    "off: %zu",
		    slow);
	if (l->favoured == NULL && oldest != NULL) {
		l->favoured = oldest;
		oldest->paused = 0;
		client_ready(l, oldest);
	}
	l->tight_in = in;
	l->tight_out = out;
}

void
clients_look(struct lead *l, uint64_t now)
{
	const int tight = tight_in(l) || clients_tight(l);
	const int judges = tight && now - l->judged_at >= PATIENCE;

	l->told = 0;
	if (tight || l->tight_in || l->tight_out)
		look(l, judges);
	if (judges)
		l->judged_at = now;
}

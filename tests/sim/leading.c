/*
 * leading.c - a lead at work, as its main() drives it: input from streams and
 * clients, lead_begin, what goes out, lead_finish, what goes out then; and
 * role/leader's part, which keeps a stream to every peer.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/frame.h"
#include "leading.h"
#include "os/os.h"
#include "queue.h"
#include "sim.h"
#include "step/step.h"
#include "watched.h"

#define FIRST_QUORUM (6 * SECOND) /* five on its own clock */

static void dial(void *arg, uint64_t number);

/* --- the end -------------------------------------------------------------- */

static void
strand_gone(struct strand *s, int silently)
{
	if (s->channel != NULL)
		channel_close(s->channel, silently);
	s->channel = NULL;
	s->stream = NULL;
}

/* The process is gone: its sockets close, unless its host has vanished. */
static void
gone(struct leading *g, int silently)
{
	size_t i;

	g->os = NULL;
	g->lead = NULL;
	if (g->node->leading == g)
		g->node->leading = NULL;
	for (i = 0; i < config.nodes; i++) {
		strand_gone(&g->link[i].first, silently);
		strand_gone(&g->link[i].own, silently);
	}
	clients_lose(g);
}

/* The role waits for its lead, and then follows. */
static void
role_follows(struct node *n, const char *why)
{
	if (n->role != ROLE_LEADER)
		return;
	story("%s leads no more: %s", n->name, why);
	node_step_down(n);
}

struct handover {
	struct node *to;
	struct os *os;
	struct buf bytes;
	int result;
};

static void
handover_work(void *arg)
{
	struct handover *h = arg;
	struct state *st;
	struct frame f;
	const char *why;
	size_t used;

	h->result = -1;
	if (frame_parse(buf_head(&h->bytes), h->bytes.len, &f, &used, &why) != 1)
		violation("FRAME", "a handover is no frame: %s", why);
	if ((st = node_state(h->os)) == NULL)
		return;
	h->result = vote_handover(st, &f);
	state_close(st);
}

static void
handover_arrives(void *arg, uint64_t number)
{
	struct handover *h = arg;
	struct node *n = h->to;
	struct os *os;

	if (n->shell == NULL || node_later(n, NULL, handover_arrives, h, number))
		return;
	h->os = os = task_new(n->machine, "handover");
	if (node_works(n, os, WORK_VOTE, handover_work, h) == RAN)
		task_end(os);
}

static void
hand_over(struct leading *g)
{
	struct handover *h = sim_alloc(sizeof(*h));
	struct frame f;
	const char *why;
	uint64_t delay;
	size_t used;

	if (lead_handover(g->lead, &h->bytes) != 1)
		return;
	if (frame_parse(buf_head(&h->bytes), h->bytes.len, &f, &used, &why) != 1)
		violation("FRAME", "a handover is no frame: %s", why);
	h->to = node_by_name(f.to.name);
	story("%s hands over to %s", g->node->name, h->to->name);
	delay = net_delay(g->node->number, h->to->number);
	if (delay > 0)
		queue_in(delay, handover_arrives, h, 0);
	if (delay > 0 && net_twice())
		queue_in(delay + seed_below(SECOND), handover_arrives, h, 0);
}

/* It has ended by itself: answers what waits, hands over, and exits. */
static void
ends(struct leading *g, const char *why)
{
	struct node *n = g->node;
	struct os *os = g->os;

	if (g->next == LEAD_DONE)
		hand_over(g);
	lead_dismiss(g->lead);
	clients_output(g);
	gone(g, 0);
	task_end(os);
	role_follows(n, why);
}

static void
leads_again(void *arg, uint64_t epoch)
{
	struct node *n = arg;

	if (node_later(n, NULL, leads_again, n, epoch))
		return;
	if (n->epoch == epoch && n->role == ROLE_LEADER && n->leading == NULL)
		leading_begin(n);
}

void
leading_cut_short(struct leading *g, enum ended how)
{
	struct node *n = g->node;

	if (how == POWERED_OFF)
		return; /* leading_power_off has seen to it */
	/* What it wrote to run/commit_index before, others may read. */
	check_committed(n->number, g->lead->term, g->lead->commit);
	gone(g, 0);
	/* A role that began its lead anew would be wrong, and must be harmless. */
	if (trouble && n->role == ROLE_LEADER && seed_odds(150))
		queue_in(seed_below(50 * MILLI), leads_again, n, n->epoch);
	else
		role_follows(n, "killed");
}

void
leading_power_off(struct node *n)
{
	if (n->leading != NULL)
		gone(n->leading, 1);
}

void
leading_kill(struct node *n)
{
	struct leading *g = n->leading;

	if (g == NULL)
		return;
	story("%s's lead is killed", n->name);
	task_end(g->os);
	gone(g, 0);
	role_follows(n, "killed");
}

void
leading_freeze(struct node *n, uint64_t until)
{
	if (n->leading == NULL)
		return;
	story("%s's lead is frozen", n->name);
	n->leading->frozen = until;
}

/* --- a turn --------------------------------------------------------------- */

static void
begin_work(void *arg)
{
	struct leading *g = arg;

	/* The role was killed: nobody else would end this (lead/main.c). */
	if (state_running(g->st) != g->role)
		g->next = LEAD_DOWN;
	else
		g->next = lead_begin(g->lead);
}

static void
finish_work(void *arg)
{
	struct leading *g = arg;

	g->next = lead_finish(g->lead);
}

static void
strand_close(struct strand *s)
{
	struct link *l = s->link;

	lead_stream_close(l->leading->lead, s->stream);
	strand_gone(s, 0);
	if (s == &l->own)
		queue_in(seed_range(100, 400) * MILLI, dial, l, 0);
}

static void
strand_output(struct strand *s)
{
	struct leading *g = s->link->leading;
	struct frame f;
	struct buf *out;
	const char *why;
	size_t at, used;

	if (s->channel == NULL)
		return;
	out = lead_stream_output(s->stream);
	for (at = 0; at < out->len; at += used) {
		if (frame_parse(buf_head(out) + at, out->len - at, &f, &used, &why) !=
		    1)
			violation("FRAME", "lead wrote what is no frame: %s", why);
		story("%s: append to %s, term %" PRIu64 ": %" PRIu64
		      " entries behind %" PRIu64 ", commit %" PRIu64,
		    g->node->name, s->link->peer->name, f.term, f.arg[5], f.arg[0],
		    f.arg[3]);
		check_said(g->node->number, &f);
	}
	if (lead_stream_doomed(s->stream)) {
		strand_close(s);
		return;
	}
	channel_send(s->channel, buf_head(out), out->len);
	buf_eat(out, out->len);
}

static void
streams_output(struct leading *g)
{
	size_t i;

	for (i = 0; i < config.nodes; i++) {
		strand_output(&g->link[i].first);
		strand_output(&g->link[i].own);
	}
}

static void
check_peers(const struct leading *g)
{
	const struct lead *l = g->lead;
	const struct peer *p;

	for (p = l->peer; p < l->peer + PEERS; p++)
		if (peer_used(p))
			check_matched(g->node->number, l->term, p->who.id,
			    p->match_index);
	/* What it counts itself for. */
	check_matched(g->node->number, l->term, g->node->id, l->durable);
}

/* "A leader steps down if an election timeout elapses without a successful round of
 * heartbeats to a majority" (thesis §6.2); the first connections take time. */
static void
check_quorum(struct leading *g)
{
	const struct members *m = &g->lead->members;
	const uint64_t most = 2 * config.timeout;
	char yes[MEMBERS_MAX] = { 0 };
	const struct link *l;
	size_t i;

	for (i = 0; i < m->n; i++) {
		l = &g->link[node_by_name(m->who[i].name)->number];
		yes[i] = (char)((int)i == g->lead->me ||
		    (l->heard != 0 && sim_time() - l->heard <= most));
	}
	if (config_decides(m, yes))
		g->deaf = 0;
	else if (sim_time() > g->patience && ++g->deaf == 3)
		violation("QUORUM",
		    "%s leads term %" PRIu64
		    " on, and hears no majority for two election timeouts",
		    g->node->name, g->lead->term);
}

static void
turn(void *arg, uint64_t number)
{
	struct leading *g = arg;
	uint64_t due, now;
	enum ended how;

	if (g->os == NULL || g->turn_at != number ||
	    node_later(g->node, g->os, turn, g, number))
		return;
	g->turn_at = 0;
	if (g->frozen > sim_time()) {
		leading_turn_soon(g, g->frozen - sim_time());
		return;
	}
	how = node_works(g->node, g->os, WORK_LEAD, begin_work, g);
	if (how != RAN) {
		leading_cut_short(g, how);
		return;
	}
	/* What was written is sent before it is synced. */
	if (g->next == LEAD_ON) {
		streams_output(g);
		how = node_works(g->node, g->os, WORK_LEAD, finish_work, g);
		if (how != RAN) {
			leading_cut_short(g, how);
			return;
		}
		check_peers(g);
		check_committed(g->node->number, g->lead->term, g->lead->commit);
		if (g->next == LEAD_ON)
			streams_output(g);
		clients_output(g);
	}
	if (g->next != LEAD_ON) {
		ends(g,
		    g->next == LEAD_DONE ? "it was told to stop" : lead_why(g->lead));
		return;
	}
	if (task_holds(g->os))
		violation("LOCK", "%s's lead holds a lock between two turns",
		    g->node->name);
	check_quorum(g);
	due = lead_due(g->lead);
	now = clock_now(g->os);
	leading_turn_soon(g, due > now ? node_takes(g->node, due - now) : 50 * MICRO);
}

void
leading_turn_soon(struct leading *g, uint64_t delay)
{
	uint64_t at = sim_time() + delay + 1;

	if (g->turn_at != 0 && g->turn_at <= at)
		return;
	g->turn_at = at;
	queue_put(at, turn, g, at);
}

/* --- streams -------------------------------------------------------------- */

static void
stream_work(void *arg)
{
	struct leading *g = arg;

	g->result = lead_stream_input(g->lead, g->about->stream, g->in, g->n);
}

static uint64_t
from_follower(void *arg, const char *p, size_t n)
{
	struct strand *s = arg;
	struct leading *g = s->link->leading;
	enum ended how;

	if (g->os == NULL || s->channel == NULL)
		return 0;
	if (g->frozen > sim_time())
		return g->frozen;
	if (node_free_at(g->node, g->os) > 0)
		return node_free_at(g->node, g->os);
	if (n == 0) {
		strand_close(s);
		return 0;
	}
	s->link->heard = sim_time();
	g->about = s;
	g->in = p;
	g->n = n;
	how = node_works(g->node, g->os, WORK_LEAD, stream_work, g);
	if (how != RAN) {
		leading_cut_short(g, how);
		return 0;
	}
	if (g->result == -1)
		strand_close(s);
	leading_turn_soon(g, seed_below(300 * MICRO));
	return 0;
}

static void
open_work(void *arg)
{
	struct leading *g = arg;

	g->about->stream = lead_stream_open(g->lead, g->about->link->peer->name, 1);
}

/* 0, or -1: the lead is not there any more. */
static int
strand_open(struct strand *s)
{
	struct link *l = s->link;
	struct leading *g = l->leading;
	enum ended how;

	g->about = s;
	how = node_works(g->node, g->os, WORK_LEAD, open_work, g);
	if (how != RAN) {
		leading_cut_short(g, how);
		return -1;
	}
	if (s->stream == NULL) {
		/* It is no member now; it may come. */
		queue_in(seed_range(100, 400) * MILLI, dial, l, 0);
		return 0;
	}
	s->channel = channel_open(g->node, l->peer, from_follower, s);
	leading_turn_soon(g, seed_below(300 * MICRO));
	return 0;
}

/* One round of the loop in link/stream. */
static void
dial(void *arg, uint64_t number)
{
	struct link *l = arg;
	struct leading *g = l->leading;

	/* The loop is the role's: it ends with it. */
	if (g->os == NULL || l->own.channel != NULL || g->node->role != ROLE_LEADER ||
	    g->node->leading != g || node_later(g->node, g->os, dial, l, number))
		return;
	if (g->frozen > sim_time()) {
		queue_put(g->frozen, dial, l, 0);
		return;
	}
	if (l->first.channel == NULL && seed_odds(700)) {
		if (strand_open(&l->first) == 0 && l->first.channel != NULL)
			queue_in(500 * MILLI, dial, l, 0);
		return;
	}
	(void)strand_open(&l->own);
}

void
leading_break(struct node *n)
{
	struct strand *s;
	struct link *l;

	if (n->leading == NULL)
		return;
	l = &n->leading->link[seed_below(config.nodes)];
	s = l->own.channel != NULL ? &l->own : &l->first;
	if (s->channel == NULL)
		return;
	story("the stream from %s to %s breaks", n->name, l->peer->name);
	channel_break(s->channel);
}

/* What lead's own store_new is here (see build.mk): a window that runs out. */
struct store *
sim_store_new(uint64_t window)
{
	return store_new(config.window < window ? config.window : window);
}

/* --- the beginning -------------------------------------------------------- */

static void
new_work(void *arg)
{
	struct leading *g = arg;

	if ((g->st = node_state(g->os)) == NULL)
		return;
	g->role = state_running(g->st);
	g->lead = lead_new(g->st, g->node->elected, run_timeout(g->os), &g->status);
}

void
leading_begin(struct node *n)
{
	struct leading *g;
	enum ended how;
	size_t i;

	n->epoch++;
	n->role = ROLE_LEADER;
	if (n->leading != NULL)
		leading_kill(n); /* an orphan of an earlier role */
	g = sim_alloc(sizeof(*g));
	g->node = n;
	n->role = ROLE_LEADER;
	g->os = task_new(n->machine, "lead");
	how = node_works(n, g->os, WORK_LEAD, new_work, g);
	if (how == POWERED_OFF)
		return;
	if (how == KILLED || g->lead == NULL) {
		if (how == RAN)
			task_end(g->os);
		role_follows(n,
		    how == KILLED     ? "killed" :
			g->st != NULL ? g->st->why :
					"no state");
		return;
	}
	story("%s: leads term %" PRIu64 " from %" PRIu64 " on", n->name, g->lead->term,
	    g->lead->noop);
	n->leading = g;
	g->patience = sim_time() + FIRST_QUORUM;
	check_leads(n->number, g->lead->term);
	for (i = 0; i < config.nodes; i++) {
		g->link[i].leading = g;
		g->link[i].peer = &nodes[i];
		g->link[i].first.link = g->link[i].own.link = &g->link[i];
		if (i != n->number)
			queue_in(seed_below(30 * MILLI), dial, &g->link[i], 0);
	}
	leading_turn_soon(g, 0);
	transfer_begin(n);
}

static void
stop_work(void *arg)
{
	struct leading *g = arg;

	lead_stop(g->lead);
}

void
leading_stop(struct node *n)
{
	struct leading *g = n->leading;
	enum ended how;

	if (g == NULL || g->frozen > sim_time())
		return;
	story("%s's lead is told to stop", n->name);
	how = node_works(n, g->os, WORK_LEAD, stop_work, g);
	if (how != RAN) {
		leading_cut_short(g, how);
		return;
	}
	leading_turn_soon(g, 0);
}

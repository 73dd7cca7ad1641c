/*
 * gather.c - when a turn is begun for what clients have asked: a turn costs the same
 * whatever is in it, on this node and on its followers.
 *
 * So of writes one turn at a time is under way: what comes in meanwhile waits until
 * that is committed.  And those who have just been answered are about to ask again:
 * they are waited for, so that all of them share a turn and do not fall into two halves
 * that wait for each other.  Both wait no longer than the times below, for followers may
 * be far away, and who was answered may have asked its last.
 */
#include "inside.h"

#define MS      UINT64_C(1000000)
#define HOLD    MS           /* behind the turn's own sync */
#define GATHER  (MS / 2)     /* behind the first answers */
#define DEEP    (16u * 1024) /* bytes of entries that are worth a turn anyway */
#define IN_VAIN 16u          /* turns without waiting, when few had come */

/* A client's request waits for a turn. */
void
gather_asked(struct lead *l, struct client *c)
{
	if (c->asked_in == l->seq)
		return;
	c->asked_in = l->seq;
	if (c->answered_in == l->seq)
		l->gather.came++;
}

/* A client was answered: it is about to ask, unless it has asked more already. */
void
gather_answered(struct lead *l, struct client *c)
{
	if (c->asked_in == l->seq || c->answered_in == l->seq)
		return;
	c->answered_in = l->seq;
	l->gather.expected++;
}

/* A turn begins, with what has come. */
void
gather_begin(struct lead *l)
{
	struct gather *g = &l->gather;

	if (g->in_vain > 0)
		g->in_vain--;
	else if (g->came < g->expected / 2)
		g->in_vain = IN_VAIN;
	g->came = g->expected = 0;
	g->until = 0;
}

/* A turn has ended, or what followers said was looked at. */
void
gather_finish(struct lead *l, int synced, uint64_t now)
{
	struct gather *g = &l->gather;

	if (synced)
		g->synced_at = now;
	if (g->expected > 0 && g->until == 0)
		g->until = now + GATHER;
}

/* When what has come in is worth a turn, if nothing more comes; 0: now. */
uint64_t
gather_due(const struct lead *l)
{
	const struct gather *g = &l->gather;
	uint64_t due = 0;

	if (l->stopping)
		return 0;
	if (l->fresh.len > 0 && l->fresh.len < DEEP && l->last > l->commit)
		due = g->synced_at + HOLD;
	if (g->in_vain == 0 && g->came < g->expected && g->until > due)
		due = g->until;
	return due;
}

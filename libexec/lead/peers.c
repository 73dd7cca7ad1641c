/*
 * peers.c - who the others are: the members of the configuration in force, and
 * those who have just left it.  A peer keeps its slot while members come and go,
 * for streams point there.
 */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

int
peer_used(const struct peer *p)
{
	return p->who.name[0] != '\0';
}

struct peer *
peer_find(struct lead *l, const char *name)
{
	struct peer *p;

	for (p = l->peer; p < l->peer + PEERS; p++)
		if (peer_used(p) && strcmp(p->who.name, name) == 0)
			return p;
	return NULL;
}

const struct peer *
peer_at(const struct lead *l, size_t place)
{
	const struct peer *p;

	for (p = l->peer; p < l->peer + PEERS; p++)
		if (peer_used(p) && p->place == (int)place)
			return p;
	return NULL;
}

int
peer_votes(const struct lead *l, const struct peer *p)
{
	return peer_used(p) && p->place != -1 &&
	    members_votes(&l->members, (size_t)p->place);
}

static void
stream_part(struct stream *s)
{
	if (s == NULL)
		return;
	s->peer = NULL;
	s->doomed = 1;
}

void
peer_drop(struct lead *l, struct peer *p)
{
	if (p->behind)
		peer_behind(l, p, 0);
	if (l->heir == p)
		l->heir = NULL;
	stream_part(p->stream);
	stream_part(p->fresh);
	memset(p, 0, sizeof(*p));
}

/* A slot for somebody new: a free one, or that of one who has left; there are more
 * of them than there can be members. */
static struct peer *
slot_take(struct lead *l)
{
	struct peer *p = l->peer;

	while (peer_used(p) && p->place != -1)
		p++;
	peer_drop(l, p);
	return p;
}

void
peers_adopt(struct lead *l)
{
	const struct members *m = &l->st->members;
	const uint64_t now = clock_now(l->st->os);
	struct peer *p;
	size_t i;

	l->members = *m;
	l->me = members_find(m, l->st->me.name, l->st->me.id);
	for (p = l->peer; p < l->peer + PEERS; p++) {
		if (!peer_used(p))
			continue;
		if (p->place != -1)
			p->left_at = now;
		p->place = members_find(m, p->who.name, p->who.id);
		/* Somebody else has its name now. */
		if (p->place == -1 && members_find(m, p->who.name, NULL) != -1)
			peer_drop(l, p);
	}
	for (i = 0; i < m->n; i++) {
		if (strcmp(m->who[i].name, l->st->me.name) == 0 ||
		    peer_find(l, m->who[i].name) != NULL)
			continue;
		p = slot_take(l);
		p->who = m->who[i];
		p->place = (int)i;
		p->next_index = l->noop;
		p->since = now;
		peer_behind(l, p, 0); /* an earlier leader's word */
	}
}

/* 1 if those who have been heard since then are a majority, this node included. */
int
peers_heard(const struct lead *l, uint64_t since)
{
	char yes[MEMBERS_MAX] = { 0 };
	const struct peer *p;

	for (p = l->peer; p < l->peer + PEERS; p++)
		if (peer_used(p) && p->place != -1)
			yes[p->place] = (char)(p->heard_at >= since &&
			    p->heard_at != 0);
	if (l->me != -1)
		yes[l->me] = 1;
	return members_quorum(&l->members, yes);
}

/* 1 if a majority has answered round seq: nobody else led when it began. */
int
peers_confirmed(const struct lead *l, uint64_t seq)
{
	char yes[MEMBERS_MAX] = { 0 };
	const struct peer *p;

	for (p = l->peer; p < l->peer + PEERS; p++)
		if (peer_used(p) && p->place != -1)
			yes[p->place] = (char)(p->acked_seq >= seq);
	if (l->me != -1)
		yes[l->me] = (char)(l->self_seq >= seq);
	return members_quorum(&l->members, yes);
}

/* The highest index that a majority has made durable. */
uint64_t
peers_hold(const struct lead *l)
{
	uint64_t match[MEMBERS_MAX] = { 0 };
	const struct peer *p;

	for (p = l->peer; p < l->peer + PEERS; p++)
		if (peer_used(p) && p->place != -1)
			match[p->place] = p->match_index;
	if (l->me != -1)
		match[l->me] = l->durable;
	return rule_quorum_index(&l->members, match);
}

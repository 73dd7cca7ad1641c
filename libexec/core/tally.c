/*
 * tally.c - counting votes: see tally.h.
 */
#include <string.h>

#include "tally.h"

enum count
tally_count(const struct tally *t)
{
	char yes[MEMBERS_MAX], open[MEMBERS_MAX];
	size_t i;

	for (i = 0; i < t->members.n; i++) {
		yes[i] = (char)(t->vote[i] == 'y');
		open[i] = (char)(t->vote[i] != 'n');
	}
	if (t->newest > t->term)
		return COUNT_LOST;
	if (members_quorum(&t->members, yes))
		return COUNT_WON;
	return members_quorum(&t->members, open) ? COUNT_OPEN : COUNT_LOST;
}

enum count
tally_add(struct tally *t, const struct frame *f)
{
	int who;

	if (f->type != FRAME_VOTED || strcmp(f->cluster, t->cluster) != 0 ||
	    strcmp(f->to.name, t->me.name) != 0 || strcmp(f->to.id, t->me.id) != 0)
		return tally_count(t);
	who = members_find(&t->members, f->from.name, f->from.id);
	/* Only an answer to this very ballot is a vote (F4). */
	if (who == -1 || f->seq != t->term ||
	    (f->arg[0] == BALLOT_PRE) != (t->kind == BALLOT_PRE))
		return tally_count(t);
	if (f->arg[1] == 1 && f->term == t->term) {
		t->vote[who] = 'y';
		return tally_count(t);
	}
	if (t->vote[who] == 0)
		t->vote[who] = 'n';
	if (f->term > t->newest)
		t->newest = f->term;
	return tally_count(t);
}

/*
 * address.c - frames between members: whom they are from and for.
 */
#include <string.h>

#include "state.h"

struct frame
address(const struct state *st, enum frame_type type, const struct who *to)
{
	struct frame f;

	memset(&f, 0, sizeof(f));
	f.type = type;
	memcpy(f.cluster, st->cluster, sizeof(f.cluster));
	f.from = st->me;
	f.to = *to;
	f.term = st->term.current_term;
	f.body = "";
	return f;
}

/*
 * 1 if a frame is from a node whose name this configuration has under another id,
 * and the sender's log can't hold a newer one.
 */
static int
sender_changed(const struct state *st, const struct frame *f)
{
	uint64_t last = 0;

	if (f->type == FRAME_VOTE || f->type == FRAME_SNAPSHOT)
		last = f->arg[1];
	else if (f->type == FRAME_APPEND)
		last = f->arg[4];
	return last <= st->members.index &&
	    members_find(&st->members, f->from.name, NULL) != -1 &&
	    members_find(&st->members, f->from.name, f->from.id) == -1;
}

const char *
address_refusal(const struct state *st, const struct frame *f)
{
	if (strcmp(st->cluster, "-") == 0)
		return "this node's cluster has not formed yet";
	if (strcmp(f->cluster, st->cluster) != 0)
		return "it is of another cluster";
	if (strcmp(f->to.name, st->me.name) != 0)
		return "it is for another node";
	if (strcmp(f->to.id, st->me.id) != 0)
		return "it is for this node under another id: its state was lost "
		       "or copied";
	if (sender_changed(st, f))
		return "its sender's id has changed: its state was lost or copied";
	return NULL;
}

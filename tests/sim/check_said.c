/*
 * check_said.c - what nodes tell one another: see check.h.
 */
#include <inttypes.h>
#include <string.h>

#include "sim.h"
#include "truth.h"
#include "watched.h"

static struct reign *reigns;
static size_t reign_count;
static uint64_t refusals, appends;

uint64_t
check_refusals(void)
{
	return refusals;
}

uint64_t
check_appends(void)
{
	return appends;
}

struct reign *
reign_of(uint64_t term)
{
	if (term > 100000)
		sim_die("term %" PRIu64 "?", term);
	if (term >= reign_count) {
		reigns = sim_grow(reigns, (size_t)(term + 1) * sizeof(*reigns));
		for (; reign_count <= term; reign_count++) {
			memset(&reigns[reign_count], 0, sizeof(*reigns));
			reigns[reign_count].leader = -1;
		}
	}
	return &reigns[term];
}

uint64_t
reign_last(void)
{
	return reign_count > 0 ? reign_count - 1 : 0;
}

/* --- what is said --------------------------------------------------------- */

/* "Each server will vote for at most one candidate in a given term" (§5.2), and
 * the vote is on disk before anybody hears of it. */
static void
check_vote(size_t number, uint64_t term, const struct who *candidate)
{
	struct watched *w = watched_of(number);
	char *vote = reign_of(term)->vote[w->slot];
	struct term t;

	if (vote[0] != '\0' && strcmp(vote, candidate->id) != 0)
		violation("ES",
		    "%s votes for %s in term %" PRIu64
		    ", after it has voted for another (%s)",
		    w->name, candidate->name, term, vote);
	memcpy(vote, candidate->id, sizeof(candidate->id));
	if (w->damaged)
		violation("ES", "%s votes for %s, and its log is damaged", w->name,
		    candidate->name);
	if (term_image(w->machine, IMAGE_DISK, &t) == -1 || t.current_term < term ||
	    (t.current_term == term && strcmp(t.voted_for.id, candidate->id) != 0))
		violation("ES",
		    "%s's vote for %s in term %" PRIu64 " is not on its disk", w->name,
		    candidate->name, term);
}

static void
reign_note(struct reign *g, uint64_t term, uint64_t index, uint32_t chain)
{
	size_t room = g->room > 0 ? g->room : 64;

	while (room <= index)
		room *= 2;
	if (room > g->room) {
		g->chain = sim_grow(g->chain, room * sizeof(*g->chain));
		g->known = sim_grow(g->known, room);
		memset(g->known + g->room, 0, room - g->room);
		g->room = room;
	}
	/* "A leader never overwrites or deletes entries in its log" (Figure 3). */
	if (g->known[index] && g->chain[index] != chain)
		violation("LAO",
		    "the leader of term %" PRIu64 " sends another index "
		    "%" PRIu64 " than it did before",
		    term, index);
	g->known[index] = 1;
	g->chain[index] = chain;
}

void
check_sent(const struct frame *f)
{
	struct reign *g = reign_of(f->term);
	struct record r;
	uint64_t index = f->arg[0];
	size_t off;

	reign_note(g, f->term, index, (uint32_t)f->arg[2]);
	for (off = 0; off < f->length; off += record_size(&r)) {
		if (record_parse(f->body + off, f->length - off, &r) != 1 ||
		    r.index != index + 1)
			violation("LAO", "%s sends what is no log", f->from.name);
		index = r.index;
		reign_note(g, f->term, index, r.chain);
		if (r.term > f->term)
			violation("TERM",
			    "%s, leader of term %" PRIu64 ", sends an "
			    "entry of term %" PRIu64,
			    f->from.name, f->term, r.term);
	}
}

static void
check_append(size_t number, const struct frame *f)
{
	struct reign *g = reign_of(f->term);

	if (g->leader != (int)watched_of(number)->slot)
		violation("ES",
		    "%s sends appends of term %" PRIu64 ", which it does not lead",
		    watched_of(number)->name, f->term);
	g->sent = 1;
	appends += f->arg[5] > 0;
	check_sent(f);
	if (f->arg[3] > truth_count())
		violation("LC",
		    "%s sends commit index %" PRIu64 ", but only %" PRIu64 " is",
		    watched_of(number)->name, f->arg[3], truth_count());
}

/* "I hold all of your log up to here, durably": true on the disk itself (F15). */
static void
check_appended(size_t number, const struct frame *f)
{
	struct watched *w = watched_of(number);
	struct reign *g = reign_of(f->term);
	uint64_t index = f->arg[1];
	uint32_t chain;

	refusals += f->arg[0] == APPENDED_NO;
	if (f->arg[0] != APPENDED_YES)
		return;
	if (index >= g->room || !g->known[index])
		violation("LM",
		    "%s agrees with the leader of term %" PRIu64 " up to %" PRIu64
		    ", which was never sent",
		    w->name, f->term, index);
	if (!log_image_chain(&w->disk, index, &chain))
		violation("DUR", "%s acknowledges index %" PRIu64 ", its disk has %zu",
		    w->name, index, w->disk.n);
	if (chain != g->chain[index])
		violation("LM",
		    "%s acknowledges index %" PRIu64 ", but holds "
		    "another than the leader of term %" PRIu64,
		    w->name, index, f->term);
	if (index > w->promised || !log_image_chain(&w->disk, w->promised, &chain) ||
	    chain != w->promised_chain) {
		w->promised = index;
		w->promised_chain = g->chain[index];
	}
}

void
check_said(size_t number, const struct frame *f)
{
	struct watched *w = watched_of(number);

	checks++;
	if (strcmp(f->from.name, w->name) != 0 || strcmp(f->from.id, w->id) != 0)
		violation("FRAME", "%s (%s) speaks as %s (%s)", w->name, w->id,
		    f->from.name, f->from.id);
	switch (f->type) {
	case FRAME_VOTE:
		if (f->arg[0] == BALLOT_PRE)
			return;
		check_vote(number, f->term, &f->from);
		break;
	case FRAME_VOTED:
		if (f->arg[0] == BALLOT_PRE)
			return;
		if (f->arg[1] == 1)
			check_vote(number, f->term, &f->to);
		break;
	case FRAME_APPEND:
		check_append(number, f);
		break;
	case FRAME_APPENDED:
		check_appended(number, f);
		break;
	default:
		return;
	}
	/* "Reply false if term < currentTerm" (Figure 2). */
	if (f->term < w->term && (f->type == FRAME_VOTED || f->type == FRAME_APPENDED))
		violation("TERM", "%s answers in term %" PRIu64 ", and is in %" PRIu64,
		    w->name, f->term, w->term);
	if (f->term > w->said)
		w->said = f->term;
	if (f->term > w->term)
		violation("TERM", "%s speaks of term %" PRIu64 ", its disk of %" PRIu64,
		    w->name, f->term, w->term);
}

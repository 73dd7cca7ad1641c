/*
 * check_commit.c - leaders, and what they commit: see check.h.
 */
#include <inttypes.h>
#include <string.h>

#include "sim.h"
#include "truth.h"
#include "watched.h"

/* The configuration that the newest index was committed under: the last one in its
 * leader's log, be it committed or not. */
static struct members committed_by;

uint64_t
check_commit(void)
{
	return truth_count();
}

/* --- leaders and what they commit ----------------------------------------- */

/* Its own vote a candidate tells nobody of: it is on its disk, or a later one. */
static int
votes_for_itself(const struct watched *w, uint64_t term)
{
	struct term t;

	return term_image(w->machine, IMAGE_DISK, &t) == 0 &&
	    (t.current_term > term ||
		(t.current_term == term && strcmp(t.voted_for.id, w->id) == 0));
}

/* "A candidate wins an election if it receives votes from a majority of the servers"
 * (§5.2), of both configurations where there are two (§6). */
static void
check_elected(const struct watched *w, const struct reign *g, uint64_t term)
{
	char yes[MEMBERS_MAX] = { 0 };
	struct watched *voter;
	struct members m;
	size_t i;

	if (w->rotten || !config_at(&w->cache, w->cache.n, &m))
		return;
	for (i = 0; i < m.n; i++) {
		voter = watched_by_id(m.who[i].id);
		yes[i] = (char)(voter == w ?
			votes_for_itself(w, term) :
			voter != NULL && strcmp(g->vote[voter->slot], w->id) == 0);
	}
	if (!config_decides(&m, yes))
		violation("ES",
		    "%s leads term %" PRIu64 " without the votes of its configuration",
		    w->name, term);
}

void
check_leads(size_t number, uint64_t term)
{
	struct watched *w = watched_of(number);
	struct reign *g = reign_of(term);
	uint64_t n = truth_count();
	uint32_t chain, theirs;

	checks++;
	if (g->leader != -1 && g->leader != (int)w->slot)
		violation("ES", "%s leads term %" PRIu64 ", which %s led", w->name,
		    term, watched[g->leader].name);
	if (g->sent)
		violation("LAO",
		    "%s begins again to lead term %" PRIu64 ", in which "
		    "it has sent entries before",
		    w->name, term);
	g->leader = (int)w->slot;
	w->leads = term;
	w->known = 0;
	check_elected(w, g, term);
	/* "If a log entry is committed in a given term, then that entry will be
	 * present in the logs of the leaders for all higher-numbered terms". */
	while (n > 0 && truth_at(n)->in >= term)
		n--;
	(void)truth_chain(n, &theirs);
	if (!log_image_chain(&w->cache, n, &chain) || chain != theirs)
		violation("LC",
		    "%s leads term %" PRIu64 " without index %" PRIu64
		    ", which is committed",
		    w->name, term, n);
}

/*
 * 1 if those whose disks hold index are a quorum; *n of them.  One that rots may
 * lose what it held, one in a run; it must say so.
 */
static int
held(const struct members *m, uint64_t index, uint32_t chain, size_t *n)
{
	char yes[MEMBERS_MAX] = { 0 };
	struct watched *w;
	uint32_t theirs;
	size_t i;

	*n = 0;
	for (i = 0; i < m->n; i++) {
		w = watched_by_id(m->who[i].id);
		if (w == NULL)
			violation("MEMBERS", "nobody knows the member %s (%s)",
			    m->who[i].name, m->who[i].id);
		yes[i] = (char)(w->rotten ||
		    (log_image_chain(&w->disk, index, &theirs) && theirs == chain));
		*n += yes[i] != 0;
	}
	return config_decides(m, yes);
}

/* What this leader's log has behind all that was committed before, up to index. */
static void
commit_take(const struct watched *w, uint64_t term, uint64_t index)
{
	const struct entry *e;
	uint64_t i;

	for (i = truth_count() + 1; i <= index; i++) {
		e = log_image_entry(&w->cache, i);
		if (e == NULL)
			violation("LC",
			    "%s commits index %" PRIu64
			    ", and its log begins behind %" PRIu64,
			    w->name, index, w->cache.base);
		truth_add(&e->record, log_image_payload(&w->cache, e), term);
	}
}

/* A leader of a later term would have to hold it: does it? */
static void
check_later(const struct watched *w, uint64_t term, uint64_t index, uint32_t theirs)
{
	const struct watched *l;
	uint32_t chain;
	uint64_t i;

	for (i = term + 1; i <= reign_last(); i++) {
		if (reign_of(i)->leader == -1)
			continue;
		l = &watched[reign_of(i)->leader];
		if (l->rotten)
			continue;
		if (!log_image_chain(&l->cache, index, &chain) || chain != theirs)
			violation("LC",
			    "%s commits index %" PRIu64 " in term "
			    "%" PRIu64 ", which %s, leader of term %" PRIu64
			    ", does not hold",
			    w->name, index, term, l->name, i);
	}
}

void
check_committed(size_t number, uint64_t term, uint64_t index)
{
	struct watched *w = watched_of(number);
	const struct entry *e;
	struct members m;
	uint32_t chain, theirs;
	size_t n;

	checks++;
	if (term != 0 && term == w->leads)
		w->known = index;
	if (index == 0)
		return;
	if (!log_image_chain(&w->cache, index, &chain)) {
		if (w->rotten)
			return;
		violation("LC", "%s has committed index %" PRIu64 ", and holds %zu",
		    w->name, index, w->cache.n);
	}
	if (index <= truth_count()) {
		(void)truth_chain(index, &theirs);
		if (chain != theirs)
			violation("SMS",
			    "%s has committed another index %" PRIu64
			    " than was before",
			    w->name, index);
		return;
	}
	if (term == 0)
		violation("LC",
		    "%s follows to index %" PRIu64 ", but no leader has committed it",
		    w->name, index);
	e = log_image_entry(&w->cache, index);
	/* "Only log entries from the leader's current term are committed by
	 * counting replicas" (§5.4.2). */
	if (e == NULL || e->record.term != term)
		violation("LC",
		    "%s, leader of term %" PRIu64 ", commits index "
		    "%" PRIu64 " of term %" PRIu64 " by counting",
		    w->name, term, index, e != NULL ? e->record.term : 0);
	if (!config_at(&w->cache, w->cache.n, &m))
		violation("MEMBERS", "%s leads, and has no configuration", w->name);
	if (!held(&m, index, chain, &n))
		violation("DUR",
		    "%s commits index %" PRIu64 ", which %zu of %zu disks hold",
		    w->name, index, n, m.n);
	commit_take(w, term, index);
	committed_by = m;
	check_later(w, term, index, chain);
}

void
check_matched(size_t number, uint64_t term, const char *id, uint64_t index)
{
	const struct watched *w = watched_of(number), *m = watched_by_id(id);
	uint32_t chain, theirs;

	/* Who has gone on to a newer term may have cut what was not committed; so may
	 * the leader's own node, before its lead has seen that. */
	if (m == NULL || m->rotten || w->rotten || m->term > term || w->term > term ||
	    index == 0 || !log_image_chain(&w->cache, index, &chain))
		return;
	checks++;
	if (!log_image_chain(&m->disk, index, &theirs) || theirs != chain)
		violation("MATCH",
		    "%s, leader of term %" PRIu64 ", has match_index %" PRIu64
		    " for %s, whose disk has %zu",
		    w->name, term, index, m->name, m->disk.n);
}

void
check_durable(void)
{
	const uint64_t index = truth_count();
	const struct members *m = &committed_by;
	size_t n;

	if (index == 0)
		return;
	if (!held(m, index, truth_at(index)->record.chain, &n))
		violation("DUR",
		    "index %" PRIu64 " was committed, and %zu of %zu disks hold it",
		    index, n, m->n);
}

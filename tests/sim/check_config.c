/*
 * check_config.c - the members of the cluster, as they stand in the logs (§6;
 * thesis §4): see check.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc.h"
#include "core/num.h"
#include "core/words.h"
#include "sim.h"
#include "truth.h"
#include "watched.h"

int
config_at(const struct log_image *l, uint64_t index, struct members *m)
{
	const struct entry *e;

	memset(m, 0, sizeof(*m));
	for (; index > l->base; index--) {
		e = log_image_entry(l, index);
		if (e == NULL || e->record.type != RECORD_MEMBERS)
			continue;
		if (members_parse(m, log_image_payload(l, e), e->record.length) == -1)
			violation("MEMBERS", "index %" PRIu64 " holds no configuration",
			    index);
		m->index = index;
		return 1;
	}
	if (index == 0 || index > truth_count())
		return 0;
	truth_members(index, m);
	return 1;
}

/* --- who decides ---------------------------------------------------------- */

static int
votes(const struct members *m, size_t i)
{
	return m->part[i] == PART_MEMBER || m->part[i] == PART_JOINING ||
	    m->part[i] == PART_LEAVING;
}

int
config_decides(const struct members *m, const char *yes)
{
	size_t all[2] = { 0, 0 }, by[2] = { 0, 0 }, i;

	for (i = 0; i < m->n; i++) {
		if (!votes(m, i))
			continue;
		if (m->part[i] != PART_JOINING) {
			all[0]++;
			by[0] += yes[i] != 0;
		}
		if (m->part[i] != PART_LEAVING) {
			all[1]++;
			by[1] += yes[i] != 0;
		}
	}
	return 2 * by[0] > all[0] && 2 * by[1] > all[1];
}

/* --- from one configuration to the next ----------------------------------- */

/* The voters of both, once each, by id. */
static size_t
ids_of(const struct members *a, const struct members *b, const char **id)
{
	size_t i, n = 0;

	for (i = 0; i < a->n; i++)
		if (votes(a, i))
			id[n++] = a->who[i].id;
	for (i = 0; i < b->n; i++) {
		size_t j;

		for (j = 0; j < n; j++)
			if (strcmp(id[j], b->who[i].id) == 0)
				break;
		if (j == n && votes(b, i))
			id[n++] = b->who[i].id;
	}
	return n;
}

/* 1 if those of id[] whose bit is set are a quorum of m. */
static int
quorum(const struct members *m, const char *const *id, size_t n, uint64_t set)
{
	char yes[MEMBERS_MAX] = { 0 };
	size_t i, j;

	for (i = 0; i < m->n; i++)
		for (j = 0; j < n; j++)
			if (strcmp(id[j], m->who[i].id) == 0)
				yes[i] = (char)(set >> j & 1);
	return config_decides(m, yes);
}

/* "... it is not safe to allow the cluster to make independent decisions" (§6): any
 * two quorums of neighbouring configurations have a member in common. */
static void
check_overlap(const struct watched *w, const struct members *a, const struct members *b)
{
	const char *id[2 * MEMBERS_MAX];
	const size_t n = ids_of(a, b, id);
	uint64_t set;

	if (n > 12)
		sim_die("%zu voters?", n);
	for (set = 0; set < (uint64_t)1 << n; set++)
		if (quorum(a, id, n, set) && quorum(b, id, n, ~set))
			violation("MEMBERS",
			    "%s's log goes from the configuration at %" PRIu64
			    " to that at %" PRIu64
			    ", and both could decide without the other",
			    w->name, a->index, b->index);
}

/* 1 if an entry of this term is committed, up to index i. */
static int
committed_in(uint64_t term, uint64_t i)
{
	while (i > 0 && truth_at(i)->record.term > term)
		i--;
	return i > 0 && truth_at(i)->record.term == term;
}

void
check_config(const struct watched *w, const struct entry *e)
{
	const uint64_t index = e->record.index;
	/* As its leader knows, where this is seen first on the leader's own disk. */
	const uint64_t committed = w->leads == e->record.term ? w->known :
								truth_count();
	struct members before, now;

	if (e->record.term == 0)
		return;
	/* Once, when its leader writes it: thesis §4.1, and the erratum of 2015: not
	 * before an entry of its own term is committed. */
	if (!committed_in(e->record.term, committed))
		violation("MEMBERS",
		    "%s, leader of term %" PRIu64 ", changes the configuration at "
		    "%" PRIu64 " before it has committed anything",
		    w->name, e->record.term, index);
	if (!config_at(&w->cache, index - 1, &before) ||
	    !config_at(&w->cache, index, &now))
		violation("MEMBERS",
		    "%s's configuration at %" PRIu64 " has none before", w->name,
		    index);
	if (before.index > committed)
		violation("MEMBERS",
		    "%s begins a change at %" PRIu64 ", and that at %" PRIu64
		    " is not committed",
		    w->name, index, before.index);
	check_overlap(w, &before, &now);
}

int
check_changing(void)
{
	struct members m;
	size_t i;

	for (i = 0; i < watched_count; i++)
		if (config_at(&watched[i].cache, watched[i].cache.n, &m) &&
		    (m.index > truth_count() || members_joint(&m)))
			return 1;
	return 0;
}

/* --- the cache ------------------------------------------------------------ */

/* lite-raft-members 1 INDEX ...: its index, 0: it can't be read. */
static uint64_t
cached(const struct watched *w)
{
	static const char magic[] = "lite-raft-members 1 ";
	struct inode *f = machine_find(w->machine, "state/members", IMAGE_CACHE);
	const char *blank, *p;
	uint64_t index;
	size_t n;

	if (f == NULL)
		return 0;
	p = (const char *)inode_bytes(f, IMAGE_CACHE, &n);
	if (n < sizeof(magic) || memcmp(p, magic, sizeof(magic) - 1) != 0)
		return 0;
	p += sizeof(magic) - 1;
	blank = memchr(p, ' ', n - (sizeof(magic) - 1));
	if (blank == NULL || num_u64(p, (size_t)(blank - p), NUMBER_MAX, &index) == -1)
		return 0;
	return index;
}

void
check_configs(const struct watched *w)
{
	struct members m;

	/* What a damaged log has lost, the cache may know. */
	if (w->damaged || w->rotten || !config_at(&w->cache, w->cache.n, &m))
		return;
	/* Where there was no room for it, whoever comes next looks in the log. */
	if (machine_find(w->machine, "state/members", IMAGE_CACHE) == NULL)
		return;
	if (cached(w) != m.index)
		violation("MEMBERS",
		    "%s goes by the configuration at %" PRIu64
		    ", that in force is at %" PRIu64,
		    w->name, cached(w), m.index);
}

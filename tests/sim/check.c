/*
 * check.c - Raft's properties: see check.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sim.h"

#define NODES 8u

struct watched {
	struct machine *machine;
	struct log_image cache;
	struct log_image disk;
	uint64_t term;     /* the durable one */
	uint64_t said;     /* the highest that it told anybody */
	uint64_t commit;   /* claimed since it started */
	uint64_t cut;      /* what lies behind is being cut, if cutting */
	uint64_t promised; /* told a leader that it holds up to here */
	uint32_t promised_chain;
	int cutting; /* as its lock file says */
	int damaged; /* as its lock file says */
	int rotten;  /* a bit of it was flipped */
	int unwatched;
	char name[16];
	char id[ID_DIGITS + 1];
};

/* What happened in a term. */
struct reign {
	int leader;                       /* -1: none */
	int sent;                         /* its leader has sent entries */
	char vote[NODES][NAME_LIMIT + 1]; /* who got each node's vote */
	uint32_t *chain;                  /* of the leader's log, by index */
	unsigned char *known;
	size_t room;
};

/* (index, term) stands for one chain, on whatever node. */
struct pair {
	uint64_t term;
	uint32_t chain;
};

struct place {
	struct pair *pair;
	size_t n;
};

static struct watched nodes[NODES];
static size_t node_count;
static struct reign *reigns;
static size_t reign_count;
static struct place *places;
static size_t place_count;
static uint32_t *committed;    /* chains, by index - 1 */
static uint64_t *committed_in; /* the terms whose leaders did it first */
static size_t commit_count;
static uint64_t checks;
static uint64_t refusals;

uint64_t
check_count(void)
{
	return checks;
}

uint64_t
check_refusals(void)
{
	return refusals;
}

uint64_t
check_commit(void)
{
	return commit_count;
}

const struct log_image *
check_log(size_t number)
{
	return &nodes[number].cache;
}

void
check_node(size_t number, struct machine *m, const char *name)
{
	struct watched *w = &nodes[number];

	w->machine = m;
	memcpy(w->name, name, strlen(name) + 1);
	log_image_init(&w->cache, m, IMAGE_CACHE);
	log_image_init(&w->disk, m, IMAGE_DISK);
	if (number >= node_count)
		node_count = number + 1;
}

void
check_member(size_t number, const char *id)
{
	memcpy(nodes[number].id, id, strlen(id) + 1);
}

static struct reign *
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

/* --- the log -------------------------------------------------------------- */

/* "If two logs contain an entry with the same index and term, then the logs are
 * identical in all entries up through the given index" (Figure 3). */
static void
check_matching(const struct watched *w, const struct record *r)
{
	struct place *p;
	size_t i;

	while (place_count < r->index) {
		places = sim_grow(places, (place_count + 1) * sizeof(*places));
		places[place_count++] = (struct place){ NULL, 0 };
	}
	p = &places[r->index - 1];
	for (i = 0; i < p->n; i++) {
		if (p->pair[i].term != r->term)
			continue;
		if (p->pair[i].chain != r->chain)
			violation("LM",
			    "%s holds another index %" PRIu64 " of term %" PRIu64
			    " than was seen before",
			    w->name, r->index, r->term);
		return;
	}
	p->pair = sim_grow(p->pair, (p->n + 1) * sizeof(*p->pair));
	p->pair[p->n++] = (struct pair){ r->term, r->chain };
}

/* The entries kept..was of the node's log have gone, or have been replaced. */
static void
check_removed(const struct watched *w, size_t kept, size_t was, enum work work,
    const uint32_t *chains)
{
	size_t i;
	uint32_t chain;

	/* A cut that was not finished is, by whoever comes next. */
	if (work != WORK_START && w->cutting && w->cut <= kept)
		work = WORK_APPEND;
	for (i = kept; i < was; i++) {
		if (log_image_chain(&w->cache, i + 1, &chain) && chain == chains[i])
			continue;
		if (work == WORK_LEAD || work == WORK_VOTE)
			violation("LAO", "%s of %s has removed index %zu",
			    work == WORK_LEAD ? "the leader" : "a vote", w->name,
			    i + 1);
		/* A start removes what was never promised: check_promise. */
		if (work != WORK_START && i < commit_count && committed[i] == chains[i])
			violation("LC", "%s has removed index %zu, which is committed",
			    w->name, i + 1);
		return;
	}
}

static void
read_cache(struct watched *w, enum work work, int watch)
{
	uint32_t *chains = NULL;
	size_t i, kept, was = w->cache.n;

	if (!log_image_stale(&w->cache))
		return;
	if (watch && was > 0) {
		chains = sim_alloc(was * sizeof(*chains));
		for (i = 0; i < was; i++)
			chains[i] = w->cache.entry[i].record.chain;
	}
	kept = log_image_read(&w->cache);
	if (watch && kept < was)
		check_removed(w, kept, was, work, chains);
	free(chains);
	for (i = kept; i < w->cache.n; i++)
		check_matching(w, &w->cache.entry[i].record);
}

/* --- state/term, state/lock ----------------------------------------------- */

/* 1 if the file has changed in this image since it was looked at. */
static int
touched(const struct watched *w, const char *path, enum image image)
{
	struct inode *f = machine_find(w->machine, path, image);

	return f != NULL && inode_changed(f, image) != SIZE_MAX;
}

static void
check_term(struct watched *w, int restarted)
{
	int cache = touched(w, "state/term", IMAGE_CACHE);
	int disk = touched(w, "state/term", IMAGE_DISK);
	struct term t;

	if (!cache && !disk && !restarted)
		return;
	if (term_image(w->machine, IMAGE_DISK, &t) == -1)
		violation("TERM", "neither slot of %s's term is intact on its disk",
		    w->name);
	if (t.current_term < w->said)
		violation("TERM",
		    "%s has told of term %" PRIu64 ", its disk says %" PRIu64, w->name,
		    w->said, t.current_term);
	w->term = t.current_term;
	if (term_image(w->machine, IMAGE_CACHE, &t) == -1)
		violation("TERM", "neither slot of %s's term is intact", w->name);
	if (t.current_term < w->said)
		violation("TERM", "%s has told of term %" PRIu64 ", and is in %" PRIu64,
		    w->name, w->said, t.current_term);
}

static void
check_lock(struct watched *w, enum work work, enum ended ended)
{
	struct lock_image l;

	if (!touched(w, "state/lock", IMAGE_CACHE) ||
	    lock_image(w->machine, IMAGE_CACHE, &l) == -1)
		return;
	if (!w->rotten && l.damaged != 0)
		violation("TORN",
		    "%s calls index %" PRIu64 " damaged, and no bit of it was", w->name,
		    l.damaged);
	if (ended == RAN && work != WORK_START && l.clean && l.damaged == 0 &&
	    l.tail != w->cache.n)
		violation("TAIL",
		    "%s's lock file says that its log ends at %" PRIu64
		    ", it ends at %zu",
		    w->name, l.tail, w->cache.n);
	w->damaged = l.damaged != 0;
	w->cutting = l.cut;
	w->cut = l.tail;
	/* A cut takes back what was promised, finished or not. */
	if ((l.cut || work == WORK_APPEND) && l.tail < w->promised) {
		w->promised = l.tail;
		if (!log_image_chain(&w->cache, l.tail, &w->promised_chain))
			w->promised = 0;
	}
}

/* What it told a leader is still there, unless a leader has cut it. */
static void
check_promise(struct watched *w, enum work work)
{
	uint32_t chain;

	if (log_image_chain(&w->cache, w->promised, &chain) &&
	    chain == w->promised_chain)
		return;
	if (work != WORK_APPEND && !w->rotten)
		violation("DUR",
		    "%s has told a leader that it holds index %" PRIu64
		    ", and has only %zu",
		    w->name, w->promised, w->cache.n);
	/* What it lost was not committed: check_removed has looked. */
	while (w->promised > w->cache.n)
		w->promised--;
	(void)log_image_chain(&w->cache, w->promised, &w->promised_chain);
}

void
check_worked(size_t number, enum work work, enum ended ended)
{
	struct watched *w = &nodes[number];
	uint64_t commit;

	checks++;
	if (machine_find(w->machine, "state/term", IMAGE_CACHE) == NULL)
		return;
	read_cache(w, work, ended == RAN);
	(void)log_image_read(&w->disk);
	if (w->id[0] == '\0')
		return;
	check_term(w, 0);
	check_lock(w, work, ended);
	if (ended != RAN)
		return;
	if (work == WORK_APPEND)
		check_promise(w, work);
	if (!touched(w, "run/commit_index", IMAGE_CACHE))
		return;
	commit = number_image(w->machine, "run/commit_index");
	if (commit < w->commit)
		violation("COMMIT",
		    "%s's commit index went back from %" PRIu64 " to %" PRIu64, w->name,
		    w->commit, commit);
	if (commit > w->commit) {
		w->commit = commit;
		if (work == WORK_APPEND && !w->unwatched)
			check_committed(number, 0, commit);
	}
}

void
check_powered_off(size_t number)
{
	struct watched *w = &nodes[number];

	w->commit = 0;
	if (w->id[0] == '\0')
		return;
	read_cache(w, WORK_START, 0);
	(void)log_image_read(&w->disk);
	check_term(w, 1);
}

void
check_evicted(size_t number)
{
	struct watched *w = &nodes[number];

	read_cache(w, WORK_START, 0);
}

void
check_unwatched(size_t number)
{
	nodes[number].unwatched = 1;
}

void
check_rotten(size_t number)
{
	struct watched *w = &nodes[number];

	w->rotten = 1;
	read_cache(w, WORK_START, 0);
	(void)log_image_read(&w->disk);
}

void
check_emptied(size_t number)
{
	nodes[number].commit = 0;
}

void
check_verified(size_t number)
{
	struct watched *w = &nodes[number];

	check_worked(number, WORK_START, RAN);
	check_promise(w, WORK_START);
}

/* --- what is said --------------------------------------------------------- */

/* "Each server will vote for at most one candidate in a given term" (§5.2), and
 * the vote is on disk before anybody hears of it. */
static void
check_vote(size_t number, uint64_t term, const struct who *candidate)
{
	struct watched *w = &nodes[number];
	char *vote = reign_of(term)->vote[number];
	struct term t;

	if (vote[0] != '\0' && strcmp(vote, candidate->name) != 0)
		violation("ES",
		    "%s votes for %s in term %" PRIu64 ", after it has voted for %s",
		    w->name, candidate->name, term, vote);
	memcpy(vote, candidate->name, strlen(candidate->name) + 1);
	if (w->damaged)
		violation("ES", "%s votes for %s, and its log is damaged", w->name,
		    candidate->name);
	if (term_image(w->machine, IMAGE_DISK, &t) == -1 || t.current_term < term ||
	    (t.current_term == term && strcmp(t.voted_for.name, candidate->name) != 0))
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

	if (g->leader != (int)number)
		violation("ES",
		    "%s sends appends of term %" PRIu64 ", which it does not lead",
		    nodes[number].name, f->term);
	g->sent = 1;
	check_sent(f);
	if (f->arg[3] > commit_count)
		violation("LC", "%s sends commit index %" PRIu64 ", but only %zu is",
		    nodes[number].name, f->arg[3], commit_count);
}

/* "I hold all of your log up to here, durably": true on the disk itself (F15). */
static void
check_appended(size_t number, const struct frame *f)
{
	struct watched *w = &nodes[number];
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
	struct watched *w = &nodes[number];

	checks++;
	if (strcmp(f->from.name, w->name) != 0)
		violation("FRAME", "%s speaks as %s", w->name, f->from.name);
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
	if (f->term > w->said)
		w->said = f->term;
	if (f->term > w->term)
		violation("TERM", "%s speaks of term %" PRIu64 ", its disk of %" PRIu64,
		    w->name, f->term, w->term);
}

/* --- leaders and what they commit ----------------------------------------- */

void
check_leads(size_t number, uint64_t term)
{
	struct watched *w = &nodes[number];
	struct reign *g = reign_of(term);
	size_t n = commit_count;
	uint32_t chain;

	checks++;
	if (g->leader != -1 && g->leader != (int)number)
		violation("ES", "%s leads term %" PRIu64 ", which %s led", w->name,
		    term, nodes[g->leader].name);
	if (g->sent)
		violation("LAO",
		    "%s begins again to lead term %" PRIu64 ", in which "
		    "it has sent entries before",
		    w->name, term);
	g->leader = (int)number;
	/* "If a log entry is committed in a given term, then that entry will be
	 * present in the logs of the leaders for all higher-numbered terms". */
	while (n > 0 && committed_in[n - 1] >= term)
		n--;
	if (!log_image_chain(&w->cache, n, &chain) ||
	    (n > 0 && chain != committed[n - 1]))
		violation("LC",
		    "%s leads term %" PRIu64 " without index %zu, which is committed",
		    w->name, term, n);
}

/* A node that rots may lose what it held, one in a run; it must say so. */
static size_t
holders(uint64_t index, uint32_t chain)
{
	size_t i, n = 0;
	uint32_t theirs;

	for (i = 0; i < node_count; i++)
		if (nodes[i].rotten ||
		    (log_image_chain(&nodes[i].disk, index, &theirs) &&
			theirs == chain))
			n++;
	return n;
}

void
check_committed(size_t number, uint64_t term, uint64_t index)
{
	struct watched *w = &nodes[number];
	const struct record *r;
	size_t i;

	checks++;
	if (index == 0)
		return;
	if (index > w->cache.n) {
		if (w->rotten)
			return;
		violation("LC", "%s has committed index %" PRIu64 ", and holds %zu",
		    w->name, index, w->cache.n);
	}
	r = &w->cache.entry[index - 1].record;
	if (index <= commit_count) {
		if (committed[index - 1] != r->chain)
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
	/* "Only log entries from the leader's current term are committed by
	 * counting replicas" (§5.4.2). */
	if (r->term != term)
		violation("LC",
		    "%s, leader of term %" PRIu64 ", commits index "
		    "%" PRIu64 " of term %" PRIu64 " by counting",
		    w->name, term, index, r->term);
	if (2 * holders(index, r->chain) <= node_count)
		violation("DUR",
		    "%s commits index %" PRIu64 ", which %zu of %zu disks hold",
		    w->name, index, holders(index, r->chain), node_count);
	committed = sim_grow(committed, (size_t)index * sizeof(*committed));
	committed_in = sim_grow(committed_in, (size_t)index * sizeof(*committed_in));
	for (i = commit_count; i < index; i++) {
		committed[i] = w->cache.entry[i].record.chain;
		committed_in[i] = term;
	}
	commit_count = (size_t)index;
	/* A leader of a later term would have to hold it: does it? */
	for (i = (size_t)term + 1; i < reign_count; i++) {
		const struct watched *l;
		uint32_t chain;

		if (reigns[i].leader == -1)
			continue;
		l = &nodes[reigns[i].leader];
		if (l->rotten)
			continue;
		if (!log_image_chain(&l->cache, index, &chain) || chain != r->chain)
			violation("LC",
			    "%s commits index %" PRIu64 " in term "
			    "%" PRIu64 ", which %s, leader of term %zu, does not hold",
			    w->name, index, term, l->name, i);
	}
}

void
check_durable(void)
{
	if (commit_count > 0 &&
	    2 * holders(commit_count, committed[commit_count - 1]) <= node_count)
		violation("DUR",
		    "index %zu was committed, and %zu of %zu disks hold it",
		    commit_count, holders(commit_count, committed[commit_count - 1]),
		    node_count);
}

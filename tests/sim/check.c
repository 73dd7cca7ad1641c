/*
 * check.c - Raft's properties, as far as one node's disk shows them: see check.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "truth.h"
#include "watched.h"

/* (index, term) stands for one chain, on whatever node. */
struct pair {
	uint64_t term;
	uint32_t chain;
};

struct place {
	struct pair *pair;
	size_t n;
};

struct watched watched[WATCHED];
size_t watched_count;
uint64_t checks;
static int current[WATCHED]; /* of each node, its slot */
static const char *const work_names[] = { "the start", "a vote", "an append",
	"the lead", "a snapshot's taking", "an install", "a snapshot's sending",
	"a hello" };
static struct place *places;
static size_t place_count;

uint64_t
check_count(void)
{
	return checks;
}

const struct log_image *
check_log(size_t number)
{
	return &watched_of(number)->cache;
}

struct watched *
watched_of(size_t number)
{
	return &watched[current[number]];
}

struct watched *
watched_by_id(const char *id)
{
	size_t i;

	for (i = 0; i < watched_count; i++)
		if (strcmp(watched[i].id, id) == 0)
			return &watched[i];
	return NULL;
}

void
check_node(size_t number, struct machine *m, const char *name)
{
	struct watched *w = watched_of(number);

	/* A first boot that was killed before there was an id left nothing to watch. */
	if (strcmp(w->name, name) != 0 || w->id[0] != '\0') {
		if (watched_count == WATCHED)
			sim_die("too many disks");
		current[number] = (int)watched_count;
		w = &watched[watched_count++];
	}
	*w = (struct watched){ .slot = (size_t)(w - watched), .machine = m };
	memcpy(w->name, name, strlen(name) + 1);
	log_image_init(&w->cache, m, IMAGE_CACHE);
	log_image_init(&w->disk, m, IMAGE_DISK);
}

void
check_member(size_t number, const char *id)
{
	struct watched *w = watched_of(number);

	memcpy(w->id, id, strlen(id) + 1);
	w->seen = w->judged = UINT64_MAX;
}

/* --- the log -------------------------------------------------------------- */

/* "If two logs contain an entry with the same index and term, then the logs are
 * identical in all entries up through the given index" (Figure 3). */
static void
check_matching(const struct watched *w, const struct entry *e)
{
	const struct record *r = &e->record;
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
	if (r->type == RECORD_MEMBERS)
		check_config(w, e);
}

/* The entries kept..was of the node's log have gone, or have been replaced. */
static void
check_removed(const struct watched *w, size_t kept, size_t was, enum work work,
    const uint32_t *chains)
{
	size_t i;
	uint32_t chain;

	for (i = kept; i < was; i++) {
		if (log_image_chain(&w->cache, i + 1, &chain) && chain == chains[i])
			continue;
		/* A cut that was not finished is, by whoever comes next. */
		if (work != WORK_START && w->cutting && w->cut <= i)
			work = WORK_APPEND;
		if (work != WORK_START && work != WORK_APPEND && work != WORK_INSTALL)
			violation("LAO", "%s of %s has removed index %zu",
			    work_names[work], w->name, i + 1);
		/* A start removes what was never promised: check_promise.  And who
		 * has not heard of the term that committed it may follow a leader
		 * of an earlier one, who never had it.  What lies behind a snapshot
		 * that is lost can't be read: who says so may drop it. */
		if (work != WORK_START && !(w->rotten && w->damaged) &&
		    truth_chain(i + 1, &chain) && chain == chains[i] &&
		    truth_at(i + 1)->in <= w->term)
			violation("LC", "%s has removed index %zu, which is committed",
			    w->name, i + 1);
		return;
	}
}

static void
read_cache(struct watched *w, enum work work, int watch)
{
	uint32_t *chains = NULL;
	const struct entry *e;
	size_t i, kept, was = w->cache.n;

	if (!log_image_stale(&w->cache))
		return;
	if (watch && was > 0) {
		chains = sim_alloc(was * sizeof(*chains));
		for (i = 0; i < was; i++)
			(void)log_image_chain(&w->cache, i + 1, &chains[i]);
	}
	kept = log_image_read(&w->cache);
	if (watch && kept < was)
		check_removed(w, kept, was, work, chains);
	free(chains);
	for (i = kept; i < w->cache.n; i++)
		if ((e = log_image_entry(&w->cache, i + 1)) != NULL)
			check_matching(w, e);
}

/* --- state/term, state/lock ----------------------------------------------- */

/* 1 if the file has changed in this image since it was looked at. */
static int
touched(const struct watched *w, const char *path, enum image image)
{
	struct inode *f = machine_find(w->machine, path, image);

	return f != NULL && inode_changed(f, image) != SIZE_MAX;
}

/* 1 if who read the file last has not got what stands in it. */
static int
misread(const struct watched *w, const char *path)
{
	const struct inode *f = machine_find(w->machine, path, IMAGE_CACHE);

	return f != NULL && inode_misread(f);
}

/*
 * "currentTerm ... increases monotonically" (Figure 2), and a vote is not taken back, as
 * soon as both slots say it: what was written to one alone nobody has heard of, and it
 * may go with that slot.
 */
static void
check_term_grows(struct watched *w, const struct term *t)
{
	const struct term *was = &w->stored;

	if (!w->rotten && t->current_term < was->current_term)
		violation("TERM",
		    "%s's term goes back from %" PRIu64 " to %" PRIu64 " on its disk",
		    w->name, was->current_term, t->current_term);
	if (!w->rotten && t->current_term == was->current_term &&
	    strlen(was->voted_for.id) > 1 &&
	    strcmp(t->voted_for.id, was->voted_for.id) != 0)
		violation("ES", "%s takes back its vote for %s in term %" PRIu64,
		    w->name, was->voted_for.name, was->current_term);
	w->term = t->current_term;
	(void)term_stored(w->machine, &w->stored);
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
	check_term_grows(w, &t);
	if (term_image(w->machine, IMAGE_CACHE, &t) == -1)
		violation("TERM", "neither slot of %s's term is intact", w->name);
	if (t.current_term < w->said)
		violation("TERM", "%s has told of term %" PRIu64 ", and is in %" PRIu64,
		    w->name, w->said, t.current_term);
}

/* 1 if a start need not have looked at the node's state yet. */
static int
before_start(enum work work)
{
	return work == WORK_START || work == WORK_HELLO;
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
	if (ended == RAN && !before_start(work) && l.clean && l.damaged == 0 &&
	    l.tail != w->cache.n)
		violation("TAIL",
		    "%s's lock file says that its log ends at %" PRIu64
		    ", it ends at %zu",
		    w->name, l.tail, w->cache.n);
	w->damaged = l.damaged != 0;
	w->clean = l.clean;
	w->cutting = l.cut;
	w->cut = l.tail;
	/* A cut takes back what was promised, finished or not. */
	if ((l.cut || work == WORK_APPEND || work == WORK_INSTALL) &&
	    l.tail < w->promised) {
		w->promised = l.tail;
		if (!log_image_chain(&w->cache, l.tail, &w->promised_chain))
			w->promised = 0;
	}
}

/* An append may have died behind a cut, when another entry stood there already. */
static void
take_back(struct watched *w)
{
	uint32_t chain;

	if (log_image_chain(&w->cache, w->promised, &chain))
		w->promised_chain = chain;
}

/* What it told a leader is still there, unless a leader has cut it. */
static void
check_promise(struct watched *w, enum work work)
{
	uint32_t chain;

	if (log_image_chain(&w->cache, w->promised, &chain) &&
	    chain == w->promised_chain)
		return;
	if (work != WORK_APPEND && work != WORK_INSTALL && !w->rotten)
		violation("DUR",
		    "%s has told a leader that it holds index %" PRIu64
		    ", and has only %zu",
		    w->name, w->promised, w->cache.n);
	/* What it lost was not committed: check_removed has looked. */
	while (w->promised > w->cache.n)
		w->promised--;
	(void)log_image_chain(&w->cache, w->promised, &w->promised_chain);
}

/* "log + snapshot": nothing is missing between them. */
static void
check_gap(const struct watched *w)
{
	const struct log_image *l = &w->cache;
	const unsigned char *p;
	struct record r;
	size_t size;

	if (w->damaged || w->rotten || l->segments == 0 ||
	    l->first[0] <= l->covered + 1)
		return;
	p = inode_bytes(l->segment[0], l->image, &size);
	if (record_parse((const char *)p, size, &r) == 1)
		violation("GAP",
		    "%s's log begins with index %" PRIu64
		    ", its snapshot ends with %" PRIu64,
		    w->name, l->first[0], l->covered);
}

/* What the work has left in state/: read again, if it has changed. */
static void
look(struct watched *w, enum work work, enum ended ended)
{
	if (w->seen == w->machine->changes)
		return;
	w->seen = w->machine->changes;
	read_cache(w, work, ended != POWERED_OFF);
	(void)log_image_read(&w->disk);
	if (w->id[0] == '\0')
		return;
	check_term(w, 0);
	check_lock(w, work, ended);
	check_snaps(w, work);
}

/* What holds whenever a piece of work has come to its end; of a start that failed,
 * nothing else runs. */
static void
judge(struct watched *w)
{
	if (w->judged == w->machine->changes)
		return;
	w->judged = w->machine->changes;
	check_gap(w);
	if (w->clean)
		check_configs(w);
}

/* What rotted is mended: the node says so, and holds all that was committed, and what it
 * had promised. */
static void
check_mended(struct watched *w)
{
	const uint64_t n = truth_count();
	uint32_t chain, theirs;
	struct term t;

	if (!w->rotten || w->damaged || !w->clean || w->disk.n < w->owed ||
	    !truth_chain(n, &theirs) || !log_image_chain(&w->disk, n, &chain) ||
	    chain != theirs || term_stored(w->machine, &t) == -1)
		return;
	w->rotten = 0;
	story("%s: what rotted is mended", w->name);
}

void
check_worked(size_t number, enum work work, enum ended ended)
{
	struct watched *w = watched_of(number);
	uint64_t commit;

	checks++;
	if (machine_find(w->machine, "state/term", IMAGE_CACHE) == NULL)
		return;
	look(w, work, ended);
	if (w->id[0] == '\0')
		return;
	if (work == WORK_APPEND || work == WORK_INSTALL)
		take_back(w);
	if (ended != RAN)
		return;
	if (work == WORK_APPEND || work == WORK_TAKE || work == WORK_INSTALL)
		check_promise(w, work);
	if (!before_start(work)) {
		judge(w);
		check_mended(w);
	}
	if (!touched(w, "run/commit_index", IMAGE_CACHE))
		return;
	commit = number_image(w->machine, "run/commit_index");
	/* A lead that has been overtaken may write its last one late, and an append
	 * does not know of one that it could not read. */
	if (commit < w->commit &&
	    ((work == WORK_LEAD && w->leads < w->term) ||
		(work == WORK_APPEND && misread(w, "run/commit_index"))))
		w->commit = commit;
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
	struct watched *w = watched_of(number);

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
	struct watched *w = watched_of(number);

	read_cache(w, WORK_START, 0);
}

void
check_unwatched(size_t number)
{
	watched_of(number)->unwatched = 1;
}

void
check_rotten(size_t number)
{
	struct watched *w = watched_of(number);

	w->rotten = 1;
	w->owed = w->promised;
	read_cache(w, WORK_START, 0);
	(void)log_image_read(&w->disk);
}

void
check_stained(size_t number)
{
	struct watched *w = watched_of(number);

	w->stained = 1;
	read_cache(w, WORK_START, 0);
	(void)log_image_read(&w->disk);
}

void
check_emptied(size_t number)
{
	watched_of(number)->commit = 0;
}

void
check_verified(size_t number)
{
	struct watched *w = watched_of(number);

	check_worked(number, WORK_START, RAN);
	judge(w);
	check_promise(w, WORK_START);
	check_mended(w);
	/* Nobody promises itself what it leads with. */
	check_durable();
}

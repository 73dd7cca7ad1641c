/*
 * rot.c - what is lost on a disk while its power is off: a bit, a sector, or all of
 * it.  Of one node in a run, where what that held may be lost with it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim.h"
#include "world.h"

static struct node *spent;

struct node *
rot_spent(void)
{
	return spent;
}

/* A majority must be whole, or nobody can say what was committed. */
static int
may_spend(const struct node *n)
{
	return spent == NULL && admin_voters() >= 3 && !admin_removes() &&
	    !check_changing() && admin_is_member(n);
}

int
rot_spends(struct node *n)
{
	if (!may_spend(n))
		return 0;
	spent = n;
	return 1;
}

void
rot_disk(struct node *n)
{
	if (rot_spends(n))
		node_loses_disk(n);
}

int
rot_unreadable(struct node *n, const char *path)
{
	const struct log_image *l = check_log(n->number);
	const int again = spent == n;
	char newest[40];

	if (!again && !may_spend(n))
		return 0;
	spent = n;
	(void)snprintf(newest, sizeof(newest), "%016" PRIu64 ".%016" PRIu64 "/",
	    l->covered, l->covered_term);
	/* What could have replaced it may be what was spent before. */
	if (!again &&
	    (log_image_spare(l) || strncmp(path, newest, strlen(newest)) != 0))
		check_stained(n->number);
	else
		check_rotten(n->number);
	return 1;
}

/* --- one byte of a file ------------------------------------------------------ */

struct place {
	char path[96];
	size_t at;
	int whole; /* nothing is lost with it */
};

static size_t
size_of(struct node *n, const char *path)
{
	struct inode *f = machine_find(n->machine, path, IMAGE_DISK);
	size_t size = 0;

	if (f != NULL)
		(void)inode_bytes(f, IMAGE_DISK, &size);
	return size;
}

/* Some byte of a small file: 1, or 0: it is not there, or is empty. */
static int
byte_of(struct node *n, const char *path, struct place *p)
{
	const size_t size = size_of(n, path);

	(void)snprintf(p->path, sizeof(p->path), "%s", path);
	p->at = (size_t)seed_below(size);
	return size > 0;
}

/* Where a slot of its term begins that the other outlives: a write may have been cut
 * short in one. */
static size_t
term_slot(struct node *n)
{
	const size_t off = seed_odds(500) ? TERM_SLOT : 0;
	const size_t other = TERM_SLOT - off;
	const unsigned char *p;
	struct inode *f;
	struct term t;
	size_t size;

	f = machine_find(n->machine, "state/term", IMAGE_DISK);
	if (f == NULL)
		return off;
	p = inode_bytes(f, IMAGE_DISK, &size);
	return size > other &&
		term_parse(&t, (const char *)p + other, size - other) == 0 ?
	    off :
	    other;
}

static int
term_byte(struct node *n, struct place *p)
{
	(void)snprintf(p->path, sizeof(p->path), "state/term");
	p->at = term_slot(n) + (size_t)seed_below(40);
	return 1;
}

/* Of a snapshot, the newest or another. */
static int
snapshot_byte(struct node *n, struct place *p)
{
	static const char *const files[] = { "manifest", "data", "requests" };
	const struct log_image *l = check_log(n->number);
	const struct snap_image *s;
	char path[sizeof(p->path)];

	if (l->covered == 0)
		return 0;
	s = &l->snap[seed_below(l->snaps)];
	if (!s->whole)
		return 0;
	(void)snprintf(path, sizeof(path),
	    "state/snapshot/%016" PRIu64 ".%016" PRIu64 "/%s", s->manifest.index,
	    s->manifest.term, files[seed_below(3)]);
	if (!byte_of(n, path, p))
		return 0;
	/* An older one is for the case that the newest is lost. */
	p->whole = s->manifest.index < l->covered || log_image_spare(l);
	return 1;
}

static int
record_byte(struct node *n, struct place *p)
{
	const struct log_image *l = check_log(n->number);
	const struct entry *e;

	if (l->n == l->base)
		return 0;
	e = &l->entry[seed_below(l->n - l->base)];
	(void)snprintf(p->path, sizeof(p->path), "state/log/%016" PRIu64,
	    log_image_segment(l, e));
	p->at = e->off + (size_t)seed_below(record_size(&e->record));
	return 1;
}

/* Of what it remembers of another's starts: it does not any more. */
static int
seen_byte(struct node *n, struct place *p)
{
	struct inode *dir = machine_find(n->machine, "state", IMAGE_DISK);
	const char *const *names;
	const size_t count = inode_names(dir, IMAGE_DISK, &names);
	size_t i, at = (size_t)seed_below(count);
	char path[64];

	for (i = 0; i < count; i++, at++) {
		if (strncmp(names[at % count], "seen.", 5) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "state/%s", names[at % count]);
		p->whole = 1;
		if (!byte_of(n, path, p))
			return 0;
		check_forgets(n->number, path + strlen("state/seen."));
		return 1;
	}
	return 0;
}

/* --- rot --------------------------------------------------------------------- */

/* A bit of it flips, or its sector is zeros: not in the log, where such a sector behind
 * all that is known to be durable is what a loss of power leaves (DESIGN: torn or rotten). */
static void
rots(struct node *n, const struct place *p)
{
	const int sector = strncmp(p->path, "state/log/", 10) != 0 && seed_odds(200);

	story("%s: %s of %s at byte %zu %s%s", n->name, sector ? "the sector" : "a bit",
	    p->path, p->at, sector ? "is zeros" : "flips",
	    p->whole ? ", and nothing is lost with it" : "");
	if (sector)
		(void)machine_rot_sector(n->machine, p->path, p->at);
	else
		(void)machine_rot(n->machine, p->path, p->at, (int)seed_below(8));
}

/* What costs the node nothing that it held: its cache of the members, and what it
 * remembers of the others. */
static void
rot_little(struct node *n)
{
	struct place p = { .whole = 1 };

	if (seed_odds(500) ? byte_of(n, "state/members", &p) : seen_byte(n, &p))
		rots(n, &p);
}

void
rot(struct node *n)
{
	const int little = seed_odds(300);
	struct place p = { .whole = 0 };
	int there;

	/* What a damaged log has lost, the cache may know. */
	if (n->blank || spent == n || (!little && !may_spend(n)))
		return;
	node_power_off(n);
	if (little) {
		rot_little(n);
		return;
	}
	if (check_log(n->number)->n == check_log(n->number)->base)
		return;
	switch (seed_below(7)) {
	case 0:
		there = term_byte(n, &p);
		break;
	case 1:
		there = byte_of(n, "state/lock", &p);
		break;
	case 2:
	case 3:
		there = snapshot_byte(n, &p) || record_byte(n, &p);
		break;
	case 4:
		there = n->nameless = byte_of(n, "state/node", &p);
		break;
	default:
		there = record_byte(n, &p);
	}
	if (!there)
		return;
	spent = n;
	rots(n, &p);
	if (p.whole)
		check_stained(n->number);
	else
		check_rotten(n->number);
}

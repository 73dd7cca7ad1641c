/*
 * image.c - a node's directory, as the checker reads it: see image.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc.h"
#include "core/num.h"
#include "core/words.h"
#include "image.h"
#include "sim.h"
#include "truth.h"

#define SEGMENT_DIGITS 16u

void
log_image_init(struct log_image *l, struct machine *m, enum image image)
{
	memset(l, 0, sizeof(*l));
	l->machine = m;
	l->image = image;
}

/* --- snapshots ------------------------------------------------------------ */

static const char *
file_of(const struct snap_image *s, const char *name, enum image image, size_t *n)
{
	struct inode *f = inode_child(s->dir, image, name);
	const char *p;

	*n = 0;
	if (f == NULL)
		return NULL;
	p = (const char *)inode_bytes(f, image, n);
	return p != NULL ? p : "";
}

/* 1 if the blocks and their list are as the manifest says. */
static int
data_whole(const struct manifest *m, const char *data, size_t n)
{
	struct block b;
	uint64_t blocks = 0, end = 0;
	size_t at, used;

	if (n != m->data || m->offset > n ||
	    crc32c(0, data + m->offset, n - m->offset) != m->blocks_crc)
		return 0;
	for (at = m->offset; at < n; at += used, blocks++) {
		used = block_take(data + at, n - at, &b);
		if (used == 0 || b.offset != end || b.length > m->offset - end ||
		    crc32c(0, data + b.offset, b.length) != b.crc)
			return 0;
		end += b.length;
	}
	return end == m->offset && blocks == m->blocks;
}

static void
snap_read(struct snap_image *s, enum image image, uint64_t index, uint64_t term)
{
	const char *p;
	char *text;
	size_t n;

	memset(&s->manifest, 0, sizeof(s->manifest));
	s->whole = 0;
	p = file_of(s, "manifest", image, &n);
	if (p == NULL || n > MANIFEST_MAX)
		return;
	text = sim_alloc(n + 1);
	memcpy(text, p, n);
	if (manifest_parse(&s->manifest, text, n) == 0 && s->manifest.index == index &&
	    s->manifest.term == term) {
		p = file_of(s, "data", image, &n);
		s->whole = p != NULL && data_whole(&s->manifest, p, n);
		p = file_of(s, "requests", image, &n);
		s->whole = s->whole && p != NULL &&
		    n == s->manifest.requests * REQUEST_LINE &&
		    crc32c(0, p, n) == s->manifest.requests_crc;
	}
	free(text);
}

/* 1 if anything below has changed; and forgets it. */
static int
tree_changed(struct inode *dir, enum image image, int forget)
{
	const char *const *names;
	size_t i, n = inode_names(dir, image, &names);
	int stale = inode_stale(dir, image);

	if (forget)
		(void)inode_changed(dir, image);
	for (i = 0; i < n && (forget || !stale); i++) {
		struct inode *f = inode_child(dir, image, names[i]);

		stale |= tree_changed(f, image, forget);
	}
	return stale;
}

/* 1 if the snapshots are not those that were read; one that is being made is none. */
static int
snaps_stale(const struct log_image *l)
{
	struct inode *dir = machine_find(l->machine, "state/snapshot", l->image);
	size_t i;

	if (dir != l->snapshots || (dir != NULL && inode_stale(dir, l->image)))
		return 1;
	for (i = 0; i < l->snaps; i++)
		if (tree_changed(l->snap[i].dir, l->image, 0))
			return 1;
	return 0;
}

/* What was read of it before, if it is the same still; NULL: it is not. */
static const struct snap_image *
snap_known(const struct snap_image *old, size_t n, struct inode *dir, enum image image)
{
	size_t i;

	if (tree_changed(dir, image, 1))
		return NULL;
	for (i = 0; i < n; i++)
		if (old[i].dir == dir && old[i].whole)
			return &old[i];
	return NULL;
}

static void
snaps_read(struct log_image *l)
{
	struct inode *dir = machine_find(l->machine, "state/snapshot", l->image);
	const size_t had = l->snaps;
	const struct snap_image *known;
	const char *const *names;
	uint64_t index, term;
	struct snap_image *old, *s;
	size_t i, n;

	l->snapshots = dir;
	l->snaps = 0;
	l->covered = l->covered_term = l->covered_chain = 0;
	if (dir == NULL)
		return;
	(void)inode_changed(dir, l->image);
	n = inode_names(dir, l->image, &names);
	if (n + had > l->snap_room) {
		l->snap_room = 2 * (n + had);
		l->snap = sim_grow(l->snap, l->snap_room * sizeof(*l->snap));
	}
	/* What is read now comes before what was read then, which goes to the end. */
	old = l->snap + l->snap_room - had;
	if (had > 0)
		memmove(old, l->snap, had * sizeof(*old));
	for (i = 0; i < n; i++) {
		if (strlen(names[i]) != 2 * SEGMENT_DIGITS + 1 ||
		    num_u64(names[i], SEGMENT_DIGITS, NUMBER_MAX, &index) == -1 ||
		    num_u64(names[i] + SEGMENT_DIGITS + 1, SEGMENT_DIGITS, NUMBER_MAX,
			&term) == -1)
			continue;
		s = &l->snap[l->snaps++];
		s->dir = inode_child(dir, l->image, names[i]);
		known = snap_known(old, had, s->dir, l->image);
		if (known != NULL && known->manifest.index == index &&
		    known->manifest.term == term)
			*s = *known;
		else
			snap_read(s, l->image, index, term);
		if (s->whole) {
			l->covered = index;
			l->covered_term = term;
			l->covered_chain = s->manifest.chain;
		}
	}
}

/* --- the log -------------------------------------------------------------- */

const struct entry *
log_image_entry(const struct log_image *l, uint64_t index)
{
	return index > l->base && index <= l->n ? &l->entry[index - l->base - 1] : NULL;
}

int
log_image_spare(const struct log_image *l)
{
	uint64_t older = 0;
	size_t i;

	for (i = 0; i < l->snaps; i++)
		if (l->snap[i].whole && l->snap[i].manifest.index < l->covered)
			older = l->snap[i].manifest.index;
	return l->base <= older;
}

/* The segments there are now. */
static void
read_segments(struct log_image *l, struct inode *dir)
{
	const char *const *names;
	size_t count, i;
	uint64_t first;

	count = inode_names(dir, l->image, &names);
	l->segment = sim_grow(l->segment, count * sizeof(*l->segment));
	l->first = sim_grow(l->first, count * sizeof(*l->first));
	l->from = sim_grow(l->from, count * sizeof(*l->from));
	l->segments = 0;
	for (i = 0; i < count; i++) {
		if (strlen(names[i]) != SEGMENT_DIGITS ||
		    num_u64(names[i], SEGMENT_DIGITS, NUMBER_MAX, &first) == -1)
			continue;
		l->segment[l->segments] = inode_child(dir, l->image, names[i]);
		l->first[l->segments++] = first;
	}
}

/* What the next record follows: 1; 0: nobody knows, it is taken as given. */
static int
chain_before(const struct log_image *l, uint32_t *chain)
{
	const struct entry *last = log_image_entry(l, l->n);

	*chain = 0;
	if (last != NULL)
		*chain = last->record.chain;
	else if (l->base > 0 && l->base == l->covered)
		*chain = l->covered_chain;
	else
		return l->base == 0;
	return 1;
}

/* The record at off of segment i as it was read before: nothing of it has changed,
 * nor what it follows. */
static const struct entry *
read_before(const struct log_image *l, size_t i, size_t off)
{
	const struct entry *e;
	uint32_t chain;

	if (l->n + 1 <= l->old_base || l->n + 1 > l->old_n)
		return NULL;
	e = &l->old[l->n - l->old_base];
	return e->segment == l->segment[i] && e->off == off &&
		off + record_size(&e->record) <= l->from[i] &&
		chain_before(l, &chain) && chain == e->before ?
	    e :
	    NULL;
}

/* 1 and the record at off of segment i; 0: there is none that could be the next. */
static int
read_record(const struct log_image *l, size_t i, size_t off, struct entry *e)
{
	const struct entry *last = log_image_entry(l, l->n);
	const struct record *r = &e->record;
	const unsigned char *bytes;
	const char *p;
	size_t size;

	bytes = inode_bytes(l->segment[i], l->image, &size);
	if (off >= size)
		return 0;
	p = (const char *)bytes + off;
	e->segment = l->segment[i];
	e->off = off;
	return record_parse(p, size - off, &e->record) == 1 &&
	    record_size(r) <= size - off && r->index == l->n + 1 &&
	    r->term >= (last != NULL ? last->record.term : 0) &&
	    (!chain_before(l, &e->before) || record_chain(p, e->before) == r->chain) &&
	    record_intact(r, p);
}

/* Reads on in segment i, behind what is there. */
static void
read_records(struct log_image *l, size_t i)
{
	const struct entry *known, *last = log_image_entry(l, l->n);
	struct entry e;
	size_t have, off = 0;

	if (last != NULL && last->segment == l->segment[i])
		off = last->off + record_size(&last->record);
	while ((known = read_before(l, i, off)) != NULL || read_record(l, i, off, &e)) {
		have = l->n - l->base;
		if (l->entry == NULL || have == l->room) {
			l->room = l->room > 0 ? 2 * l->room : 64;
			l->entry = sim_grow(l->entry, l->room * sizeof(*l->entry));
		}
		l->entry[have] = known != NULL ? *known : e;
		l->n++;
		off += record_size(&l->entry[have].record);
	}
}

/* Reads on in the segments from i on, as far as one follows the other. */
static void
read_on(struct log_image *l, size_t i)
{
	const struct entry *last;

	for (; i < l->segments; i++) {
		last = log_image_entry(l, l->n);
		if (l->first[i] == l->n + 1 ||
		    (last != NULL && last->segment == l->segment[i]))
			read_records(l, i);
	}
}

/* All anew: a log may begin with any index up to the one behind the snapshot's. */
static void
read_whole(struct log_image *l)
{
	const struct entry *e;
	size_t i;

	l->old = l->entry;
	l->old_base = l->base;
	l->old_n = l->n;
	l->entry = NULL;
	l->room = 0;
	l->base = l->n = 0;
	for (i = 0; i < l->segments && l->first[i] <= l->covered + 1; i++) {
		if (l->n >= l->covered && i > 0)
			break;
		if (i > 0 && l->first[i] <= l->n + 1)
			continue; /* was read, or is rotten within */
		l->base = l->n = l->first[i] - 1;
		read_on(l, i);
	}
	e = log_image_entry(l, l->covered);
	if (l->n < l->covered || (e != NULL && e->record.term != l->covered_term))
		l->base = l->n = l->covered;
	free(l->old);
	l->old_base = l->old_n = 0;
}

int
log_image_stale(struct log_image *l)
{
	struct inode *dir = machine_find(l->machine, "state/log", l->image);
	size_t i;

	if (dir == NULL || !l->read || inode_stale(dir, l->image) || snaps_stale(l))
		return 1;
	for (i = l->segments; i > 0; i--)
		if (inode_stale(l->segment[i - 1], l->image))
			return 1;
	return 0;
}

/* 1 if what changed in the segments lies behind the last entry, 0 if in it. */
static int
only_behind(struct log_image *l)
{
	const struct entry *last = log_image_entry(l, l->n);
	size_t from, i;

	for (i = 0; i < l->segments; i++) {
		from = l->from[i];
		if (from == SIZE_MAX || l->first[i] > l->n)
			continue;
		if (last == NULL || l->segment[i] != last->segment ||
		    from < last->off + record_size(&last->record))
			return 0;
	}
	return 1;
}

size_t
log_image_read(struct log_image *l)
{
	struct inode *dir;
	size_t before = l->n, i;
	int whole = !l->read;

	dir = machine_find(l->machine, "state/log", l->image);
	if (dir == NULL) {
		l->n = l->base = l->segments = 0;
		return 0;
	}
	if (snaps_stale(l)) {
		snaps_read(l);
		whole = 1;
	}
	if (whole || inode_changed(dir, l->image) != SIZE_MAX) {
		(void)inode_changed(dir, l->image);
		read_segments(l, dir);
		whole = 1;
	}
	l->read = 1;
	for (i = 0; i < l->segments; i++)
		l->from[i] = inode_changed(l->segment[i], l->image);
	if (!whole && only_behind(l)) {
		read_on(l, 0);
		return before;
	}
	read_whole(l);
	return 0;
}

int
log_image_chain(const struct log_image *l, uint64_t index, uint32_t *chain)
{
	const struct entry *e = log_image_entry(l, index);

	*chain = 0;
	if (index == 0 || e != NULL) {
		*chain = e != NULL ? e->record.chain : 0;
		return 1;
	}
	return index <= l->covered && truth_chain(index, chain);
}

const char *
log_image_payload(const struct log_image *l, const struct entry *e)
{
	size_t size;

	return (const char *)inode_bytes(e->segment, l->image, &size) + e->off +
	    RECORD_HEADER;
}

uint64_t
log_image_segment(const struct log_image *l, const struct entry *e)
{
	size_t i;

	for (i = 0; i < l->segments; i++)
		if (l->segment[i] == e->segment)
			return l->first[i];
	return 0;
}

/* The slots of state/term, the newer one first; how many are intact. */
static int
term_slots(struct machine *m, enum image image, struct term slot[2])
{
	struct inode *f = machine_find(m, "state/term", image);
	const unsigned char *p;
	struct term t;
	size_t off, size;
	int n = 0;

	if (f == NULL)
		return 0;
	p = inode_bytes(f, image, &size);
	for (off = 0; off <= TERM_SLOT; off += TERM_SLOT) {
		if (off >= size ||
		    term_parse(&t, (const char *)p + off, size - off) == -1)
			continue;
		if (n == 1 && t.version > slot[0].version) {
			slot[1] = slot[0];
			slot[0] = t;
		} else
			slot[n] = t;
		n++;
	}
	return n;
}

int
term_image(struct machine *m, enum image image, struct term *t)
{
	struct term slot[2];

	if (term_slots(m, image, slot) == 0)
		return -1;
	*t = slot[0];
	return 0;
}

int
term_stored(struct machine *m, struct term *t)
{
	struct term slot[2];

	if (term_slots(m, IMAGE_DISK, slot) != 2 || slot[0].version != slot[1].version)
		return -1;
	*t = slot[0];
	return 0;
}

/* lite-raft-lock 1 COUNTER MARK DAMAGED INDEX ... */
int
lock_image(struct machine *m, enum image image, struct lock_image *l)
{
	struct words w = { 0 };
	struct inode *f;
	const unsigned char *p, *newline;
	const char *why;
	size_t size;
	int r = -1;

	f = machine_find(m, "state/lock", image);
	if (f == NULL)
		return -1;
	p = inode_bytes(f, image, &size);
	newline = size > 0 ? memchr(p, '\n', size) : NULL;
	if (newline != NULL &&
	    words_parse(&w, (const char *)p, (size_t)(newline - p), &why) == 0 &&
	    w.n > 5 &&
	    num_u64(w.word[2].bytes, w.word[2].len, NUMBER_MAX, &l->counter) == 0 &&
	    num_u64(w.word[4].bytes, w.word[4].len, NUMBER_MAX, &l->damaged) == 0 &&
	    num_u64(w.word[5].bytes, w.word[5].len, NUMBER_MAX, &l->tail) == 0) {
		l->clean = strcmp(w.word[3].bytes, "clean") == 0;
		l->cut = strcmp(w.word[3].bytes, "cut") == 0;
		r = 0;
	}
	words_free(&w);
	return r;
}

uint64_t
number_image(struct machine *m, const char *path)
{
	struct inode *f = machine_find(m, path, IMAGE_CACHE);
	const unsigned char *p;
	uint64_t number = 0;
	size_t i, size;

	if (f == NULL)
		return 0;
	p = inode_bytes(f, IMAGE_CACHE, &size);
	for (i = 0; i < size && p[i] >= '0' && p[i] <= '9'; i++)
		number = 10 * number + (uint64_t)(p[i] - '0');
	return number;
}

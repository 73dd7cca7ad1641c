/*
 * image.c - a node's directory, as the checker reads it: see image.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/words.h"
#include "image.h"
#include "sim.h"

#define SEGMENT_DIGITS 16u

void
log_image_init(struct log_image *l, struct machine *m, enum image image)
{
	memset(l, 0, sizeof(*l));
	l->machine = m;
	l->image = image;
}

/* Keeps the first n entries. */
static void
keep(struct log_image *l, size_t n)
{
	if (n < l->n)
		l->n = n;
}

/* Keeps the entries that end before offset off of segment i. */
static void
keep_before(struct log_image *l, size_t i, size_t off)
{
	size_t n;

	for (n = l->n; n > 0; n--) {
		const struct entry *e = &l->entry[n - 1];
		size_t s;

		for (s = 0; s < l->segments; s++)
			if (l->segment[s] == e->segment)
				break;
		if (s < i || (s == i && e->off + record_size(&e->record) <= off))
			break;
	}
	keep(l, n);
}

/* The segments there are now; what lay in those that differ is not kept. */
static void
read_segments(struct log_image *l, struct inode *dir)
{
	const char *const *names;
	size_t count, i, n = 0;
	uint64_t first;

	count = inode_names(dir, l->image, &names);
	if (count > l->segments_room) {
		l->segments_room = 2 * count;
		l->segment = sim_grow(l->segment,
		    l->segments_room * sizeof(*l->segment));
		l->first = sim_grow(l->first, l->segments_room * sizeof(*l->first));
	}
	for (i = 0; i < count; i++) {
		struct inode *f;

		if (strlen(names[i]) != SEGMENT_DIGITS ||
		    num_u64(names[i], SEGMENT_DIGITS, NUMBER_MAX, &first) == -1)
			continue;
		f = inode_child(dir, l->image, names[i]);
		if (n >= l->segments || l->segment[n] != f || l->first[n] != first) {
			keep_before(l, n, 0);
			(void)inode_changed(f, l->image);
			l->segments = n;
		}
		l->segment[n] = f;
		l->first[n] = first;
		n++;
		if (l->segments < n)
			l->segments = n;
	}
	if (n < l->segments) {
		keep_before(l, n, 0);
		l->segments = n;
	}
}

/* Reads on in segment i, behind what is there. */
static void
read_records(struct log_image *l, size_t i)
{
	const unsigned char *p;
	const struct entry *last;
	struct record r;
	uint64_t term = 0;
	uint32_t chain = 0;
	size_t off = 0, size;

	p = inode_bytes(l->segment[i], l->image, &size);
	if (l->n > 0) {
		last = &l->entry[l->n - 1];
		chain = last->record.chain;
		term = last->record.term;
		if (last->segment == l->segment[i])
			off = last->off + record_size(&last->record);
	}
	while (off < size && record_parse((const char *)p + off, size - off, &r) == 1 &&
	    record_size(&r) <= size - off && r.index == l->n + 1 && r.term >= term &&
	    record_chain((const char *)p + off, chain) == r.chain &&
	    record_intact(&r, (const char *)p + off)) {
		if (l->n == l->room) {
			l->room = l->room > 0 ? 2 * l->room : 64;
			l->entry = sim_grow(l->entry, l->room * sizeof(*l->entry));
		}
		l->entry[l->n++] = (struct entry){ r, l->segment[i], off };
		chain = r.chain;
		term = r.term;
		off += record_size(&r);
	}
}

int
log_image_stale(struct log_image *l)
{
	struct inode *dir = machine_find(l->machine, "state/log", l->image);
	size_t i;

	if (dir == NULL || !l->read || inode_stale(dir, l->image))
		return 1;
	for (i = l->segments; i > 0; i--)
		if (inode_stale(l->segment[i - 1], l->image))
			return 1;
	return 0;
}

size_t
log_image_read(struct log_image *l)
{
	struct inode *dir;
	size_t from, i, kept;

	dir = machine_find(l->machine, "state/log", l->image);
	if (dir == NULL) {
		l->n = l->segments = 0;
		return 0;
	}
	kept = l->n;
	if (inode_changed(dir, l->image) != SIZE_MAX || !l->read) {
		l->read = 1;
		read_segments(l, dir);
	}
	for (i = 0; i < l->segments; i++) {
		from = inode_changed(l->segment[i], l->image);
		if (from != SIZE_MAX)
			keep_before(l, i, from);
	}
	if (l->n < kept)
		kept = l->n;
	for (i = 0; i < l->segments; i++)
		if (l->first[i] == l->n + 1 ||
		    (l->n > 0 && l->entry[l->n - 1].segment == l->segment[i]))
			read_records(l, i);
	return kept;
}

int
log_image_chain(const struct log_image *l, uint64_t index, uint32_t *chain)
{
	*chain = 0;
	if (index > l->n)
		return 0;
	if (index > 0)
		*chain = l->entry[index - 1].record.chain;
	return 1;
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

int
term_image(struct machine *m, enum image image, struct term *t)
{
	struct term slot;
	struct inode *f;
	const unsigned char *p;
	size_t off, size;
	int found = 0;

	f = machine_find(m, "state/term", image);
	if (f == NULL)
		return -1;
	p = inode_bytes(f, image, &size);
	for (off = 0; off <= TERM_SLOT; off += TERM_SLOT) {
		if (off >= size ||
		    term_parse(&slot, (const char *)p + off, size - off) == -1)
			continue;
		if (!found || slot.version > t->version)
			*t = slot;
		found = 1;
	}
	return found ? 0 : -1;
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

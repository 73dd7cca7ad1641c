/*
 * disk.c - the disk of a simulated host: see machine.h.
 */
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "sim.h"

static int exact; /* a test says what is kept: */
static uint64_t keep;

/* --- files ---------------------------------------------------------------- */

static size_t
sectors(size_t bytes)
{
	return (bytes + SECTOR - 1) / SECTOR;
}

struct inode *
inode_new(struct machine *m, const char *path, int is_dir)
{
	struct inode *f = sim_alloc(sizeof(*f));

	f->is_dir = is_dir;
	if (strncmp(path, "run", 3) != 0)
		f->counter = &m->changes;
	f->changed[IMAGE_CACHE] = f->changed[IMAGE_DISK] = 0;
	f->first_dirty = SIZE_MAX;
	return f;
}

static void
room_for(struct inode *f, size_t size)
{
	size_t room = f->room > 0 ? f->room : SECTOR;

	if (size <= f->room)
		return;
	while (room < size)
		room *= 2;
	if (f->room == 0) {
		f->cache = sim_alloc(room);
		f->disk = sim_alloc(room);
		f->page = sim_alloc(room / SECTOR);
		f->room = room;
		return;
	}
	f->cache = sim_grow(f->cache, room);
	f->disk = sim_grow(f->disk, room);
	f->page = sim_grow(f->page, room / SECTOR);
	memset(f->cache + f->room, 0, room - f->room);
	memset(f->disk + f->room, 0, room - f->room);
	memset(f->page + f->room / SECTOR, 0, (room - f->room) / SECTOR);
	f->room = room;
}

static void
changed(struct inode *f, enum image image, size_t off)
{
	if (off < f->changed[image])
		f->changed[image] = off;
	if (f->counter != NULL)
		++*f->counter;
}

static void
sector_to_disk(struct inode *f, size_t s)
{
	memcpy(f->disk + s * SECTOR, f->cache + s * SECTOR, SECTOR);
	f->page[s] = PAGE_CLEAN;
	changed(f, IMAGE_DISK, s * SECTOR);
}

void
inode_write(struct inode *f, const void *p, size_t n, size_t off)
{
	size_t s;

	if (n == 0)
		return;
	room_for(f, off + n);
	for (s = off / SECTOR; s < sectors(off + n); s++) {
		/* The kernel may have written what was there, at any time. */
		if (f->page[s] == PAGE_DIRTY && seed_odds(60))
			sector_to_disk(f, s);
		f->page[s] = PAGE_DIRTY;
	}
	memcpy(f->cache + off, p, n);
	if (off + n > f->size)
		f->size = off + n;
	if (off / SECTOR < f->first_dirty)
		f->first_dirty = off / SECTOR;
	if (sectors(off + n) > f->end_dirty)
		f->end_dirty = sectors(off + n);
	changed(f, IMAGE_CACHE, off);
}

void
inode_zeros(struct inode *f, size_t n)
{
	room_for(f, n);
	f->size = f->disk_size = n;
	changed(f, IMAGE_CACHE, 0);
	changed(f, IMAGE_DISK, 0);
}

void
inode_sync(struct inode *f)
{
	size_t s;

	for (s = f->first_dirty; s < f->end_dirty; s++)
		if (f->page[s] == PAGE_DIRTY)
			sector_to_disk(f, s);
	f->first_dirty = SIZE_MAX;
	f->end_dirty = 0;
	if (f->disk_size != f->size) {
		changed(f, IMAGE_DISK, f->disk_size);
		f->disk_size = f->size;
	}
}

void
inode_sync_some(struct inode *f, enum page rest)
{
	unsigned odds = seed_odds(300) ? 0 : (unsigned)seed_below(1001);
	size_t s;

	for (s = f->first_dirty; s < f->end_dirty; s++) {
		if (f->page[s] != PAGE_DIRTY)
			continue;
		if (seed_odds(odds))
			sector_to_disk(f, s);
		else
			f->page[s] = (unsigned char)rest;
	}
	if (rest != PAGE_DIRTY) {
		f->first_dirty = SIZE_MAX;
		f->end_dirty = 0;
	}
}

void
machine_keep(uint64_t sectors)
{
	exact = 1;
	keep = sectors;
}

int
disk_exact(void)
{
	return exact;
}

/* 1 if the next dirty sector of a log survives, when a test has said which. */
static int
kept(void)
{
	int it = (keep & 1) != 0;

	keep >>= 1;
	return it;
}

/* The power went while this sector was being written. */
static void
sector_tears(struct inode *f, size_t s)
{
	size_t n = (size_t)seed_below(SECTOR);

	memcpy(f->disk + s * SECTOR, f->cache + s * SECTOR, n);
	f->disk[s * SECTOR + n] = (unsigned char)seed_next();
	changed(f, IMAGE_DISK, s * SECTOR);
}

/* The page cache is read anew: all that the disk did not have, and from end on. */
static void
cache_from_disk(struct inode *f, size_t end)
{
	size_t s;

	if (f->size != f->disk_size)
		changed(f, IMAGE_CACHE,
		    f->size < f->disk_size ? f->size : f->disk_size);
	for (s = 0; s < f->room / SECTOR; s++) {
		if (s < end / SECTOR && f->page[s] == PAGE_CLEAN)
			continue;
		memcpy(f->cache + s * SECTOR, f->disk + s * SECTOR, SECTOR);
		f->page[s] = PAGE_CLEAN;
		changed(f, IMAGE_CACHE, s * SECTOR);
	}
}

/* Each dirty sector old or new; then the page cache is what the disk holds. */
static void
file_power_off(struct inode *f, unsigned odds)
{
	size_t end = f->disk_size, s;

	for (s = f->first_dirty; s < f->end_dirty; s++) {
		if (f->page[s] != PAGE_DIRTY)
			continue;
		if (exact && f->is_log) {
			if (kept())
				sector_to_disk(f, s);
		} else if (f->tears && !exact && seed_odds(500))
			sector_tears(f, s);
		else if (seed_odds(odds))
			sector_to_disk(f, s);
	}
	if (f->size > f->disk_size && exact && f->is_log) {
		changed(f, IMAGE_DISK, f->disk_size);
		f->disk_size = f->size;
	} else if (f->size > f->disk_size) {
		/* The size is metadata: it may be old, new, or on its way. */
		if (seed_odds(odds))
			end = f->size;
		else if (seed_odds(300))
			end = seed_range(f->disk_size, f->size);
		memset(f->disk + end, 0, f->room - end);
		changed(f, IMAGE_DISK, f->disk_size);
		f->disk_size = end;
	}
	cache_from_disk(f, end);
	f->size = f->disk_size;
	f->first_dirty = SIZE_MAX;
	f->end_dirty = 0;
}

static void
file_evict(struct inode *f)
{
	size_t s;

	for (s = 0; s < f->room / SECTOR; s++) {
		if (f->page[s] != PAGE_LOST || seed_odds(500))
			continue;
		memcpy(f->cache + s * SECTOR, f->disk + s * SECTOR, SECTOR);
		f->page[s] = PAGE_CLEAN;
		changed(f, IMAGE_CACHE, s * SECTOR);
	}
}

/* --- directories ---------------------------------------------------------- */

/* Looked up more often than anything else, and short: the first eight bytes of a name
 * are one number, which stands for their order. */
static uint64_t
key_of(const char *name, size_t n)
{
	const size_t most = n < sizeof(uint64_t) ? n : sizeof(uint64_t);
	uint64_t key = 0;
	size_t i;

	for (i = 0; i < most; i++)
		key |= (uint64_t)(unsigned char)name[i] << (56 - 8 * i);
	return key;
}

/* Of two names that begin with the same eight bytes, what is behind those. */
static int
rest_compare(const char *have, const char *name, size_t n)
{
	size_t i;

	for (i = sizeof(uint64_t); i < n; i++)
		if (have[i] != name[i])
			return (unsigned char)have[i] - (unsigned char)name[i];
	return n >= sizeof(uint64_t) && have[n] != '\0';
}

static size_t
names_find(const struct names *d, const char *name, size_t n, int *there)
{
	const uint64_t key = key_of(name, n);
	size_t high = d->n, low = 0, mid;
	int cmp;

	while (low < high) {
		mid = (low + high) / 2;
		if (d->key[mid] != key)
			cmp = d->key[mid] < key ? -1 : 1;
		else
			cmp = rest_compare(d->name[mid], name, n);
		if (cmp == 0) {
			*there = 1;
			return mid;
		}
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*there = 0;
	return low;
}

static void
names_link(struct names *d, const char *name, struct inode *f)
{
	size_t at;
	int there;

	at = names_find(d, name, strlen(name), &there);
	if (there) {
		d->inode[at] = f;
		return;
	}
	d->name = sim_grow(d->name, (d->n + 1) * sizeof(*d->name));
	d->inode = sim_grow(d->inode, (d->n + 1) * sizeof(*d->inode));
	d->key = sim_grow(d->key, (d->n + 1) * sizeof(*d->key));
	memmove(d->name + at + 1, d->name + at, (d->n - at) * sizeof(*d->name));
	memmove(d->inode + at + 1, d->inode + at, (d->n - at) * sizeof(*d->inode));
	memmove(d->key + at + 1, d->key + at, (d->n - at) * sizeof(*d->key));
	d->name[at] = sim_copy(name);
	d->inode[at] = f;
	d->key[at] = key_of(name, strlen(name));
	d->n++;
}

static void
names_unlink(struct names *d, const char *name)
{
	size_t at;
	int there;

	at = names_find(d, name, strlen(name), &there);
	if (!there)
		return;
	free(d->name[at]);
	d->n--;
	memmove(d->name + at, d->name + at + 1, (d->n - at) * sizeof(*d->name));
	memmove(d->inode + at, d->inode + at + 1, (d->n - at) * sizeof(*d->inode));
	memmove(d->key + at, d->key + at + 1, (d->n - at) * sizeof(*d->key));
}

static void
names_copy(struct names *to, const struct names *from)
{
	while (to->n > 0)
		names_unlink(to, to->name[to->n - 1]);
	while (to->n < from->n)
		names_link(to, from->name[to->n], from->inode[to->n]);
}

static void
change_apply(struct names *d, const struct change *c)
{
	if (c->gone != NULL)
		names_unlink(d, c->gone);
	if (c->come != NULL)
		names_link(d, c->come, c->inode);
}

void
dir_change(struct inode *dir, const char *gone, const char *come, struct inode *f)
{
	struct change *c;

	dir->change = sim_grow(dir->change, (dir->changes + 1) * sizeof(*dir->change));
	c = &dir->change[dir->changes++];
	c->gone = gone != NULL ? sim_copy(gone) : NULL;
	c->come = come != NULL ? sim_copy(come) : NULL;
	c->inode = f;
	change_apply(&dir->names[IMAGE_CACHE], c);
	changed(dir, IMAGE_CACHE, 0);
}

/* The first n changes reach the disk, each with these odds, and are settled. */
static void
dir_sync_first(struct inode *dir, size_t n, unsigned odds)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (seed_odds(odds))
			change_apply(&dir->names[IMAGE_DISK], &dir->change[i]);
		free(dir->change[i].gone);
		free(dir->change[i].come);
	}
	dir->changes -= n;
	if (n > 0)
		memmove(dir->change, dir->change + n,
		    dir->changes * sizeof(*dir->change));
	changed(dir, IMAGE_DISK, 0);
}

void
dir_sync(struct inode *dir, unsigned odds)
{
	dir_sync_first(dir, dir->changes, odds);
}

void
dir_sync_some(struct inode *dir)
{
	dir_sync_first(dir, (size_t)seed_below(dir->changes + 1), 1000);
}

struct inode *
inode_child(struct inode *dir, enum image image, const char *name)
{
	struct names *d = &dir->names[image];
	size_t at;
	int there;

	at = names_find(d, name, strlen(name), &there);
	return there ? d->inode[at] : NULL;
}

size_t
inode_names(struct inode *dir, enum image image, const char *const **names)
{
	*names = (const char *const *)dir->names[image].name;
	return dir->names[image].n;
}

struct inode *
machine_find_in(struct machine *m, const char *path, size_t len, enum image image)
{
	const char *const last = path + len;
	struct inode *f = m->root;
	const char *end;
	struct names *d;
	size_t at, n;
	int there;

	for (; path < last; path = end) {
		while (path < last && *path == '/')
			path++;
		for (end = path; end < last && *end != '/'; end++)
			continue;
		n = (size_t)(end - path);
		if (n == 0 || (n == 1 && *path == '.'))
			continue;
		if (!f->is_dir)
			return NULL;
		d = &f->names[image];
		at = names_find(d, path, n, &there);
		if (!there)
			return NULL;
		f = d->inode[at];
	}
	return f;
}

struct inode *
machine_find(struct machine *m, const char *path, enum image image)
{
	return machine_find_in(m, path, strlen(path), image);
}

const unsigned char *
inode_bytes(const struct inode *f, enum image image, size_t *size)
{
	*size = image == IMAGE_CACHE ? f->size : f->disk_size;
	return image == IMAGE_CACHE ? f->cache : f->disk;
}

size_t
inode_changed(struct inode *f, enum image image)
{
	size_t from = f->changed[image];

	f->changed[image] = SIZE_MAX;
	return from;
}

int
inode_misread(const struct inode *f)
{
	return f->misread;
}

int
inode_stale(const struct inode *f, enum image image)
{
	return f->changed[image] != SIZE_MAX;
}

/* --- the whole ------------------------------------------------------------ */

static void
tree_power_off(struct inode *dir, unsigned odds)
{
	struct names *d = &dir->names[IMAGE_DISK];
	size_t i;

	dir_sync(dir, odds);
	names_copy(&dir->names[IMAGE_CACHE], d);
	changed(dir, IMAGE_CACHE, 0);
	for (i = 0; i < d->n; i++) {
		if (d->inode[i]->is_dir)
			tree_power_off(d->inode[i], odds);
		else
			file_power_off(d->inode[i], odds);
	}
}

static void
tree_evict(struct inode *dir)
{
	struct names *d = &dir->names[IMAGE_CACHE];
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (d->inode[i]->is_dir)
			tree_evict(d->inode[i]);
		else
			file_evict(d->inode[i]);
	}
}

void
disk_power_off(struct machine *m)
{
	static const unsigned odds[] = { 0, 0, 100, 500, 500, 900, 1000 };

	tree_power_off(m->root,
	    exact ? 0 : odds[seed_below(sizeof(odds) / sizeof(*odds))]);
}

void
machine_evict(struct machine *m)
{
	tree_evict(m->root);
}

/* The file, if it has this byte. */
static struct inode *
file_at(struct machine *m, const char *path, size_t at)
{
	struct inode *f = machine_find(m, path, IMAGE_DISK);

	if (f == NULL || f->is_dir || at >= f->disk_size)
		return NULL;
	changed(f, IMAGE_DISK, at - at % SECTOR);
	changed(f, IMAGE_CACHE, at - at % SECTOR);
	return f;
}

int
machine_rot(struct machine *m, const char *path, size_t at, int bit)
{
	struct inode *f = file_at(m, path, at);

	if (f == NULL)
		return -1;
	f->disk[at] = (unsigned char)(f->disk[at] ^ (1 << bit));
	f->cache[at] = (unsigned char)(f->cache[at] ^ (1 << bit));
	return 0;
}

int
machine_rot_sector(struct machine *m, const char *path, size_t at)
{
	struct inode *f = file_at(m, path, at);

	if (f == NULL)
		return -1;
	at -= at % SECTOR;
	memset(f->disk + at, 0, SECTOR);
	memset(f->cache + at, 0, SECTOR);
	return 0;
}

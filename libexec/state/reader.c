/*
 * reader.c - a snapshot, read where it lies: the list of its blocks is in memory,
 * and a block is read, and its CRC looked at, when a key in it is asked for.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc.h"
#include "state.h"

#define REQUESTS_SLICE ((size_t)REQUEST_LINE * 4096) /* bytes read at a time */

/* One block in memory, and how far it has been read. */
struct page {
	size_t block; /* SIZE_MAX: none */
	struct buf bytes;
	size_t at;
};

struct reader {
	struct os *os;
	struct manifest manifest;
	char path[SNAPSHOT_PATH];
	char *why;
	int data_fd;
	char *list; /* of the blocks, as it lies in data */
	struct block *block;
	size_t blocks;
	struct page got;  /* for reader_get */
	struct page next; /* for reader_next */
};

/* Sets why, and errno to error: -1. */
static int __attribute__((format(printf, 3, 4)))
fail(struct reader *r, int error, const char *fmt, ...)
{
	char said[128];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
	(void)snprintf(r->why, SNAPSHOT_WHY, "cannot read %s/%s", r->path, said);
	errno = error;
	return -1;
}

/* Opens one of the files, which has so many bytes: its descriptor, or -1. */
static int
file_open(struct reader *r, const char *file, uint64_t bytes)
{
	char path[SNAPSHOT_PATH + 16];
	off_t size;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", r->path, file);
	fd = disk_open(r->os, path, DISK_READ);
	if (fd == -1)
		return fail(r, errno, "%s: %s", file, strerror(errno));
	size = disk_size(r->os, fd);
	if (size >= 0 && (uint64_t)size == bytes)
		return fd;
	(void)disk_close(r->os, fd);
	return fail(r, EILSEQ, "%s: it should have %" PRIu64 " bytes", file, bytes);
}

/* Makes r->block of the list: 0, or -1 (it makes no sense). */
static int
list_parse(struct reader *r, size_t n)
{
	const struct manifest *m = &r->manifest;
	const char *at = r->list;
	uint64_t offset = 0;
	size_t i, used;

	for (i = 0; i < r->blocks; i++, at += used) {
		used = block_take(at, n - (size_t)(at - r->list), &r->block[i]);
		if (used == 0 || r->block[i].offset != offset ||
		    r->block[i].length > m->offset - offset)
			return -1;
		offset += r->block[i].length;
	}
	return offset == m->offset && at == r->list + n ? 0 : -1;
}

static int
list_read(struct reader *r)
{
	const struct manifest *m = &r->manifest;
	size_t n = (size_t)(m->data - m->offset);
	ssize_t got;

	/* A line of the list has more bytes than that. */
	if (m->offset > m->data || m->blocks > n / 8 || m->data > SIZE_MAX / 16)
		return fail(r, EILSEQ, "manifest: it makes no sense");
	r->blocks = (size_t)m->blocks;
	r->list = malloc(n + 1);
	r->block = calloc(r->blocks + 1, sizeof(*r->block));
	if (r->list == NULL || r->block == NULL)
		return fail(r, errno, "data: %s", strerror(errno));
	got = disk_read(r->os, r->data_fd, r->list, n, (off_t)m->offset);
	if (got == -1)
		return fail(r, errno, "data: %s", strerror(errno));
	if ((size_t)got != n || crc32c(0, r->list, n) != m->blocks_crc ||
	    list_parse(r, n) == -1)
		return fail(r, EILSEQ, "data: damaged at byte %" PRIu64, m->offset);
	return 0;
}

struct reader *
reader_open(struct os *os, const struct manifest *m, const char *suffix, char *why)
{
	const struct snapshot_name name = { m->index, m->term };
	struct reader *r;
	int saved;

	r = calloc(1, sizeof(*r));
	if (r == NULL) {
		(void)snprintf(why, SNAPSHOT_WHY, "cannot read a snapshot: %s",
		    strerror(errno));
		return NULL;
	}
	r->os = os;
	r->manifest = *m;
	r->why = why;
	r->got.block = r->next.block = SIZE_MAX;
	snapshot_path(r->path, &name, suffix);
	r->data_fd = file_open(r, "data", m->data);
	if (r->data_fd != -1 && list_read(r) == 0)
		return r;
	saved = errno;
	reader_close(r);
	errno = saved;
	return NULL;
}

void
reader_close(struct reader *r)
{
	if (r == NULL)
		return;
	if (r->data_fd != -1)
		(void)disk_close(r->os, r->data_fd);
	buf_free(&r->got.bytes);
	buf_free(&r->next.bytes);
	free(r->block);
	free(r->list);
	free(r);
}

static int
damaged(struct reader *r, const struct page *p)
{
	return fail(r, EILSEQ, "data: damaged at byte %" PRIu64,
	    r->block[p->block].offset);
}

/* Brings a block into the page, from its beginning: 0, or -1. */
static int
page_turn(struct reader *r, struct page *p, size_t block)
{
	const struct block *k = &r->block[block];
	char *room;
	ssize_t n;

	p->at = 0;
	if (p->block == block)
		return 0;
	p->block = SIZE_MAX;
	buf_cut(&p->bytes, 0);
	room = buf_room(&p->bytes, k->length);
	n = room == NULL ?
	    -1 :
	    disk_read(r->os, r->data_fd, room, k->length, (off_t)k->offset);
	if (n == -1)
		return fail(r, errno, "data: at byte %" PRIu64 ": %s", k->offset,
		    strerror(errno));
	p->block = block;
	if ((size_t)n == k->length && crc32c(0, room, k->length) == k->crc) {
		buf_grew(&p->bytes, k->length);
		return 0;
	}
	(void)damaged(r, p);
	p->block = SIZE_MAX;
	return -1;
}

/* The next item of the page: 1, 0 (its end), or -1. */
static int
page_item(struct reader *r, struct page *p, struct bytes *key, struct bytes *value)
{
	size_t used;

	if (p->at == p->bytes.len)
		return 0;
	used = item_take(buf_head(&p->bytes) + p->at, p->bytes.len - p->at, key, value);
	if (used == 0)
		return damaged(r, p);
	p->at += used;
	return 1;
}

/* The last block whose first key is not beyond key; -1: none is. */
static long
block_of(const struct reader *r, struct bytes key)
{
	size_t high = r->blocks, low = 0, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (bytes_compare(r->block[middle].first, key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return (long)low - 1;
}

int
reader_get(void *reader, struct bytes key, struct bytes *value)
{
	struct reader *r = reader;
	struct bytes found;
	long block = block_of(r, key);
	int got, order;

	if (block == -1)
		return 0;
	if (page_turn(r, &r->got, (size_t)block) == -1)
		return -1;
	while ((got = page_item(r, &r->got, &found, value)) == 1) {
		order = bytes_compare(found, key);
		if (order >= 0)
			return order == 0;
	}
	return got;
}

int
reader_next(void *reader, struct bytes *key, struct bytes *value)
{
	struct reader *r = reader;
	struct page *p = &r->next;
	int got = 0;

	while (p->block != SIZE_MAX && (got = page_item(r, p, key, value)) == 0 &&
	    p->block + 1 < r->blocks)
		if (page_turn(r, p, p->block + 1) == -1)
			return -1;
	return got;
}

int
reader_seek(void *reader, struct bytes key)
{
	struct reader *r = reader;
	struct page *p = &r->next;
	struct bytes found, value;
	long block = block_of(r, key);
	size_t before;
	int got;

	p->block = SIZE_MAX; /* nothing is kept: it may be long ago */
	if (r->blocks == 0)
		return 0;
	if (page_turn(r, p, block == -1 ? 0 : (size_t)block) == -1)
		return -1;
	do {
		before = p->at;
		got = page_item(r, p, &found, &value);
	} while (got == 1 && bytes_compare(found, key) < 0);
	if (got == 1)
		p->at = before;
	return got == -1 ? -1 : 0;
}

/* Gives each of the requests to visit: 0, or -1. */
int
reader_requests(struct reader *r, int (*visit)(void *, const struct seen *), void *arg)
{
	const struct manifest *m = &r->manifest;
	const uint64_t size = m->requests * REQUEST_LINE;
	uint64_t last = 0, off = 0;
	uint32_t crc = 0;
	struct seen s;
	char *slice;
	ssize_t n = 0;
	size_t at;
	int bad = 0, fd;

	fd = file_open(r, "requests", size);
	if (fd == -1)
		return -1;
	slice = malloc(REQUESTS_SLICE);
	if (slice == NULL)
		bad = fail(r, errno, "requests: %s", strerror(errno));
	for (; !bad && off < size; off += (uint64_t)n) {
		n = disk_read(r->os, fd, slice, REQUESTS_SLICE, (off_t)off);
		if (n <= 0) {
			bad = fail(r, n == 0 ? EILSEQ : errno, "requests: %s",
			    n == 0 ? "it ends early" : strerror(errno));
			break;
		}
		crc = crc32c(crc, slice, (size_t)n);
		for (at = 0; !bad && at < (size_t)n; at += REQUEST_LINE) {
			if (request_take(slice + at, (size_t)n - at, &s) == 0 ||
			    s.index < last || s.index > m->index)
				bad = fail(r, EILSEQ,
				    "requests: damaged at byte %" PRIu64, off + at);
			else if (visit(arg, &s) != 0)
				bad = fail(r, errno, "requests: %s", strerror(errno));
			last = s.index;
		}
	}
	if (!bad && crc != m->requests_crc)
		bad = fail(r, EILSEQ, "requests: damaged");
	free(slice);
	(void)disk_close(r->os, fd);
	return bad;
}

static int
requests_pass(void *arg, const struct seen *s)
{
	(void)arg;
	(void)s;
	return 0;
}

/* A block's items: that they are in order, behind the key before; *keys of them. */
static int
block_verify(struct reader *r, size_t block, struct buf *before, uint64_t *keys)
{
	struct page *p = &r->next;
	struct bytes key, last, value;
	int first = 1, got;

	if (page_turn(r, p, block) == -1)
		return -1;
	while ((got = page_item(r, p, &key, &value)) == 1) {
		last = (struct bytes){ buf_head(before), before->len };
		if (bytes_compare(last, key) >= 0 ||
		    (first && bytes_compare(r->block[block].first, key) != 0))
			return damaged(r, p);
		buf_cut(before, 0);
		if (buf_add(before, key.at, key.len) == -1)
			return fail(r, errno, "data: %s", strerror(errno));
		first = 0;
		(*keys)++;
	}
	return got;
}

static int
items_verify(struct reader *r)
{
	struct buf before = { 0 };
	uint64_t keys = 0;
	size_t i;
	int bad = 0;

	for (i = 0; !bad && i < r->blocks; i++)
		bad = block_verify(r, i, &before, &keys);
	buf_free(&before);
	if (!bad && keys != r->manifest.keys)
		bad = fail(r, EILSEQ, "data: it should have %" PRIu64 " keys",
		    r->manifest.keys);
	return bad;
}

int
snapshot_verify(struct os *os, const struct manifest *m, const char *suffix, char *why)
{
	struct reader *r;
	int bad, saved;

	r = reader_open(os, m, suffix, why);
	if (r == NULL)
		return -1;
	bad = reader_requests(r, requests_pass, NULL);
	if (!bad)
		bad = items_verify(r);
	saved = errno;
	reader_close(r);
	errno = saved;
	return bad;
}

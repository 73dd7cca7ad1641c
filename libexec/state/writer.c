/*
 * writer.c - makes a snapshot: its files below INDEX.TERM.new, durable, the
 * manifest last.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc.h"
#include "state.h"

#define SLICE (256u * 1024) /* bytes written and synced at a time */

/* A file that grows. */
struct growing {
	const char *name;
	int fd;
	struct buf out; /* not written yet */
	uint64_t off;   /* where it goes */
};

struct writer {
	struct os *os;
	struct manifest manifest;
	struct snapshot_name name;
	char *why;
	struct growing data, requests;
	struct buf block; /* the items of one */
	struct buf first; /* its first key */
	struct buf list;  /* of blocks */
};

static int
fail(struct writer *w, const char *verb, const char *file)
{
	char path[SNAPSHOT_PATH];

	snapshot_path(path, &w->name, ".new");
	(void)snprintf(w->why, SNAPSHOT_WHY, "cannot %s %s%s: %s", verb, path, file,
	    strerror(errno));
	return -1;
}

static int
growing_open(struct writer *w, struct growing *g, const char *name)
{
	char path[SNAPSHOT_PATH];

	g->name = name;
	snapshot_path(path, &w->name, ".new");
	(void)snprintf(path + strlen(path), sizeof(path) - strlen(path), "%s", name);
	g->fd = disk_open(w->os, path, DISK_CREATE | DISK_EXCL);
	return g->fd == -1 ? fail(w, "make", name) : 0;
}

/*
 * Writes what has come together, if it is enough, and syncs it at once: a disk
 * that has little to write is not long in the log's way.
 */
static int
growing_write(struct writer *w, struct growing *g, size_t least)
{
	if (g->out.len < least || g->out.len == 0)
		return 0;
	if (disk_write(w->os, g->fd, buf_head(&g->out), g->out.len, (off_t)g->off) ==
		-1 ||
	    disk_sync(w->os, g->fd) == -1)
		return fail(w, "write", g->name);
	g->off += g->out.len;
	buf_cut(&g->out, 0);
	return 0;
}

/* Closes it, whole: 0, or -1. */
static int
growing_end(struct writer *w, struct growing *g)
{
	int fd = g->fd;

	if (growing_write(w, g, 0) == -1)
		return -1;
	if (g->off == 0 && disk_sync(w->os, fd) == -1)
		return fail(w, "sync", g->name);
	g->fd = -1;
	return disk_close(w->os, fd) == -1 ? fail(w, "close", g->name) : 0;
}

struct writer *
writer_open(struct state *st, const struct manifest *about, char *why)
{
	char path[SNAPSHOT_PATH];
	struct writer *w;
	int saved;

	w = calloc(1, sizeof(*w));
	if (w == NULL) {
		(void)snprintf(why, SNAPSHOT_WHY, "cannot make a snapshot: %s",
		    strerror(errno));
		return NULL;
	}
	w->os = st->os;
	w->manifest = *about;
	w->manifest.keys = w->manifest.blocks = w->manifest.requests = 0;
	w->manifest.requests_crc = 0;
	w->name = (struct snapshot_name){ about->index, about->term };
	w->why = why;
	w->data.fd = w->requests.fd = -1;
	snapshot_path(path, &w->name, ".new");
	if (snapshot_remove(st, &w->name, ".new") == -1 ||
	    (disk_mkdir(st->os, "state/snapshot") == -1 && errno != EEXIST) ||
	    disk_mkdir(st->os, path) == -1)
		(void)fail(w, "make", "");
	else if (growing_open(w, &w->data, "/data") == 0 &&
	    growing_open(w, &w->requests, "/requests") == 0)
		return w;
	saved = errno;
	writer_close(w);
	errno = saved;
	return NULL;
}

void
writer_close(struct writer *w)
{
	if (w == NULL)
		return;
	if (w->data.fd != -1)
		(void)disk_close(w->os, w->data.fd);
	if (w->requests.fd != -1)
		(void)disk_close(w->os, w->requests.fd);
	buf_free(&w->data.out);
	buf_free(&w->requests.out);
	buf_free(&w->block);
	buf_free(&w->first);
	buf_free(&w->list);
	free(w);
}

/* The block is as large as it gets. */
static int
block_end(struct writer *w)
{
	struct block k;

	if (w->block.len == 0)
		return 0;
	k.offset = w->data.off + w->data.out.len;
	k.length = w->block.len;
	k.crc = crc32c(0, buf_head(&w->block), w->block.len);
	k.first.at = buf_head(&w->first);
	k.first.len = w->first.len;
	if (block_put(&w->list, &k) == -1 ||
	    buf_add(&w->data.out, buf_head(&w->block), w->block.len) == -1)
		return fail(w, "write", "/data");
	buf_cut(&w->block, 0);
	w->manifest.blocks++;
	return growing_write(w, &w->data, SLICE);
}

int
writer_item(void *writer, struct bytes key, struct bytes value)
{
	struct writer *w = writer;

	if (w->block.len > 0 &&
	    w->block.len + key.len + value.len > BLOCK_SIZE - ITEM_MORE &&
	    block_end(w) == -1)
		return -1;
	if (w->block.len == 0) {
		buf_cut(&w->first, 0);
		if (buf_add(&w->first, key.at, key.len) == -1)
			return fail(w, "write", "/data");
	}
	if (item_put(&w->block, key, value) == -1)
		return fail(w, "write", "/data");
	w->manifest.keys++;
	return 0;
}

int
writer_request(void *writer, const struct seen *s)
{
	struct writer *w = writer;
	const size_t before = w->requests.out.len;

	if (request_put(&w->requests.out, s) == -1)
		return fail(w, "write", "/requests");
	w->manifest.requests_crc = crc32c(w->manifest.requests_crc,
	    buf_head(&w->requests.out) + before, w->requests.out.len - before);
	w->manifest.requests++;
	return growing_write(w, &w->requests, SLICE);
}

/* The list of blocks goes behind the last of them. */
static int
list_end(struct writer *w)
{
	struct manifest *m = &w->manifest;

	m->offset = w->data.off + w->data.out.len;
	m->data = m->offset + w->list.len;
	m->blocks_crc = crc32c(0, buf_head(&w->list), w->list.len);
	if (buf_add(&w->data.out, buf_head(&w->list), w->list.len) == -1)
		return fail(w, "write", "/data");
	return growing_end(w, &w->data);
}

int
writer_end(struct writer *w, struct manifest *m)
{
	struct growing last = { NULL, -1, { 0 }, 0 };
	char path[SNAPSHOT_PATH];
	int r;

	if (block_end(w) == -1 || list_end(w) == -1 ||
	    growing_end(w, &w->requests) == -1 ||
	    growing_open(w, &last, "/manifest") == -1)
		return -1;
	r = manifest_print(&w->manifest, &last.out);
	if (r == -1)
		r = fail(w, "write", last.name);
	if (r == 0)
		r = growing_end(w, &last);
	if (last.fd != -1)
		(void)disk_close(w->os, last.fd);
	buf_free(&last.out);
	if (r == -1)
		return -1;
	snapshot_path(path, &w->name, ".new");
	if (disk_syncdir(w->os, path) == -1)
		return fail(w, "sync", "");
	*m = w->manifest;
	return 0;
}

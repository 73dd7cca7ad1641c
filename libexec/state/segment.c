/*
 * segment.c - the files of state/log, each named by the index of its first
 * record and preallocated with zeros, so that an append changes no metadata.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "state.h"

#define NAME_DIGITS 16u
#define ZEROS       (256u * 1024) /* bytes written at a time */

/* Zeros that are durable: the next segment, before it has a name. */
#define SPARE "state/log/spare"

void
segment_path(char path[64], uint64_t first)
{
	(void)snprintf(path, 64, "state/log/%016" PRIu64, first);
}

uint64_t *
segment_list(struct state *st, size_t *n)
{
	char **names;
	uint64_t *list;
	size_t i;

	names = disk_names(st->os, "state/log");
	if (names == NULL)
		return NULL;
	for (i = 0; names[i] != NULL; i++)
		continue;
	list = calloc(i + 1, sizeof(*list));
	*n = 0;
	for (i = 0; list != NULL && names[i] != NULL; i++)
		if (strlen(names[i]) == NAME_DIGITS &&
		    num_u64(names[i], NAME_DIGITS, NUMBER_MAX, &list[*n]) == 0)
			(*n)++;
	disk_names_free(names);
	return list;
}

void
segment_forget(struct state *st)
{
	if (st->segment_fd != -1)
		disk_close(st->os, st->segment_fd);
	st->segment_fd = -1;
	st->segment_open = 0;
}

int
segment_look(struct state *st, uint64_t first)
{
	char path[64];

	if (st->segment_fd != -1 && st->segment_open == first)
		return 0;
	segment_forget(st);
	segment_path(path, first);
	st->segment_fd = disk_open(st->os, path, DISK_WRITE);
	if (st->segment_fd == -1 && errno == ENOENT)
		return -1;
	if (st->segment_fd == -1)
		return state_fail(st, "cannot open %s: %s", path, strerror(errno));
	st->segment_open = first;
	return 0;
}

int
segment_use(struct state *st, uint64_t first)
{
	if (segment_look(st, first) == 0)
		return 0;
	if (!st->broken)
		state_break(st, "cannot open state/log/%016" PRIu64 ": %s", first,
		    strerror(errno));
	return -1;
}

static int
zeros_write(struct state *st, int fd, uint64_t off, uint64_t end)
{
	char *zeros;
	size_t n;
	int r = 0;

	if (off >= end)
		return 0;
	zeros = calloc(1, end - off < ZEROS ? (size_t)(end - off) : ZEROS);
	if (zeros == NULL)
		return -1;
	for (; r == 0 && off < end; off += n) {
		n = end - off < ZEROS ? (size_t)(end - off) : ZEROS;
		r = disk_write(st->os, fd, zeros, n, (off_t)off);
	}
	free(zeros);
	return r;
}

int
segment_zero(struct state *st, int fd, uint64_t off)
{
	off_t end;

	end = disk_size(st->os, fd);
	if (end == -1 || zeros_write(st, fd, off, (uint64_t)end) == -1 ||
	    disk_sync(st->os, fd) == -1)
		return state_fail(st, "cannot clear the end of the log: %s",
		    strerror(errno));
	return 0;
}

void
segment_prepare(struct state *st)
{
	int fd = disk_open(st->os, SPARE, DISK_READ);

	if (fd != -1)
		(void)disk_close(st->os, fd);
	else if (errno == ENOENT)
		disk_prepare(st->os, SPARE, st->segment_bytes);
}

void
segment_tidy(struct state *st)
{
	char path[64], **names = disk_names(st->os, "state/log");
	size_t i;

	for (i = 0; names != NULL && names[i] != NULL; i++)
		if (strncmp(names[i], "spare.", 6) == 0 && strlen(names[i]) < 32) {
			(void)snprintf(path, sizeof(path), "state/log/%s", names[i]);
			(void)disk_remove(st->os, path);
		}
	disk_names_free(names);
}

/* Gives the spare this name, if there is one and it is large enough: 1, or 0. */
static int
spare_take(struct state *st, const char *path, size_t bytes)
{
	int fd = disk_open(st->os, SPARE, DISK_READ);
	off_t size;

	if (fd == -1)
		return 0;
	size = disk_size(st->os, fd);
	(void)disk_close(st->os, fd);
	if (size >= 0 && (uintmax_t)size >= bytes)
		return disk_rename(st->os, SPARE, path) == 0;
	/* One that will never do is in the way of another. */
	if (size >= 0 && (uintmax_t)size < st->segment_bytes)
		(void)disk_remove(st->os, SPARE);
	return 0;
}

int
segment_unmake(struct state *st, uint64_t first)
{
	const int saved = errno;
	char path[64];

	segment_path(path, first);
	/* Its name must not come back after a loss of power, when another segment
	 * may hold that index. */
	if (disk_remove(st->os, path) == -1 || disk_syncdir(st->os, "state/log") == -1)
		return state_fail(st, "cannot remove %s: %s", path, strerror(errno));
	errno = saved;
	return 0;
}

int
segment_make(struct state *st, uint64_t first, size_t bytes)
{
	char path[64];
	int fd, saved;

	segment_path(path, first);
	if (spare_take(st, path, bytes)) {
		fd = -1;
		if (disk_syncdir(st->os, "state/log") == -1)
			goto undo;
		return 0;
	}
	fd = disk_open(st->os, path, DISK_CREATE);
	if (fd == -1)
		goto fail;
	if (zeros_write(st, fd, 0, bytes) == -1 || disk_sync(st->os, fd) == -1)
		goto undo;
	if (disk_syncdir(st->os, "state/log") == -1)
		goto undo;
	return disk_close(st->os, fd);

undo:
	saved = errno;
	if (fd != -1)
		(void)disk_close(st->os, fd);
	errno = saved;
	if (segment_unmake(st, first) == -1)
		return -1;
fail:
	/* A disk that is full, or a user's share of it, may have room again. */
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) {
		(void)snprintf(st->why, sizeof(st->why), "cannot make room for %s: %s",
		    path, strerror(errno));
		errno = ENOSPC;
		return -1;
	}
	return state_fail(st, "cannot make %s: %s", path, strerror(errno));
}

int
segment_drop(struct state *st, uint64_t first)
{
	char path[64];

	if (st->segment_open == first)
		segment_forget(st);
	segment_path(path, first);
	if (disk_remove(st->os, path) == -1 && errno != ENOENT)
		return state_fail(st, "cannot remove %s: %s", path, strerror(errno));
	return 0;
}

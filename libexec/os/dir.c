/*
 * dir.c - what changes and lists directories, below one directory.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "os.h"

int
disk_remove(struct os *os, const char *path)
{
	int error;

	if (unlinkat(os->dir, path, 0) == 0)
		return 0;

	/* A directory: Linux says so, POSIX says that unlinking it is forbidden. */
	error = errno;
	if (error != EISDIR && error != EPERM)
		return -1;
	if (unlinkat(os->dir, path, AT_REMOVEDIR) == 0)
		return 0;
	if (errno == ENOTDIR)
		errno = error;
	return -1;
}

int
disk_rename(struct os *os, const char *from, const char *to)
{
	return renameat(os->dir, from, os->dir, to);
}

int
disk_mkdir(struct os *os, const char *path)
{
	return mkdirat(os->dir, path, 0700);
}

int
disk_syncdir(struct os *os, const char *path)
{
	int error, fd, r;

	fd = open_at(os->dir, path, O_RDONLY | O_DIRECTORY);
	if (fd == -1)
		return -1;
	do {
		r = fsync(fd);
	} while (r == -1 && errno == EINTR);
	error = errno;
	(void)close(fd);
	errno = error;
	return r;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every name in an open directory, unsorted. */
static char **
names_read(DIR *dir)
{
	struct dirent *entry;
	char **grown, **names;
	size_t cap = 16, n = 0;

	names = calloc(cap, sizeof(*names));
	if (names == NULL)
		return NULL;
	while (errno = 0, (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (n + 1 == cap) { /* the last place is the NULL's */
			grown = realloc(names, 2 * cap * sizeof(*names));
			if (grown == NULL)
				goto fail;
			names = grown;
			cap *= 2;
		}
		names[n] = strdup(entry->d_name);
		if (names[n] == NULL)
			goto fail;
		names[++n] = NULL;
	}
	if (errno != 0)
		goto fail;
	qsort(names, n, sizeof(*names), by_bytes);
	return names;

fail:
	disk_names_free(names);
	return NULL;
}

char **
disk_names(struct os *os, const char *path)
{
	DIR *dir;
	char **names;
	int error, fd;

	fd = open_at(os->dir, path, O_RDONLY | O_DIRECTORY);
	if (fd == -1)
		return NULL;
	dir = fdopendir(fd);
	if (dir == NULL) {
		error = errno;
		(void)close(fd);
		errno = error;
		return NULL;
	}
	names = names_read(dir);
	error = errno;
	(void)closedir(dir);
	errno = error;
	return names;
}

void
disk_names_free(char **names)
{
	int error = errno;
	size_t i;

	if (names == NULL)
		return;
	for (i = 0; names[i] != NULL; i++)
		free(names[i]);
	free(names);
	errno = error;
}

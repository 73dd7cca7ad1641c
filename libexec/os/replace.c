/*
 * replace FILE - puts FILE.new in FILE's place, so that a loss of power, whenever
 * it comes, leaves one of the two, whole: the bytes are durable before they have
 * that name, and the name is before this ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/types.h"
#include "os.h"

static int
fail(const char *verb, const char *object)
{
	(void)fprintf(stderr, "replace: cannot %s %s: %s\n", verb, object,
	    strerror(errno));
	return EXIT_DISK;
}

/* 0, or -1.  EINVAL: this kind of file is never synced, and nothing can be done. */
static int
sync_path(const char *path, int flags)
{
	int error, fd, r;

	fd = open(path, flags | O_CLOEXEC);
	if (fd == -1)
		return -1;
	do {
		r = fsync(fd);
	} while (r == -1 && errno == EINTR);
	error = errno;
	(void)close(fd);
	errno = error;
	return r == -1 && error != EINVAL ? -1 : 0;
}

/* Cuts the last name off a path: what is left is its directory. */
static const char *
directory(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	slash[slash == path] = '\0';
	return path;
}

/* The exit status. */
static int
replace(const char *new, char *path)
{
	const char *dir;

	if (sync_path(new, O_RDONLY) == -1)
		return fail("sync", new);
	if (rename(new, path) == -1)
		return fail("rename", new);
	dir = directory(path);
	if (sync_path(dir, O_RDONLY | O_DIRECTORY) == -1)
		return fail("sync", dir);
	return EXIT_YES;
}

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: replace FILE\n";
	char *new;
	size_t size;
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage_print(usage, EXIT_YES);
	if (argc != 2 || argv[1][0] == '-')
		return usage_print(usage, EXIT_USE);
	size = strlen(argv[1]) + sizeof(".new");
	new = malloc(size);
	if (new == NULL)
		return fail("replace", argv[1]);
	(void)snprintf(new, size, "%s.new", argv[1]);
	status = replace(new, argv[1]);
	free(new);
	return status;
}

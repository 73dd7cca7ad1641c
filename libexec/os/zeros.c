/*
 * zeros FILE BYTES - makes FILE, of so many zeros, that are durable before it has
 * that name.  It is for the log's next segment, beside the work: what is written
 * at once is synced at once, so that nobody else's sync waits for long; and when
 * the process that started it ends, so does this one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/num.h"
#include "core/types.h"
#include "os.h"

#define PIECE (512u * 1024) /* bytes */

/* Fills the new file, as long as the one who wants it lives: 0, or -1. */
static int
fill(struct os *os, int fd, uint64_t bytes)
{
	static const char zeros[PIECE];
	const pid_t parent = getppid();
	uint64_t off;
	size_t n;

	for (off = 0; off < bytes; off += n) {
		if (getppid() != parent) {
			errno = ECANCELED;
			return -1;
		}
		n = bytes - off < PIECE ? (size_t)(bytes - off) : PIECE;
		if (disk_write(os, fd, zeros, n, (off_t)off) == -1 ||
		    disk_sync(os, fd) == -1)
			return -1;
	}
	return 0;
}

/* Under a name of its own first: no other process ever has this file open. */
static int
make(struct os *os, const char *path, uint64_t bytes)
{
	char own[256];
	int fd, saved;

	if (snprintf(own, sizeof(own), "%s.%ld", path, (long)getpid()) >=
	    (int)sizeof(own)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = disk_open(os, own, DISK_CREATE | DISK_EXCL);
	if (fd == -1 && errno == EEXIST && disk_remove(os, own) == 0)
		fd = disk_open(os, own, DISK_CREATE | DISK_EXCL);
	if (fd == -1)
		return -1;
	if (fill(os, fd, bytes) == 0 && disk_rename(os, own, path) == 0)
		return disk_close(os, fd);
	saved = errno;
	(void)disk_close(os, fd);
	(void)disk_remove(os, own);
	errno = saved;
	return -1;
}

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: zeros FILE BYTES\n";
	struct os *os;
	uint64_t bytes;
	int r = -1;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage_print(usage, EXIT_YES);
	if (argc != 3 || argv[1][0] == '-' ||
	    num_u64(argv[2], strlen(argv[2]), NUMBER_MAX, &bytes) == -1)
		return usage_print(usage, EXIT_USE);
	os = os_open(".");
	if (os != NULL)
		r = make(os, argv[1], bytes);
	if (r == -1)
		(void)fprintf(stderr, "zeros: cannot make %s: %s\n", argv[1],
		    strerror(errno));
	os_close(os);
	return r == -1 ? EXIT_DISK : EXIT_YES;
}

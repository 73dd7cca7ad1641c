/*
 * measure.c - whether this host's clock runs, and how long its disk takes to
 * sync, in a line each: "clock runs" or "clock stands"; "disk US" (microseconds)
 * or "nodisk WHY".  Nothing of it stays.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/num.h"
#include "core/types.h"
#include "os.h"

#define MS         UINT64_C(1000000) /* ns */
#define SYNCED     (5000 * MS)       /* a disk that has not synced by then hangs */
#define SYNCS      9                 /* at most; their median counts */
#define SECTOR     512
#define CLOCK_ASKS 20000000 /* within which even a slow host's clock has moved */

static int
usage(int status)
{
	return usage_print("usage: measure [sync]\n", status);
}

static int
fail(const char *verb, const char *why, int status)
{
	(void)fprintf(stderr, "measure: cannot %s: %s\n", verb, why);
	return status;
}

/* 1 if the clock moves on while this program does, by a hundredth of a ms. */
static int
clock_runs(struct os *os)
{
	uint64_t began = clock_now(os);
	int i;

	for (i = 0; i < CLOCK_ASKS; i++)
		if (clock_now(os) > began + MS / 100)
			return 1;
	return 0;
}

/*
 * How long a sync takes, as a log's: into a file that has its size already.  The
 * median of nine, or of as many as a second has room for.
 */
static int
sync_measure(struct os *os, int fd, uint64_t *us)
{
	static const char zeros[SECTOR * SYNCS];
	uint64_t began, now, took[SYNCS];
	size_t n = 0;

	if (disk_write(os, fd, zeros, sizeof(zeros), 0) == -1 ||
	    disk_sync(os, fd) == -1)
		return -1;
	began = now = clock_now(os);
	while (n < SYNCS && now - began < 1000 * MS) {
		took[n] = now;
		if (disk_write(os, fd, zeros, SECTOR, (off_t)(SECTOR * n)) == -1 ||
		    disk_sync(os, fd) == -1)
			return -1;
		now = clock_now(os);
		took[n] = now - took[n];
		n++;
	}
	*us = (num_median(took, n) + 999) / 1000;
	return 0;
}

/* Where state/ is, or is to be; the file has lost its name before it is used. */
static int
measure_sync(struct os *os)
{
	char path[64];
	uint64_t us;
	int fd, n;

	n = snprintf(path, sizeof(path), "state/.measure.%016" PRIx64, chance_u64(os));
	fd = disk_open(os, path, DISK_CREATE | DISK_EXCL);
	if (fd == -1 && errno == ENOENT) {
		memmove(path, path + strlen("state/"),
		    (size_t)n + 1 - strlen("state/"));
		fd = disk_open(os, path, DISK_CREATE | DISK_EXCL);
	}
	if (fd == -1 || disk_remove(os, path) == -1 ||
	    sync_measure(os, fd, &us) == -1) {
		printf("nodisk %s\n", strerror(errno));
		return EXIT_DISK;
	}
	printf("disk %" PRIu64 "\n", us);
	return fflush(stdout) == EOF ? EXIT_DISK : EXIT_YES;
}

/* The clock, and the disk by a child, which is left alone where its disk hangs. */
static int
measure_here(struct os *os, char *self)
{
	char line[256], *argv[3] = { self, "sync", NULL };
	ssize_t got;
	pid_t pid;
	int fd;

	if (!clock_runs(os)) {
		printf("clock stands\n");
		return fflush(stdout) == EOF ? EXIT_DISK : EXIT_NO;
	}
	printf("clock runs\n");
	fd = process_start(argv, 1, &pid);
	if (fd == -1)
		return fail("measure the disk", strerror(errno), EXIT_DISK);
	got = wire_wait(fd, SYNCED) == 1 ? wire_read(fd, line, sizeof(line)) : 0;
	if (got > 0)
		printf("%.*s", (int)got, line);
	else {
		(void)process_kill(pid, SIGKILL);
		printf("nodisk its syncs did not end within 5 s\n");
	}
	return fflush(stdout) == EOF ? EXIT_DISK : EXIT_YES;
}

int
main(int argc, char *argv[])
{
	struct os *os;
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(EXIT_YES);
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "sync") != 0))
		return usage(EXIT_USE);
	os = os_open(".");
	if (os == NULL)
		return fail("begin", strerror(errno), EXIT_DISK);
	status = argc == 2 ? measure_sync(os) : measure_here(os, argv[0]);
	os_close(os);
	return status;
}

/*
 * probe - how long the things take that a write is made of.
 *
 *	probe echo SECONDS CMD...	100 bytes to CMD (a path) and back
 *	probe sync SECONDS FILE		pwrite and fdatasync in a file of zeros
 *	probe spawn TIMES CMD...	CMD from its start to its end
 *
 * Each prints one line (sample.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/types.h"
#include "os/os.h"
#include "sample.h"

#define MESSAGE 100u /* bytes */
#define RECORD  256u /* bytes: about a write's share of the log */
#define ZEROS   (8u * 1024 * 1024)
#define WARM    20u /* that are not counted */

static struct samples samples;

static int
fail(const char *what)
{
	perror(what);
	return EXIT_DISK;
}

/* Once there and back: 0, or -1. */
static int
echo_once(int fd)
{
	static char bytes[MESSAGE];
	size_t got = 0;
	ssize_t n;

	if (wire_write_all(fd, bytes, sizeof(bytes)) == -1)
		return -1;
	while (got < sizeof(bytes)) {
		n = wire_read(fd, bytes + got, sizeof(bytes) - got);
		if (n <= 0)
			return -1;
		got += (size_t)n;
	}
	return 0;
}

/* Calls work again and again for ns: 0, or -1. *elapsed is what was counted. */
static int
repeat(int (*work)(int), int fd, uint64_t ns, uint64_t *elapsed)
{
	uint64_t begun, now, then;
	size_t i;

	for (i = 0; i < WARM; i++)
		if (work(fd) == -1)
			return -1;
	begun = now = clock_now(NULL);
	while (now - begun < ns) {
		then = now;
		if (work(fd) == -1)
			return -1;
		now = clock_now(NULL);
		if (samples_add(&samples, now - then) == -1)
			return -1;
	}
	*elapsed = now - begun;
	return 0;
}

static int
probe_echo(uint64_t ns, char **argv)
{
	uint64_t elapsed;
	pid_t pid;
	int fd;

	fd = process_start(argv, 0, &pid);
	if (fd == -1)
		return fail(argv[0]);
	if (repeat(echo_once, fd, ns, &elapsed) == -1)
		return fail("cannot hear an echo");
	(void)wire_close(fd);
	(void)process_end(pid, UINT64_C(1000000000));
	samples_print(&samples, elapsed);
	return EXIT_YES;
}

static int
sync_once(int fd)
{
	static char bytes[RECORD];
	static off_t at;

	bytes[0]++;
	if (disk_write(NULL, fd, bytes, sizeof(bytes), at) == -1)
		return -1;
	at = (at + (off_t)sizeof(bytes)) % (off_t)ZEROS;
	return disk_sync(NULL, fd);
}

static int
probe_sync(uint64_t ns, char **argv)
{
	static char zeros[ZEROS];
	struct os *os = os_open(".");
	uint64_t elapsed;
	int fd;

	if (os == NULL)
		return fail("cannot begin");
	fd = disk_open(os, argv[0], DISK_CREATE);
	if (fd == -1 || disk_write(os, fd, zeros, ZEROS, 0) == -1 ||
	    disk_sync(os, fd) == -1 || repeat(sync_once, fd, ns, &elapsed) == -1)
		return fail(argv[0]);
	(void)disk_close(os, fd);
	(void)disk_remove(os, argv[0]);
	os_close(os);
	samples_print(&samples, elapsed);
	return EXIT_YES;
}

static int
probe_spawn(uint64_t times, char **argv)
{
	uint64_t begun = clock_now(NULL), now = begun, then;
	int bad = 0, status;
	pid_t pid;

	while (times-- > 0) {
		then = now;
		if (process_spawn(argv, &pid) == -1 ||
		    process_wait(pid, UINT64_MAX, &status) != 1)
			return fail(argv[0]);
		bad += status != 0;
		now = clock_now(NULL);
		if (samples_add(&samples, now - then) == -1)
			return fail("cannot count");
	}
	/* What they print is not ours. */
	samples_print(&samples, now - begun);
	(void)printf(" bad=%d", bad);
	return EXIT_YES;
}

int
main(int argc, char **argv)
{
	uint64_t ns = 0;
	int status = EXIT_USE;

	if (argc >= 4 && num_seconds(argv[2], strlen(argv[2]), &ns) == 0) {
		if (strcmp(argv[1], "echo") == 0)
			status = probe_echo(ns, argv + 3);
		else if (strcmp(argv[1], "sync") == 0 && argc == 4)
			status = probe_sync(ns, argv + 3);
		else if (strcmp(argv[1], "spawn") == 0)
			status = probe_spawn(ns / 1000000000, argv + 3);
	}
	if (status == EXIT_USE)
		(void)fputs("usage: probe echo SECONDS CMD... | sync SECONDS FILE | "
			    "spawn TIMES CMD...\n",
		    stderr);
	else if (status == EXIT_YES)
		(void)puts("");
	samples_free(&samples);
	return status;
}

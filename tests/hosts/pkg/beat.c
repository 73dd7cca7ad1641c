/*
 * beat - writes down that it lives, by the one clock that all hosts of the lab share.
 *
 *	beat RECORD note WORD...	one line: NS WORD...
 *	beat RECORD run HOST [FILE]	a line "NS beat HOST INSTANCE" every few ms, and
 *					a byte in FILE: it hangs with that one's disk
 *	beat RECORD for HOST PID INSTANCE	the same in the name of process PID, while
 *					that is there, even if it can't do anything
 *
 * The clock is read before the line is written: it lived then.
 */
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/num.h"
#include "core/types.h"

#define EVERY 5000000 /* ns */

long syscall(long, ...); /* no POSIX */

static int
fail(const char *verb, const char *object)
{
	(void)fprintf(stderr, "beat: cannot %s %s: %s\n", verb, object,
	    strerror(errno));
	return EXIT_DISK;
}

static int
usage(void)
{
	(void)fputs("usage: beat RECORD note WORD... | run HOST [FILE] | "
		    "for HOST PID INSTANCE\n",
	    stderr);
	return EXIT_USE;
}

/* The kernel's own, whatever is preloaded here. */
static uint64_t
now(void)
{
	struct timespec t = { 0, 0 };

	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* One line in one write, so that those of all hosts stay whole: 0, or -1. */
static int
line_write(int fd, const struct buf *line)
{
	return write(fd, buf_head(line), line->len) == (ssize_t)line->len ? 0 : -1;
}

static int
note(int fd, char **word)
{
	struct buf line = { 0 };
	int r;

	r = buf_fmt(&line, "%" PRIu64, now());
	for (; r == 0 && *word != NULL; word++)
		r = buf_fmt(&line, " %s", *word);
	r = r == 0 && buf_str(&line, "\n") == 0 ? line_write(fd, &line) : -1;
	buf_free(&line);
	return r;
}

/* pid 0: for ever; data -1: none. */
static int
beat(int fd, const char *host, pid_t pid, uint64_t instance, int data)
{
	const struct timespec pause = { 0, EVERY };
	struct buf line = { 0 };
	int r = 0;

	while (r == 0 && (pid == 0 || kill(pid, 0) == 0)) {
		buf_cut(&line, 0);
		r = buf_fmt(&line, "%" PRIu64 " beat %s %" PRIu64 "\n", now(), host,
		    instance);
		if (r == 0)
			r = line_write(fd, &line);
		if (r == 0 && data != -1 && write(data, "b", 1) != 1)
			r = -1;
		(void)syscall(SYS_nanosleep, &pause, (void *)NULL);
	}
	buf_free(&line);
	return r;
}

static int
file_open(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

int
main(int argc, char **argv)
{
	uint64_t pid = 0, instance = now();
	int fd, data = -1, r;

	if (argc < 4)
		return usage();
	fd = file_open(argv[1]);
	if (fd == -1)
		return fail("open", argv[1]);
	if (argc == 5 && strcmp(argv[2], "run") == 0 &&
	    (data = file_open(argv[4])) == -1)
		return fail("open", argv[4]);
	if (strcmp(argv[2], "note") == 0)
		r = note(fd, argv + 3);
	else if (strcmp(argv[2], "run") == 0 && argc <= 5)
		r = beat(fd, argv[3], 0, instance, data);
	else if (strcmp(argv[2], "for") == 0 && argc == 6 &&
	    num_u64(argv[4], strlen(argv[4]), INT32_MAX, &pid) == 0 && pid > 0 &&
	    num_u64(argv[5], strlen(argv[5]), UINT64_MAX, &instance) == 0)
		r = beat(fd, argv[3], (pid_t)pid, instance, -1);
	else
		return usage();
	return r == 0 ? EXIT_YES : fail("write", argv[1]);
}

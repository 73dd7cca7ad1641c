/*
 * hold.c - take a lock, then become another program, which goes on holding it.
 *
 * The lock is an fcntl(2) one: it belongs to the process, stays through exec,
 * and falls when the process dies, however it dies.  With -c the command gets no
 * other descriptor of whoever starts it than stdin, stdout and stderr.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/num.h"
#include "core/types.h"
#include "os.h"

/*
 * The lowest descriptor that the lock is held on.  Closing any descriptor of
 * the file would let it fall, so it is none that a script might name.
 */
#define HIGH 100

static int
usage(int status)
{
	return usage_print("usage: hold [-c] LOCK COMMAND [ARGUMENT ...]\n"
			   "       hold --who LOCK\n"
			   "       hold --free LOCK SECONDS\n",
	    status);
}

static int
fail(const char *verb, const char *object)
{
	(void)fprintf(stderr, "hold: cannot %s %s: %s\n", verb, object,
	    strerror(errno));
	return EXIT_DISK;
}

/* Prints the pid that holds the lock. */
static int
who(struct os *os, const char *path)
{
	pid_t holder;
	int fd;

	fd = disk_open(os, path, DISK_READ);
	if (fd == -1)
		return errno == ENOENT ? EXIT_NO : fail("open", path);
	holder = disk_holder(os, fd);
	if (holder == -1)
		return fail("ask who holds", path);
	if (holder == 0)
		return EXIT_NO;
	if (printf("%ld\n", (long)holder) < 0 || fflush(stdout) == EOF)
		return fail("write", "the answer");
	return EXIT_YES;
}

/* Waits until nobody holds the lock: no, if that takes longer. */
static int
wait_free(struct os *os, const char *path, const char *seconds)
{
	uint64_t ns;
	int fd;

	if (num_seconds(seconds, strlen(seconds), &ns) == -1 || ns == 0)
		return usage(EXIT_USE);
	fd = disk_open(os, path, DISK_WRITE);
	if (fd == -1)
		return errno == ENOENT ? EXIT_YES : fail("open", path);
	if (process_on_signal(SIGALRM, NULL) == -1)
		return fail("wait for", path);
	process_alarm(ns);
	if (disk_lock_until_signal(os, fd) == 0)
		return EXIT_YES;
	return errno == EINTR ? EXIT_NO : fail("wait for", path);
}

/* The lock file on a high descriptor that an exec leaves open. */
static int
open_high(struct os *os, const char *path)
{
	int fd, high = -1, least;

	fd = disk_open(os, path, DISK_CREATE);
	if (fd == -1)
		return -1;
	for (least = HIGH; high == -1 && least > 2; least /= 2)
		high = fcntl(fd, F_DUPFD, least);
	if (disk_close(os, fd) == -1) /* before there is a lock to lose */
		return -1;
	return high;
}

static int
hold(struct os *os, const char *path, char *const argv[])
{
	pid_t holder;
	int fd;

	fd = open_high(os, path);
	if (fd == -1)
		return fail("open", path);
	while (disk_trylock(os, fd) == -1) {
		if (errno != EAGAIN)
			return fail("lock", path);
		holder = disk_holder(os, fd);
		if (holder == -1)
			return fail("lock", path);
		if (holder == 0)
			continue; /* it has just been given back */
		(void)fprintf(stderr, "hold: %s is held by pid %ld\n", path,
		    (long)holder);
		return EXIT_NO;
	}
	(void)process_exec(argv);
	return fail("run", argv[0]);
}

int
main(int argc, char *argv[])
{
	struct os *os;
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(EXIT_YES);
	if (argc < 3)
		return usage(EXIT_USE);
	if (strcmp(argv[1], "-c") == 0) {
		/* Before there is a lock that this could let fall. */
		process_close_inherited();
		argc--;
		argv++;
	}
	if (argc < 3)
		return usage(EXIT_USE);
	os = os_open(".");
	if (os == NULL)
		return fail("open", "the current directory");
	if (strcmp(argv[1], "--free") == 0)
		status = argc == 4 ? wait_free(os, argv[2], argv[3]) : usage(EXIT_USE);
	else if (strcmp(argv[1], "--who") != 0)
		status = hold(os, argv[1], argv + 2);
	else if (argc == 3)
		status = who(os, argv[2]);
	else
		status = usage(EXIT_USE);
	os_close(os);
	return status;
}

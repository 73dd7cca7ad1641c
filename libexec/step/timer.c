/*
 * timer.c - all that is about time: wait for a leader's silence, run a command
 * under a deadline, sleep a fraction of a second.
 *
 * Only time that passed is ever asked for (CLOCK_MONOTONIC): what the clock on
 * the wall shows decides nothing.
 */
#include <sys/wait.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/num.h"
#include "core/types.h"
#include "os/os.h"
#include "state/state.h"

#define HALF_A_SECOND UINT64_C(500000000) /* ns */
#define LINE          512u                /* bytes: what any pipe takes in one piece */

static volatile sig_atomic_t caught;

static int
usage(int status)
{
	return usage_print(
	    "usage: timer wait [SECONDS]\n"
	    "       timer limit [-w PID] SECONDS COMMAND [ARGUMENT ...]\n"
	    "       timer sleep [--random] SECONDS\n",
	    status);
}

static int
fail(const char *verb, const char *object)
{
	(void)fprintf(stderr, "timer: cannot %s %s: %s\n", verb, object,
	    strerror(errno));
	return EXIT_DISK;
}

/* Prints what ended the wait: a line's first n bytes. */
static int
woken(const char *line, size_t n)
{
	if (printf("%.*s\n", (int)n, line) < 0 || fflush(stdout) == EOF)
		return fail("write", "the answer");
	return EXIT_YES;
}

/*
 * Until run/stamp is older than a random time from [timeout, 1.5 × timeout]
 * (§5.2; drawn anew for each wait, so that split votes are rare), or somebody
 * writes a line to run/wake.
 */
static int
timer_wait(struct os *os, uint64_t timeout)
{
	static const char path[] = "run/wake";
	struct stamp stamp;
	uint64_t heard, now;
	char line[LINE], *end;
	ssize_t got;
	int fd;

	fd = wire_fifo(path);
	if (fd == -1)
		return fail("open", path);
	timeout += chance_u64(os) % (timeout / 2 + 1);
	heard = clock_now(os);
	for (;;) {
		/* A stamp in the future is of another boot's clock. */
		now = clock_now(os);
		if (stamp_load(os, "stamp", &stamp) == 0 && stamp.at <= now)
			heard = stamp.at;
		if (heard == 0 || now - heard >= timeout)
			return woken("timeout", strlen("timeout"));

		/* Asleep until the stamp would be too old as it is now. */
		if (wire_wait(fd, timeout - (now - heard)) == -1 && errno != EINTR)
			return fail("wait for", path);
		got = wire_read(fd, line, sizeof(line));
		if (got == -1 && errno != EAGAIN)
			return fail("read", path);
		if (got <= 0)
			continue;
		end = memchr(line, '\n', (size_t)got);
		return woken(line, end == NULL ? (size_t)got : (size_t)(end - line));
	}
}

/* 0 once it is known that pid does not hold the node's lock any more. */
static int
node_runs(struct os *os, pid_t pid)
{
	static const char path[] = "state/running";
	pid_t holder;
	int fd;

	fd = disk_open(os, path, DISK_READ);
	if (fd == -1)
		return errno != ENOENT;
	holder = disk_holder(os, fd);
	(void)disk_close(os, fd);
	return holder == -1 || holder == pid;
}

/* Runs argv until it ends, limit (0: none) is over, or the node watch stops. */
static int
timer_limit(struct os *os, uint64_t limit, pid_t watch, char *const argv[])
{
	uint64_t nap, now, deadline = UINT64_MAX;
	pid_t pid;
	int ended, signo, status;

	if (process_on_signal(SIGHUP, &caught) == -1 ||
	    process_on_signal(SIGINT, &caught) == -1 ||
	    process_on_signal(SIGTERM, &caught) == -1)
		return fail("catch", "signals");
	if (process_spawn(argv, &pid) == -1)
		return fail("run", argv[0]);
	now = clock_now(os);
	if (limit > 0)
		deadline = now + limit;
	do {
		nap = deadline == UINT64_MAX ? UINT64_MAX : deadline - now;
		if (watch != 0 && nap > HALF_A_SECOND)
			nap = HALF_A_SECOND;
		ended = process_wait(pid, nap, &status);
		if (ended == -1)
			return fail("wait for", argv[0]);

		/* Whoever ends this program means the command. */
		signo = caught;
		caught = 0;
		if (ended == 0 && signo != 0)
			(void)process_kill(pid, signo);

		now = clock_now(os);
		if (ended == 0 && now >= deadline) {
			(void)process_end(pid, HALF_A_SECOND);
			return EXIT_UNKNOWN;
		}
		if (ended == 0 && watch != 0 && !node_runs(os, watch)) {
			(void)process_end(pid, HALF_A_SECOND);
			return EXIT_NOLEADER;
		}
	} while (ended == 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
timer_sleep(struct os *os, uint64_t ns, int random)
{
	if (random)
		ns = chance_u64(os) % (ns + 1);
	return process_sleep(ns) == -1 ? fail("sleep", "so long") : EXIT_YES;
}

/* What the words ask for. */
static int
timer(struct os *os, int argc, char *argv[])
{
	uint64_t ns = 0, pid = 0;
	int at = 2, random = 0;

	if (strcmp(argv[1], "limit") == 0 && argc > 4 && strcmp(argv[2], "-w") == 0) {
		if (num_u64(argv[3], strlen(argv[3]), INT32_MAX, &pid) == -1 ||
		    pid == 0)
			return usage(EXIT_USE);
		at = 4;
	}
	if (strcmp(argv[1], "sleep") == 0 && argc > 3 &&
	    strcmp(argv[2], "--random") == 0) {
		random = 1;
		at = 3;
	}
	if (argc > at && num_seconds(argv[at], strlen(argv[at]), &ns) == -1)
		return usage(EXIT_USE);

	if (strcmp(argv[1], "wait") == 0 && argc <= at + 1)
		return timer_wait(os, argc == at ? run_timeout(os) : ns);
	if (strcmp(argv[1], "limit") == 0 && argc > at + 1)
		return timer_limit(os, ns, (pid_t)pid, argv + at + 1);
	if (strcmp(argv[1], "sleep") == 0 && argc == at + 1)
		return timer_sleep(os, ns, random);
	return usage(EXIT_USE);
}

int
main(int argc, char *argv[])
{
	struct os *os;
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(EXIT_YES);
	if (argc < 2)
		return usage(EXIT_USE);
	os = os_open(".");
	if (os == NULL)
		return fail("open", "the current directory");
	status = timer(os, argc, argv);
	os_close(os);
	return status;
}

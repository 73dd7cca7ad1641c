/*
 * within.c - runs a command, in a process group of its own, for so long at most.
 *
 *	within SECONDS COMMAND [ARGUMENT...]
 *
 * Its exit status; 75 once the time was over, and all of the group is killed.  A
 * signal to this kills it as well.
 */
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/num.h"
#include "core/types.h"
#include "os/os.h"

#define SECOND    UINT64_C(1000000000) /* in ns */
#define LONGEST   172800u
#define EXIT_LATE 75

static volatile sig_atomic_t signalled;

static int
fail(const char *object)
{
	(void)fprintf(stderr, "within: cannot run %s: %s\n", object, strerror(errno));
	return EXIT_CONF;
}

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: within SECONDS COMMAND [ARGUMENT...]\n";
	uint64_t seconds;
	pid_t child;
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage_print(usage, EXIT_YES);
	if (argc < 3 || num_u64(argv[1], strlen(argv[1]), LONGEST, &seconds) == -1)
		return usage_print(usage, EXIT_USE);
	if (process_on_signal(SIGHUP, &signalled) == -1 ||
	    process_on_signal(SIGINT, &signalled) == -1 ||
	    process_on_signal(SIGTERM, &signalled) == -1 || (child = fork()) == -1)
		return fail(argv[2]);
	if (child == 0) {
		(void)setpgid(0, 0);
		(void)process_exec(argv + 2);
		_exit(fail(argv[2]));
	}
	(void)setpgid(child, child);
	if (process_wait(child, seconds * SECOND, &status) == 1)
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	(void)kill(-child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	return signalled ? 128 + (int)signalled : EXIT_LATE;
}

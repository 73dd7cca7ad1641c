/*
 * prepare.c - a file of zeros, made beside the work.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

#include "os.h"

extern char **environ;

/* What it has to say nobody could use; and it must hold no pipe of ours open. */
static int
quiet(posix_spawn_file_actions_t *actions)
{
	int error = 0, fd;

	for (fd = 0; error == 0 && fd <= STDERR_FILENO; fd++)
		error = posix_spawn_file_actions_addopen(actions, fd, "/dev/null",
		    O_RDWR, 0);
	return error;
}

void
disk_prepare(struct os *os, const char *path, uint64_t bytes)
{
	static char program[] = "libexec/os/zeros";
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	posix_spawn_file_actions_t actions;
	char file[256], size[24];
	char *argv[] = { program, file, size, NULL };
	pid_t pid;

	(void)os;
	(void)snprintf(file, sizeof(file), "%s", path);
	(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)bytes);

	/* Nobody waits for it; the system is not to keep its status. */
	(void)sigaction(SIGCHLD, &ignore, NULL);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return;
	if (quiet(&actions) == 0)
		(void)posix_spawn(&pid, program, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
}

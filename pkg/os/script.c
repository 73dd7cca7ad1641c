/*
 * script.c - starts a control script, and sees the end of it.
 */
#include "script.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/package.h"
#include "family.h"
#include "host.h"
#include "os/os.h"

#define MS       UINT64_C(1000000) /* in ns */
#define LOOK     (10 * MS)         /* between two looks at a group that was killed */
#define PATIENCE (2000 * MS)       /* with such a group */

/* In the child: becomes it, or says that it could not. */
static void
become(char *const argv[], const char *mark, uint64_t until, int begun)
{
	char text[64];
	int n, null;

	(void)setsid();
	n = snprintf(text, sizeof(text), "script %ld", (long)getpid());
	(void)send(SCRIPT_GUARD, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	family_join(mark);
	null = open("/dev/null", O_RDONLY);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(SCRIPT_PRINTS, STDOUT_FILENO) == -1 ||
	    dup2(SCRIPT_PRINTS, STDERR_FILENO) == -1)
		goto out;
	(void)close(null);
	(void)close(SCRIPT_GUARD);
	(void)close(SCRIPT_HEARS);
	(void)close(SCRIPT_PRINTS);
	if (host_now() >= until)
		goto out;
	(void)process_exec(argv);
	(void)fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
out:
	(void)wire_write_all(begun, "n", 1);
	_exit(1);
}

int
script_start(struct script *s, char *const argv[], const char *mark, uint64_t until)
{
	int error, pair[2];

	memset(s, 0, sizeof(*s));
	s->late = UINT64_MAX;
	if (pipe(pair) == -1)
		return -1;
	if (fcntl(pair[0], F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(pair[1], F_SETFD, FD_CLOEXEC) == -1 || wire_nonblock(pair[0]) == -1)
		s->pid = -1;
	else
		s->pid = fork();
	if (s->pid == 0)
		become(argv, mark, until, pair[1]);
	error = errno;
	(void)close(pair[1]);
	s->begun = pair[0];
	if (s->pid > 0)
		return 0;
	(void)close(pair[0]);
	s->pid = 0;
	errno = error;
	return -1;
}

void
script_cut(struct script *s)
{
	/* Its leader may not lead its group yet. */
	if (s->pid > 0 && kill(-s->pid, SIGKILL) == -1 && !s->ended)
		(void)kill(s->pid, SIGKILL);
}

int
script_reaped(struct script *s, pid_t pid, int status, uint64_t now)
{
	char byte;

	if (pid != s->pid || s->ended)
		return 0;
	s->ended = 1;
	s->over = now + PATIENCE;
	if (wire_read(s->begun, &byte, 1) == 1)
		s->status = SCRIPT_NEVER;
	else if (s->was_late)
		s->status = SCRIPT_LATE;
	else
		s->status = WIFEXITED(status) ? WEXITSTATUS(status) : SCRIPT_CUT;
	(void)close(s->begun);
	return 1;
}

int
script_done(struct script *s, uint64_t now, int *status)
{
	char text[] = "script 0";

	if (s->pid == 0)
		return 0;
	if (!s->ended) {
		if (now >= s->late) {
			s->was_late = 1;
			script_cut(s);
		}
		return 0;
	}
	if (!(s->stays && s->status == 0)) {
		script_cut(s);
		if (now < s->over && kill(-s->pid, 0) == 0)
			return 0;
	}
	*status = s->status;
	s->pid = 0;
	(void)send(SCRIPT_GUARD, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	return 1;
}

uint64_t
script_wake(const struct script *s, uint64_t now)
{
	if (s->pid == 0)
		return UINT64_MAX;
	if (s->ended || s->was_late)
		return now + LOOK;
	return s->late;
}

/*
 * process.c - children and signals.
 */
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

#include "os.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define SIGNALS       128                       /* more than any system has */
#define LONG          (1000000 * NS_PER_SECOND) /* a wait that select(2) takes */

extern char **environ;

/* Where on_signal leaves word. */
static volatile sig_atomic_t *flags[SIGNALS];

static void
on_signal(int signo)
{
	if (flags[signo] != NULL)
		*flags[signo] = signo;
}

int
process_on_signal(int signo, volatile sig_atomic_t *flag)
{
	struct sigaction action = { .sa_handler = on_signal }, before;

	if (signo <= 0 || signo >= SIGNALS) {
		errno = EINVAL;
		return -1;
	}

	/* nohup(1) and a shell's & ignore these on behalf of what they start. */
	if ((signo == SIGHUP || signo == SIGINT) &&
	    sigaction(signo, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
		return 0;
	flags[signo] = flag;
	(void)sigemptyset(&action.sa_mask);
	return sigaction(signo, &action, NULL); /* no SA_RESTART */
}

/* 1 if a signal has come that nobody has looked at. */
static int
signal_waits(void)
{
	size_t i;

	for (i = 0; i < SIGNALS; i++)
		if (flags[i] != NULL && *flags[i] != 0)
			return 1;
	return 0;
}

/*
 * SIGCHLD interrupts nothing unless there is a handler for it; and where it is
 * ignored, as some parents leave it, there is nothing to wait for.
 */
static int
heed_children(void)
{
	return flags[SIGCHLD] != NULL ? 0 : process_on_signal(SIGCHLD, NULL);
}

int
process_spawn(char *const argv[], pid_t *pid)
{
	int error;

	if (heed_children() == -1)
		return -1;
	error = posix_spawnp(pid, argv[0], NULL, NULL, argv, environ);
	if (error == 0)
		return 0;
	errno = error;
	return -1;
}

int
process_exec(char *const argv[])
{
	(void)execvp(argv[0], argv);
	return -1;
}

/*
 * A close-on-exec copy of fd that cannot be taken for a standard descriptor,
 * should those have been closed; fd itself is closed.
 */
static int
moved(int fd)
{
	int copy, error;

	copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	error = errno;
	(void)close(fd);
	errno = error;
	return copy;
}

/* Two ends of a pair, neither to be taken for a standard descriptor. */
static int
pair_open(int pair[2])
{
	int error, ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1)
		return -1;
	pair[0] = moved(ends[0]);
	pair[1] = moved(ends[1]);
	if (pair[0] != -1 && pair[1] != -1)
		return 0;
	error = errno;
	if (pair[0] != -1)
		(void)close(pair[0]);
	if (pair[1] != -1)
		(void)close(pair[1]);
	errno = error;
	return -1;
}

/* What the child does before its exec; its stderr is errors, or quiet, or ours. */
static int
spawn_actions(posix_spawn_file_actions_t *actions, int fd, int errors, int quiet)
{
	int error;

	error = posix_spawn_file_actions_adddup2(actions, fd, STDIN_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, fd, STDOUT_FILENO);
	if (error == 0 && errors != -1)
		error = posix_spawn_file_actions_adddup2(actions, errors,
		    STDERR_FILENO);
	if (error == 0 && quiet)
		error = posix_spawn_file_actions_addopen(actions, STDERR_FILENO,
		    "/dev/null", O_WRONLY, 0);
	return error;
}

/* Starts argv on fd and errors (-1: none), which are closed here. */
static int
start_on(char *const argv[], int fd, int errors, int quiet, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int error;

	error = posix_spawn_file_actions_init(&actions);
	if (error == 0) {
		error = spawn_actions(&actions, fd, errors, quiet);
		if (error == 0)
			error = posix_spawn(pid, argv[0], &actions, NULL, argv,
			    environ);
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	(void)close(fd);
	if (errors != -1)
		(void)close(errors);
	errno = error;
	return error == 0 ? 0 : -1;
}

int
process_start(char *const argv[], int quiet, pid_t *pid)
{
	int error, pair[2];

	if (heed_children() == -1 || pair_open(pair) == -1)
		return -1;
	if (start_on(argv, pair[1], -1, quiet, pid) == 0)
		return pair[0];
	error = errno;
	(void)close(pair[0]);
	errno = error;
	return -1;
}

int
process_start_heard(char *const argv[], int *errors, pid_t *pid)
{
	int error, heard[2], pair[2];

	if (heed_children() == -1 || pair_open(pair) == -1)
		return -1;
	if (pair_open(heard) == -1) {
		error = errno;
		(void)close(pair[1]);
	} else {
		if (start_on(argv, pair[1], heard[1], 0, pid) == 0) {
			*errors = heard[0];
			return pair[0];
		}
		error = errno;
		(void)close(heard[0]);
	}
	(void)close(pair[0]);
	errno = error;
	return -1;
}

static struct timespec
timespec_of(uint64_t ns)
{
	struct timespec ts;

	ts.tv_sec = (time_t)(ns / NS_PER_SECOND);
	ts.tv_nsec = (long)(ns % NS_PER_SECOND);
	return ts;
}

int
process_sleep(uint64_t ns)
{
	struct timespec left = timespec_of(ns);

	while (nanosleep(&left, &left) == -1)
		if (errno != EINTR)
			return -1;
	return 0;
}

/*
 * Signals come in only while pselect(2) waits: none is lost between a look at
 * the child, a look at the flags, and the wait.
 */
static int
wait_until(pid_t pid, uint64_t deadline, int heed_flags, int *status)
{
	struct timespec ts;
	sigset_t all, before;
	uint64_t now;
	pid_t ended;
	int error;

	if (heed_children() == -1)
		return -1;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	for (;;) {
		ended = waitpid(pid, status, WNOHANG);
		if (ended != 0 || (heed_flags && signal_waits()))
			break;
		now = clock_now(NULL);
		if (now >= deadline)
			break;
		ts = timespec_of(deadline - now < LONG ? deadline - now : LONG);
		if (pselect(0, NULL, NULL, NULL, &ts, &before) == -1 &&
		    errno != EINTR) {
			ended = -1;
			break;
		}
	}
	error = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return ended == -1 ? -1 : ended != 0;
}

static uint64_t
after(uint64_t ns)
{
	uint64_t now = clock_now(NULL);

	return ns > UINT64_MAX - now ? UINT64_MAX : now + ns;
}

int
process_wait(pid_t pid, uint64_t timeout, int *status)
{
	return wait_until(pid, after(timeout), 1, status);
}

int
process_kill(pid_t pid, int signo)
{
	/* To kill(2), 0 and -1 are whole groups. */
	if (pid <= 0) {
		errno = ESRCH;
		return -1;
	}
	return kill(pid, signo);
}

int
process_end(pid_t pid, uint64_t grace)
{
	int ended, status;

	if (process_kill(pid, SIGTERM) == -1)
		return -1;
	ended = wait_until(pid, after(grace), 0, &status);
	if (ended == 0 && process_kill(pid, SIGKILL) == 0)
		ended = wait_until(pid, UINT64_MAX, 0, &status);
	return ended == 1 ? status : -1;
}

size_t
process_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return _POSIX_OPEN_MAX;
	if (limit.rlim_cur != limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	return (size_t)limit.rlim_cur;
}

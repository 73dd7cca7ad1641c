/*
 * mate.c - the monitor's half of what it has to do with guard, and its proofs, where
 * nothing goes as it should.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../pkg/os/family.h"
#include "../../pkg/os/host.h"
#include "../../pkg/os/mate.h"
#include "../../pkg/os/prove.h"
#include "../../pkg/os/script.h"
#include "../../pkg/os/watch.h"
#include "../unit/must.h"
#include "os/os.h"

#define MANY 100000 /* messages: more than a socket takes */

static int heard[GUARD_GONE + 1];
static char mark[] = "pkg-test";

static void
said(const struct guard_said *g)
{
	heard[g->word]++;
}

static void
leave(void)
{
}

static void
say(const char *text)
{
	(void)text;
}

/* The child of a guard that takes nothing: it tells it a lot, and never waits for it. */
static void
monitor(void)
{
	static const struct mate_ears ears = { said, leave, say };
	struct action a = { .kind = ACTION_GUARD, .guard = GUARD_RENEWED };
	struct loop *loop = loop_new();
	int i;

	MUST(loop != NULL && mate_begin(loop, mark, &ears) == 0);
	MUST(heard[GUARD_IDLE] == 1);
	for (i = 0; i < MANY && mate_wake(1) == UINT64_MAX; i++)
		mate_do(&a, NULL);
	MUST(i < MANY && heard[GUARD_GONE] == 0);
	mate_tick(1);
	MUST(heard[GUARD_GONE] == 1);
	mate_do(&a, NULL);
	_exit(0);
}

static void
deaf(void)
{
	int pair[2], status;
	pid_t guard, child;

	(void)close(SCRIPT_GUARD);
	(void)setenv(FAMILY_CGROUP, "/nowhere", 1); /* none is made */
	(void)host_adopt();
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	guard = fork();
	MUST(guard != -1);
	if (guard == 0) {
		(void)send(pair[0], "idle", 4, 0);
		(void)alarm(20); /* if its monitor waits for it */
		if (fork() == 0) {
			MUST(dup2(pair[1], SCRIPT_GUARD) == SCRIPT_GUARD);
			monitor();
		}
		(void)pause();
		_exit(1);
	}
	MUST(waitpid(guard, &status, 0) == guard);
	MUST(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	child = waitpid(-1, &status, 0);
	MUST(child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Begins with a guard that is armed: its end of the socket. */
static int
guard_feign(struct loop **loop)
{
	static const struct mate_ears ears = { said, leave, say };
	int pair[2];

	MUST(dup2(STDERR_FILENO, SCRIPT_GUARD) == SCRIPT_GUARD);
	*loop = loop_new();
	MUST(*loop != NULL);
	(void)setenv(FAMILY_CGROUP, "/nowhere", 1);
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	MUST(dup2(pair[1], SCRIPT_GUARD) == SCRIPT_GUARD && close(pair[1]) == 0);
	MUST(send(pair[0], "armed 1 0 1 1 1", 15, 0) == 15);
	MUST(mate_begin(*loop, mark, &ears) == 0 && heard[GUARD_ARMED] == 1);
	return pair[0];
}

/* It dies, and that is heard of. */
static void
guard_end(struct loop *loop, int guard)
{
	struct loop_event event;

	(void)close(guard);
	MUST(loop_wait(loop, &event, 1, UINT64_C(20000000000)) == 1);
	((struct watch *)event.arg)->ready(event.arg);
	MUST(heard[GUARD_GONE] == 1);
}

/* Guard has died: who is known dies before others are looked for. */
static void
known(void)
{
	struct loop *loop;
	int status, guard = guard_feign(&loop);
	pid_t child = fork();

	MUST(child != -1);
	if (child == 0) {
		(void)close(guard);
		(void)close(SCRIPT_GUARD);
		(void)setsid();
		(void)alarm(20);
		for (;;)
			(void)pause();
	}
	guard_end(loop, guard);
	MUST(waitpid(child, &status, 0) == child);
	MUST(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/*
 * A child, that begins what descends from nobody here, and bears the mark.  At a word, that
 * begins one more in a session of its own, and has ended once nobody has `begun` open; the
 * other is there as long as somebody has `lives`.
 */
static void
stranger(const int word[2], const int begun[2], const int lives[2])
{
	static const char script[] =
	    "read -r word; setsid sh -c 'echo; exec sleep 20 >&2' & exit";

	if (fork() != 0)
		_exit(0);
	(void)setsid();
	(void)setenv(FAMILY_MARK, mark, 1);
	(void)dup2(word[0], STDIN_FILENO);
	(void)dup2(begun[1], STDOUT_FILENO);
	(void)dup2(lives[1], STDERR_FILENO);
	process_close_inherited();
	(void)execlp("sh", "sh", "-c", script, (char *)NULL);
	_exit(1);
}

/*
 * Guard has died: what a guard before it has left here, when that was run in another cgroup,
 * leaves one behind between two looks, which is in no cgroup of ours.
 */
static void
strangers(void)
{
	struct settings settings = { .deadlines = { .kill = UINT64_C(60000000000) } };
	struct action a = { .kind = ACTION_GUARD, .guard = GUARD_RENEWED };
	struct loop *loop;
	int word[2], begun[2], lives[2], status, guard = guard_feign(&loop);
	struct pollfd dead = { .events = POLLIN };
	pid_t child;
	char byte;

	mate_do(&a, &settings); /* how long a kill may take */
	MUST(pipe(word) == 0 && pipe(begun) == 0 && pipe(lives) == 0);
	child = fork();
	MUST(child != -1);
	if (child == 0)
		stranger(word, begun, lives);
	MUST(waitpid(child, &status, 0) == child && close(begun[1]) == 0 &&
	    close(lives[1]) == 0);
	guard_end(loop, guard);
	MUST(write(word[1], "\n", 1) == 1 && read(begun[0], &byte, 1) == 1 &&
	    read(begun[0], &byte, 1) == 0);
	while (heard[GUARD_DEAD] == 0) {
		MUST(heard[GUARD_UNDEAD] == 0);
		mate_tick(host_now());
		while ((child = waitpid(-1, &status, WNOHANG)) > 0)
			MUST(mate_reaped(child, status));
		(void)poll(NULL, 0, 5);
	}
	dead.fd = lives[0];
	MUST(poll(&dead, 1, 0) == 1 && (dead.revents & POLLHUP) != 0);
}

static int teller = -1; /* guard's end, where it is looked at */
static char sought[64];

/* In place of libc's: the monitor looks for a watchdog. */
int
access(const char *path, int mode)
{
	char text[64];

	(void)mode;
	MUST(recv(teller, text, sizeof(text), MSG_PEEK | MSG_DONTWAIT) == -1);
	(void)snprintf(sought, sizeof(sought), "%s", path);
	return -1;
}

/* The monitor waits for a disk that has a watchdog's path, before guard would have to. */
static void
sought_first(void)
{
	struct settings settings = { .watchdog = "/dev/w" };
	struct action a = { .kind = ACTION_GUARD, .guard = GUARD_ARM };
	struct loop *loop;
	char text[64] = "";

	teller = guard_feign(&loop);
	mate_do(&a, &settings);
	MUST(strcmp(sought, "/dev/w") == 0);
	MUST(recv(teller, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
	MUST(strcmp(text, "watchdog /dev/w") == 0);
}

static int proofs;

static void
proven(void *arg, uint64_t number, const char *boot, uint64_t closed)
{
	(void)arg;
	MUST(number == 7 && strcmp(boot, "-") == 0 && closed == 0);
	proofs++;
}

/* A proof that nobody can be sent for is answered: nothing is known. */
static void
nobody(void)
{
	struct rlimit limit;
	struct loop *loop = loop_new();

	MUST(loop != NULL && getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = 3;
	MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	prove_begin(loop, proven, NULL);
	prove_ask(7, "p", "b", 1000);
	MUST(proofs == 0 && prove_wake() <= 1000);
	prove_tick(1000);
	MUST(proofs == 1 && prove_wake() == UINT64_MAX);
	prove_tick(2000);
	MUST(proofs == 1);
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = { { "deaf", deaf }, { "known", known },
		{ "strangers", strangers }, { "sought_first", sought_first },
		{ "nobody", nobody }, { NULL, NULL } };

	return run_cases(cases, argc, argv);
}

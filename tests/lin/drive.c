/*
 * drive - clients that ask a real cluster all at once, and write down what they
 * asked and were told, for check.
 *
 *	drive [OPTION]... SEED SECONDS HISTORY NODE...
 *	-c N, -d N, -b N   so many clients that are a process a request (4), that
 *	                   speak the protocol (4), that use batch (2)
 *	-k KEYS (5)        beside three that are listed
 *	-t SECONDS (3)     how long a client waits for an answer
 *	-p MILLISECONDS    between two requests of a client, on average (20)
 *
 * NODE is what a shell does to run "$@" in that node's directory, for example
 * cd DIR && exec "$@"; a node's name ends in its number, from 1.  SIGTERM ends it
 * earlier; what was begun is brought to its end.  All keys have SEED in their
 * names, so that they are new to the cluster.  Times are CLOCK_MONOTONIC's.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/num.h"
#include "drive.h"

#define CLIENTS_MAX 200u

volatile sig_atomic_t drive_stops;

static pid_t parent;

void
die(const char *what)
{
	(void)fprintf(stderr, "drive: cannot go on with %s: %s\n", what,
	    strerror(errno));
	_exit(74);
}

uint64_t
now(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) == -1)
		die("the clock");
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

uint64_t
below(struct self *s, uint64_t n)
{
	/* xorshift64* */
	s->chance ^= s->chance >> 12;
	s->chance ^= s->chance << 25;
	s->chance ^= s->chance >> 27;
	return s->chance * UINT64_C(2685821657736338717) % (n > 0 ? n : 1);
}

int
goes_on(const struct self *s)
{
	return !drive_stops && now() < s->drive->until && getppid() == parent;
}

void
rest(struct self *s)
{
	uint64_t ns = below(s, 2 * s->drive->pause + 1);
	struct timespec t;

	t.tv_sec = (time_t)(ns / SECOND);
	t.tv_nsec = (long)(ns % SECOND);
	(void)nanosleep(&t, NULL);
}

static void
stop(int number)
{
	(void)number;
	drive_stops = 1;
}

static void
child_ended(int sig)
{
	(void)sig;
}

static void
usage(void)
{
	(void)fputs("usage: drive [-c N] [-d N] [-b N] [-k KEYS] [-t SECONDS] "
		    "[-p MILLISECONDS] SEED SECONDS HISTORY NODE...\n",
	    stderr);
	exit(64);
}

static uint64_t
number(const char *text, uint64_t most)
{
	uint64_t n;

	if (num_u64(text, strlen(text), most, &n) == -1)
		usage();
	return n;
}

static void
signals_hold(int how)
{
	sigset_t set;

	if (sigemptyset(&set) == -1 || sigaddset(&set, SIGTERM) == -1 ||
	    sigaddset(&set, SIGINT) == -1 || sigaddset(&set, SIGCHLD) == -1 ||
	    sigprocmask(how, &set, NULL) == -1)
		die("signals");
}

/* A client's whole life. */
static void
live(const struct drive *d, uint64_t which, void (*client)(struct self *), int result)
{
	struct self s = { 0 };

	(void)signal(SIGCHLD, SIG_DFL);
	signals_hold(SIG_UNBLOCK);
	s.drive = d;
	s.number = which;
	s.chance = (d->seed * 1000 + which) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	client(&s);
	if (write(result, &s.sum, sizeof(s.sum)) != (ssize_t)sizeof(s.sum))
		die("its result");
	_exit(0);
}

static void
signals_set(void)
{
	struct sigaction act = { 0 };

	act.sa_handler = stop;
	if (sigaction(SIGTERM, &act, NULL) == -1 || sigaction(SIGINT, &act, NULL) == -1)
		die("signals");
	act.sa_handler = child_ended;
	if (sigaction(SIGCHLD, &act, NULL) == -1)
		die("signals");
	act.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &act, NULL) == -1)
		die("signals");
}

/*
 * Waits for the clients; SIGTERM goes on to them, whenever it comes: it is let in
 * only while there is nothing else to do.  Their sum; -1 if one failed.
 */
static int
gather(const pid_t *pid, size_t n, int results, struct sum *sum)
{
	size_t i, left = n;
	struct sum one;
	int status, told = 0, r = 0;
	sigset_t none;
	pid_t ended;

	(void)sigemptyset(&none);
	while (left > 0) {
		if (drive_stops && !told)
			for (told = 1, i = 0; i < n; i++)
				(void)kill(pid[i], SIGTERM);
		ended = waitpid(-1, &status, WNOHANG);
		if (ended == -1)
			die("waiting");
		if (ended == 0) {
			(void)sigsuspend(&none);
			continue;
		}
		left--;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
			r = -1;
			continue;
		}
		if (read(results, &one, sizeof(one)) != (ssize_t)sizeof(one))
			die("a result");
		sum->operations += one.operations;
		sum->written += one.written;
		sum->read += one.read;
		sum->unknown += one.unknown;
	}
	return r;
}

int
main(int argc, char **argv)
{
	static void (*const kinds[])(
	    struct self *) = { client_command, client_door, client_batch };
	struct drive d = { 0 };
	struct sum sum = { 0 };
	uint64_t clients[3] = { 4, 4, 2 }, i;
	pid_t pid[3 * CLIENTS_MAX];
	int option, result[2];
	size_t kind, n = 0;

	d.keys = 5;
	d.patience = 3 * SECOND;
	d.pause = 20 * MILLI;
	while ((option = getopt(argc, argv, "c:d:b:k:t:p:")) != -1) {
		if (option == 'c' || option == 'd' || option == 'b')
			clients[option == 'c' ? 0 :
				option == 'd' ? 1 :
						2] = number(optarg, CLIENTS_MAX);
		else if (option == 'k')
			d.keys = (size_t)number(optarg, KEYS_MAX);
		else if (option == 't')
			d.patience = number(optarg, 3600) * SECOND;
		else if (option == 'p')
			d.pause = number(optarg, 10000) * MILLI;
		else
			usage();
	}
	argc -= optind;
	argv += optind;
	if (argc < 4)
		usage();
	d.seed = number(argv[0], UINT32_MAX);
	d.until = now() + number(argv[1], 86400) * SECOND;
	d.history = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	d.node = argv + 3;
	d.nodes = (size_t)argc - 3;
	if (d.history == -1)
		die(argv[2]);
	if (pipe(result) == -1 || fcntl(result[0], F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(result[1], F_SETFD, FD_CLOEXEC) == -1)
		die("a pipe");
	signals_set();
	signals_hold(SIG_BLOCK);
	parent = getpid();
	for (kind = 0; kind < 3; kind++)
		for (i = 0; i < clients[kind]; i++, n++) {
			pid[n] = fork();
			if (pid[n] == -1)
				die("a process");
			if (pid[n] == 0)
				live(&d, 100 * (kind + 1) + i, kinds[kind], result[1]);
		}
	if (gather(pid, n, result[0], &sum) == -1) {
		(void)fputs("drive: a client came to grief; its history is not whole\n",
		    stderr);
		return 74;
	}
	(void)printf("seed %" PRIu64 ": %" PRIu64 " operations, %" PRIu64
		     " writes answered, %" PRIu64 " reads answered, %" PRIu64
		     " writes unknown\n",
	    d.seed, sum.operations, sum.written, sum.read, sum.unknown);
	return fflush(stdout) == 0 ? 0 : 74;
}

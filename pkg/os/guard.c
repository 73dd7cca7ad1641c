/*
 * guard.c - sees to it that a package is dead on this host when its lease is over,
 * whatever has become of everything else; starts the monitor, again and again.
 *
 *	guard NAME		in pkg's directory
 *
 * The monitor is a child with a socket on descriptor 3; on 4 and 5 it has the ends of
 * a pipe that control scripts write to, which outlives it.  Each message is one
 * line without a newline.  From the monitor:
 *
 *	arm EPOCH T0 SOFT GRACE KILL	the lease is held since T0; in ns of host_now
 *	renewed T0		only a later one counts
 *	disarm EPOCH		it is given back, and nothing runs
 *	kill NS			now, in that time
 *	resources LINES		all of them, as in kill.h
 *	watchdog PATH		to be kicked from the next arm on; none where it is empty
 *	reboot yes|no		where the package won't die
 *	script PID		is a control script's process group; 0: it has ended
 *	heard			what was said of dead or undead
 *	leave			a person wants it; the next monitor is told so, too
 *
 * To the monitor: first `resources LINES`, if it is armed, so that one of them kills
 * all of it whatever becomes of the other; `armed EPOCH T0 SOFT GRACE KILL` or `idle`, which are also
 * the answers to arm (as it was before: refused) and disarm; `dead` or `undead WHY`, after
 * kill and when a deadline has come, which also answers an arm that came meanwhile;
 * `unwatched WHY` before an answer to arm: it refused for want of the watchdog, and goes on
 * as it was; WHY is empty once that is over; `leave`: a person wants it; `log LINE`.
 *
 * Once armed it touches no disk, and it waits for nobody, but for the driver of a watchdog
 * whose path the monitor has looked up before.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/lease.h"
#include "core/num.h"
#include "core/package.h"
#include "core/types.h"
#include "host.h"
#include "kill.h"
#include "lock.h"
#include "os/os.h"
#include "watchdog.h"

#define MS     UINT64_C(1000000) /* in ns */
#define SECOND (1000 * MS)
#define LOOK \
	(100 * MS) /* the longest wait: after a sleep of the host it is late by that */
#define ROUND   (5 * MS)      /* between two looks at what is being killed */
#define KICK    (100 * MS)    /* between two kicks of the watchdog */
#define LISTEN  (2 * SECOND)  /* a monitor that lives hears within that */
#define STEADY  (30 * SECOND) /* one that lived for so long is restarted at once */
#define HIGH    10            /* descriptors that no child can take for its own */
#define TEXT    4608          /* bytes: a path fits */
#define MESSAGE (KILL_TOLD + 64)

static struct {
	const char *name;
	struct kill kill;
	struct watchdog watchdog;
	char device[TEXT]; /* that is asked for */
	char kicked[TEXT]; /* that is open */
	int unwatched;     /* it has been said that it can't be */
	int reboot;

	/* The lease. */
	int armed;
	uint64_t epoch;
	uint64_t t0;
	struct deadlines in;

	/* The kill. */
	int killing;
	uint64_t until; /* then it is called undead */
	int undead;     /* the lease is over, and it was */
	uint64_t reboot_at;
	uint64_t kick_at; /* the next one */

	/* The monitor. */
	pid_t monitor; /* 0: none runs */
	int fd;
	int output[2];
	pid_t script;
	uint64_t started;
	uint64_t start_at;
	uint64_t pause;
	uint64_t hear_by; /* 0: nothing was said */
	int leaving;
	int status; /* it ended with that, and so does guard; -1: not */
	char log[TEXT];
} g = { .watchdog = { .fd = -1 }, .fd = -1, .status = -1 };

static volatile sig_atomic_t terminated;

static int
fail(const char *verb, const char *object)
{
	(void)fprintf(stderr, "guard: cannot %s %s: %s\n", verb, object,
	    strerror(errno));
	return EXIT_DISK;
}

/* One that takes nothing is as good as dead: it is ended, and started anew. */
static void
tell(const char *fmt, ...)
{
	static char text[MESSAGE];
	va_list ap;
	int n;

	if (g.monitor == 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (send(g.fd, text, (size_t)n, MSG_DONTWAIT) == -1)
		(void)kill(g.monitor, SIGKILL);
}

/* One line for the message log; those of the time without a monitor wait. */
static void
report(const char *fmt, ...)
{
	size_t len = strlen(g.log);
	va_list ap;

	if (len > 0 && len < sizeof(g.log) - 1)
		g.log[len++] = '\n';
	va_start(ap, fmt);
	(void)vsnprintf(g.log + len, sizeof(g.log) - len, fmt, ap);
	va_end(ap);
	if (g.monitor == 0)
		return;
	tell("log %s", g.log);
	g.log[0] = '\0';
}

/* ---- the lease ---- */

static uint64_t
kill_at(void)
{
	return g.t0 + g.in.soft + g.in.grace;
}

static uint64_t
dead_by(void)
{
	return kill_at() + g.in.kill;
}

static void
say_armed(void)
{
	if (g.armed)
		tell("armed %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
		    g.epoch, g.t0, g.in.soft, g.in.grace, g.in.kill);
	else
		tell("idle");
}

static void
be_idle(void)
{
	g.armed = g.undead = 0;
	watchdog_close(&g.watchdog);
}

/* Why the watchdog that is asked for can't be had. */
static void
say_unwatched(void)
{
	const char *why = errno == ERANGE ? "takes no time as short as grace + kill" :
					    strerror(errno);

	if (g.armed)
		tell("unwatched no watchdog: %s: %s", g.device, why);
	if (!g.unwatched || !g.armed)
		report("guard: cannot use the watchdog %s: %s; %s", g.device, why,
		    g.armed ? "the package goes on as it was guarded before" :
			      "the package does not start here without it");
	g.unwatched = 1;
}

/*
 * 1 if the watchdog that is asked for is there, for the deadlines that are in force, or
 * none is; else it is as it was.
 */
static int
watchdog_ready(void)
{
	const uint64_t most = g.in.grace + g.in.kill;
	struct watchdog next = { .fd = -1 };

	if (g.device[0] != '\0' && g.watchdog.fd != -1 &&
	    strcmp(g.device, g.kicked) == 0) {
		if (watchdog_set(&g.watchdog, most) == -1)
			return 0;
	} else {
		if (g.device[0] != '\0' && watchdog_open(&next, g.device, most) == -1)
			return 0;
		watchdog_close(&g.watchdog);
		g.watchdog = next;
		memcpy(g.kicked, g.device, sizeof(g.kicked));
	}
	if (g.unwatched)
		tell("unwatched ");
	g.unwatched = 0;
	return 1;
}

static void
arm(uint64_t now, uint64_t epoch, uint64_t t0, const struct deadlines *in)
{
	struct deadlines before = g.in;

	if (g.killing)
		return; /* how that ends is the answer */
	if (t0 > now || now - t0 >= in->soft + in->grace ||
	    (g.armed && epoch < g.epoch)) {
		report("guard: refused to be armed for epoch %" PRIu64, epoch);
		say_armed();
		return;
	}
	g.in = *in;
	if (!watchdog_ready()) {
		say_unwatched();
		g.in = before;
		say_armed();
		return;
	}
	if (!g.armed || t0 > g.t0)
		g.t0 = t0;
	g.epoch = epoch;
	g.armed = 1;
	g.undead = 0;
	say_armed();
}

static void
renewed(uint64_t now, uint64_t t0)
{
	if (!g.armed || t0 > now || t0 <= g.t0)
		return;
	g.t0 = t0;
	g.undead = g.undead && now >= kill_at();
}

static void
kill_start(uint64_t now, uint64_t until)
{
	if (g.killing)
		return;
	kill_begin(&g.kill);
	g.killing = 1;
	g.until = until > now + LOOK ? until : now + LOOK;
}

static void
is_dead(uint64_t now)
{
	g.killing = 0;
	be_idle();
	tell("dead");
	g.hear_by = now + LISTEN;
}

static void
is_undead(uint64_t now)
{
	g.killing = 0;
	g.undead = g.armed && now >= dead_by();
	tell("undead %s", g.kill.why);
	g.hear_by = now + LISTEN;
	g.reboot_at = now;
}

/* What won't die ends with the host: as often as it takes. */
static void
reboot_tick(uint64_t now)
{
	if (!g.undead || !g.reboot || now < g.reboot_at)
		return;
	g.reboot_at = now + SECOND;
	report("guard: %s: this host is rebooted", g.kill.why);
	if (host_reboot() == -1)
		report("guard: cannot reboot this host: %s", strerror(errno));
}

/* What the time has brought. */
static void
lease_tick(uint64_t now)
{
	const int lapsed = g.armed && now >= kill_at();

	if (lapsed && !g.killing && !g.undead) {
		report(
		    "guard: the lease was not renewed in time: the package is killed");
		kill_start(now, dead_by());
	}
	if (g.killing || (lapsed && g.undead)) {
		if (kill_round(&g.kill))
			is_dead(now);
		else if (g.killing && now >= g.until)
			is_undead(now);
	}
	reboot_tick(now);

	/* So that its last word is spoken when the lease is over. */
	if (g.armed && now >= g.kick_at && now + g.watchdog.timeout <= dead_by()) {
		watchdog_kick(&g.watchdog);
		g.kick_at = now + KICK;
	}
}

static uint64_t
lease_wait_for(uint64_t now)
{
	uint64_t wait = LOOK;

	if (g.killing)
		return ROUND;
	if (g.armed && !g.undead)
		wait = kill_at() > now ? kill_at() - now : 0;
	return wait < LOOK ? wait : LOOK;
}

/* ---- the monitor ---- */

/* What stands behind the word that the text begins with; NULL if that is another. */
static const char *
behind(const char *text, const char *word)
{
	const size_t n = strlen(word);

	if (strncmp(text, word, n) != 0 || (text[n] != ' ' && text[n] != '\0'))
		return NULL;
	return text[n] == ' ' ? text + n + 1 : text + n;
}

/* The numbers that stand behind a word: 1 if there are just n. */
static int
numbers(const char *text, const char *word, uint64_t *number, size_t n)
{
	size_t len;

	text = behind(text, word);
	for (; text != NULL && n > 0; n--) {
		len = strcspn(text, " ");
		if (num_u64(text, len, UINT64_MAX, number++) == -1)
			return 0;
		text += len + (text[len] == ' ');
	}
	return text != NULL && *text == '\0';
}

static void
hear(const char *text)
{
	const uint64_t now = host_now();
	const char *rest;
	uint64_t n[5];

	if (numbers(text, "arm", n, 5)) {
		const struct deadlines in = { n[2], n[3], n[4] };

		arm(now, n[0], n[1], &in);
	} else if (numbers(text, "renewed", n, 1)) {
		renewed(now, n[0]);
	} else if (numbers(text, "disarm", n, 1)) {
		if (!g.killing && g.epoch == n[0])
			be_idle();
		say_armed();
	} else if (numbers(text, "kill", n, 1)) {
		kill_start(now, now + n[0]);
	} else if (numbers(text, "script", n, 1)) {
		g.script = (pid_t)n[0];
		family_add(&g.kill.family, g.script, 0);
	} else if (strcmp(text, "heard") == 0) {
		g.hear_by = 0;
	} else if (strcmp(text, "leave") == 0) {
		g.leaving = 1;
	} else if ((rest = behind(text, "resources")) != NULL) {
		kill_resources(&g.kill, rest);
	} else if ((rest = behind(text, "watchdog")) != NULL) {
		(void)snprintf(g.device, sizeof(g.device), "%s", rest);
	} else if ((rest = behind(text, "reboot")) != NULL) {
		g.reboot = strcmp(rest, "yes") == 0;
	}
}

/* In the child: becomes the monitor. */
static void
monitor_become(int fd)
{
	char program[] = "libexec/monitor", name[LEASE_NAME + 1];
	char *argv[] = { program, name, NULL };

	(void)snprintf(name, sizeof(name), "%s", g.name);
	host_lower();
	(void)setpgid(0, 0);
	if (dup2(fd, 3) != -1 && dup2(g.output[0], 4) != -1 &&
	    dup2(g.output[1], 5) != -1)
		(void)process_exec(argv);
	(void)fail("run", program);
	_exit(EXIT_CONF);
}

/* A descriptor out of the children's way; the other is closed. */
static int
moved(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH);

	(void)close(fd);
	return high;
}

static void
monitor_start(uint64_t now)
{
	int pair[2];

	g.started = now;
	g.start_at = now + SECOND;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == -1)
		return;
	g.fd = moved(pair[0]);
	pair[1] = moved(pair[1]);
	g.monitor = g.fd == -1 || pair[1] == -1 ? -1 : fork();
	if (g.monitor == 0)
		monitor_become(pair[1]);
	(void)close(pair[1]);
	if (g.monitor == -1) {
		(void)close(g.fd);
		g.monitor = 0;
		g.fd = -1;
		return;
	}
	g.kill.family.spare = g.monitor;
	(void)setpgid(g.monitor, g.monitor);
	if (g.armed)
		tell("resources %s", kill_told(&g.kill));
	say_armed();
	if (g.armed && g.undead)
		tell("undead %s", g.kill.why);
	if (g.leaving)
		tell("leave");
	if (g.log[0] != '\0')
		report("guard: the monitor was started again");
}

/* The package goes on; what the monitor was just about does not. */
static void
monitor_ended(uint64_t now, int status)
{
	(void)kill(-g.monitor, SIGKILL); /* its ways to the store */
	if (g.script > 1)
		(void)kill(-g.script, SIGKILL);
	if (g.fd != -1)
		(void)close(g.fd);
	g.fd = -1;
	g.monitor = g.script = 0;
	g.kill.family.spare = 0;
	g.hear_by = 0;
	if (!g.armed && !g.killing && WIFEXITED(status) &&
	    WEXITSTATUS(status) != EXIT_DISK) {
		g.status = WEXITSTATUS(status);
		return;
	}
	g.pause = now - g.started >= STEADY ? 0 :
	    g.pause == 0                    ? 100 * MS :
	    g.pause < SECOND                ? 2 * g.pause :
					      g.pause;
	/* The first time at once. */
	g.start_at = now + (g.pause == 100 * MS ? 0 : g.pause);
	if (WIFSIGNALED(status))
		report("guard: the monitor was ended by signal %d", WTERMSIG(status));
	else
		report("guard: the monitor ended with status %d", WEXITSTATUS(status));
}

static void
reap(uint64_t now)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == g.monitor)
			monitor_ended(now, status);
		else
			(void)kill_reaped(&g.kill, pid, status);
}

/* All that has come. At its end the monitor is dead, or soon will be. */
static void
monitor_hear(void)
{
	static char text[MESSAGE];
	ssize_t n;

	while (g.fd != -1) {
		n = recv(g.fd, text, sizeof(text) - 1, MSG_DONTWAIT);
		if (n > 0) {
			text[n] = '\0';
			hear(text);
		} else if (n == -1 && errno == EAGAIN) {
			return;
		} else if (n == 0 || errno != EINTR) {
			(void)kill(g.monitor, SIGKILL);
			(void)close(g.fd);
			g.fd = -1;
		}
	}
}

static void
monitor_tick(uint64_t now)
{
	if (terminated && !g.leaving) {
		g.leaving = 1;
		tell("leave");
	}
	if (g.monitor != 0 && g.hear_by != 0 && now >= g.hear_by)
		(void)kill(g.monitor, SIGKILL); /* frozen, or worse */
	if (g.monitor == 0 && !g.killing && now >= g.start_at)
		monitor_start(now);
}

static int
run(void)
{
	uint64_t now;

	for (;;) {
		monitor_hear();
		now = host_now();
		reap(now);
		lease_tick(now);
		if (g.status != -1)
			return g.status;
		monitor_tick(now);

		/* A signal ends the wait, too. */
		(void)wire_wait(g.fd, lease_wait_for(host_now()));
	}
}

/* Makes a directory that is nobody else's business: 0, or -1. */
static int
directory_make(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -1;
}

/* Takes the package's lock: 0, or an exit status. */
static int
lock_take(void)
{
	char path[LEASE_NAME + 16], mark[KILL_MARK];
	pid_t holder;

	(void)snprintf(path, sizeof(path), "run/%s", g.name);
	if (directory_make("run") == -1 || directory_make(path) == -1)
		return fail("make", path);
	(void)snprintf(path, sizeof(path), "run/%s/lock", g.name);
	holder = lock_hold(path, 0);
	if (holder == -1)
		return fail("lock", path);
	if (holder > 0) {
		(void)fprintf(stderr, "guard: %s runs here already: pid %ld\n", g.name,
		    (long)holder);
		return EXIT_NO;
	}
	(void)unsetenv(FAMILY_CGROUP); /* another package's, if there is one */
	if (kill_mark(g.name, mark) == -1 || kill_open(&g.kill, mark) == -1)
		return fail("look at", "the processes of this host");
	family_find(&g.kill.family);
	return 0;
}

static int
prepare(void)
{
	const char *lacks;

	if (process_on_signal(SIGTERM, &terminated) == -1 ||
	    process_on_signal(SIGINT, &terminated) == -1 ||
	    process_on_signal(SIGHUP, NULL) == -1 ||
	    process_on_signal(SIGPIPE, NULL) == -1 ||
	    process_on_signal(SIGCHLD, NULL) == -1)
		return fail("heed", "signals");
	(void)setsid();
	if (pipe(g.output) == -1)
		return fail("make", "a pipe");
	g.output[0] = moved(g.output[0]);
	g.output[1] = moved(g.output[1]);
	if (g.output[0] == -1 || g.output[1] == -1 || wire_nonblock(g.output[0]) == -1)
		return fail("make", "a pipe");
	if (host_adopt() == -1)
		report("guard: orphans are not followed here: they are known by their "
		       "process groups alone");
	lacks = host_raise();
	if (lacks != NULL)
		report("guard: %s", lacks);
	if (g.kill.family.n_found > 0)
		report("guard: %zu processes of the package were here before",
		    g.kill.family.n_found);
	return 0;
}

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: guard NAME\n";
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage_print(usage, EXIT_YES);
	if (argc != 2 || !lease_name_ok(argv[1], strlen(argv[1])))
		return usage_print(usage, EXIT_USE);
	g.name = argv[1];
	process_close_inherited();
	if (process_stdio() == -1)
		return fail("open", "/dev/null");
	status = lock_take();
	if (status == 0)
		status = prepare();
	if (status != 0)
		return status;
	status = run();
	family_close(&g.kill.family);
	return status;
}

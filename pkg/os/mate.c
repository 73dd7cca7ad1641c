/*
 * mate.c - lines to and from guard.  When it dies, the package is killed here, by
 * the same function.
 */
#include "mate.h"

#include <sys/socket.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/num.h"
#include "host.h"
#include "kill.h"
#include "script.h"
#include "watch.h"

#define MS    UINT64_C(1000000) /* in ns */
#define ROUND (5 * MS)          /* between two looks at what is being killed */
#define KILL  (1000 * MS)       /* where no setting says how long it may take */
#define TEXT  (KILL_TOLD + 64)  /* bytes of a message */

static struct {
	struct watch watch;
	struct loop *loop;
	const struct mate_ears *ears;
	const char *mark;
	pid_t guard;
	int armed;
	int heard; /* anything at all */
	char resources[TEXT];

	/* Once guard is gone. */
	int deaf; /* it has taken nothing for a long time */
	int gone;
	int idle; /* it would have said so */
	int killing;
	uint64_t time; /* for a kill, in ns */
	uint64_t until;
	struct kill kill;
} mate;

/* One that takes nothing is as good as dead: it is ended, and its lease with it. */
static void
tell(const char *fmt, ...)
{
	static char text[TEXT];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (mate.gone || mate.deaf || n <= 0 || (size_t)n >= sizeof(text) ||
	    send(SCRIPT_GUARD, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != -1 ||
	    errno != EAGAIN)
		return; /* its end is heard of soon */
	mate.deaf = 1;
	if (getppid() == mate.guard)
		(void)kill(mate.guard, SIGKILL);
}

static void
kill_now(void)
{
	if (mate.killing)
		return;
	kill_begin(&mate.kill);
	mate.killing = 1;
	mate.until = host_now() + mate.time;
}

/* Nobody sees to the lease any more: what it was for must not outlive this moment. */
static void
guard_is_gone(void)
{
	const struct guard_said said = { .word = GUARD_GONE };

	if (mate.gone)
		return;
	mate.gone = 1;
	(void)loop_del(mate.loop, SCRIPT_GUARD);
	if (kill_open(&mate.kill, mate.mark) == -1)
		mate.ears->log("cannot look at the processes of this host");
	kill_resources(&mate.kill, mate.resources);
	if (mate.armed) {
		kill_now();
		(void)family_kill(&mate.kill.family); /* those who are known */
	}
	family_find(&mate.kill.family);
	mate.ears->said(&said);
}

/* The numbers behind a word: how many. */
static size_t
numbers(const char *text, uint64_t *number, size_t n)
{
	size_t i, len;

	for (i = 0; i < n; i++) {
		text += strcspn(text, " ");
		text += *text == ' ';
		len = strcspn(text, " ");
		if (num_u64(text, len, UINT64_MAX, &number[i]) == -1)
			break;
	}
	return i;
}

static void
hear(const char *text)
{
	struct guard_said said = { .word = GUARD_IDLE };
	uint64_t n[5];

	if (strcmp(text, "leave") == 0) {
		mate.ears->leave();
		return;
	}
	if (strncmp(text, "log ", 4) == 0) {
		mate.ears->log(text + 4);
		return;
	}
	if (strncmp(text, "resources ", 10) == 0) {
		(void)snprintf(mate.resources, sizeof(mate.resources), "%s", text + 10);
		return;
	}
	if (strncmp(text, "armed ", 6) == 0 && numbers(text, n, 5) == 5) {
		said.word = GUARD_ARMED;
		said.epoch = n[0];
		said.t0 = n[1];
		said.deadlines.soft = n[2];
		said.deadlines.grace = n[3];
		said.deadlines.kill = n[4];
	} else if (strcmp(text, "dead") == 0) {
		said.word = GUARD_DEAD;
		tell("heard");
	} else if (strncmp(text, "undead ", 7) == 0) {
		said.word = GUARD_UNDEAD;
		said.why = text + 7;
		tell("heard");
	} else if (strncmp(text, "unwatched ", 10) == 0) {
		said.word = GUARD_UNWATCHED;
		said.why = text + 10;
	} else if (strcmp(text, "idle") != 0) {
		return;
	}
	mate.heard = 1;
	if (said.word != GUARD_UNDEAD && said.word != GUARD_UNWATCHED)
		mate.armed = said.word == GUARD_ARMED;
	mate.ears->said(&said);
}

/* One message; or its end. */
static void
ready(struct watch *watch)
{
	static char text[TEXT];
	ssize_t n;

	(void)watch;
	n = recv(SCRIPT_GUARD, text, sizeof(text) - 1, MSG_DONTWAIT);
	if (n > 0) {
		text[n] = '\0';
		hear(text);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		guard_is_gone();
	}
}

int
mate_begin(struct loop *loop, const char *mark, const struct mate_ears *ears)
{
	mate.watch.ready = ready;
	mate.loop = loop;
	mate.mark = mark;
	mate.ears = ears;
	mate.time = KILL;
	mate.guard = getppid();
	if (loop_add(loop, SCRIPT_GUARD, LOOP_READ, &mate.watch) == -1)
		return -1;
	while (!mate.heard && !mate.gone) {
		(void)wire_wait(SCRIPT_GUARD, UINT64_MAX);
		ready(&mate.watch);
	}
	return 0;
}

int
mate_is_armed(void)
{
	return mate.armed;
}

void
mate_do(const struct action *a, const struct settings *s)
{
	if (s != NULL)
		mate.time = s->deadlines.kill;
	switch (a->guard) {
	case GUARD_ARM:
		if (s != NULL) {
			/* On a disk that hangs it is this that waits, and not guard. */
			if (s->watchdog[0] != '\0')
				(void)access(s->watchdog, W_OK);
			tell("watchdog %s", s->watchdog);
			tell("reboot %s", s->reboot ? "yes" : "no");
		}
		tell("arm %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
		    a->epoch, a->t0, a->deadlines.soft, a->deadlines.grace,
		    a->deadlines.kill);
		mate.idle = mate.gone;
		break;
	case GUARD_RENEWED:
		tell("renewed %" PRIu64, a->t0);
		break;
	case GUARD_DISARM:
		tell("disarm %" PRIu64, a->epoch);
		mate.idle = mate.gone;
		break;
	case GUARD_KILL:
		tell("kill %" PRIu64, mate.time);
		if (mate.gone)
			kill_now();
		break;
	}
}

void
mate_refuse(void)
{
	mate.idle = 1;
}

void
mate_leave(void)
{
	tell("leave");
}

void
mate_resources(const char *lines)
{
	tell("resources %s", lines);
	(void)snprintf(mate.resources, sizeof(mate.resources), "%s", lines);
	if (mate.gone)
		kill_resources(&mate.kill, lines);
}

void
mate_tick(uint64_t now)
{
	struct guard_said said = { .word = GUARD_IDLE };

	if (mate.deaf)
		guard_is_gone();
	if (mate.idle) {
		mate.idle = 0;
		mate.ears->said(&said);
	}
	if (!mate.killing)
		return;
	if (kill_round(&mate.kill)) {
		said.word = GUARD_DEAD;
		mate.armed = 0;
	} else if (now >= mate.until) {
		said.word = GUARD_UNDEAD;
		said.why = mate.kill.why;
	} else {
		return;
	}
	mate.killing = 0;
	mate.ears->said(&said);
}

uint64_t
mate_wake(uint64_t now)
{
	return mate.idle || (mate.deaf && !mate.gone) ? now :
	    mate.killing                              ? now + ROUND :
							UINT64_MAX;
}

int
mate_reaped(pid_t pid, int status)
{
	return mate.gone && kill_reaped(&mate.kill, pid, status);
}

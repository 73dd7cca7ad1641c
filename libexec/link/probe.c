/*
 * probe.c - asks another node's gate for its report (verb check), and measures
 * the way there: how soon the gate answers, how long a round trip takes.
 *
 * What comes on stdout: "> login US NOISE" (microseconds until the gate's line,
 * bytes of a login shell before it), "> trip US", "> " and each line of the
 * report, "! " and each line that ssh said, and at the end "> ended STATUS", or
 * "> late" where the time was over.
 */
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/frame.h"
#include "core/num.h"
#include "core/types.h"
#include "os/os.h"

#define MS         UINT64_C(1000000) /* ns */
#define GREETED    (15000 * MS)      /* a gate that has not answered by then is none */
#define PAUSE      (10000 * MS)      /* the longest between two words of an asker */
#define GRACE      (500 * MS)        /* for an ssh to end by itself */
#define TRIPS      9                 /* their median counts */
#define PINGS_MAX  64
#define LINE_SHOWN 400u         /* bytes: what a pipe takes in one piece */
#define HEARD_MAX  (64u * 1024) /* bytes of a report, or of what ssh says */

static const char ping[] = "ping\n";

static int
usage(int status)
{
	return usage_print("usage: probe ask all|self SECONDS COMMAND [ARGUMENT ...]\n"
			   "       probe answer\n",
	    status);
}

static int
fail(const char *verb, const char *why, int status)
{
	(void)fprintf(stderr, "probe: cannot %s: %s\n", verb, why);
	return status;
}

/* A conversation with another node's gate. */
struct ask {
	struct os *os;
	const char *word;    /* what is asked for once the trips are measured */
	struct buf in, said; /* from its stdout, from its stderr */
	int fd, errors;
	pid_t pid;
	uint64_t began, deadline, sent;
	uint64_t trip[TRIPS];
	size_t trips;
	int greeted, reported, over;
};

/* One line on stdout behind mark; what a terminal would obey becomes '?'. */
static void
show(const char *mark, const char *line, size_t n)
{
	char shown[LINE_SHOWN];
	size_t i;

	if (n > 0 && line[n - 1] == '\r')
		n--;
	if (n > sizeof(shown))
		n = sizeof(shown);
	memcpy(shown, line, n);
	for (i = 0; i < n; i++)
		if ((unsigned char)shown[i] < ' ' || shown[i] == 0x7f)
			shown[i] = '?';
	printf("%s %.*s\n", mark, (int)n, shown);
}

/* What is sent to one who has gone is no error: its end is seen by reading. */
static void
ask_send(struct ask *a, const char *text)
{
	a->sent = clock_now(a->os);
	(void)wire_write_all(a->fd, text, strlen(text));
}

/* The gate's own line has come, perhaps behind what a login shell printed. */
static void
ask_greet(struct ask *a)
{
	/* The gate itself begins with an empty line. */
	const size_t own = sizeof(FRAME_GREETING) + 1;
	size_t skip;
	int r;

	r = frame_greeting(buf_head(&a->in), a->in.len, &skip);
	if (r == 0)
		return;
	if (r == -1) {
		a->over = 1;
		return;
	}
	a->greeted = 1;
	printf("> login %" PRIu64 " %zu\n", (clock_now(a->os) - a->began) / 1000,
	    skip > own ? skip - own : 0);
	buf_eat(&a->in, skip);
	ask_send(a, ping);
}

static void
ask_line(struct ask *a, const char *line, size_t n)
{
	if (!a->reported && n == strlen(ping) - 1 && memcmp(line, ping, n) == 0) {
		a->trip[a->trips++] = clock_now(a->os) - a->sent;
		if (a->trips < TRIPS) {
			ask_send(a, ping);
			return;
		}
		printf("> trip %" PRIu64 "\n",
		    (num_median(a->trip, a->trips) + 999) / 1000);
		a->reported = 1;
		ask_send(a, a->word);
		ask_send(a, "\n");
		return;
	}

	/* A node whose programs are missing does not answer, but reports. */
	a->reported = 1;
	show(">", line, n);
	if (n == 3 && memcmp(line, "end", 3) == 0)
		a->over = 1;
}

static void
ask_take(struct ask *a)
{
	const char *line, *newline;
	size_t n;

	if (!a->greeted)
		ask_greet(a);
	while (a->greeted && !a->over) {
		line = buf_head(&a->in);
		newline = a->in.len == 0 ? NULL : memchr(line, '\n', a->in.len);
		if (newline == NULL)
			break;
		n = (size_t)(newline - line);
		ask_line(a, line, n);
		buf_eat(&a->in, n + 1);
	}
}

/* Takes what fd has into b, passing over what is too much: bytes; 0 at its end. */
static size_t
take(int fd, struct buf *b)
{
	char piece[4096];
	ssize_t got;

	got = wire_read(fd, piece, sizeof(piece));
	if (got <= 0 || (b->len < HEARD_MAX && buf_add(b, piece, (size_t)got) == -1))
		return 0;
	return (size_t)got;
}

/* Listens until all has come, or the time is over: 1 if it was over. */
static int
ask_listen(struct ask *a, struct loop *loop)
{
	struct loop_event event[2];
	uint64_t now, until;
	size_t got, heard = 0;
	int i, n;

	while (!a->over) {
		now = clock_now(a->os);
		until = a->deadline;
		if (!a->greeted && a->began + GREETED < until)
			until = a->began + GREETED;
		if (now >= until)
			return 1;
		n = loop_wait(loop, event, 2, until - now);
		for (i = 0; i < n; i++) {
			if (event[i].arg == &a->errors) {
				if (take(a->errors, &a->said) == 0)
					(void)loop_del(loop, a->errors);
				continue;
			}
			got = take(a->fd, &a->in);
			heard += got;
			ask_take(a);
			if (got == 0 || heard > 4 * HEARD_MAX)
				a->over = 1;
		}
	}
	return 0;
}

/* What ssh said, a line each. */
static void
ask_said(struct ask *a)
{
	const char *at, *end, *newline;

	while (a->said.len < HEARD_MAX && take(a->errors, &a->said) > 0)
		;
	at = buf_head(&a->said);
	for (end = at + a->said.len; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (newline == NULL)
			newline = end;
		show("!", at, (size_t)(newline - at));
	}
}

/* The command's status once it has ended; no longer than the disk it may hang on. */
static int
ask_end(struct ask *a, int late)
{
	int status;

	(void)wire_close(a->fd);
	if (late || process_wait(a->pid, GRACE, &status) != 1) {
		(void)process_kill(a->pid, SIGTERM);
		if (process_wait(a->pid, GRACE, &status) != 1)
			(void)process_kill(a->pid, SIGKILL);
		return 0;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
probe_ask(struct os *os, const char *word, uint64_t limit, char *const argv[])
{
	struct ask a = { .os = os, .word = word };
	struct loop *loop;
	int late = 1, status;

	a.began = clock_now(os);
	a.deadline = a.began + limit;
	loop = loop_new();
	if (loop == NULL || process_on_signal(SIGPIPE, NULL) == -1 ||
	    (a.fd = process_start_heard(argv, &a.errors, &a.pid)) == -1 ||
	    wire_nonblock(a.errors) == -1) {
		status = fail("ask", strerror(errno), EXIT_DISK);
		loop_free(loop);
		return status;
	}
	if (loop_add(loop, a.fd, LOOP_READ, &a.fd) == 0 &&
	    loop_add(loop, a.errors, LOOP_READ, &a.errors) == 0)
		late = ask_listen(&a, loop);
	status = ask_end(&a, late);
	ask_said(&a);
	if (late)
		printf("> late\n");
	else
		printf("> ended %d\n", status);
	loop_free(loop);
	buf_free(&a.in);
	buf_free(&a.said);
	return fflush(stdout) == EOF ? EXIT_DISK : EXIT_YES;
}

/*
 * The other half: gives back each ping, until it is said what the report is to
 * be of: yes: all that this node can tell; no: itself alone.
 */
static int
probe_answer(void)
{
	char in[16] = "", *newline;
	size_t len = 0, n;
	ssize_t got;
	int pings = 0;

	for (;;) {
		while ((newline = memchr(in, '\n', len)) != NULL) {
			n = (size_t)(newline + 1 - in);
			if (n == 4 && memcmp(in, "all\n", n) == 0)
				return EXIT_YES;
			if (n == 5 && memcmp(in, "self\n", n) == 0)
				return EXIT_NO;
			if (n != strlen(ping) || memcmp(in, ping, n) != 0 ||
			    ++pings > PINGS_MAX)
				return fail("answer", "that is no word of check",
				    EXIT_GATE);
			if (wire_write_all(1, ping, n) == -1)
				return fail("answer", strerror(errno), EXIT_DISK);
			len -= n;
			memmove(in, newline + 1, len);
		}
		if (len == sizeof(in))
			return fail("answer", "that is no word of check", EXIT_GATE);
		if (wire_wait(0, PAUSE) != 1)
			return fail("answer", "nothing was asked", EXIT_GATE);
		got = wire_read(0, in + len, sizeof(in) - len);
		if (got <= 0)
			return fail("answer", "nothing was asked", EXIT_GATE);
		len += (size_t)got;
	}
}

/* What the words ask for. */
static int
probe(struct os *os, int argc, char *argv[])
{
	uint64_t limit;

	if (argc > 4 && strcmp(argv[1], "ask") == 0 &&
	    (strcmp(argv[2], "all") == 0 || strcmp(argv[2], "self") == 0) &&
	    num_seconds(argv[3], strlen(argv[3]), &limit) == 0)
		return probe_ask(os, argv[2], limit, argv + 4);
	if (argc == 2 && strcmp(argv[1], "answer") == 0)
		return probe_answer();
	return usage(EXIT_USE);
}

int
main(int argc, char *argv[])
{
	struct os *os;
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(EXIT_YES);
	os = os_open(".");
	if (os == NULL)
		return fail("begin", strerror(errno), EXIT_DISK);
	status = probe(os, argc, argv);
	os_close(os);
	return status;
}

/*
 * load - asks a leader as much as it can take, and says how long it took.
 *
 *	load [-c CONNECTIONS] [-d DEPTH] [-g] [-k KEYS] [-n REQUESTS] [-s SECONDS]
 *	     [-t FILE] [-v BYTES] [-w SECONDS] SOCKET...
 *
 * To each SOCKET (a node's run/client.sock) CONNECTIONS are held (1), each with
 * DEPTH requests outstanding (1): a closed loop, the next one goes out when an
 * answer has come.  They are sets of values of BYTES (100), or gets (-g), of KEYS
 * keys (10,000), for SECONDS (3) behind a warm-up (-w, 0.5) that is not counted,
 * or until REQUESTS have been answered.  A connection that ends, or is not to be
 * had, is tried again every millisecond.
 *
 * Prints one line: sample.h, then bad= (answers that were neither yes nor no) and
 * gap_ms= (the longest time without an answer).  -t writes to FILE how many
 * answers came in each 10 ms, as lines "MS COUNT".
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/num.h"
#include "core/types.h"
#include "os/os.h"
#include "sample.h"

#define CHUNK           (64u * 1024)
#define EVENTS          256
#define MS              UINT64_C(1000000)
#define SECOND          (1000 * MS)
#define BUCKET          (10 * MS)
#define SCATTER         UINT64_C(2654435761) /* prime: all keys come, in no order */
#define VALUE_MAX_BYTES (1024u * 1024)

struct conn {
	const char *path;
	int fd; /* -1: to be opened */
	int what;
	int greeted;
	struct buf in, out;
	uint64_t *sent; /* when, of the requests that are outstanding: a ring */
	size_t first, n;
};

struct load {
	/* what is asked for */
	uint64_t conns, depth, keys, requests, bytes;
	uint64_t length, warm; /* ns */
	int gets;
	const char *timeline;

	struct loop *loop;
	struct conn *conn;
	size_t n;
	char *value;
	uint64_t base, random; /* of the next request's id */
	uint64_t asked, answered, bad;
	uint64_t begun, now, last, gap;
	struct samples samples;
	uint64_t *bucket;
	size_t buckets;
};

static void
die(const char *what)
{
	(void)fprintf(stderr, "load: cannot go on: %s: %s\n", what, strerror(errno));
	exit(EXIT_DISK);
}

static void
conn_close(struct load *l, struct conn *c)
{
	(void)loop_del(l->loop, c->fd);
	(void)wire_close(c->fd);
	c->fd = -1;
	c->greeted = 0;
	l->asked -= c->n; /* others are asked in their place */
	c->first = c->n = 0;
	buf_cut(&c->in, 0);
	buf_cut(&c->out, 0);
}

static void
conn_open(struct load *l, struct conn *c)
{
	c->fd = wire_connect(c->path);
	if (c->fd == -1)
		return;
	if (wire_nonblock(c->fd) == -1 || loop_add(l->loop, c->fd, LOOP_READ, c) == -1)
		die("a connection");
	c->what = LOOP_READ;
}

/* One more request goes into the connection's output. */
static void
ask(struct load *l, struct conn *c)
{
	const uint64_t key = l->asked++ * SCATTER % l->keys;
	int bad;

	if (l->gets)
		bad = buf_fmt(&c->out, "get key%09" PRIu64 "\n", key);
	else
		bad = buf_fmt(&c->out,
			  "id=%" PRIu64 "-%016" PRIx64 " set key%09" PRIu64 " ",
			  l->base, ++l->random, key) == -1 ||
		    buf_add(&c->out, l->value, l->bytes) == -1 ||
		    buf_add(&c->out, "\n", 1) == -1;
	if (bad)
		die("a request");
	c->sent[(c->first + c->n++) % l->depth] = l->now;
}

/* Asks as much as may be outstanding, and sends it as far as it goes. */
static void
conn_ask(struct load *l, struct conn *c)
{
	ssize_t n;
	int what;

	while (c->greeted && c->n < l->depth &&
	    (l->requests == 0 || l->asked < l->requests))
		ask(l, c);
	while (c->out.len > 0) {
		n = wire_write(c->fd, buf_head(&c->out), c->out.len);
		if (n == -1 && errno != EAGAIN && errno != EWOULDBLOCK) {
			conn_close(l, c);
			return;
		}
		if (n == -1)
			break;
		buf_eat(&c->out, (size_t)n);
	}
	what = c->out.len > 0 ? LOOP_READ | LOOP_WRITE : LOOP_READ;
	if (what != c->what && loop_mod(l->loop, c->fd, what, c) == -1)
		die("a connection");
	c->what = what;
}

/* An answer came: it was yes, or no. */
static void
count(struct load *l, struct conn *c)
{
	const uint64_t since = l->now - l->begun;
	const uint64_t i = since / BUCKET;

	l->answered++;
	/* What the last turn brings late is told with what came at the end. */
	l->bucket[i < l->buckets ? i : l->buckets - 1]++;
	if (since < l->warm)
		return;
	if (l->last != 0 && l->now - l->last > l->gap)
		l->gap = l->now - l->last;
	l->last = l->now;
	if (samples_add(&l->samples, l->now - c->sent[c->first]) == -1)
		die("a sample");
}

/* One line of the leader: 0, or -1 where this connection is of no use. */
static int
hear(struct load *l, struct conn *c, const char *line, size_t n)
{
	uint64_t index;

	if (n > 8 && memcmp(line, "hello 1 ", 8) == 0 &&
	    num_u64(line + 8, n - 8, NUMBER_MAX, &index) == 0) {
		if (index > l->base)
			l->base = index;
		c->greeted = 1;
		return 0;
	}
	if (c->n == 0)
		return -1;
	if ((line[0] == '0' || line[0] == '1') && (n == 1 || line[1] == ' '))
		count(l, c);
	else {
		if (l->bad++ == 0)
			(void)fprintf(stderr, "load: an answer: %.*s\n", (int)n, line);
		if (n >= 2 && memcmp(line, "69", 2) == 0)
			return -1;
	}
	c->first = (c->first + 1) % l->depth;
	c->n--;
	return 0;
}

static void
conn_read(struct load *l, struct conn *c)
{
	const char *newline;
	char *room;
	size_t at = 0, len;
	ssize_t n;

	room = buf_room(&c->in, CHUNK);
	if (room == NULL)
		die("an answer");
	n = wire_read(c->fd, room, CHUNK);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (n <= 0) {
		conn_close(l, c);
		return;
	}
	buf_grew(&c->in, (size_t)n);
	while (
	    (newline = memchr(buf_head(&c->in) + at, '\n', c->in.len - at)) != NULL) {
		len = (size_t)(newline - (buf_head(&c->in) + at));
		if (hear(l, c, buf_head(&c->in) + at, len) == -1) {
			conn_close(l, c);
			return;
		}
		at += len + 1;
	}
	buf_eat(&c->in, at);
}

/* One turn; closed connections are opened again. */
static void
turn(struct load *l)
{
	struct loop_event event[EVENTS];
	struct conn *c;
	size_t closed = 0, i;
	int n, ready;

	for (i = 0; i < l->n; i++) {
		if (l->conn[i].fd == -1)
			conn_open(l, &l->conn[i]);
		closed += l->conn[i].fd == -1;
	}
	ready = loop_wait(l->loop, event, EVENTS, closed > 0 ? MS : 10 * MS);
	if (ready == -1)
		die("events");
	l->now = clock_now(NULL);
	for (n = 0; n < ready; n++) {
		c = event[n].arg;
		if (event[n].what & LOOP_READ)
			conn_read(l, c);
		if (c->fd != -1)
			conn_ask(l, c);
	}
}

/* Connects, and waits until all have been greeted: where there are several
 * sockets, until one has. */
static void
begin(struct load *l, char **paths, size_t n)
{
	size_t greeted, i;
	uint64_t length;

	l->n = n * l->conns;
	l->conn = calloc(l->n, sizeof(*l->conn));
	l->value = malloc(l->bytes + 1);
	l->loop = loop_new();
	l->buckets = (size_t)((l->length + l->warm) / BUCKET) + 1;
	l->bucket = calloc(l->buckets, sizeof(*l->bucket));
	if (l->conn == NULL || l->value == NULL || l->loop == NULL || l->bucket == NULL)
		die("memory");
	for (i = 0; i < l->bytes; i++)
		l->value[i] = (char)('a' + i % 26);
	while (l->random == 0)
		l->random = chance_u64(NULL) >> 1;
	for (i = 0; i < l->n; i++) {
		l->conn[i].path = paths[i % n];
		l->conn[i].fd = -1;
		l->conn[i].sent = calloc(l->depth, sizeof(uint64_t));
		if (l->conn[i].sent == NULL)
			die("memory");
	}
	/* Nothing is asked before: only greetings are heard. */
	length = l->depth;
	l->depth = 0;
	l->begun = clock_now(NULL);
	do {
		turn(l);
		for (greeted = i = 0; i < l->n; i++)
			greeted += (size_t)l->conn[i].greeted;
		if (l->now - l->begun > 60 * SECOND) {
			errno = ETIMEDOUT;
			die("no greeting of a leader");
		}
	} while (greeted < (n > 1 ? 1 : l->n));
	l->depth = length;
}

static void
go(struct load *l)
{
	size_t i;

	l->begun = l->now = clock_now(NULL);
	for (i = 0; i < l->n; i++)
		if (l->conn[i].fd != -1)
			conn_ask(l, &l->conn[i]);
	while (l->requests != 0 ? l->answered + l->bad < l->requests :
				  l->now - l->begun < l->warm + l->length)
		turn(l);
}

static void
report(struct load *l)
{
	FILE *f;
	size_t i;

	/* Nobody has answered since: that is a gap too. */
	if (l->requests == 0 && l->now - l->last > l->gap)
		l->gap = l->now - (l->last != 0 ? l->last : l->begun);
	samples_print(&l->samples, l->now - l->begun - l->warm);
	(void)printf(" bad=%" PRIu64 " gap_ms=%.1f\n", l->bad, (double)l->gap / 1e6);
	if (l->timeline == NULL)
		return;
	f = fopen(l->timeline, "w");
	if (f == NULL)
		die(l->timeline);
	for (i = 0; i < l->buckets; i++)
		(void)fprintf(f, "%zu %" PRIu64 "\n", 10 * i, l->bucket[i]);
	if (fclose(f) == EOF)
		die(l->timeline);
}

static void
usage(void)
{
	(void)fputs("usage: load [-c CONNECTIONS] [-d DEPTH] [-g] [-k KEYS] "
		    "[-n REQUESTS] [-s SECONDS] [-t FILE] [-v BYTES] [-w SECONDS] "
		    "SOCKET...\n",
	    stderr);
	exit(EXIT_USE);
}

/* The option's number; it is at least least. */
static uint64_t
number(uint64_t least, uint64_t max)
{
	uint64_t n;

	if (num_u64(optarg, strlen(optarg), max, &n) == -1 || n < least)
		usage();
	return n;
}

static uint64_t
seconds(void)
{
	uint64_t ns;

	if (num_seconds(optarg, strlen(optarg), &ns) == -1)
		usage();
	return ns;
}

int
main(int argc, char **argv)
{
	struct load l = { .conns = 1, .depth = 1, .keys = 10000, .bytes = 100 };
	int option;

	l.length = 3 * SECOND;
	l.warm = SECOND / 2;
	while ((option = getopt(argc, argv, "c:d:gk:n:s:t:v:w:")) != -1)
		switch (option) {
		case 'c':
			l.conns = number(1, 100000);
			break;
		case 'd':
			l.depth = number(1, 100000);
			break;
		case 'g':
			l.gets = 1;
			break;
		case 'k':
			l.keys = number(1, 999999999);
			break;
		case 'n':
			l.requests = number(1, NUMBER_MAX);
			l.warm = 0;
			break;
		case 's':
			l.length = seconds();
			break;
		case 't':
			l.timeline = optarg;
			break;
		case 'v':
			l.bytes = number(1, VALUE_MAX_BYTES);
			break;
		case 'w':
			l.warm = seconds();
			break;
		default:
			usage();
		}
	if (optind == argc)
		usage();
	(void)process_on_signal(SIGPIPE, NULL);
	(void)process_fd_limit();
	begin(&l, argv + optind, (size_t)(argc - optind));
	go(&l);
	report(&l);
	return l.bad == 0 ? EXIT_YES : EXIT_NO;
}

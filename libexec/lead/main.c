/*
 * lead - the leader's half of Raft: followers come to run/peer.sock, clients to
 * run/client.sock.  One event loop; each turn is lock, read, decide, sync,
 * unlock and reply.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/types.h"
#include "core/words.h"
#include "lead.h"
#include "os/os.h"

#define EVENTS       256
#define ROUNDS       16                  /* of them in one turn, at most */
#define CHUNK        (64u * 1024)        /* bytes read from one at a time */
#define TURN_INPUT   (4u * 1024 * 1024)  /* bytes read in one turn */
#define GREETING_MAX 4096u               /* bytes of dial's line */
#define SPARE        32                  /* descriptors that no client gets */
#define ACCEPT_PAUSE UINT64_C(100000000) /* ns, when descriptors run out */

enum kind { PEER_SOCK, CLIENT_SOCK, GREETER, STREAM, CLIENT };

struct conn {
	enum kind kind;
	int fd;
	int what;            /* LOOP_READ | LOOP_WRITE, as asked for */
	int closing;         /* when its output is out */
	int ended;           /* by its other end */
	struct buf greeting; /* of a GREETER: what has come of it */
	struct stream *stream;
	struct client *client;
	int dead;          /* closed, to be freed when the turn is over */
	struct conn *next; /* in its list */
};

struct serve {
	struct state *st;
	struct lead *lead;
	struct loop *loop;
	struct conn peers, clients; /* the listening sockets */
	struct conn *streams;       /* and what may become one */
	struct conn *talkers;       /* clients */
	uint64_t accept_at;         /* not before then */
	char *chunk;
	size_t limit;                  /* of descriptors */
	int deaths;                    /* some of them are dead */
	volatile sig_atomic_t stopped; /* SIGTERM has come */
};

static int
conn_watch(struct serve *v, struct conn *c, int what)
{
	if (c->what == what)
		return 0;
	c->what = what;
	return loop_mod(v->loop, c->fd, what, c);
}

/* Closes it; events that have come for it already find it dead. */
static void
conn_close(struct serve *v, struct conn *c)
{
	if (c->stream != NULL) {
		/* A dead connection's ssh would live on for many seconds. */
		if (!c->ended && lead_stream_pid(c->stream) > 1)
			(void)process_kill(lead_stream_pid(c->stream), SIGTERM);
		lead_stream_close(v->lead, c->stream);
	}
	if (c->client != NULL)
		lead_client_close(v->lead, c->client);
	(void)loop_del(v->loop, c->fd);
	(void)wire_close(c->fd);
	buf_free(&c->greeting);
	c->dead = 1;
	v->deaths = 1;
}

/* The list without the dead. */
static struct conn *
living(struct conn *c)
{
	struct conn *first = NULL, *last = NULL, *next;

	for (; c != NULL; c = next) {
		next = c->next;
		if (c->dead) {
			free(c);
			continue;
		}
		c->next = NULL;
		if (last != NULL)
			last->next = c;
		else
			first = c;
		last = c;
	}
	return first;
}

static void
bury(struct serve *v)
{
	if (!v->deaths)
		return;
	v->streams = living(v->streams);
	v->talkers = living(v->talkers);
	v->deaths = 0;
}

/* Sends what waits: 0, or -1 (the other end is gone). */
static int
conn_flush(struct serve *v, struct conn *c, struct buf *out)
{
	int what = LOOP_READ;
	ssize_t n;

	while (out->len > 0) {
		n = wire_write(c->fd, buf_head(out), out->len);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n == -1)
			return -1;
		buf_eat(out, (size_t)n);
	}
	if (c->client != NULL && (c->closing || !lead_client_wants_input(c->client)))
		what = 0;
	return conn_watch(v, c, out->len > 0 ? what | LOOP_WRITE : what);
}

static void
conn_accept(struct serve *v, struct conn *from)
{
	struct conn *c, **list;
	int fd;

	while ((fd = wire_accept(from->fd)) != -1) {
		/* The log and the followers need some, whatever clients take. */
		if (from->kind == CLIENT_SOCK && (size_t)fd + SPARE > v->limit) {
			(void)wire_close(fd);
			errno = EMFILE;
			break;
		}
		c = calloc(1, sizeof(*c));
		if (c == NULL ||
		    (from->kind == CLIENT_SOCK &&
			(c->client = lead_client_open(v->lead)) == NULL) ||
		    loop_add(v->loop, fd, LOOP_READ, c) == -1) {
			if (c != NULL && c->client != NULL)
				lead_client_close(v->lead, c->client);
			free(c);
			(void)wire_close(fd);
			return;
		}
		c->kind = from->kind == CLIENT_SOCK ? CLIENT : GREETER;
		c->fd = fd;
		c->what = LOOP_READ;
		list = c->kind == CLIENT ? &v->talkers : &v->streams;
		c->next = *list;
		*list = c;
		if (c->client != NULL)
			lead_client_tag(c->client, c);
	}
	if (errno != EMFILE && errno != ENFILE)
		return;
	/* No descriptor is left: the others go on, new ones wait (F41). */
	(void)conn_watch(v, from, 0);
	v->accept_at = clock_now(NULL) + ACCEPT_PAUSE;
}

/* dial's line "dial PID WORDS… NODE append" has come, whole. */
static int
greeting_take(struct serve *v, struct conn *c)
{
	struct words w = { 0 };
	const char *newline, *why;
	uint64_t pid;
	size_t len;

	newline = memchr(buf_head(&c->greeting), '\n', c->greeting.len);
	if (newline == NULL)
		return c->greeting.len < GREETING_MAX ? 0 : -1;
	len = (size_t)(newline - buf_head(&c->greeting));
	if (words_parse(&w, buf_head(&c->greeting), len, &why) == 0 && w.n >= 4 &&
	    strcmp(w.word[0].bytes, "dial") == 0 &&
	    num_u64(w.word[1].bytes, w.word[1].len, INT32_MAX, &pid) == 0)
		c->stream = lead_stream_open(v->lead, w.word[w.n - 2].bytes,
		    (pid_t)pid);
	words_free(&w);
	if (c->stream == NULL)
		return -1;
	c->kind = STREAM;
	buf_eat(&c->greeting, len + 1);
	return lead_stream_input(v->lead, c->stream, buf_head(&c->greeting),
	    c->greeting.len);
}

/* What has arrived: 0, or -1 (to be closed). *n grows by its bytes. */
static int
conn_input(struct serve *v, struct conn *c, size_t *total)
{
	size_t room = CHUNK;
	ssize_t n;

	if (c->kind == CLIENT) {
		room = lead_client_room(v->lead, c->client);
		if (room == 0)
			return conn_watch(v, c, c->what & ~LOOP_READ);
		if (room > CHUNK)
			room = CHUNK;
	}
	n = wire_read(c->fd, v->chunk, room);
	if (n == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	*total += (size_t)n;
	if (c->kind == CLIENT) {
		if (n > 0 &&
		    lead_client_input(v->lead, c->client, v->chunk, (size_t)n) == 0)
			return lead_client_wants_input(c->client) ?
			    0 :
			    conn_watch(v, c, c->what & ~LOOP_READ);
		/* Its last answers still go out. */
		c->closing = 1;
		return lead_client_waits(c->client) ||
			lead_client_output(c->client)->len > 0 ?
		    conn_watch(v, c, c->what & ~LOOP_READ) :
		    -1;
	}
	if (n == 0) {
		c->ended = 1;
		return -1;
	}
	if (c->kind == STREAM)
		return lead_stream_input(v->lead, c->stream, v->chunk, (size_t)n);
	if (buf_add(&c->greeting, v->chunk, (size_t)n) == -1)
		return -1;
	return greeting_take(v, c);
}

static void
streams_flush(struct serve *v)
{
	struct conn *c;
	struct buf *out;

	for (c = v->streams; c != NULL; c = c->next) {
		if (c->kind != STREAM || c->dead)
			continue;
		out = lead_stream_output(c->stream);
		if (lead_stream_doomed(c->stream) ||
		    (out->len > 0 && conn_flush(v, c, out) == -1))
			conn_close(v, c);
	}
}

static void
client_flush(struct serve *v, struct conn *c)
{
	struct buf *out = lead_client_output(c->client);
	int bad, ends;

	if (lead_client_ends(c->client) == 2) {
		conn_close(v, c);
		return;
	}
	/* What was put off for want of room goes on when there is some. */
	do
		bad = conn_flush(v, c, out);
	while (bad == 0 && out->len == 0 && lead_client_more(v->lead, c->client));
	ends = lead_client_ends(c->client);
	if (bad == -1 || ends == 2 ||
	    ((c->closing || ends) && out->len == 0 && !lead_client_waits(c->client)))
		conn_close(v, c);
}

static void
clients_flush(struct serve *v)
{
	struct client *c;

	while ((c = lead_client_ready(v->lead)) != NULL)
		client_flush(v, lead_client_tag(c, NULL));
}

static void
event(struct serve *v, const struct loop_event *e, size_t *total)
{
	struct conn *c = e->arg;

	if (c->dead)
		return;
	if (c->kind == PEER_SOCK || c->kind == CLIENT_SOCK) {
		conn_accept(v, c);
		return;
	}
	/* Nobody asked whether it can be read: its other end is gone altogether. */
	if ((e->what & LOOP_READ) && !(c->what & LOOP_READ)) {
		c->ended = 1;
		conn_close(v, c);
		return;
	}
	if ((e->what & LOOP_READ) && conn_input(v, c, total) == -1) {
		conn_close(v, c);
		return;
	}
	if (c->kind == CLIENT && (e->what & LOOP_WRITE))
		client_flush(v, c);
	else if (c->kind == STREAM && (e->what & LOOP_WRITE) &&
	    conn_flush(v, c, lead_stream_output(c->stream)) == -1)
		conn_close(v, c);
}

/* Waits for events and takes them, no more than fits in one turn. */
static void
events(struct serve *v)
{
	struct loop_event e[EVENTS];
	uint64_t due = lead_due(v->lead), now = clock_now(NULL), wait;
	int rounds = ROUNDS;
	size_t total = 0;
	int i, n;

	if (v->accept_at != 0 && now >= v->accept_at) {
		v->accept_at = 0;
		(void)conn_watch(v, &v->peers, LOOP_READ);
		(void)conn_watch(v, &v->clients, LOOP_READ);
	}
	if (v->accept_at != 0 && v->accept_at < due)
		due = v->accept_at;
	wait = due > now ? due - now : 0;
	do {
		n = loop_wait(v->loop, e, EVENTS, wait);
		for (i = 0; i < n; i++)
			event(v, &e[i], &total);
		wait = 0;
	} while (n == EVENTS && total < TURN_INPUT && --rounds > 0);
}

static enum lead_next
turns(struct serve *v, pid_t role)
{
	enum lead_next next = LEAD_ON;

	while (next == LEAD_ON) {
		events(v);
		if (v->stopped)
			lead_stop(v->lead);
		/* The role was killed: nobody else would end this. */
		if (state_running(v->st) != role)
			return LEAD_DOWN;
		next = lead_begin(v->lead);
		streams_flush(v);
		if (next == LEAD_ON)
			next = lead_finish(v->lead);
		streams_flush(v);
		clients_flush(v);
		bury(v);
	}
	return next;
}

/* Opens the sockets: 0, or -1. */
static int
serve_open(struct serve *v)
{
	v->peers.fd = v->clients.fd = -1;
	v->chunk = malloc(CHUNK);
	v->loop = loop_new();
	if (v->chunk == NULL || v->loop == NULL)
		return -1;
	v->peers.kind = PEER_SOCK;
	v->clients.kind = CLIENT_SOCK;
	v->peers.what = v->clients.what = LOOP_READ;
	v->peers.fd = wire_listen("run/peer.sock");
	if (v->peers.fd == -1 ||
	    loop_add(v->loop, v->peers.fd, LOOP_READ, &v->peers) == -1)
		return -1;
	v->clients.fd = wire_listen("run/client.sock");
	if (v->clients.fd == -1 ||
	    loop_add(v->loop, v->clients.fd, LOOP_READ, &v->clients) == -1)
		return -1;
	return 0;
}

static void
serve_close(struct serve *v)
{
	struct conn *c;

	(void)disk_remove(v->st->os, "run/client.sock");
	(void)disk_remove(v->st->os, "run/peer.sock");
	for (c = v->streams; c != NULL; c = c->next)
		if (!c->dead)
			conn_close(v, c);
	for (c = v->talkers; c != NULL; c = c->next)
		if (!c->dead)
			conn_close(v, c);
	bury(v);
	if (v->peers.fd != -1)
		(void)wire_close(v->peers.fd);
	if (v->clients.fd != -1)
		(void)wire_close(v->clients.fd);
	if (v->loop != NULL)
		loop_free(v->loop);
	free(v->chunk);
}

static int
fail(const char *why, int status)
{
	(void)fprintf(stderr, "lead: cannot lead: %s\n", why);
	return status;
}

/* Tells who is to stand next, and answers all that is left. */
static void
finish(struct serve *v, enum lead_next next)
{
	struct buf frame = { 0 };

	if (next == LEAD_DONE && lead_handover(v->lead, &frame))
		(void)wire_write_all(1, buf_head(&frame), frame.len);
	buf_free(&frame);
	lead_dismiss(v->lead);
	clients_flush(v);
}

/* Leads in term, for as long as it lasts. */
static int
lead(struct state *st, uint64_t term)
{
	static const int status_of[] = { 0, EXIT_NO, EXIT_YES, EXIT_DISK };
	struct serve v = { .st = st };
	enum lead_next next;
	pid_t role;
	int status;

	role = state_running(st);
	if (role <= 0)
		return fail("the node does not run", EXIT_NOLEADER);
	(void)process_on_signal(SIGTERM, &v.stopped);
	(void)process_on_signal(SIGPIPE, NULL);
	v.limit = process_fd_limit();
	if ((v.lead = lead_new(st, term, run_timeout(st->os), &status)) == NULL)
		return fail(st->why, status);
	if (serve_open(&v) == -1)
		status = fail(strerror(errno), EXIT_DISK);
	else {
		next = turns(&v, role);
		finish(&v, next);
		status = status_of[next];
		if (next == LEAD_BROKEN)
			(void)fail(lead_why(v.lead), status);
	}
	serve_close(&v);
	lead_free(v.lead);
	return status;
}

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: lead TERM\n";
	struct state *st;
	struct os *os;
	uint64_t term;
	char why[256];
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage_print(usage, EXIT_YES);
	if (argc != 2 || num_u64(argv[1], strlen(argv[1]), NUMBER_MAX, &term) == -1)
		return usage_print(usage, EXIT_USE);
	if ((os = os_open(".")) == NULL)
		return fail(strerror(errno), EXIT_DISK);
	if ((st = state_open(os, why)) == NULL)
		status = fail(why, EXIT_DISK);
	else
		status = lead(st, term);
	state_close(st);
	os_close(os);
	return status;
}

/*
 * ways.c - sessions with servers, one after the other, and two at once where one is
 * slow.
 */
#include "ways.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/talk.h"
#include "host.h"
#include "watch.h"

#define MS     UINT64_C(1000000) /* in ns */
#define HEDGE  (500 * MS)        /* for so long one server is waited for */
#define AGAIN  (100 * MS)        /* between two attempts, twice as long each time */
#define SLOW   (3200 * MS)
#define MOST   3u          /* ways at a time */
#define GULP   4096u       /* bytes to read at once */
#define LIST   65536u      /* bytes of a list of servers */
#define LISTED (5000 * MS) /* it takes no longer */

struct question {
	uint64_t number;
	char *line; /* with its newline */
	size_t len;
	uint64_t since;
	uint64_t due;
	int sent; /* at all */
};

struct way {
	struct watch watch;
	struct watch complaint; /* its standard error can be read */
	struct ways *all;
	pid_t pid; /* 0: it has ended */
	int fd;    /* -1: this is no way */
	int errors;
	int open; /* it takes questions */
	uint64_t since;
	size_t server; /* its number, if the list is still the same */
	char *name;
	struct talk talk;
	uint64_t *asked; /* numbers, in the order of the answers to come */
	size_t n;
	size_t room;
	struct buf said; /* on standard error */
};

struct ways {
	struct loop *loop;
	ways_answer *answer;
	ways_log *log;
	void *arg;
	char *list; /* of servers, a NUL behind each */
	char **server;
	size_t servers;
	size_t next; /* to be tried */
	struct way way[MOST];
	uint64_t open_at;
	uint64_t pause; /* behind one that ended */
	uint64_t slow;  /* behind one that does not answer */
	struct question *question;
	size_t questions;
	size_t room;
	char complaint[256]; /* the last one that was logged */
};

static void way_ready(struct watch *);
static void way_complains(struct watch *);

struct ways *
ways_new(struct loop *loop, ways_answer *answer, ways_log *log, void *arg)
{
	struct ways *w = calloc(1, sizeof(*w));
	size_t i;

	if (w == NULL)
		return NULL;
	w->loop = loop;
	w->answer = answer;
	w->log = log;
	w->arg = arg;
	for (i = 0; i < MOST; i++)
		w->way[i].fd = -1;
	return w;
}

/* Logs it, unless it was the last thing to be logged. */
static void
log_once(struct ways *w, const char *text)
{
	if (strcmp(text, w->complaint) == 0)
		return;
	(void)snprintf(w->complaint, sizeof(w->complaint), "%s", text);
	w->log(w->arg, text);
}

/* ---- who there is ---- */

/* What `session --list` says, NUL-terminated, to be freed; NULL if nothing. */
static char *
list_read(void)
{
	char program[] = "libexec/session", option[] = "--list";
	char *argv[] = { program, option, NULL };
	struct buf b = { 0 };
	char *text = NULL, *room;
	ssize_t n = 1;
	pid_t pid;
	int fd;

	fd = process_start(argv, 0, &pid);
	if (fd == -1)
		return NULL;
	while (n > 0 && b.len < LIST && wire_wait(fd, LISTED) != 0) {
		room = buf_room(&b, GULP);
		n = room == NULL ? -1 : wire_read(fd, room, GULP);
		if (n > 0)
			buf_grew(&b, (size_t)n);
	}
	(void)wire_close(fd);
	if (buf_add(&b, "", 1) == 0)
		text = strdup(buf_head(&b));
	buf_free(&b);
	return text;
}

/* Where nothing can be read those that are known stay: a list may just be edited. */
static void
servers_read(struct ways *w)
{
	char *at, *list = list_read(), **more;

	if (list == NULL || *list == '\0') {
		log_once(w,
		    "no server is listed: write those of lite-raft into lite-raft-remote");
		free(list);
		return;
	}
	free(w->list);
	w->list = list;
	w->servers = w->next = 0;
	for (at = list; *at != '\0'; at += strlen(at) + 1) {
		more = realloc(w->server, (w->servers + 1) * sizeof(*more));
		if (more == NULL)
			break;
		w->server = more;
		w->server[w->servers++] = at;
		if (strchr(at, '\n') == NULL)
			break;
		*strchr(at, '\n') = '\0';
	}
}

/* The number of the next one, whatever has become of the list. */
static size_t
behind(const struct ways *w, size_t server)
{
	return w->servers == 0 ? 0 : (server + 1) % w->servers;
}

/* Is that what the server's host is called? */
static int
server_is(const char *server, const char *name)
{
	const char *host = strchr(server, '@');
	const size_t n = strlen(name);

	host = host == NULL || strcspn(server, "=") < (size_t)(host - server) ?
	    server :
	    host + 1;
	return strncmp(host, name, n) == 0 && strchr("=:", host[n]) != NULL;
}

/* The next one to be tried is that which is said to lead, if it can be told. */
static void
hint_take(struct ways *w, const char *name)
{
	size_t i;

	for (i = 0; i < w->servers; i++)
		if (server_is(w->server[i], name))
			w->next = i;
}

/* ---- one way ---- */

static int
is_waiting(const struct way *y, uint64_t number)
{
	size_t i;

	for (i = 0; i < y->n; i++)
		if (y->asked[i] == number)
			return 1;
	return 0;
}

/* What it said on standard error is logged. */
static void
complain(struct way *y)
{
	char text[sizeof(y->all->complaint)];
	size_t len = y->said.len;

	while (len > 0 && strchr("\r\n", buf_head(&y->said)[len - 1]) != NULL)
		len--;
	if (len == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s: %.*s", y->name, (int)len,
	    buf_head(&y->said));
	log_once(y->all, text);
}

static void
way_close(struct way *y)
{
	if (y->fd == -1)
		return;
	if (y->pid != 0)
		(void)kill(y->pid, SIGKILL);
	way_complains(&y->complaint);
	complain(y);
	(void)loop_del(y->all->loop, y->fd);
	(void)wire_close(y->fd);
	if (y->errors != -1) {
		(void)loop_del(y->all->loop, y->errors);
		(void)wire_close(y->errors);
	}
	free(y->asked);
	free(y->name);
	talk_free(&y->talk);
	buf_free(&y->said);
	memset(y, 0, sizeof(*y));
	y->fd = -1;
}

static int
way_flush(struct way *y)
{
	struct buf *out = &y->talk.out;
	ssize_t n = 1;

	while (out->len > 0 && n > 0) {
		n = wire_write(y->fd, buf_head(out), out->len);
		if (n > 0)
			buf_eat(out, (size_t)n);
	}
	return loop_mod(y->all->loop, y->fd,
	    LOOP_READ | (out->len > 0 ? LOOP_WRITE : 0), &y->watch);
}

/* Asks all that it has not been asked. */
static void
way_ask(struct way *y)
{
	struct ways *w = y->all;
	uint64_t *more;
	size_t i;

	for (i = 0; i < w->questions; i++) {
		struct question *q = &w->question[i];

		if (is_waiting(y, q->number))
			continue;
		if (y->n == y->room) {
			more = realloc(y->asked, (y->room + 16) * sizeof(*more));
			if (more == NULL)
				return;
			y->asked = more;
			y->room += 16;
		}
		if (buf_add(&y->talk.out, q->line, q->len) == -1)
			return;
		y->asked[y->n++] = q->number;
		q->sent = 1;
	}
	(void)way_flush(y);
}

static struct question *
question_find(struct ways *w, uint64_t number)
{
	size_t i;

	for (i = 0; i < w->questions; i++)
		if (w->question[i].number == number)
			return &w->question[i];
	return NULL;
}

/* Takes it out, and passes the answer on. */
static void
question_end(struct ways *w, struct question *q, int status, const char *value,
    size_t n)
{
	const uint64_t number = q->number;

	free(q->line);
	*q = w->question[--w->questions];
	w->answer(w->arg, number, status, value, n);
}

/* It has answered: it is the one to go on with. */
static void
way_chosen(struct way *y)
{
	struct ways *w = y->all;
	size_t i;

	w->pause = w->slow = 0;
	w->next = y->server;
	w->complaint[0] = '\0';
	for (i = 0; i < MOST; i++)
		if (&w->way[i] != y)
			way_close(&w->way[i]);
	way_ask(y);
}

/* One line has come: 0, or -1: the way leads nowhere any more. */
static int
answer_take(struct way *y)
{
	struct ways *w = y->all;
	const int status = talk_status(&y->talk);
	const struct words *words = &y->talk.words;
	const char *hint = talk_hint(&y->talk);
	struct question *q;
	uint64_t number;

	if (!y->open || status == -1 || y->n == 0 || hint != NULL) {
		w->next = behind(w, y->server);
		if (hint != NULL)
			hint_take(w, hint);
		return -1;
	}
	number = y->asked[0];
	memmove(y->asked, y->asked + 1, --y->n * sizeof(*y->asked));
	if (status == EXIT_NOLEADER)
		return -1; /* another way may lead somewhere */
	way_chosen(y);
	q = question_find(w, number);
	if (q != NULL)
		question_end(w, q, status, words->n > 1 ? words->word[1].bytes : "",
		    words->n > 1 ? words->word[1].len : 0);
	return 0;
}

/* Takes what has come: 0, or -1: the way is at its end. */
static int
way_take(struct way *y)
{
	enum talk_event event = TALK_LINE;

	while (event != TALK_MORE) {
		if (talk_take(&y->talk, &event) == -1 || event == TALK_BROKEN)
			return -1;
		if (event == TALK_HELLO && !y->open) {
			y->open = 1;
			way_ask(y);
		}
		if (event == TALK_LINE && answer_take(y) == -1)
			return -1;
	}
	return 0;
}

/* A way that ends makes room for the next one, a little later. */
static void
way_lost(struct way *y)
{
	struct ways *w = y->all;
	uint64_t now = host_now();

	if (w->next == y->server)
		w->next = behind(w, y->server);
	way_close(y);
	w->pause = w->pause == 0 ? AGAIN : w->pause < HEDGE ? 2 * w->pause : HEDGE;
	w->open_at = now + w->pause;
}

static void
way_ready(struct watch *watch)
{
	struct way *y = (struct way *)watch;
	char *room = buf_room(&y->talk.in, GULP);
	ssize_t n;

	if (way_flush(y) == -1 || room == NULL) {
		way_lost(y);
		return;
	}
	n = wire_read(y->fd, room, GULP);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n > 0)
		buf_grew(&y->talk.in, (size_t)n);
	if (n <= 0 || way_take(y) == -1)
		way_lost(y);
}

static void
way_complains(struct watch *watch)
{
	struct way *y = (struct way *)((char *)watch - offsetof(struct way, complaint));
	char *room;
	ssize_t n;

	if (y->errors == -1)
		return;
	buf_cut(&y->said, 0); /* the last one counts */
	room = buf_room(&y->said, GULP);
	n = room == NULL ? -1 : wire_read(y->errors, room, GULP);
	if (n > 0) {
		buf_grew(&y->said, (size_t)n);
	} else if (n == 0 || errno != EAGAIN) {
		(void)loop_del(y->all->loop, y->errors);
		(void)wire_close(y->errors);
		y->errors = -1;
	}
}

/* Begins a session with the next server. */
static void
way_open(struct ways *w, struct way *y, uint64_t now)
{
	char program[] = "libexec/session", *argv[] = { program, NULL, NULL };

	/* Where all are slow, each is given more time from one to the next. */
	w->open_at = now + HEDGE + w->slow;
	w->slow = w->slow == 0 ? AGAIN : w->slow < SLOW ? 2 * w->slow : SLOW;
	if (w->servers == 0 || w->next == 0)
		servers_read(w);
	if (w->servers == 0)
		return;
	memset(y, 0, sizeof(*y));
	y->watch.ready = way_ready;
	y->complaint.ready = way_complains;
	y->all = w;
	y->since = now;
	y->server = w->next % w->servers;
	w->next = behind(w, y->server);
	argv[1] = w->server[y->server];
	y->name = strdup(argv[1]);
	y->fd = y->name == NULL ? -1 : process_start_heard(argv, &y->errors, &y->pid);
	if (y->fd == -1) {
		free(y->name);
		return;
	}
	y->talk.behind_gate = strcmp(argv[1], ".") != 0;
	if (wire_nonblock(y->fd) == -1 || wire_nonblock(y->errors) == -1 ||
	    loop_add(w->loop, y->fd, LOOP_READ, &y->watch) == -1 ||
	    loop_add(w->loop, y->errors, LOOP_READ, &y->complaint) == -1) {
		way_close(y);
		return;
	}
	if (!y->talk.behind_gate) {
		/* It finds the leader by itself, and greets nobody. */
		y->talk.welcome = y->open = 1;
		way_ask(y);
	}
}

/* ---- all of them ---- */

int
ways_ask(struct ways *w, uint64_t number, const char *line, size_t n, uint64_t now,
    uint64_t due)
{
	struct question *more, *q;
	size_t i;

	if (w->questions == w->room) {
		more = realloc(w->question, (w->room + 16) * sizeof(*more));
		if (more == NULL)
			return -1;
		w->question = more;
		w->room += 16;
	}
	q = &w->question[w->questions];
	memset(q, 0, sizeof(*q));
	q->line = malloc(n + 1);
	if (q->line == NULL)
		return -1;
	memcpy(q->line, line, n);
	q->line[n] = '\n';
	q->len = n + 1;
	q->number = number;
	q->since = now;
	q->due = due;
	w->questions++;
	for (i = 0; i < MOST; i++)
		if (w->way[i].fd != -1 && w->way[i].open)
			way_ask(&w->way[i]);
	return 0;
}

/* Since when a question has waited; UINT64_MAX: none does. */
static uint64_t
waiting_since(const struct ways *w)
{
	uint64_t since = UINT64_MAX;
	size_t i;

	for (i = 0; i < w->questions; i++)
		if (w->question[i].since < since)
			since = w->question[i].since;
	return since;
}

/* Where the next way goes: one that is free, else the oldest one's place. */
static struct way *
way_place(struct ways *w)
{
	struct way *y = &w->way[0];
	size_t i;

	for (i = 0; i < MOST; i++)
		if (w->way[i].fd == -1)
			return &w->way[i];
	for (i = 1; i < MOST; i++)
		if (w->way[i].since < y->since)
			y = &w->way[i];
	way_close(y);
	return y;
}

static int
has_way(const struct ways *w)
{
	size_t i;

	for (i = 0; i < MOST; i++)
		if (w->way[i].fd != -1)
			return 1;
	return 0;
}

/* When another way is to be opened. */
static uint64_t
open_time(const struct ways *w)
{
	uint64_t since = waiting_since(w), at;

	if (!has_way(w))
		return w->open_at;
	if (since == UINT64_MAX)
		return UINT64_MAX;
	at = since + HEDGE;
	return at < w->open_at ? w->open_at : at;
}

void
ways_tick(struct ways *w, uint64_t now)
{
	size_t i;

	for (i = w->questions; i-- > 0;)
		if (i < w->questions && now >= w->question[i].due)
			question_end(w, &w->question[i],
			    w->question[i].sent ? EXIT_UNKNOWN : EXIT_NOLEADER, "", 0);
	if (now >= open_time(w))
		way_open(w, way_place(w), now);
}

uint64_t
ways_wake(const struct ways *w, uint64_t now)
{
	uint64_t wake = open_time(w);
	size_t i;

	(void)now;
	for (i = 0; i < w->questions; i++)
		if (w->question[i].due < wake)
			wake = w->question[i].due;
	return wake;
}

int
ways_reaped(struct ways *w, pid_t pid)
{
	size_t i;

	for (i = 0; i < MOST; i++)
		if (w->way[i].fd != -1 && w->way[i].pid == pid) {
			w->way[i].pid = 0;
			return 1;
		}
	return 0;
}

void
ways_close(struct ways *w)
{
	size_t i;

	for (i = 0; i < MOST; i++)
		way_close(&w->way[i]);
}

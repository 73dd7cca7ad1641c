/*
 * drive_door.c - a client that speaks the protocol itself: it stays with a node as
 * long as that answers, asks again under the same id where it got no answer, and
 * sometimes where it got one.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/command.h"
#include "core/num.h"
#include "drive.h"

#define ATTEMPT (1500 * MILLI) /* before it tries another node */
#define AGAIN   10u            /* in a hundred: asks again what was answered */

struct door {
	struct self *self;
	struct child child;
	struct buf line;
	size_t node;
	uint64_t base;
	char id[REQUEST_ID_SIZE];
	int sent; /* some time ago, without an answer */
};

static int
begins(const struct buf *b, const char *with)
{
	size_t n = strlen(with);

	return b->len >= n && memcmp(buf_head(b), with, n) == 0;
}

static void
leave(struct door *d)
{
	child_end(&d->child);
	d->node = (size_t)below(d->self, d->self->drive->nodes);
}

/* Who is said to lead, by the number that its name ends in. */
static void
follow(struct door *d)
{
	size_t i = d->line.len, node = 0, ten = 1;

	for (; i > 0 && buf_head(&d->line)[i - 1] >= '0' &&
	     buf_head(&d->line)[i - 1] <= '9' && ten < 1000;
	     i--, ten *= 10)
		node += ten * (size_t)(buf_head(&d->line)[i - 1] - '0');
	if (ten > 1 && node >= 1 && node <= d->self->drive->nodes &&
	    begins(&d->line, "69 not-leader "))
		d->node = node - 1;
}

static void
greeting(struct door *d)
{
	if (begins(&d->line, "hello 1 "))
		(void)num_u64(buf_head(&d->line) + 8, d->line.len - 8, NUMBER_MAX,
		    &d->base);
}

/* Finds a leader: 0, or -1 if this node is none. */
static int
arrive(struct door *d, uint64_t until)
{
	static const char *const argv[] = { "libexec/link/call", "--gate", NULL };
	int r;

	if (d->child.pid != 0)
		return 0;
	child_start(&d->child, d->self->drive->node[d->node], argv);
	r = child_line(&d->child, until, &d->line);
	if (r == 1 && begins(&d->line, "hello 1 ")) {
		greeting(d);
		return 0;
	}
	leave(d);
	if (r == 1)
		follow(d);
	return -1;
}

/* Sends the request, and waits for its answer: 0, or -1. */
static int
ask(struct door *d, const struct request *q, uint64_t until)
{
	struct buf b = { 0 };
	int r;

	if (q->writes)
		(void)buf_fmt(&b, "id=%s ", d->id);
	if (buf_add(&b, buf_head(&q->text), q->text.len) == -1 ||
	    buf_str(&b, "\n") == -1)
		die("memory");
	d->sent = 1;
	r = child_send(&d->child, buf_head(&b), b.len);
	buf_free(&b);
	while (r == 0) {
		if (child_line(&d->child, until, &d->line) != 1)
			return -1;
		if (!begins(&d->line, "hello "))
			return 0;
		greeting(d);
	}
	return r;
}

/* One attempt: 1 if that is the answer, which is in d->line. */
static int
attempt(struct door *d, const struct request *q, uint64_t *random)
{
	struct request_id id;
	uint64_t until = now() + ATTEMPT;
	int before = d->sent;

	if (arrive(d, until) == -1)
		return 0;
	if (*random == 0) {
		*random = below(d->self, UINT64_MAX - 1) + 1;
		id.base = d->base;
		id.random = *random;
		request_id_print(&id, d->id);
	}
	if (ask(d, q, until) == -1) {
		leave(d);
		return 0;
	}
	if (begins(&d->line, "69")) {
		leave(d);
		follow(d);
		d->sent = before; /* this attempt came to nothing */
		return 0;
	}
	return begins(&d->line, "0") || begins(&d->line, "1");
}

static void
one(struct door *d, struct request *q)
{
	uint64_t until = now() + d->self->drive->patience, random = 0;
	int answered = 0, again;

	d->sent = 0;
	again = q->writes && below(d->self, 100) < AGAIN;
	while (!answered && now() < until) {
		answered = attempt(d, q, &random);
		/* Once more, maybe elsewhere: its answer is the same. */
		if (answered && again) {
			again = answered = 0;
			if (below(d->self, 3) == 0)
				leave(d);
		}
		if (!answered)
			rest(d->self);
	}
	if (answered)
		request_ends(d->self, q, buf_head(&d->line), d->line.len);
	else if (d->sent)
		request_ends(d->self, q, NULL, 0);
	else
		request_ends(d->self, q, "69", 2);
}

void
client_door(struct self *s)
{
	struct door d = { 0 };
	struct request q;

	d.self = s;
	d.node = (size_t)below(s, s->drive->nodes);
	while (goes_on(s)) {
		request_make(s, &q);
		one(&d, &q);
		rest(s);
	}
	child_end(&d.child);
	buf_free(&d.line);
	buf_free(&d.child.buf);
}

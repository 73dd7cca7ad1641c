/*
 * batch.c - the requests that stand on stdin, a line each: sent on without
 * waiting, answered in order on stdout.
 */
#include "core/batch.h"

#include <errno.h>
#include <string.h>

#include "client.h"

#define STDIN  0
#define SECOND UINT64_C(1000000000) /* in nanoseconds */
#define GULP   65536u               /* bytes to read at once */
#define WIRE   (256u * 1024)        /* bytes that wait to be sent */
#define LINE_MOST \
	(9u * 1024 * 1024 - 64) /* bytes: all of a request escaped, an id beside */

struct run {
	struct reach *reach;
	struct batch batch;
	struct buf in;  /* of stdin, not taken yet */
	size_t looked;  /* bytes of in without a newline */
	struct buf out; /* answers, to be printed */
	int ended;      /* stdin has */
	int met;        /* a leader has been: it is worth waiting for the next one */
	int broken;     /* stdout takes nothing, and that has been said */
	int skipping;   /* the rest of a line that was too long */
	int leaving;    /* the leader leads no more, and answers what it has heard */
};

static int
out_print(struct run *u)
{
	int status = reach_print(u->reach, &u->out);

	if (status > 0)
		u->broken = 1;
	return status;
}

/* Takes the n bytes that begin in, with a newline behind them or not: 0, or -1. */
static int
line_take(struct run *u, size_t n, int newline)
{
	const char *text = buf_head(&u->in);

	if (u->skipping)
		return 0;
	if (n > LINE_MOST)
		return batch_refuse(&u->batch, text, n, "a line is over 9 MiB");

	/* Whoever wrote it may have been cut short. */
	if (!newline)
		return batch_refuse(&u->batch, text, n, "the last line has no newline");
	return batch_take(&u->batch, text, n);
}

/*
 * Takes whole lines from in while there is room for them, and the rest of it at
 * the end of stdin: 0, or -1.  A line that needs no leader leaves its room at
 * once, so that what stays in `in` waits for answers only.
 */
static int
lines_take(struct run *u)
{
	const char *newline;
	size_t n;

	while (batch_room(&u->batch) && u->in.len > 0) {
		newline = memchr(buf_head(&u->in) + u->looked, '\n',
		    u->in.len - u->looked);
		n = newline == NULL ? u->in.len : (size_t)(newline - buf_head(&u->in));
		if (newline == NULL && !u->ended && n <= LINE_MOST && !u->skipping) {
			u->looked = n;
			break;
		}
		if (line_take(u, n, newline != NULL) == -1)
			return -1;
		u->skipping = newline == NULL;
		buf_eat(&u->in, newline == NULL ? n : n + 1);
		u->looked = 0;
		if (batch_settle(&u->batch, &u->out) == -1)
			return -1;
	}
	return 0;
}

/* Is more to be read from stdin? */
static int
wants_input(const struct run *u)
{
	return !u->ended && batch_room(&u->batch) && u->looked == u->in.len;
}

/* Reads what has come on stdin: 0, or an exit status. */
static int
input_read(struct run *u)
{
	char *room = buf_room(&u->in, GULP);
	ssize_t n;

	if (room == NULL)
		return reach_fault(u->reach);
	n = wire_read(STDIN, room, GULP);
	if (n == -1 && errno != EAGAIN)
		return reach_complain(u->reach, EXIT_DISK,
		    "cannot read standard input: %s", strerror(errno));
	if (n == 0)
		u->ended = 1;
	if (n > 0)
		buf_grew(&u->in, (size_t)n);
	if (lines_take(u) == -1)
		return reach_fault(u->reach);
	return out_print(u);
}

/* Is there nothing left to do? */
static int
is_over(const struct run *u)
{
	return u->ended && u->in.len == 0 && u->batch.n == 0;
}

/* Takes the answers that have come: 0, VISIT_NEXT, or an exit status. */
static int
answers_take(struct run *u, struct conn *c)
{
	struct talk *t = c->talk;
	enum talk_event event;
	int r = 0, status, taken = 0;

	while (r == 0) {
		if (talk_take(t, &event) == -1)
			return reach_fault(u->reach);
		if (event == TALK_MORE)
			break;
		if (event == TALK_HELLO)
			continue;
		status = event == TALK_LINE ? talk_status(t) : -1;
		if (status == EXIT_NOLEADER && !t->welcome) {
			reach_elsewhere(u->reach, c);
			r = VISIT_NEXT;
		} else if (status == -1 || !t->welcome) {
			reach_note(c->node, "%s",
			    t->why == NULL ? "talks nonsense" : t->why);
			r = VISIT_NEXT;
		} else {
			r = batch_answer(&u->batch, status, talk_line(t), t->commit,
			    &u->out);
			if (r == -1 && errno != EPROTO)
				return reach_fault(u->reach);
			if (r == 0 && status == EXIT_NOLEADER)
				reach_elsewhere(u->reach, c);
			else if (r == 0 && !u->leaving)
				reach_says(c);
			u->leaving |= r == 0;
			taken |= r == 1;
			r = r == -1 ? VISIT_NEXT : 0;
		}
	}
	if (r == 0 && u->leaving && batch_heard(&u->batch))
		r = VISIT_NEXT;
	if (taken) {
		c->node->slow = 0;
		u->reach->deadline = clock_now(u->reach->os) + u->reach->timeout;
		if (lines_take(u) == -1)
			return reach_fault(u->reach);
	}
	status = out_print(u);
	return status != 0 ? status : r;
}

/* Until when the leader may be silent. */
static uint64_t
until_when(struct run *u, const struct conn *c, uint64_t until)
{
	struct reach *r = u->reach;
	uint64_t now = clock_now(r->os);

	if (u->batch.n == 0)
		return UINT64_MAX;
	if (u->leaving && until > now + SECOND)
		return now + SECOND;
	if (until == UINT64_MAX) {
		until = now + reach_patience(r, c->node);
		r->deadline = now + r->timeout;
	}
	return until > r->deadline ? r->deadline : until;
}

/* Asks until nothing is left to be asked, or the node leads no more. */
static int
converse(struct run *u, struct conn *c)
{
	struct reach *r = u->reach;
	uint64_t until = clock_now(r->os) + reach_patience(r, c->node);
	size_t left;
	int again, came = 0, status;

	for (;;) {
		/* First all that has come: an id begins at the newest index. */
		again = came != 0;
		u->met |= c->talk->welcome;
		if (!again && c->talk->welcome && !u->leaving &&
		    batch_send(&u->batch, c->talk->commit, WIRE, &c->talk->out) == -1)
			return reach_fault(r);
		until = until_when(u, c, until);
		left = c->talk->out.len;
		came = conn_wait(r, c, again ? 0 : until,
		    !again && !u->leaving && wants_input(u) ? STDIN : -1);
		if (came == -1)
			return reach_fault(r);
		if (again && !r->interrupted)
			came &= ~CONN_LATE;
		if (came & CONN_OTHER) {
			status = input_read(u);
			if (status != 0)
				return status;
		}
		if (came & CONN_INPUT) {
			status = answers_take(u, c);
			if (status != 0)
				return status;
		}
		if (is_over(u))
			return u->batch.worst;
		if (came & CONN_MOVED)
			return VISIT_MOVED;
		if (came & CONN_ENDED)
			return VISIT_NEXT;
		if (came & CONN_LATE) {
			c->node->slow = !u->leaving;
			if (u->batch.n > 0 && !u->leaving)
				reach_note(c->node, "does not answer");
			return VISIT_NEXT;
		}
		if (u->batch.n > 0 && !u->leaving &&
		    (c->talk->out.len < left || (came & CONN_INPUT)))
			until = clock_now(r->os) + reach_patience(r, c->node);
	}
}

static int
visit(void *arg, struct conn *c)
{
	struct run *u = arg;
	int status;

	u->leaving = 0;
	status = converse(u, c);
	batch_again(&u->batch, c->talk->out.len);
	if ((status == VISIT_NEXT || status == VISIT_MOVED) && u->batch.n == 0 &&
	    !u->reach->interrupted)
		return VISIT_IDLE;
	return status;
}

/* It goes no further: all that waits is told why, as far as stdout takes it. */
static int
give_up(struct run *u, int otherwise, const char *why)
{
	if (batch_give_up(&u->batch, otherwise, why, &u->out) == -1)
		return reach_fault(u->reach);
	return u->broken ? 0 : out_print(u);
}

/* No leader was found in time, or a signal came. */
static int
give_up_late(struct run *u)
{
	static const char why[] = "no leader answers";
	int status = give_up(u, EXIT_NOLEADER, why);

	if (status > 0)
		return status;
	if (status == 0 && u->batch.worst < EXIT_NOLEADER)
		return u->batch.worst;
	if (u->batch.worst < EXIT_NOLEADER)
		return reach_complain(u->reach, EXIT_NOLEADER,
		    "interrupted; not all answers were printed");
	return reach_give_up(u->reach, u->batch.worst, why);
}

/* Fills the batch, where nothing waits: 0, VISIT_LATE, or an exit status. */
static int
fill(struct run *u)
{
	int r, status = 0;

	while (status == 0 && u->batch.n == 0 && !is_over(u)) {
		r = wire_wait(STDIN, SECOND);
		if (r == -1 && errno != EINTR)
			return reach_fault(u->reach);
		if (u->reach->interrupted)
			return VISIT_LATE;
		if (r > 0)
			status = input_read(u);
	}
	return status;
}

static int
run(struct run *u)
{
	int status;

	do {
		status = fill(u);
		if (status == 0 && is_over(u))
			return u->batch.worst;
		u->reach->deadline = clock_now(u->reach->os) + u->reach->timeout;
		if (status == 0)
			status = reach_go(u->reach, visit, u, &u->met);
	} while (status == VISIT_IDLE);
	if (status == VISIT_LATE)
		return u->batch.n == 0 && u->out.len == 0 ? u->batch.worst :
							    give_up_late(u);
	if (u->batch.n > 0)
		(void)give_up(u, status, "the batch ends here");
	return u->batch.worst > status ? u->batch.worst : status;
}

int
batch_run(struct reach *r, struct client *client)
{
	/* Static: it is much for some stacks, and there is one only. */
	static struct run u;
	int status;

	(void)client;
	u.reach = r;
	u.batch.random = chance_u64(r->os);
	status = run(&u);
	batch_free(&u.batch);
	buf_free(&u.in);
	buf_free(&u.out);
	return status;
}

/*
 * one.c - one request.
 *
 * It gets its id once and keeps it through all attempts, so that it is carried
 * out at most once, whatever is lost on the way.  From the moment all of it has
 * left until it is answered, it may have been carried out.
 */
#include <errno.h>
#include <string.h>

#include "client.h"
#include "core/report.h"

struct one {
	struct reach *reach;
	struct client *client;
	int unknown;  /* sent at least once, and not answered */
	int answered; /* by what is being printed */
};

/* Prints what a node that answered yes has said. */
static int
answer_print(const struct one *o, const struct talk *t)
{
	struct buf out = { 0 };
	int r;

	if (report_answer(o->client, &t->words, &out) == -1)
		r = reach_fault(o->reach);
	else
		r = reach_print(o->reach, &out);
	buf_free(&out);
	return r;
}

/* The answer's status, once it ends the call. */
static int
conclude(struct one *o, const struct ask *a)
{
	struct buf text = { 0 };
	int status = a->status;

	o->answered = 1;
	if (status == EXIT_YES)
		return answer_print(o, a->talk);
	if (status == EXIT_NO && !command_is_change(&o->client->command))
		return EXIT_NO;
	if (talk_sentence(a->talk, &text) == -1 || buf_add(&text, "", 1) == -1) {
		buf_free(&text);
		return reach_fault(o->reach);
	}

	/* This attempt was refused, but an earlier one may have gone through. */
	if (o->unknown && command_is_write(&o->client->command))
		status = EXIT_UNKNOWN;
	(void)reach_complain(o->reach, status, "%s", buf_head(&text));
	buf_free(&text);
	return status;
}

/* What an answer means: a status that ends the call, or VISIT_NEXT. */
static int
judge(struct one *o, struct conn *c, const struct ask *a)
{
	switch (a->status) {
	case EXIT_NOLEADER:
		if (talk_hint(c->talk) != NULL ||
		    (c->talk->words.n > 1 &&
			strcmp(c->talk->words.word[1].bytes, "not-leader") == 0))
			reach_elsewhere(o->reach, c);
		else
			reach_says(c);
		return VISIT_NEXT;
	case EXIT_UNKNOWN:
		o->unknown = 1;
		reach_says(c);
		return VISIT_NEXT;
	default:
		return conclude(o, a);
	}
}

/* Sends and reads until there is an answer, an end, or no time is left. */
static int
converse(struct one *o, struct conn *c, struct ask *a)
{
	struct reach *r = o->reach;
	const uint64_t patience = reach_patience(r, c->node);
	uint64_t until = clock_now(r->os) + patience;
	enum ask_state state;
	size_t left;
	int came;

	for (;;) {
		if (until > r->deadline)
			until = r->deadline;
		left = c->talk->out.len;
		came = conn_wait(r, c, until, -1);
		if (came == -1) {
			reach_note(c->node, "cannot be asked: %s", strerror(errno));
			return VISIT_NEXT;
		}
		if (came & CONN_INPUT) {
			if (ask_take(a, o->client, &state) == -1)
				return reach_fault(r);
			if (state == ASK_BROKEN)
				reach_note(c->node, "%s", c->talk->why);
			if (state != ASK_MORE)
				return state == ASK_ANSWER ? judge(o, c, a) :
							     VISIT_NEXT;
		}
		if (came & CONN_ENDED)
			return VISIT_NEXT;
		if (came & CONN_MOVED)
			return VISIT_MOVED;
		if (came & CONN_LATE) {
			c->node->slow = 1;

			/* Cut short, it has less to say than what it did before. */
			if (until < r->deadline || c->node->why[0] == '\0')
				reach_note(c->node, "does not answer");
			return VISIT_NEXT;
		}

		/* A change takes what it takes; whoever is asked again goes on. */
		if (a->asked && command_is_change(&o->client->command))
			until = r->deadline;

		/* A long answer takes its time, a login shell's chatter does not. */
		if (c->talk->out.len < left || ((came & CONN_INPUT) && a->asked))
			until = clock_now(r->os) + patience;
	}
}

static int
visit(void *arg, struct conn *c)
{
	struct one *o = arg;
	struct ask a = { .talk = c->talk };
	int status = converse(o, c, &a);

	/* Nobody will ever say what became of this one. */
	if ((status == VISIT_NEXT || status == VISIT_MOVED) && ask_sent(&a) &&
	    a.status != EXIT_NOLEADER)
		o->unknown = 1;
	return status;
}

int
one_run(struct reach *r, struct client *client)
{
	struct one o = { .reach = r, .client = client };
	int status;

	do {
		client->id.random = chance_u64(r->os);
	} while (client->id.random == 0);
	status = reach_go(r, visit, &o, &o.unknown);
	if (status != VISIT_LATE)
		return status;
	if (o.answered)
		return reach_complain(r, EXIT_NOLEADER,
		    "interrupted; not all of the answer was printed");
	if (o.unknown && command_is_change(&client->command))
		return reach_give_up(r, EXIT_UNKNOWN,
		    "outcome unknown, it may go on (look with status)");
	if (o.unknown && command_is_write(&client->command))
		return reach_give_up(r, EXIT_UNKNOWN,
		    "outcome unknown, it may have been carried out or not (look with "
		    "get)");
	return reach_give_up(r, EXIT_NOLEADER, "no leader answers");
}

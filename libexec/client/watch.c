/*
 * watch.c - prints what changes, as it is committed, whichever node leads.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "client.h"
#include "core/num.h"
#include "core/report.h"

struct watch {
	struct reach *reach;
	struct client *client;
	uint64_t next; /* the first index that has not been told; 0: what is to come */
	int begun;     /* a leader has told where it begins, this time */
	int ever;      /* or another time: it is worth waiting for the next one */
	int asked;     /* never more than a question */
	struct buf out;
};

/* Asks from where the last leader left off: 0, or -1. */
static int
request_put(const struct watch *w, struct buf *out)
{
	const struct command *c = &w->client->command;

	if (buf_str(out, "watch ") == -1 || words_put(out, c->key.at, c->key.len) == -1)
		return -1;
	if (w->next != 0 && buf_fmt(out, " %" PRIu64, w->next) == -1)
		return -1;
	return buf_str(out, "\n");
}

/* The leader's own word, and the watch's end: VISIT_NEXT, or an exit status. */
static int
status_take(struct watch *w, struct conn *c, int status)
{
	struct talk *t = c->talk;
	struct buf text = { 0 };

	if (status == EXIT_NOLEADER) {
		reach_elsewhere(w->reach, c);
		return VISIT_NEXT;
	}
	if (status != EXIT_NO && status != EXIT_USE && status != EXIT_DISK) {
		reach_note(c->node, "talks nonsense");
		return VISIT_NEXT;
	}
	if (talk_sentence(t, &text) == -1 || buf_add(&text, "", 1) == -1)
		status = reach_fault(w->reach);
	else
		(void)reach_complain(w->reach, status, "%s", buf_head(&text));
	buf_free(&text);
	return status;
}

/* "at INDEX": all before it has been told. */
static int
at_take(struct watch *w, const struct words *words)
{
	const struct word *at = words->word;
	uint64_t index;

	if (!w->begun || words->n != 2 || at->len != 2 ||
	    memcmp(at->bytes, "at", 2) != 0 ||
	    num_u64(at[1].bytes, at[1].len, NUMBER_MAX, &index) == -1)
		return 0;
	if (index > w->next)
		w->next = index;
	return 1;
}

/* One line from the leader: 0, VISIT_NEXT, or an exit status. */
static int
line_take(struct watch *w, struct conn *c)
{
	const struct words *words = &c->talk->words;
	int status = talk_status(c->talk);
	uint64_t index;

	if (status > 0)
		return status_take(w, c, status);
	if (status == 0 && !w->begun && words->n == 2 &&
	    num_u64(words->word[1].bytes, words->word[1].len, NUMBER_MAX, &index) ==
		0) {
		w->begun = w->ever = 1;
		c->node->slow = 0;
		if (w->next == 0)
			w->next = index;
		return 0;
	}
	if (at_take(w, words))
		return 0;
	if (!w->begun || report_change(w->client->json, words, &index, &w->out) == -1) {
		if (w->begun && errno == ENOMEM)
			return reach_fault(w->reach);
		reach_note(c->node, "talks nonsense");
		return VISIT_NEXT;
	}
	w->next = index + 1;
	return 0;
}

static int
lines_take(struct watch *w, struct conn *c)
{
	enum talk_event event;
	int printed, status = 0;

	while (status == 0) {
		if (talk_take(c->talk, &event) == -1)
			return reach_fault(w->reach);
		if (event == TALK_MORE)
			break;
		if (event == TALK_LINE)
			status = line_take(w, c);
		else if (event == TALK_BROKEN) {
			reach_note(c->node, "%s", c->talk->why);
			status = VISIT_NEXT;
		} else if (!w->asked) {
			w->asked = 1;
			if (request_put(w, &c->talk->out) == -1)
				status = reach_fault(w->reach);
		}
	}
	if (w->out.len > 0) {
		printed = reach_print(w->reach, &w->out);
		if (printed != 0)
			return printed;
	}
	return status;
}

static int
visit(void *arg, struct conn *c)
{
	struct watch *w = arg;
	struct reach *r = w->reach;
	uint64_t until = clock_now(r->os) + reach_patience(r, c->node);
	int came, status = 0;

	w->begun = w->asked = 0;
	while (status == 0) {
		/* Else it would be noticed at the next change. */
		status = reach_unheard(r);
		if (status != 0)
			break;
		came = conn_wait(r, c, w->begun ? UINT64_MAX : until, -1);
		if (came == -1)
			return reach_fault(r);
		if (came & CONN_INPUT)
			status = lines_take(w, c);
		if (status != 0)
			break;
		if (came & CONN_MOVED)
			status = VISIT_MOVED;
		else if (came & (CONN_ENDED | CONN_LATE))
			status = VISIT_NEXT;
		if ((came & CONN_LATE) && !r->interrupted) {
			c->node->slow = 1;
			reach_note(c->node, "does not answer");
		}
	}
	/* Without a leader's word there is as much time as in the beginning. */
	if (w->begun)
		r->deadline = clock_now(r->os) + r->timeout;
	return status;
}

int
watch_run(struct reach *r, struct client *client)
{
	struct watch w = { .reach = r, .client = client, .next = client->from };
	int status;

	status = reach_go(r, visit, &w, &w.ever);
	buf_free(&w.out);
	if (status != VISIT_LATE)
		return status;
	if (r->interrupted)
		return EXIT_YES;
	return reach_give_up(r, EXIT_NOLEADER, "no leader answers");
}

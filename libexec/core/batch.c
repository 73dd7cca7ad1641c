/*
 * batch.c - a client's many requests.
 */
#include "batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

static struct batch_line *
line_at(struct batch *b, size_t i)
{
	return &b->line[(b->first + i) % BATCH_LINES];
}

int
batch_room(const struct batch *b)
{
	return b->n < BATCH_LINES && b->bytes < BATCH_BYTES;
}

/* What the line asks for; sets id if it has one.  NULL, or what is wrong. */
static const char *
line_parse(struct batch *b, const char *text, size_t n, struct batch_line *line)
{
	const struct word *w;
	struct command c;
	const char *why;

	if (words_parse(&b->words, text, n, &why) == -1)
		return errno == ENOMEM ? "no memory is left" : why;
	w = b->words.word;
	line->named = b->words.n > 0 && w->len > 3 && memcmp(w->bytes, "id=", 3) == 0;
	if (line->named && request_id_parse(w->bytes + 3, w->len - 3, &line->id) == -1)
		return "the request id is none";
	if (command_from_words(&c, w + line->named, b->words.n - (size_t)line->named,
		&why) == -1)
		return why;
	if (c.verb == VERB_WATCH)
		return "a watch is no request of a batch";
	if (command_is_change(&c))
		return "a change of the cluster is no request of a batch";
	line->write = command_is_write(&c);
	return NULL;
}

static int
is_blank(const char *text, size_t n)
{
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		n--;
	return n == 0;
}

/* The answer that nobody has to be asked for: 0, or -1. */
static int
refuse(struct batch_line *line, const char *why)
{
	struct buf answer = { 0 };

	if (buf_fmt(&answer, "%d ", EXIT_USE) == -1 ||
	    words_put(&answer, why, strlen(why)) == -1) {
		buf_free(&answer);
		return -1;
	}
	line->text = answer.data;
	line->len = answer.len;
	line->answered = 1;
	return 0;
}

/* Takes the line, or refuses it if why is not NULL: 0, or -1. */
static int
line_put(struct batch *b, const char *text, size_t n, const char *why)
{
	struct batch_line *line = line_at(b, b->n);

	if (is_blank(text, n))
		return 0;
	memset(line, 0, sizeof(*line));
	if (why == NULL)
		why = line_parse(b, text, n, line);
	if (why != NULL) {
		if (refuse(line, why) == -1)
			return -1;
	} else {
		line->text = malloc(n);
		if (line->text == NULL)
			return -1;
		memcpy(line->text, text, n);
		line->len = n;
	}
	b->n++;
	b->bytes += line->len;
	return 0;
}

int
batch_take(struct batch *b, const char *text, size_t n)
{
	return line_put(b, text, n, NULL);
}

int
batch_refuse(struct batch *b, const char *text, size_t n, const char *why)
{
	return line_put(b, text, n, why);
}

/* Puts one line into out: 0, or -1. */
static int
line_send(struct batch *b, struct batch_line *line, uint64_t commit, struct buf *out)
{
	char id[REQUEST_ID_SIZE];
	size_t before = out->len;

	if (line->write && !line->named) {
		if (line->id.random == 0) {
			if (b->random == 0)
				b->random++;
			line->id.base = commit;
			line->id.random = b->random++;
		}
		request_id_print(&line->id, id);
		if (buf_fmt(out, "id=%s ", id) == -1)
			return -1;
	}
	if (buf_add(out, line->text, line->len) == -1 || buf_str(out, "\n") == -1)
		return -1;
	line->wire = out->len - before;
	return 0;
}

int
batch_send(struct batch *b, uint64_t commit, size_t max, struct buf *out)
{
	struct batch_line *line;

	for (; b->sent < b->n && out->len < max; b->sent++) {
		line = line_at(b, b->sent);
		if (line->answered)
			continue;
		if (line_send(b, line, commit, out) == -1)
			return -1;
		line->sent = 1;
	}
	return 0;
}

/* The oldest has its answer: 0, or -1. */
static int
oldest_answer(struct batch *b, int status, struct bytes answer, struct buf *out)
{
	struct batch_line *line = line_at(b, 0);

	if (buf_add(out, answer.at, answer.len) == -1 || buf_str(out, "\n") == -1)
		return -1;
	if (status > b->worst)
		b->worst = status;
	b->bytes -= line->len;
	free(line->text);
	memset(line, 0, sizeof(*line));
	b->first = (b->first + 1) % BATCH_LINES;
	b->n--;
	if (b->sent > 0)
		b->sent--;
	return 0;
}

int
batch_settle(struct batch *b, struct buf *out)
{
	struct batch_line *line;
	struct bytes answer = { 0 };

	while (b->n > 0 && (line = line_at(b, 0))->answered) {
		answer.at = line->text;
		answer.len = line->len;
		if (oldest_answer(b, EXIT_USE, answer, out) == -1)
			return -1;
	}
	return 0;
}

/* Will no leader whose log is as long as that carry it out any more? */
static int
too_old(const struct batch_line *line, uint64_t commit)
{
	return line->id.base > commit || commit - line->id.base > STORE_WINDOW;
}

/* The oldest's answer, with 75 in place of its status: 0, or -1. */
static int
unknown_answer(struct batch *b, struct bytes answer, struct buf *out)
{
	const char *blank = memchr(answer.at, ' ', answer.len);
	size_t status = blank == NULL ? answer.len : (size_t)(blank - answer.at);
	struct bytes rest = { answer.at + status, answer.len - status };

	if (buf_fmt(out, "%d", EXIT_UNKNOWN) == -1)
		return -1;
	return oldest_answer(b, EXIT_UNKNOWN, rest, out);
}

int
batch_answer(struct batch *b, int status, struct bytes answer, uint64_t commit,
    struct buf *out)
{
	struct batch_line *line;
	int again, r;

	while (b->heard < b->sent && line_at(b, b->heard)->answered)
		b->heard++;
	line = line_at(b, b->heard);
	if (b->heard >= b->sent || !line->sent) {
		errno = EPROTO;
		return -1;
	}
	again = status == EXIT_NOLEADER ||
	    (status == EXIT_UNKNOWN && !(line->write && too_old(line, commit)));

	/* It was not carried out, this time; and its bytes have left. */
	if (status == EXIT_NOLEADER)
		line->sent = 0;
	if (again || b->heard > 0) {
		b->heard++;
		return 0;
	}

	/* This sending was refused, but an earlier one may have gone through. */
	if (line->write && line->maybe && status != EXIT_YES && status != EXIT_NO &&
	    status != EXIT_UNKNOWN)
		r = unknown_answer(b, answer, out);
	else
		r = oldest_answer(b, status, answer, out);
	return r == -1 || batch_settle(b, out) == -1 ? -1 : 1;
}

int
batch_heard(const struct batch *b)
{
	size_t i = b->heard;

	while (i < b->sent && b->line[(b->first + i) % BATCH_LINES].answered)
		i++;
	return i == b->sent;
}

void
batch_again(struct batch *b, size_t unsent)
{
	struct batch_line *line;

	b->heard = 0;
	while (b->sent > 0) {
		line = line_at(b, --b->sent);
		if (!line->sent)
			continue;

		/* What has not left to its end is no request. */
		if (unsent == 0 && line->write)
			line->maybe = 1;
		unsent -= unsent < line->wire ? unsent : line->wire;
		line->sent = 0;
	}
}

int
batch_give_up(struct batch *b, int otherwise, const char *why, struct buf *out)
{
	struct buf answer = { 0 };
	struct bytes bytes = { 0 };
	int r = batch_settle(b, out), status;

	while (r == 0 && b->n > 0) {
		status = line_at(b, 0)->maybe ? EXIT_UNKNOWN : otherwise;
		buf_cut(&answer, 0);
		r = buf_fmt(&answer, "%d ", status) == -1 ||
			words_put(&answer, why, strlen(why)) == -1 ?
		    -1 :
		    0;
		bytes.at = buf_head(&answer);
		bytes.len = answer.len;
		if (r == 0)
			r = oldest_answer(b, status, bytes, out);
		if (r == 0)
			r = batch_settle(b, out);
	}
	buf_free(&answer);
	return r;
}

void
batch_free(struct batch *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		free(line_at(b, i)->text);
	words_free(&b->words);
}

/*
 * talk.c - one conversation with a node.
 */
#include "talk.h"

#include <errno.h>
#include <string.h>

#include "frame.h"
#include "num.h"

#define HELLO_WITHIN 4096u /* bytes of a line that comes before the hello */

static int
is(const struct word *w, const char *text)
{
	return w->len == strlen(text) && memcmp(w->bytes, text, w->len) == 0;
}

static enum talk_event
broken(struct talk *t, const char *why)
{
	t->why = why;
	return TALK_BROKEN;
}

static enum talk_event
hello_take(struct talk *t)
{
	const struct word *w = t->words.word;

	if (t->words.n < 2 || !is(&w[1], "1"))
		return broken(t, "speaks another version");
	if (t->words.n < 3 ||
	    num_u64(w[2].bytes, w[2].len, NUMBER_MAX, &t->commit) == -1)
		return broken(t, "talks nonsense");
	t->welcome = 1;
	return TALK_HELLO;
}

/* The gate's greeting, before anything else: 1 it is over, 0 not yet. */
static int
greeting_take(struct talk *t, enum talk_event *event)
{
	size_t n;
	int r;

	if (!t->behind_gate || t->greeted)
		return 1;
	if (t->in.len == 0)
		return 0;
	r = frame_greeting(buf_head(&t->in), t->in.len, &n);
	if (r == -1)
		*event = broken(t, "does not greet");
	if (r != 1)
		return 0;
	buf_eat(&t->in, n);
	t->greeted = 1;
	return 1;
}

int
talk_take(struct talk *t, enum talk_event *event)
{
	const char *newline, *why;
	size_t n;

	*event = TALK_MORE;
	buf_eat(&t->in, t->eaten);
	t->eaten = 0;
	if (!greeting_take(t, event) || t->looked >= t->in.len)
		return 0;
	newline = memchr(buf_head(&t->in) + t->looked, '\n', t->in.len - t->looked);
	if (newline == NULL) {
		t->looked = t->in.len;
		if (!t->welcome && t->in.len > HELLO_WITHIN)
			*event = broken(t, "talks nonsense");
		return 0;
	}
	n = (size_t)(newline - buf_head(&t->in));
	t->looked = 0;
	t->eaten = n + 1;
	if (words_parse(&t->words, buf_head(&t->in), n, &why) == -1) {
		if (errno == ENOMEM)
			return -1;
		t->words.n = 0;
	}
	if (t->words.n == 0)
		*event = broken(t, "talks nonsense");
	else
		*event = is(&t->words.word[0], "hello") ? hello_take(t) : TALK_LINE;
	return 0;
}

struct bytes
talk_line(const struct talk *t)
{
	struct bytes line = { buf_head(&t->in), t->eaten == 0 ? 0 : t->eaten - 1 };

	return line;
}

int
talk_status(const struct talk *t)
{
	uint64_t status;

	if (t->words.n == 0 ||
	    num_u64(t->words.word[0].bytes, t->words.word[0].len, 255, &status) == -1)
		return -1;
	return (int)status;
}

const char *
talk_hint(const struct talk *t)
{
	const struct word *w = t->words.word;

	if (talk_status(t) != EXIT_NOLEADER || t->words.n != 3 ||
	    !is(&w[1], "not-leader") || !name_valid(w[2].bytes, w[2].len))
		return NULL;
	return w[2].bytes;
}

int
talk_sentence(const struct talk *t, struct buf *b)
{
	size_t i;

	for (i = 1; i < t->words.n; i++)
		if ((i > 1 && buf_str(b, " ") == -1) ||
		    buf_add(b, t->words.word[i].bytes, t->words.word[i].len) == -1)
			return -1;
	return 0;
}

void
talk_free(struct talk *t)
{
	buf_free(&t->in);
	buf_free(&t->out);
	words_free(&t->words);
	memset(t, 0, sizeof(*t));
}

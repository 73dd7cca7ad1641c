/*
 * drive_request.c - what the clients ask, and how it is written down.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/num.h"
#include "drive.h"

#define GROUP 3u /* keys that lists see; they are set and unset without conditions */

/* --- what to ask --------------------------------------------------------------- */

static void
key_put(struct self *s, struct buf *b, size_t key)
{
	uint64_t seed = s->drive->seed;

	if (key < s->drive->keys)
		(void)buf_fmt(b, " lin.%" PRIu64 ".k%zu", seed, key);
	else
		(void)buf_fmt(b, " lin.%" PRIu64 ".g.%zu", seed, key - s->drive->keys);
}

/* A value that nobody else writes: a number, a word, or what must be quoted. */
static void
value_put(struct self *s, struct buf *b, size_t key)
{
	struct buf *value = &s->last[key];
	uint64_t kind = below(s, 10);

	buf_cut(value, 0);
	s->made++;
	if (kind < 5)
		(void)buf_fmt(value, "%" PRIu64, s->made * 1000 + s->number);
	else if (kind < 9)
		(void)buf_fmt(value, "v%" PRIu64 ".%" PRIu64, s->number, s->made);
	else
		(void)buf_fmt(value, "-%" PRIu64 " \"*\" $(%" PRIu64 ")\t;", s->number,
		    s->made);
	if (buf_str(b, " ") == -1 || words_put(b, buf_head(value), value->len) == -1)
		die("memory");
}

static void
condition_put(struct self *s, struct buf *b, size_t key)
{
	static const char *const numeric[] = { "-eq", "-ne", "-lt", "-le", "-gt",
		"-ge" };
	const struct buf *last = &s->last[key];
	uint64_t kind = below(s, 10);
	int64_t number;

	if (last->len == 0 || kind < 3)
		(void)buf_str(b, below(s, 3) == 0 ? " exists" : " absent");
	else if (kind < 8 || num_i64(buf_head(last), last->len, &number) == -1) {
		(void)buf_str(b, below(s, 5) == 0 ? " != " : " = ");
		if (words_put(b, buf_head(last), last->len) == -1)
			die("memory");
	} else
		(void)buf_fmt(b, " %s %" PRIi64, numeric[below(s, 6)], number);
}

void
request_make(struct self *s, struct request *q)
{
	struct buf *b = &q->text;
	uint64_t kind = below(s, 100);

	memset(q, 0, sizeof(*q));
	q->key = (size_t)below(s, s->drive->keys + 1);
	if (q->key == s->drive->keys)
		q->key += (size_t)below(s, GROUP);
	q->writes = kind >= 35;
	q->reads = kind < 35;
	if (kind < 35 && q->key >= s->drive->keys && kind % 4 != 0) {
		q->reads = 0;
		(void)buf_fmt(b, "list lin.%" PRIu64 ".g.", s->drive->seed);
	} else if (kind < 35) {
		(void)buf_str(b, "get");
		key_put(s, b, q->key);
	} else if (kind < 37) {
		(void)buf_str(b, "noop");
	} else if (kind < 44) {
		(void)buf_str(b, "unset");
		key_put(s, b, q->key);
	} else if (kind < 70 || q->key >= s->drive->keys) {
		(void)buf_str(b, "set");
		key_put(s, b, q->key);
		value_put(s, b, q->key);
	} else {
		(void)buf_str(b, "if");
		key_put(s, b, q->key);
		condition_put(s, b, q->key);
		if (kind < 74)
			(void)buf_str(b, " unset");
		else {
			(void)buf_str(b, " set");
			value_put(s, b, q->key);
		}
	}
	q->invoked = now();
}

/* --- what became of it ------------------------------------------------------------ */

/* Remembers what it read. */
static void
learn(struct self *s, const struct request *q, const char *answer, size_t n)
{
	struct words w = { 0 };
	const char *why;

	buf_cut(&s->last[q->key], 0);
	if (words_parse(&w, answer, n, &why) == 0 && w.n == 2 &&
	    buf_add(&s->last[q->key], w.word[1].bytes, w.word[1].len) == -1)
		die("memory");
	words_free(&w);
}

void
request_ends(struct self *s, struct request *q, const char *answer, size_t n)
{
	uint64_t returned = now();
	struct buf line = { 0 };
	int answered = 0;

	if (answer != NULL)
		answered = (n == 1 || (n > 1 && answer[1] == ' ')) &&
		    (answer[0] == '0' || answer[0] == '1');
	(void)buf_fmt(&line, "%" PRIu64 " %" PRIu64, s->number, q->invoked);
	if (answer != NULL)
		(void)buf_fmt(&line, " %" PRIu64 " ", returned);
	else
		(void)buf_str(&line, " - ");
	if (buf_add(&line, buf_head(&q->text), q->text.len) == -1 ||
	    buf_str(&line, "\t") == -1 || buf_add(&line, answer, n) == -1 ||
	    buf_str(&line, "\n") == -1)
		die("memory");
	if (write(s->drive->history, buf_head(&line), line.len) != (ssize_t)line.len)
		die("the history");
	s->sum.operations++;
	s->sum.written += answered && q->writes;
	s->sum.read += answered && !q->writes;
	s->sum.unknown += q->writes &&
	    (answer == NULL || (n >= 2 && memcmp(answer, "75", 2) == 0));
	if (answered && q->reads)
		learn(s, q, answer, n);
	buf_free(&line);
	buf_free(&q->text);
}

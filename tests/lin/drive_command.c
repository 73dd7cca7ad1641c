/*
 * drive_command.c - a client as people are: a process for each request.
 */
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "drive.h"

#define KILLED 2u /* in a hundred: it is killed while it asks */
#define WORDS  8u

/*
 * What it printed, as the protocol's answer: a value as it is, or keys, one a
 * line.  The status is the last word of all, or else it did not end by itself.
 */
static int
answer_make(const struct request *q, struct buf *said, struct buf *answer)
{
	static const char mark[] = "\nstatus ";
	const char *p = buf_head(said), *at = NULL;
	size_t i, n = 0;
	uint64_t status;

	for (i = 0; said->len >= sizeof(mark) && i + sizeof(mark) <= said->len; i++)
		if (memcmp(p + i, mark, sizeof(mark) - 1) == 0)
			at = p + i;
	if (at == NULL)
		return -1;
	n = said->len - (size_t)(at - p) - (sizeof(mark) - 1) - 1;
	if (num_u64(at + sizeof(mark) - 1, n, 255, &status) == -1)
		return -1;
	(void)buf_fmt(answer, "%d", (int)status);
	if (status != 0 || q->writes || at == p)
		return 0;
	(void)buf_str(answer, " ");
	n = (size_t)(at - p) - 1; /* without the newline that get adds */
	if (q->reads)
		return words_put(answer, p, n);
	for (i = 0; i < n; i++)
		if (buf_add(answer, p[i] == '\n' ? " " : p + i, 1) == -1)
			return -1;
	return 0;
}

/* Gathers all that it says, until it ends or has to. */
static void
listen(struct child *c, uint64_t until, struct buf *said)
{
	struct buf line = { 0 };

	while (child_line(c, until, &line) == 1)
		if (buf_add(said, buf_head(&line), line.len) == -1 ||
		    buf_str(said, "\n") == -1)
			die("memory");
	buf_free(&line);
}

static void
ask(struct self *s, struct request *q)
{
	const char *argv[WORDS + 10] = { "sh", "-c",
		"\"$@\"; printf '\\nstatus %s\\n' \"$?\"", "sh", "./lite-raft-client",
		"--timeout" };
	struct buf said = { 0 }, answer = { 0 }, patience = { 0 };
	struct child c = { 0, 0, 0, { 0 } };
	struct words w = { 0 };
	const char *why;
	uint64_t until;
	size_t i;

	if (buf_fmt(&patience, "%d.%03d", (int)(s->drive->patience / SECOND),
		(int)(s->drive->patience % SECOND / MILLI)) == -1 ||
	    buf_add(&patience, "", 1) == -1 ||
	    words_parse(&w, buf_head(&q->text), q->text.len, &why) == -1)
		die("memory");
	argv[6] = buf_head(&patience);
	argv[7] = "--";
	for (i = 0; i < w.n && i < WORDS; i++)
		argv[8 + i] = w.word[i].bytes;
	until = now() + s->drive->patience + 2 * SECOND;
	if (below(s, 100) < KILLED)
		until = now() + below(s, 40 * MILLI);
	child_start(&c, s->drive->node[below(s, s->drive->nodes)], argv);
	listen(&c, until, &said);
	child_end(&c);
	if (answer_make(q, &said, &answer) == 0)
		request_ends(s, q, buf_head(&answer), answer.len);
	else
		request_ends(s, q, NULL, 0);
	buf_free(&said);
	buf_free(&answer);
	buf_free(&patience);
	words_free(&w);
}

void
client_command(struct self *s)
{
	struct request q;

	while (goes_on(s)) {
		request_make(s, &q);
		ask(s, &q);
		rest(s);
	}
}

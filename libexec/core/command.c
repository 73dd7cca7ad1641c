/*
 * command.c - what a client may ask, as words and as a log entry's payload.
 */
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "frame.h"
#include "num.h"

#define RANDOM_DIGITS  16u
#define WORDS_MAX      6u  /* if KEY OP VALUE set NEW */
#define LINE_MAX_BYTES 64u /* of a payload's first line; the longest has 35 */

static const char *const op_names[] = { "", "=", "!=", "-eq", "-ne", "-lt", "-le",
	"-gt", "-ge", "absent", "exists" };

int
bytes_compare(struct bytes a, struct bytes b)
{
	const size_t n = a.len < b.len ? a.len : b.len;
	int r = n == 0 ? 0 : memcmp(a.at, b.at, n);

	if (r != 0 || a.len == b.len)
		return r;
	return a.len < b.len ? -1 : 1;
}

static int
is(struct bytes b, const char *name)
{
	return b.len == strlen(name) && memcmp(b.at, name, b.len) == 0;
}

static enum op
op_from(struct bytes b)
{
	int op;

	for (op = OP_EQUAL; op <= OP_EXISTS; op++)
		if (is(b, op_names[op]))
			return (enum op)op;
	return OP_NONE;
}

static int
op_has_operand(enum op op)
{
	return op != OP_ABSENT && op != OP_EXISTS;
}

static int
op_is_numeric(enum op op)
{
	return op >= OP_EQ && op <= OP_GE;
}

/* What is wrong with a command, whoever wrote it; NULL when nothing is. */
static const char *
command_fault(const struct command *c)
{
	int64_t number;

	if (c->key.len > KEY_MAX)
		return c->verb == VERB_LIST || c->verb == VERB_WATCH ?
		    "prefix over 1024 bytes" :
		    "key over 1024 bytes";
	if (c->key.len > 0 && memchr(c->key.at, '\0', c->key.len) != NULL)
		return "a key cannot hold a NUL byte";
	if (c->key.len == 0 && c->verb != VERB_LIST && c->verb != VERB_WATCH &&
	    c->verb != VERB_NOOP && c->verb != VERB_STATUS)
		return "empty key";
	if (c->value.len > VALUE_MAX || c->operand.len > VALUE_MAX)
		return "value over 1 MiB";
	if (op_is_numeric(c->op) &&
	    num_i64(c->operand.at, c->operand.len, &number) == -1)
		return "the operand of -eq -ne -lt -le -gt -ge must be a 64-bit integer";
	return NULL;
}

/* if KEY OP [VALUE] set NEW, or … unset */
static const char *
if_from_words(struct command *c, const struct bytes *w, size_t n)
{
	static const char usage[] =
	    "usage: if KEY OP VALUE set NEW, if KEY OP VALUE unset, "
	    "or absent or exists for OP VALUE";
	size_t i = 3;

	if (n < 3)
		return usage;
	c->key = w[1];
	c->op = op_from(w[2]);
	if (c->op == OP_NONE)
		return "no such operator (= != -eq -ne -lt -le -gt -ge absent exists)";
	if (op_has_operand(c->op)) {
		if (n < 4)
			return usage;
		c->operand = w[i++];
	}
	if (n == i + 1 && is(w[i], "unset")) {
		c->verb = VERB_IF_UNSET;
		return NULL;
	}
	if (n == i + 2 && is(w[i], "set")) {
		c->verb = VERB_IF_SET;
		c->value = w[i + 1];
		return NULL;
	}
	return usage;
}

/* watch [PREFIX [FROM]] */
static const char *
watch_from_words(struct command *c, const struct bytes *w, size_t n)
{
	if (n > 3)
		return "usage: watch [PREFIX [FROM]]";
	c->verb = VERB_WATCH;
	if (n > 1)
		c->key = w[1];
	if (n == 3 &&
	    (num_u64(w[2].at, w[2].len, NUMBER_MAX, &c->from) == -1 || c->from == 0))
		return "FROM is the index of an entry, 1 or more";
	return NULL;
}

/* add-member NAME ID [learner], del-member NAME, transfer NAME */
static const char *
change_from_words(struct command *c, const struct bytes *w, size_t n)
{
	uint64_t id;

	if (is(w[0], "add-member")) {
		if (n < 3 || n > 4 || (n == 4 && !is(w[3], "learner")))
			return "usage: add-member NAME ID [learner]";
		c->verb = VERB_ADD_MEMBER;
		c->value = w[2];
		c->learner = n == 4;
		if (w[2].len != ID_DIGITS || num_hex(w[2].at, w[2].len, &id) == -1)
			return "a node's id has 16 hexadecimal digits";
	} else {
		if (n != 2)
			return "usage: del-member NAME, transfer NAME";
		c->verb = is(w[0], "transfer") ? VERB_TRANSFER : VERB_DEL_MEMBER;
	}
	c->key = w[1];
	return name_valid(w[1].at, w[1].len) ? NULL : "that is no name of a node";
}

/* Sets *c, but judges only the words' number and the operator. */
static const char *
from_words(struct command *c, const struct bytes *w, size_t n)
{
	if (n == 0)
		return "no verb (see --help)";
	if (is(w[0], "set")) {
		if (n != 3)
			return "usage: set KEY VALUE";
		c->verb = VERB_SET;
		c->key = w[1];
		c->value = w[2];
		return NULL;
	}
	if (is(w[0], "get")) {
		if (n != 2)
			return "usage: get KEY";
		c->verb = VERB_GET;
		c->key = w[1];
		return NULL;
	}
	if (is(w[0], "unset")) {
		if (n != 2)
			return "usage: unset KEY";
		c->verb = VERB_UNSET;
		c->key = w[1];
		return NULL;
	}
	if (is(w[0], "if"))
		return if_from_words(c, w, n);
	if (is(w[0], "list")) {
		if (n > 2)
			return "usage: list [PREFIX]";
		c->verb = VERB_LIST;
		if (n == 2)
			c->key = w[1];
		return NULL;
	}
	if (is(w[0], "watch"))
		return watch_from_words(c, w, n);
	if (is(w[0], "add-member") || is(w[0], "del-member") || is(w[0], "transfer"))
		return change_from_words(c, w, n);
	if (is(w[0], "noop") || is(w[0], "status")) {
		c->verb = is(w[0], "noop") ? VERB_NOOP : VERB_STATUS;
		return n == 1 ? NULL : "this verb takes no argument";
	}
	return "no such verb (see --help)";
}

int
command_from_words(struct command *c, const struct word *w, size_t n, const char **why)
{
	struct bytes word[WORDS_MAX];
	size_t i;

	/* What lies behind the longest command only has to be counted. */
	for (i = 0; i < n && i < WORDS_MAX; i++) {
		word[i].at = w[i].bytes;
		word[i].len = w[i].len;
	}
	memset(c, 0, sizeof(*c));
	*why = from_words(c, word, n);
	if (*why == NULL)
		*why = command_fault(c);
	return *why == NULL ? 0 : -1;
}

int
command_is_write(const struct command *c)
{
	return c->verb == VERB_NOOP || c->verb == VERB_SET || c->verb == VERB_UNSET ||
	    c->verb == VERB_IF_SET || c->verb == VERB_IF_UNSET;
}

int
command_is_change(const struct command *c)
{
	return c->verb == VERB_ADD_MEMBER || c->verb == VERB_DEL_MEMBER ||
	    c->verb == VERB_TRANSFER;
}

static char *
put_word(char *p, const char *word)
{
	p = stpcpy(p, word);
	*p = ' ';
	return p + 1;
}

static char *
put_length(char *p, size_t len)
{
	p += num_print(p, len);
	*p = ' ';
	return p + 1;
}

/* By hand: it is done for every write, and snprintf takes its time. */
int
command_encode(const struct command *c, struct buf *b)
{
	char line[LINE_MAX_BYTES], *p = line;
	size_t before = b->len;

	switch (c->verb) {
	case VERB_NOOP:
		p = put_word(p, "noop");
		break;
	case VERB_SET:
		p = put_length(put_word(p, "set"), c->key.len);
		p = put_length(p, c->value.len);
		break;
	case VERB_UNSET:
		p = put_length(put_word(p, "unset"), c->key.len);
		break;
	case VERB_IF_SET:
	case VERB_IF_UNSET:
		p = put_length(put_word(p, "if"), c->key.len);
		p = put_length(put_word(p, op_names[c->op]), c->operand.len);
		if (c->verb == VERB_IF_UNSET)
			p = put_word(p, "unset");
		else
			p = put_length(put_word(p, "set"), c->value.len);
		break;
	default:
		errno = EINVAL; /* a read is no entry of the log */
		return -1;
	}
	p[-1] = '\n'; /* in place of the last blank */
	if (buf_add(b, line, (size_t)(p - line)) == -1 ||
	    buf_add(b, c->key.at, c->key.len) == -1 ||
	    buf_add(b, c->operand.at, c->operand.len) == -1 ||
	    buf_add(b, c->value.at, c->value.len) == -1) {
		buf_cut(b, before);
		return -1;
	}
	return 0;
}

/*
 * The words of a payload's first line, one blank between two: their number, or
 * 0 when there are too many or one is empty.
 */
static size_t
line_split(const char *line, size_t len, struct bytes word[WORDS_MAX])
{
	const char *blank, *end = line + len;
	size_t n = 0;

	for (;;) {
		blank = memchr(line, ' ', (size_t)(end - line));
		if (n == WORDS_MAX)
			return 0;
		word[n].at = line;
		word[n].len = (size_t)((blank == NULL ? end : blank) - line);
		if (word[n++].len == 0)
			return 0;
		if (blank == NULL)
			return n;
		line = blank + 1;
	}
}

/* Reads a length, which has one spelling only: 0, or -1. */
static int
length_parse(struct bytes b, size_t max, size_t *len)
{
	uint64_t n;

	if (b.len > 1 && b.at[0] == '0')
		return -1;
	if (num_u64(b.at, b.len, max, &n) == -1)
		return -1;
	*len = (size_t)n;
	return 0;
}

/* Reads the first line: verb, operator and lengths. */
static int
line_parse(struct command *c, const char *line, size_t len)
{
	struct bytes w[WORDS_MAX];
	size_t n;

	n = line_split(line, len, w);
	if (n == 1 && is(w[0], "noop")) {
		c->verb = VERB_NOOP;
		return 0;
	}
	if (n < 2 || length_parse(w[1], KEY_MAX, &c->key.len) == -1)
		return -1;
	if (n == 3 && is(w[0], "set")) {
		c->verb = VERB_SET;
		return length_parse(w[2], VALUE_MAX, &c->value.len);
	}
	if (n == 2 && is(w[0], "unset")) {
		c->verb = VERB_UNSET;
		return 0;
	}
	if (n < 5 || !is(w[0], "if"))
		return -1;
	c->op = op_from(w[2]);
	if (c->op == OP_NONE || length_parse(w[3], VALUE_MAX, &c->operand.len) == -1 ||
	    (!op_has_operand(c->op) && c->operand.len > 0))
		return -1;
	if (n == 5 && is(w[4], "unset")) {
		c->verb = VERB_IF_UNSET;
		return 0;
	}
	if (n != 6 || !is(w[4], "set"))
		return -1;
	c->verb = VERB_IF_SET;
	return length_parse(w[5], VALUE_MAX, &c->value.len);
}

int
command_decode(struct command *c, const char *p, size_t n)
{
	const char *newline;
	size_t left;

	memset(c, 0, sizeof(*c));
	newline = memchr(p, '\n', n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES);
	if (newline == NULL || line_parse(c, p, (size_t)(newline - p)) == -1)
		return -1;
	left = n - (size_t)(newline + 1 - p);
	if (left != c->key.len + c->operand.len + c->value.len)
		return -1;
	c->key.at = newline + 1;
	c->operand.at = c->key.at + c->key.len;
	c->value.at = c->operand.at + c->operand.len;
	return command_fault(c) == NULL ? 0 : -1;
}

int
request_id_parse(const char *s, size_t n, struct request_id *id)
{
	const char *dash;
	size_t digits;

	dash = n == 0 ? NULL : memchr(s, '-', n);
	if (dash == NULL)
		return -1;
	digits = (size_t)(dash - s);
	if (n - digits - 1 != RANDOM_DIGITS || (digits > 1 && s[0] == '0'))
		return -1;
	if (num_u64(s, digits, NUMBER_MAX, &id->base) == -1 ||
	    num_hex(dash + 1, RANDOM_DIGITS, &id->random) == -1)
		return -1;
	return id->random != 0 ? 0 : -1;
}

void
request_id_print(const struct request_id *id, char text[REQUEST_ID_SIZE])
{
	(void)snprintf(text, REQUEST_ID_SIZE, "%" PRIu64 "-%016" PRIx64, id->base,
	    id->random);
}

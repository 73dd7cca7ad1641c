/*
 * report.c - answers as people and programs read them.
 */
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "num.h"

#define FIELDS 10u /* of a node in a status answer */

/* What a node's word may say, in the table's order. */
static const struct field {
	const char *name;
	const char *head;
	int number;
} fields[FIELDS] = {
	{ "name", "NODE", 0 },
	{ "role", "ROLE", 0 },
	{ "term", "TERM", 1 },
	{ "last", "LAST", 1 },
	{ "commit", "COMMIT", 1 },
	{ "match", "MATCH", 1 },
	{ "lag", "LAG", 1 },
	{ "heard", "HEARD", 1 },
	{ "id", "ID", 0 },
	{ "note", "NOTE", 0 },
};

struct span {
	const char *at;
	size_t len;
};

/* The value of NAME=VALUE among the blank-separated pairs of a word, or "-". */
static struct span
pair_find(const struct word *w, const char *name)
{
	const char *at = w->bytes, *end = w->bytes + w->len, *blank;
	struct span value = { "-", 1 };
	size_t n = strlen(name);

	for (; at < end; at = blank + 1) {
		blank = memchr(at, ' ', (size_t)(end - at));
		if (blank == NULL)
			blank = end;
		if ((size_t)(blank - at) > n + 1 && memcmp(at, name, n) == 0 &&
		    at[n] == '=') {
			value.at = at + n + 1;
			value.len = (size_t)(blank - value.at);
			return value;
		}
	}
	return value;
}

/* The bytes of the character at p, or 0 where no UTF-8 character begins. */
static size_t
character_size(const unsigned char *p, size_t left)
{
	uint32_t least, value;
	size_t i, n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	least = n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000;
	if (left < n)
		return 0;
	value = p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3f);
	}
	if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	return n;
}

static int
put_string(struct buf *b, const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t i, n;
	int r;

	if (buf_str(b, "\"") == -1)
		return -1;
	for (i = 0; i < len; i += n) {
		n = character_size(p + i, len - i);
		if (n == 0) {
			n = 1;
			r = buf_fmt(b, "\\udc%02x", p[i]);
		} else if (p[i] < 0x20 || p[i] == 0x7f) {
			r = buf_fmt(b, "\\u%04x", p[i]);
		} else if (p[i] == '"' || p[i] == '\\') {
			r = buf_fmt(b, "\\%c", p[i]);
		} else {
			r = buf_add(b, p + i, n);
		}
		if (r == -1)
			return -1;
	}
	return buf_str(b, "\"");
}

/* 1 if JSON takes it for a number: no sign, no zero in front, one point. */
static int
is_number(struct span s)
{
	size_t digits = 0, i, points = 0;

	for (i = 0; i < s.len; i++) {
		if (s.at[i] == '.' && i > 0 && i + 1 < s.len)
			points++;
		else if (s.at[i] >= '0' && s.at[i] <= '9')
			digits++;
		else
			return 0;
	}
	if (digits == 0 || points > 1)
		return 0;
	return s.len == 1 || s.at[0] != '0' || s.at[1] == '.';
}

/* "name":value, a number where it is one, null where it is not known. */
static int
put_member(struct buf *b, const struct word *w, const char *name, int number)
{
	struct span value = pair_find(w, name);

	if (buf_fmt(b, "\"%s\":", name) == -1)
		return -1;
	if (value.len == 1 && *value.at == '-')
		return buf_str(b, "null");
	if (number && is_number(value))
		return buf_add(b, value.at, value.len);
	return put_string(b, value.at, value.len);
}

static int
value_json(const struct word *key, const struct word *value, struct buf *b)
{
	if (buf_str(b, "{\"key\":") == -1 ||
	    put_string(b, key->bytes, key->len) == -1 ||
	    buf_str(b, ",\"value\":") == -1 ||
	    put_string(b, value->bytes, value->len) == -1)
		return -1;
	return buf_str(b, "}\n");
}

static int
keys_print(const struct words *answer, int json, struct buf *b)
{
	const struct word *w;
	size_t i;

	if (json && buf_str(b, "{\"keys\":[") == -1)
		return -1;
	for (i = 1; i < answer->n; i++) {
		w = &answer->word[i];
		if (!json) {
			if (words_put(b, w->bytes, w->len) == -1 ||
			    buf_str(b, "\n") == -1)
				return -1;
			continue;
		}
		if ((i > 1 && buf_str(b, ",") == -1) ||
		    put_string(b, w->bytes, w->len) == -1)
			return -1;
	}
	return json ? buf_str(b, "]}\n") : 0;
}

static int
status_json(const struct words *answer, struct buf *b)
{
	const struct word *w = answer->word;
	size_t i, k;

	if (buf_str(b, "{") == -1 || put_member(b, &w[1], "leader", 0) == -1 ||
	    buf_str(b, ",") == -1 || put_member(b, &w[1], "term", 1) == -1 ||
	    buf_str(b, ",") == -1 || put_member(b, &w[1], "cluster", 0) == -1 ||
	    buf_str(b, ",") == -1 ||
	    put_member(b, &w[1], "election_timeout", 1) == -1 ||
	    buf_str(b, ",\"nodes\":[") == -1)
		return -1;
	for (i = 2; i < answer->n; i++) {
		if (buf_str(b, i > 2 ? ",{" : "{") == -1)
			return -1;
		for (k = 0; k < FIELDS; k++)
			if ((k > 0 && buf_str(b, ",") == -1) ||
			    put_member(b, &w[i], fields[k].name, fields[k].number) ==
				-1)
				return -1;
		if (buf_str(b, "}") == -1)
			return -1;
	}
	return buf_str(b, "]}\n");
}

/* What stands in a cell: row 1 is the head, a node's row is its word's number. */
static struct span
cell(const struct words *answer, size_t row, size_t column)
{
	struct span s;

	if (row > 1)
		return pair_find(&answer->word[row], fields[column].name);
	s.at = fields[column].head;
	s.len = strlen(s.at);
	return s;
}

/* Words to the left, numbers to the right, two blanks between the columns. */
static int
status_table(const struct words *answer, struct buf *b)
{
	size_t column, columns = FIELDS - 1, row, width[FIELDS] = { 0 };
	struct span s;
	int pad, r;

	for (column = 0; column < FIELDS; column++) {
		for (row = 1; row < answer->n; row++) {
			s = cell(answer, row, column);
			if (s.len > width[column])
				width[column] = s.len;

			/* Most nodes give no reason for a note. */
			if (row > 1 && column == columns && *s.at != '-')
				columns = FIELDS;
		}
	}
	for (row = 1; row < answer->n; row++) {
		for (column = 0; column < columns; column++) {
			s = cell(answer, row, column);
			pad = (int)(width[column] - s.len);
			if (column > 0 && buf_str(b, "  ") == -1)
				return -1;
			if (fields[column].number)
				r = buf_fmt(b, "%*s%.*s", pad, "", (int)s.len, s.at);
			else if (column + 1 < columns)
				r = buf_fmt(b, "%.*s%*s", (int)s.len, s.at, pad, "");
			else
				r = buf_add(b, s.at, s.len);
			if (r == -1)
				return -1;
		}
		if (buf_str(b, "\n") == -1)
			return -1;
	}
	return 0;
}

int
report_answer(const struct client *c, const struct words *answer, struct buf *b)
{
	const struct word *value = &answer->word[1];

	switch (c->command.verb) {
	case VERB_GET:
		if (answer->n != 2) {
			errno = EPROTO;
			return -1;
		}
		if (c->json)
			return value_json(&c->word[1], value, b);
		if (buf_add(b, value->bytes, value->len) == -1)
			return -1;
		return c->raw ? 0 : buf_str(b, "\n");
	case VERB_LIST:
		return keys_print(answer, c->json, b);
	case VERB_STATUS:
		if (answer->n < 2) {
			errno = EPROTO;
			return -1;
		}
		return c->json ? status_json(answer, b) : status_table(answer, b);
	default:
		return 0;
	}
}

/* 1 if a watch's line is one of the two that there are. */
static int
is_change(const struct words *line, uint64_t *index)
{
	const struct word *w = line->word;

	return line->n >= 4 && strcmp(w[0].bytes, "change") == 0 &&
	    num_u64(w[1].bytes, w[1].len, NUMBER_MAX, index) == 0 &&
	    ((line->n == 5 && strcmp(w[2].bytes, "set") == 0) ||
		(line->n == 4 && strcmp(w[2].bytes, "unset") == 0));
}

int
report_change(int json, const struct words *line, uint64_t *index, struct buf *b)
{
	const struct word *w = line->word;
	size_t i;

	if (!is_change(line, index)) {
		errno = EINVAL;
		return -1;
	}
	if (!json) {
		for (i = 1; i < line->n; i++)
			if ((i > 1 && buf_str(b, " ") == -1) ||
			    words_put(b, w[i].bytes, w[i].len) == -1)
				return -1;
		return buf_str(b, "\n");
	}
	if (buf_fmt(b, "{\"index\":%" PRIu64 ",\"verb\":\"%s\",\"key\":", *index,
		w[2].bytes) == -1 ||
	    put_string(b, w[3].bytes, w[3].len) == -1)
		return -1;
	if (line->n == 5 &&
	    (buf_str(b, ",\"value\":") == -1 ||
		put_string(b, w[4].bytes, w[4].len) == -1))
		return -1;
	return buf_str(b, "}\n");
}

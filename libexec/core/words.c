/*
 * words.c - lines of words, both ways.
 */
#include "words.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

/* A bit for each byte that a bare word may hold, 32 bytes a number. */
static const uint32_t bare_bytes[8] = { 0, 0x77fff822, 0xc7ffffff, 0x47fffffe, 0, 0, 0,
	0 };

static int
is_bare(char c)
{
	unsigned char byte = (unsigned char)c;

	return (bare_bytes[byte / 32] >> byte % 32 & 1) != 0;
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The value of a hexadecimal digit, or -1. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Decodes the escape at p (its backslash) into *out: how many bytes of the
 * line it takes, or 0 when it is none.
 */
static size_t
escape_decode(const char *p, const char *end, char *out)
{
	int high, low;

	if (end - p < 2)
		return 0;
	switch (p[1]) {
	case '\\':
	case '"':
		*out = p[1];
		return 2;
	case 'n':
		*out = '\n';
		return 2;
	case 'r':
		*out = '\r';
		return 2;
	case 't':
		*out = '\t';
		return 2;
	case 'x':
		if (end - p < 4)
			return 0;
		high = hex_value(p[2]);
		low = hex_value(p[3]);
		if (high == -1 || low == -1)
			return 0;
		*out = (char)(unsigned char)(high * 16 + low);
		return 4;
	default:
		return 0;
	}
}

/*
 * Decodes the quoted word whose opening quote is at p into w: the byte behind
 * its closing quote, or NULL and *why.
 */
static const char *
quoted_parse(const char *p, const char *end, struct word *w, const char **why)
{
	char *out = w->bytes;
	size_t used;

	for (p++; p < end && *p != '"'; out++) {
		if (*p == '\0' || *p == '\n') {
			*why = "a byte that must be written as an escape";
			return NULL;
		}
		if (*p != '\\') {
			*out = *p++;
			continue;
		}
		used = escape_decode(p, end, out);
		if (used == 0) {
			*why = "an escape that is none";
			return NULL;
		}
		p += used;
	}
	if (p == end) {
		*why = "a quote that is not closed";
		return NULL;
	}
	w->len = (size_t)(out - w->bytes);
	return p + 1;
}

static const char *
bare_parse(const char *p, const char *end, struct word *w, const char **why)
{
	const char *start = p;

	while (p < end && is_bare(*p))
		p++;
	if (p == start || (p < end && !is_blank(*p))) {
		*why = "a byte that must stand in double quotes";
		return NULL;
	}
	w->len = (size_t)(p - start);
	memcpy(w->bytes, start, w->len);
	return p;
}

/* Room for one more word: 0, or -1 (ENOMEM). */
static int
words_grow(struct words *w)
{
	struct word *word;
	size_t cap;

	if (w->n < w->cap)
		return 0;
	if (w->cap > SIZE_MAX / 2 / sizeof(*word)) {
		errno = ENOMEM;
		return -1;
	}
	cap = w->cap == 0 ? 8 : w->cap * 2;
	word = realloc(w->word, cap * sizeof(*word));
	if (word == NULL)
		return -1;
	w->word = word;
	w->cap = cap;
	return 0;
}

int
words_parse(struct words *w, const char *line, size_t n, const char **why)
{
	const char *end = line + n, *p = line;
	struct word *word;
	char *room;

	*why = strerror(ENOMEM);
	w->n = 0;
	buf_cut(&w->text, 0);
	if (n == SIZE_MAX) {
		errno = ENOMEM;
		return -1;
	}

	/* No word is longer than it is written, and each has a blank for its NUL. */
	room = buf_room(&w->text, n + 1);
	if (room == NULL)
		return -1;

	for (;;) {
		while (p < end && is_blank(*p))
			p++;
		if (p == end)
			return 0;
		if (w->n == w->most && w->most > 0) {
			*why = "more words than any request has";
			w->n = 0;
			errno = EINVAL;
			return -1;
		}
		if (words_grow(w) == -1)
			return -1;
		word = &w->word[w->n];
		word->bytes = room;
		word->quoted = *p == '"';
		if (word->quoted)
			p = quoted_parse(p, end, word, why);
		else
			p = bare_parse(p, end, word, why);
		if (p != NULL && p < end && !is_blank(*p)) {
			*why = "no blank behind a closing quote";
			p = NULL;
		}
		if (p == NULL) {
			w->n = 0;
			errno = EINVAL;
			return -1;
		}
		room[word->len] = '\0';
		room += word->len + 1;
		buf_grew(&w->text, word->len + 1);
		w->n++;
	}
}

void
words_free(struct words *w)
{
	free(w->word);
	buf_free(&w->text);
	memset(w, 0, sizeof(*w));
}

/* The letter behind the backslash in c's short escape, or 0 if it has none. */
static char
short_escape(unsigned char c)
{
	switch (c) {
	case '\\':
	case '"':
		return (char)c;
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return '\0';
	}
}

/* How many bytes c takes between quotes. */
static size_t
escaped_size(unsigned char c)
{
	if (short_escape(c) != '\0')
		return 2;
	return c < 0x20 || c == 0x7f ? 4 : 1;
}

int
words_put(struct buf *b, const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t i, size = 2;
	char *out;
	int bare = len > 0;

	for (i = 0; i < len; i++) {
		if (size > SIZE_MAX - 4) {
			errno = ENOMEM;
			return -1;
		}
		size += escaped_size(p[i]);
		bare = bare && is_bare(bytes[i]);
	}
	if (bare)
		return buf_add(b, bytes, len);

	out = buf_room(b, size);
	if (out == NULL)
		return -1;
	buf_grew(b, size);
	*out++ = '"';
	for (i = 0; i < len; i++) {
		switch (escaped_size(p[i])) {
		case 1:
			*out++ = (char)p[i];
			break;
		case 2:
			*out++ = '\\';
			*out++ = short_escape(p[i]);
			break;
		default:
			*out++ = '\\';
			*out++ = 'x';
			*out++ = hex_digits[p[i] >> 4];
			*out++ = hex_digits[p[i] & 15];
			break;
		}
	}
	*out = '"';
	return 0;
}

/*
 * text.c - lines of words name=value.
 */
#include "text.h"

#include <string.h>

#include "core/num.h"

static const char hex_digits[] = "0123456789abcdef";

int
text_word(struct text *t, struct piece *word)
{
	const char *blank;

	if (t->at >= t->end)
		return 0;
	blank = memchr(t->at, ' ', (size_t)(t->end - t->at));
	word->at = t->at;
	if (blank == NULL)
		blank = t->end;
	word->len = (size_t)(blank - t->at);
	t->at = blank + 1;
	return 1;
}

int
text_value(struct text *t, const char *name, struct piece *value)
{
	size_t n = strlen(name);

	if (!text_word(t, value) || value->len < n || memcmp(value->at, name, n) != 0)
		return -1;
	value->at += n;
	value->len -= n;
	return 0;
}

int
piece_is(const struct piece *p, const char *s)
{
	return strlen(s) == p->len && memcmp(p->at, s, p->len) == 0;
}

int
piece_number(const struct piece *p, uint64_t max, uint64_t *n)
{
	return num_u64(p->at, p->len, max, n);
}

int
piece_among(const struct piece *p, const char *const *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (piece_is(p, words[i]))
			return (int)i;
	}
	return -1;
}

int
piece_copy(const struct piece *p, char *to, size_t size)
{
	if (p->len == 0 || p->len >= size || memchr(p->at, '\0', p->len) != NULL)
		return -1;
	memcpy(to, p->at, p->len);
	to[p->len] = '\0';
	return 0;
}

int
piece_unquote(const struct piece *p, char *to, size_t size)
{
	uint64_t byte;
	size_t i, n = 0;

	for (i = 0; i < p->len; i++, n++) {
		if (n + 1 >= size)
			return -1;
		if (p->at[i] == '\0')
			return -1;
		if (p->at[i] != '%') {
			to[n] = p->at[i];
			continue;
		}
		if (p->len - i < 3 || num_hex(p->at + i + 1, 2, &byte) == -1 ||
		    byte == 0)
			return -1;
		to[n] = (char)(unsigned char)byte;
		i += 2;
	}
	to[n] = '\0';
	return 0;
}

char *
text_put(char *at, const char *s)
{
	while (*s != '\0')
		*at++ = *s++;
	return at;
}

char *
text_put_number(char *at, uint64_t n)
{
	char digits[NUM_DIGITS];
	size_t len = num_print(digits, n);

	memcpy(at, digits, len);
	return at + len;
}

char *
text_put_hex(char *at, uint64_t n)
{
	int shift;

	for (shift = 60; shift >= 0; shift -= 4)
		*at++ = hex_digits[n >> shift & 15];
	return at;
}

static int
is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("_./:,@+-", c) != NULL);
}

char *
text_put_quoted(char *at, const char *s)
{
	unsigned char c;

	for (; *s != '\0'; s++) {
		c = (unsigned char)*s;
		if (is_plain(c)) {
			*at++ = *s;
			continue;
		}
		*at++ = '%';
		*at++ = hex_digits[c >> 4];
		*at++ = hex_digits[c & 15];
	}
	return at;
}

void
text_copy(char *to, size_t size, const char *s)
{
	size_t n = strlen(s);

	if (n >= size)
		n = size - 1;
	memcpy(to, s, n);
	to[n] = '\0';
}

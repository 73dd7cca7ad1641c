/*
 * buf.c - a growing run of bytes.
 */
#include "buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE     120u /* bytes that what is printed mostly fits in */
#define SMALLEST 256u /* bytes; growing in smaller steps saves nothing */

char *
buf_head(const struct buf *b)
{
	return b->data == NULL ? NULL : b->data + b->start;
}

char *
buf_room(struct buf *b, size_t n)
{
	char *data;
	size_t cap, want;

	if (n > SIZE_MAX - b->len) {
		errno = ENOMEM;
		return NULL;
	}
	want = b->len + n;
	if (b->data != NULL && want <= b->cap - b->start)
		return b->data + b->start + b->len;

	/*
	 * Moving at most as many bytes as were eaten keeps eating and adding
	 * linear in what passes through.
	 */
	if (b->data != NULL && b->start >= b->len && want <= b->cap) {
		memmove(b->data, b->data + b->start, b->len);
		b->start = 0;
		return b->data + b->len;
	}

	cap = b->cap > SIZE_MAX / 2 ? SIZE_MAX : b->cap * 2;
	if (cap < want)
		cap = want;
	if (cap < SMALLEST)
		cap = SMALLEST;
	data = malloc(cap);
	if (data == NULL)
		return NULL;
	if (b->data != NULL)
		memcpy(data, b->data + b->start, b->len);
	free(b->data);
	b->data = data;
	b->start = 0;
	b->cap = cap;
	return data + b->len;
}

void
buf_grew(struct buf *b, size_t n)
{
	b->len += n;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	char *room;

	if (n == 0)
		return 0;
	room = buf_room(b, n);
	if (room == NULL)
		return -1;
	memcpy(room, p, n);
	buf_grew(b, n);
	return 0;
}

int
buf_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_fmt(struct buf *b, const char *fmt, ...)
{
	size_t want = LINE;
	va_list ap;
	char *room;
	int fits, n;

	/* Most fit at once; the NUL is not counted. */
	do {
		room = buf_room(b, want);
		if (room == NULL)
			return -1;
		va_start(ap, fmt);
		n = vsnprintf(room, want, fmt, ap);
		va_end(ap);
		if (n < 0)
			return -1;
		fits = (size_t)n < want;
		want = (size_t)n + 1;
	} while (!fits);
	buf_grew(b, (size_t)n);
	return 0;
}

void
buf_eat(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->start = 0;
		b->len = 0;
		return;
	}
	b->start += n;
	b->len -= n;
}

void
buf_cut(struct buf *b, size_t len)
{
	if (len < b->len)
		b->len = len;
}

void
buf_free(struct buf *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

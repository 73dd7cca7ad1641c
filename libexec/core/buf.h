/*
 * buf.h - a growing run of bytes: append at the end, consume from the start.
 */
#ifndef LITE_RAFT_BUF_H
#define LITE_RAFT_BUF_H

#include <stddef.h>

/* All zero is an empty buffer. The bytes in it are data[start .. start+len). */
struct buf {
	char *data;
	size_t start;
	size_t len;
	size_t cap;
};

/* The first byte; valid until the next call that changes the buffer. */
char *buf_head(const struct buf *);

/* Makes room for n more bytes; where they go, or NULL (ENOMEM). */
char *buf_room(struct buf *, size_t n);
void buf_grew(struct buf *, size_t n); /* n bytes were put there */

int buf_add(struct buf *, const void *, size_t); /* 0, or -1 with ENOMEM */
int buf_str(struct buf *, const char *);
int buf_fmt(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void buf_eat(struct buf *, size_t n);   /* drops n bytes from the start */
void buf_cut(struct buf *, size_t len); /* keeps the first len bytes */
void buf_free(struct buf *);

#endif

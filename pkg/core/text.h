/*
 * text.h - lines of words name=value, as the store's small values are written.
 */
#ifndef LITE_RAFT_PKG_TEXT_H
#define LITE_RAFT_PKG_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* What is left of a line. */
struct text {
	const char *at;
	const char *end;
};

/* A piece of one: not followed by a NUL. */
struct piece {
	const char *at;
	size_t len;
};

/* The next word, up to the next single blank: 1, or 0 at the end. */
int text_word(struct text *, struct piece *);

/* The next word, if it begins with name (which ends in '='): its value; 0, or -1. */
int text_value(struct text *, const char *name, struct piece *);

int piece_is(const struct piece *, const char *);
int piece_number(const struct piece *, uint64_t max, uint64_t *);

/* The value is one of words[0..n): its place, or -1. */
int piece_among(const struct piece *, const char *const *words, size_t n);

/* Copies it, with a NUL, into size bytes: 0, or -1, it is empty, too long, or has a NUL. */
int piece_copy(const struct piece *, char *to, size_t size);

/* The same of what is %-quoted, and may be empty. */
int piece_unquote(const struct piece *, char *to, size_t size);

/* Where the next byte is to be written; no check: the caller knows the bounds. */
char *text_put(char *, const char *);
char *text_put_number(char *, uint64_t);
char *text_put_hex(char *, uint64_t);         /* 16 digits */
char *text_put_quoted(char *, const char *s); /* three bytes for one at most */

/* Copies s, cut to size - 1 bytes. */
void text_copy(char *to, size_t size, const char *s);

#endif

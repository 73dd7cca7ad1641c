/*
 * fuzz.h - what the targets in this folder share.
 *
 * A target is fed bytes by libFuzzer and checks two things: no sanitizer speaks, and
 * what was understood means the same when it is written and read again.  Here every
 * CRC is 0 (crc.c), so that no line or block is refused for its CRC alone.
 */
#ifndef LITE_RAFT_FUZZ_H
#define LITE_RAFT_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***);

#define MUST(x)                                                                     \
	do {                                                                        \
		if (!(x)) {                                                         \
			(void)dprintf(2, "%s:%d: not so: %s\n", __FILE__, __LINE__, \
			    #x);                                                    \
			abort();                                                    \
		}                                                                   \
	} while (0)

/* A copy with nothing behind it, so that a byte too far is seen; to be freed. */
static inline char *
exact(const uint8_t *p, size_t n)
{
	char *copy = malloc(n > 0 ? n : 1);

	MUST(copy != NULL);
	if (n > 0)
		memcpy(copy, p, n);
	return copy;
}

/* The same with a NUL behind it. */
static inline char *
text(const uint8_t *p, size_t n)
{
	char *copy = malloc(n + 1);

	MUST(copy != NULL);
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

/* 1 if both hold the same bytes. */
static inline int
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(buf_head(a), buf_head(b), a->len) == 0);
}

#endif

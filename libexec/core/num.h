/*
 * num.h - numbers, strictly: digits only, within bounds, nothing behind them.
 */
#ifndef LITE_RAFT_NUM_H
#define LITE_RAFT_NUM_H

#include <stddef.h>
#include <stdint.h>

/* Decimal digits s[0..n): 0 and *out, or -1 (no digit, another byte, over max). */
int num_u64(const char *s, size_t n, uint64_t max, uint64_t *out);

/* Exactly n lower-case hexadecimal digits (n <= 16). */
int num_hex(const char *s, size_t n, uint64_t *out);

/*
 * What has a width, not bounds: so many decimal, or lower-case hexadecimal, digits:
 * 0, or something else where a byte is none.  For what is read millions of times.
 */
unsigned int num_fixed(const char *s, size_t n, uint64_t *out);
unsigned int num_fixed_hex(const char *s, size_t n, uint64_t *out);

/* A signed 64-bit integer: [-+]?digits, as test(1) takes it. */
int num_i64(const char *s, size_t n, int64_t *out);

/*
 * Seconds with an optional fraction ("0.4", "10"), to nanoseconds; at most
 * 1,000,000 seconds, digits behind the ninth are dropped.
 */
int num_seconds(const char *s, size_t n, uint64_t *ns);

/* The other way round: exactly so many digits, without a NUL. */
void num_put(char *digits, size_t width, uint64_t n);
void num_put_hex(char *digits, size_t width, uint64_t n);

/* Puts n in decimal, without a NUL: how many digits that are. */
#define NUM_DIGITS 20u
size_t num_print(char digits[NUM_DIGITS], uint64_t n);

/* For qsort: uint64_t, the smallest first. */
int num_compare(const void *, const void *);

/* The median of n numbers, at least one, which it sorts. */
uint64_t num_median(uint64_t *, size_t n);

#endif

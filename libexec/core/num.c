/*
 * num.c - numbers, strictly.
 */
#include "num.h"

#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX   UINT64_C(1000000)
#define NS_PER_SECOND UINT64_C(1000000000)

int
num_u64(const char *s, size_t n, uint64_t max, uint64_t *out)
{
	uint64_t digit, value = 0;
	size_t i;

	if (n == 0)
		return -1;
	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		digit = (uint64_t)(s[i] - '0');
		if (digit > max || value > (max - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	*out = value;
	return 0;
}

int
num_hex(const char *s, size_t n, uint64_t *out)
{
	uint64_t value = 0;
	size_t i;

	if (n == 0 || n > 16)
		return -1;
	for (i = 0; i < n; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			value = value << 4 | (uint64_t)(s[i] - '0');
		else if (s[i] >= 'a' && s[i] <= 'f')
			value = value << 4 | (uint64_t)(s[i] - 'a' + 10);
		else
			return -1;
	}
	*out = value;
	return 0;
}

int
num_i64(const char *s, size_t n, int64_t *out)
{
	uint64_t value, max = INT64_MAX;
	int negative = 0;

	if (n > 0 && (s[0] == '-' || s[0] == '+')) {
		negative = s[0] == '-';
		s++;
		n--;
	}
	if (num_u64(s, n, max + (uint64_t)negative, &value) == -1)
		return -1;

	/* INT64_MIN has no positive twin to negate. */
	if (negative && value > max)
		*out = INT64_MIN;
	else
		*out = negative ? -(int64_t)value : (int64_t)value;
	return 0;
}

int
num_seconds(const char *s, size_t n, uint64_t *ns)
{
	const char *dot;
	uint64_t digit, fraction = 0, seconds, unit = NS_PER_SECOND / 10;
	size_t i, whole = n;

	dot = n == 0 ? NULL : memchr(s, '.', n);
	if (dot != NULL) {
		whole = (size_t)(dot - s);
		if (whole + 1 == n)
			return -1;
	}
	if (num_u64(s, whole, SECONDS_MAX, &seconds) == -1)
		return -1;
	for (i = whole + 1; i < n; i++) {
		if (num_u64(s + i, 1, 9, &digit) == -1)
			return -1;
		fraction += digit * unit;
		unit /= 10;
	}
	if (seconds == SECONDS_MAX && fraction > 0)
		return -1;
	*ns = seconds * NS_PER_SECOND + fraction;
	return 0;
}

size_t
num_print(char digits[NUM_DIGITS], uint64_t n)
{
	char backwards[NUM_DIGITS];
	size_t i, len = 0;

	do
		backwards[len++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	for (i = 0; i < len; i++)
		digits[i] = backwards[len - 1 - i];
	return len;
}

int
num_compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint64_t
num_median(uint64_t *p, size_t n)
{
	qsort(p, n, sizeof(*p), num_compare);
	return p[n / 2];
}

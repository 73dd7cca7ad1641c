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

void
num_put(char *digits, size_t width, uint64_t n)
{
	while (width-- > 0) {
		digits[width] = (char)('0' + n % 10);
		n /= 10;
	}
}

void
num_put_hex(char *digits, size_t width, uint64_t n)
{
	while (width-- > 0) {
		digits[width] = "0123456789abcdef"[n % 16];
		n /= 16;
	}
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

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && \
    !defined(NUM_BYTEWISE)
#define NUM_EIGHT

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight digits at once, a byte of a word for each: the first is the lowest. */
static unsigned int
eight(const char *s, uint64_t *out)
{
	uint64_t bad, v;

	memcpy(&v, s, 8);
	v -= EACH(0x30);
	bad = (v | (v + EACH(0x76))) & EACH(0x80);
	v = v * 10 + (v >> 8); /* of two digits each, in every second byte */
	v = ((v & UINT64_C(0xff000000ff)) * UINT64_C(0xf424000000064) +
		(v >> 16 & UINT64_C(0xff000000ff)) * UINT64_C(0x271000000001)) >>
	    32;
	*out = *out * 100000000 + (v & UINT32_MAX);
	return bad != 0;
}

static unsigned int
eight_hex(const char *s, uint64_t *out)
{
	uint64_t text, v, bad;

	memcpy(&text, s, 8);
	v = (text & EACH(0x0f)) + (text >> 6 & EACH(1)) * 9;
	/* What the digits of this value look like is what must have been there. */
	bad = (v & EACH(0xf0)) |
	    ((v + EACH(0x30) + (((v + EACH(6)) >> 4) & EACH(1)) * 0x27) ^ text);
	v = (v << 4 | v >> 8) & UINT64_C(0x00ff00ff00ff00ff);
	v = (v & 0xff) << 24 | (v >> 16 & 0xff) << 16 | (v >> 32 & 0xff) << 8 | v >> 48;
	*out = *out << 32 | v;
	return bad != 0;
}

#endif

unsigned int
num_fixed(const char *s, size_t n, uint64_t *out)
{
	unsigned int bad = 0, digit;

	*out = 0;
#ifdef NUM_EIGHT
	for (; n >= 8; s += 8, n -= 8)
		bad |= eight(s, out);
#endif
	for (; n > 0; s++, n--) {
		digit = (unsigned int)(unsigned char)*s - '0';
		bad |= digit > 9;
		*out = *out * 10 + digit;
	}
	return bad;
}

unsigned int
num_fixed_hex(const char *s, size_t n, uint64_t *out)
{
	unsigned int bad = 0, digit, letter;

	*out = 0;
#ifdef NUM_EIGHT
	for (; n >= 8; s += 8, n -= 8)
		bad |= eight_hex(s, out);
#endif
	for (; n > 0; s++, n--) {
		digit = (unsigned int)(unsigned char)*s - '0';
		letter = (unsigned int)(unsigned char)*s - 'a';
		bad |= (digit > 9) & (letter > 5);
		*out = *out << 4 | (digit > 9 ? letter + 10 : digit);
	}
	return bad;
}

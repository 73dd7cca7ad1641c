/*
 * num.c - numbers, buffers and checksums: what all formats are made of.
 */
#include <inttypes.h>

#include "must.h"

#include "core/buf.h"
#include "core/crc.h"
#include "core/num.h"

static int
u64(const char *s, uint64_t max, uint64_t want)
{
	uint64_t got = ~want;

	return num_u64(s, strlen(s), max, &got) == 0 && got == want;
}

static int
i64(const char *s, int64_t want)
{
	int64_t got = ~want;

	return num_i64(s, strlen(s), &got) == 0 && got == want;
}

static int
seconds(const char *s, uint64_t want)
{
	uint64_t got = ~want;

	return num_seconds(s, strlen(s), &got) == 0 && got == want;
}

/* Nothing but a number is one. */
static void
strict(void)
{
	static const char *const bad[] = { "", " 1", "1 ", "+", "-", "1a", "0x1", "a",
		"1,5", "\n", "1\n", "\3611" };
	uint64_t u = 42;
	int64_t i = 42;
	size_t k;

	for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		MUST(num_u64(bad[k], strlen(bad[k]), UINT64_MAX, &u) == -1 && u == 42);
		MUST(num_i64(bad[k], strlen(bad[k]), &i) == -1 && i == 42);
		MUST(num_seconds(bad[k], strlen(bad[k]), &u) == -1 && u == 42);
	}
	MUST(num_u64("+1", 2, 9, &u) == -1 && num_u64("-1", 2, 9, &u) == -1);
	MUST(num_u64(NULL, 0, 9, &u) == -1 && num_seconds(NULL, 0, &u) == -1);
	MUST(num_u64("12", 1, 9, &u) == 0 && u == 1); /* n, not the NUL, ends it */
}

/* What is printed is what printf prints: around each power of ten and of two. */
static void
printed(void)
{
	static const uint64_t bases[] = { 10, 2 };
	char digits[NUM_DIGITS], want[NUM_DIGITS + 1];
	uint64_t n, power;
	size_t k;
	int by;

	for (k = 0; k < 2; k++)
		for (power = 1; power <= UINT64_MAX / bases[k]; power *= bases[k])
			for (by = -1; by <= 1; by++) {
				n = power * bases[k] + (uint64_t)by;
				(void)snprintf(want, sizeof(want), "%" PRIu64, n);
				MUST(num_print(digits, n) == strlen(want));
				MUST(memcmp(digits, want, strlen(want)) == 0);
			}
	MUST(num_print(digits, 0) == 1 && digits[0] == '0');
	MUST(num_print(digits, UINT64_MAX) == 20);
	MUST(memcmp(digits, "18446744073709551615", 20) == 0);
}

static void
bounds(void)
{
	uint64_t u = 0;
	int64_t i = 0;

	MUST(u64("0", 0, 0) && u64("000000000000000000000009", 9, 9));
	MUST(u64("18446744073709551615", UINT64_MAX, UINT64_MAX));
	MUST(num_u64("18446744073709551616", 20, UINT64_MAX, &u) == -1);
	MUST(num_u64("99999999999999999999", 20, UINT64_MAX, &u) == -1);
	MUST(u64("100", 100, 100) && num_u64("101", 3, 100, &u) == -1);
	MUST(num_u64("9", 1, 5, &u) == -1 && num_u64("1", 1, 0, &u) == -1);
	MUST(i64("9223372036854775807", INT64_MAX) && i64("+5", 5) && i64("-0", 0));
	MUST(i64("-9223372036854775808", INT64_MIN) && i64("-010", -10));
	MUST(num_i64("9223372036854775808", 19, &i) == -1);
	MUST(num_i64("-9223372036854775809", 20, &i) == -1);
	MUST(num_i64("--1", 3, &i) == -1 && num_i64("+-1", 3, &i) == -1);
}

static void
hexadecimal(void)
{
	uint64_t u = 0;

	MUST(num_hex("0123456789abcdef", 16, &u) == 0);
	MUST(u == UINT64_C(0x0123456789abcdef));
	MUST(num_hex("ffffffffffffffff", 16, &u) == 0 && u == UINT64_MAX);
	MUST(num_hex("f", 1, &u) == 0 && u == 15);
	MUST(num_hex("", 0, &u) == -1 && num_hex("0123456789abcdef0", 17, &u) == -1);
	MUST(num_hex("A", 1, &u) == -1 && num_hex("g", 1, &u) == -1);
	MUST(num_hex("0x", 2, &u) == -1);
}

static void
fractions(void)
{
	uint64_t u = 0;

	MUST(seconds("0", 0) && seconds("10", UINT64_C(10000000000)));
	MUST(seconds("0.4", 400000000) && seconds("1.050", 1050000000));
	MUST(seconds("0.000000001", 1) && seconds("0.0000000019", 1));
	MUST(seconds("1000000", UINT64_C(1000000000000000)));
	MUST(num_seconds("1000000.1", 9, &u) == -1);
	MUST(num_seconds("1000001", 7, &u) == -1);
	MUST(num_seconds(".4", 2, &u) == -1 && num_seconds("4.", 2, &u) == -1);
	MUST(num_seconds("1.2.3", 5, &u) == -1 && num_seconds("-1", 2, &u) == -1);
	MUST(num_seconds("1.-2", 4, &u) == -1 && num_seconds(".", 1, &u) == -1);
}

static void
checksums(void)
{
	static const struct {
		unsigned char byte;
		int step;
		uint32_t crc;
	} rfc3720[] = { { 0x00, 0, 0x8a9136aa }, { 0xff, 0, 0x62a8ab43 },
		{ 0x00, 1, 0x46dd794e }, { 0x1f, -1, 0x113fdb5c } };
	unsigned char text[64];
	uint32_t crc;
	size_t at, i, k;

	MUST(crc32c(0, "", 0) == 0);
	MUST(crc32c(0, "123456789", 9) == 0xe3069283);
	for (i = 0; i < 4; i++) { /* appendix B.4 */
		for (k = 0; k < 32; k++)
			text[k] = (unsigned char)(rfc3720[i].byte +
			    (int)k * rfc3720[i].step);
		MUST(crc32c(0, text, 32) == rfc3720[i].crc);
	}

	/* In two parts, at every length and alignment, it is the same. */
	for (k = 0; k < sizeof(text); k++)
		text[k] = (unsigned char)(k * 37);
	for (at = 0; at < 9; at++)
		for (k = at; k < sizeof(text); k++) {
			crc = crc32c(0, text + at, k - at);
			crc = crc32c(crc, text + k, sizeof(text) - k);
			MUST(crc == crc32c(0, text + at, sizeof(text) - at));
		}
}

static void
buffers(void)
{
	struct buf b = { 0 };
	char *room;
	size_t i;

	MUST(buf_head(&b) == NULL && b.len == 0);
	buf_eat(&b, 0);
	buf_cut(&b, 0);
	MUST(buf_add(&b, NULL, 0) == 0 && b.len == 0);
	MUST(buf_str(&b, "hello") == 0 && buf_fmt(&b, " %s %d", "world", 7) == 0);
	MUST(b.len == 13 && memcmp(buf_head(&b), "hello world 7", 13) == 0);
	buf_eat(&b, 6);
	buf_cut(&b, 5);
	buf_cut(&b, 99);
	MUST(b.len == 5 && memcmp(buf_head(&b), "world", 5) == 0);
	room = buf_room(&b, 3);
	MUST(room == buf_head(&b) + 5);
	memset(room, 'x', 3);
	buf_grew(&b, 2);
	MUST(b.len == 7 && memcmp(buf_head(&b), "worldxx", 7) == 0);
	buf_eat(&b, 7);
	MUST(b.len == 0);
	MUST(buf_str(&b, "x") == 0 && buf_room(&b, SIZE_MAX) == NULL);
	buf_free(&b);
	MUST(b.data == NULL && b.len == 0);
	MUST(buf_room(&b, 0) != NULL);
	MUST(buf_fmt(&b, "%s", "") == 0 && b.len == 0);
	for (i = 1; i < 1000; i++) {
		buf_cut(&b, 0);
		MUST(buf_fmt(&b, "%0*d", (int)i, 7) == 0 && b.len == i);
		MUST(buf_head(&b)[0] == (i > 1 ? '0' : '7') &&
		    buf_head(&b)[i - 1] == '7');
	}
	buf_cut(&b, 0);
	for (i = 0; i < 1000; i++)
		MUST(buf_fmt(&b, "%04zu", i) == 0);
	MUST(b.len == 4000 && memcmp(buf_head(&b) + 3996, "0999", 4) == 0);
	buf_free(&b);
}

/* What flows through is what went in, and takes no more room than it needs. */
static void
queue(void)
{
	struct buf b = { 0 };
	uint64_t state = 1;
	unsigned char piece[300], in = 0, out = 0;
	size_t i, k, n;

	for (i = 0; i < 20000; i++) {
		n = (size_t)(dice(&state) % sizeof(piece));
		for (k = 0; k < n; k++)
			piece[k] = in++;
		MUST(buf_add(&b, piece, n) == 0);
		n = (size_t)(dice(&state) % (2 * sizeof(piece)));
		for (k = 0; k < n && k < b.len; k++)
			MUST((unsigned char)buf_head(&b)[k] == out++);
		buf_eat(&b, n);
		MUST(b.cap < 64 * sizeof(piece));
	}
	buf_free(&b);
}

static void
medians(void)
{
	uint64_t three[] = { 9, UINT64_MAX, 1 }, four[] = { 4, 1, 3, 2 }, one = 7;

	MUST(num_median(&one, 1) == 7);
	MUST(num_median(three, 3) == 9);
	MUST(three[0] == 1 && three[2] == UINT64_MAX);
	MUST(num_median(four, 4) == 3);
}

/* Every byte in every place: the same as where a number has bounds. */
static void
fixed(void)
{
	char back[16], text[16];
	uint64_t d = 3, n, want;
	size_t i, len, place;
	int byte;

	for (len = 1; len <= sizeof(text); len++)
		for (place = 0; place < len; place++)
			for (byte = 0; byte < 256; byte++) {
				for (i = 0; i < len; i++)
					text[i] = "0123456789"[dice(&d) % 10];
				text[place] = (char)byte;
				want = 0;
				MUST((num_u64(text, len, UINT64_MAX, &want) == 0) ==
				    (num_fixed(text, len, &n) == 0));
				num_put(back, len, want);
				MUST(num_u64(text, len, UINT64_MAX, &want) == -1 ||
				    (n == want && memcmp(back, text, len) == 0));
				for (i = 0; i < len; i++)
					text[i] = "0123456789abcdef"[dice(&d) % 16];
				text[place] = (char)byte;
				MUST((num_hex(text, len, &want) == 0) ==
				    (num_fixed_hex(text, len, &n) == 0));
				num_put_hex(back, len, want);
				MUST(num_hex(text, len, &want) == -1 ||
				    (n == want && memcmp(back, text, len) == 0));
			}
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "fixed", fixed },
		{ "strict", strict },
		{ "printed", printed },
		{ "bounds", bounds },
		{ "hexadecimal", hexadecimal },
		{ "fractions", fractions },
		{ "checksums", checksums },
		{ "buffers", buffers },
		{ "queue", queue },
		{ "medians", medians },
		{ NULL, NULL },
	};

	return run_cases(cases, argc, argv);
}

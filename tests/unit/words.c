/*
 * words.c - drives core/words: what goes in comes out, and nothing else goes in.
 */
#include "core/words.h"

#include <errno.h>

#include "must.h"

/* The line for one word must be read back as that word. */
static void
round_trip(const char *bytes, size_t len)
{
	struct words w = { 0 };
	struct buf b = { 0 };
	const char *why;
	size_t i;

	MUST(words_put(&b, bytes, len) == 0);
	for (i = 0; i < b.len; i++) {
		MUST(buf_head(&b)[i] != '\n');
		MUST(buf_head(&b)[i] != '\0');
	}
	MUST(words_parse(&w, buf_head(&b), b.len, &why) == 0);
	MUST(w.n == 1);
	MUST(w.word[0].len == len);
	MUST(memcmp(w.word[0].bytes, bytes, len) == 0);
	MUST(w.word[0].bytes[len] == '\0');
	words_free(&w);
	buf_free(&b);
}

static void
every_byte(void)
{
	char text[3];
	int c;

	round_trip("", 0);
	for (c = 0; c < 256; c++) {
		text[0] = (char)c;
		round_trip(text, 1);
		text[1] = text[2] = (char)c;
		text[0] = 'a';
		round_trip(text, 2);
		text[2] = 'b';
		round_trip(text, 3);
	}
}

static void
random_bytes(void)
{
	static char text[5000];
	uint64_t seed = 7;
	size_t i, len, round;

	for (round = 0; round < 2000; round++) {
		len = dice(&seed) % sizeof(text);
		for (i = 0; i < len; i++)
			text[i] = (char)(dice(&seed) >> 32);
		round_trip(text, len);
	}
}

/* Only these are bare, and only these are taken without quotes. */
static void
bare_set(void)
{
	static const char bare[] =
	    "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,=-~^!<>";
	struct words w = { 0 };
	struct buf b = { 0 };
	const char *why;
	char text[1];
	int c, is_bare;

	for (c = 0; c < 256; c++) {
		text[0] = (char)c;
		is_bare = c != 0 && strchr(bare, c) != NULL;
		buf_cut(&b, 0);
		MUST(words_put(&b, text, 1) == 0);
		MUST((b.len == 1) == is_bare);
		if (c == ' ' || c == '\t') {
			MUST(words_parse(&w, text, 1, &why) == 0 && w.n == 0);
			continue;
		}
		MUST((words_parse(&w, text, 1, &why) == 0) == is_bare);
	}
	words_free(&w);
	buf_free(&b);
}

static void
takes(const char *line, size_t n, const char *first, size_t len)
{
	struct words w = { 0 };
	const char *why;

	MUST(words_parse(&w, line, strlen(line), &why) == 0);
	MUST(w.n == n);
	if (n > 0) {
		MUST(w.word[0].len == len);
		MUST(memcmp(w.word[0].bytes, first, len) == 0);
	}
	words_free(&w);
}

static void
good_lines(void)
{
	struct words w = { 0 };
	const char *why;

	takes("", 0, NULL, 0);
	takes(" \t ", 0, NULL, 0);
	takes("a", 1, "a", 1);
	takes("  a\tb  ", 2, "a", 1);
	takes("\"\" b", 2, "", 0);
	takes("\"a b\"", 1, "a b", 3);
	takes("\"\\\\\\\"\\n\\r\\t\"", 1, "\\\"\n\r\t", 5);
	takes("\"\\x00\\xfF\\xFf\"", 1, "\0\xff\xff", 3);
	takes("\"tab\there\x01\x7f\x80\xff\"", 1, "tab\there\x01\x7f\x80\xff", 12);
	takes("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", 17, "1", 1);

	/* A struct words can be used again, and knows which word was quoted. */
	MUST(words_parse(&w, "id=1 \"id=1\"", 11, &why) == 0);
	MUST(w.n == 2 && !w.word[0].quoted && w.word[1].quoted);
	MUST(strcmp(w.word[1].bytes, "id=1") == 0);
	MUST(words_parse(&w, "x", 1, &why) == 0);
	MUST(w.n == 1 && strcmp(w.word[0].bytes, "x") == 0);

	/* Only n bytes are looked at. */
	MUST(words_parse(&w, "ab\"", 2, &why) == 0 && w.n == 1);
	words_free(&w);
}

static void
refuses(const char *line, size_t n)
{
	struct words w = { 0 };
	const char *why = NULL;
	char *copy;

	/* Exactly as long as the line, so that a step too far is noticed. */
	copy = malloc(n + (n == 0));
	MUST(copy != NULL);
	memcpy(copy, line, n);
	errno = 0;
	MUST(words_parse(&w, copy, n, &why) == -1);
	MUST(errno == EINVAL);
	MUST(why != NULL && *why != '\0');
	MUST(w.n == 0);
	free(copy);
	words_free(&w);
}

#define REFUSES(s) refuses(s, sizeof(s) - 1)

static void
bad_lines(void)
{
	REFUSES("\"");
	REFUSES("a \"b");
	REFUSES("\"a\\\"");
	REFUSES("\"\\");
	REFUSES("\"\\a\"");
	REFUSES("\"\\0\"");
	REFUSES("\"\\N\"");
	REFUSES("\"\\x\"");
	REFUSES("\"\\x1\"");
	REFUSES("\"\\x1");
	REFUSES("\"\\xg0\"");
	REFUSES("\"\\x0g\"");
	REFUSES("\"\\X00\"");
	REFUSES("\"a\"b");
	REFUSES("a\"b\"");
	REFUSES("\"a\"\"b\"");
	REFUSES("a\\ b");
	REFUSES("a b$c");
	REFUSES("a;b");
	REFUSES("a\rb");
	REFUSES("a\r");
	REFUSES("a\0b");
	REFUSES("\"a\0b\"");
	REFUSES("\"a\nb\"");
	REFUSES("a\nb");
	REFUSES("caf\xc3\xa9");
	REFUSES("'a'");
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = { { "every_byte", every_byte },
		{ "random_bytes", random_bytes }, { "bare_set", bare_set },
		{ "good_lines", good_lines }, { "bad_lines", bad_lines },
		{ NULL, NULL } };

	return run_cases(cases, argc, argv);
}

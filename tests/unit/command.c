/*
 * command.c - drives core/command: every limit, from words and from bytes.
 */
#include "core/command.h"

#include <errno.h>

#include "must.h"

static char big[VALUE_MAX + 2];

/*
 * Splits text at blanks into words; in it, K<n> and V<n> stand for n bytes,
 * E for no byte, Z for one NUL.
 */
static int
parse(struct command *c, const char *text, const char **why)
{
	static char copy[256];
	struct word w[12];
	size_t n = 0;
	char *p;

	MUST(strlen(text) < sizeof(copy));
	memcpy(copy, text, strlen(text) + 1);
	for (p = strtok(copy, " "); p != NULL; p = strtok(NULL, " ")) {
		MUST(n < 12);
		w[n].bytes = p;
		w[n].len = strlen(p);
		w[n].quoted = 0;
		if ((*p == 'K' || *p == 'V') && p[1] != '\0') {
			w[n].bytes = big;
			w[n].len = (size_t)strtoul(p + 1, NULL, 10);
			MUST(w[n].len <= sizeof(big));
		}
		if (strcmp(p, "E") == 0)
			w[n].len = 0;
		if (strcmp(p, "Z") == 0)
			*p = '\0';
		n++;
	}
	*why = NULL;
	return command_from_words(c, w, n, why);
}

static void
yes(const char *text, enum verb verb, enum op op)
{
	struct command back, c;
	struct buf b = { 0 };
	const char *why;

	if (parse(&c, text, &why) == -1) {
		(void)fprintf(stderr, "%s: %s\n", text, why);
		exit(1);
	}
	MUST(why == NULL);
	MUST(c.verb == verb);
	MUST(c.op == op);
	if (!command_is_write(&c)) {
		errno = 0;
		MUST(command_encode(&c, &b) == -1 && errno == EINVAL);
		return;
	}
	MUST(command_encode(&c, &b) == 0);
	MUST(b.len <= COMMAND_MAX);
	MUST(command_decode(&back, buf_head(&b), b.len) == 0);
	MUST(back.verb == c.verb && back.op == c.op);
	MUST(back.key.len == c.key.len && back.operand.len == c.operand.len &&
	    back.value.len == c.value.len);
	MUST(c.key.len == 0 || memcmp(back.key.at, c.key.at, c.key.len) == 0);
	MUST(c.operand.len == 0 ||
	    memcmp(back.operand.at, c.operand.at, c.operand.len) == 0);
	MUST(c.value.len == 0 || memcmp(back.value.at, c.value.at, c.value.len) == 0);
	buf_free(&b);
}

static void
no(const char *text, const char *reason)
{
	struct command c;
	const char *why;

	if (parse(&c, text, &why) == 0) {
		(void)fprintf(stderr, "taken: %s\n", text);
		exit(1);
	}
	MUST(why != NULL);
	if (strstr(why, reason) == NULL) {
		(void)fprintf(stderr, "%s: not \"%s\" but \"%s\"\n", text, reason, why);
		exit(1);
	}
}

static void
verbs(void)
{
	yes("noop", VERB_NOOP, OP_NONE);
	yes("status", VERB_STATUS, OP_NONE);
	yes("list", VERB_LIST, OP_NONE);
	yes("list pre", VERB_LIST, OP_NONE);
	yes("list E", VERB_LIST, OP_NONE);
	yes("get k", VERB_GET, OP_NONE);
	yes("unset k", VERB_UNSET, OP_NONE);
	yes("set k v", VERB_SET, OP_NONE);
	yes("set k E", VERB_SET, OP_NONE);
	yes("set -k -v", VERB_SET, OP_NONE);
	yes("set k Z", VERB_SET, OP_NONE);
	yes("if k = v set n", VERB_IF_SET, OP_EQUAL);
	yes("if k = v unset", VERB_IF_UNSET, OP_EQUAL);
	yes("if k = E set E", VERB_IF_SET, OP_EQUAL);
	yes("if k != set set set", VERB_IF_SET, OP_DIFFERS);
	yes("if k = unset unset", VERB_IF_UNSET, OP_EQUAL);
	yes("if k absent set n", VERB_IF_SET, OP_ABSENT);
	yes("if k absent unset", VERB_IF_UNSET, OP_ABSENT);
	yes("if k exists set n", VERB_IF_SET, OP_EXISTS);
	yes("if k exists unset", VERB_IF_UNSET, OP_EXISTS);
	yes("if if = if set if", VERB_IF_SET, OP_EQUAL);

	no("", "no verb");
	no("E", "no such verb");
	no("Set k v", "no such verb");
	no("batch", "no such verb");
	no("members", "no such verb");
	yes("watch", VERB_WATCH, OP_NONE);
	yes("watch k 7", VERB_WATCH, OP_NONE);
	no("watch k 7 8", "usage: watch [PREFIX [FROM]]");
	no("follow", "no such verb");
	no("--json", "no such verb");
	no("noop x", "no argument");
	no("status x", "no argument");
	no("list a b", "list [PREFIX]");
	no("get", "get KEY");
	no("get a b", "get KEY");
	no("unset", "unset KEY");
	no("unset a b", "unset KEY");
	no("set", "set KEY VALUE");
	no("set k", "set KEY VALUE");
	no("set k v w", "set KEY VALUE");
	no("set 1 2 3 4 5 6 7 8 9", "set KEY VALUE");
	no("if", "if KEY OP VALUE set NEW");
	no("if k", "if KEY OP");
	no("if k =", "if KEY OP");
	no("if k = v", "if KEY OP");
	no("if k = v set", "if KEY OP");
	no("if k = v set n o", "if KEY OP");
	no("if k = v unset n", "if KEY OP");
	no("if k = v get n", "if KEY OP");
	no("if k absent v set n", "if KEY OP");
	no("if k exists", "if KEY OP");
}

static void
operators(void)
{
	static const char *const names[] = { "-eq", "-ne", "-lt", "-le", "-gt", "-ge" };
	static const char *const bad[] = { "E", "-", "+", "1x", "x", "1.0", "0x10",
		"--1", "+-1", "1e3", "Z", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999999", " " };
	static const char *const good[] = { "0", "-0", "+7", "007",
		"9223372036854775807", "-9223372036854775808" };
	char text[128];
	size_t i, j;

	for (i = 0; i < 6; i++) {
		for (j = 0; j < sizeof(good) / sizeof(good[0]); j++) {
			(void)snprintf(text, sizeof(text), "if k %s %s set n", names[i],
			    good[j]);
			yes(text, VERB_IF_SET, (enum op)(OP_EQ + (int)i));
		}
		for (j = 0; j + 1 < sizeof(bad) / sizeof(bad[0]); j++) {
			(void)snprintf(text, sizeof(text), "if k %s %s set n", names[i],
			    bad[j]);
			no(text, "64-bit integer");
		}
	}
	no("if k == v set n", "no such operator");
	no("if k eq v set n", "no such operator");
	no("if k -a v set n", "no such operator");
	no("if k E v set n", "no such operator");
	no("if k > v set n", "no such operator");
}

static void
limits(void)
{
	memset(big, 'x', sizeof(big));
	no("get E", "empty key");
	no("set E v", "empty key");
	no("unset E", "empty key");
	no("if E = v set n", "empty key");
	no("get Z", "NUL");
	no("set Z v", "NUL");
	no("list Z", "NUL");
	yes("set K1024 v", VERB_SET, OP_NONE);
	yes("get K1024", VERB_GET, OP_NONE);
	yes("list K1024", VERB_LIST, OP_NONE);
	no("set K1025 v", "key over 1024 bytes");
	no("get K1025", "key over 1024 bytes");
	no("unset K1025", "key over 1024 bytes");
	no("list K1025", "prefix over 1024 bytes");
	no("if K1025 = v set n", "key over 1024 bytes");
	yes("set k V1048576", VERB_SET, OP_NONE);
	no("set k V1048577", "value over 1 MiB");
	yes("if k = V1048576 set V1048576", VERB_IF_SET, OP_EQUAL);
	yes("if K1024 != V1048576 set V1048576", VERB_IF_SET, OP_DIFFERS);
	no("if k = V1048577 set n", "value over 1 MiB");
	no("if k = v set V1048577", "value over 1 MiB");
	no("if k = V1048577 unset", "value over 1 MiB");
}

/* Payloads that command_encode cannot have made. */
static void
bad_payloads(void)
{
	static const struct {
		const char *p;
		size_t n;
	} bad[] = {
#define BAD(s) { s, sizeof(s) - 1 }
		BAD(""),
		BAD("\n"),
		BAD("noop"),
		BAD("noop\nx"),
		BAD("noop \n"),
		BAD(" noop\n"),
		BAD("noop 0\n"),
		BAD("Noop\n"),
		BAD("get 1\nk"),
		BAD("set\n"),
		BAD("set 1\nk"),
		BAD("set 1 1\nk"),
		BAD("set 1 1\nkvx"),
		BAD("set 01 1\nkv"),
		BAD("set 1 01\nkv"),
		BAD("set 1  1\nkv"),
		BAD("set 1 1 \nkv"),
		BAD("set 1 1 1\nkvx"),
		BAD("set 0 1\nv"),
		BAD("set -1 1\nkv"),
		BAD("set +1 1\nkv"),
		BAD("set 1025 1\nkv"),
		BAD("set 1 1048577\nkv"),
		BAD("set 1 99999999999999999999\nkv"),
		BAD("set 18446744073709551615 3\nkv"),
		BAD("set 1 1\n\0v"),
		BAD("unset 1 1\nkv"),
		BAD("unset 0\n"),
		BAD("unset 1\n"),
		BAD("if 1 = 1 set 1\nkv"),
		BAD("if 1 == 1 set 1\nkvn"),
		BAD("if 1 absent 1 set 1\nkvn"),
		BAD("if 1 exists 1 unset\nkv"),
		BAD("if 1 = 1 set\nkv"),
		BAD("if 1 = 1 unset 1\nkvn"),
		BAD("if 1 = 1 get 1\nkvn"),
		BAD("if 1 = 1 set 1 1\nkvn"),
		BAD("if 1 -eq 1 set 1\nkxn"),
		BAD("if 1 -eq 0 set 1\nkn"),
		BAD("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxxxx\n"),
#undef BAD
	};
	struct command c;
	char *copy;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		copy = malloc(bad[i].n + (bad[i].n == 0));
		MUST(copy != NULL);
		memcpy(copy, bad[i].p, bad[i].n);
		if (command_decode(&c, copy, bad[i].n) == 0) {
			(void)fprintf(stderr, "taken: %s\n", bad[i].p);
			exit(1);
		}
		free(copy);
	}
}

/* A good payload with one byte changed or cut off is never read past its end. */
static void
damaged_payloads(void)
{
	static const char good[] = "if 3 -lt 2 set 4\nkey42four";
	const size_t n = sizeof(good) - 1;
	struct command c;
	size_t at;
	int byte;
	char *p;

	for (at = 0; at < n; at++) {
		p = malloc(n);
		MUST(p != NULL);
		memcpy(p, good, n);
		for (byte = 0; byte < 256; byte++) {
			p[at] = (char)byte;
			if (command_decode(&c, p, n) == -1)
				continue;
			MUST(c.key.at >= p && c.value.at + c.value.len == p + n);
		}
		free(p);
		p = malloc(at + (at == 0));
		MUST(p != NULL);
		memcpy(p, good, at);
		MUST(command_decode(&c, p, at) == -1);
		free(p);
	}
}

static void
id_is(const char *text, uint64_t base, uint64_t random)
{
	char back[REQUEST_ID_SIZE];
	struct request_id id;

	MUST(request_id_parse(text, strlen(text), &id) == 0);
	MUST(id.base == base && id.random == random);
	request_id_print(&id, back);
	MUST(strcmp(back, text) == 0);
}

static void
request_ids(void)
{
	static const char *const bad[] = { "", "-", "1", "1-", "-0123456789abcdef",
		"1-0123456789abcde", "1-0123456789abcdef0", "1-0123456789abcdeF",
		"1-0123456789abcdeg", "01-0123456789abcdef", "+1-0123456789abcdef",
		"-1-0123456789abcdef", "1 -0123456789abcdef",
		"10000000000000000-0123456789abcdef", "1-0000000000000000",
		"x-0123456789abcdef" };
	struct request_id id;
	size_t i;

	id_is("0-0123456789abcdef", 0, UINT64_C(0x0123456789abcdef));
	id_is("9999999999999999-ffffffffffffffff", NUMBER_MAX, UINT64_MAX);
	id_is("17-0000000000000001", 17, 1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (request_id_parse(bad[i], strlen(bad[i]), &id) == 0) {
			(void)fprintf(stderr, "taken: %s\n", bad[i]);
			exit(1);
		}
	}
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = { { "verbs", verbs },
		{ "operators", operators }, { "limits", limits },
		{ "bad_payloads", bad_payloads },
		{ "damaged_payloads", damaged_payloads },
		{ "request_ids", request_ids }, { NULL, NULL } };

	return run_cases(cases, argc, argv);
}

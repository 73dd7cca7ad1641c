/*
 * client.c - drives core/client and core/walk: whatever pieces the other side's
 * bytes come in, and whoever is to be asked.
 */
#include "core/client.h"

#include "core/walk.h"
#include "must.h"

/* A client that was given these words. */
static struct client
client_of(char *verb, char *key)
{
	char *argv[] = { "call", verb, key, NULL };
	const char *what, *why;
	struct client c;

	MUST(client_parse(&c, key == NULL ? 2 : 3, argv, &what, &why) == 0);
	c.id.random = 0xab;
	return c;
}

/*
 * Feeds text in pieces of n bytes and takes away what is sent; the state at
 * the end, which must not come before all of text was needed.
 */
static enum ask_state
feed(struct ask *a, struct client *c, const char *text, size_t n)
{
	enum ask_state state = ASK_MORE;
	size_t part;

	while (*text != '\0') {
		MUST(state == ASK_MORE);
		buf_cut(&a->talk->out, 0);
		part = strlen(text) < n ? strlen(text) : n;
		MUST(buf_add(&a->talk->in, text, part) == 0);
		MUST(ask_take(a, c, &state) == 0);
		text += part;
	}
	return state;
}

static void
pieces(void)
{
	static const char gate[] = "Last login: today\nlite-raft-gate 1 \n"
				   "\nlite-raft-gate 1\n";
	struct client c;
	struct ask a;
	struct talk t;
	size_t n;

	for (n = 1; n < 60; n++) {
		c = client_of("get", "k");
		memset(&t, 0, sizeof(t));
		a = (struct ask){ .talk = &t };
		t.behind_gate = 1;
		MUST(feed(&a, &c, gate, n) == ASK_MORE);
		MUST(feed(&a, &c, "hello 1 17\n", n) == ASK_MORE);
		MUST(t.out.len == 6 && memcmp(buf_head(&t.out), "get k\n", 6) == 0);
		MUST(!ask_sent(&a));
		buf_eat(&t.out, 6);
		MUST(ask_sent(&a));
		MUST(feed(&a, &c, "0 \"a value\"\n", n) == ASK_ANSWER);
		MUST(a.status == 0 && t.words.n == 2);
		MUST(strcmp(t.words.word[1].bytes, "a value") == 0);
		talk_free(&t);
	}
}

/* The id is made of the first hello, whoever says the others. */
static void
one_id(void)
{
	static const char want[] = "id=17-00000000000000ab unset k\n";
	struct client c = client_of("unset", "k");
	struct ask a;
	struct talk t;
	int i;

	for (i = 0; i < 3; i++) {
		memset(&t, 0, sizeof(t));
		a = (struct ask){ .talk = &t };
		MUST(feed(&a, &c, i == 0 ? "hello 1 17\n" : "hello 1 99\n", 100) ==
		    ASK_MORE);
		MUST(t.out.len == sizeof(want) - 1);
		MUST(memcmp(buf_head(&t.out), want, t.out.len) == 0);
		talk_free(&t);
	}
}

/* A line without an end is not kept for ever where it cannot be an answer. */
static void
no_end(void)
{
	struct client c = client_of("list", NULL);
	enum ask_state state = ASK_MORE;
	struct ask a;
	struct talk t;
	size_t n;
	int gate;

	for (gate = 0; gate < 2; gate++) {
		memset(&t, 0, sizeof(t));
		a = (struct ask){ .talk = &t };
		t.behind_gate = gate;
		for (n = 0; state == ASK_MORE; n++) {
			MUST(n < 100000);
			MUST(buf_add(&t.in, "x", 1) == 0);
			MUST(ask_take(&a, &c, &state) == 0);
		}
		MUST(state == ASK_BROKEN);
		state = ASK_MORE;
		talk_free(&t);
	}
	memset(&t, 0, sizeof(t));
	a = (struct ask){ .talk = &t };
	MUST(feed(&a, &c, "hello 1 17\n0", 100) == ASK_MORE);
	buf_cut(&t.out, 0);
	for (n = 0; n < 300000; n++) {
		MUST(buf_add(&t.in, " key", 4) == 0);
		if (n % 1000 == 0)
			MUST(ask_take(&a, &c, &state) == 0 && state == ASK_MORE);
	}
	MUST(feed(&a, &c, "\n", 1) == ASK_ANSWER);
	MUST(t.words.n == 300001);
	talk_free(&t);
}

static void
settings(void)
{
	const uint64_t s = UINT64_C(1000000000);

	MUST(client_seconds("3\n") == 3 * s);
	MUST(client_seconds("# seconds\n#\n\n\t0.5 # half\n") == s / 2);
	MUST(client_seconds("10") == 10 * s);
	MUST(client_seconds("10\r\n") == 10 * s);
	MUST(client_seconds("") == 0);
	MUST(client_seconds("# 3") == 0);
	MUST(client_seconds("three") == 0);
	MUST(client_seconds("-3") == 0);
}

/* Begins a round, unless it has begun, and lists its order. */
static const char *
order(struct walk *w, int begin)
{
	static struct buf text;
	struct walk_node *node;

	buf_free(&text);
	if (begin)
		walk_round(w);
	while ((node = walk_next(w)) != NULL)
		MUST(buf_fmt(&text, "%s%s", text.len == 0 ? "" : " ",
			 node->name[0] == '\0' ? "?" : node->name) == 0);
	MUST(buf_add(&text, "", 1) == 0);
	return buf_head(&text);
}

static void
rounds(void)
{
	const char *bad;
	char name[NAME_LIMIT + 3];
	struct walk w;
	size_t i, len;

	walk_begin(&w);
	MUST(strcmp(order(&w, 1), "?") == 0);
	MUST(walk_next(&w) == NULL);
	walk_self(&w, "lite-raft-node 2 x 0123456789abcdef\n");
	walk_self(&w, "lite-raft-node 1 -x 0123456789abcdef\n");
	walk_self(&w, "");
	MUST(strcmp(order(&w, 1), "?") == 0);
	walk_self(&w, "lite-raft-node 1 b 0123456789abcdef\n");
	MUST(walk_conf(&w, "a b # c\n\td\r\n#e", &bad, &len) == 0);
	MUST(strcmp(order(&w, 1), "b a d") == 0);
	walk_hint(&w, "d", 1);
	MUST(strcmp(order(&w, 1), "b d a") == 0);
	walk_hint(&w, "b", 1);
	MUST(strcmp(order(&w, 1), "b a d") == 0);
	walk_hint(&w, "new.example", 11);
	MUST(strcmp(order(&w, 1), "b new.example a d") == 0);

	/* In the middle of a round. */
	walk_round(&w);
	MUST(strcmp(walk_next(&w)->name, "b") == 0);
	MUST(strcmp(walk_next(&w)->name, "new.example") == 0);
	walk_hint(&w, "d", 1);
	MUST(strcmp(order(&w, 0), "d a") == 0);
	walk_hint(&w, "-x", 2);
	walk_hint(&w, "x y", 3);
	walk_hint(&w, "", 0);
	MUST(w.n == 4);

	walk_members(&w, "magic 1\nmember e 0123\nmembers f\n member g\nmember");
	MUST(w.n == 5);
	MUST(strcmp(order(&w, 1), "b d a new.example e") == 0);
	MUST(walk_conf(&w, "h ; i", &bad, &len) == -1);
	MUST(strcmp(bad, "; i") == 0 && len == 1);

	/* No more than there is room for, no longer than a name may be. */
	memset(name, 'n', sizeof(name));
	MUST(walk_add(&w, name, NAME_LIMIT + 1) == -1);
	MUST(walk_add(&w, name, NAME_LIMIT) == 0);
	for (i = 0; w.n < WALK_MAX; i++) {
		len = (size_t)snprintf(name, sizeof(name), "m%d", (int)i);
		MUST(walk_add(&w, name, len) == 0);
	}
	MUST(walk_add(&w, "overfull", 8) == -1);
	MUST(walk_add(&w, "a", 1) == 0);
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = { { "pieces", pieces },
		{ "one_id", one_id }, { "no_end", no_end }, { "settings", settings },
		{ "rounds", rounds }, { NULL, NULL } };

	return run_cases(cases, argc, argv);
}

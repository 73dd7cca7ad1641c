/*
 * held.c - what clients hold of a leader's memory, and of its turns, together: held
 * NAME, in the directory of a node that was elected in term 1 and has no peers.
 */
#include "entries.h"
#include "lead/inside.h"

#define MIB     (1024u * 1024)
#define CLIENTS 200u
#define WATCHES 1000u
#define WRITES  2000u
#define LINES   16u /* unfinished ones: more than there is memory for */
#define TURNS   400

static struct lead *l;
static struct client *c[WATCHES + 1];
static size_t heard[WATCHES + 1]; /* bytes */

static void
turn(void)
{
	MUST(lead_begin(l) == LEAD_ON);
	MUST(lead_finish(l) == LEAD_ON);
}

static int
says(struct client *client, const char *text, size_t n)
{
	return lead_client_input(l, client, text, n);
}

/* It reads all that waits for it: so many bytes. */
static size_t
reads(size_t i)
{
	struct buf *out = lead_client_output(c[i]);
	size_t before = heard[i];

	do {
		heard[i] += out->len;
		buf_eat(out, out->len);
	} while (lead_client_more(l, c[i]));
	return heard[i] - before;
}

static void
opens(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		c[i] = lead_client_open(l);
		MUST(c[i] != NULL);
	}
	turn();
	while (lead_client_ready(l) != NULL)
		continue;
}

/* All ask for much at once: not all of it is made in one turn, nobody is forgotten. */
static void
out(void)
{
	static char value[MIB];
	struct client *ready;
	size_t i, left = CLIENTS, made;
	int turns;

	memset(value, 'x', sizeof(value));
	opens(CLIENTS);
	MUST(says(c[0], "set k ", 6) == 0 && says(c[0], value, sizeof(value)) == 0);
	MUST(says(c[0], "\n", 1) == 0);
	turn();
	for (i = 0; i < CLIENTS; i++) {
		(void)reads(i);
		heard[i] = 0;
		MUST(says(c[i], "get k\n", 6) == 0);
	}
	for (turns = 0; left > 0; turns++) {
		MUST(turns < TURNS);
		turn();
		while ((ready = lead_client_ready(l)) != NULL)
			if (lead_client_output(ready)->len == 0)
				(void)lead_client_more(l, ready);
		for (made = left = i = 0; i < CLIENTS; i++) {
			if (lead_client_output(c[i])->len > 0)
				made += reads(i);
			left += heard[i] < MIB;
		}
		MUST(made < 4 * MIB);
		MUST(left == 0 || lead_due(l) == 0);
	}
}

/* Lines that are too long together, until they go: who has waited goes on. */
static void
in(void)
{
	static char part[MIB / 16];
	size_t i, room;
	int turns;

	memset(part, 'x', sizeof(part));
	opens(LINES + 1);
	MUST(says(c[LINES], part, sizeof(part)) == 0);
	for (i = 0; lead_client_room(l, c[LINES]) > 0; i++) {
		MUST(i < LINES * 128);
		room = lead_client_room(l, c[i % LINES]);
		MUST(says(c[i % LINES], part,
			 room < sizeof(part) ? room : sizeof(part)) == 0);
	}
	for (i = 0; i < LINES; i++)
		lead_client_close(l, c[i]);
	MUST(lead_due(l) == 0);
	for (turns = 0; lead_client_ready(l) != c[LINES]; turns++) {
		MUST(turns < TURNS);
		turn();
	}
	MUST(lead_client_room(l, c[LINES]) > 0);
}

/* What many watch is not applied in one turn, and all of it is answered. */
static void
watched(void)
{
	size_t i, before = 0, now;
	int turns;

	opens(WATCHES + 1);
	for (i = 0; i < WATCHES; i++)
		MUST(says(c[i], "watch none\n", 11) == 0);
	turn();
	(void)reads(WATCHES);
	heard[WATCHES] = 0;
	for (i = 0; i < WRITES; i++)
		MUST(says(c[WATCHES], "set k v\n", 8) == 0);
	for (turns = 0; before < 2 * WRITES; turns++) {
		MUST(turns < TURNS);
		turn();
		(void)reads(WATCHES);
		now = heard[WATCHES];
		MUST(now - before <= 2 * 300);
		MUST(now == 2 * WRITES || lead_due(l) == 0);
		before = now;
	}
}

/* One line of the longest, all of it words: what it takes is given back. */
static void
words(void)
{
	static char part[MIB];
	size_t i;

	for (i = 0; i < sizeof(part); i++)
		part[i] = "a "[i % 2];
	opens(1);
	(void)reads(0);
	for (i = 0; i < 9; i++)
		MUST(says(c[0], part, sizeof(part) - (i == 8)) == 0);
	MUST(says(c[0], "\n", 1) == 0);
	turn();
	MUST(strncmp(buf_head(lead_client_output(c[0])), "64 ", 3) == 0);
	MUST(l->words->cap * sizeof(*l->words->word) < 4096);
	MUST(says(c[0], "if k absent set v\n", 18) == 0);
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "out", out },
		{ "in", in },
		{ "watched", watched },
		{ "words", words },
		{ NULL, NULL },
	};
	struct os *os = os_open(".");
	struct state *st = state_at(os);
	int failed, status;

	MUST(argc == 2);
	l = lead_new(st, 1, UINT64_C(10000000000), &status);
	MUST(l != NULL);
	failed = run_cases(cases, argc, argv);
	lead_free(l);
	state_close(st);
	os_close(os);
	return failed;
}

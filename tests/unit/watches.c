/*
 * watches.c - how much those who watch and are behind take of one turn of their
 * leader, and what is left of the log for them: watches bytes | time | gone, in the
 * directory of a node that has a log.
 */
#include "entries.h"
#include "lead/inside.h"

#define MANY      100u
#define HOUR      UINT64_C(3600000000000) /* ns */
#define AT_A_TIME 64u /* of 1 MiB, each counts for 16 KiB at least */

static struct lead l;
static struct client c[MANY];

/* All of them want to know what came behind the first entry. */
static void
begin(struct state *st)
{
	char prefix[] = "none";
	const struct slot s = { .from = 2, .text = prefix, .len = sizeof(prefix) - 1 };
	size_t i;

	SAYS(st, state_lock(st));
	SAYS(st, state_unlock(st));
	l.st = st;
	l.applied = st->tail.index;
	MUST(l.applied > 10000);
	l.changed = calloc(1, STORE_WINDOW / 8);
	MUST(l.changed != NULL);
	for (i = 0; i < MANY; i++)
		MUST(watch_begin(&l, &c[i], &s) == 0);
}

/* Those who have read some of it. */
static size_t
served(void)
{
	size_t i, n = 0;

	for (i = 0; i < MANY; i++)
		n += c[i].watch->next > 2;
	return n;
}

static void
end(void)
{
	size_t i;

	for (i = 0; i < MANY; i++) {
		MUST(!c[i].doomed);
		watch_end(&c[i]);
		buf_free(&c[i].out);
	}
	buf_free(&l.slice);
	free(l.changed);
}

/* A turn is over when so much has been read, and the next one begins with others. */
static void
bytes(void)
{
	size_t turns, now, before = 0;

	l.beat = HOUR;
	for (turns = 1; l.behind != NULL; turns++) {
		watches_turn(&l, clock_now(l.st->os));
		now = served();
		MUST(now > before || before == MANY);
		MUST(now <= before + AT_A_TIME);
		before = now;
		MUST(turns < 10000);
	}
	MUST(turns > 2 && before == MANY);
}

/* Or when it has taken its share of the time between heartbeats. */
static void
time_is_over(void)
{
	size_t i;

	for (i = 1; i <= MANY; i++) {
		watches_turn(&l, clock_now(l.st->os));
		MUST(served() == i);
	}
}

/* Where the entry a little before the wanted one was: that has gone from the log. */
static void
gone(void)
{
	size_t i;

	l.beat = HOUR;
	for (i = 0; i < MANY; i++)
		c[i].watch->next = l.applied - 5;
	l.mark[(l.applied - 5) / MARK_EVERY % (STORE_WINDOW / MARK_EVERY)] =
	    (struct cursor){ l.applied - 5 - (l.applied - 5) % MARK_EVERY, 1, 0 };
	MUST(segment_look(l.st, 1) == -1);
	while (l.behind != NULL)
		watches_turn(&l, clock_now(l.st->os));
	for (i = 0; i < MANY; i++)
		MUST(c[i].watch != NULL && c[i].watch->next == l.applied + 1);
}

int
main(int argc, char **argv)
{
	struct os *os = os_open(".");
	struct state *st = state_at(os);

	MUST(argc == 2);
	begin(st);
	if (strcmp(argv[1], "bytes") == 0)
		bytes();
	else if (strcmp(argv[1], "time") == 0)
		time_is_over();
	else if (strcmp(argv[1], "gone") == 0)
		gone();
	else
		MUST(!"such a case");
	end();
	state_close(st);
	os_close(os);
	return 0;
}

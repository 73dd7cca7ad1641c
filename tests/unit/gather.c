/*
 * gather.c - when a leader begins a turn, by what its clients do.
 */
#include "lead/inside.h"
#include "must.h"

#define MS UINT64_C(1000000)

static struct lead l;
static struct client c[64];

/* A leader whose entries are all committed, in its first turn's wake, at 1 s. */
static void
begins(void)
{
	memset(&l, 0, sizeof(l));
	memset(c, 0, sizeof(c));
	l.seq = 1;
	l.last = l.commit = 10;
	gather_begin(&l);
	gather_finish(&l, 1, 1000 * MS);
}

/* Clients from a to b write. */
static void
asks(unsigned a, unsigned b)
{
	for (; a < b; a++) {
		gather_asked(&l, &c[a]);
		l.fresh.len += 160;
	}
}

static void
answered(unsigned a, unsigned b, uint64_t now)
{
	for (; a < b; a++)
		gather_answered(&l, &c[a]);
	l.commit = l.last;
	gather_finish(&l, 0, now);
}

/* What has come is written, and durable here; and on the followers too? */
static void
turn(uint64_t now, int committed)
{
	l.seq++;
	gather_begin(&l);
	l.last++;
	l.fresh.len = 0;
	gather_finish(&l, 1, now);
	if (committed)
		l.commit = l.last;
}

static void
alone(void)
{
	begins();
	asks(0, 1);
	MUST(gather_due(&l) == 0);
	/* One after the other, it never waits. */
	turn(1001 * MS, 0);
	answered(0, 1, 1002 * MS);
	MUST(gather_due(&l) == 1002 * MS + MS / 2); /* with nothing to write yet */
	asks(0, 1);
	MUST(gather_due(&l) == 0);
	/* Nor does another one, much later than whoever asks no more. */
	turn(1003 * MS, 0);
	answered(0, 1, 1004 * MS);
	asks(1, 2);
	MUST(gather_due(&l) <= 1004 * MS + MS / 2);
}

static void
behind(void)
{
	begins();
	asks(0, 1);
	turn(1001 * MS, 0);
	asks(1, 2);
	/* The turn before is not committed: a millisecond at most. */
	MUST(gather_due(&l) == 1002 * MS);
	l.commit = l.last;
	MUST(gather_due(&l) == 0);
	/* Much is worth a turn of its own; and whoever stops waits for nobody. */
	l.commit = l.last - 1;
	asks(0, 64);
	MUST(gather_due(&l) == 1002 * MS);
	l.fresh.len = 1024u * 1024;
	MUST(gather_due(&l) == 0);
	l.fresh.len = 160;
	l.stopping = 1;
	MUST(gather_due(&l) == 0);
}

static void
together(void)
{
	unsigned i;

	begins();
	asks(0, 60);
	turn(1001 * MS, 0);
	asks(60, 62);
	answered(0, 60, 1002 * MS);
	/* All who were answered are waited for, and only they. */
	MUST(gather_due(&l) == 1002 * MS + MS / 2);
	asks(0, 59);
	asks(0, 59);
	asks(62, 64);
	MUST(gather_due(&l) == 1002 * MS + MS / 2);
	/* Answers that come later put nothing off. */
	answered(62, 63, 1002 * MS + 1);
	MUST(gather_due(&l) == 1002 * MS + MS / 2);
	asks(59, 60);
	MUST(gather_due(&l) == 0);

	/* Who has more under way was not waiting for the answer. */
	turn(1003 * MS, 0);
	asks(0, 60);
	answered(0, 60, 1004 * MS);
	MUST(gather_due(&l) == 0);

	/* Few came: for some turns nobody is waited for, then it is tried again. */
	turn(1005 * MS, 0);
	answered(0, 60, 1006 * MS);
	asks(0, 20);
	for (i = 0; i < 16; i++) {
		turn(1007 * MS, 0);
		answered(0, 60, 1008 * MS);
		asks(0, 20);
		MUST(gather_due(&l) == 0);
	}
	turn(1009 * MS, 0);
	answered(0, 60, 1010 * MS);
	asks(0, 20);
	MUST(gather_due(&l) == 1010 * MS + MS / 2);
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = { { "alone", alone },
		{ "behind", behind }, { "together", together }, { NULL, NULL } };

	return run_cases(cases, argc, argv);
}

/*
 * check - had a package two owners?  Reads a record, lines that begin with ns of one
 * clock, in any order:
 *
 *	NS beat HOST INSTANCE	a process of the package lives there
 *	NS start HOST		its control script is told to start
 *	NS fault WHAT HOST	something happens to HOST; -: to the store
 *	NS mend WHAT HOST	that is over
 *	NS hold HOST		from now on it stays there, and the same process ...
 *	NS free HOST		... until now
 *	NS gap HOST		from now on a lease alone can't keep HOST from being a
 *				second owner: that is measured
 *
 * Prints a line for each that was found, MS being milliseconds:
 *
 *	overlap A B MS NS	both at once, for so long, since then; the same host
 *				twice: two processes
 *	gap A B MS NS		the same, where a lease can't help
 *	moved A B NS		A was to hold it
 *	late WHAT A MS		a blip of A was none: from then on it need not hold it
 *	takeover WHAT A B MS	from the last fault of A, or -, to the start at B
 *	restart WHAT A A MS	to a start in place
 *
 * Exit status: 0 one owner at all times, 1 not, or nobody ever, 64 no record, 74 it can't be
 * read.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/types.h"

#define NAME    32
#define MS      UINT64_C(1000000)
#define PAUSE   (500 * MS)  /* who says nothing for so long does nothing meanwhile */
#define BLIP    (1000 * MS) /* what no lease minds, whose T_soft is three times that */
#define FOREVER UINT64_MAX

enum kind { BEAT, START, FAULT, MEND, HOLD, FREE, GAP, KINDS };

static const char *const kind_name[KINDS] = { "beat", "start", "fault", "mend", "hold",
	"free", "gap" };

struct event {
	uint64_t at;
	enum kind kind;
	char host[NAME];
	char what[NAME];   /* FAULT, MEND */
	uint64_t instance; /* BEAT */
};

/* An owner without a pause. */
struct stretch {
	uint64_t first;
	uint64_t last;
	uint64_t instance; /* 0: a start */
	char host[NAME];
};

static struct event *event;
static size_t events;
static struct stretch *stretch;
static size_t stretches;
static int bad;

static void
die(int status, const char *what, const char *why)
{
	(void)fprintf(stderr, "check: cannot read %s: %s\n", what, why);
	exit(status);
}

/* ---- the record ---- */

/* 0, or -1: it is no line of a record. */
static int
event_parse(struct event *e, const char *line)
{
	char at[32], kind[NAME], host[NAME], more[32] = "";
	int k, n;

	memset(e, 0, sizeof(*e));
	n = sscanf(line, "%31s %31s %31s %31s", at, kind, host, more);
	if (n < 3 || num_u64(at, strlen(at), UINT64_MAX - PAUSE, &e->at) == -1)
		return -1;
	for (k = 0; k < KINDS && strcmp(kind, kind_name[k]) != 0; k++)
		;
	if (k == KINDS || (n == 4) != (k == BEAT || k == FAULT || k == MEND))
		return -1;
	e->kind = (enum kind)k;
	(void)snprintf(e->host, NAME, "%s", k == FAULT || k == MEND ? more : host);
	if (k == FAULT || k == MEND)
		(void)snprintf(e->what, NAME, "%s", host);
	if (k == BEAT &&
	    (num_u64(more, strlen(more), UINT64_MAX, &e->instance) == -1 ||
		e->instance == 0))
		return -1;
	return 0;
}

static int
event_compare(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static void
record_read(FILE *file, const char *name)
{
	struct event *more;
	char *line = NULL, where[64];
	size_t cap = 0, room = 0;

	while (getline(&line, &cap, file) > 0) {
		if (events == room) {
			room = room * 2 + 1024;
			more = realloc(event, room * sizeof(*more));
			if (more == NULL)
				die(EXIT_DISK, name, strerror(errno));
			event = more;
		}
		if (event_parse(&event[events++], line) == -1) {
			(void)snprintf(where, sizeof(where), "line %zu", events);
			die(EXIT_USE, where, "it is no line of a record");
		}
	}
	if (ferror(file))
		die(EXIT_DISK, name, strerror(errno));
	free(line);
	if (events > 0)
		qsort(event, events, sizeof(*event), event_compare);
}

/* ---- two owners ---- */

/* The stretch that this beat goes on with, or NULL. */
static struct stretch *
stretch_find(const struct event *e)
{
	size_t i;

	for (i = stretches; i-- > 0;)
		if (stretch[i].instance == e->instance &&
		    strcmp(stretch[i].host, e->host) == 0)
			return e->at - stretch[i].last <= PAUSE ? &stretch[i] : NULL;
	return NULL;
}

static void
stretches_make(void)
{
	struct stretch *s;
	size_t i;

	stretch = calloc(events + 1, sizeof(*stretch));
	if (stretch == NULL)
		die(EXIT_DISK, "the record", strerror(errno));
	for (i = 0; i < events; i++) {
		if (event[i].kind != BEAT && event[i].kind != START)
			continue;
		s = event[i].kind == BEAT ? stretch_find(&event[i]) : NULL;
		if (s == NULL) {
			s = &stretch[stretches++];
			s->first = event[i].at;
			s->instance = event[i].instance;
			memcpy(s->host, event[i].host, NAME);
		}
		s->last = event[i].at;
	}
}

/* Was it said before that this host may be a second owner? */
static int
is_gap(const char *host, uint64_t at)
{
	size_t i;

	for (i = 0; i < events && event[i].at <= at; i++)
		if (event[i].kind == GAP && strcmp(event[i].host, host) == 0)
			return 1;
	return 0;
}

/* Both begin in order; what begins them is in the order of the record. */
static void
overlap_check(const struct stretch *a, const struct stretch *b)
{
	const uint64_t last = a->last < b->last ? a->last : b->last;
	int gap;

	/* A start where it runs is told to do nothing. */
	if (strcmp(a->host, b->host) == 0 &&
	    (a->instance == b->instance || a->instance == 0 || b->instance == 0))
		return;
	gap = is_gap(a->host, b->first) || is_gap(b->host, b->first);
	(void)printf("%s %s %s %" PRIu64 " %" PRIu64 "\n", gap ? "gap" : "overlap",
	    a->host, b->host, (last - b->first) / MS, b->first);
	bad |= !gap;
}

static void
overlaps_check(void)
{
	uint64_t latest = 0;
	size_t i, j, from = 0;

	/* from: all before it were over when anything later began. */
	for (i = 0; i < stretches; i++) {
		while (from < i && stretch[from].last < stretch[i].first)
			from++;
		for (j = from; j < i; j++)
			if (stretch[j].last >= stretch[i].first)
				overlap_check(&stretch[j], &stretch[i]);
		latest = stretch[i].last > latest ? stretch[i].last : latest;
	}
	if (latest == 0) {
		(void)printf("nobody\n");
		bad = 1;
	}
}

/* ---- blips ---- */

/* Did fault i take longer than meant, on a machine that has too much to do? */
static int
is_late(size_t i)
{
	const struct event *f = &event[i];

	for (i++; i < events; i++)
		if (event[i].kind == MEND && strcmp(event[i].what, f->what) == 0) {
			if (event[i].at - f->at <= BLIP)
				return 0;
			(void)printf("late %s %s %" PRIu64 "\n", f->what, f->host,
			    (event[i].at - f->at) / MS);
			return 1;
		}
	return 0;
}

/* From event i on, which says so, it stays where it is. */
static void
hold_check(size_t i)
{
	const char *host = event[i].host;
	uint64_t instance = 0;

	for (i++; i < events; i++) {
		if ((event[i].kind == FREE && strcmp(event[i].host, host) == 0) ||
		    (event[i].kind == FAULT && is_late(i)))
			return;
		if (event[i].kind != BEAT && event[i].kind != START)
			continue;
		if (event[i].kind == BEAT && instance == 0)
			instance = event[i].instance;
		if (strcmp(event[i].host, host) == 0 && event[i].kind == BEAT &&
		    event[i].instance == instance)
			continue;
		(void)printf("moved %s %s %" PRIu64 "\n", host, event[i].host,
		    event[i].at);
		bad = 1;
		return;
	}
}

/* ---- takeovers ---- */

static void
takeovers_tell(void)
{
	const struct event *fault = NULL, *e;
	const char *owner = NULL;
	uint64_t told = 0;
	size_t i;

	for (i = 0; i < events; i++) {
		e = &event[i];
		if (e->kind == HOLD)
			hold_check(i);
		else if (e->kind == FAULT &&
		    (owner == NULL || strcmp(e->host, "-") == 0 ||
			strcmp(e->host, owner) == 0))
			fault = e;
		else if (e->kind == BEAT)
			owner = e->host;
		if (e->kind != START || owner == NULL || fault == NULL ||
		    told == fault->at)
			continue;
		(void)printf("%s %s %s %s %" PRIu64 "\n",
		    strcmp(owner, e->host) == 0 ? "restart" : "takeover", fault->what,
		    owner, e->host, (e->at - fault->at) / MS);
		told = fault->at;
		owner = e->host;
	}
}

int
main(int argc, char **argv)
{
	FILE *file = stdin;

	if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
		(void)fputs("usage: check [RECORD]\n", stderr);
		return EXIT_USE;
	}
	if (argc == 2 && (file = fopen(argv[1], "r")) == NULL)
		die(EXIT_DISK, argv[1], strerror(errno));
	record_read(file, argc == 2 ? argv[1] : "standard input");
	stretches_make();
	overlaps_check();
	takeovers_tell();
	return bad ? EXIT_NO : EXIT_YES;
}

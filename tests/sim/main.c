/*
 * sim - Raft under a simulated disk, network and clock: one run a seed, the same
 * run for the same seed, all properties checked after every piece of work.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "run.h"

static void usage(void) __attribute__((noreturn));

static void
usage(void)
{
	unsigned i;

	(void)fprintf(stderr,
	    "usage: sim [--trace | --keep-going | --shrink] [--jobs N] [--progress]\n"
	    "           [--without KIND,...] [--trouble MS] [--clients N] [--dice N]\n"
	    "           SEED [COUNT]\n"
	    "       sim --row ROW\n"
	    "KIND:");
	for (i = 0; fault_name(i) != NULL; i++)
		(void)fprintf(stderr, "%s%s", i % 11 == 0 && i > 0 ? "\n      " : " ",
		    fault_name(i));
	(void)fprintf(stderr, "\n");
	exit(64);
}

static uint64_t
number(const char *s)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = s != NULL ? strtoull(s, &end, 10) : 0;
	if (s == NULL || *s == '\0' || *end != '\0' || errno != 0)
		usage();
	return n;
}

static void
without(const char *kinds)
{
	size_t n;
	int kind;

	if (kinds == NULL)
		usage();
	for (; *kinds != '\0'; kinds += n + (kinds[n] == ',')) {
		n = strcspn(kinds, ",");
		kind = fault_number(kinds, n);
		if (kind < 0)
			usage();
		spared.without |= UINT64_C(1) << kind;
	}
}

int
main(int argc, char **argv)
{
	struct many m = { .count = 1, .jobs = 1, .how = STORY_NONE };
	int shrinks = 0;

	if (argc == 3 && strcmp(argv[1], "--row") == 0)
		return row_run(argv[2]);
	for (argv++; *argv != NULL && strncmp(*argv, "--", 2) == 0; argv++) {
		if (strcmp(*argv, "--trace") == 0)
			m.how = STORY_PRINT;
		else if (strcmp(*argv, "--keep-going") == 0)
			m.go_on = 1;
		else if (strcmp(*argv, "--shrink") == 0)
			shrinks = 1;
		else if (strcmp(*argv, "--progress") == 0)
			m.progress = 1;
		else if (strcmp(*argv, "--jobs") == 0)
			m.jobs = (size_t)number(*++argv);
		else if (strcmp(*argv, "--without") == 0)
			without(*++argv);
		else if (strcmp(*argv, "--trouble") == 0)
			spared.trouble = number(*++argv) * MILLI;
		else if (strcmp(*argv, "--clients") == 0)
			spared.clients = number(*++argv);
		else if (strcmp(*argv, "--dice") == 0)
			spared.dice = number(*++argv);
		else
			usage();
	}
	m.first = number(argv[0]);
	if (argv[1] != NULL)
		m.count = number(argv[1]);
	if (m.jobs == 0 || m.jobs > JOBS_MAX || m.count == 0 ||
	    (argv[1] != NULL && argv[2] != NULL))
		usage();
	if (shrinks)
		return shrink(m.first, m.jobs) == 0;
	return many_run(&m) > 0;
}

/*
 * check - is a history linearizable?  Reads one, as lin.h says, and prints one
 * line if it is.  Exit status: 0 yes, 1 no, 2 unknown, since the memory that it
 * may take was not enough, 64 no history, 74 it can't be read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/types.h"
#include "lin.h"

#define MEBIBYTE 1048576u
#define MEMORY   256u
#define MOST     65536u

static void
die(int status, const char *what, const char *why)
{
	(void)fprintf(stderr, "check: cannot read %s: %s\n", what, why);
	exit(status);
}

static void
history_read(struct lin *l, FILE *file, const char *name)
{
	const char *why;
	char *line = NULL, where[64];
	size_t cap = 0, number = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, file)) > 0) {
		number++;
		if (line[n - 1] == '\n')
			n--;
		if (lin_add_line(l, line, (size_t)n, &why) == 0)
			continue;
		if (why == NULL)
			die(EXIT_DISK, name, strerror(errno));
		(void)snprintf(where, sizeof(where), "line %zu", number);
		die(EXIT_USE, where, why);
	}
	if (ferror(file))
		die(EXIT_DISK, name, strerror(errno));
	free(line);
}

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: check [-m MEBIBYTES] [HISTORY]\n";
	struct buf report = { 0 };
	uint64_t memory = MEMORY;
	struct lin *l = lin_new();
	FILE *file = stdin;
	int at = 1, verdict;

	if (argc > 2 && strcmp(argv[1], "-m") == 0) {
		if (num_u64(argv[2], strlen(argv[2]), MOST, &memory) == -1)
			at = argc;
		at += 2;
	}
	if (argc > at + 1 || at > argc || (at < argc && argv[at][0] == '-')) {
		(void)fputs(usage, stderr);
		return EXIT_USE;
	}
	if (l == NULL)
		die(EXIT_DISK, "a history", strerror(errno));
	if (at < argc && (file = fopen(argv[at], "r")) == NULL)
		die(EXIT_DISK, argv[at], strerror(errno));
	history_read(l, file, at < argc ? argv[at] : "standard input");
	verdict = lin_check(l, (size_t)memory * MEBIBYTE, &report);
	if (verdict == -1)
		die(EXIT_DISK, "a history", strerror(errno));
	if (verdict == LIN_LINEARIZABLE)
		(void)printf("linearizable: %zu operations, %zu keys\n",
		    lin_operations(l), lin_keys(l));
	else
		(void)fwrite(buf_head(&report), 1, report.len, stdout);
	buf_free(&report);
	lin_free(l);
	if (file != stdin)
		(void)fclose(file);
	return fflush(stdout) == 0 ? verdict : EXIT_DISK;
}

/*
 * verb.c - how a verb of node begins, and how it fails.
 */
#include "node/verb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
verb_fail(const char *verb, const char *why, int status)
{
	(void)fprintf(stderr, "node: cannot %s: %s\n", verb, why);
	return status;
}

int
verb_system_fail(const char *verb)
{
	return verb_fail(verb, strerror(errno), EXIT_DISK);
}

struct state *
verb_open(struct os *os, const char *verb, int *status)
{
	struct state *st;
	char why[256];

	st = state_open(os, why);
	if (st == NULL)
		*status = verb_fail(verb, why, errno == ENOENT ? EXIT_CONF : EXIT_DISK);
	return st;
}

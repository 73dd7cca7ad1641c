/*
 * must.h - what the drivers in this folder share: MUST, cases by name, and
 * random numbers that are the same in every run.
 */
#ifndef LITE_RAFT_MUST_H
#define LITE_RAFT_MUST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(x)                                                                \
	do {                                                                   \
		if (!(x)) {                                                    \
			(void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, \
			    __LINE__, #x);                                     \
			exit(1);                                               \
		}                                                              \
	} while (0)

struct test_case {
	const char *name;
	void (*run)(void);
};

/* Runs the cases that are named, or all of them; cases end with a NULL name. */
static inline int
run_cases(const struct test_case *cases, int argc, char **argv)
{
	const struct test_case *c;
	int i, found;

	for (c = cases; argc < 2 && c->name != NULL; c++) {
		(void)printf("%s\n", c->name);
		c->run();
	}
	for (i = 1; i < argc; i++) {
		found = 0;
		for (c = cases; c->name != NULL; c++) {
			if (strcmp(c->name, argv[i]) != 0)
				continue;
			c->run();
			found = 1;
		}
		if (!found) {
			(void)fprintf(stderr, "no such case: %s\n", argv[i]);
			return 64;
		}
	}
	return 0;
}

/* xorshift64*; the state must not be 0. */
static inline uint64_t
dice(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

#endif

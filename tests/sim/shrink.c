/*
 * shrink.c - a failing run, cut down: see run.h.  What is taken away changes all that
 * comes after it, so each try has several throws of the dice.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "run.h"

#define THROWS   60u
#define SHORTEST 200u /* milliseconds of trouble */

struct shrinking {
	uint64_t seed;
	size_t jobs;
	char property[16]; /* that does not hold */
};

static void
throw_dice(const struct shrinking *s, const struct spared *what, uint64_t dice,
    struct errand *errand)
{
	struct sum sum = { 0 };

	spared = *what;
	spared.dice = dice;
	errand_begin(errand, run_seed, s->seed, &sum, sizeof(sum));
}

/* 1 if it fails so too, with *what's dice or some others, which are in *what then. */
static int
still(struct shrinking *s, struct spared *what)
{
	struct errand errands[JOBS_MAX] = { { 0 } };
	uint64_t dice[JOBS_MAX], begun = 0, done = 0;
	struct sum sum = { 0 };
	struct errand *e;
	int found = 0, how;
	size_t i;

	do {
		for (i = 0; i < s->jobs && begun < THROWS && !found; i++)
			if (errands[i].pid == 0) {
				dice[i] = what->dice + begun++;
				throw_dice(s, what, dice[i], &errands[i]);
			}
		e = errand_end(errands, s->jobs, &how, &sum, sizeof(sum));
		done++;
		if (how == 0 || found || strcmp(e->property, s->property) != 0)
			continue;
		found = 1;
		what->dice = dice[e - errands];
	} while (done < begun || (begun < THROWS && !found));
	return found;
}

static int
shorter(struct shrinking *s, struct spared *best)
{
	struct spared try = *best;

	try.trouble = best->trouble / 2;
	if (try.trouble < SHORTEST * MILLI || !still(s, &try))
		return 0;
	*best = try;
	(void)fprintf(stderr, "sim: %" PRIu64 " ms of trouble are enough\n",
	    try.trouble / MILLI);
	return 1;
}

static int
without(struct shrinking *s, struct spared *best, unsigned what)
{
	struct spared try = *best;

	try.without |= UINT64_C(1) << what;
	if (try.without == best->without || !still(s, &try))
		return 0;
	*best = try;
	(void)fprintf(stderr, "sim: it fails without %s too\n", fault_name(what));
	return 1;
}

static int
one_client(struct shrinking *s, struct spared *best)
{
	struct spared try = *best;

	try.clients = 1;
	if (best->clients == 1 || !still(s, &try))
		return 0;
	*best = try;
	(void)fprintf(stderr, "sim: one client is enough\n");
	return 1;
}

static void
command(const struct spared *s, uint64_t seed)
{
	const char *before = " --without ";
	unsigned i;

	printf("tests/sim/run --trace");
	for (i = 0; fault_name(i) != NULL; i++) {
		if ((s->without >> i & 1) == 0)
			continue;
		printf("%s%s", before, fault_name(i));
		before = ",";
	}
	if (s->trouble > 0)
		printf(" --trouble %" PRIu64, s->trouble / MILLI);
	if (s->clients > 0)
		printf(" --clients %" PRIu64, s->clients);
	if (s->dice > 0)
		printf(" --dice %" PRIu64, s->dice);
	printf(" %" PRIu64 "\n", seed);
}

int
shrink(uint64_t seed, size_t jobs)
{
	struct shrinking s = { .seed = seed, .jobs = jobs };
	struct spared best = spared;
	struct errand errand = { 0 };
	struct sum sum = { 0 };
	unsigned i;
	int how, less;

	story_set(STORY_NONE);
	violations_hush();
	errand_begin(&errand, run_seed, seed, &sum, sizeof(sum));
	(void)errand_end(&errand, 1, &how, &sum, sizeof(sum));
	if (how == 0) {
		printf("seed %" PRIu64 " does not fail\n", seed);
		return -1;
	}
	memcpy(s.property, errand.property, sizeof(s.property));
	printf("seed %" PRIu64 ": %s does not hold\n", seed, s.property);
	if (best.trouble == 0)
		best.trouble = 32 * SECOND; /* more than any has */
	do {
		less = 0;
		while (shorter(&s, &best))
			less = 1;
		for (i = 0; fault_name(i) != NULL; i++)
			less |= without(&s, &best, i);
		less |= one_client(&s, &best);
	} while (less);
	command(&best, seed);
	return 0;
}

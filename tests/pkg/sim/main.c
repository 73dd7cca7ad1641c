/*
 * sim [--trace] [--keep-going] FIRST [COUNT] - runs seeds, and says what did not hold.
 *
 * The last seed that is bad is run again with its story, unless --keep-going.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/num.h"
#include "sim.h"

static void
handle(const struct event *e)
{
	switch (e->kind) {
	case EV_DELIVER:
		store_deliver(e);
		break;
	case EV_ANSWER:
		store_replied(e);
		break;
	case EV_EXPIRE:
		store_expire(e);
		break;
	case EV_GUARD:
	case EV_SAID:
	case EV_TIMER:
	case EV_KILLED:
	case EV_DOG:
		guard_event(e);
		break;
	case EV_SCRIPT:
	case EV_TIMEOUT:
	case EV_STOPPED:
		script_event(e);
		break;
	case EV_FAULT:
	case EV_HEAL:
	case EV_LOOK:
	case EV_UNDO:
		fault_event(e);
		break;
	default:
		host_event(e);
		break;
	}
}

/* One seed: 0, or 1 if something did not hold. */
static int
run(uint64_t seed)
{
	struct event e;
	int was = bad;

	bad = 0;
	queue_clear();
	seed_set(seed);
	store_clear();
	host_clear();
	check_clear();
	plan(seed);
	while (!done && !bad && queue_next(&e))
		handle(&e);
	check_end();
	if (!bad) {
		bad = was;
		return 0;
	}
	(void)printf("seed %llu\n", (unsigned long long)seed);
	return 1;
}

static int
usage(void)
{
	(void)fprintf(stderr, "usage: sim [--trace] [--keep-going] FIRST [COUNT]\n");
	return 64;
}

int
main(int argc, char **argv)
{
	uint64_t first, count = 1, seed;
	unsigned long bads = 0;
	int keep_going = 0;
	struct timespec a, b;

	while (argc > 1 && argv[1][0] == '-') {
		if (strcmp(argv[1], "--trace") == 0)
			tracing = 1;
		else if (strcmp(argv[1], "--keep-going") == 0)
			keep_going = 1;
		else
			return usage();
		argc--, argv++;
	}
	if (argc < 2 || argc > 3 ||
	    num_u64(argv[1], strlen(argv[1]), UINT64_MAX / 4, &first) == -1 ||
	    (argc == 3 &&
		num_u64(argv[2], strlen(argv[2]), UINT64_MAX / 4, &count) == -1))
		return usage();
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	for (seed = first; seed < first + count; seed++) {
		if (run(seed) == 0)
			continue;
		bads++;
		if (keep_going)
			continue;
		if (!tracing) {
			tracing = 1;
			(void)run(seed);
		}
		return 1;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	bad = 0;
	check_report((unsigned long)count,
	    (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9 +
		1e-6);
	if (bads > 0)
		(void)printf("%lu bad\n", bads);
	return bads > 0 || bad;
}

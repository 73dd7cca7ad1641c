/*
 * clock.c - the time that has passed.
 */
#include <stdlib.h>
#include <time.h>

#include "os.h"

#define NS_PER_SECOND UINT64_C(1000000000)

uint64_t
clock_now(struct os *os)
{
	struct timespec ts;
	uint64_t now;

	(void)os;
	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		abort(); /* a host without it is not one we can run on */
	now = (uint64_t)ts.tv_sec * NS_PER_SECOND + (uint64_t)ts.tv_nsec;
	return now == 0 ? 1 : now;
}

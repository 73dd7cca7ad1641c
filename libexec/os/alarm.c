/*
 * alarm.c - an end for a process that would wait for ever.
 */
#include <limits.h>
#include <unistd.h>

#include "os.h"

#define NS_PER_SECOND UINT64_C(1000000000)

void
process_alarm(uint64_t ns)
{
	uint64_t seconds = ns / NS_PER_SECOND + (ns % NS_PER_SECOND != 0);

	(void)alarm(seconds > UINT_MAX ? UINT_MAX : (unsigned)seconds);
}

/*
 * chance.c - the seed's dice, the story, and properties that do not hold.
 */
#include <stdarg.h>
#include <stdio.h>

#include "sim.h"

int tracing;
int bad;
static uint64_t state;

void
seed_set(uint64_t seed)
{
	state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	(void)below(2);
	(void)below(2);
}

uint64_t
below(uint64_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * UINT64_C(2685821657736338717) >> 20) % n;
}

uint64_t
between(uint64_t least, uint64_t most)
{
	return least + below(most - least + 1);
}

int
odds(unsigned thousandths)
{
	return below(1000) < thousandths;
}

static void
stamp(FILE *f)
{
	(void)fprintf(f, "%10.4f  ", (double)now / (double)SECOND);
}

void
story(const char *fmt, ...)
{
	va_list ap;

	if (!tracing)
		return;
	stamp(stdout);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)putchar('\n');
}

void
broken(const char *property, const char *fmt, ...)
{
	va_list ap;

	if (bad)
		return;
	bad = 1;
	stamp(stdout);
	(void)printf("%s does not hold: ", property);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)putchar('\n');
}

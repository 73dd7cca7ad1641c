/*
 * sample.c - durations: see sample.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/num.h"
#include "sample.h"

int
samples_add(struct samples *s, uint64_t ns)
{
	uint64_t *grown;
	size_t cap;

	if (s->n == s->cap) {
		cap = s->cap == 0 ? 4096 : 2 * s->cap;
		grown = realloc(s->ns, cap * sizeof(*grown));
		if (grown == NULL)
			return -1;
		s->ns = grown;
		s->cap = cap;
	}
	s->ns[s->n++] = ns;
	return 0;
}

/* The sample that percent of all are not above, in microseconds. */
static double
percentile(const struct samples *s, size_t percent)
{
	size_t place;

	if (s->n == 0)
		return 0;
	place = (s->n - 1) * percent / 100;
	return (double)s->ns[place] / 1e3;
}

void
samples_print(struct samples *s, uint64_t elapsed)
{
	const double seconds = (double)elapsed / 1e9;

	if (s->n > 0)
		qsort(s->ns, s->n, sizeof(*s->ns), num_compare);
	(void)printf("n=%zu s=%.3f per_s=%.1f", s->n, seconds,
	    seconds > 0 ? (double)s->n / seconds : 0);
	(void)printf(" p50_us=%.1f p90_us=%.1f p99_us=%.1f max_us=%.1f",
	    percentile(s, 50), percentile(s, 90), percentile(s, 99),
	    percentile(s, 100));
}

void
samples_free(struct samples *s)
{
	free(s->ns);
}

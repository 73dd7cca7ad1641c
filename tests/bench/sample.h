/*
 * sample.h - durations, all of them kept, and what they say.
 */
#ifndef LITE_RAFT_SAMPLE_H
#define LITE_RAFT_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* All zero is ready for use. */
struct samples {
	uint64_t *ns;
	size_t n, cap;
};

int samples_add(struct samples *, uint64_t ns); /* 0, or -1 (ENOMEM) */

/*
 * Prints "n=N s=SECONDS per_s=RATE p50_us=… p90_us=… p99_us=… max_us=…"
 * without a newline; the samples were taken within elapsed nanoseconds.
 */
void samples_print(struct samples *, uint64_t elapsed);
void samples_free(struct samples *);

#endif

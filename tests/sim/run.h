/*
 * run.h - one run of the simulator, and many of them.
 */
#ifndef LITE_RAFT_SIM_RUN_H
#define LITE_RAFT_SIM_RUN_H

#include "sim.h"
#include "world.h"

#define JOBS_MAX 64u

/* What runs came to, for the summary. */
struct sum {
	uint64_t steps; /* pieces of work of a process */
	uint64_t checks;
	uint64_t commits;
	uint64_t writes;
	uint64_t told;    /* to those who watch */
	uint64_t seconds; /* virtual */
	uint64_t terms;
	uint64_t unsearched; /* histories that only the log is a witness for */
};

/* What every run is without. */
extern struct spared spared;

/* An errand; result is a struct sum. */
void run_seed(uint64_t seed, void *result);

/* --- many.c --------------------------------------------------------------- */

struct many {
	uint64_t first;
	uint64_t count;
	size_t jobs; /* at once */
	enum story how;
	int go_on;    /* behind one that is bad */
	int progress; /* says on stderr how far it is */
};

/* All of them, or up to the first that is bad: how many were; says what they did. */
uint64_t many_run(const struct many *);

/* --- shrink.c ------------------------------------------------------------- */

/*
 * Looks for the least of what this seed has in store that still fails, and says how
 * it is repeated: 0, or -1 and a word: the seed does not fail.
 */
int shrink(uint64_t seed, size_t jobs);

#endif

/*
 * many.c - many runs, some at once, each in a process of its own: see run.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "run.h"

#define SAY_EVERY 10.0 /* seconds */

struct progress {
	const struct many *many;
	struct sum sum;
	uint64_t done;
	uint64_t bad;
	uint64_t first_bad;
	double begun;
	double said;
};

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
sum_add(struct sum *sum, const struct sum *one)
{
	sum->steps += one->steps;
	sum->checks += one->checks;
	sum->commits += one->commits;
	sum->writes += one->writes;
	sum->told += one->told;
	sum->seconds += one->seconds;
	sum->terms += one->terms;
	sum->unsearched += one->unsearched;
}

static void
say_how_far(struct progress *p)
{
	double now = seconds(), took = now - p->begun;

	if (!p->many->progress || now - p->said < SAY_EVERY)
		return;
	p->said = now;
	(void)fprintf(stderr,
	    "sim: %" PRIu64 " of %" PRIu64 " seeds, %" PRIu64
	    " bad; %.0f schedules, %.0f steps a second, %.0f s to go\n",
	    p->done, p->many->count, p->bad, (double)p->done / took,
	    (double)p->sum.steps / took,
	    took / (double)p->done * (double)(p->many->count - p->done));
}

static void
one_ends(struct progress *p, struct errand *errands, size_t jobs)
{
	struct sum one = { 0 };
	struct errand *e;
	int how;

	e = errand_end(errands, jobs, &how, &one, sizeof(one));
	p->done++;
	if (how == 0) {
		sum_add(&p->sum, &one);
		return;
	}
	if (p->bad++ == 0)
		p->first_bad = e->number;
}

uint64_t
many_run(const struct many *m)
{
	struct progress p = { .many = m };
	struct errand errands[JOBS_MAX] = { { 0 } };
	struct sum scratch = { 0 };
	uint64_t begun = 0;
	size_t i;
	double took;

	story_set(m->how);
	p.begun = p.said = seconds();
	do {
		for (i = 0; i < m->jobs && begun < m->count && (p.bad == 0 || m->go_on);
		     i++)
			if (errands[i].pid == 0)
				errand_begin(&errands[i], run_seed, m->first + begun++,
				    &scratch, sizeof(scratch));
		one_ends(&p, errands, m->jobs);
		say_how_far(&p);
	} while (p.done < begun || (begun < m->count && (p.bad == 0 || m->go_on)));
	took = seconds() - p.begun;
	/* The same seed is the same run: now with its story. */
	if (p.bad > 0 && m->how == STORY_NONE && !m->go_on) {
		story_set(STORY_KEEP);
		(void)apart(run_seed, p.first_bad, &scratch, sizeof(scratch));
	}
	if (p.sum.unsearched > 0)
		printf("histories found linearizable by the log alone: %" PRIu64 "\n",
		    p.sum.unsearched);
	printf("%" PRIu64 " seeds, %" PRIu64 " bad; %" PRIu64
	       " virtual seconds, %" PRIu64 " terms, %" PRIu64 " entries, %" PRIu64
	       " writes acknowledged, %" PRIu64 " changes told, %" PRIu64
	       " steps, %" PRIu64
	       " checks; %.1f s, %.0f schedules and %.0f steps a second\n",
	    p.done, p.bad, p.sum.seconds, p.sum.terms, p.sum.commits, p.sum.writes,
	    p.sum.told, p.sum.steps, p.sum.checks, took, (double)p.done / took,
	    (double)p.sum.steps / took);
	return p.bad;
}

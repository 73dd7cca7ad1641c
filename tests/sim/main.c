/*
 * sim - Raft under a simulated disk, network and clock: one run a seed, the same
 * run for the same seed, all properties checked after every piece of work.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "history.h"
#include "queue.h"
#include "rows.h"
#include "sim.h"
#include "world.h"

#define LIVE_TIMEOUTS 30u /* election timeouts until all is well again */

/* What a run came to, for the summary. */
struct sum {
	uint64_t checks;
	uint64_t commits;
	uint64_t writes;
	uint64_t seconds; /* virtual */
	uint64_t terms;
};

static void
nodes_begin(void *arg, uint64_t number)
{
	struct node *n = arg;

	(void)number;
	if (n->role == ROLE_STOPPED)
		node_start(n);
}

/* Every node runs and holds all that is committed. */
static int
in_step(void)
{
	uint32_t chain, first = 0;
	size_t i;
	int any = 0;

	for (i = 0; i < config.nodes; i++) {
		/* One that was removed and added again, unheard, knows only the first. */
		if (!admin_is_member(&nodes[i]) || nodes[i].removed)
			continue;
		if (nodes[i].shell == NULL ||
		    !log_image_chain(check_log(i), check_commit(), &chain))
			return 0;
		if (!any)
			first = chain;
		if (chain != first)
			return 0;
		any = 1;
	}
	return 1;
}

static void
healed(void)
{
	uint64_t end = sim_time() + LIVE_TIMEOUTS * config.timeout;
	uint64_t commit = check_commit();
	size_t writes = history_acknowledged();

	/* A leader and a commit, and every node in step, within a few timeouts. */
	while (
	    check_commit() == commit || history_acknowledged() == writes || !in_step())
		if (!queue_step(end))
			violation("LIVE",
			    "%u election timeouts after the trouble was over, %s",
			    LIVE_TIMEOUTS,
			    check_commit() == commit ?
				"nothing more was committed" :
				history_acknowledged() == writes ?
				"no write was acknowledged" :
				"not every node has what was committed");
	clients_stop();
	admins_stop();
	end = sim_time() + LIVE_TIMEOUTS * config.timeout;
	while (clients_busy() > 0 || !in_step())
		if (!queue_step(end))
			violation("LIVE", "%zu clients still wait, or a node lags",
			    clients_busy());
}

static void
run(uint64_t seed, void *result)
{
	struct sum *sum = result;
	struct term t;
	uint64_t end;
	size_t i;

	seed_set(seed);
	config_draw();
	net_set(&config.weather);
	story("seed %" PRIu64 ": %zu nodes, segments of %zu bytes, faults %x every "
	      "%" PRIu64 " ms, doom %u, %zu clients",
	    seed, config.nodes, config.segment_bytes, config.faults,
	    config.fault_every / MILLI, config.doom, config.clients);
	nodes_make();
	for (i = 0; i < config.nodes; i++) {
		queue_in(seed_below(SECOND), nodes_begin, &nodes[i], 0);
		compact_begin(&nodes[i]);
	}
	clients_begin();
	admins_begin();
	faults_begin();
	end = config.trouble;
	while (queue_step(end))
		continue;
	faults_end();
	healed();
	history_check(config.window);
	for (i = 0; i < config.nodes; i++)
		node_power_off(&nodes[i]);
	sum->checks += check_count();
	sum->commits += check_commit();
	sum->writes += history_acknowledged();
	sum->seconds += sim_time() / SECOND;
	if (term_image(nodes[0].machine, IMAGE_DISK, &t) == 0)
		sum->terms += t.current_term;
}

static int
run_apart(uint64_t seed, enum story how, struct sum *sum)
{
	struct sum one = { 0 };

	story_set(how);
	if (apart(run, seed, &one, sizeof(one)) == -1)
		return -1;
	sum->checks += one.checks;
	sum->commits += one.commits;
	sum->writes += one.writes;
	sum->seconds += one.seconds;
	sum->terms += one.terms;
	return 0;
}

static void
usage(void)
{
	(void)fprintf(stderr,
	    "usage: sim [--trace | --keep-going] SEED [COUNT]\n       sim --row ROW\n");
	exit(64);
}

static uint64_t
number(const char *s)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(s, &end, 10);
	if (*s == '\0' || *end != '\0' || errno != 0)
		usage();
	return n;
}

int
main(int argc, char **argv)
{
	struct sum sum = { 0 };
	uint64_t bad = 0, count = 1, first, i;
	enum story how = STORY_NONE;
	struct timespec begin, end;
	int at = 1, go_on = 0;
	double took;

	if (argc == 3 && strcmp(argv[at], "--row") == 0)
		return row_run(argv[2]);
	if (argc > at && strcmp(argv[at], "--trace") == 0) {
		how = STORY_PRINT;
		at++;
	} else if (argc > at && strcmp(argv[at], "--keep-going") == 0) {
		go_on = 1;
		at++;
	}
	if (argc <= at || argc > at + 2)
		usage();
	first = number(argv[at]);
	if (argc == at + 2)
		count = number(argv[at + 1]);
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 0; i < count && (bad == 0 || go_on); i++) {
		if (run_apart(first + i, how, &sum) == 0)
			continue;
		bad++;
		/* The same seed is the same run: now with its story. */
		if (how == STORY_NONE && !go_on)
			(void)run_apart(first + i, STORY_KEEP, &sum);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	took = (double)(end.tv_sec - begin.tv_sec) +
	    (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	printf("%" PRIu64 " seeds, %" PRIu64 " bad; %" PRIu64
	       " virtual seconds, %" PRIu64 " terms, %" PRIu64 " entries, %" PRIu64
	       " writes acknowledged, %" PRIu64
	       " checks; %.1f s, %.0f seeds a second\n",
	    i, bad, sum.seconds, sum.terms, sum.commits, sum.writes, sum.checks, took,
	    (double)i / (took > 0 ? took : 1));
	return bad > 0;
}

/*
 * run.c - one run: a cluster comes up, has its troubles, heals, and is looked at.
 */
#include <inttypes.h>
#include <string.h>

#include "history.h"
#include "queue.h"
#include "run.h"
#include "sim.h"

#define LEAD_TIMEOUTS 12u /* election timeouts until there is a leader and a commit */
#define LIVE_TIMEOUTS 30u /* and until all is well again */

struct spared spared;

static void
nodes_begin(void *arg, uint64_t number)
{
	struct node *n = arg;

	(void)number;
	if (n->role == ROLE_STOPPED)
		node_start(n);
}

/* Every node runs, holds all that is committed, and knows that it is a member. */
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
		if (nodes[i].shell == NULL || !node_standing(&nodes[i], "member") ||
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
	uint64_t soon = sim_time() + LEAD_TIMEOUTS * config.timeout;
	uint64_t end = sim_time() + LIVE_TIMEOUTS * config.timeout;
	uint64_t commit = check_commit();
	size_t writes = history_acknowledged();

	while (check_commit() == commit)
		if (!queue_step(soon))
			violation("LIVE",
			    "%u election timeouts after the trouble was over, nothing "
			    "more was committed",
			    LEAD_TIMEOUTS);
	/* Who calls a host without power waits for ten seconds. */
	while (history_acknowledged() == writes || !in_step() || watchers_behind())
		if (!queue_step(end))
			violation("LIVE",
			    "%u election timeouts after the trouble was over, %s",
			    LIVE_TIMEOUTS,
			    history_acknowledged() == writes ?
				"no write was acknowledged" :
				in_step() ?
				"a watcher was not told of all" :
				"not every node has what was committed, and knows it");
	clients_stop();
	admins_stop();
	end = sim_time() + LIVE_TIMEOUTS * config.timeout;
	while (clients_busy() > 0 || !in_step() || watchers_behind())
		if (!queue_step(end))
			violation("LIVE",
			    "%zu clients still wait, or a node or a watcher lags",
			    clients_busy());
}

void
run_seed(uint64_t seed, void *result)
{
	struct sum *sum = result;
	struct term t;
	uint64_t end;
	size_t i;

	seed_set(seed);
	config_draw(&spared);
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
	watchers_begin();
	admins_begin();
	faults_begin();
	end = config.trouble;
	while (queue_step(end))
		continue;
	faults_end();
	watchers_narrow(0);
	healed();
	sum->unsearched += !history_check(config.window);
	for (i = 0; i < config.nodes; i++)
		node_power_off(&nodes[i]);
	sum->steps += steps;
	sum->checks += check_count();
	sum->commits += check_commit();
	sum->writes += history_acknowledged();
	sum->told += watchers_told();
	sum->seconds += sim_time() / SECOND;
	if (term_image(nodes[0].machine, IMAGE_DISK, &t) == 0)
		sum->terms += t.current_term;
}

/*
 * settings.h - a package's settings: the value of the key pkg/NAME/conf.
 *
 * Lines "NAME VALUE"; blanks around them and empty lines don't matter, a name that is
 * not known does.  An empty value is as if the line was missing.
 *
 *	nodes a b           preferred first; none: any node
 *	failback manual     or auto
 *	restarts 2/10m      in place within that time (s m h d), then it moves
 *	start_timeout 60    stop_timeout 60   status_timeout 20   status_interval 5
 *	on_stop_fail block  or fence
 *	profile default     or fast: what the next five are if they are not set
 *	renew 2             soft 6   grace 3   kill 1   (fast: 1 3 1.5 0.5)
 *	poll 0.5
 *	watchdog            a device, or FIFO, that guard kicks
 *	reboot no           or yes: where the package won't die
 */
#ifndef LITE_RAFT_PKG_SETTINGS_H
#define LITE_RAFT_PKG_SETTINGS_H

#include "core/buf.h"
#include "lease.h"

#define SETTINGS_NODES 16u
#define SETTINGS_PATH  256u

/* How long the owner has, from T0; all in ns. */
struct deadlines {
	uint64_t soft;  /* then it begins to stop */
	uint64_t grace; /* then guard kills */
	uint64_t kill;  /* by then the package is dead */
};

struct settings {
	char node[SETTINGS_NODES][LEASE_NAME + 1];
	unsigned nodes;
	int failback; /* auto */
	unsigned restarts;
	uint64_t restart_window; /* this and all times in ns */
	uint64_t start_timeout;
	uint64_t stop_timeout;
	uint64_t status_timeout;
	uint64_t status_interval;
	int fence; /* on_stop_fail */
	uint64_t renew;
	struct deadlines deadlines;
	int soft_set; /* it was in the text */
	uint64_t poll;
	char watchdog[SETTINGS_PATH];
	int reboot;
};

/*
 * The settings of a text: 0, or -1 and a sentence added to *why.  Each alone and all
 * together are checked, as far as that needs no store.
 */
int settings_parse(struct settings *, const char *text, size_t n, struct buf *why);

/*
 * As init does, with the store's election_timeout in ns: raises soft where it was
 * not set; 0, or -1 and the rule that is broken added to *why.
 */
int settings_fit(struct settings *, uint64_t election_timeout, struct buf *why);

/* L in ms, rounded up, as it is in the lease's limit. */
uint64_t deadlines_limit(const struct deadlines *);

/* A node's place in nodes from 0; -1: it may not run the package. */
int settings_place(const struct settings *, const char *node);

#endif

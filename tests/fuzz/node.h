/*
 * node.h - a node in the current directory, for targets that read files.
 */
#ifndef LITE_RAFT_FUZZ_NODE_H
#define LITE_RAFT_FUZZ_NODE_H

#include <errno.h>

#include "fuzz.h"
#include "state/state.h"

/* Nothing here is to last. */
int fdatasync(int);
int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int fsync(int);
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

static struct os *os;

/* Makes it, alone in its cluster, unless it is there. */
static inline void
node_here(void)
{
	struct members m = { 0 };
	struct state *st;
	char why[256];

	os = os_open(".");
	MUST(os != NULL);
	MUST(node_init(os, "a", why) == 0 || errno == EEXIST);
	st = state_open(os, why);
	MUST(st != NULL && state_lock(st) == 0);
	if (strcmp(st->cluster, "-") == 0)
		MUST(members_add(&m, "a", st->me.id) == 0 && node_form(st, &m) == 0);
	MUST(state_unlock(st) == 0);
	state_close(st);
}

static inline void
file_put(const char *path, const void *p, size_t n)
{
	int fd;

	(void)disk_remove(os, path);
	fd = disk_open(os, path, DISK_CREATE);
	MUST(fd != -1);
	MUST(n == 0 || disk_write(os, fd, p, n, 0) == 0);
	MUST(disk_close(os, fd) == 0);
}

#endif

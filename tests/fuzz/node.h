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

/* The node as node_keep found it. */
static struct {
	const char *path;
	char *p;
	size_t n;
} kept[] = { { "state/node", NULL, 0 }, { "state/lock", NULL, 0 },
	{ "state/term", NULL, 0 } };

#define KEPT (sizeof(kept) / sizeof(kept[0]))

/* It is as it was, and its log is empty. */
static inline void
node_again(void)
{
	char path[64], **names = disk_names(os, "state/log");
	size_t i;

	for (i = 0; names != NULL && names[i] != NULL; i++) {
		(void)snprintf(path, sizeof(path), "state/log/%.40s", names[i]);
		MUST(disk_remove(os, path) == 0);
	}
	disk_names_free(names);
	(void)disk_remove(os, "state/members");
	(void)disk_remove(os, "message-log/node.log");
	for (i = 0; i < KEPT; i++)
		file_put(kept[i].path, kept[i].p, kept[i].n);
}

/* Makes a node a of no cluster, whose id others can know, to come back to. */
static inline void
node_keep(void)
{
	const char begin[] = "lite-raft-node 1 a ";
	char why[256];
	size_t i;

	os = os_open(".");
	MUST(os != NULL && node_init(os, "a", why) == 0);
	MUST(disk_mkdir(os, "run") == 0 && disk_mkdir(os, "message-log") == 0);
	for (i = 0; i < KEPT; i++) {
		kept[i].p = disk_slurp(os, kept[i].path, 1u << 20, &kept[i].n);
		MUST(kept[i].p != NULL);
	}
	MUST(strncmp(kept[0].p, begin, strlen(begin)) == 0);
	memcpy(kept[0].p + strlen(begin), "0123456789abcdef", ID_DIGITS);
	node_again();
}

#endif

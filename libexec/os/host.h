/*
 * host.h - what a struct os is on a real machine.
 */
#ifndef LITE_RAFT_HOST_H
#define LITE_RAFT_HOST_H

struct os {
	int dir; /* the node's directory; paths are relative to it */
};

/* openat(2), close-on-exec, mode 0600, until no signal interrupts it. */
int open_at(int dir, const char *path, int flags);

#endif

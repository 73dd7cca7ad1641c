/*
 * host.h - what a struct os is on a real machine.
 */
#ifndef LITE_RAFT_HOST_H
#define LITE_RAFT_HOST_H

struct os {
	int dir; /* the node's directory; paths are relative to it */
};

#endif

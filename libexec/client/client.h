/*
 * client.h - what a client does: it finds the leader, and asks it.
 *
 * Each of the three ends with an exit status, having said on stderr why it is
 * none of 0 and 1.
 */
#ifndef LITE_RAFT_CLIENT_CLIENT_H
#define LITE_RAFT_CLIENT_CLIENT_H

#include "reach.h"

int one_run(struct reach *, struct client *);   /* one request */
int batch_run(struct reach *, struct client *); /* those on stdin */
int watch_run(struct reach *, struct client *); /* until something ends it */

#endif

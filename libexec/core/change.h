/*
 * change.h - how one configuration becomes the next (§6; thesis §4.2, §4.3).
 *
 * A node that is added enters as a learner, so that the others need not wait for
 * it; once it has caught up, the configuration is joint; once that is committed,
 * the new one alone follows.  A voter that is removed begins with the joint one.
 * Learners come and go in one step, since no majority has anything to do with them.
 */
#ifndef LITE_RAFT_CHANGE_H
#define LITE_RAFT_CHANGE_H

#include "members.h"

enum change { CHANGE_NONE, CHANGE_ENTERING, CHANGE_JOINT };

/* Which change a configuration is in the middle of; *place: whose (or NULL). */
enum change change_under_way(const struct members *, size_t *place);

/*
 * Make the configuration that a change begins with: 0; 1: it is so, or on the way
 * there, already; -1: it can't be, and *why says why of the node, as in "is a
 * member already".
 */
int change_add(struct members *, const char *name, const char *id, int learner,
    const char **why);
int change_del(struct members *, const char *name, const char **why);

/* The one that enters has caught up, or is given up. */
void change_promote(struct members *);
void change_give_up(struct members *);

/* From the joint configuration to the new one. */
void change_settle(struct members *);

#endif

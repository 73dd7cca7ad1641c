/*
 * cgroup.h - control groups (Linux, version 2): what is in one stays in it, however
 * often it forks.  Directories are those of cgroup2's file system.
 */
#ifndef PKG_CGROUP_H
#define PKG_CGROUP_H

#include <stddef.h>

/*
 * The directory, to be freed, of a group of that name below our own, made if it is
 * not there; NULL where that can't be had.
 */
char *cgroup_make(const char *name);

/*
 * The directory, to be freed, of PATH as seen from the top; NULL: there is no cgroup2, or
 * the path is one of its mount, which nothing could be found by.
 */
char *cgroup_at(const char *path);

/* In a child: has it, and all that it starts, in there. */
void cgroup_join(const char *dir);

/* Sends SIGKILL to all in it: 1 if something was left in it, or that is not known. */
int cgroup_kill(const char *dir);

#endif

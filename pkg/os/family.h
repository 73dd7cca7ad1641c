/*
 * family.h - the processes of a package: whatever its control script has started,
 * however far it went from there.
 *
 * Where this process adopts orphans (host_adopt), all of them descend from it.
 * Those that an earlier guard left behind are found by a word in their environment,
 * FAMILY_MARK=MARK; and where there is a cgroup, all of them are in it.  Where there
 * is no /proc, they are those in the process groups that are named here.
 */
#ifndef PKG_FAMILY_H
#define PKG_FAMILY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FAMILY_MARK   "PKG_MARK"
#define FAMILY_CGROUP "PKG_CGROUP" /* its directory, for whoever comes after guard */
#define FAMILY_GROUPS 64u
#define FAMILY_WORD   192u /* bytes of FAMILY_MARK=MARK */

/* One that others left behind. */
struct family_member {
	pid_t pid;
	uint64_t start; /* when it was, by the kernel's count: a pid comes again */
};

struct family {
	pid_t spare; /* the process group that is left alone, beside our own; 0: none */
	int proc;    /* /proc; -1: there is none */
	struct family_member *found;
	size_t n_found;
	char word[FAMILY_WORD]; /* what they have in their environment */
	int own_cgroup;         /* the first one is all theirs */
	int strangers; /* but those that were there before it may not be in it */
	char **cgroup; /* directories */
	size_t n_cgroups;
	pid_t group[FAMILY_GROUPS]; /* where there is no /proc; 0: none */
};

/*
 * Makes a cgroup of that name, and leaves its directory in the environment; or uses that
 * which is named there.  0, or -1 with errno.
 */
int family_open(struct family *, const char *mark);

/*
 * Finds what bears the mark and does not descend from us.  It reads the memory of every
 * process of the host, which takes as long as it takes.
 */
void family_find(struct family *);

/* In a child: it becomes one of them. */
void family_join(const char *mark);

/*
 * One more, and what descends from it, if it was started then (0: at any time); its
 * process group, where there is no /proc.
 */
void family_add(struct family *, pid_t, uint64_t start);

/*
 * One more cgroup, by its path as seen from the top, whether it is there or not: 0, or
 * -1: there is no way to find out about it.
 */
int family_add_cgroup(struct family *, const char *path);

/*
 * Sends SIGKILL to all of them: how many of them had not ended before.  None is the
 * proof that the package is dead; what can't be looked at counts as one that lives.  Where
 * there is no cgroup, one that becomes another all the time, faster than /proc is read, is not
 * held.
 */
size_t family_kill(struct family *);

/*
 * The same for those that bear the mark and descend from nobody any more, which is
 * what becomes of an orphan of one that was found; a cgroup makes it needless.  It reads their memory,
 * which takes as long as it takes: for a child, whose descriptors are closed.
 */
size_t family_kill_marked(struct family *);

/* Removes the cgroup, if nothing is left in it. */
void family_close(struct family *);

#endif

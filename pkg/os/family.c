/*
 * family.c - the processes of a package, by their parents.
 */
#include "family.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"

#if !defined(__linux__) && !defined(FAMILY_PLAIN)
#define FAMILY_PLAIN
#endif

/* Takes dir over, which malloc gave: 0, or -1. */
static int
cgroup_keep(struct family *f, char *dir)
{
	char **more;

	if (dir == NULL)
		return -1;
	more = realloc(f->cgroup, (f->n_cgroups + 1) * sizeof(*more));
	if (more == NULL) {
		free(dir);
		return -1;
	}
	f->cgroup = more;
	f->cgroup[f->n_cgroups++] = dir;
	return 0;
}

int
family_add_cgroup(struct family *f, const char *path)
{
	char *dir;
	size_t i;

	dir = path[0] == '/' && path[1] != '\0' ? cgroup_at(path) : NULL;
	for (i = 0; dir != NULL && i < f->n_cgroups; i++)
		if (strcmp(f->cgroup[i], dir) == 0) {
			free(dir);
			return 0;
		}
	return cgroup_keep(f, dir);
}

/* The one that all control scripts are put into. */
static void
cgroup_begin(struct family *f, const char *mark)
{
	const char *known = getenv(FAMILY_CGROUP);
	char *dir = known == NULL ? cgroup_make(mark) : strdup(known);

	if (known == NULL && dir != NULL && setenv(FAMILY_CGROUP, dir, 1) == -1) {
		free(dir);
		dir = NULL;
	}
	/* Where there is none, they are found without. */
	f->own_cgroup = cgroup_keep(f, dir) == 0;
}

void
family_close(struct family *f)
{
	if (f->own_cgroup)
		(void)rmdir(f->cgroup[0]); /* which a package that goes on is in */
}

void
family_join(const char *mark)
{
	const char *dir = getenv(FAMILY_CGROUP);

	if (dir != NULL)
		cgroup_join(dir);
	(void)setenv(FAMILY_MARK, mark, 1);
}

static size_t
cgroups_kill(const struct family *f)
{
	size_t i, n = 0;

	for (i = 0; i < f->n_cgroups; i++)
		n += cgroup_kill(f->cgroup[i]) != 0;
	return n;
}

#ifndef FAMILY_PLAIN

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/num.h"

#define DEPTH 4096 /* generations: a chain that changes meanwhile has an end */

/* What /proc/PID/stat says. */
struct process {
	pid_t pid;
	pid_t parent;
	pid_t group;
	char state;
	long threads;
	uint64_t start;
};

/* Reads a file of /proc/PID whole as far as it fits: its bytes, or -1. */
static ssize_t
process_file(const struct family *f, pid_t pid, const char *file, char *text,
    size_t size)
{
	char path[64];
	size_t len = 0;
	ssize_t n = 1;
	int fd;

	(void)snprintf(path, sizeof(path), "%ld/%s", (long)pid, file);
	fd = openat(f->proc, path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	while (n > 0 && len < size) {
		n = read(fd, text + len, size - len);
		if (n > 0)
			len += (size_t)n;
	}
	(void)close(fd);
	return n == -1 ? -1 : (ssize_t)len;
}

/* 0, or -1: there is no such process. */
static int
process_read(const struct family *f, pid_t pid, struct process *p)
{
	char text[1024], *at;
	long parent, group;
	ssize_t n;

	n = process_file(f, pid, "stat", text, sizeof(text) - 1);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	at = strrchr(text, ')'); /* its name may have anything in it */
	p->pid = pid;
	if (at == NULL ||
	    sscanf(at, /* NOLINT(cert-err34-c): the kernel's own numbers */
		") %c %ld %ld %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
		"%ld %*d %" SCNu64,
		&p->state, &parent, &group, &p->threads, &p->start) != 5 ||
	    group == -1) /* it went away meanwhile: its parent is not told */
		return -1;
	p->parent = (pid_t)parent;
	p->group = (pid_t)group;
	return 0;
}

/* A zombie waits for its parent; but its threads may go on without their first one. */
static int
process_ended(const struct process *p)
{
	return p->state == 'X' || (p->state == 'Z' && p->threads <= 1);
}

static int
was_found(const struct family *f, const struct process *p)
{
	size_t i;

	for (i = 0; i < f->n_found; i++)
		if (f->found[i].pid == p->pid && f->found[i].start == p->start)
			return 1;
	return 0;
}

/* Does p descend from us, or from what was found? */
static int
descends(const struct family *f, const struct process *p)
{
	const pid_t self = getpid();
	struct process q = *p, next;
	int depth;

	for (depth = 0; depth < DEPTH && q.pid > 1; depth++) {
		if (was_found(f, &q) || q.parent == self)
			return 1;
		if (q.parent <= 1)
			return 0;
		if (process_read(f, q.parent, &next) == 0) {
			q = next;
			continue;
		}

		/* It has just ended, and q has another; unless it is hidden from us. */
		if (process_read(f, q.pid, &next) == 0 && next.start == q.start) {
			if (next.parent == q.parent)
				return 0;
			q = next;
		} else if (process_read(f, p->pid, &q) == -1 || q.start != p->start) {
			return 1; /* nobody can tell: one more look */
		}
	}
	return 0;
}

/* Our own process group is this program's, and what it needs to go on. */
static int
is_spared(const struct family *f, const struct process *p)
{
	return p->pid == getpid() || p->group == getpgrp() ||
	    (f->spare > 0 && p->group == f->spare);
}

/*
 * Each control script begins a session, so that a process group that one of the
 * family is in has nobody else in it.  A signal to the whole of it leaves no time
 * for a fork in between.
 */
static void
process_kill_group(const struct process *p)
{
	if (p->group > 1)
		(void)kill(-p->group, SIGKILL);
	(void)kill(p->pid, SIGKILL);
}

/* Calls each with every process of the host: the sum, or 1 where /proc is no use. */
static size_t
for_all(struct family *f,
    size_t (*each)(struct family *, const struct process *, void *), void *arg)
{
	struct process p;
	struct dirent *entry;
	uint64_t pid;
	size_t n = 0;
	DIR *dir;
	int fd;

	fd = openat(f->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd == -1 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		if (fd != -1)
			(void)close(fd);
		return 1;
	}
	while ((entry = readdir(dir)) != NULL)
		if (num_u64(entry->d_name, strlen(entry->d_name), INT32_MAX, &pid) ==
			0 &&
		    process_read(f, (pid_t)pid, &p) == 0)
			n += each(f, &p, arg);
	(void)closedir(dir);
	return n;
}

static size_t
end_one(struct family *f, const struct process *p, void *arg)
{
	struct process now;

	(void)arg;
	if (process_ended(p) || is_spared(f, p) || !descends(f, p))
		return 0;
	if (process_read(f, p->pid, &now) == 0 && now.start == p->start)
		process_kill_group(&now);
	return 1;
}

/* What came to be while one looked is seen by the second look. */
size_t
family_kill(struct family *f)
{
	size_t n = cgroups_kill(f) + for_all(f, end_one, NULL);

	return n > 0 ? n : for_all(f, end_one, NULL);
}

/* Is NAME=VALUE in the environment that it was started with? */
static int
is_marked(const struct family *f, pid_t pid)
{
	const size_t len = strlen(f->word) + 1;
	static char text[131072];
	const char *at = text, *end;
	ssize_t n;

	n = process_file(f, pid, "environ", text, sizeof(text));
	if (n <= 0)
		return 0;
	for (end = text + n; at < end; at += strnlen(at, (size_t)(end - at)) + 1)
		if ((size_t)(end - at) >= len && memcmp(at, f->word, len) == 0)
			return 1;
	return 0;
}

/* Takes it for one of the family, with all that descend from it. */
static void
process_keep(struct family *f, const struct process *p)
{
	struct family_member *more;

	if (was_found(f, p))
		return;
	more = realloc(f->found, (f->n_found + 1) * sizeof(*more));
	if (more == NULL)
		return;
	f->found = more;
	f->found[f->n_found].pid = p->pid;
	f->found[f->n_found++].start = p->start;
}

static size_t
find_one(struct family *f, const struct process *p, void *arg)
{
	(void)arg;
	if (process_ended(p) || is_spared(f, p) || !is_marked(f, p->pid))
		return 0;
	process_keep(f, p);
	return 1;
}

static size_t
end_marked(struct family *f, const struct process *p, void *arg)
{
	if (find_one(f, p, arg) == 0)
		return 0;
	process_kill_group(p);
	return 1;
}

size_t
family_kill_marked(struct family *f)
{
	f->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return for_all(f, end_marked, NULL);
}

int
family_open(struct family *f, const char *mark)
{
	memset(f, 0, sizeof(*f));
	f->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->proc == -1)
		return -1;
	cgroup_begin(f, mark);
	(void)snprintf(f->word, sizeof(f->word), FAMILY_MARK "=%s", mark);
	return 0;
}

void
family_find(struct family *f)
{
	(void)for_all(f, find_one, NULL);
	/* Who ran the guard that they are of may have been in another cgroup. */
	f->strangers = f->n_found > 0;
}

void
family_add(struct family *f, pid_t pid, uint64_t start)
{
	struct process p;

	if (pid > 1 && start != 0 && process_read(f, pid, &p) == 0 && p.start == start)
		process_keep(f, &p);
}

#else

int
family_open(struct family *f, const char *mark)
{
	memset(f, 0, sizeof(*f));
	f->proc = -1;
	cgroup_begin(f, mark);
	return 0;
}

void
family_find(struct family *f)
{
	(void)f;
}

void
family_add(struct family *f, pid_t group, uint64_t start)
{
	size_t i, at = 0;

	(void)start;
	for (i = 0; i < FAMILY_GROUPS; i++) {
		if (f->group[i] == group)
			return;
		if (f->group[i] != 0 && kill(-f->group[i], 0) == -1 && errno == ESRCH)
			f->group[i] = 0;
		if (f->group[i] == 0)
			at = i;
	}
	if (group > 1)
		f->group[at] = group;
}

size_t
family_kill_marked(struct family *f)
{
	(void)f;
	return 0;
}

size_t
family_kill(struct family *f)
{
	size_t i, n = cgroups_kill(f);

	for (i = 0; i < FAMILY_GROUPS; i++)
		if (f->group[i] > 1 && kill(-f->group[i], SIGKILL) == 0)
			n++;
	return n;
}

#endif

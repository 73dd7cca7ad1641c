/*
 * kill.c - the end of a package.
 *
 * Addresses go first, so that whoever has the package next may have them, and once more
 * when no process is left that could add one; only then a mount, which one could use.
 */
#include "kill.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/num.h"
#include "host.h"
#include "os/os.h"
#include "release.h"

int
kill_mark(const char *name, char mark[KILL_MARK])
{
	struct stat st;
	char path[KILL_MARK];

	(void)snprintf(path, sizeof(path), "run/%s", name);
	if (stat(path, &st) == -1)
		return -1;
	(void)snprintf(mark, KILL_MARK, "pkg-%s-%jx-%jx", name, (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return 0;
}

int
kill_open(struct kill *k, const char *mark)
{
	memset(k, 0, sizeof(*k));
	return family_open(&k->family, mark);
}

/* Adds what has to be taken away: 0, or -1. */
static int
resource_add(struct kill *k, enum kill_kind kind, const char *name,
    const char *interface)
{
	struct kill_resource *more, r = { .kind = kind };

	r.name = strdup(name);
	r.interface = strdup(interface);
	more = realloc(k->resource, (k->n + 1) * sizeof(*more));
	if (more != NULL)
		k->resource = more;
	if (more == NULL || r.name == NULL || r.interface == NULL) {
		free(r.name);
		free(r.interface);
		return -1;
	}
	k->resource[k->n++] = r;
	return 0;
}

/* Parts text at the blank behind its first word: what comes then, or NULL. */
static char *
part(char *text)
{
	char *blank = strchr(text, ' ');

	if (blank == NULL)
		return NULL;
	*blank = '\0';
	return blank + 1;
}

/* 0, or -1: it can't be seen to. */
static int
kill_resource(struct kill *k, char *kind)
{
	char *first, *second;
	uint64_t pid, start = 0;
	int r = 0;

	first = part(kind);
	if (first != NULL && strcmp(kind, "fs") == 0)
		r = resource_add(k, KILL_MOUNT, first, "");
	else if (first != NULL && strcmp(kind, "device") == 0)
		r = resource_add(k, KILL_DEVICE, first, "");
	else if (first != NULL && strcmp(kind, "cgroup") == 0)
		r = family_add_cgroup(&k->family, first);
	second = first == NULL ? NULL : part(first);
	if (second != NULL && strcmp(kind, "vip") == 0)
		r = resource_add(k, KILL_ADDRESS, first, second);
	else if (second != NULL && strcmp(kind, "group") == 0 &&
	    num_u64(first, strlen(first), INT32_MAX, &pid) == 0 &&
	    (num_u64(second, strlen(second), UINT64_MAX, &start) == 0 ||
		strcmp(second, "-") == 0))
		family_add(&k->family, (pid_t)pid, start);
	return r;
}

static void
kill_forget(struct kill *k)
{
	k->lost = 0;
	buf_cut(&k->told, 0);
	while (k->n > 0) {
		k->n--;
		free(k->resource[k->n].name);
		free(k->resource[k->n].interface);
	}
}

void
kill_resources(struct kill *k, const char *lines)
{
	char *newline, *at, *text = strdup(lines);

	kill_forget(k);
	if (text == NULL || buf_add(&k->told, lines, strlen(lines) + 1) == -1)
		k->lost = 1;
	for (at = text; at != NULL; at = newline) {
		newline = strchr(at, '\n');
		if (newline != NULL)
			*newline++ = '\0';
		if (kill_resource(k, at) == -1)
			k->lost = 1;
	}
	free(text);
}

const char *
kill_told(const struct kill *k)
{
	return k->told.len == 0 ? "" : buf_head(&k->told);
}

void
kill_begin(struct kill *k)
{
	memset(k->done, 0, sizeof(k->done));
	k->why[0] = '\0';
}

/* 0: it is gone; or -1. */
static int
release_one(const struct kill_resource *r)
{
	switch (r->kind) {
	case KILL_ADDRESS:
		return release_address(r->name, r->interface);
	case KILL_MOUNT:
		return release_mount(r->name);
	case KILL_DEVICE:
		return release_device(r->name);
	default:
		return -1;
	}
}

/* What a list of resources calls it. */
static enum kill_kind
kind_of(enum kill_kind kind)
{
	return kind == KILL_READDED ? KILL_ADDRESS : kind;
}

/* Takes away all of a kind, the last one first; in a child. */
static void
release_kind(struct kill *k, enum kill_kind kind)
{
	size_t i = k->n;
	int left = 0;

	process_close_inherited();
	host_lower();
	if (kind == KILL_ORPHAN)
		_exit(family_kill_marked(&k->family) != 0);
	while (i-- > 0)
		if (k->resource[i].kind == kind_of(kind))
			left |= release_one(&k->resource[i]) == -1;
	_exit(left != 0);
}

static int
has_kind(const struct kill *k, enum kill_kind kind)
{
	size_t i;

	if (kind == KILL_ORPHAN)
		return k->family.n_found > 0 &&
		    (!k->family.own_cgroup || k->family.strangers);
	for (i = 0; i < k->n; i++)
		if (k->resource[i].kind == kind_of(kind))
			return 1;
	return 0;
}

/* Has somebody see to a kind: 1 once all of it is gone. */
static int
kind_is_gone(struct kill *k, enum kill_kind kind)
{
	if (k->done[kind] || !has_kind(k, kind))
		return 1;
	if (k->child[kind] == 0)
		k->child[kind] = fork();
	if (k->child[kind] == 0)
		release_kind(k, kind);
	if (k->child[kind] == -1)
		k->child[kind] = 0; /* next time, perhaps */
	return 0;
}

int
kill_round(struct kill *k)
{
	size_t left;
	int gone;

	(void)kind_is_gone(k, KILL_ADDRESS);
	left = family_kill(&k->family);
	if (left > 0) {
		(void)snprintf(k->why, sizeof(k->why), "%zu %s", left,
		    left == 1 ? "process has not ended" : "processes have not ended");
		return 0;
	}
	if (!kind_is_gone(k, KILL_ORPHAN)) {
		(void)snprintf(k->why, sizeof(k->why),
		    "orphans of the package may be there");
		return 0;
	}
	gone = kind_is_gone(k, KILL_READDED);
	if (!kind_is_gone(k, KILL_MOUNT)) {
		(void)snprintf(k->why, sizeof(k->why), "a mount is still there");
		return 0;
	}
	if (!kind_is_gone(k, KILL_DEVICE)) {
		(void)snprintf(k->why, sizeof(k->why),
		    "a device is in use elsewhere, perhaps mounted");
		return 0;
	}
	if (!gone) {
		(void)snprintf(k->why, sizeof(k->why), "an address is still there");
		return 0;
	}
	if (k->lost) {
		(void)snprintf(k->why, sizeof(k->why),
		    "a resource cannot be looked at here");
		return 0;
	}
	return 1;
}

int
kill_reaped(struct kill *k, pid_t pid, int status)
{
	int kind;

	for (kind = 0; kind < KILL_KINDS; kind++) {
		if (k->child[kind] != pid)
			continue;
		k->child[kind] = 0;
		k->done[kind] = WIFEXITED(status) && WEXITSTATUS(status) == 0;
		return 1;
	}
	return 0;
}

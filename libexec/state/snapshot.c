/*
 * snapshot.c - state/snapshot: which snapshots there are, and the newest of them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "state.h"

#define NAME_DIGITS 16u /* of the index, and of the term */

int
snapshot_lock(struct state *st)
{
	int fd = -1;

	if ((disk_mkdir(st->os, "state/snapshot") == 0 || errno == EEXIST) &&
	    (fd = disk_open(st->os, "state/snapshot/lock", DISK_CREATE)) != -1 &&
	    disk_trylock(st->os, fd) == 0)
		return fd;
	(void)snprintf(st->why, sizeof(st->why), "cannot take state/snapshot/lock: %s",
	    errno == EAGAIN ? "another snapshot is on its way" : strerror(errno));
	if (fd != -1) {
		const int saved = errno;

		(void)disk_close(st->os, fd);
		errno = saved;
	}
	return -1;
}

void
snapshot_path(char path[SNAPSHOT_PATH], const struct snapshot_name *name,
    const char *suffix)
{
	(void)snprintf(path, SNAPSHOT_PATH,
	    "state/snapshot/%016" PRIu64 ".%016" PRIu64 "%s", name->index, name->term,
	    suffix);
}

int
snapshot_name_parse(const char *text, struct snapshot_name *name)
{
	if (strlen(text) < 2 * NAME_DIGITS + 1 || text[NAME_DIGITS] != '.' ||
	    num_u64(text, NAME_DIGITS, NUMBER_MAX, &name->index) == -1 ||
	    num_u64(text + NAME_DIGITS + 1, NAME_DIGITS, NUMBER_MAX, &name->term) == -1)
		return -1;
	return 0;
}

struct snapshot_name *
snapshot_list(struct state *st, const char *suffix, size_t *n)
{
	char **names;
	struct snapshot_name *list;
	size_t i;

	*n = 0;
	names = disk_names(st->os, "state/snapshot");
	if (names == NULL && errno == ENOENT)
		return calloc(1, sizeof(*list));
	if (names == NULL)
		return NULL;
	for (i = 0; names[i] != NULL; i++)
		continue;
	list = calloc(i + 1, sizeof(*list));
	for (i = 0; list != NULL && names[i] != NULL; i++)
		if (snapshot_name_parse(names[i], &list[*n]) == 0 &&
		    strcmp(names[i] + 2 * NAME_DIGITS + 1, suffix) == 0)
			(*n)++;
	disk_names_free(names);
	return list;
}

int
snapshot_manifest(struct state *st, const struct snapshot_name *name,
    const char *suffix, struct manifest *m)
{
	char path[SNAPSHOT_PATH], *text;
	size_t n;
	int r;

	snapshot_path(path, name, suffix);
	(void)snprintf(path + strlen(path), sizeof(path) - strlen(path), "/manifest");
	text = disk_slurp(st->os, path, MANIFEST_MAX, &n);
	if (text == NULL)
		return -1;
	r = manifest_parse(m, text, n);
	free(text);
	if (r == -1 || m->index != name->index || m->term != name->term) {
		m->index = 0;
		errno = EILSEQ;
		return -1;
	}
	return 0;
}

/* What is rotten, missing, or on a bad sector will be no better the next time. */
static int
is_rot(int error)
{
	return error == EILSEQ || error == ENOENT || error == EIO || error == EFBIG;
}

int
snapshot_load(struct state *st)
{
	struct snapshot_name *list;
	size_t all, n;
	int found = 0;

	list = snapshot_list(st, "", &all);
	if (list == NULL)
		return state_fail(st, "cannot list state/snapshot: %s",
		    strerror(errno));
	for (n = all; !found && n > 0;) {
		n--;
		/* A snapshot never changes under its name. */
		found = (st->snap.index == list[n].index &&
			    st->snap.term == list[n].term) ||
		    snapshot_manifest(st, &list[n], "", &st->snap) == 0;
		if (!found && !is_rot(errno)) {
			free(list);
			return state_fail(st, "cannot read a snapshot's manifest: %s",
			    strerror(errno));
		}
	}
	if (!found)
		st->snap.index = 0;
	free(list);
	return all > 0 && (!found || n + 1 < all);
}

int
snapshot_remove(struct state *st, const struct snapshot_name *name, const char *suffix)
{
	char file[SNAPSHOT_PATH + 256], old[SNAPSHOT_PATH], path[SNAPSHOT_PATH],
	    **names;
	size_t i;
	int bad = 0;

	snapshot_path(path, name, suffix);
	/* A whole one goes at once, or not at all. */
	if (*suffix == '\0') {
		snapshot_path(old, name, ".old");
		if (disk_rename(st->os, path, old) == -1)
			return errno == ENOENT ? 0 : -1;
		/* Else what goes below may be durable before its name is. */
		if (disk_syncdir(st->os, "state/snapshot") == -1)
			return -1;
		memcpy(path, old, sizeof(path));
	}
	names = disk_names(st->os, path);
	if (names == NULL)
		return errno == ENOENT ? 0 : -1;
	for (i = 0; !bad && names[i] != NULL; i++) {
		(void)snprintf(file, sizeof(file), "%s/%.255s", path, names[i]);
		bad = disk_remove(st->os, file);
	}
	disk_names_free(names);
	return bad ? -1 : disk_remove(st->os, path);
}

int
snapshot_put(struct state *st, const struct snapshot_name *name, const char *suffix)
{
	char from[SNAPSHOT_PATH], to[SNAPSHOT_PATH];

	snapshot_path(from, name, suffix);
	snapshot_path(to, name, "");
	if (snapshot_remove(st, name, "") == -1 || disk_rename(st->os, from, to) == -1)
		return state_fail(st, "cannot rename %s: %s", from, strerror(errno));
	if (snapshot_load(st) == -1)
		return -1;
	/* An older one is no stand-in: where the log ends is decided by this. */
	if (st->snap.index != name->index || st->snap.term != name->term)
		return state_fail(st, "cannot read %s/manifest: %s", to, strerror(EIO));
	return 0;
}

int
snapshot_sync(struct state *st)
{
	if (disk_syncdir(st->os, "state/snapshot") == -1 ||
	    disk_syncdir(st->os, "state") == -1) /* it may be the first one */
		return state_fail(st, "cannot sync state/snapshot: %s",
		    strerror(errno));
	return 0;
}

int
snapshot_enter(struct state *st, const struct snapshot_name *name, const char *suffix)
{
	if (state_change(st) == -1 || snapshot_put(st, name, suffix) == -1)
		return -1;
	return state_settle(st);
}

/* Sets aside one that is damaged: 1, 0 it is not, or -1. */
static int
judge_one(struct state *st, const struct snapshot_name *name)
{
	struct manifest m;
	char bad[SNAPSHOT_PATH], path[SNAPSHOT_PATH], why[SNAPSHOT_WHY];

	snapshot_path(path, name, "");
	(void)snprintf(why, sizeof(why), "its manifest is damaged");
	if (snapshot_manifest(st, name, "", &m) == 0 &&
	    snapshot_verify(st->os, &m, "", why) == 0)
		return 0;
	if (!is_rot(errno))
		return state_fail(st, "cannot read %s: %s", path, strerror(errno));
	note(st->os, st->term.current_term, "snapshot: %s is damaged and set aside: %s",
	    path, why);
	snapshot_path(bad, name, ".bad");
	if (snapshot_remove(st, name, ".bad") == -1 ||
	    disk_rename(st->os, path, bad) == -1)
		return state_fail(st, "cannot rename %s: %s", path, strerror(errno));
	return 1;
}

int
snapshot_judge(struct state *st)
{
	struct snapshot_name *list;
	size_t i, n;
	int bad = 0, r = 0;

	list = snapshot_list(st, "", &n);
	for (i = 0; list != NULL && r != -1 && i < n; i++) {
		r = judge_one(st, &list[i]);
		bad |= r;
	}
	free(list);
	if (list == NULL || r == -1)
		return r == -1 ?
		    -1 :
		    state_fail(st, "cannot list state/snapshot: %s", strerror(errno));
	if (bad && disk_syncdir(st->os, "state/snapshot") == -1)
		return state_fail(st, "cannot sync state/snapshot: %s",
		    strerror(errno));
	list = snapshot_list(st, ".bad", &n);
	if (list == NULL)
		return state_fail(st, "cannot list state/snapshot: %s",
		    strerror(errno));
	st->rotten = n > 0 ? list[n - 1].index : 0;
	free(list);
	st->snap.index = 0;
	return snapshot_load(st) == -1 ? -1 : 0;
}

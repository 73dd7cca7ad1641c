/*
 * take.c - a snapshot of what is committed, and the end of what it makes
 * superfluous (§7).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define KEPT 2u /* snapshots: the older serves where the newest is damaged */

/* One of more bytes than that is not taken anew for a quarter as many of log, but
 * for twice as many (thesis §5.1.3), or for as many entries as are replayed in
 * 0.15 s. */
#define SMALL   (1024u * 1024)
#define ENTRIES 100000u

/* Writes the store as it was at m->index: 0, or -1. */
static int
store_write(struct state *st, const struct store *store, struct manifest *m)
{
	struct writer *w;
	int r;

	w = writer_open(st, m, st->why);
	if (w == NULL)
		return -1;
	r = store_each(store, writer_item, w);
	if (r == 0)
		r = store_requests(store, m->index, writer_request, w);
	if (r == 0)
		r = writer_end(w, m);
	writer_close(w);
	return r;
}

/* Makes the snapshot that is to be the newest, of index, with .new: 0, or -1. */
static int
make(struct state *st, uint64_t index, struct snapshot_name *name)
{
	struct manifest m = st->snap;
	struct reader *base = NULL;
	struct store *store;
	int r = -1;

	store = store_new(STORE_WINDOW);
	if (store == NULL)
		(void)snprintf(st->why, sizeof(st->why),
		    "cannot take a snapshot: no memory is left");
	else
		r = store_load(st, store, &base);
	if (r == 0)
		r = log_replay(st, store, &m, index);
	*name = (struct snapshot_name){ m.index, m.term };
	if (r == 0) {
		r = store_write(st, store, &m);
		/* What was written of it takes room that the log may need. */
		if (r == -1)
			(void)snapshot_remove(st, name, ".new");
	}
	store_free(store);
	reader_close(base);
	return r;
}

int
log_drop_before(struct state *st, uint64_t index)
{
	uint64_t *list;
	size_t n;
	int dropped = 1, r = 0;

	/* One at a time, the oldest first, and durably: what is left is always a
	 * log, and nobody waits long for the lock. */
	while (r == 0 && dropped) {
		if (state_lock(st) == -1)
			return -1;
		list = segment_list(st, &n);
		if (list == NULL)
			return state_fail(st, "cannot list state/log: %s",
			    strerror(errno));
		dropped = n > 1 && list[1] <= index + 1 && list[0] != st->tail.segment;
		if (dropped)
			r = state_change(st) == -1 || segment_drop(st, list[0]) == -1 ||
				state_settle(st) == -1 ?
			    -1 :
			    0;
		free(list);
		if (state_unlock(st) == -1)
			return -1;
		if (r == 0 && dropped && disk_syncdir(st->os, "state/log") == -1)
			return state_fail(st, "cannot sync state/log: %s",
			    strerror(errno));
	}
	return r;
}

/* Removes all that are not whole under their name: 0, or -1. */
static int
leftovers_remove(struct state *st, const char *suffix)
{
	struct snapshot_name *list;
	size_t n;
	int r = 0;

	list = snapshot_list(st, suffix, &n);
	if (list == NULL)
		r = -1;
	while (r == 0 && n > 0)
		r = snapshot_remove(st, &list[--n], suffix);
	free(list);
	if (r == -1)
		(void)snprintf(st->why, sizeof(st->why),
		    "cannot clear state/snapshot: %s", strerror(errno));
	return r;
}

/*
 * Keeps the newest snapshots, and the log behind the older of them.  What can't be
 * read today, for want of memory or by the disk's fault, is passed over.
 */
static int
compact(struct state *st)
{
	struct snapshot_name *list;
	struct manifest m;
	uint64_t oldest = 0;
	size_t kept = 0, n;
	int r = 0;

	list = snapshot_list(st, "", &n);
	if (list == NULL)
		return state_fail(st, "cannot list state/snapshot: %s",
		    strerror(errno));
	while (r == 0 && n-- > 0) {
		if (kept < KEPT && snapshot_manifest(st, &list[n], "", &m) == 0) {
			kept++;
			oldest = m.index;
		} else if (kept == KEPT || errno == EILSEQ || errno == ENOENT)
			r = snapshot_remove(st, &list[n], "");
	}
	free(list);
	if (r == -1)
		return state_fail(st, "cannot remove a snapshot: %s", strerror(errno));
	return kept == KEPT ? log_drop_before(st, oldest) : 0;
}

/* The index of the newest one, whether or not it could be read: 0, or -1. */
static int
newest(struct state *st, uint64_t *index)
{
	struct snapshot_name *list;
	size_t n;

	list = snapshot_list(st, "", &n);
	if (list == NULL)
		return state_fail(st, "cannot list state/snapshot: %s",
		    strerror(errno));
	*index = n > 0 ? list[n - 1].index : 0;
	free(list);
	return 0;
}

/* With state/snapshot/lock held: 0, 1, or -1. */
static int
take(struct state *st)
{
	struct snapshot_name name;
	uint64_t commit, last;

	if (leftovers_remove(st, ".new") == -1 || leftovers_remove(st, ".old") == -1)
		return -1;
	if (state_lock(st) == -1)
		return -1;
	commit = log_committed(st);
	if (state_unlock(st) == -1 || install_tidy(st, st->snap.index) == -1 ||
	    newest(st, &last) == -1)
		return -1;
	if (commit <= last) {
		(void)snprintf(st->why, sizeof(st->why),
		    "cannot take a snapshot: nothing is committed behind index %" PRIu64,
		    last);
		return 1;
	}
	/* Without the lock: what is committed stays as it is. */
	if (make(st, commit, &name) == -1)
		return -1;
	if (state_lock(st) == -1 || snapshot_enter(st, &name, ".new") == -1) {
		(void)snapshot_remove(st, &name, ".new");
		return -1;
	}
	/* Nobody has to wait for this: until it is done the log says the same. */
	if (state_unlock(st) == -1 || snapshot_sync(st) == -1)
		return -1;
	note(st->os, st->term.current_term,
	    "snapshot: taken at index %" PRIu64 ", %" PRIu64 " keys, %" PRIu64 " bytes",
	    st->snap.index, st->snap.keys, manifest_bytes(&st->snap));
	return compact(st) == -1 || leftovers_remove(st, ".bad") == -1 ? -1 : 0;
}

int
snapshot_take(struct state *st)
{
	int fd, r;

	fd = snapshot_lock(st);
	if (fd == -1)
		return errno == EAGAIN ? 1 : -1;
	r = take(st);
	(void)disk_close(st->os, fd);
	return r;
}

/*
 * How many bytes of log lie behind the newest snapshot; *from is where they begin,
 * as it was found the last time.
 */
static int
log_behind(struct state *st, struct cursor *from, uint64_t *bytes)
{
	struct tail before;
	uint64_t *list;
	off_t size = 0;
	size_t i, n;

	*bytes = 0;
	if (from->index != st->snap.index + 1 &&
	    log_place(st, st->snap.index + 1, from, &before) == -1)
		return errno == ENOENT ? 0 : -1;
	list = segment_list(st, &n);
	if (list == NULL)
		return state_fail(st, "cannot list state/log: %s", strerror(errno));
	for (i = 0; i < n && size != -1 && list[i] <= st->tail.segment; i++) {
		if (list[i] < from->segment)
			continue;
		size = (off_t)st->tail.off;
		if (list[i] != st->tail.segment)
			size = segment_look(st, list[i]) == -1 ?
			    -1 :
			    disk_size(st->os, st->segment_fd);
		*bytes += (uint64_t)size;
		if (list[i] == from->segment)
			*bytes -= from->off < *bytes ? from->off : *bytes;
	}
	free(list);
	return size == -1 ? -1 : 0;
}

int
snapshot_due(struct state *st, uint64_t period, struct cursor *from)
{
	uint64_t bytes, commit, written;

	commit = run_commit_load(st->os);
	if (commit < st->snap.index || commit - st->snap.index < period)
		return 0;
	/* Another may have been taken or installed since. */
	if (state_lock(st) == -1 || state_unlock(st) == -1)
		return -1;
	commit = log_committed(st);
	if (commit < st->snap.index || commit - st->snap.index < period)
		return 0;
	if (log_behind(st, from, &bytes) == -1)
		return -1;
	written = manifest_bytes(&st->snap);
	return bytes >= written / 4 &&
	    (written < SMALL || bytes / 2 >= written ||
		commit - st->snap.index >= ENTRIES);
}

/*
 * make.c - makes the small nodes.
 */
#include <inttypes.h>

#include "../unit/must.h"
#include "bits.h"
#include "core/command.h"
#include "core/crc.h"

const char *const kinds[] = { "whole", "young", "unsettled", "behind", "alone", NULL };

static void
say(const struct state *st, int r)
{
	if (r == -1) {
		(void)fprintf(stderr, "cannot make a node: %s\n", st->why);
		exit(1);
	}
}

/* --- the log ----------------------------------------------------------------- */

/* The first is the configuration; then writes of a few keys, some twice. */
static void
entry_put(struct truth *t, uint64_t index)
{
	struct record r = { .index = index, .term = 2 + index / 12 };
	struct buf payload = { 0 };
	struct command c = { .verb = VERB_SET };
	char key[16], value[128];
	size_t n = 8 + (size_t)(index * 37 % 90);

	(void)snprintf(key, sizeof(key), "key%u", (unsigned)(index * 5 % 11));
	memset(value, 'a' + (int)(index % 26), n);
	c.key = (struct bytes){ key, strlen(key) };
	c.value = (struct bytes){ value, n };
	r.type = RECORD_COMMAND;
	r.id = (struct request_id){ index / 2, 1 + index / 3 };
	if (index == 1) {
		r.type = RECORD_MEMBERS;
		r.term = 0;
		r.id = (struct request_id){ 0, 0 };
		MUST(members_print(&t->members, &payload) == 0);
	} else if (index % 12 == 0)
		r.type = RECORD_NOOP;
	else
		MUST(command_encode(&c, &payload) == 0);
	if (r.type != RECORD_COMMAND)
		r.id = (struct request_id){ 0, 0 };
	t->at[index] = t->log.len;
	MUST(record_encode(&r, t->chain[index - 1], buf_head(&payload), payload.len,
		 &t->log) == 0);
	t->chain[index] = r.chain;
	t->at[index + 1] = t->log.len;
	buf_free(&payload);
}

/* Appends entries up to last, under the lock; they are durable. */
static void
append(struct state *st, const struct truth *t, uint64_t last)
{
	struct buf b = { 0 };
	const size_t from = t->at[st->tail.index + 1];

	MUST(buf_add(&b, buf_head(&t->log) + from, t->at[last + 1] - from) == 0);
	say(st, state_change(st));
	say(st, log_append(st, buf_head(&b), b.len));
	say(st, log_sync(st));
	buf_free(&b);
}

static void
grow(struct state *st, const struct truth *t, uint64_t last)
{
	uint64_t next;
	int fd;

	while (st->tail.index < last) {
		next = st->tail.index + 3 < last ? st->tail.index + 3 : last;
		say(st, state_lock(st));
		append(st, t, next);
		say(st, state_settle(st));
		say(st, state_unlock(st));
	}
	fd = run_open(st->os, "commit_index");
	MUST(fd != -1);
	run_commit_store(st->os, fd, last);
	MUST(disk_close(st->os, fd) == 0);
}

/* --- what is true of it -------------------------------------------------------- */

static int
item_sum(void *sum, struct bytes key, struct bytes value)
{
	uint32_t *crc = sum;

	*crc = crc32c(crc32c(*crc, key.at, key.len), value.at, value.len);
	return 0;
}

int
store_crc(const struct store *store, uint32_t *crc)
{
	*crc = 0;
	return store_each(store, item_sum, crc);
}

/* The store at each index, from the log alone. */
static void
stores_note(struct state *st, struct truth *t)
{
	struct store *store = store_new(STORE_WINDOW);
	struct manifest m = { 0 };

	MUST(store != NULL);
	say(st, state_lock(st));
	while (m.index < ENTRIES) {
		say(st, log_replay(st, store, &m, m.index + 1));
		MUST(store_crc(store, &t->store[m.index]) == 0);
	}
	say(st, state_unlock(st));
	store_free(store);
}

static void
image_take(struct os *os, struct truth *t, const char *dir, const char *name)
{
	struct image *m = &t->file[t->files++];

	MUST(t->files <= FILES_MAX);
	(void)snprintf(m->path, sizeof(m->path), "%s/%s", dir, name);
	m->p = disk_slurp(os, m->path, 1u << 24, &m->n);
	MUST(m->p != NULL);
}

/* All files of a directory; those of no bytes stay where they are. */
static void
images_take(struct os *os, struct truth *t, const char *dir)
{
	char path[PATH_LENGTH], **names = disk_names(os, dir), **below;
	size_t i;

	for (i = 0; names != NULL && names[i] != NULL; i++) {
		if (strcmp(names[i], "lock") == 0 && strcmp(dir, "state") != 0)
			continue;
		if (strcmp(names[i], "running") == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%.60s", dir, names[i]);
		below = disk_names(os, path);
		if (below == NULL)
			image_take(os, t, dir, names[i]);
		else
			images_take(os, t, path);
		disk_names_free(below);
	}
	disk_names_free(names);
}

/* --- the node -------------------------------------------------------------------- */

static struct state *
form(struct os *os, struct truth *t)
{
	static const char *const id[] = { "00000000000000bb", "00000000000000cc" };
	struct state *st;
	char why[256];
	uint64_t i;
	size_t k;

	MUST(node_init(os, "a", why) == 0);
	st = state_open(os, why);
	MUST(st != NULL);
	st->segment_bytes = SMALL;
	MUST(members_add(&t->members, "a", st->me.id) == 0);
	if (t->size == 3)
		MUST(members_add(&t->members, "b", id[0]) == 0 &&
		    members_add(&t->members, "c", id[1]) == 0);
	t->members.index = 1;
	t->me = st->me;
	t->peer = t->members.who[t->size - 1];
	for (i = 1; i <= ENTRIES; i++)
		entry_put(t, i);
	say(st, state_lock(st));
	say(st, node_form(st, &t->members));
	memcpy(t->cluster, st->cluster, sizeof(t->cluster));
	st->term.current_term = NODE_TERM;
	st->term.voted_for = t->peer;
	say(st, term_save(st));
	say(st, state_unlock(st));
	for (i = 0; i < NODE_BOOTS; i++)
		say(st, node_boot(st));
	for (k = 1; k < t->size; k++)
		(void)seen_raise(st, &t->members.who[k], PEER_BOOTS);
	return st;
}

static void
snapshot_here(struct state *st, const struct truth *t, uint64_t index)
{
	grow(st, t, index);
	say(st, snapshot_take(st));
	MUST(st->snap.index == index);
}

void
node_make(struct os *os, const char *kind, struct truth *t)
{
	struct image lock = { "", NULL, 0 };
	struct state *st;
	size_t i;

	memset(t, 0, sizeof(*t));
	t->size = strcmp(kind, "alone") == 0 ? 1 : 3;
	MUST(disk_mkdir(os, "run") == 0 && disk_mkdir(os, "message-log") == 0);
	st = form(os, t);
	grow(st, t, ENTRIES);
	stores_note(st, t);
	/* The same once more, with snapshots on its way. */
	say(st, state_lock(st));
	say(st, state_change(st));
	say(st, log_cut(st, 2));
	say(st, state_settle(st));
	say(st, state_unlock(st));
	(void)disk_remove(os, "run/commit_index");
	t->tail = t->least = ENTRIES;
	if (strcmp(kind, "young") != 0) {
		snapshot_here(st, t, 10);
		snapshot_here(st, t, 18);
		t->snap = 18;
	}
	if (strcmp(kind, "behind") == 0) {
		/* As an install leaves it: an empty log behind a snapshot. */
		say(st, state_lock(st));
		say(st, state_change(st));
		say(st, log_drop(st));
		say(st, state_settle(st));
		say(st, state_unlock(st));
		t->tail = t->least = t->snap;
	} else if (strcmp(kind, "unsettled") == 0) {
		/* The last batch is durable, what state/lock says of it is not. */
		t->least = ENTRIES - 4;
		grow(st, t, t->least);
		image_take(os, t, "state", "lock");
		lock = t->file[--t->files];
	}
	if (t->tail == ENTRIES)
		grow(st, t, ENTRIES);
	state_close(st);
	images_take(os, t, "state");
	for (i = 0; lock.p != NULL && i < t->files; i++)
		if (strcmp(t->file[i].path, lock.path) == 0)
			t->file[i] = lock;
}

/* --- back to what it was ------------------------------------------------------------ */

static int
is_image(const struct truth *t, const char *path)
{
	size_t i;

	for (i = 0; i < t->files; i++)
		if (strcmp(t->file[i].path, path) == 0)
			return 1;
	return 0;
}

/* Removes what is no image's, and a snapshot that is left empty. */
static void
clear(struct os *os, const struct truth *t, const char *dir)
{
	char path[PATH_LENGTH], **names = disk_names(os, dir), **below;
	size_t i;

	for (i = 0; names != NULL && names[i] != NULL; i++) {
		if (strcmp(names[i], "lock") == 0 || strcmp(names[i], "running") == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%.60s", dir, names[i]);
		below = disk_names(os, path);
		if (below != NULL) {
			clear(os, t, path);
			if (strcmp(dir, "state") != 0)
				(void)disk_remove(os, path);
		} else if (!is_image(t, path))
			MUST(disk_remove(os, path) == 0);
		disk_names_free(below);
	}
	disk_names_free(names);
}

/* Writes it over what is there; p NULL: it is missing. */
static void
image_put(struct os *os, const struct image *m)
{
	char dir[PATH_LENGTH];
	int fd;

	(void)disk_remove(os, m->path);
	if (m->p == NULL)
		return;
	fd = disk_open(os, m->path, DISK_CREATE);
	if (fd == -1) {
		(void)snprintf(dir, sizeof(dir), "%s", m->path);
		*strrchr(dir, '/') = '\0';
		MUST(disk_mkdir(os, dir) == 0);
		fd = disk_open(os, m->path, DISK_CREATE);
	}
	MUST(fd != -1);
	MUST(m->n == 0 || disk_write(os, fd, m->p, m->n, 0) == 0);
	MUST(disk_close(os, fd) == 0);
}

void
images_put(struct os *os, const struct truth *t)
{
	size_t i;

	for (i = 0; i < t->files; i++)
		image_put(os, &t->file[i]);
}

void
node_restore(struct os *os, const struct truth *t, const struct image *instead)
{
	size_t i;

	clear(os, t, "state");
	for (i = 0; i < t->files; i++)
		if (instead == NULL || strcmp(t->file[i].path, instead->path) != 0)
			image_put(os, &t->file[i]);
	if (instead != NULL)
		image_put(os, instead);
	(void)disk_remove(os, "message-log/node.log");
	(void)disk_remove(os, "run/commit_index");
	(void)disk_remove(os, "run/stamp");
}

/*
 * replay.c - the state machine of the node in the current directory: entries that
 * follow from their index, so that what became of all of them is known however
 * much of the log is left.
 *
 *	replay write COUNT [BYTES]  adds so many to its log, which are committed; new
 *	                            segments are that large
 *	replay same                 the newest snapshot is what the entries up to its
 *	                            index make, and with the log behind it all of them
 *	replay flips                every bit of the newest snapshot, flipped, is noticed
 *	replay cut                  an item of which the end is missing is none
 *	replay takes                many snapshots, one after the other
 *	replay window               what a window gives away and another takes over
 */
#include <errno.h>
#include <inttypes.h>

#include "core/num.h"
#include "entries.h"

#define KEYS    300u
#define SMALL   8192u /* bytes of a segment */
#define WORDMAX 64u

static struct os *os;

/* --- entries ------------------------------------------------------------- */

/* What stands at an index. */
struct entry {
	char type;
	struct request_id id;
	struct command command;
	char key[WORDMAX], value[8192];
};

/* Keys that begin with each other, and some that are far from all others. */
static size_t
key_make(char key[WORDMAX], uint64_t n)
{
	static const char *const stem[] = { "a", "a/", "a/b", "\001", "\377", "k" };

	if (n % 7 == 0)
		return (size_t)snprintf(key, WORDMAX, "%.*s", 1 + (int)(n / 7 % 40),
		    "0000000000000000000000000000000000000000");
	return (size_t)snprintf(key, WORDMAX, "%s%" PRIu64,
	    stem[n % (sizeof(stem) / sizeof(stem[0]))], n);
}

static void
entry_make(struct entry *e, uint64_t index)
{
	uint64_t d = index * UINT64_C(0x9e3779b97f4a7c15) | 1;
	struct command *c = &e->command;
	size_t i;

	for (i = 0; i < 8; i++)
		(void)dice(&d);
	memset(c, 0, sizeof(*c));
	e->type = RECORD_COMMAND;
	if (index % 59 == 0)
		e->type = RECORD_NOOP;
	if (index % 61 == 0)
		e->type = RECORD_MEMBERS;
	memset(&e->id, 0, sizeof(e->id));
	/* Some are repeats, and some have no id. */
	if (dice(&d) % 4 != 0) {
		e->id.base = index > 40 ? index - 40 : 0;
		e->id.base -= e->id.base % 8;
		e->id.random = 1 + dice(&d) % 24;
	}
	c->key.at = e->key;
	c->key.len = key_make(e->key, dice(&d) % KEYS);
	c->value.at = e->value;
	c->value.len = dice(&d) % (dice(&d) % 50 == 0 ? sizeof(e->value) : 60);
	for (i = 0; i < c->value.len; i++)
		e->value[i] = (char)dice(&d);
	switch (dice(&d) % 8) {
	case 0:
		c->verb = VERB_UNSET;
		break;
	case 1:
		c->verb = VERB_IF_UNSET;
		c->op = OP_EXISTS;
		break;
	case 2:
		c->verb = VERB_IF_SET;
		c->op = OP_ABSENT;
		break;
	case 3:
		c->verb = VERB_NOOP;
		c->key.len = 0;
		break;
	default:
		c->verb = VERB_SET;
	}
	if (c->verb == VERB_UNSET || c->verb == VERB_IF_UNSET || c->verb == VERB_NOOP)
		c->value.len = 0;
}

static void
entries_write(struct state *st, uint64_t count)
{
	struct buf b = { 0 }, payload = { 0 };
	struct entry e;
	struct record r;
	struct tail t;
	int fd;

	SAYS(st, state_lock(st));
	for (t = st->tail; count > 0; count--) {
		r = (struct record){ .index = t.index + 1, .term = 1 };
		entry_make(&e, r.index);
		r.type = e.type;
		buf_cut(&payload, 0);
		if (e.type == RECORD_MEMBERS)
			MUST(members_print(&st->members, &payload) == 0);
		if (e.type == RECORD_COMMAND) {
			r.id = e.id;
			MUST(command_encode(&e.command, &payload) == 0);
		}
		MUST(record_encode(&r, t.chain, buf_head(&payload), payload.len, &b) ==
		    0);
		t.index = r.index;
		t.chain = r.chain;
	}
	SAYS(st, state_change(st));
	SAYS(st, log_append(st, buf_head(&b), b.len));
	SAYS(st, log_sync(st));
	if (term_raise(&st->term, 1))
		SAYS(st, term_store(st));
	SAYS(st, state_settle(st));
	SAYS(st, state_unlock(st));
	(void)disk_mkdir(os, "run");
	fd = run_open(os, "commit_index");
	MUST(fd != -1);
	run_commit_store(os, fd, st->tail.index);
	MUST(disk_close(os, fd) == 0);
	buf_free(&payload);
	buf_free(&b);
}

/* What the entries up to index make; *members is the last configuration's. */
static struct store *
model(uint64_t index, uint64_t *members)
{
	struct store *s = store_new(STORE_WINDOW);
	struct entry e;
	uint64_t i;

	MUST(s != NULL);
	*members = 1;
	for (i = 2; i <= index; i++) {
		entry_make(&e, i);
		if (e.type == RECORD_MEMBERS)
			*members = i;
		if (e.type == RECORD_COMMAND)
			MUST(store_apply(s, i, &e.id, &e.command) != -1);
	}
	return s;
}

/* --- comparing ----------------------------------------------------------- */

static int
item_note(void *b, struct bytes key, struct bytes value)
{
	return item_put(b, key, value);
}

static int
request_note(void *b, const struct seen *s)
{
	return request_put(b, s);
}

static void
buf_same(const struct buf *a, const struct buf *b)
{
	MUST(a->len == b->len);
	MUST(a->len == 0 || memcmp(buf_head(a), buf_head(b), a->len) == 0);
}

static void
lists_same(const struct store *a, const struct store *b, const char *prefix)
{
	struct buf in_a = { 0 }, in_b = { 0 };

	MUST(store_list(a, prefix, strlen(prefix), &in_a) == 0);
	MUST(store_list(b, prefix, strlen(prefix), &in_b) == 0);
	buf_same(&in_a, &in_b);
	buf_free(&in_a);
	buf_free(&in_b);
}

static void
gets_same(const struct store *a, const struct store *b)
{
	struct bytes x, y;
	char key[WORDMAX];
	uint64_t n;
	size_t len;
	int there;

	for (n = 0; n < KEYS + 20; n++) {
		len = key_make(key, n);
		there = store_get(a, key, len, &x);
		MUST(store_get(b, key, len, &y) == there);
		if (there)
			MUST(x.len == y.len && memcmp(x.at, y.at, x.len) == 0);
	}
}

static void
stores_same(const struct store *a, const struct store *b, uint64_t index)
{
	static const char *const prefix[] = { "", "a", "a/", "a/b", "0", "00000",
		"\001", "\377", "\377z", "k1", "zz" };
	struct buf in_a = { 0 }, in_b = { 0 };
	size_t i;

	MUST(store_each(a, item_note, &in_a) == 0);
	MUST(store_each(b, item_note, &in_b) == 0);
	buf_same(&in_a, &in_b);
	buf_cut(&in_a, 0);
	buf_cut(&in_b, 0);
	MUST(store_requests(a, index, request_note, &in_a) == 0);
	MUST(store_requests(b, index, request_note, &in_b) == 0);
	buf_same(&in_a, &in_b);
	buf_free(&in_a);
	buf_free(&in_b);
	for (i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		lists_same(a, b, prefix[i]);
	gets_same(a, b);
}

/* A store of the newest snapshot, compared; then it does as a plain one does. */
static void
same(struct state *st)
{
	struct manifest m;
	struct reader *base;
	struct store *mine = store_new(STORE_WINDOW), *plain;
	struct entry e;
	uint64_t commit = run_commit_load(os), i, members, mine_before, plain_before;
	int outcome;

	MUST(mine != NULL);
	SAYS(st, state_lock(st));
	SAYS(st, state_unlock(st));
	m = st->snap;
	SAYS(st, store_load(st, mine, &base));
	plain = model(m.index, &members);
	MUST(m.index == 0 || m.members.index == members);
	MUST(m.index == 0 || m.members.n == st->members.n);
	stores_same(mine, plain, m.index);
	store_free(plain);

	SAYS(st, log_replay(st, mine, &m, commit));
	MUST(m.index == commit);
	MUST(commit < st->tail.index || m.chain == st->tail.chain);
	plain = model(commit, &members);
	MUST(m.members.index == members);
	stores_same(mine, plain, commit);

	mine_before = store_changes(mine);
	plain_before = store_changes(plain);
	for (i = commit + 1; i < commit + 500; i++) {
		entry_make(&e, i);
		if (e.type != RECORD_COMMAND)
			continue;
		outcome = store_apply(plain, i, &e.id, &e.command);
		MUST(outcome != -1);
		MUST(store_apply(mine, i, &e.id, &e.command) == outcome);
		MUST(store_changes(mine) - mine_before ==
		    store_changes(plain) - plain_before);
	}
	stores_same(mine, plain, i - 1);
	store_free(plain);
	store_free(mine);
	reader_close(base);
}

/* --- takes --------------------------------------------------------------- */

static size_t
snapshots(struct state *st)
{
	struct snapshot_name *list;
	size_t n;

	list = snapshot_list(st, "", &n);
	MUST(list != NULL);
	free(list);
	return n;
}

/* The log begins in the segment of the first entry behind the older snapshot. */
static void
log_is_short(struct state *st)
{
	struct snapshot_name *kept;
	uint64_t *list;
	size_t k, n;

	kept = snapshot_list(st, "", &k);
	MUST(kept != NULL && k == 2);
	list = segment_list(st, &n);
	MUST(list != NULL && n > 0);
	MUST(list[0] <= kept[0].index + 1);
	MUST(n == 1 || list[1] > kept[0].index + 1);
	free(list);
	free(kept);
}

static void
takes(struct state *st)
{
	uint64_t round;

	MUST(snapshot_take(st) == 1);
	st->segment_bytes = SMALL;
	for (round = 0; round < 40; round++) {
		entries_write(st, 20 + round * 7 % 200);
		if (round % 3 == 0)
			same(st);
		SAYS(st, snapshot_take(st));
		MUST(st->snap.index == st->tail.index);
		MUST(snapshot_verify(os, &st->snap, "", st->why) == 0);
		MUST(snapshots(st) == (round == 0 ? 1 : 2));
		if (round > 0)
			log_is_short(st);
		same(st);
		MUST(snapshot_take(st) == 1);
	}
}

/* --- flips --------------------------------------------------------------- */

static struct bytes
file_get(const char *path)
{
	struct bytes b;

	b.at = disk_slurp(os, path, 1u << 24, &b.len);
	MUST(b.at != NULL);
	return b;
}

static void
file_put(const char *path, struct bytes b)
{
	int fd;

	(void)disk_remove(os, path);
	fd = disk_open(os, path, DISK_CREATE);
	MUST(fd != -1 && disk_write(os, fd, b.at, b.len, 0) == 0);
	MUST(disk_close(os, fd) == 0);
}

/* 1 if somebody who looks at all of it sees that it is not whole. */
static int
noticed(struct state *st, const struct snapshot_name *name)
{
	char why[SNAPSHOT_WHY];
	struct manifest m;

	if (snapshot_manifest(st, name, "", &m) == -1)
		return 1;
	if (snapshot_verify(os, &m, "", why) == 0)
		return 0;
	MUST(errno == EILSEQ && strstr(why, "state/snapshot/") != NULL);
	return 1;
}

/* What is read of it all the same is right, or it is an error. */
static void
reads_right(struct state *st, const struct snapshot_name *name, const struct buf *right)
{
	struct buf all = { 0 };
	struct manifest m;
	struct reader *r;
	struct bytes key, value, want;
	char why[SNAPSHOT_WHY];
	size_t at, used;
	int got;

	if (snapshot_manifest(st, name, "", &m) == -1 ||
	    (r = reader_open(os, &m, "", why)) == NULL)
		return;
	key = (struct bytes){ "", 0 };
	got = reader_seek(r, key) == -1 ? -1 : 1;
	while (got == 1 && (got = reader_next(r, &key, &value)) == 1)
		MUST(item_put(&all, key, value) == 0);
	MUST(got == -1 || all.len == right->len);
	MUST(all.len <= right->len);
	MUST(all.len == 0 || memcmp(buf_head(&all), buf_head(right), all.len) == 0);
	/* Each key is found, unless something is wrong. */
	for (at = 0; got != -1 && at < right->len; at += used) {
		used = item_take(buf_head(right) + at, right->len - at, &key, &want);
		MUST(used > 0);
		got = reader_get(r, key, &value);
		MUST(got != 0);
		MUST(got == -1 ||
		    (value.len == want.len &&
			memcmp(value.at, want.at, want.len) == 0));
	}
	reader_close(r);
	buf_free(&all);
}

/* What stands behind the last byte is another's. */
static void
cut(void)
{
	static const char item[] = "1 3\nkabc\n";
	struct bytes key, value;
	size_t n;

	for (n = 0; n < sizeof(item) - 1; n++)
		MUST(item_take(item, n, &key, &value) == 0);
	MUST(item_take(item, n, &key, &value) == n);
}

static void
flips(struct state *st)
{
	static const char *const file[] = { "/manifest", "/data", "/requests" };
	struct snapshot_name name;
	struct bytes b;
	struct buf right = { 0 };
	struct store *s;
	char path[SNAPSHOT_PATH];
	uint64_t members;
	size_t bit, f, whole;
	int fd;
	char byte;

	SAYS(st, state_lock(st));
	SAYS(st, state_unlock(st));
	MUST(st->snap.index != 0 && st->snap.blocks > 1);
	name = (struct snapshot_name){ st->snap.index, st->snap.term };
	s = model(name.index, &members);
	MUST(store_each(s, item_note, &right) == 0);
	MUST(!noticed(st, &name));
	reads_right(st, &name, &right);
	for (f = 0; f < 3; f++) {
		snapshot_path(path, &name, file[f]);
		b = file_get(path);
		MUST(b.len > 100);
		whole = b.len;
		fd = disk_open(os, path, DISK_WRITE);
		for (bit = 0; bit < 8 * b.len; bit++) {
			byte = (char)(b.at[bit / 8] ^ 1 << bit % 8);
			MUST(disk_write(os, fd, &byte, 1, (off_t)(bit / 8)) == 0);
			MUST(noticed(st, &name));
			if (f == 1)
				reads_right(st, &name, &right);
			MUST(disk_write(os, fd, &b.at[bit / 8], 1, (off_t)(bit / 8)) ==
			    0);
		}
		MUST(disk_close(os, fd) == 0);
		/* One byte more, one less, none. */
		b.len--;
		file_put(path, b);
		MUST(noticed(st, &name));
		b.len += 2; /* slurp ends it with a NUL */
		file_put(path, b);
		MUST(noticed(st, &name));
		b.len = 0;
		file_put(path, b);
		MUST(noticed(st, &name));
		MUST(disk_remove(os, path) == 0);
		if (f > 0)
			MUST(snapshot_verify(os, &st->snap, "", st->why) == -1);
		b.len = whole;
		file_put(path, b);
		MUST(!noticed(st, &name));
		free((char *)b.at);
	}
	store_free(s);
	buf_free(&right);
}

/* --- window -------------------------------------------------------------- */

/* Two stores, of which one begins anew now and then, say the same. */
static void
window(struct state *st)
{
	struct store *anew, *plain;
	struct command noop = { .verb = VERB_NOOP };
	struct store *next;
	struct request_id id;
	uint64_t d = 7, index, random;
	int outcome, round;

	(void)st;
	for (round = 0; round < 100; round++) {
		anew = store_new(50);
		plain = store_new(50);
		MUST(anew != NULL && plain != NULL);
		for (index = 1; index < 400; index++) {
			random = dice(&d);
			id.base = index > 60 ? index - 60 + random % 61 :
					       random % index;
			id.base -= id.base % 4;
			id.random = 1 + random / 64 % 8;
			noop.verb = random % 3 == 0 ? VERB_IF_UNSET : VERB_NOOP;
			noop.op = random % 3 == 0 ? OP_EXISTS : OP_NONE;
			noop.key = (struct bytes){ "k", 1 };
			outcome = store_apply(plain, index, &id, &noop);
			MUST(outcome != -1);
			MUST(store_apply(anew, index, &id, &noop) == outcome);
			if (dice(&d) % 20 != 0)
				continue;
			next = store_new(50);
			MUST(next != NULL);
			MUST(store_requests(anew, index, store_recall, next) == 0);
			store_free(anew);
			anew = next;
		}
		store_free(anew);
		store_free(plain);
	}
}

/* --- due ----------------------------------------------------------------- */

/* A large snapshot, and 100,000 entries: fewer than twice its bytes. */
static void
due(struct state *st)
{
	struct cursor from = { 0, 0, 0 };

	SAYS(st, state_lock(st));
	SAYS(st, state_unlock(st));
	entries_write(st, 60000);
	entries_write(st, 99999 - st->tail.index);
	st->snap.data = 60000000;
	MUST(snapshot_due(st, 50, &from) == 0);
	entries_write(st, 1);
	MUST(snapshot_due(st, 50, &from) == 1);
	st->snap.data = 120000000;
	MUST(snapshot_due(st, 50, &from) == 0);
}

int
main(int argc, char **argv)
{
	struct state *st;

	os = os_open(".");
	MUST(os != NULL && argc > 1);
	st = state_at(os);
	st->segment_bytes = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : SMALL;
	if (strcmp(argv[1], "write") == 0 && argc > 2)
		entries_write(st, strtoull(argv[2], NULL, 10));
	else if (strcmp(argv[1], "same") == 0)
		same(st);
	else if (strcmp(argv[1], "flips") == 0)
		flips(st);
	else if (strcmp(argv[1], "cut") == 0)
		cut();
	else if (strcmp(argv[1], "takes") == 0)
		takes(st);
	else if (strcmp(argv[1], "due") == 0)
		due(st);
	else if (strcmp(argv[1], "window") == 0)
		window(st);
	else
		MUST(!"such a verb");
	state_close(st);
	os_close(os);
	return 0;
}

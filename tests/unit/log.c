/*
 * log.c - state/log on a disk that tears and rots: makes a node of the current
 * directory, which is to be empty, and asks of it what DESIGN promises.
 */
#include <inttypes.h>

#include "entries.h"

#define SEGMENT 8192u /* bytes */

static const char *const small_files[] = { "state/lock", "state/term", "state/node",
	"state/members" };

/* --- files ------------------------------------------------------------- */

struct file {
	char path[64];
	char *p;
	size_t n;
};

static struct os *os;

static void
file_get(struct file *f, const char *path)
{
	memset(f, 0, sizeof(*f));
	(void)snprintf(f->path, sizeof(f->path), "%s", path);
	f->p = disk_slurp(os, path, 16u * 1024 * 1024, &f->n);
	MUST(f->p != NULL);
}

/* Writes n bytes of it, as they are now, as the whole file. */
static void
file_put(const struct file *f, size_t n)
{
	int fd;

	(void)disk_remove(os, f->path);
	fd = disk_open(os, f->path, DISK_CREATE);
	MUST(fd != -1);
	MUST(disk_write(os, fd, f->p, n, 0) == 0);
	MUST(disk_close(os, fd) == 0);
}

/* Removes all segments. */
static void
log_remove(void)
{
	char path[300], **names;
	size_t i;

	names = disk_names(os, "state/log");
	MUST(names != NULL);
	for (i = 0; names[i] != NULL; i++) {
		(void)snprintf(path, sizeof(path), "state/log/%s", names[i]);
		MUST(disk_remove(os, path) == 0);
	}
	disk_names_free(names);
}

/* 1 if what is on the disk is that file, as it is now. */
static int
file_is(const struct file *f)
{
	struct file now = { "", NULL, 0 };
	int same;

	file_get(&now, f->path);
	same = now.n == f->n && memcmp(now.p, f->p, now.n) == 0;
	free(now.p);
	return same;
}

/* --- a node ------------------------------------------------------------ */

static struct members all;

/* A node of that many, whose log is in small segments. */
static struct state *
node_make(size_t members)
{
	static const char *const name[] = { "a", "b", "c" };
	char id[ID_DIGITS + 1], why[256];
	struct state *st;
	size_t i;

	os = os_open(".");
	MUST(os != NULL && node_init(os, "a", why) == 0);
	st = state_at(os);
	st->segment_bytes = SEGMENT;
	all.n = 0;
	for (i = 0; i < members; i++) {
		id_invent(name[i], id);
		MUST(members_add(&all, name[i], i == 0 ? st->me.id : id) == 0);
	}
	SAYS(st, state_lock(st));
	SAYS(st, node_form(st, &all));
	st->term.current_term = 9;
	SAYS(st, term_save(st));
	SAYS(st, state_unlock(st));
	return st;
}

static struct state *
node_again(void)
{
	struct state *st = state_at(os);

	st->segment_bytes = SEGMENT;
	return st;
}

/* Adds what the log in words has behind the tail, up to count of it. */
static void
grow(struct state *st, const char *words, uint64_t count)
{
	struct record before;
	struct buf b = { 0 };

	entries_encode(words, &all, st->tail.index, &count, &b, &before);
	MUST(before.term == st->tail.term && before.chain == st->tail.chain);
	SAYS(st, state_change(st));
	SAYS(st, log_append(st, buf_head(&b), b.len));
	buf_free(&b);
}

static void
grow_settled(struct state *st, const char *words, uint64_t count)
{
	SAYS(st, state_lock(st));
	grow(st, words, count);
	SAYS(st, log_sync(st));
	SAYS(st, state_settle(st));
	SAYS(st, state_unlock(st));
}

/* All of the log up to its tail, read twice: by log_read and by log_find. */
static void
log_check(struct state *st, const char *words)
{
	struct cursor c = { 1, 1, 0 }, at;
	struct record before, r;
	struct tail end;
	struct buf is = { 0 }, want = { 0 };
	uint64_t count = st->tail.index, index;
	size_t done = 0, n;

	entries_encode(words, &all, 0, &count, &want, &before);
	MUST(count == st->tail.index);
	while (c.index <= st->tail.index) {
		SAYS(st, log_read(st, &c, st->tail.index, 1000, &is, &n, &end));
		MUST(n > 0 && end.index == c.index - 1);
	}
	MUST(is.len == want.len);
	for (index = 1; index <= count; index++) {
		SAYS(st, log_find(st, index, &at, &r));
		MUST(at.index == index && r.index == index);
		record_localise(buf_head(&want) + done, &r, r.durable, at.off);
		MUST(memcmp(buf_head(&want) + done, buf_head(&is) + done,
			 record_size(&r)) == 0);
		done += record_size(&r);
	}
	MUST(log_find(st, count + 1, &at, &r) == -1 && !st->broken);
	buf_free(&is);
	buf_free(&want);
}

/* Verifies as start does, and goes away again: the handle. */
static struct state *
verified(void)
{
	struct state *st = node_again();

	SAYS(st, node_verify(st));
	return st;
}

/* --- segments, cuts, searches ------------------------------------------ */

static size_t
segments(struct state *st)
{
	uint64_t *list;
	size_t n;

	list = segment_list(st, &n);
	MUST(list != NULL);
	free(list);
	return n;
}

/* The first index of the newest, 0: there is none. */
static uint64_t
newest(struct state *st)
{
	uint64_t first, *list;
	size_t n;

	list = segment_list(st, &n);
	MUST(list != NULL);
	first = n > 0 ? list[n - 1] : 0;
	free(list);
	return first;
}

/* Logs of many segments, records larger than one, batches across them. */
static void
segments_roll(void)
{
	static const char words[] = "1x40:300,2x3:9000,2x200,3x1:20000z,3x10:1000";
	struct state *st = node_make(3);
	uint64_t seed = 5;

	while (st->tail.index < 255)
		grow_settled(st, words, 1 + dice(&seed) % 30);
	MUST(segments(st) > 8);
	log_check(st, words);
	state_close(st);
	st = verified();
	MUST(st->tail.index == 255 && st->lock.damaged == 0);
	log_check(st, words);
	state_close(st);
}

/* What st has in memory, from a few places on, is what lies on the disk. */
static void
recent_check(struct state *st, struct state *disk, uint64_t *seed)
{
	struct buf is = { 0 }, want = { 0 };
	struct cursor c, same;
	struct tail end = { 0, 0, 0, 0, 0 };
	struct record r;
	uint64_t index;
	const char *p;
	size_t i, n;

	SAYS(disk, state_lock(disk));
	for (i = 0; i < 6; i++) {
		index = st->tail.index - (i == 0 ? 0 : dice(seed) % st->tail.index);
		SAYS(disk, log_find(disk, index, &c, &r));
		same = c;
		buf_cut(&want, 0);
		while (c.index <= disk->tail.index)
			SAYS(disk,
			    log_read(disk, &c, disk->tail.index, 50000, &want, &n,
				NULL));
		c = same;
		p = log_recent(st, &c, &n);
		MUST(
		    p == NULL || (n == want.len && memcmp(p, buf_head(&want), n) == 0));
		MUST(i > 0 || st->recent.len == 0 || p != NULL);
		buf_cut(&is, 0);
		while (c.index <= st->tail.index) {
			SAYS(st, log_read(st, &c, st->tail.index, 3000, &is, &n, &end));
			MUST(n > 0 && end.index == c.index - 1);
		}
		MUST(end.chain == st->tail.chain && end.term == st->tail.term);
		MUST(is.len == want.len &&
		    memcmp(buf_head(&is), buf_head(&want), is.len) == 0);
	}
	SAYS(disk, state_unlock(disk));
	buf_free(&is);
	buf_free(&want);
}

/* What is kept in memory stays true, whoever appends and cuts. */
static void
recent(void)
{
	static const char words[] = "1x300:200,2x20:3000,2x2:20000,3x400:100";
	struct state *st = node_make(3), *other = node_again(), *who;
	uint64_t seed = 7;
	int i, held = 0;

	st->recent_max = 20000;
	for (i = 0; i < 400; i++) {
		who = dice(&seed) % 4 == 0 ? other : st;
		if (dice(&seed) % 8 == 0) {
			SAYS(who, state_lock(who));
			if (who->tail.index > 10) {
				SAYS(who, state_change(who));
				SAYS(who, log_cut(who, who->tail.index - 8));
				SAYS(who, state_settle(who));
			}
			SAYS(who, state_unlock(who));
		} else if (who->tail.index < 700)
			grow_settled(who, words, 1 + dice(&seed) % 12);
		SAYS(st, state_lock(st));
		SAYS(st, state_unlock(st));
		held += st->recent.len > 0;
		if (st->tail.index > 0)
			recent_check(st, other, &seed);
	}
	MUST(held > 100);
	state_close(st);
	state_close(other);
}

/* A file of zeros becomes the next segment, if it is large enough. */
static void
spare(void)
{
	static const char words[] = "1x300:200,2x9:9000,2x200";
	struct state *st = node_make(3);
	uint64_t seed = 5, before;
	struct buf zeros = { 0 };
	int fd, large, taken = 0, left = 0;
	char path[64];

	MUST(buf_room(&zeros, 2 * SEGMENT) != NULL);
	memset(buf_room(&zeros, 2 * SEGMENT), 0, 2 * SEGMENT);
	while (st->tail.index < 400) {
		large = dice(&seed) % 2 == 0;
		fd = disk_open(os, "state/log/spare", DISK_CREATE);
		MUST(fd != -1 &&
		    disk_write(os, fd, buf_room(&zeros, 2 * SEGMENT),
			large ? 2 * SEGMENT : SEGMENT / 2, 0) == 0);
		MUST(disk_close(os, fd) == 0);
		before = newest(st);
		grow_settled(st, words, 1 + dice(&seed) % 30);
		fd = disk_open(os, "state/log/spare", DISK_READ);
		if (newest(st) == before) {
			MUST(fd != -1 && disk_close(os, fd) == 0);
			MUST(disk_remove(os, "state/log/spare") == 0);
			continue;
		}
		/* It was used, or was in the way. */
		MUST(fd == -1);
		segment_path(path, newest(st));
		fd = disk_open(os, path, DISK_READ);
		MUST(fd != -1 && disk_size(os, fd) >= (off_t)SEGMENT);
		(*(disk_size(os, fd) == 2 * (off_t)SEGMENT ? &taken : &left))++;
		MUST(!large || disk_size(os, fd) >= 2 * (off_t)SEGMENT);
		MUST(disk_close(os, fd) == 0);
	}
	MUST(taken > 3 && left > 3);
	log_check(st, words);
	state_close(st);
	/* What was left half done goes at the next start. */
	fd = disk_open(os, "state/log/spare.123", DISK_CREATE);
	MUST(fd != -1 && disk_close(os, fd) == 0);
	st = verified();
	MUST(st->tail.index == 400 || st->tail.index > 400);
	MUST(disk_open(os, "state/log/spare.123", DISK_READ) == -1);
	log_check(st, words);
	state_close(st);
	buf_free(&zeros);
}

/* F10 */
static void
cuts(void)
{
	static const char old[] = "1x30:300,2x60:300", new[] = "1x30:300,3x70:200";
	struct state *st = node_make(3);
	struct lockfile lock;
	uint64_t index;

	for (index = 91; index > 0; index -= index > 3 ? 3 : 1) {
		while (st->tail.index < 91)
			grow_settled(st, old, 13);
		MUST(segments(st) >= 5);
		SAYS(st, state_lock(st));
		SAYS(st, state_change(st));
		SAYS(st, log_cut(st, index));
		MUST(st->tail.index == index - 1);
		SAYS(st, state_settle(st));
		lock = st->lock;
		SAYS(st, state_unlock(st));
		MUST(lock.tail.index == index - 1);
		MUST(newest(st) <= st->tail.index && st->lock.damaged == 0);
		log_check(st, old);
		state_close(st);
		st = verified();
		MUST(st->tail.index == index - 1 && st->lock.damaged == 0);
		if (index > 31) {
			SAYS(st, state_lock(st));
			SAYS(st, state_change(st));
			SAYS(st, log_cut(st, 32));
			SAYS(st, state_settle(st));
			SAYS(st, state_unlock(st));
			while (st->tail.index < 101)
				grow_settled(st, new, 17);
			log_check(st, new);
			SAYS(st, state_lock(st));
			SAYS(st, state_change(st));
			SAYS(st, log_cut(st, 32));
			SAYS(st, state_settle(st));
			SAYS(st, state_unlock(st));
		}
		if (index == 1)
			break;
	}
	MUST(st->tail.index == 0 && segments(st) == 0);
	state_close(st);
}

/* F16: the last entry at or before index of at most that term, against a list.
 */
static void
searches(void)
{
	static const char words[] = "2x30:300,5x1,6x40:300,9x20:300";
	struct state *st = node_make(3);
	struct run run[RUNS_MAX];
	struct record r = { 0 };
	uint64_t at, index, term, want;
	size_t i, n;

	grow_settled(st, words, 91);
	n = runs_parse(words, run);
	for (index = 0; index <= 95; index++)
		for (term = 0; term <= 10; term++) {
			want = index >= 1;
			at = 1;
			for (i = 0; i < n; i++) {
				if (run[i].term <= term && at < index)
					want = at + run[i].count < index ?
					    at + run[i].count :
					    index;
				at += run[i].count;
			}
			SAYS(st, log_last_within(st, index, term, &r));
			MUST(r.index == (want > 92 ? 92 : want));
			MUST(r.term <= term);
		}
	state_close(st);
}

/* --- torn -------------------------------------------------------------- */

/* A last batch: what was there before it, and what it wrote. */
struct batch {
	struct file lock_before, lock_after, lock_settled, before, after;
	size_t first, end; /* sectors of it */
	uint64_t last;     /* index before it */
};

#define DURABLE_LOG "1x1:700,2x2:30"
#define BATCH       DURABLE_LOG ",2x1:600,2x2:10,3x1:1500z,3x1:300,3x1:0,3x1:2000z,3x2:500"

/* The index of the last record that is whole, from the bytes alone. */
static uint64_t
whole_until(const struct batch *t, const char *p, size_t n)
{
	struct record r;
	size_t off = 0;
	uint64_t last = 0;

	while (off < t->after.n &&
	    record_parse(t->after.p + off, t->after.n - off, &r) == 1) {
		if (off + record_size(&r) > n ||
		    memcmp(p + off, t->after.p + off, record_size(&r)) != 0)
			break;
		last = r.index;
		off += record_size(&r);
	}
	return last;
}

/* Starts the node on that segment, n bytes of it: the log is cut, nowhere else.
 */
static void
start_torn(const struct batch *t, const struct file *lock, const struct file *segment,
    size_t n)
{
	struct state *st;
	const uint64_t want = whole_until(t, segment->p, n);

	MUST(want >= t->last);
	log_remove();
	file_put(lock, lock->n);
	file_put(segment, n);
	st = verified();
	MUST(st->lock.damaged == 0 && st->lock.mark == MARK_CLEAN);
	MUST(st->tail.index == want);
	/* What is there is durable now, and what follows finds a clean ground. */
	SAYS(st, state_lock(st));
	grow(st, BATCH, 3);
	SAYS(st, log_sync(st));
	SAYS(st, state_settle(st));
	SAYS(st, state_unlock(st));
	log_check(st, BATCH);
	state_close(st);
	st = verified();
	MUST(st->lock.damaged == 0 && st->tail.index == (want > 10 ? 13 : want + 3));
	state_close(st);
}

static void
batch_make(struct batch *t)
{
	static const char path[] = "state/log/0000000000000001";
	struct state *st = node_make(3);

	grow_settled(st, DURABLE_LOG, 99);
	t->last = st->tail.index;
	t->first = (size_t)st->tail.off / SECTOR;
	file_get(&t->lock_before, "state/lock");
	file_get(&t->before, path);
	SAYS(st, state_lock(st));
	grow(st, BATCH, 99);
	MUST(st->tail.segment == 1 && st->tail.index == 13);
	t->end = ((size_t)st->tail.off + SECTOR - 1) / SECTOR;
	file_get(&t->lock_after, "state/lock");
	file_get(&t->after, path);
	SAYS(st, log_sync(st));
	SAYS(st, state_settle(st));
	file_get(&t->lock_settled, "state/lock");
	SAYS(st, state_unlock(st));
	state_close(st);
	MUST(!file_is(&t->lock_before) && t->end - t->first > 12);
}

/* Sectors first..end of the batch that on says have reached the disk. */
static void
tear(const struct batch *t, const char *on)
{
	struct file segment = t->before;
	size_t i;

	segment.p = malloc(segment.n);
	MUST(segment.p != NULL);
	memcpy(segment.p, t->before.p, segment.n);
	for (i = t->first; i < t->end; i++)
		if (on[i - t->first])
			memcpy(segment.p + i * SECTOR, t->after.p + i * SECTOR, SECTOR);
	start_torn(t, on[0] ? &t->lock_after : &t->lock_before, &segment, segment.n);
	free(segment.p);
}

/* F42: up to each sector, all but one, one alone. */
static void
torn_at_each_sector(void)
{
	static struct batch t;
	size_t i, n;
	char on[64];

	batch_make(&t);
	n = t.end - t.first;
	for (i = 0; i <= n; i++) {
		memset(on, 0, sizeof(on));
		memset(on, 1, i);
		tear(&t, on);
		if (i == n)
			break;
		memset(on, 1, sizeof(on));
		on[i] = 0;
		tear(&t, on);
		memset(on, 0, sizeof(on));
		on[i] = 1;
		tear(&t, on);
	}
}

/* F65: any of them. */
static void
torn_anyhow(void)
{
	static struct batch t;
	uint64_t seed = 19;
	size_t i;
	char on[64];
	int times;

	batch_make(&t);
	for (times = 0; times < 60; times++) {
		for (i = 0; i < sizeof(on); i++)
			on[i] = (char)(dice(&seed) % 3 != 0);
		tear(&t, on);
	}
}

/* F42: the file ends at each sector, before, in and behind the batch. */
static void
torn_short(void)
{
	static struct batch t;
	struct state *st;
	size_t n;

	batch_make(&t);
	for (n = 0; n <= t.after.n; n += n < t.end * SECTOR ? SECTOR : 4 * SECTOR) {
		if (whole_until(&t, t.after.p, n) >= t.last) {
			start_torn(&t, &t.lock_after, &t.after, n);
			continue;
		}
		/* What was durable is missing: that is no torn end. */
		log_remove();
		file_put(&t.lock_after, t.lock_after.n);
		file_put(&t.after, n);
		st = verified();
		MUST(st->lock.damaged == whole_until(&t, t.after.p, n) + 1);
		state_close(st);
	}
}

/* F45: the same, but state/lock says that all of it was durable. */
static void
durable_sectors_lost(void)
{
	static struct batch t;
	struct file f;
	struct state *st;
	uint64_t bad;
	size_t i;
	int times;

	batch_make(&t);
	f = t.after;
	f.p = malloc(f.n);
	MUST(f.p != NULL);
	for (i = t.first; i < t.end; i++) {
		memcpy(f.p, t.after.p, f.n);
		memcpy(f.p + i * SECTOR, t.before.p + i * SECTOR, SECTOR);
		bad = whole_until(&t, f.p, f.n) + 1;
		if (bad == 14)
			continue; /* it was zero before and after */
		file_put(&f, f.n);
		file_put(&t.lock_settled, t.lock_settled.n);
		for (times = 0; times < 2; times++) {
			st = verified();
			MUST(st->lock.damaged == bad && st->tail.index == bad - 1);
			MUST(file_is(&f));
			state_close(st);
		}
	}
	free(f.p);
}

/* F42: a step was killed while it made a segment; there is nothing in it. */
static void
torn_new_segment(void)
{
	static const uint64_t first[] = { 5, 9 };
	struct file f = { "", NULL, 2 * SEGMENT };
	struct state *st = node_make(3);
	size_t i, n;

	grow_settled(st, DURABLE_LOG, 99);
	state_close(st);
	f.p = calloc(1, f.n);
	MUST(f.p != NULL);
	for (i = 0; i < 2; i++)
		for (n = 0; n <= f.n; n = n == 0 ? 100 : 4 * n) {
			segment_path(f.path, first[i]);
			file_put(&f, n);
			st = verified();
			MUST(st->tail.index == 4 && st->lock.damaged == 0);
			MUST(segments(st) == 1);
			log_check(st, DURABLE_LOG);
			state_close(st);
		}
	st = node_again();
	while (st->tail.index < 13)
		grow_settled(st, BATCH, 1);
	log_check(st, BATCH);
	state_close(st);
	free(f.p);
}

/* --- rotten ------------------------------------------------------------ */

#define ROTTEN_LOG "1x3:100,2x20:500,3x1:40,3x1:0,4x1:90"

static struct file small[4], segment[8];
static size_t segment_n;

/* A node that was shut down cleanly, its log in three segments. */
static void
rotten_make(size_t members)
{
	struct state *st = node_make(members);
	uint64_t *list;
	char path[64];
	size_t i;

	grow_settled(st, ROTTEN_LOG, 10);
	grow_settled(st, ROTTEN_LOG, 12);
	grow_settled(st, ROTTEN_LOG, 99);
	MUST(st->tail.index == 27);
	list = segment_list(st, &segment_n);
	MUST(list != NULL && segment_n >= 2 && segment_n <= 8);
	for (i = 0; i < segment_n; i++) {
		segment_path(path, list[i]);
		file_get(&segment[i], path);
	}
	free(list);
	state_close(st);
	for (i = 0; i < 4; i++)
		file_get(&small[i], small_files[i]);
}

static void
rotten_back(void)
{
	size_t i;

	for (i = 0; i < 4; i++)
		file_put(&small[i], small[i].n);
	for (i = 0; i < segment_n; i++)
		file_put(&segment[i], segment[i].n);
}

static void
flip(struct file *f, size_t bit)
{
	f->p[bit / 8] = (char)(f->p[bit / 8] ^ (1 << bit % 8));
}

/* One bit of a segment is not what it was; the record it is of has that index.
 */
static void
rotten_record(struct file *f, size_t bit, uint64_t index)
{
	struct state *st;
	uint64_t at;

	flip(f, bit);
	file_put(f, f->n);
	file_put(&small[0], small[0].n);
	st = verified();
	at = st->lock.damaged;
	if (at != index || st->tail.index != index - 1 || !file_is(f)) {
		(void)fprintf(stderr,
		    "bit %zu of byte %zu of %s: damaged %" PRIu64 " of %" PRIu64 "\n",
		    bit % 8, bit / 8, f->path, at, index);
		exit(1);
	}
	state_close(st);
	flip(f, bit);
	file_put(f, f->n);
}

/* The records from..last of a segment, one bit in so many. */
static void
rotten_segment(struct file *f, uint64_t from, size_t step)
{
	struct record r;
	size_t bit, off = 0, end;

	while (record_parse(f->p + off, f->n - off, &r) == 1) {
		end = off + record_size(&r);
		for (bit = 8 * off; bit < 8 * end && r.index >= from; bit += step)
			rotten_record(f, bit, r.index);
		off = end;
	}
}

/* F45: the last records, of which no later header says that they were durable.
 */
static void
rotten_end(void)
{
	rotten_make(3);
	rotten_segment(&segment[segment_n - 1], 26, 9);
}

static void
rotten_middle(void)
{
	rotten_make(3);
	rotten_segment(&segment[0], 1, 641);
}

/* F45: and behind the end there is nothing that could be lost. */
static void
rotten_zeros(void)
{
	struct file *f;
	struct state *st;
	size_t bit, end;

	rotten_make(3);
	f = &segment[segment_n - 1];
	for (end = f->n; f->p[end - 1] == 0; end--)
		continue;
	for (bit = 8 * end; bit < 8 * f->n; bit += bit < 8 * end + 2000 ? 97 : 9001) {
		flip(f, bit);
		rotten_back();
		st = verified();
		MUST(st->tail.index == 27);
		MUST(st->lock.damaged == 0 || st->lock.damaged == 28);
		log_check(st, ROTTEN_LOG);
		state_close(st);
		flip(f, bit);
	}
}

/* F45: a segment is gone; the rest stays as it is. */
static void
segment_lost(void)
{
	struct state *st;
	struct record r;
	size_t i, j;

	rotten_make(3);
	for (i = 0; i < segment_n; i++) {
		rotten_back();
		MUST(record_parse(segment[i].p, segment[i].n, &r) == 1);
		MUST(disk_remove(os, segment[i].path) == 0);
		st = verified();
		MUST(st->lock.damaged == r.index && st->tail.index == r.index - 1);
		for (j = 0; j < segment_n; j++)
			MUST(i == j || file_is(&segment[j]));
		state_close(st);
	}
}

/* F45: the log is another one, whole, of the same terms: the lock file knows.
 */
static void
segment_replaced(void)
{
	static const char other[] = "1x3:100,2x20:500,3x1:40,3x1:0,4x3:80";
	struct state *st;
	uint64_t behind, count;
	struct record before;
	struct buf b = { 0 };

	rotten_make(3);
	for (behind = 0; behind < 3; behind++) {
		rotten_back();
		st = verified();
		SAYS(st, state_lock(st));
		SAYS(st, state_change(st));
		SAYS(st, log_cut(st, 27));
		buf_cut(&b, 0);
		count = 1 + behind;
		entries_encode(other, &all, 26, &count, &b, &before);
		SAYS(st, log_append(st, buf_head(&b), b.len));
		SAYS(st, log_sync(st));
		SAYS(st, state_settle(st));
		SAYS(st, state_unlock(st));
		MUST(st->tail.index == 27 + behind);
		state_close(st);
		/* It remembers a 27 that this is not. */
		file_put(&small[0], small[0].n);
		st = verified();
		MUST(st->lock.damaged != 0 && st->lock.damaged <= 27);
		state_close(st);
		/* And at the next start that has not been forgotten. */
		st = verified();
		MUST(st->lock.damaged != 0 && st->lock.damaged <= 27);
		state_close(st);
	}
	buf_free(&b);
}

/* F45: state/lock; nobody can say where the log ended. */
static void
rotten_lock(void)
{
	struct state *st;
	size_t bit;

	rotten_make(3);
	for (bit = 0; bit < 8 * small[0].n; bit += 9) {
		flip(&small[0], bit);
		rotten_back();
		flip(&small[0], bit);
		st = verified();
		MUST(st->lock.damaged == 28 && st->tail.index == 27);
		log_check(st, ROTTEN_LOG);
		state_close(st);
	}
	/* Empty, and cut short. */
	for (bit = 0; bit < small[0].n; bit += 20) {
		rotten_back();
		file_put(&small[0], bit);
		st = verified();
		MUST(st->lock.damaged == 28 && st->tail.index == 27);
		state_close(st);
	}
}

/* Both the lock file and the cache of the members are gone. */
static void
lock_and_members_lost(void)
{
	struct state *st;

	rotten_make(3);
	file_put(&small[0], 0);
	MUST(disk_remove(os, "state/members") == 0);
	st = verified();
	MUST(st->lock.damaged == 28 && st->members.n == 3);
	state_close(st);
}

/* A node that is all there is believes its log: nobody else could. */
static void
lock_lost_alone(void)
{
	struct state *st;

	rotten_make(1);
	file_put(&small[0], 0);
	st = verified();
	MUST(st->lock.damaged == 0 && st->tail.index == 27);
	log_check(st, ROTTEN_LOG);
	state_close(st);
}

/* F43: an older line is back, and what one has seen of those behind it is over. */
static void
counter_once(void)
{
	struct state *a = node_make(3), *b = node_again();
	struct file line;
	int dirty;

	for (dirty = 0; dirty < 2; dirty++) {
		SAYS(a, state_lock(a));
		if (dirty)
			SAYS(a, state_change(a));
		file_get(&line, "state/lock");
		SAYS(a, state_settle(a));
		SAYS(a, state_unlock(a));
		grow_settled(a, "2x4", 1);
		grow_settled(b, "2x4", 1);
		MUST(disk_write(os, b->lock_fd, line.p, line.n, 0) == 0);
		SAYS(b, state_lock(b));
		SAYS(b, state_unlock(b));
		SAYS(a, state_lock(a));
		MUST(a->tail.index == b->tail.index);
		SAYS(a, state_unlock(a));
	}
	state_close(a);
	state_close(b);
}

/* F45: state/term; either slot will do, and start makes two of it again. */
static void
rotten_term(void)
{
	struct state *st;
	size_t bit, len, slot;

	rotten_make(3);
	len = strlen(small[1].p);
	for (slot = 0; slot < 2; slot++)
		for (bit = 0; bit < 8 * len; bit++) {
			flip(&small[1], bit + slot * 8 * TERM_SLOT);
			file_put(&small[1], small[1].n);
			st = node_again();
			SAYS(st, state_lock(st));
			MUST(st->term.current_term == 9);
			SAYS(st, state_unlock(st));
			state_close(st);
			if (bit % 40 == 0) {
				st = verified();
				MUST(st->term.current_term == 9);
				state_close(st);
				file_get(&segment[7], "state/term");
				MUST(memcmp(segment[7].p, segment[7].p + TERM_SLOT,
					 len) == 0);
				free(segment[7].p);
				file_put(&small[0], small[0].n);
			}
			flip(&small[1], bit + slot * 8 * TERM_SLOT);
		}
	/* Both: no term is better than a wrong one. */
	for (bit = 0; bit < 8 * len; bit += 11) {
		flip(&small[1], bit);
		flip(&small[1], 8 * TERM_SLOT + 8 * len - 1 - bit);
		file_put(&small[1], small[1].n);
		st = node_again();
		MUST(state_lock(st) == -1);
		MUST(strstr(st->why, "state/term") != NULL);
		state_close(st);
		st = node_again();
		MUST(node_verify(st) == -1);
		state_close(st);
		MUST(file_is(&small[1]));
		flip(&small[1], bit);
		flip(&small[1], 8 * TERM_SLOT + 8 * len - 1 - bit);
	}
	for (bit = 0; bit < TERM_SLOT; bit = 4 * bit + 20) {
		file_put(&small[1], bit < len ? bit : len - 1);
		st = node_again();
		MUST(state_lock(st) == -1);
		state_close(st);
	}
}

/* F2: a change of state/term, cut off at each byte of each slot's write. */
static void
term_torn(void)
{
	struct state *st = node_make(3);
	struct file old, new, now;
	size_t i, len, slot;
	int fresh;

	file_get(&old, "state/term");
	SAYS(st, state_lock(st));
	(void)term_raise(&st->term, 10);
	st->term.voted_for = st->members.who[2];
	SAYS(st, term_save(st));
	SAYS(st, state_unlock(st));
	state_close(st);
	file_get(&new, "state/term");
	len = strlen(new.p) > strlen(old.p) ? strlen(new.p) : strlen(old.p);
	now = old;
	now.p = malloc(now.n);
	MUST(now.p != NULL && new.n == now.n);
	for (slot = 0; slot < 2; slot++)
		for (i = 0; i <= len; i++) {
			memcpy(now.p, slot == 0 ? old.p : new.p, TERM_SLOT);
			memcpy(now.p + TERM_SLOT, old.p + TERM_SLOT, TERM_SLOT);
			memcpy(now.p + slot * TERM_SLOT, new.p + slot *TERM_SLOT, i);
			file_put(&now, now.n);
			st = node_again();
			SAYS(st, state_lock(st));
			fresh = st->term.current_term == 10;
			/* Whole or not at all, and what was synced stays. */
			MUST(fresh || st->term.current_term == 9);
			MUST(fresh == (strcmp(st->term.voted_for.name, "c") == 0));
			MUST(slot == 0 || fresh);
			MUST(fresh || i < strlen(new.p));
			SAYS(st, state_unlock(st));
			state_close(st);
		}
	free(now.p);
	free(old.p);
	free(new.p);
}

/* F35: removed, and added again before it has gone. */
static void
added_again(void)
{
	struct state *st = node_make(3), *other;
	struct members with, without;

	SAYS(st, state_lock(st));
	with = without = st->members;
	members_remove(&without, 0);
	with.index = 9;
	without.index = 5;
	st->members = without;
	MUST(node_follow(st, 4, 1) == 0 && !st->removed); /* not committed yet */
	MUST(node_follow(st, 5, 0) == 0 && !st->removed); /* more is to come */
	other = node_again();
	MUST(node_follow(st, 5, 1) == 1 && st->removed);
	MUST(node_follow(st, 5, 1) == 1);
	/* Another process of this node, which was there before, is sent that entry. */
	other->members = with;
	MUST(node_follow(other, 5, 0) == 0 && !other->removed && other->joiner);
	SAYS(st, state_unlock(st));
	state_close(st);
	state_close(other);
	st = node_again();
	MUST(!st->removed && st->joiner);
	st->members = with;
	MUST(node_follow(st, 9, 0) == 0 && st->joiner);
	MUST(node_follow(st, 9, 1) == 0 && !st->joiner);
	state_close(st);
}

/* F45: state/node; it is nobody else's. */
static void
rotten_node(void)
{
	struct state *st;
	char why[256];
	size_t bit;

	rotten_make(3);
	for (bit = 0; bit < 8 * small[2].n; bit++) {
		flip(&small[2], bit);
		file_put(&small[2], small[2].n);
		st = state_open(os, why);
		if (st != NULL) {
			(void)fprintf(stderr, "bit %zu of byte %zu\n", bit % 8,
			    bit / 8);
			exit(1);
		}
		MUST(strcmp(why, "cannot read state/node: it is damaged") == 0);
		flip(&small[2], bit);
	}
}

/* F45: state/members; it is written anew, from the log. */
static void
rotten_members(void)
{
	struct state *st;
	size_t bit;

	rotten_make(3);
	for (bit = 0; bit < 8 * small[3].n; bit += 5) {
		flip(&small[3], bit);
		file_put(&small[3], small[3].n);
		flip(&small[3], bit);
		st = node_again();
		MUST(st->members.n == 0);
		if (bit % 25 == 0) {
			SAYS(st, node_verify(st));
			MUST(st->members.n == 3 && file_is(&small[3]));
		}
		state_close(st);
	}
}

static const struct test_case cases[] = {
	{ "segments_roll", segments_roll },
	{ "recent", recent },
	{ "spare", spare },
	{ "cuts", cuts },
	{ "searches", searches },
	{ "torn_at_each_sector", torn_at_each_sector },
	{ "torn_anyhow", torn_anyhow },
	{ "torn_short", torn_short },
	{ "durable_sectors_lost", durable_sectors_lost },
	{ "torn_new_segment", torn_new_segment },
	{ "rotten_end", rotten_end },
	{ "rotten_middle", rotten_middle },
	{ "rotten_zeros", rotten_zeros },
	{ "segment_lost", segment_lost },
	{ "segment_replaced", segment_replaced },
	{ "rotten_lock", rotten_lock },
	{ "lock_and_members_lost", lock_and_members_lost },
	{ "lock_lost_alone", lock_lost_alone },
	{ "counter_once", counter_once },
	{ "rotten_term", rotten_term },
	{ "term_torn", term_torn },
	{ "added_again", added_again },
	{ "rotten_node", rotten_node },
	{ "rotten_members", rotten_members },
	{ NULL, NULL },
};

int
main(int argc, char **argv)
{
	return run_cases(cases, argc, argv);
}

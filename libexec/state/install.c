/*
 * install.c - InstallSnapshot, the follower's half (§7): takes what the leader
 * sends into INDEX.TERM.part, verifies it, and puts it in the log's place.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transfer.h"

#define SLICE (4u * 1024 * 1024)   /* bytes written between two syncs */
#define CHUNK ((size_t)256 * 1024) /* bytes written again at a time */
#define PART  ".part"

struct install {
	struct state *st;
	pid_t role;
	int hold_fd; /* of state/snapshot/lock */
	struct buf in;
	struct frame frame; /* without its body */
	struct manifest manifest;
	struct snapshot_name name;
	uint64_t at, total; /* bytes of requests and data together */
	uint64_t from;      /* so many of them an earlier one has written */
	int fd;             /* of the one that is being written; -1: none */
	size_t unsynced;
	int begun;
};

static const char *const answers[] = { "", "this node has it already",
	"the sender's term has passed",
	"another snapshot is being taken or installed" };

struct install *
install_new(struct state *st, pid_t role)
{
	struct install *in = calloc(1, sizeof(*in));

	if (in == NULL) {
		state_break(st, "cannot start: %s", strerror(errno));
		return NULL;
	}
	in->st = st;
	in->role = role;
	in->fd = in->hold_fd = -1;
	return in;
}

void
install_free(struct install *in)
{
	if (in->fd != -1)
		(void)disk_close(in->st->os, in->fd);
	if (in->hold_fd != -1)
		(void)disk_close(in->st->os, in->hold_fd);
	buf_free(&in->in);
	free(in);
}

static int
refuse(struct install *in, const char *why)
{
	(void)snprintf(in->st->why, sizeof(in->st->why), "%s", why);
	return TRANSFER_REFUSED;
}

static int
bar(struct install *in, const char *why)
{
	(void)refuse(in, why);
	return TRANSFER_BARRED;
}

/* A file could not be made, written or read. */
static int
fail(struct install *in, const char *verb, const char *file)
{
	char path[SNAPSHOT_PATH];
	const int full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	snapshot_path(path, &in->name, PART);
	(void)snprintf(in->st->why, sizeof(in->st->why), "cannot %s %s%s: %s", verb,
	    path, file, strerror(errno));
	/* What is left of the disk is the log's. */
	if (full)
		(void)snapshot_remove(in->st, &in->name, PART);
	return -1;
}

static void
part_path(const struct install *in, const char *file, char path[SNAPSHOT_PATH])
{
	size_t n;

	snapshot_path(path, &in->name, PART);
	n = strlen(path);
	(void)snprintf(path + n, SNAPSHOT_PATH - n, "%s", file);
}

/* --- what is there -------------------------------------------------------- */

static uint64_t
file_size(struct os *os, const char *path)
{
	int fd = disk_open(os, path, DISK_READ);
	off_t size = fd == -1 ? 0 : disk_size(os, fd);

	if (fd != -1)
		(void)disk_close(os, fd);
	return size > 0 ? (uint64_t)size : 0;
}

/* How many bytes of what the manifest speaks of are in INDEX.TERM.part. */
static uint64_t
part_bytes(struct os *os, const struct manifest *m)
{
	const struct snapshot_name name = { m->index, m->term };
	const uint64_t requests = m->requests * REQUEST_LINE;
	char path[SNAPSHOT_PATH];
	uint64_t n;

	snapshot_path(path, &name, PART "/requests");
	n = file_size(os, path);
	if (n < requests)
		return n;
	snapshot_path(path, &name, PART "/data");
	n = file_size(os, path);
	return requests + (n < m->data ? n : m->data);
}

void
install_progress(struct state *st, uint64_t *have, uint64_t *total)
{
	struct snapshot_name *list;
	struct manifest m;
	size_t n;

	*have = *total = 0;
	list = snapshot_list(st, PART, &n);
	if (list != NULL && n > 0 &&
	    snapshot_manifest(st, &list[n - 1], PART, &m) == 0) {
		*have = part_bytes(st->os, &m);
		*total = manifest_bytes(&m);
	}
	free(list);
}

int
install_tidy(struct state *st, uint64_t index)
{
	struct snapshot_name *list;
	size_t n;
	int bad = 0;

	list = snapshot_list(st, PART, &n);
	while (!bad && list != NULL && n-- > 0)
		if (list[n].index <= index)
			bad = snapshot_remove(st, &list[n], PART);
	if (list == NULL || bad)
		(void)snprintf(st->why, sizeof(st->why),
		    "cannot clear state/snapshot: %s", strerror(errno));
	bad = bad || list == NULL;
	free(list);
	return bad ? -1 : 0;
}

/* 1 if the manifest in INDEX.TERM.part is this very one. */
static int
part_is(struct install *in, const struct snapshot_name *name, const char *text,
    size_t n)
{
	char path[SNAPSHOT_PATH], *is;
	size_t len;
	int same;

	if (name->index != in->name.index || name->term != in->name.term)
		return 0;
	part_path(in, "/manifest", path);
	is = disk_slurp(in->st->os, path, MANIFEST_MAX, &len);
	same = is != NULL && len == n && memcmp(is, text, n) == 0;
	free(is);
	return same;
}

static int
part_make(struct install *in, const char *text, size_t n)
{
	struct os *os = in->st->os;
	char path[SNAPSHOT_PATH];
	int bad, fd;

	part_path(in, "", path);
	if (disk_mkdir(os, path) == -1 && errno != EEXIST)
		return fail(in, "make", "");
	part_path(in, "/manifest", path);
	fd = disk_open(os, path, DISK_CREATE);
	if (fd == -1)
		return fail(in, "make", "/manifest");
	bad = disk_write(os, fd, text, n, 0) == -1 || disk_sync(os, fd) == -1;
	if (bad)
		bad = fail(in, "write", "/manifest");
	(void)disk_close(os, fd);
	return bad;
}

/* Sees to it that there is a part of this snapshot, with its manifest durable, and
 * of no other. */
static int
part_begin(struct install *in, const char *text, size_t n)
{
	struct state *st = in->st;
	struct snapshot_name *list;
	size_t i, parts;
	int bad = 0;

	list = snapshot_list(st, PART, &parts);
	if (list == NULL)
		return fail(in, "list", "");
	for (i = 0; !bad && i < parts; i++)
		if (!part_is(in, &list[i], text, n) &&
		    snapshot_remove(st, &list[i], PART) == -1)
			bad = fail(in, "remove", " or an older one");
	free(list);
	return bad ? bad : part_make(in, text, n);
}

/* --- what to do with it --------------------------------------------------- */

/* Under the lock: an enum snapshot_answer, or -1. */
static int
decide(struct install *in)
{
	struct state *st = in->st;
	const struct frame *f = &in->frame;

	/* "Reply immediately if term < currentTerm" (Figure 13). */
	if (f->term < st->term.current_term)
		return SNAPSHOT_STALE;
	if (term_raise(&st->term, f->term) && term_save(st) == -1)
		return -1;
	if (in->name.index <= st->snap.index)
		return SNAPSHOT_NOT_NEEDED;
	/* An older snapshot never replaces newer entries (F22): what is committed
	 * is there, unless it was lost. */
	if (st->lock.damaged != 0 ? in->name.index <= st->tail.index :
				    in->name.index <= run_commit_load(st->os))
		return SNAPSHOT_NOT_NEEDED;
	return SNAPSHOT_WANTED;
}

/* One that is taken or installed at a time: 1 this one may, 0, or -1. */
static int
hold(struct install *in)
{
	if (in->hold_fd == -1)
		in->hold_fd = snapshot_lock(in->st);
	if (in->hold_fd != -1)
		return 1;
	return errno == EAGAIN ? 0 : -1;
}

static int
answer(struct install *in, enum snapshot_answer what, struct buf *out)
{
	struct state *st = in->st;
	struct frame reply = address(st, FRAME_SNAPSHOT_REPLY, &in->frame.from);

	reply.seq = in->frame.seq;
	reply.arg[0] = what;
	reply.arg[1] = in->name.index;
	reply.arg[2] = in->name.term;
	reply.arg[3] = in->total;
	reply.arg[4] = what == SNAPSHOT_WANTED ? in->at : 0;
	if (frame_encode(&reply, out) == -1)
		return state_fail(st, "cannot reply: %s", strerror(errno));
	return TRANSFER_DONE;
}

/* A frame has come, whole, and is this node's. */
static int
frame_take(struct install *in, const struct frame *f, struct buf *out)
{
	struct state *st = in->st;
	char *text;
	uint64_t have;
	int is, what;

	text = malloc(f->length + 1);
	if (text == NULL)
		return state_fail(st, "cannot read: %s", strerror(errno));
	memcpy(text, f->body, f->length);
	text[f->length] = '\0';
	is = f->length <= MANIFEST_MAX &&
	    manifest_parse(&in->manifest, text, f->length) == 0 &&
	    in->manifest.index == f->arg[1] && in->manifest.term == f->arg[2] &&
	    manifest_bytes(&in->manifest) == f->arg[3];
	free(text);
	if (!is)
		return bar(in, "the snapshot's manifest is damaged");
	in->name = (struct snapshot_name){ in->manifest.index, in->manifest.term };
	in->total = f->arg[3];
	if (state_lock(st) == -1)
		return -1;
	what = decide(in);
	if (what == -1 || state_unlock(st) == -1)
		return -1;
	if (what == SNAPSHOT_WANTED) {
		is = hold(in);
		if (is == -1 || (is == 1 && part_begin(in, f->body, f->length) == -1))
			return -1;
		if (is == 0)
			what = SNAPSHOT_BUSY;
	}
	have = what == SNAPSHOT_WANTED ? part_bytes(st->os, &in->manifest) : 0;
	in->at = f->arg[0] == SNAPSHOT_OFFER ? have : f->arg[4];
	if (f->arg[0] == SNAPSHOT_OFFER)
		return answer(in, (enum snapshot_answer)what, out);
	/* Nothing is to be done about one that is older (F22). */
	if (what == SNAPSHOT_NOT_NEEDED)
		return TRANSFER_DONE;
	if (what != SNAPSHOT_WANTED)
		return refuse(in, answers[what]);
	if (in->at > have)
		return refuse(in, "what comes does not continue what is there");
	note(st->os, f->term,
	    "install: takes the snapshot of index %" PRIu64
	    " from %s, from byte %" PRIu64 " of %" PRIu64 " on",
	    in->name.index, f->from.name, in->at, in->total);
	in->from = in->at;
	in->begun = 1;
	return TRANSFER_ON;
}

/* Reads the frame off the input, if it has come: a step. */
static int
begin(struct install *in, struct buf *out)
{
	struct state *st = in->st;
	struct frame f;
	const char *why;
	size_t used;
	int r;

	r = frame_parse(buf_head(&in->in), in->in.len, &f, &used, &why);
	if (r == 0)
		return TRANSFER_ON;
	if (r == -1)
		return bar(in, why);
	why = address_refusal(st, &f);
	if (why == NULL && f.type != FRAME_SNAPSHOT)
		why = "it is no snapshot";
	if (why != NULL)
		return bar(in, why);
	in->frame = f;
	in->frame.body = "";
	in->frame.length = 0;
	r = frame_take(in, &f, out);
	buf_eat(&in->in, used);
	return r;
}

/* --- the bytes ------------------------------------------------------------ */

static int
file_sync(struct install *in)
{
	in->unsynced = 0;
	return disk_sync(in->st->os, in->fd) == -1 ? fail(in, "write", "") : 0;
}

static int
file_close(struct install *in)
{
	int bad, fd = in->fd;

	if (fd == -1)
		return 0;
	bad = file_sync(in);
	in->fd = -1;
	return disk_close(in->st->os, fd) == -1 || bad ? -1 : 0;
}

/* Writes what belongs into the file that it now comes for; *n of it. */
static int
file_write(struct install *in, const char *p, size_t *n)
{
	const uint64_t requests = in->manifest.requests * REQUEST_LINE;
	const int second = in->at >= requests;
	const uint64_t off = second ? in->at - requests : in->at;
	const uint64_t end = second ? in->manifest.data : requests;
	const char *file = second ? "/data" : "/requests";
	char path[SNAPSHOT_PATH];

	if (in->fd == -1) {
		part_path(in, file, path);
		in->fd = disk_open(in->st->os, path, DISK_CREATE);
		if (in->fd == -1)
			return fail(in, "make", file);
	}
	if (*n > end - off)
		*n = (size_t)(end - off);
	if (disk_write(in->st->os, in->fd, p, *n, (off_t)off) == -1)
		return fail(in, "write", file);
	in->at += *n;
	in->unsynced += *n;
	/* A disk that has little to write is not long in the log's way. */
	if (in->unsynced >= SLICE && file_sync(in) == -1)
		return -1;
	return off + *n == end ? file_close(in) : 0;
}

/* Either may have no bytes, and then none come for it. */
static int
files_make(struct install *in)
{
	static const char *const files[] = { "/requests", "/data" };
	char path[SNAPSHOT_PATH];
	size_t i;
	int fd;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		part_path(in, files[i], path);
		fd = disk_open(in->st->os, path, DISK_CREATE);
		if (fd == -1 || disk_close(in->st->os, fd) == -1)
			return fail(in, "make", files[i]);
	}
	return 0;
}

/*
 * What an earlier install has written, before its sync failed or it was killed, may
 * be in the page cache alone, and called clean there: it is written again.
 */
static int
write_again(struct install *in, const char *file, uint64_t n)
{
	struct os *os = in->st->os;
	char path[SNAPSHOT_PATH], *p = n > 0 ? malloc(CHUNK) : NULL;
	uint64_t off;
	ssize_t got = 0;
	int bad = 0, fd = -1;

	if (n == 0)
		return 0;
	part_path(in, file, path);
	if (p == NULL || (fd = disk_open(os, path, DISK_WRITE)) == -1)
		bad = -1;
	for (off = 0; !bad && off < n; off += (uint64_t)got) {
		got = disk_read(os, fd, p, n - off < CHUNK ? (size_t)(n - off) : CHUNK,
		    (off_t)off);
		if (got <= 0 || disk_write(os, fd, p, (size_t)got, (off_t)off) == -1)
			bad = -1;
	}
	if (bad || disk_sync(os, fd) == -1)
		bad = fail(in, "write", file);
	if (fd != -1)
		(void)disk_close(os, fd);
	free(p);
	return bad;
}

/* All has come: looks at every byte of it. */
static int
verify(struct install *in)
{
	struct state *st = in->st;
	const uint64_t requests = in->manifest.requests * REQUEST_LINE;
	const uint64_t first = in->from < requests ? in->from : requests;
	char path[SNAPSHOT_PATH], why[SNAPSHOT_WHY];

	part_path(in, "", path);
	if (file_close(in) == -1 || write_again(in, "/requests", first) == -1 ||
	    write_again(in, "/data", in->from - first) == -1)
		return -1;
	if (disk_syncdir(st->os, path) == -1)
		return fail(in, "sync", "");
	if (snapshot_verify(st->os, &in->manifest, PART, why) == 0)
		return 0;
	(void)snprintf(st->why, sizeof(st->why), "%s", why);
	if (errno != EILSEQ)
		return -1;
	/* The next one begins anew. */
	(void)snapshot_remove(st, &in->name, PART);
	return TRANSFER_REFUSED;
}

/*
 * Under the lock, all is there and durable.  "Discard any existing or partial
 * snapshot with a smaller index", and the log, unless it "has same index and term
 * as snapshot's last included entry" (Figure 13).
 */
static int
replace(struct install *in)
{
	struct state *st = in->st;
	int commit_fd, fits;

	if (state_change(st) == -1 || snapshot_put(st, &in->name, PART) == -1 ||
	    snapshot_sync(st) == -1)
		return -1;
	fits = log_fits(st);
	if (fits == -1 || (!fits && log_drop(st) == -1))
		return -1;
	if (members_mend(st, 0) == -1)
		return -1;
	if (state_settle(st) == -1)
		return -1;
	/* What a snapshot holds is committed. */
	commit_fd = run_open(st->os, "commit_index");
	if (run_commit_read(st->os, commit_fd) < in->name.index)
		run_commit_store(st->os, commit_fd, in->name.index);
	if (commit_fd != -1)
		(void)disk_close(st->os, commit_fd);
	note(st->os, st->term.current_term,
	    "install: the snapshot of index %" PRIu64 " is in, the log %s",
	    in->name.index, fits ? "goes on behind it" : "begins behind it");
	return 0;
}

static int
finish(struct install *in)
{
	struct state *st = in->st;
	int bad, what;

	bad = verify(in);
	if (bad)
		return bad;
	if (state_lock(st) == -1)
		return -1;
	if (state_running(st) != in->role) {
		(void)state_unlock(st);
		return refuse(in, "the node has stopped or was started anew");
	}
	/* Meanwhile another may lead, or the log have come this far. */
	what = decide(in);
	if (what == -1 || (what == SNAPSHOT_WANTED && replace(in) == -1) ||
	    state_unlock(st) == -1)
		return -1;
	if (what != SNAPSHOT_WANTED && snapshot_remove(st, &in->name, PART) == -1)
		return fail(in, "remove", "");
	return what == SNAPSHOT_STALE ? refuse(in, answers[what]) : TRANSFER_DONE;
}

int
install_input(struct install *in, const char *p, size_t n, struct buf *out)
{
	size_t part;
	int r;

	if (!in->begun) {
		if (buf_add(&in->in, p, n) == -1)
			return state_fail(in->st, "cannot read: %s", strerror(errno));
		r = begin(in, out);
		if (r != TRANSFER_ON || !in->begun)
			return r;
		if (files_make(in) == -1)
			return -1;
		p = buf_head(&in->in);
		n = in->in.len;
	}
	for (; n > 0 && in->at < in->total; p += part, n -= part) {
		part = n;
		if (file_write(in, p, &part) == -1)
			return -1;
	}
	if (n > 0)
		return refuse(in, "more has come than the snapshot has");
	return in->at < in->total ? TRANSFER_ON : finish(in);
}

void
install_short(struct install *in)
{
	struct state *st = in->st;

	(void)file_close(in);
	if (in->begun)
		(void)snprintf(st->why, sizeof(st->why),
		    "it broke off at byte %" PRIu64 " of %" PRIu64
		    ", and will go on from there",
		    in->at, in->total);
	else
		(void)snprintf(st->why, sizeof(st->why), "the input ends too early");
}

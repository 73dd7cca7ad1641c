/*
 * node.c - state/node: who this node is.
 *
 *   lite-raft-node 1 NAME ID CLUSTER STANDING BOOTS CRC\n
 *
 * CLUSTER is "-" until the cluster has formed.  STANDING is "member", "joiner"
 * until the first configuration with this node is committed, "removed" once one
 * without it is, and "older" where a peer has seen a later start of it.  BOOTS is
 * how often it was started; it was not always there.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc.h"
#include "core/num.h"
#include "core/seal.h"
#include "state.h"

#define FILE_MAX (64u * 1024)

/* Writes a file so that it is there whole, or not at all. */
int
file_replace(struct os *os, const char *path, const struct buf *b)
{
	char fresh[64];
	int fd, r;

	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	disk_remove(os, fresh);
	fd = disk_open(os, fresh, DISK_CREATE | DISK_EXCL);
	if (fd == -1)
		return -1;
	r = disk_write(os, fd, buf_head(b), b->len, 0);
	if (r == 0)
		r = disk_sync(os, fd);
	if (disk_close(os, fd) == -1 || r == -1)
		return -1;
	if (disk_rename(os, fresh, path) == -1)
		return -1;
	if (disk_syncdir(os, "state") == 0)
		return 0;
	/* It is in its place: whatever the reason, this is no want of room. */
	errno = EIO;
	return -1;
}

static int
node_store(struct os *os, const struct who *me, const char *cluster,
    const char *standing, uint64_t boots)
{
	struct buf b = { 0 };
	int r;

	r = buf_fmt(&b, "lite-raft-node 1 %s %s %s %s %" PRIu64, me->name, me->id,
	    cluster, standing, boots);
	if (r == 0)
		r = seal_put(&b);
	if (r == 0)
		r = file_replace(os, "state/node", &b);
	buf_free(&b);
	return r;
}

/* How many words the line has, its CRC not counted. */
static size_t
words_of(const char *line)
{
	size_t n = 0;

	for (; *line != '\0' && *line != '\n'; line++)
		n += *line == ' ';
	return n;
}

int
node_load(struct state *st)
{
	char *text, *word[5] = { NULL, NULL, NULL, NULL, "0" };
	uint64_t n;

	text = disk_slurp(st->os, "state/node", FILE_MAX, NULL);
	if (text == NULL)
		return state_fail(st, "cannot read state/node: %s%s", strerror(errno),
		    errno == ENOENT ? " (no first-boot yet?)" : "");
	if (seal_open(text, "lite-raft-node 1 ", word, words_of(text) == 6 ? 4 : 5) ==
		NULL ||
	    num_u64(word[4], strlen(word[4]), NUMBER_MAX, &st->boots) == -1 ||
	    !name_valid(word[0], strlen(word[0])) || strlen(word[1]) != ID_DIGITS ||
	    num_hex(word[1], ID_DIGITS, &n) == -1 ||
	    (strcmp(word[2], "-") != 0 &&
		(strlen(word[2]) != ID_DIGITS ||
		    num_hex(word[2], ID_DIGITS, &n) == -1))) {
		free(text);
		errno = EILSEQ;
		return state_fail(st, "cannot read state/node: it is damaged");
	}
	memcpy(st->me.name, word[0], strlen(word[0]) + 1);
	memcpy(st->me.id, word[1], ID_DIGITS + 1);
	memcpy(st->cluster, word[2], strlen(word[2]) + 1);
	st->joiner = strcmp(word[3], "joiner") == 0;
	st->removed = strcmp(word[3], "removed") == 0;
	st->older = strcmp(word[3], "older") == 0;
	free(text);
	return 0;
}

static int
file_make(struct os *os, const char *path, const struct buf *b)
{
	int fd, r = 0;

	fd = disk_open(os, path, DISK_CREATE);
	if (fd == -1)
		return -1;
	if (b->len > 0)
		r = disk_write(os, fd, buf_head(b), b->len, 0);
	if (r == 0)
		r = disk_sync(os, fd);
	return disk_close(os, fd) == -1 ? -1 : r;
}

/* state/term: two slots of term 0; state/lock: an empty log. */
static int
files_make(struct os *os)
{
	struct term t = { 1, 0, { "-", "-" } };
	struct buf b = { 0 }, slots = { 0 };
	char *p;
	int r;

	r = file_make(os, "state/running", &b);
	if (r == 0)
		r = lock_make(&b);
	if (r == 0)
		r = file_make(os, "state/lock", &b);
	buf_cut(&b, 0);
	if (r == 0)
		r = term_print(&t, &b);
	p = r == 0 ? buf_room(&slots, 2 * TERM_SLOT) : NULL;
	if (p != NULL) {
		memset(p, 0, 2 * TERM_SLOT);
		memcpy(p, buf_head(&b), b.len);
		memcpy(p + TERM_SLOT, buf_head(&b), b.len);
		buf_grew(&slots, 2 * TERM_SLOT);
		r = file_make(os, "state/term", &slots);
	} else
		r = -1;
	buf_free(&slots);
	buf_free(&b);
	return r;
}

/* 1 if there is something in state/ that a first boot would destroy. */
static int
state_is_there(struct os *os)
{
	char **names;
	int there;
	size_t i;

	names = disk_names(os, "state/log");
	there = names != NULL && names[0] != NULL;
	disk_names_free(names);
	names = disk_names(os, "state");
	for (i = 0; names != NULL && names[i] != NULL; i++)
		if (strcmp(names[i], "node") == 0)
			there = 1;
	disk_names_free(names);
	return there;
}

int
node_init(struct os *os, const char *name, char *why)
{
	struct who me = { "", "" };

	if (!name_valid(name, strlen(name))) {
		errno = EINVAL;
		(void)snprintf(why, 256,
		    "cannot use the name %.80s: it may have letters, "
		    "digits and . _ : %% - in it, at most %u",
		    name, NAME_LIMIT);
		return -1;
	}
	if (state_is_there(os)) {
		errno = EEXIST;
		(void)snprintf(why, 256, "cannot make state/: it is there already");
		return -1;
	}
	memcpy(me.name, name, strlen(name) + 1);
	(void)snprintf(me.id, sizeof(me.id), "%016" PRIx64, chance_u64(os));
	/* state/node comes last: without it there was no first boot. */
	if ((disk_mkdir(os, "state") == -1 && errno != EEXIST) ||
	    (disk_mkdir(os, "state/log") == -1 && errno != EEXIST) ||
	    files_make(os) == -1 || disk_syncdir(os, "state/log") == -1 ||
	    node_store(os, &me, "-", "member", 0) == -1 ||
	    disk_syncdir(os, ".") == -1) {
		(void)snprintf(why, 256, "cannot make state/: %s", strerror(errno));
		return -1;
	}
	return 0;
}

/* An unformed node's log holds nothing that anybody was told. */
static int
log_empty(struct state *st)
{
	st->lock.damaged = 0;
	return log_drop(st);
}

int
node_verify(struct state *st)
{
	if (state_lock_whole(st) == -1)
		return -1;
	segment_tidy(st);
	seen_judge(st);
	if (install_tidy(st, st->tail.index) == -1)
		return -1;
	if (strcmp(st->cluster, "-") == 0 &&
	    (state_change(st) == -1 || log_empty(st) == -1 || state_settle(st) == -1))
		return -1;
	return state_unlock(st);
}

int
node_form(struct state *st, const struct members *first)
{
	struct record r = { .index = 1, .term = 0, .type = RECORD_MEMBERS };
	struct members m = *first;
	struct buf body = { 0 }, b = { 0 };
	char cluster[ID_DIGITS + 1];
	int bad;

	m.index = 1;
	members_digest(&m, cluster);
	bad = members_print(&m, &body) == -1 ||
	    record_encode(&r, 0, buf_head(&body), body.len, &b) == -1;
	if (!bad)
		bad = state_change(st) == -1 || log_empty(st) == -1 ||
		    log_append(st, buf_head(&b), b.len) == -1 || log_sync(st) == -1;
	buf_free(&body);
	buf_free(&b);
	if (bad)
		return -1;
	/* The mark stays until the name of the cluster can't be lost any more. */
	if (node_store(st->os, &st->me, cluster, "member", st->boots) == -1)
		return state_fail(st, "cannot write state/node: %s", strerror(errno));
	if (state_settle(st) == -1)
		return -1;
	memcpy(st->cluster, cluster, sizeof(cluster));
	return 0;
}

int
node_join(struct state *st, const char *cluster)
{
	if (node_store(st->os, &st->me, cluster, "joiner", st->boots) == -1)
		return state_fail(st, "cannot write state/node: %s", strerror(errno));
	memcpy(st->cluster, cluster, ID_DIGITS + 1);
	st->joiner = 1;
	st->removed = 0;
	return 0;
}

int
node_follow(struct state *st, uint64_t commit, int whole)
{
	const char *now;
	int in;

	if (st->members.n == 0)
		return 0;
	/* Another process may have followed the one before. */
	if (st->followed != st->members.index) {
		if (node_load(st) == -1)
			return -1;
		st->followed = st->members.index;
	}
	in = members_find(&st->members, st->me.name, st->me.id) != -1;
	if (whole && st->members.index <= commit) {
		if (in ? !st->joiner && !st->removed : st->joiner || st->removed)
			return st->removed;
		now = in ? "member" : "removed";
	} else if (in && st->removed)
		now = "joiner"; /* again: what it answers from here on is counted on */
	else
		return 0;
	if (node_store(st->os, &st->me, st->cluster, now, st->boots) == -1)
		return state_fail(st, "cannot write state/node: %s", strerror(errno));
	st->joiner = strcmp(now, "joiner") == 0;
	st->removed = strcmp(now, "removed") == 0;
	return st->removed;
}

static const char *
standing(const struct state *st)
{
	if (st->older)
		return "older";
	if (st->removed)
		return "removed";
	return st->joiner ? "joiner" : "member";
}

/* state/node as st has it now. */
static int
node_save(struct state *st)
{
	if (node_store(st->os, &st->me, st->cluster, standing(st), st->boots) == -1)
		return state_fail(st, "cannot write state/node: %s", strerror(errno));
	return 0;
}

int
node_boot(struct state *st)
{
	if (state_lock(st) == -1)
		return -1;
	st->boots++;
	return node_save(st) == -1 ? -1 : state_unlock(st);
}

int
node_older(struct state *st)
{
	if (state_lock(st) == -1)
		return -1;
	st->older = 1;
	return node_save(st) == -1 ? -1 : state_unlock(st);
}

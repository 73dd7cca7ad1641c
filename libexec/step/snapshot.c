/*
 * snapshot take        a snapshot of what is committed; the log before it ends
 * snapshot wait ROLE   until one is due, or the node with that pid has stopped
 * snapshot check       looks at every byte of every snapshot
 * snapshot show        a line for each of them
 * snapshot export      the store as of what is known to be committed, as lines
 *                      "set KEY VALUE"; --whole: as of the end of the log
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/store.h"
#include "step.h"

#define POLL         UINT64_C(1000000000) /* ns */
#define EXPORT_SLICE (256u * 1024)        /* bytes written at a time */
#define EXPORT_TRIES 600                  /* while a snapshot is being made */

static int
usage(FILE *to, int status)
{
	(void)fputs("usage: snapshot take | wait ROLE | check | show |\n"
		    "                export [--whole]\n",
	    to);
	return status;
}

static int
fail(const struct state *st, int status)
{
	(void)fprintf(stderr, "snapshot: %s\n", st->why);
	return status;
}

static int
cmd_take(struct state *st, char **arg)
{
	int r;

	(void)arg;
	r = snapshot_take(st);
	if (r == 0)
		return EXIT_YES;
	return fail(st, r == 1 ? EXIT_NO : EXIT_DISK);
}

static int
cmd_wait(struct state *st, char **arg)
{
	struct cursor from = { 0, 0, 0 };
	uint64_t period, pid;
	int due;

	if (num_u64(arg[0], strlen(arg[0]), INT32_MAX, &pid) == -1)
		return EXIT_USE;
	period = run_period(st->os);
	for (;;) {
		if (state_running(st) != (pid_t)pid)
			return EXIT_NO;
		due = snapshot_due(st, period, &from);
		if (due != 0)
			return due == 1 ? EXIT_YES : fail(st, EXIT_DISK);
		if (process_sleep(POLL) == -1)
			return EXIT_NO;
	}
}

/* Calls visit with each snapshot, oldest first: the status that fits. */
static int
each(struct state *st, int (*visit)(struct state *, const struct snapshot_name *))
{
	struct snapshot_name *list;
	size_t i, n;
	int bad = 0;

	list = snapshot_list(st, "", &n);
	if (list == NULL) {
		(void)fprintf(stderr, "snapshot: cannot list state/snapshot: %s\n",
		    strerror(errno));
		return EXIT_DISK;
	}
	for (i = 0; i < n; i++)
		bad |= visit(st, &list[i]) == -1;
	free(list);
	if (fflush(stdout) == EOF)
		bad = 1;
	return bad ? EXIT_DISK : EXIT_YES;
}

/* Reads the manifest, or says why not. */
static int
manifest_of(struct state *st, const struct snapshot_name *name, struct manifest *m)
{
	char path[SNAPSHOT_PATH];

	if (snapshot_manifest(st, name, "", m) == 0)
		return 0;
	snapshot_path(path, name, "/manifest");
	(void)fprintf(stderr, "snapshot: cannot read %s: %s\n", path,
	    errno == EILSEQ ? "damaged" : strerror(errno));
	return -1;
}

static int
check_one(struct state *st, const struct snapshot_name *name)
{
	struct manifest m;

	if (manifest_of(st, name, &m) == -1)
		return -1;
	if (snapshot_verify(st->os, &m, "", st->why) == -1)
		return fail(st, -1);
	return 0;
}

static int
show_one(struct state *st, const struct snapshot_name *name)
{
	struct manifest m;

	if (manifest_of(st, name, &m) == -1)
		return -1;
	printf("index %" PRIu64 " term %" PRIu64 " keys %" PRIu64 " requests %" PRIu64
	       " bytes %" PRIu64 " members %zu\n",
	    m.index, m.term, m.keys, m.requests, manifest_bytes(&m), m.members.n);
	return 0;
}

static int
cmd_check(struct state *st, char **arg)
{
	(void)arg;
	return each(st, check_one);
}

static int
cmd_show(struct state *st, char **arg)
{
	(void)arg;
	return each(st, show_one);
}

/* Puts out what has come together, if it is enough: 0, or -1. */
static int
put(struct buf *b, size_t least)
{
	if (b->len < least)
		return 0;
	if (wire_write_all(1, buf_head(b), b->len) == -1)
		return -1;
	buf_cut(b, 0);
	return 0;
}

static int
export_one(void *lines, struct bytes key, struct bytes value)
{
	struct buf *b = lines;

	if (buf_str(b, "set ") == -1 || words_put(b, key.at, key.len) == -1 ||
	    buf_str(b, " ") == -1 || words_put(b, value.at, value.len) == -1 ||
	    buf_str(b, "\n") == -1)
		return -1;
	return put(b, EXPORT_SLICE);
}

static int
cmd_export(struct state *st, char **arg)
{
	struct buf b = { 0 };
	struct manifest m;
	struct reader *base;
	struct store *store;
	int r, tries = EXPORT_TRIES;

	if (arg[0] != NULL && strcmp(arg[0], "--whole") != 0)
		return usage(stderr, EXIT_USE);
	while ((r = store_local(st, arg[0] != NULL, &store, &base, &m)) == -1 &&
	    errno == EAGAIN && tries-- > 0)
		(void)process_sleep(POLL);
	if (r == -1)
		return fail(st, EXIT_DISK);
	st->why[0] = '\0';
	r = buf_fmt(&b, "# lite-raft-backup 1 %" PRIu64 " %" PRIu64 " %s\n", m.index,
	    m.term, st->cluster);
	if (r == 0)
		r = store_each(store, export_one, &b);
	if (r == 0)
		r = put(&b, 0);
	if (r == 0)
		r = disk_sync(st->os, 1) == -1 && errno != EINVAL && errno != EROFS;
	/* What is wrong with the snapshot has been said. */
	if (r != 0 && st->why[0] == '\0')
		(void)snprintf(st->why, sizeof(st->why), "cannot export: %s",
		    strerror(errno));
	buf_free(&b);
	store_free(store);
	reader_close(base);
	return r == 0 ? EXIT_YES : fail(st, EXIT_DISK);
}

static const struct command_verb {
	const char *name;
	int min, max; /* arguments */
	int (*run)(struct state *, char **);
} verbs[] = {
	{ "check", 0, 0, cmd_check },
	{ "export", 0, 1, cmd_export },
	{ "show", 0, 0, cmd_show },
	{ "take", 0, 0, cmd_take },
	{ "wait", 1, 1, cmd_wait },
};

static int
run(const struct command_verb *verb, char **arg)
{
	char why[256];
	struct state *st;
	struct os *os;
	int status;

	os = os_open(".");
	if (os == NULL) {
		(void)fprintf(stderr,
		    "snapshot: cannot open the current directory: %s\n",
		    strerror(errno));
		return EXIT_DISK;
	}
	st = state_open(os, why);
	if (st == NULL) {
		(void)fprintf(stderr, "snapshot: %s\n", why);
		status = errno == ENOENT ? EXIT_CONF : EXIT_DISK;
	} else
		status = verb->run(st, arg);
	state_close(st);
	os_close(os);
	return status;
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, EXIT_YES);
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (argc - 2 >= verbs[i].min && argc - 2 <= verbs[i].max &&
		    strcmp(argv[1], verbs[i].name) == 0)
			return run(&verbs[i], argv + 2);
	return usage(stderr, EXIT_USE);
}

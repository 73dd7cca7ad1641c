/*
 * snapshot take        a snapshot of what is committed; the log before it ends
 * snapshot wait ROLE   until one is due, or the node with that pid has stopped
 * snapshot check       looks at every byte of every snapshot
 * snapshot show        a line for each of them
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "step.h"

#define POLL UINT64_C(1000000000) /* ns */

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

static const struct command_verb {
	const char *name;
	int args;
	int (*run)(struct state *, char **);
} verbs[] = {
	{ "check", 0, cmd_check },
	{ "show", 0, cmd_show },
	{ "take", 0, cmd_take },
	{ "wait", 1, cmd_wait },
};

static int
usage(FILE *to, int status)
{
	(void)fputs("usage: snapshot take | wait ROLE | check | show\n", to);
	return status;
}

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
		if (argc == verbs[i].args + 2 && strcmp(argv[1], verbs[i].name) == 0)
			return run(&verbs[i], argv + 2);
	return usage(stderr, EXIT_USE);
}

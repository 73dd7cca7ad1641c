/*
 * node - a node's identity: makes it, shows it, tells it to peers, and forms the
 * cluster's first configuration out of what they tell (libexec/node).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/verb.h"

static int
cmd_init(struct os *os, char **arg)
{
	char why[256];

	if (node_init(os, arg[0], why) == 0)
		return EXIT_YES;
	(void)fprintf(stderr, "node: %s\n", why);
	return errno == EEXIST || errno == EINVAL ? EXIT_CONF : EXIT_DISK;
}

static int
cmd_verify(struct os *os, char **arg)
{
	struct state *st;
	int status = EXIT_YES;

	(void)arg;
	if ((st = verb_open(os, "verify state/", &status)) == NULL)
		return status;
	if (node_verify(st) == -1)
		status = verb_fail("verify state/", st->why, EXIT_DISK);
	state_close(st);
	return status;
}

static void
show_peers(const struct state *st)
{
	size_t i;

	for (i = 0; i < st->members.n; i++)
		if (strcmp(st->members.who[i].name, st->me.name) != 0)
			puts(st->members.who[i].name);
}

/* Every KEY VALUE line. */
static int
show_all(struct state *st, struct buf *b)
{
	int formed = strcmp(st->cluster, "-") != 0;

	return buf_fmt(b,
	    "name %s\nid %s\ncluster %s\nformed %s\njoiner %s\nremoved %s\nvotes %s\nstands %s\n"
	    "term %" PRIu64 "\nvoted_for %s\nlast_index %" PRIu64 "\nlast_term %" PRIu64
	    "\ncommit_index %" PRIu64 "\nmembers %zu\ndamaged %s\n",
	    st->me.name, st->me.id, st->cluster, formed ? "yes" : "no",
	    st->joiner ? "yes" : "no", st->removed ? "yes" : "no",
	    state_votes(st) ? "yes" : "no", state_stands(st) ? "yes" : "no",
	    st->term.current_term, st->term.voted_for.name, st->tail.index,
	    st->tail.term, log_committed(st), st->members.n,
	    st->lock.damaged != 0 ? "yes" : "no");
}

/* Prints all lines, or the value of one key. */
static int
show_print(const char *text, const char *key)
{
	const char *line, *end;
	size_t len = key == NULL ? 0 : strlen(key);

	if (key == NULL) {
		(void)fputs(text, stdout);
		return EXIT_YES;
	}
	for (line = text; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		if (strncmp(line, key, len) == 0 && line[len] == ' ') {
			printf("%.*s\n", (int)(end - line - (long)len - 1),
			    line + len + 1);
			return EXIT_YES;
		}
	}
	(void)fprintf(stderr, "node: cannot show %s: there is no such thing\n", key);
	return EXIT_USE;
}

static int
cmd_show(struct os *os, char **arg)
{
	struct buf b = { 0 };
	struct state *st;
	int status = EXIT_YES;

	if ((st = verb_open(os, "show this node", &status)) == NULL)
		return status;
	if (arg[0] != NULL && strcmp(arg[0], "peers") == 0)
		show_peers(st);
	else if (state_lock(st) == -1 || show_all(st, &b) == -1 ||
	    buf_add(&b, "", 1) == -1 || state_unlock(st) == -1)
		status = verb_fail("show this node", st->why, EXIT_DISK);
	else
		status = show_print(buf_head(&b), arg[0]);
	buf_free(&b);
	state_close(st);
	if (fflush(stdout) == EOF)
		return verb_system_fail("show this node");
	return status;
}

static int
cmd_note(struct os *os, char **arg)
{
	struct buf b = { 0 };
	uint64_t term = UINT64_MAX;
	struct state *st;
	char why[256];
	int i;

	for (i = 0; arg[i] != NULL; i++)
		if (buf_fmt(&b, "%s%s", i > 0 ? " " : "", arg[i]) == -1)
			return verb_system_fail("note");
	if (buf_add(&b, "", 1) == -1)
		return verb_system_fail("note");
	/* The term as it stands, without waiting for the lock: a note is no step. */
	if ((st = state_open(os, why)) != NULL) {
		if (term_load(st) == 0)
			term = st->term.current_term;
		state_close(st);
	}
	note(os, term, "%s", buf_head(&b));
	buf_free(&b);
	return EXIT_YES;
}

static int
cmd_nonce(struct os *os, char **arg)
{
	char line[32];
	int fd, n, r;

	(void)arg;
	n = snprintf(line, sizeof(line), "%016" PRIx64 "\n", chance_u64(os));
	fd = run_open(os, "nonce");
	if (fd == -1)
		return verb_system_fail("write run/nonce");
	r = disk_write(os, fd, line, (size_t)n, 0);
	if (disk_close(os, fd) == -1 || r == -1)
		return verb_system_fail("write run/nonce");
	return EXIT_YES;
}

static const struct command_verb {
	const char *name;
	int min, max; /* arguments */
	int (*run)(struct os *, char **);
} verbs[] = {
	{ "boot", 0, 0, cmd_boot },
	{ "form", 1, (int)MEMBERS_MAX, cmd_form },
	{ "greet", 1, 1, cmd_greet },
	{ "heard", 0, (int)MEMBERS_MAX, cmd_heard },
	{ "hello", 0, 0, cmd_hello },
	{ "init", 1, 1, cmd_init },
	{ "join", 2, 2, cmd_join },
	{ "nonce", 0, 0, cmd_nonce },
	{ "note", 1, 1024, cmd_note },
	{ "same", 0, 0, cmd_same },
	{ "show", 0, 1, cmd_show },
	{ "verify", 0, 0, cmd_verify },
};

static int
usage(int status)
{
	return usage_print(
	    "usage: node init NAME | verify | boot | show [KEY] | note TEXT... | nonce |\n"
	    "            greet NAME | heard [NAME...] | hello | same | form NAME... | join NAME CLUSTER\n",
	    status);
}

int
main(int argc, char **argv)
{
	struct os *os;
	size_t i;
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(EXIT_YES);
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (argc < 2 || strcmp(argv[1], verbs[i].name) != 0 ||
		    argc - 2 < verbs[i].min || argc - 2 > verbs[i].max)
			continue;
		if ((os = os_open(".")) == NULL)
			return verb_system_fail(argv[1]);
		status = verbs[i].run(os, argv + 2);
		os_close(os);
		return status;
	}
	return usage(EXIT_USE);
}

/*
 * form.c - forms the cluster's first configuration out of what the peers have
 * told, or joins one that is there.
 */
#include "node/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/frame.h"

/* What forming has found so far. */
struct forming {
	struct state *st;
	struct members found;  /* the unformed ones, and this one */
	struct members formed; /* a formed cluster's, and its id */
	char cluster[ID_DIGITS + 1];
	char *nodes; /* this node's list */
	size_t missing;
	int wrong;
	int older; /* one has seen a later start of this node */
};

static void
form_wait(struct forming *m, const char *name, const char *why)
{
	printf("%s %s\n", name, why);
	m->missing++;
}

static void
form_wrong(struct forming *m, const char *name, const char *why)
{
	(void)fprintf(stderr, "node: cannot form the cluster with %s: %s\n", name, why);
	m->wrong = 1;
}

/* A peer of a formed cluster: its members, or none if this one is not asked. */
static void
form_with(struct forming *m, const char *name, const struct frame *f)
{
	struct members theirs = { .index = 1 };
	const char *first;
	char id[ID_DIGITS + 1];
	size_t len = 0;

	if (m->cluster[0] != '\0' && strcmp(m->cluster, f->cluster) != 0) {
		form_wrong(m, name, "it belongs to another cluster than others here");
		return;
	}
	first = body_line(f, "member", &len);
	if (first == NULL) {
		form_wait(m, name, "waits to be added to a cluster itself");
		return;
	}
	first -= strlen("member ");
	if (members_parse(&theirs, first, (size_t)(f->body + f->length - first)) ==
	    -1) {
		form_wrong(m, name, "its members make no sense");
		return;
	}
	members_digest(&theirs, id);
	memcpy(m->cluster, f->cluster, sizeof(m->cluster));
	if (strcmp(id, f->cluster) == 0)
		m->formed = theirs;
}

static void
form_take(struct forming *m, const char *name)
{
	char path[NAME_LIMIT + 16], *text;
	const char *nodes;
	struct frame f;
	size_t len = 0, n;

	(void)snprintf(path, sizeof(path), "run/hello.%s", name);
	text = disk_slurp(m->st->os, path, HELLO_MAX, &n);
	if (text == NULL || frame_answer(text, n, FRAME_HELLO_REPLY, &f) == -1)
		form_wait(m, name, "does not answer");
	else if (strcmp(f.from.name, name) != 0)
		form_wrong(m, name, "a node of another name answers there");
	else if (strcmp(f.from.id, m->st->me.id) == 0)
		form_wrong(m, name, "it has this node's id: its state was copied");
	else if (f.arg[1] > m->st->boots) {
		form_wrong(m, name,
		    "it has seen a later start of this node: its state was restored "
		    "from a copy; mv state state.old");
		m->older = 1;
	} else if (f.arg[0] == 1)
		form_with(m, name, &f);
	else if ((nodes = body_line(&f, "nodes", &len)) == NULL ||
	    len != strlen(m->nodes) - 1 || memcmp(nodes, m->nodes + 1, len) != 0)
		form_wrong(m, name, "its conf/cluster_nodes lists other nodes");
	else if (members_add(&m->found, f.from.name, f.from.id) == -1)
		form_wrong(m, name,
		    "its name or its id is another's: its state was copied");
	free(text);
}

/* All have answered, or a cluster is there: 0, or -1. */
static int
form_decide(struct forming *m)
{
	struct state *st = m->st;
	const struct members *first = NULL;

	if (m->cluster[0] != '\0') {
		if (members_find(&m->formed, st->me.name, st->me.id) != -1)
			first = &m->formed;
	} else
		first = &m->found;
	if (first == NULL) {
		note(st->os, 0,
		    "form: cluster %s has formed without this node's id: "
		    "it waits to be added",
		    m->cluster);
		return node_join(st, m->cluster);
	}
	if (node_form(st, first) == -1)
		return -1;
	note(st->os, 0, "form: cluster %s, %zu members", st->cluster, st->members.n);
	return 0;
}

static int
form(struct forming *m, char **names)
{
	struct state *st = m->st;
	size_t i;

	if (state_lock(st) == -1)
		return verb_fail("form the cluster", st->why, EXIT_DISK);
	if (strcmp(st->cluster, "-") != 0)
		return EXIT_YES;
	for (i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], st->me.name) != 0)
			form_take(m, names[i]);
	if (members_add(&m->found, st->me.name, st->me.id) == -1)
		form_wrong(m, st->me.name, "it is listed twice");
	/* It would forget what it has said as a member. */
	if (m->older && node_older(st) == -1)
		return verb_fail("form the cluster", st->why, EXIT_DISK);
	if (m->wrong)
		return EXIT_CONF;
	if (m->missing > 0 && m->cluster[0] == '\0')
		return EXIT_NO;
	if (form_decide(m) == -1)
		return verb_fail("form the cluster", st->why, EXIT_DISK);
	return EXIT_YES;
}

int
cmd_form(struct os *os, char **arg)
{
	struct forming m = { 0 };
	struct buf nodes = { 0 };
	size_t n = 0;
	int status = EXIT_YES;

	if ((m.st = verb_open(os, "form the cluster", &status)) == NULL)
		return status;
	while (arg[n] != NULL)
		n++;
	if (names_sorted(arg, n, &nodes) == -1)
		status = verb_system_fail("form the cluster");
	else {
		m.nodes = buf_head(&nodes);
		status = form(&m, arg);
	}
	buf_free(&nodes);
	state_close(m.st);
	if (fflush(stdout) == EOF)
		return verb_system_fail("form the cluster");
	return status;
}

/*
 * Why this node may not join a cluster, or NULL.  One that has voted, or holds what
 * was acknowledged, is counted on by those who know its id.
 */
static const char *
join_refusal(const struct state *st, const char *name, const char *cluster)
{
	const int used = st->tail.index > 0 || st->term.current_term > 0;

	if (strcmp(st->me.name, name) != 0)
		return "its state is that of a node of another name";
	if (st->older)
		return "its state was restored from a copy; there: mv state state.old";
	if (strcmp(st->cluster, cluster) == 0)
		return NULL;
	if (strcmp(st->cluster, "-") != 0 && (!st->joiner || used))
		return "it belongs to another cluster; if that is over, there: "
		       "./lite-raft stop; mv state state.old";
	if (used)
		return "it has state of its own; there: ./lite-raft stop; "
		       "mv state state.old";
	return NULL;
}

int
cmd_join(struct os *os, char **arg)
{
	struct state *st;
	const char *why;
	int status = EXIT_YES;

	if ((st = verb_open(os, "join", &status)) == NULL)
		return status;
	why = state_lock(st) == -1 ? NULL : join_refusal(st, arg[0], arg[1]);
	if (why != NULL)
		status = verb_fail("join", why, EXIT_NO);
	else if (st->broken || node_join(st, arg[1]) == -1 || state_unlock(st) == -1)
		status = verb_fail("join", st->why, EXIT_DISK);
	else
		note(os, UINT64_MAX, "join: waits to be sent the log of cluster %s",
		    arg[1]);
	state_close(st);
	return status;
}

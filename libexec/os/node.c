/*
 * node - a node's identity: makes it, shows it, tells it to peers, and forms the
 * cluster's first configuration out of what they tell.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/types.h"
#include "os.h"
#include "state/transfer.h"

#define CONF_MAX   (64u * 1024)
#define ANSWER_MAX (256u * 1024)
#define HEARD_WAIT UINT64_C(3000000000) /* ns */
#define HEARD_POLL UINT64_C(30000000)

static int
fail(const char *verb, const char *why, int status)
{
	(void)fprintf(stderr, "node: cannot %s: %s\n", verb, why);
	return status;
}

static int
system_fail(const char *verb)
{
	return fail(verb, strerror(errno), EXIT_DISK);
}

/* Opens ./state, or says why not: *status. */
static struct state *
open_state(struct os *os, const char *verb, int *status)
{
	struct state *st;
	char why[256];

	st = state_open(os, why);
	if (st == NULL)
		*status = fail(verb, why, errno == ENOENT ? EXIT_CONF : EXIT_DISK);
	return st;
}

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
	if ((st = open_state(os, "verify state/", &status)) == NULL)
		return status;
	if (node_verify(st) == -1)
		status = fail("verify state/", st->why, EXIT_DISK);
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

	if ((st = open_state(os, "show this node", &status)) == NULL)
		return status;
	if (arg[0] != NULL && strcmp(arg[0], "peers") == 0)
		show_peers(st);
	else if (state_lock(st) == -1 || show_all(st, &b) == -1 ||
	    buf_add(&b, "", 1) == -1 || state_unlock(st) == -1)
		status = fail("show this node", st->why, EXIT_DISK);
	else
		status = show_print(buf_head(&b), arg[0]);
	buf_free(&b);
	state_close(st);
	if (fflush(stdout) == EOF)
		return system_fail("show this node");
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
			return system_fail("note");
	if (buf_add(&b, "", 1) == -1)
		return system_fail("note");
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
		return system_fail("write run/nonce");
	r = disk_write(os, fd, line, (size_t)n, 0);
	if (disk_close(os, fd) == -1 || r == -1)
		return system_fail("write run/nonce");
	return EXIT_YES;
}

static int
print_frame(const struct frame *f)
{
	struct buf b = { 0 };
	int r;

	r = frame_encode(f, &b);
	if (r == 0)
		r = wire_write_all(1, buf_head(&b), b.len);
	buf_free(&b);
	return r == 0 ? EXIT_YES : system_fail("write a frame");
}

static int
cmd_greet(struct os *os, char **arg)
{
	struct who to = { "", "-" };
	struct state *st;
	struct frame f;
	int status = EXIT_YES;

	if (!name_valid(arg[0], strlen(arg[0])))
		return fail("greet", "that is no name", EXIT_USE);
	if ((st = open_state(os, "greet", &status)) == NULL)
		return status;
	memcpy(to.name, arg[0], strlen(arg[0]) + 1);
	f = address(st, FRAME_HELLO, &to);
	f.term = 0;
	f.arg[0] = st->boots;
	status = print_frame(&f);
	state_close(st);
	return status;
}

/* The names in conf/cluster_nodes, sorted, a blank before each. */
static int
name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
names_sorted(char **name, size_t n, struct buf *b)
{
	size_t i;

	qsort(name, n, sizeof(*name), name_compare);
	for (i = 0; i < n; i++)
		if (buf_fmt(b, " %s", name[i]) == -1)
			return -1;
	return buf_add(b, "", 1);
}

/* The same from the file; comments and line ends are passed over. */
static int
names_of_conf(struct os *os, struct buf *b)
{
	char *name[MEMBERS_MAX], *at, *line, *text, *next;
	size_t n = 0;
	int r;

	text = disk_slurp(os, "conf/cluster_nodes", CONF_MAX, NULL);
	if (text == NULL)
		return buf_add(b, "", 1);
	for (line = text; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		line[strcspn(line, "#")] = '\0';
		for (at = strtok(line, " \t\r"); at != NULL && n < MEMBERS_MAX;
		     at = strtok(NULL, " \t\r"))
			name[n++] = at;
	}
	r = names_sorted(name, n, b);
	free(text);
	return r;
}

/* Reads all of stdin, up to max bytes. */
static int
input_read(struct buf *b, size_t max)
{
	ssize_t n;
	char *p;

	do {
		if ((p = buf_room(b, 4096)) == NULL ||
		    (n = wire_read(0, p, 4096)) == -1)
			return -1;
		buf_grew(b, (size_t)n);
	} while (n > 0 && b->len < max);
	return 0;
}

static int
hello_body(struct state *st, struct buf *b)
{
	struct buf names = { 0 };
	uint64_t have, total;
	char *nonce;
	int r;

	install_progress(st, &have, &total);
	nonce = disk_slurp(st->os, "run/nonce", 64, NULL);
	if (nonce != NULL)
		nonce[strcspn(nonce, "\n")] = '\0';
	r = names_of_conf(st->os, &names);
	if (r == 0)
		r = buf_fmt(b, "nonce %s\nversion " VERSION "\nnodes%s\n",
		    nonce != NULL && *nonce != '\0' ? nonce : "-", buf_head(&names));
	if (r == 0 && total > 0)
		r = buf_fmt(b, "incoming %" PRIu64 " %" PRIu64 "\n", have, total);
	if (r == 0)
		r = members_print(&st->members, b);
	buf_free(&names);
	free(nonce);
	return r;
}

static int
cmd_hello(struct os *os, char **arg)
{
	struct buf body = { 0 }, in = { 0 };
	struct frame f, reply;
	const char *why = "the input ends too early";
	struct state *st;
	size_t used;
	int status = EXIT_YES;

	(void)arg;
	if ((st = open_state(os, "answer", &status)) == NULL)
		return status;
	if (input_read(&in, FRAME_HEADER_MAX) == -1 ||
	    frame_parse(buf_head(&in), in.len, &f, &used, &why) != 1 ||
	    f.type != FRAME_HELLO)
		status = fail("answer", why, EXIT_GATE);
	else {
		reply = address(st, FRAME_HELLO_REPLY, &f.from);
		reply.term = 0;
		reply.arg[0] = strcmp(st->cluster, "-") != 0;
		reply.arg[1] = seen_raise(st, &f.from, f.arg[0]);
		if (hello_body(st, &body) == -1)
			status = system_fail("answer");
		else {
			reply.length = body.len;
			reply.body = buf_head(&body);
			status = print_frame(&reply);
		}
	}
	buf_free(&body);
	buf_free(&in);
	state_close(st);
	return status;
}

/* A hello's answer, behind its gate's greeting: 0, or -1. Points into p. */
static int
answer_parse(const char *p, size_t n, struct frame *f)
{
	const char *why;
	size_t skip, used;

	if (frame_greeting(p, n, &skip) != 1)
		return -1;
	if (frame_parse(p + skip, n - skip, f, &used, &why) != 1 ||
	    f->type != FRAME_HELLO_REPLY)
		return -1;
	return 0;
}

/* The line of the body that begins with key and a blank; its length. */
static const char *
body_line(const struct frame *f, const char *key, size_t *len)
{
	const char *at = f->body, *end = f->body + f->length, *newline;
	size_t k = strlen(key);

	for (; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (newline == NULL)
			return NULL;
		if ((size_t)(newline - at) > k && memcmp(at, key, k) == 0 &&
		    at[k] == ' ') {
			*len = (size_t)(newline - at) - k - 1;
			return at + k + 1;
		}
	}
	return NULL;
}

static int
cmd_same(struct os *os, char **arg)
{
	struct buf in = { 0 };
	struct state *st;
	struct frame f;
	char *mine;
	const char *theirs;
	size_t len = 0;
	int status = EXIT_YES;

	(void)arg;
	if ((st = open_state(os, "compare", &status)) == NULL)
		return status;
	mine = disk_slurp(os, "run/nonce", 64, NULL);
	if (mine != NULL)
		mine[strcspn(mine, "\n")] = '\0';
	if (input_read(&in, ANSWER_MAX) == -1 || mine == NULL)
		status = system_fail("compare");
	else if (answer_parse(buf_head(&in), in.len, &f) == -1)
		status = fail("reach this node by its own name", "no answer came",
		    EXIT_NO);
	else if ((theirs = body_line(&f, "nonce", &len)) == NULL ||
	    len != strlen(mine) || memcmp(theirs, mine, len) != 0) {
		(void)fprintf(stderr,
		    "node: cannot reach this node by its own name: %s "
		    "answered from another directory, as %s/%s; see "
		    "conf/directories\n",
		    st->me.name, f.from.name, f.from.id);
		status = EXIT_NO;
	}
	free(mine);
	buf_free(&in);
	state_close(st);
	return status;
}

static int
older(const struct state *st, const char *by, const char *has)
{
	(void)fprintf(stderr,
	    "node: cannot start: this node's state is older than what %s %s seen of "
	    "it: it was restored from a copy; mv state state.old, then on another "
	    "node: ./lite-raft-client del-member %s, and add-member %s\n",
	    by, has, st->me.name, st->me.name);
	return EXIT_CONF;
}

static int
cmd_boot(struct os *os, char **arg)
{
	struct state *st;
	int status = EXIT_YES;

	(void)arg;
	if ((st = open_state(os, "start", &status)) == NULL)
		return status;
	if (st->older)
		status = older(st, "its peers", "have");
	else if (node_boot(st) == -1)
		status = fail("start", st->why, EXIT_DISK);
	state_close(st);
	return status;
}

enum heard { HEARD_WAITS, HEARD_NOTHING, HEARD, HEARD_LATER };

/* What a peer has answered to the greeting, if it has; else whether it is over. */
static enum heard
heard(const struct state *st, const struct who *who)
{
	char path[NAME_LIMIT + 16], *text, *over;
	enum heard r = HEARD_WAITS;
	struct frame f;
	size_t n;

	(void)snprintf(path, sizeof(path), "run/greeted.%s", who->name);
	over = disk_slurp(st->os, path, 64, NULL);
	if (over != NULL)
		r = HEARD_NOTHING;
	(void)snprintf(path, sizeof(path), "run/heard.%s", who->name);
	text = disk_slurp(st->os, path, ANSWER_MAX, &n);
	if (text != NULL && answer_parse(text, n, &f) == 0 &&
	    strcmp(f.from.name, who->name) == 0 && strcmp(f.from.id, who->id) == 0)
		r = f.arg[1] >= st->boots ? HEARD_LATER : HEARD;
	free(text);
	free(over);
	return r;
}

/* Waits for the peers' answers until nothing more is to be learned: a status. */
static int
hear(struct state *st)
{
	const struct members *m = &st->members;
	const uint64_t end = clock_now(st->os) + HEARD_WAIT;
	char yes[MEMBERS_MAX];
	int left;
	size_t i;

	do {
		left = 0;
		memset(yes, 0, sizeof(yes));
		for (i = 0; i < m->n; i++) {
			if (strcmp(m->who[i].name, st->me.name) == 0) {
				yes[i] = 1;
				continue;
			}
			switch (heard(st, &m->who[i])) {
			case HEARD_WAITS:
				left = 1;
				break;
			case HEARD:
				yes[i] = 1;
				break;
			case HEARD_LATER:
				if (node_older(st) == -1)
					return fail("start", st->why, EXIT_DISK);
				return older(st, m->who[i].name, "has");
			default:
				break;
			}
		}
	} while (left && !members_quorum(m, yes) && clock_now(st->os) < end &&
	    process_sleep(HEARD_POLL) == 0);
	return EXIT_YES;
}

static int
cmd_heard(struct os *os, char **arg)
{
	struct state *st;
	int status = EXIT_YES;

	(void)arg;
	if ((st = open_state(os, "start", &status)) == NULL)
		return status;
	status = hear(st);
	state_close(st);
	return status;
}

/* What forming has found so far. */
struct forming {
	struct state *st;
	struct members found;  /* the unformed ones, and this one */
	struct members formed; /* a formed cluster's, and its id */
	char cluster[ID_DIGITS + 1];
	char *nodes; /* this node's list */
	size_t missing;
	int wrong;
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
	text = disk_slurp(m->st->os, path, ANSWER_MAX, &n);
	if (text == NULL || answer_parse(text, n, &f) == -1)
		form_wait(m, name, "does not answer");
	else if (strcmp(f.from.name, name) != 0)
		form_wrong(m, name, "a node of another name answers there");
	else if (strcmp(f.from.id, m->st->me.id) == 0)
		form_wrong(m, name, "it has this node's id: its state was copied");
	else if (f.arg[0] == 1)
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
		return fail("form the cluster", st->why, EXIT_DISK);
	if (strcmp(st->cluster, "-") != 0)
		return EXIT_YES;
	for (i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], st->me.name) != 0)
			form_take(m, names[i]);
	if (members_add(&m->found, st->me.name, st->me.id) == -1)
		form_wrong(m, st->me.name, "it is listed twice");
	if (m->wrong)
		return EXIT_CONF;
	if (m->missing > 0 && m->cluster[0] == '\0')
		return EXIT_NO;
	if (form_decide(m) == -1)
		return fail("form the cluster", st->why, EXIT_DISK);
	return EXIT_YES;
}

static int
cmd_form(struct os *os, char **arg)
{
	struct forming m = { 0 };
	struct buf nodes = { 0 };
	size_t n = 0;
	int status = EXIT_YES;

	if ((m.st = open_state(os, "form the cluster", &status)) == NULL)
		return status;
	while (arg[n] != NULL)
		n++;
	if (names_sorted(arg, n, &nodes) == -1)
		status = system_fail("form the cluster");
	else {
		m.nodes = buf_head(&nodes);
		status = form(&m, arg);
	}
	buf_free(&nodes);
	state_close(m.st);
	if (fflush(stdout) == EOF)
		return system_fail("form the cluster");
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

static int
cmd_join(struct os *os, char **arg)
{
	struct state *st;
	const char *why;
	int status = EXIT_YES;

	if ((st = open_state(os, "join", &status)) == NULL)
		return status;
	why = state_lock(st) == -1 ? NULL : join_refusal(st, arg[0], arg[1]);
	if (why != NULL)
		status = fail("join", why, EXIT_NO);
	else if (st->broken || node_join(st, arg[1]) == -1 || state_unlock(st) == -1)
		status = fail("join", st->why, EXIT_DISK);
	else
		note(os, UINT64_MAX, "join: waits to be sent the log of cluster %s",
		    arg[1]);
	state_close(st);
	return status;
}

static const struct command_verb {
	const char *name;
	int min, max; /* arguments */
	int (*run)(struct os *, char **);
} verbs[] = {
	{ "boot", 0, 0, cmd_boot },
	{ "form", 1, (int)MEMBERS_MAX, cmd_form },
	{ "greet", 1, 1, cmd_greet },
	{ "heard", 0, 0, cmd_heard },
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
usage(FILE *to, int status)
{
	(void)fputs(
	    "usage: node init NAME | verify | boot | show [KEY] | note TEXT... | nonce |\n"
	    "            greet NAME | heard | hello | same | form NAME... | join NAME CLUSTER\n",
	    to);
	return status;
}

int
main(int argc, char **argv)
{
	struct os *os;
	size_t i;
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, EXIT_YES);
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (argc < 2 || strcmp(argv[1], verbs[i].name) != 0 ||
		    argc - 2 < verbs[i].min || argc - 2 > verbs[i].max)
			continue;
		if ((os = os_open(".")) == NULL)
			return system_fail(argv[1]);
		status = verbs[i].run(os, argv + 2);
		os_close(os);
		return status;
	}
	return usage(stderr, EXIT_USE);
}

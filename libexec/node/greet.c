/*
 * greet.c - what nodes tell each other before they take part: who they are, which
 * directory answers, how often this state was started.
 */
#include "node/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/frame.h"
#include "state/transfer.h"

#define CONF_MAX   (64u * 1024)
#define HEARD_POLL UINT64_C(30000000) /* ns */

static int
print_frame(const struct frame *f)
{
	struct buf b = { 0 };
	int r;

	r = frame_encode(f, &b);
	if (r == 0)
		r = wire_write_all(1, buf_head(&b), b.len);
	buf_free(&b);
	return r == 0 ? EXIT_YES : verb_system_fail("write a frame");
}

int
cmd_greet(struct os *os, char **arg)
{
	struct who to = { "", "-" };
	struct state *st;
	struct frame f;
	int status = EXIT_YES;

	if (!name_valid(arg[0], strlen(arg[0])))
		return verb_fail("greet", "that is no name", EXIT_USE);
	if ((st = verb_open(os, "greet", &status)) == NULL)
		return status;
	memcpy(to.name, arg[0], strlen(arg[0]) + 1);
	f = address(st, FRAME_HELLO, &to);
	f.term = 0;
	f.arg[0] = st->boots;
	status = print_frame(&f);
	state_close(st);
	return status;
}

static int
name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
names_sorted(char **name, size_t n, struct buf *b)
{
	size_t i;

	qsort(name, n, sizeof(*name), name_compare);
	for (i = 0; i < n; i++)
		if (buf_fmt(b, " %s", name[i]) == -1)
			return -1;
	return buf_add(b, "", 1);
}

/* The names in conf/cluster_nodes as names_sorted; comments and line ends are passed over. */
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

int
cmd_hello(struct os *os, char **arg)
{
	struct buf body = { 0 }, in = { 0 };
	struct frame f, reply;
	const char *why = "the input ends too early";
	struct state *st;
	size_t used;
	int status = EXIT_YES;

	(void)arg;
	if ((st = verb_open(os, "answer", &status)) == NULL)
		return status;
	if (input_read(&in, FRAME_HEADER_MAX) == -1 ||
	    frame_parse(buf_head(&in), in.len, &f, &used, &why) != 1 ||
	    f.type != FRAME_HELLO)
		status = verb_fail("answer", why, EXIT_GATE);
	else {
		reply = address(st, FRAME_HELLO_REPLY, &f.from);
		reply.term = 0;
		reply.arg[0] = strcmp(st->cluster, "-") != 0;
		reply.arg[1] = seen_raise(st, &f.from, f.arg[0]);
		if (hello_body(st, &body) == -1)
			status = verb_system_fail("answer");
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

const char *
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

int
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
	if ((st = verb_open(os, "compare", &status)) == NULL)
		return status;
	mine = disk_slurp(os, "run/nonce", 64, NULL);
	if (mine != NULL)
		mine[strcspn(mine, "\n")] = '\0';
	if (input_read(&in, HELLO_MAX) == -1 || mine == NULL)
		status = verb_system_fail("compare");
	else if (frame_answer(buf_head(&in), in.len, FRAME_HELLO_REPLY, &f) == -1)
		status = verb_fail("reach this node by its own name", "no answer came",
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

int
cmd_boot(struct os *os, char **arg)
{
	struct state *st;
	int status = EXIT_YES;

	(void)arg;
	if ((st = verb_open(os, "start", &status)) == NULL)
		return status;
	if (st->older)
		status = older(st, "its peers", "have");
	else if (node_boot(st) == -1)
		status = verb_fail("start", st->why, EXIT_DISK);
	state_close(st);
	return status;
}

/* Waits for the peers' answers until nothing more is to be learned: a status. */
static int
hear(struct state *st, const struct members *m)
{
	struct hearing h = { 0 };

	if (st->older)
		return older(st, "its peers", "have");
	while (!boots_heard(st, m, &h) && process_sleep(HEARD_POLL) == 0)
		continue;
	if (h.later[0] == '\0')
		return EXIT_YES;
	if (node_older(st) == -1)
		return verb_fail("start", st->why, EXIT_DISK);
	return older(st, h.later, "has");
}

int
cmd_heard(struct os *os, char **arg)
{
	struct members named = { 0 };
	struct state *st;
	struct who *who;
	int status = EXIT_YES;

	for (; *arg != NULL; arg++) {
		if (!name_valid(*arg, strlen(*arg)))
			return verb_fail("start", "that is no name", EXIT_USE);
		who = &named.who[named.n++];
		memcpy(who->name, *arg, strlen(*arg) + 1);
		memcpy(who->id, "-", 2);
	}
	if ((st = verb_open(os, "start", &status)) == NULL)
		return status;
	/* Who has no configuration yet has asked those that it was told of. */
	status = hear(st, st->members.n > 0 ? &st->members : &named);
	state_close(st);
	return status;
}

/*
 * call.c - a client: finds the leader, asks it, and says what came of it.
 *
 * The request gets its id once and keeps it through all attempts, so that it is
 * carried out at most once, whatever is lost on the way.  From the moment all
 * of it has left until it is answered, it may have been carried out.
 *
 * call --gate is the other end of an attempt from another host: behind the gate
 * it passes on what comes to the leader's socket.
 */
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/client.h"
#include "core/report.h"
#include "core/walk.h"
#include "os/os.h"

#define SECOND        UINT64_C(1000000000) /* in nanoseconds, as all times here */
#define TIMEOUT       (10 * SECOND)        /* or three election timeouts */
#define ATTEMPT_LEAST SECOND
#define PAUSE_FIRST   (SECOND / 20)
#define PAUSE_MOST    (SECOND / 2)
#define HINT_EVERY    (SECOND / 10) /* while one is asked */
#define GRACE         (SECOND / 5)  /* for an ssh to end */
#define CONF_MAX      65536u        /* bytes of a file */
#define GULP          65536u        /* bytes to read at once */

struct call {
	struct os *os;
	struct client client;
	struct walk walk;
	struct talk talk; /* the present attempt's */
	uint64_t timeout;
	uint64_t deadline;
	int runs;                   /* 1: this node does; 0: not; -1: there is none */
	int others;                 /* the other nodes are known */
	int unknown;                /* sent at least once, and not answered */
	int moved;                  /* the leader is another than the one being asked */
	char hint[NAME_LIMIT + 32]; /* run/leader, as last read */
};

static volatile sig_atomic_t interrupted;

static int complain(const struct call *, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void node_did(struct walk_node *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints the one line that an error gets; returns status. */
static int
complain(const struct call *c, int status, const char *fmt, ...)
{
	struct buf subject = { 0 };
	va_list ap;
	char text[2048];
	size_t i;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	/* Some of it was said by others. */
	for (i = 0; text[i] != '\0'; i++)
		if ((text[i] > '\0' && text[i] < ' ') || text[i] == '\x7f')
			text[i] = '?';
	if (client_subject(&c->client, &subject) == -1 ||
	    buf_add(&subject, "", 1) == -1)
		buf_free(&subject);
	(void)fprintf(stderr, "lite-raft-client: cannot %s: %s\n",
	    subject.len > 0 ? buf_head(&subject) : "go on", text);
	buf_free(&subject);
	return status;
}

static int
fault(const struct call *c)
{
	return complain(c, EXIT_DISK, "%s", strerror(errno));
}

static int
usage(void)
{
	(void)printf(
	    "usage: lite-raft-client [--timeout SECONDS] [--json] [--raw] VERB ...\n"
	    "\n"
	    "  set KEY VALUE             VALUE -: what is on standard input\n"
	    "  get KEY                   --raw: without a newline behind it; --json\n"
	    "  unset KEY\n"
	    "  list [PREFIX]             --json\n"
	    "  if KEY OP VALUE set NEW   OP: = != -eq -ne -lt -le -gt -ge\n"
	    "  if KEY OP VALUE unset     absent or exists for OP VALUE\n"
	    "  noop\n"
	    "  status                    --json\n"
	    "\n"
	    "Exit status: 0 done or yes, 1 no, 64 usage, 69 no leader and nothing\n"
	    "changed, 74 disk or system error, 75 outcome unknown, 78 bad "
	    "configuration.\n");
	return EXIT_YES;
}

/* Notes what a node did, as in "a does not lead". */
static void
node_did(struct walk_node *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(node->why, sizeof(node->why), fmt, ap);
	va_end(ap);
}

/* Reads the value from stdin: 0, or an exit status. */
static int
value_read(struct call *c, struct buf *value)
{
	char *room;
	ssize_t r;

	while (value->len <= VALUE_MAX) {
		room = buf_room(value, GULP);
		if (room == NULL)
			return fault(c);
		r = wire_read(0, room, GULP);
		if (r == 0)
			break;
		if (r == -1 && errno == EAGAIN && wire_wait(0, SECOND) >= 0)
			continue;
		if (r == -1)
			return complain(c, EXIT_DISK, "cannot read standard input: %s",
			    strerror(errno));
		buf_grew(value, (size_t)r);
	}
	if (value->len > VALUE_MAX)
		return complain(c, EXIT_USE, "value over 1 MiB");
	client_value(&c->client, value->len == 0 ? "" : buf_head(value), value->len);
	return 0;
}

/* Three times the election timeout in force or, where none is, in conf/. */
static uint64_t
timeout_default(struct os *os)
{
	static const char *const path[] = { "run/election_timeout",
		"conf/election_timeout" };
	char *text;
	uint64_t ns;
	size_t i;

	for (i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		text = disk_slurp(os, path[i], CONF_MAX, NULL);
		ns = text == NULL ? 0 : 3 * client_seconds(text);
		free(text);
		if (ns > 0)
			return ns > TIMEOUT ? ns : TIMEOUT;
	}
	return TIMEOUT;
}

/* Says who this node is, and whether it runs. */
static void
self_load(struct call *c)
{
	char *text;
	int fd;

	c->runs = -1;
	text = disk_slurp(c->os, "state/node", CONF_MAX, NULL);
	if (text == NULL)
		return;
	walk_self(&c->walk, text);
	free(text);
	c->runs = 0;
	fd = disk_open(c->os, "state/running", DISK_READ);
	if (fd != -1) {
		c->runs = disk_holder(c->os, fd) > 0;
		(void)disk_close(c->os, fd);
	}
}

/* Learns of the other nodes: 0, or an exit status. */
static int
others_load(struct call *c)
{
	const char *bad;
	char *text;
	size_t len;
	int fd, r;

	c->others = 1;
	fd = disk_open(c->os, "run", DISK_READ);
	if (fd == -1)
		return complain(c, EXIT_NOLEADER,
		    "this node was never started (./lite-raft first-boot)");
	(void)disk_close(c->os, fd);
	text = disk_slurp(c->os, "state/members", CONF_MAX, NULL);
	if (text != NULL)
		walk_members(&c->walk, text);
	free(text);

	text = disk_slurp(c->os, "conf/cluster_nodes", CONF_MAX, NULL);
	if (text == NULL && c->walk.n == 1)
		return complain(c, EXIT_CONF, "cannot read conf/cluster_nodes: %s",
		    strerror(errno));
	r = text == NULL ? 0 : walk_conf(&c->walk, text, &bad, &len);
	if (r == -1)
		(void)complain(c, EXIT_CONF,
		    "conf/cluster_nodes: no name of a node: %.*s", (int)len, bad);
	free(text);
	if (r == -1)
		return EXIT_CONF;
	if (c->walk.n == 1 && c->walk.node[0].name[0] == '\0')
		return complain(c, EXIT_CONF, "conf/cluster_nodes names no node");
	return 0;
}

/*
 * Asks first, in this round, where the follower here sees the leader; where none
 * runs, it saw it long ago, so that others know better.
 */
static void
hint_load(struct call *c)
{
	char *text;

	c->hint[0] = '\0';
	text = disk_slurp(c->os, "run/leader", sizeof(c->hint) - 1, NULL);
	if (text != NULL) {
		memcpy(c->hint, text, strlen(text) + 1);
		walk_hint(&c->walk, text, strcspn(text, " \n"));
	}
	free(text);
}

/* 1 if another than this node has come to lead, as the follower here sees it. */
static int
hint_moved(struct call *c, const struct walk_node *node)
{
	char before[sizeof(c->hint)];

	if (c->runs != 1 || node == &c->walk.node[0])
		return 0;
	memcpy(before, c->hint, sizeof(before));
	hint_load(c);
	return c->hint[0] != '\0' && strcmp(c->hint, before) != 0 &&
	    (strncmp(c->hint, node->name, strlen(node->name)) != 0 ||
		c->hint[strlen(node->name)] != ' ');
}

/* Connects to the node: a descriptor and, if an ssh is behind it, its pid. */
static int
node_connect(struct call *c, struct walk_node *node, pid_t *pid)
{
	char *argv[5];
	int fd, n = 0;

	*pid = 0;
	if (node != &c->walk.node[0]) {
		argv[n++] = "libexec/link/peer";

		/* What was slow may be the connection that is open already. */
		if (node->slow)
			argv[n++] = "-o";
		argv[n++] = node->name;
		argv[n++] = "client";
		argv[n] = NULL;
		fd = process_start(argv, 1, pid);
		if (fd == -1)
			node_did(node, "cannot be asked: libexec/link/peer: %s",
			    strerror(errno));
		return fd;
	}
	fd = wire_connect("run/client.sock");
	if (fd != -1)
		return fd;
	if (errno != ENOENT && errno != ECONNREFUSED)
		node_did(node, "cannot be asked: run/client.sock: %s", strerror(errno));
	else if (c->runs == 0)
		node_did(node, "does not run (./lite-raft start)");
	else if (c->runs == -1)
		node_did(node, "had no first boot (./lite-raft first-boot)");
	else
		node_did(node, "does not lead");
	node->stopped = c->runs < 1;
	return -1;
}

/* What an ssh that ended without a word has to say. */
static void
ssh_ended(struct walk_node *node, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	node->stopped = code == EXIT_NOLEADER;
	if (code == 255)
		node_did(node, "cannot be reached (try: ssh %s true)", node->name);
	else if (code == EXIT_NOLEADER)
		node_did(node, "does not run");
	else if (code == EXIT_GATE)
		node_did(node, "refuses this host");
	else if (code == EXIT_CONF)
		node_did(node, "had no first boot");
	else if (code == 126 || code == 127)
		node_did(node, "has no lite-raft in that directory");
	else
		node_did(node, "broke off");
}

/* Sends and reads until there is an answer, an end, or no time is left. */
static enum talk_state
converse(struct call *c, struct walk_node *node, int fd, struct loop *loop)
{
	enum talk_state state = TALK_MORE;
	struct talk *t = &c->talk;
	struct loop_event event;
	uint64_t now, patience, until;
	int deaf = 0, what;
	char *room;
	ssize_t r;

	patience = node->slow ? 0 : c->timeout / 3;
	if (patience < ATTEMPT_LEAST)
		patience = ATTEMPT_LEAST;
	until = clock_now(c->os) + patience;
	for (;;) {
		while (t->out.len > 0 && !deaf) {
			r = wire_write(fd, buf_head(&t->out), t->out.len);
			if (r == -1 && errno == EAGAIN)
				break;
			if (r == -1)
				deaf = 1; /* it may have said why before */
			else
				buf_eat(&t->out, (size_t)r);
			until = clock_now(c->os) + patience;
		}
		now = clock_now(c->os);
		if (until > c->deadline)
			until = c->deadline;
		if (now >= until || interrupted) {
			node->slow = 1;

			/* Cut short, it has less to say than what it did before. */
			if (until < c->deadline || node->why[0] == '\0')
				node_did(node, "does not answer");
			return TALK_MORE;
		}
		what = LOOP_READ | (t->out.len > 0 && !deaf ? LOOP_WRITE : 0);
		if (loop_mod(loop, fd, what, NULL) == -1)
			break;
		if (loop_wait(loop, &event, 1,
			until - now < HINT_EVERY ? until - now : HINT_EVERY) != 1) {
			c->moved = hint_moved(c, node);
			if (!c->moved)
				continue;
			node_did(node, "leads no more");
			return TALK_MORE;
		}
		if (!(event.what & LOOP_READ))
			continue;
		room = buf_room(&t->in, GULP);
		if (room == NULL)
			break;
		r = wire_read(fd, room, GULP);
		if (r == -1 && errno == EAGAIN)
			continue;
		if (r <= 0) {
			node_did(node, "broke off");
			return TALK_BROKEN;
		}
		buf_grew(&t->in, (size_t)r);

		/* A long answer takes its time, a login shell's chatter does not. */
		if (t->asked)
			until = clock_now(c->os) + patience;
		if (talk_take(t, &c->client, &state) == -1)
			break;
		if (state == TALK_BROKEN)
			node_did(node, "%s", t->why);
		if (state != TALK_MORE)
			return state;
	}
	node_did(node, "cannot be asked: %s", strerror(errno));
	return TALK_BROKEN;
}

/* Asks one node: TALK_ANSWER, or anything else and the node's why. */
static enum talk_state
attempt(struct call *c, struct walk_node *node)
{
	enum talk_state state = TALK_BROKEN;
	struct loop *loop;
	pid_t pid;
	int ended, fd;

	talk_free(&c->talk);
	node->stopped = 0;
	fd = node_connect(c, node, &pid);
	if (fd == -1)
		return TALK_BROKEN;
	c->talk.behind_gate = pid != 0;
	loop = loop_new();
	if (loop == NULL || wire_nonblock(fd) == -1 ||
	    loop_add(loop, fd, LOOP_READ, NULL) == -1)
		node_did(node, "cannot be asked: %s", strerror(errno));
	else
		state = converse(c, node, fd, loop);
	loop_free(loop);
	(void)wire_close(fd);
	if (pid != 0) {
		ended = process_end(pid, GRACE);
		if (state == TALK_BROKEN && !c->talk.asked && c->talk.why == NULL &&
		    ended != -1)
			ssh_ended(node, ended);
	}

	/* Nobody will ever say what became of this one. */
	if (state != TALK_ANSWER && talk_sent(&c->talk))
		c->unknown = 1;
	return state;
}

/*
 * Asks one node and judges the answer: its status if that ends the call, or -1
 * if others are to be asked.
 */
static int
ask(struct call *c, struct walk_node *node)
{
	const char *leader;
	struct buf text = { 0 };

	if (attempt(c, node) != TALK_ANSWER)
		return -1;
	switch (c->talk.status) {
	case EXIT_NOLEADER:
		leader = talk_hint(&c->talk);
		if (leader != NULL) {
			node_did(node, "follows %s", leader);
			walk_hint(&c->walk, leader, strlen(leader));
			return -1;
		}
		if (c->talk.words.n > 1 &&
		    strcmp(c->talk.words.word[1].bytes, "not-leader") == 0) {
			node_did(node, "knows no leader");
			return -1;
		}
		break;
	case EXIT_UNKNOWN:
		c->unknown = 1;
		break;
	default:
		return c->talk.status;
	}
	if (talk_sentence(&c->talk, &text) == 0 && buf_add(&text, "", 1) == 0)
		node_did(node, "says: %s", buf_head(&text));
	buf_free(&text);
	return -1;
}

/* Prints what a node that answered yes has said. */
static int
answer_print(struct call *c)
{
	struct buf out = { 0 };
	int r = EXIT_YES;

	if (report_answer(&c->client, &c->talk.words, &out) == -1)
		r = fault(c);
	else if (wire_write_all(1, buf_head(&out), out.len) == -1)
		r = complain(c, EXIT_DISK, "cannot write standard output: %s",
		    strerror(errno));
	buf_free(&out);
	return r;
}

/* Says that there was no answer, and what that means. */
static int
give_up(struct call *c)
{
	static const char nobody[] = "no leader answers";
	static const char unknown[] =
	    "outcome unknown, it may have been carried out or not (look with get)";
	struct buf why = { 0 };
	int sent, status;

	if (walk_report(&c->walk, &why) == -1 || buf_add(&why, "", 1) == -1)
		return fault(c);
	sent = c->unknown && command_is_write(&c->client.command);
	status = complain(c, sent ? EXIT_UNKNOWN : EXIT_NOLEADER, "%s%s: %s",
	    interrupted ? "interrupted; " : "", sent ? unknown : nobody,
	    buf_head(&why));
	buf_free(&why);
	return status;
}

/* The answer's status, once it ends the call. */
static int
conclude(struct call *c, int status)
{
	struct buf text = { 0 };

	if (status == EXIT_YES)
		return answer_print(c);
	if (status == EXIT_NO)
		return EXIT_NO;
	if (talk_sentence(&c->talk, &text) == -1 || buf_add(&text, "", 1) == -1)
		return fault(c);

	/* This attempt was refused, but an earlier one may have gone through. */
	if (c->unknown && command_is_write(&c->client.command))
		status = EXIT_UNKNOWN;
	(void)complain(c, status, "%s", buf_head(&text));
	buf_free(&text);
	return status;
}

/* Asks node after node until one has the answer or the time is up. */
static int
go_round(struct call *c)
{
	struct walk_node *node;
	uint64_t now, pause = PAUSE_FIRST;
	int status;

	for (;;) {
		walk_round(&c->walk);
		while ((node = walk_next(&c->walk)) != NULL) {
			status = ask(c, node);
			if (status != -1)
				return conclude(c, status);
			if (clock_now(c->os) >= c->deadline || interrupted)
				return give_up(c);
			if (c->moved)
				break;
			if (node != &c->walk.node[0])
				continue;
			if (!c->others || c->runs == 1)
				hint_load(c);
			status = c->others ? 0 : others_load(c);
			if (status != 0)
				return status;
		}
		if (c->moved) {
			c->moved = 0;
			continue;
		}
		if (walk_all_stopped(&c->walk) && !c->unknown)
			return give_up(c);
		now = clock_now(c->os);
		if (now + pause >= c->deadline || interrupted)
			return give_up(c);
		(void)process_sleep(pause);
		pause = 2 * pause < PAUSE_MOST ? 2 * pause : PAUSE_MOST;
		self_load(c);
	}
}

static int
call(struct call *c, int argc, char *const *argv)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
	const char *what = NULL, *why;
	struct buf value = { 0 };
	int status;
	size_t i;

	if (client_parse(&c->client, argc, argv, &what, &why) == -1) {
		if (what == NULL)
			return complain(c, EXIT_USE, "%s", why);
		(void)fprintf(stderr, "lite-raft-client: cannot use %s: %s\n", what,
		    why);
		return EXIT_USE;
	}
	if (c->client.help)
		return usage();
	if (process_on_signal(SIGPIPE, NULL) == -1)
		return fault(c);
	if (client_wants_value(&c->client)) {
		status = value_read(c, &value);
		if (status != 0) {
			buf_free(&value);
			return status;
		}
	}
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (process_on_signal(signals[i], &interrupted) == -1)
			return fault(c);
	c->os = os_open(".");
	if (c->os == NULL)
		return fault(c);
	do {
		c->client.id.random = chance_u64(c->os);
	} while (c->client.id.random == 0);
	c->timeout = c->client.timeout;
	if (c->timeout == 0)
		c->timeout = timeout_default(c->os);
	c->deadline = clock_now(c->os) + c->timeout;
	walk_begin(&c->walk);
	self_load(c);
	status = go_round(c);
	talk_free(&c->talk);
	buf_free(&value);
	os_close(c->os);
	return status;
}

/* Behind the gate: passes on to the leader, or says that this is none. */
static int
gate(void)
{
	char *leader = NULL;
	struct os *os;
	int fd, n = 0;

	if (process_on_signal(SIGPIPE, NULL) == -1)
		return EXIT_DISK;
	fd = wire_connect("run/client.sock");
	if (fd != -1)
		return relay(0, 1, fd) == -1 ? EXIT_DISK : EXIT_YES;
	os = os_open(".");
	if (os != NULL)
		leader = disk_slurp(os, "run/leader", CONF_MAX, NULL);
	if (leader != NULL)
		n = (int)strcspn(leader, " \n");
	(void)printf("69 not-leader %.*s\n", n > 0 ? n : 1, n > 0 ? leader : "-");
	free(leader);
	os_close(os);
	return fflush(stdout) == 0 ? EXIT_NOLEADER : EXIT_DISK;
}

int
main(int argc, char **argv)
{
	static struct call c;

	if (argc == 2 && strcmp(argv[1], "--gate") == 0)
		return gate();
	return call(&c, argc, argv);
}

/*
 * reach.c - finds the node that leads.
 */
#include "reach.h"

#include <sys/wait.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND        UINT64_C(1000000000) /* in nanoseconds, as all times here */
#define TIMEOUT       (10 * SECOND)        /* or three election timeouts */
#define ATTEMPT_LEAST SECOND
#define PAUSE_FIRST   (SECOND / 20)
#define PAUSE_MOST    (SECOND / 2)
#define HINT_EVERY    (SECOND / 10) /* while an answer is waited for */
#define HINT_SELDOM   SECOND        /* while none is */
#define GRACE         (SECOND / 5)  /* for an ssh to end */
#define CONF_MAX      65536u        /* bytes of a file */
#define GULP          65536u        /* bytes to read at once */
#define PIECE         512u          /* bytes that a pipe takes whole */

int
reach_complain(const struct reach *r, int status, const char *fmt, ...)
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
	if (client_subject(r->client, &subject) == -1 || buf_add(&subject, "", 1) == -1)
		buf_free(&subject);
	(void)fprintf(stderr, "lite-raft-client: cannot %s: %s\n",
	    subject.len > 0 ? buf_head(&subject) : "go on", text);
	buf_free(&subject);
	return status;
}

int
reach_fault(const struct reach *r)
{
	return reach_complain(r, EXIT_DISK, "%s", strerror(errno));
}

void
reach_note(struct walk_node *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(node->why, sizeof(node->why), fmt, ap);
	va_end(ap);
}

int
reach_give_up(const struct reach *r, int status, const char *what)
{
	struct buf why = { 0 };

	if (walk_report(&r->walk, &why) == -1 || buf_add(&why, "", 1) == -1) {
		buf_free(&why);
		return reach_fault(r);
	}
	status = reach_complain(r, status, "%s%s: %s",
	    r->interrupted ? "interrupted; " : "", what, buf_head(&why));
	buf_free(&why);
	return status;
}

/* Waits until stdout takes something: 1, 0 for a signal, or -1. */
static int
stdout_wait(const struct reach *r)
{
	int n;

	do {
		/* Who is to end may still say what is taken at once. */
		n = wire_wait_room(1, r->interrupted ? 0 : SECOND);
	} while (!r->interrupted && (n == 0 || (n == -1 && errno == EINTR)));
	return n == -1 && errno == EINTR ? 0 : n;
}

static int
print_fault(const struct reach *r)
{
	return reach_complain(r, EXIT_DISK, "cannot write standard output: %s",
	    strerror(errno));
}

int
reach_unheard(const struct reach *r)
{
	return wire_is_shut(1) ? print_fault(r) : 0;
}

int
reach_print(const struct reach *r, struct buf *b)
{
	int ready;
	ssize_t n;

	while (b->len > 0) {
		ready = stdout_wait(r);
		if (ready == 0)
			return VISIT_LATE;
		n = ready == -1 ?
		    -1 :
		    wire_write(1, buf_head(b), b->len < PIECE ? b->len : PIECE);
		if (n == -1 && errno != EAGAIN)
			return print_fault(r);
		if (n > 0)
			buf_eat(b, (size_t)n);
	}
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
self_load(struct reach *r)
{
	char *text;
	int fd;

	r->runs = -1;
	text = disk_slurp(r->os, "state/node", CONF_MAX, NULL);
	if (text == NULL)
		return;
	walk_self(&r->walk, text);
	free(text);
	r->runs = 0;
	fd = disk_open(r->os, "state/running", DISK_READ);
	if (fd != -1) {
		r->runs = disk_holder(r->os, fd) > 0;
		(void)disk_close(r->os, fd);
	}
}

/*
 * What is wrong with what tells of the other nodes: status or, where something
 * sent may have been carried out, VISIT_LATE: that is to be said first.
 */
static int
others_fault(struct reach *r, int unknown, int status, const char *why)
{
	if (!unknown)
		return reach_complain(r, status, "%s", why);
	reach_note(&r->walk.node[0], "knows no other node: %s", why);
	return VISIT_LATE;
}

/* Learns of the other nodes: 0, VISIT_LATE, or an exit status. */
static int
others_load(struct reach *r, int unknown)
{
	char why[256];
	const char *bad;
	char *text;
	size_t len;
	int bad_name, fd, known;

	r->others = 1;
	fd = disk_open(r->os, "run", DISK_READ);
	if (fd == -1 && errno != ENOENT) {
		(void)snprintf(why, sizeof(why),
		    "cannot read run/: %s; ask as the node's own user",
		    strerror(errno));
		return others_fault(r, unknown, EXIT_CONF, why);
	}
	if (fd == -1)
		return others_fault(r, unknown, EXIT_NOLEADER,
		    "this node was never started (./lite-raft first-boot)");
	(void)disk_close(r->os, fd);
	text = disk_slurp(r->os, "state/members", CONF_MAX, NULL);
	if (text != NULL)
		walk_members(&r->walk, text);
	free(text);

	/* Once the cluster has formed, what conf/ says may be wrong. */
	known = r->walk.n > 1;
	text = disk_slurp(r->os, "conf/cluster_nodes", CONF_MAX, NULL);
	if (text == NULL && !known) {
		(void)snprintf(why, sizeof(why), "cannot read conf/cluster_nodes: %s",
		    strerror(errno));
		return others_fault(r, unknown, EXIT_CONF, why);
	}
	bad_name = text != NULL && walk_conf(&r->walk, text, &bad, &len) == -1 &&
	    !known;
	if (bad_name)
		(void)snprintf(why, sizeof(why),
		    "conf/cluster_nodes: no name of a node: %.*s", (int)len, bad);
	free(text);
	if (bad_name)
		return others_fault(r, unknown, EXIT_CONF, why);
	if (r->walk.n == 1 && r->walk.node[0].name[0] == '\0')
		return others_fault(r, unknown, EXIT_CONF,
		    "conf/cluster_nodes names no node");
	return 0;
}

/*
 * Asks first, in this round, where the follower here sees the leader; where none
 * runs, it saw it long ago, so that others know better.
 */
static void
hint_load(struct reach *r)
{
	char *text;

	r->hint[0] = '\0';
	text = disk_slurp(r->os, "run/leader", sizeof(r->hint) - 1, NULL);
	if (text != NULL) {
		memcpy(r->hint, text, strlen(text) + 1);
		walk_hint(&r->walk, text, strcspn(text, " \n"));
	}
	free(text);
}

/* 1 if another than this node has come to lead, as the follower here sees it. */
static int
hint_moved(struct reach *r, const struct walk_node *node)
{
	char before[sizeof(r->hint)];

	if (r->runs != 1 || node == &r->walk.node[0])
		return 0;
	memcpy(before, r->hint, sizeof(before));
	hint_load(r);
	return r->hint[0] != '\0' && strcmp(r->hint, before) != 0 &&
	    (strncmp(r->hint, node->name, strlen(node->name)) != 0 ||
		r->hint[strlen(node->name)] != ' ');
}

/* Connects to the node: a descriptor and, if an ssh is behind it, its pid. */
static int
node_connect(struct reach *r, struct walk_node *node, pid_t *pid)
{
	char *argv[5];
	int fd, n = 0;

	*pid = 0;
	if (node != &r->walk.node[0]) {
		argv[n++] = "libexec/link/peer";

		/* What was slow may be the connection that is open already. */
		if (node->slow)
			argv[n++] = "-o";
		argv[n++] = node->name;
		argv[n++] = "admin";
		argv[n] = NULL;
		fd = process_start(argv, 1, pid);
		if (fd == -1)
			reach_note(node, "cannot be asked: libexec/link/peer: %s",
			    strerror(errno));
		return fd;
	}
	fd = wire_connect("run/client.sock");
	if (fd != -1)
		return fd;
	if (errno != ENOENT && errno != ECONNREFUSED)
		reach_note(node, "cannot be asked: run/client.sock: %s",
		    strerror(errno));
	else if (r->runs == 0)
		reach_note(node, "does not run (./lite-raft start)");
	else if (r->runs == -1)
		reach_note(node, "had no first boot (./lite-raft first-boot)");
	else
		reach_note(node, "does not lead");
	node->stopped = r->runs < 1;
	return -1;
}

/* What an ssh that ended without a word has to say. */
static void
ssh_ended(struct walk_node *node, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	node->stopped = code == EXIT_NOLEADER;
	if (code == 255)
		reach_note(node, "cannot be reached (try: ssh %s true)", node->name);
	else if (code == EXIT_NOLEADER)
		reach_note(node, "does not run");
	else if (code == EXIT_GATE)
		reach_note(node, "refuses this host");
	else if (code == EXIT_CONF)
		reach_note(node, "had no first boot");
	else if (code == 126 || code == 127)
		reach_note(node, "has no lite-raft in that directory");
	else
		reach_note(node, "broke off");
}

int
reach_begin(struct reach *r, const struct client *client, struct os *os)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
	size_t i;

	r->client = client;
	r->os = os;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (process_on_signal(signals[i], &r->interrupted) == -1)
			return reach_fault(r);
	r->timeout = client->timeout;
	if (r->timeout == 0)
		r->timeout = timeout_default(os);
	r->deadline = clock_now(os) + r->timeout;
	walk_begin(&r->walk);
	self_load(r);
	return 0;
}

uint64_t
reach_patience(const struct reach *r, const struct walk_node *node)
{
	uint64_t patience = node->slow ? 0 : r->timeout / 3;

	return patience < ATTEMPT_LEAST ? ATTEMPT_LEAST : patience;
}

void
reach_elsewhere(struct reach *r, struct conn *c)
{
	const char *leader = talk_hint(c->talk);

	if (leader == NULL) {
		reach_note(c->node, "knows no leader");
		return;
	}
	reach_note(c->node, "follows %s", leader);
	walk_hint(&r->walk, leader, strlen(leader));
}

void
reach_says(struct conn *c)
{
	struct buf text = { 0 };

	if (talk_sentence(c->talk, &text) == 0 && buf_add(&text, "", 1) == 0)
		reach_note(c->node, "says: %s", buf_head(&text));
	buf_free(&text);
}

/* Sends what it takes now. */
static void
conn_send(struct conn *c)
{
	struct buf *out = &c->talk->out;
	ssize_t n;

	while (out->len > 0 && !c->deaf) {
		n = wire_write(c->fd, buf_head(out), out->len);
		if (n == -1 && errno == EAGAIN)
			return;
		if (n == -1)
			c->deaf = 1;
		else
			buf_eat(out, (size_t)n);
	}
}

/* Reads once: what it brought, or -1. */
static int
conn_read(struct conn *c)
{
	char *room = buf_room(&c->talk->in, GULP);
	ssize_t n;

	if (room == NULL)
		return -1;
	n = wire_read(c->fd, room, GULP);
	if (n == -1 && errno == EAGAIN)
		return 0;
	if (n <= 0) {
		reach_note(c->node, "broke off");
		c->ended = 1;
		return CONN_ENDED;
	}
	buf_grew(&c->talk->in, (size_t)n);
	return CONN_INPUT;
}

/* Waits on the loop for at most ns: what came of it, or -1. */
static int
conn_events(struct conn *c, uint64_t ns)
{
	struct loop_event event[2];
	int came = 0, i, n, r;

	n = loop_wait(c->loop, event, 2, ns);
	for (i = 0; i < n; i++) {
		if (event[i].arg == NULL) {
			came |= CONN_OTHER;
			continue;
		}
		if (!(event[i].what & LOOP_READ))
			continue;
		r = conn_read(c);
		if (r == -1)
			return -1;
		came |= r;
	}
	return n == -1 ? -1 : came;
}

/* Sees to it that the loop looks at other: 1, 0 (it never has to wait), or -1. */
static int
other_add(struct conn *c, int other)
{
	if (other == -1)
		return 1;
	if (loop_add(c->loop, other, LOOP_READ, NULL) == 0)
		return 1;
	return errno == EPERM ? 0 : -1; /* a file, to epoll */
}

int
conn_wait(struct reach *r, struct conn *c, uint64_t until, int other)
{
	const uint64_t often = until == UINT64_MAX ? HINT_SELDOM : HINT_EVERY;
	uint64_t now, wait;
	int added, came, what;

	conn_send(c);
	what = LOOP_READ | (c->talk->out.len > 0 && !c->deaf ? LOOP_WRITE : 0);
	added = other_add(c, other);
	if (added == -1 || loop_mod(c->loop, c->fd, what, c) == -1)
		return -1;
	now = clock_now(r->os);
	wait = until <= now ? 0 : until - now < often ? until - now : often;
	came = conn_events(c, added == 0 ? 0 : wait);
	if (other != -1 && added == 1)
		(void)loop_del(c->loop, other);
	if (came == -1)
		return -1;
	if (added == 0)
		came |= CONN_OTHER;
	if (r->interrupted || (came == 0 && now >= until))
		came |= CONN_LATE;
	if (came == 0 && clock_now(r->os) - now >= often && hint_moved(r, c->node)) {
		reach_note(c->node, "leads no more");
		came = CONN_MOVED;
	}
	return came;
}

/* Makes the visit to one node. */
static int
visit_node(struct reach *r, struct walk_node *node, int (*visit)(void *, struct conn *),
    void *arg)
{
	struct talk talk = { 0 };
	struct conn c = { .node = node, .talk = &talk };
	int ended, result = VISIT_NEXT;
	pid_t pid;

	node->stopped = 0;
	c.fd = node_connect(r, node, &pid);
	if (c.fd == -1)
		return VISIT_NEXT;
	talk.behind_gate = pid != 0;
	c.loop = loop_new();
	if (c.loop == NULL || wire_nonblock(c.fd) == -1 ||
	    loop_add(c.loop, c.fd, LOOP_READ, &c) == -1)
		reach_note(node, "cannot be asked: %s", strerror(errno));
	else
		result = visit(arg, &c);
	loop_free(c.loop);
	(void)wire_close(c.fd);
	if (pid != 0) {
		ended = process_end(pid, GRACE);
		if (result == VISIT_NEXT && c.ended && !talk.welcome &&
		    talk.why == NULL && ended != -1)
			ssh_ended(node, ended);
	}
	talk_free(&talk);
	return result;
}

/* One round: an exit status, or VISIT_NEXT when all have been asked. */
static int
round_go(struct reach *r, int (*visit)(void *, struct conn *), void *arg,
    const int *unknown)
{
	struct walk_node *node;
	int status;

	walk_round(&r->walk);
	while ((node = walk_next(&r->walk)) != NULL) {
		status = visit_node(r, node, visit, arg);
		if (status != VISIT_NEXT)
			return status;
		if (clock_now(r->os) >= r->deadline || r->interrupted)
			return VISIT_LATE;
		if (node != &r->walk.node[0])
			continue;
		if (!r->others || r->runs == 1)
			hint_load(r);
		status = r->others ? 0 : others_load(r, *unknown);
		if (status != 0)
			return status;
	}
	return VISIT_NEXT;
}

int
reach_go(struct reach *r, int (*visit)(void *, struct conn *), void *arg,
    const int *unknown)
{
	uint64_t pause = PAUSE_FIRST;
	int status;

	for (;;) {
		status = round_go(r, visit, arg, unknown);
		if (status == VISIT_MOVED)
			continue;
		if (status != VISIT_NEXT)
			return status;
		if (walk_all_stopped(&r->walk) && !*unknown)
			return VISIT_LATE;
		if (clock_now(r->os) + pause >= r->deadline || r->interrupted)
			return VISIT_LATE;
		(void)process_sleep(pause);
		pause = 2 * pause < PAUSE_MOST ? 2 * pause : PAUSE_MOST;
		self_load(r);
	}
}

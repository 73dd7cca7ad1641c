/*
 * admin.c - who adds and removes members, replaces a node whose disk was lost, and
 * hands leadership over: one or two people, who do not know of each other.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/change.h"
#include "core/num.h"
#include "core/words.h"
#include "queue.h"
#include "sim.h"
#include "truth.h"
#include "world.h"

#define ADMINS   2u
#define PATIENCE (5 * SECOND)
#define LATE     (15 * SECOND) /* what was sent has come by then */

struct visit;

struct admin {
	int number;
	uint64_t asked; /* how often, ever */
	struct visit *visit;
	char line[128]; /* what it asks */
	char name[NAME_LIMIT + 1];
	char id[ID_DIGITS + 1]; /* add-member; "": another */
	int removes;
};

/* One connection; what comes late from an old one is nobody's. */
struct visit {
	struct admin *admin; /* NULL: it was left */
	struct connection *connection;
	struct buf in;
	int greeted;
};

static struct admin admins[ADMINS];
static int stopping;
static uint64_t removed_at; /* when a removal was asked for last */

static void next_request(void *arg, uint64_t number);

/* --- what is asked -------------------------------------------------------- */

static void
config_now(struct members *m)
{
	memset(m, 0, sizeof(*m));
	if (truth_count() > 0)
		truth_members(truth_count(), m);
}

int
admin_is_member(const struct node *n)
{
	struct members m;

	config_now(&m);
	return members_find(&m, n->name, n->id) != -1;
}

size_t
admin_voters(void)
{
	struct members m;
	size_t i, n = 0;

	config_now(&m);
	if (m.n == 0 || members_joint(&m))
		return 0;
	for (i = 0; i < m.n; i++)
		n += m.part[i] == PART_MEMBER;
	return n;
}

int
admin_removes(void)
{
	return removed_at != 0 && sim_time() - removed_at < LATE;
}

static struct node *
some_node(void)
{
	return &nodes[seed_below(config.nodes)];
}

static void
ask_add(struct admin *a, struct node *n)
{
	a->removes = 0;
	memcpy(a->name, n->name, sizeof(n->name));
	memcpy(a->id, n->id, sizeof(a->id));
	(void)snprintf(a->line, sizeof(a->line), "add-member %s %s%s\n", n->name, n->id,
	    seed_odds(200) ? " learner" : "");
}

static void
ask_del(struct admin *a, const struct node *n)
{
	a->removes = 1;
	removed_at = sim_time() + 1;
	memcpy(a->name, n->name, sizeof(n->name));
	(void)snprintf(a->line, sizeof(a->line), "del-member %s\n", n->name);
}

/* A removal must leave a majority of those who have lost nothing. */
static int
may_go(const struct node *n)
{
	size_t voters = admin_voters();

	return voters > 1 && (rot_spent() == NULL || rot_spent() == n);
}

/* 1 and what to ask is in a; 0: nothing now. */
static int
choose(struct admin *a)
{
	struct members m;
	struct node *n = some_node();
	size_t i;

	config_now(&m);
	if (m.n == 0)
		return 0;
	/* One that has lost its disk is to be replaced. */
	for (i = 0; i < config.nodes && seed_odds(700); i++)
		if (nodes[i].blank)
			n = &nodes[i];
	if (seed_odds(100)) {
		a->removes = 0;
		a->id[0] = a->name[0] = '\0';
		(void)snprintf(a->line, sizeof(a->line), "transfer %s\n", n->name);
		return 1;
	}
	if (members_find(&m, n->name, NULL) != -1 &&
	    members_find(&m, n->name, n->id) == -1) {
		ask_del(a, n);
		return 1;
	}
	if (members_find(&m, n->name, n->id) == -1) {
		if (n->role == ROLE_OFF)
			return 0;
		if (n->blank || n->removed)
			node_join_cluster(n);
		ask_add(a, n);
		return !n->blank;
	}
	if (seed_odds(300)) {
		ask_add(a, n); /* again, or a learner is to vote */
		return 1;
	}
	for (i = 0; i < config.nodes && seed_odds(300); i++)
		if (nodes[i].leading != NULL)
			n = &nodes[i];
	if (!may_go(n))
		return 0;
	ask_del(a, n);
	return 1;
}

/* --- how it is asked ------------------------------------------------------ */

static void
leave(struct admin *a)
{
	struct visit *v = a->visit;

	if (v == NULL)
		return;
	a->visit = NULL;
	v->admin = NULL;
	if (v->connection != NULL)
		connection_close(v->connection);
}

static void
done(struct admin *a)
{
	leave(a);
	if (!stopping)
		queue_in(seed_below(2 * config.changes) + 1, next_request, a, 0);
}

/* 1 if the other one may have changed it since. */
static int
others(const struct admin *a)
{
	return admins[!a->number].asked > 0;
}

static void
answer(struct admin *a, const char *line, size_t n)
{
	struct members m;
	int in;

	story("the administrator is answered: %.*s", (int)n, line);
	if (n == 0 || line[0] != '0' || others(a) || a->name[0] == '\0')
		return;
	config_now(&m);
	in = members_find(&m, a->name, a->removes ? NULL : a->id) != -1;
	if (in == a->removes)
		violation("MEMBERS", "%.*s was answered yes, and is not so",
		    (int)strlen(a->line) - 1, a->line);
}

static uint64_t
from_lead(void *arg, const char *p, size_t n)
{
	struct visit *v = arg;
	struct admin *a = v->admin;
	const char *newline;
	size_t len;

	if (a == NULL)
		return 0;
	if (n == 0) {
		done(a);
		return 0;
	}
	if (buf_add(&v->in, p, n) == -1)
		sim_die("out of memory");
	while (v->in.len > 0 &&
	    (newline = memchr(buf_head(&v->in), '\n', v->in.len)) != NULL) {
		len = (size_t)(newline - buf_head(&v->in));
		if (v->greeted) {
			answer(a, buf_head(&v->in), len);
			done(a);
			return 0;
		}
		v->greeted = 1;
		connection_send(v->connection, a->line, strlen(a->line));
		buf_eat(&v->in, len + 1);
	}
	return 0;
}

static void
time_is_up(void *arg, uint64_t number)
{
	struct admin *a = arg;

	if (a->asked == number && a->visit != NULL)
		done(a);
}

static void
next_request(void *arg, uint64_t number)
{
	struct admin *a = arg;
	struct visit *v;
	size_t i;

	(void)number;
	if (stopping)
		return;
	v = sim_alloc(sizeof(*v));
	for (i = 0; i < config.nodes && v->connection == NULL; i++)
		if (nodes[i].leading != NULL && seed_odds(800))
			v->connection = connection_open(&nodes[i], from_lead, v);
	if (v->connection == NULL || !choose(a)) {
		if (v->connection != NULL)
			connection_close(v->connection);
		queue_in(config.changes, next_request, a, 0);
		return;
	}
	v->admin = a;
	a->visit = v;
	a->asked++;
	story("the administrator asks: %.*s", (int)strlen(a->line) - 1, a->line);
	queue_in(PATIENCE, time_is_up, a, a->asked);
}

void
admins_begin(void)
{
	size_t i;

	stopping = 0;
	for (i = 0; i < ADMINS; i++)
		admins[i].number = (int)i;
	if (config.changes == 0)
		return;
	queue_in(seed_below(4 * SECOND), next_request, &admins[0], 0);
	if (seed_odds(300))
		queue_in(seed_below(6 * SECOND), next_request, &admins[1], 0);
}

void
admins_stop(void)
{
	stopping = 1;
}

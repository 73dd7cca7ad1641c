/*
 * client.c - clients that set, get, list and compare, one request after another, with
 * retries under the same id, as link/call does.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/words.h"
#include "history.h"
#include "queue.h"
#include "sim.h"
#include "world.h"

#define CLIENTS_MAX 6u
#define ATTEMPT     SECOND       /* before it tries another node */
#define NUMBER      12u          /* bytes */
#define PATIENCE    (6 * SECOND) /* before it gives up */

struct visit;

struct client_host {
	struct deed *op; /* NULL: it has a rest */
	uint64_t asked;  /* how often it has asked, ever */
	uint64_t since;  /* this op */
	struct node *guess;
	struct visit *visit; /* NULL: not connected */
	char last[2][64];    /* values that it has seen */
	uint64_t base;       /* what the newest greeting said */
	int number;
	int based;      /* this op has its id */
	int open_ended; /* an attempt was sent and never answered */
};

/* One connection; what comes late from an old one is nobody's. */
struct visit {
	struct client_host *client; /* NULL: it was left */
	struct connection *connection;
	struct buf in;
	int greeted;
	int sent; /* this op's request went this way */
};

static struct client_host clients[CLIENTS_MAX];
static int stopping;
static size_t busy;

size_t
clients_busy(void)
{
	return busy;
}

/* --- what to ask ---------------------------------------------------------- */

/* Few, so that they are met again. */
static void
number_make(char number[NUMBER])
{
	(void)snprintf(number, NUMBER, "%d", (int)seed_below(4) - 1);
}

/* A number, or a value that nobody else writes; some are long, or end or begin in zeros. */
static void
value_make(struct client_host *c, struct deed *op)
{
	size_t n, pad = 0, zeros = 0;
	char head[32];

	if (seed_odds(config.numbers)) {
		number_make(head);
		op->value = sim_copy(head);
		op->value_len = strlen(head);
		return;
	}
	n = (size_t)snprintf(head, sizeof(head), "v%d.%" PRIu64, c->number, c->asked);
	if (seed_odds(config.big)) {
		pad = (size_t)seed_below(1500);
		zeros = (size_t)seed_below(1500);
		if (seed_odds(config.huge))
			pad = (size_t)seed_below(250000);
	}
	op->value_len = n + pad + zeros;
	op->value = sim_alloc(op->value_len + 1);
	memset(op->value, 'x', op->value_len);
	if (seed_odds(500))
		memset(op->value + n + pad, 0, zeros);
	else
		memset(op->value + n, 0, zeros);
	memcpy(op->value, head, n);
}

static struct deed *
deed_make(struct client_host *c)
{
	struct deed *op = history_deed();
	uint64_t kind = seed_below(100), key = seed_below(config.keys);
	const char *seen = c->last[key % 2];
	char name[16], number[NUMBER];

	(void)snprintf(name, sizeof(name), "k%d", (int)key);
	op->client = c->number;
	op->key = sim_copy(name);
	op->operand = sim_copy("");
	if (kind < 40)
		op->verb = VERB_SET;
	else if (kind < 70)
		op->verb = seed_odds(config.lists) ? VERB_LIST : VERB_GET;
	else if (kind < 75)
		op->verb = VERB_NOOP;
	else if (kind < 82)
		op->verb = VERB_UNSET;
	else if (kind < 86)
		op->verb = VERB_IF_UNSET;
	else
		op->verb = VERB_IF_SET;
	if (op->verb == VERB_IF_SET || op->verb == VERB_IF_UNSET) {
		op->test = seed_odds(200)     ? OP_ABSENT :
		    seed_odds(200)            ? OP_EXISTS :
		    seed_odds(config.numbers) ? (enum op)seed_range(OP_EQ, OP_GE) :
		    seed_odds(300)            ? OP_DIFFERS :
						OP_EQUAL;
		if (op->test >= OP_EQ && op->test <= OP_GE) {
			number_make(number);
			seen = number;
		}
		if (deed_compares(op)) {
			free(op->operand);
			op->operand = sim_copy(seen);
			op->operand_len = strlen(seen);
		}
	}
	if (op->verb == VERB_SET || op->verb == VERB_IF_SET)
		value_make(c, op);
	if (op->verb == VERB_LIST)
		op->key[seed_below(3)] = '\0';
	op->id.random = seed_next();
	return op;
}

static void
word(struct buf *b, const char *p, size_t n)
{
	if (buf_add(b, " ", 1) == -1 || words_put(b, p, n) == -1)
		sim_die("out of memory");
}

static void
request(const struct deed *op, struct buf *b)
{
	static const char *const tests[] = { [OP_EQUAL] = " =",
		[OP_DIFFERS] = " !=",
		[OP_EQ] = " -eq",
		[OP_NE] = " -ne",
		[OP_LT] = " -lt",
		[OP_LE] = " -le",
		[OP_GT] = " -gt",
		[OP_GE] = " -ge",
		[OP_ABSENT] = " absent",
		[OP_EXISTS] = " exists" };
	char id[REQUEST_ID_SIZE];

	if (!deed_reads(op)) {
		request_id_print(&op->id, id);
		(void)buf_fmt(b, "id=%s ", id);
	}
	switch (op->verb) {
	case VERB_SET:
		(void)buf_str(b, "set");
		break;
	case VERB_GET:
		(void)buf_str(b, "get");
		break;
	case VERB_LIST:
		(void)buf_str(b, "list");
		break;
	case VERB_UNSET:
		(void)buf_str(b, "unset");
		break;
	case VERB_NOOP:
		(void)buf_str(b, "noop\n");
		return;
	default:
		(void)buf_str(b, "if");
	}
	word(b, op->key, strlen(op->key));
	if (op->verb == VERB_IF_SET || op->verb == VERB_IF_UNSET) {
		(void)buf_str(b, tests[op->test]);
		if (deed_compares(op))
			word(b, op->operand, op->operand_len);
		(void)buf_str(b, op->verb == VERB_IF_SET ? " set" : " unset");
	}
	if (op->verb == VERB_SET || op->verb == VERB_IF_SET)
		word(b, op->value, op->value_len);
	(void)buf_str(b, "\n");
}

/* --- how it is asked ------------------------------------------------------ */

static void next_op(void *arg, uint64_t number);
static void attempt(void *arg, uint64_t number);

static void
leave(struct client_host *c)
{
	struct visit *v = c->visit;

	if (v == NULL)
		return;
	if (v->sent)
		c->open_ended = 1;
	c->visit = NULL;
	v->client = NULL;
	if (v->connection != NULL)
		connection_close(v->connection);
}

static void
ends(struct client_host *c, enum told told)
{
	struct deed *op = c->op;

	story("client %d: %s %s -> %s", c->number,
	    op->verb == VERB_GET      ? "get" :
		op->verb == VERB_LIST ? "list" :
					"write",
	    op->key,
	    told == TOLD_YES          ? "yes" :
		told == TOLD_NO       ? "no" :
		told == TOLD_NOT_DONE ? "not done" :
					"unknown");
	history_ends(op, told, check_commit());
	if (op->verb == VERB_GET && op->got != NULL && op->got_len < 40)
		memcpy(c->last[(op->key[1] - '0') % 2], op->got, op->got_len + 1);
	c->op = NULL;
	busy--;
	if (c->visit != NULL) {
		c->visit->sent = 0;
		if (seed_odds(100))
			leave(c);
	}
	queue_in(seed_below(2 * config.pause) + 1, next_op, c, 0);
}

static void
again(struct client_host *c, uint64_t delay)
{
	if (sim_time() - c->since > PATIENCE) {
		leave(c);
		ends(c, c->open_ended ? TOLD_NOTHING : TOLD_NOT_DONE);
		return;
	}
	queue_in(delay, attempt, c, c->asked);
}

/* One line of answer to the request that was sent. */
static void
answer(struct client_host *c, char *line, size_t n)
{
	struct words w = { 0 };
	struct deed *op = c->op;
	const char *why;
	uint64_t status;

	if (words_parse(&w, line, n, &why) == -1 || w.n == 0 ||
	    num_u64(w.word[0].bytes, w.word[0].len, 255, &status) == -1)
		violation("CLIENT", "an answer can't be read: %.60s", line);
	if (op == NULL || !c->visit->sent)
		violation("CLIENT", "an answer to no request: %.60s", line);
	c->visit->sent = 0;
	if (status == 0 && op->verb == VERB_GET) {
		if (w.n != 2)
			violation("CLIENT", "get answered %.60s", line);
		op->got = sim_alloc(w.word[1].len + 1);
		op->got_len = w.word[1].len;
		memcpy(op->got, w.word[1].bytes, op->got_len);
	}
	if (status == 0 && op->verb == VERB_LIST) {
		op->listed = w;
		memset(&w, 0, sizeof(w));
	}
	if (status == 0 || status == 1)
		ends(c, status == 0 ? TOLD_YES : TOLD_NO);
	else if (status == 69 || status == 74) {
		leave(c);
		c->guess = &nodes[seed_below(config.nodes)];
		again(c, seed_range(5, 50) * MILLI);
	} else if (status == 75) {
		c->open_ended = 1;
		leave(c);
		if (seed_odds(300))
			again(c, seed_range(5, 50) * MILLI);
		else
			ends(c, TOLD_NOTHING);
	} else
		violation("CLIENT", "a request was answered %.60s", line);
	words_free(&w);
}

static void
ask(struct client_host *c)
{
	struct buf b = { 0 };

	/* The commit index known when the request was first made. */
	if (!c->based)
		c->op->id.base = c->base;
	c->based = 1;
	request(c->op, &b);
	c->visit->sent = 1;
	story("client %d asks %s: %.*s", c->number, c->guess->name,
	    b.len < 100 ? (int)b.len - 1 : 100, buf_head(&b));
	connection_send(c->visit->connection, buf_head(&b), b.len);
	buf_free(&b);
}

static void
greeting(struct visit *v, const char *line, size_t n)
{
	struct client_host *c = v->client;

	if (n < 8 || memcmp(line, "hello 1 ", 8) != 0 ||
	    num_u64(line + 8, n - 8, NUMBER_MAX, &c->base) == -1)
		violation("CLIENT", "the greeting is %s", line);
	v->greeted = 1;
	if (c->op != NULL && !v->sent)
		ask(c);
}

static uint64_t
from_lead(void *arg, const char *p, size_t n)
{
	struct visit *v = arg;
	struct client_host *c = v->client;
	char *newline;
	size_t len;

	if (c == NULL)
		return 0;
	if (n == 0) {
		leave(c);
		c->guess = &nodes[seed_below(config.nodes)];
		if (c->op != NULL)
			again(c, seed_range(5, 50) * MILLI);
		return 0;
	}
	if (buf_add(&v->in, p, n) == -1)
		sim_die("out of memory");
	while (v->client == c &&
	    (newline = memchr(buf_head(&v->in), '\n', v->in.len)) != NULL) {
		*newline = '\0';
		len = (size_t)(newline - buf_head(&v->in));
		/* Who asked before the greeting may be answered before it. */
		if (v->greeted ||
		    (v->sent && strncmp(buf_head(&v->in), "hello", 5) != 0))
			answer(c, buf_head(&v->in), len);
		else
			greeting(v, buf_head(&v->in), len);
		buf_eat(&v->in, len + 1);
	}
	return 0;
}

static void
time_is_up(void *arg, uint64_t number)
{
	struct visit *v = arg;
	struct client_host *c = v->client;

	if (c == NULL || c->op == NULL || c->asked != number)
		return;
	leave(c);
	c->guess = &nodes[seed_below(config.nodes)];
	again(c, MILLI);
}

static void
attempt(void *arg, uint64_t number)
{
	struct client_host *c = arg;
	struct visit *v;

	if (c->op == NULL || c->asked != number)
		return;
	if (c->visit == NULL) {
		v = sim_alloc(sizeof(*v));
		v->client = c;
		v->connection = connection_open(c->guess, from_lead, v);
		if (v->connection == NULL) {
			free(v);
			c->guess = &nodes[seed_below(config.nodes)];
			again(c, seed_range(10, 100) * MILLI);
			return;
		}
		c->visit = v;
		/* A read needs no id, and no greeting to be asked. */
		if (deed_reads(c->op) && seed_odds(300))
			ask(c);
	} else if (c->visit->greeted)
		ask(c);
	queue_in(ATTEMPT + seed_below(3 * ATTEMPT), time_is_up, c->visit, number);
}

static void
next_op(void *arg, uint64_t number)
{
	struct client_host *c = arg;

	(void)number;
	if (stopping)
		return;
	c->op = deed_make(c);
	c->asked++;
	c->since = sim_time();
	c->open_ended = 0;
	c->based = 0;
	busy++;
	history_begins(c->op);
	attempt(c, c->asked);
}

void
clients_begin(void)
{
	size_t i;

	stopping = 0;
	for (i = 0; i < config.clients; i++) {
		clients[i].number = (int)i;
		clients[i].guess = &nodes[seed_below(config.nodes)];
		queue_in(seed_below(2 * SECOND), next_op, &clients[i], 0);
	}
}

void
clients_stop(void)
{
	stopping = 1;
}

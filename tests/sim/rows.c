/*
 * rows.c - what the rows are made of: see rows.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/frame.h"
#include "rows.h"
#include "sim.h"
#include "step/step.h"
#include "world.h"

struct node *
row_node(void)
{
	size_t i;

	memset(&config, 0, sizeof(config));
	config.nodes = 3;
	config.timeout = SECOND;
	config.segment_bytes = 1024;
	config.window = UINT64_MAX;
	nodes_make();
	for (i = 0; i < config.nodes; i++)
		node_start(&nodes[i]);
	/* Whatever is heard is heard now. */
	sim_set_time(10 * SECOND);
	return &nodes[0];
}

/* --- votes ---------------------------------------------------------------- */

struct voting {
	struct os *os;
	struct frame in;
	struct buf out;
	int result;
};

static void
vote_work(void *arg)
{
	struct voting *v = arg;
	struct state *st;

	v->result = -1;
	if ((st = node_state(v->os)) == NULL)
		return;
	v->result = vote_answer(st, &v->in, run_timeout(v->os), &v->out);
	state_close(st);
}

static void
reply_read(struct response *t, struct node *n, const struct buf *out)
{
	const char *why;
	size_t used;

	if (t->result == -1 || out->len == 0)
		return;
	if (frame_parse(buf_head(out), out->len, &t->reply, &used, &why) != 1)
		violation("FRAME", "the reply is no frame: %s", why);
	t->replied = 1;
	check_said(n->number, &t->reply);
	t->reply.body = NULL;
}

static struct who
who(const struct node *n)
{
	struct who w;

	memset(&w, 0, sizeof(w));
	memcpy(w.name, n->name, strlen(n->name) + 1);
	memcpy(w.id, n->id, sizeof(w.id));
	return w;
}

struct frame
frame_between(struct node *from, struct node *to, enum frame_type type, uint64_t term)
{
	struct frame f;
	struct members m = { 0 };
	size_t i;

	memset(&f, 0, sizeof(f));
	for (i = 0; i < config.nodes; i++)
		if (members_add(&m, nodes[i].name, nodes[i].id) == -1)
			sim_die("no such members");
	members_digest(&m, f.cluster);
	f.type = type;
	f.from = who(from);
	f.to = who(to);
	f.term = term;
	f.seq = term;
	f.body = "";
	return f;
}

struct response
tell_ballot(struct node *n, struct node *from, enum ballot kind, uint64_t term,
    uint64_t index, uint64_t last_term, struct fate fate)
{
	struct voting v = { 0 };
	struct response t = { 0 };

	v.in = frame_between(from, n, FRAME_VOTE, term);
	v.in.arg[0] = kind;
	v.in.arg[1] = index;
	v.in.arg[2] = last_term;
	v.os = task_new(n->machine, "vote");
	if (fate.calls > 0)
		task_doom(v.os, fate.calls, fate.how);
	t.ended = node_works(n, v.os, WORK_VOTE, vote_work, &v);
	if (t.ended == RAN) {
		task_end(v.os);
		t.result = v.result;
		reply_read(&t, n, &v.out);
	}
	return t;
}

/* --- appends -------------------------------------------------------------- */

void
book_copy(struct book *b, struct node *n, uint64_t count)
{
	const struct log_image *l = check_log(n->number);
	uint64_t i;

	memset(b, 0, sizeof(*b));
	if (l->n < count)
		sim_die("%s holds %zu entries", n->name, l->n);
	b->off = sim_alloc((size_t)count * sizeof(*b->off));
	b->record = sim_alloc((size_t)count * sizeof(*b->record));
	for (i = 0; i < count; i++) {
		const struct entry *e = log_image_entry(l, i + 1);

		b->off[i] = b->bytes.len;
		b->record[i] = e->record;
		if (buf_add(&b->bytes, log_image_payload(l, e) - RECORD_HEADER,
			record_size(&e->record)) == -1)
			sim_die("out of memory");
	}
	b->n = count;
}

void
book_add(struct book *b, uint64_t term, size_t bytes, size_t zeros)
{
	struct record r = { .index = b->n + 1, .term = term, .type = RECORD_COMMAND };
	struct command c = { .verb = VERB_SET };
	struct buf payload = { 0 };
	char *value = sim_alloc(bytes + 1);

	memset(value, 'x', bytes);
	if (zeros <= bytes)
		memset(value + bytes - zeros, 0, zeros);
	c.key = (struct bytes){ "k", 1 };
	c.value = (struct bytes){ value, bytes };
	r.id.base = 1;
	r.id.random = b->n;
	b->off = sim_grow(b->off, (size_t)(b->n + 1) * sizeof(*b->off));
	b->record = sim_grow(b->record, (size_t)(b->n + 1) * sizeof(*b->record));
	b->off[b->n] = b->bytes.len;
	if (command_encode(&c, &payload) == -1 ||
	    record_encode(&r, b->n > 0 ? b->record[b->n - 1].chain : 0,
		buf_head(&payload), payload.len, &b->bytes) == -1)
		sim_die("out of memory");
	b->record[b->n++] = r;
	buf_free(&payload);
	free(value);
}

static struct frame
frame_of(const struct book *b, struct node *to, struct node *from, uint64_t term,
    uint64_t first, uint64_t last)
{
	struct frame f = frame_between(from, to, FRAME_APPEND, term);
	size_t at, end;

	at = first <= b->n ? b->off[first - 1] : b->bytes.len;
	end = last < b->n ? b->off[last] : b->bytes.len;
	f.arg[0] = first - 1;
	if (first > 1) {
		f.arg[1] = b->record[first - 2].term;
		f.arg[2] = b->record[first - 2].chain;
	}
	f.arg[4] = b->n;
	f.arg[5] = last + 1 - first;
	f.length = end - at;
	f.body = buf_head(&b->bytes) + at;
	return f;
}

void
book_frame(const struct book *b, struct node *to, struct node *from, uint64_t term,
    uint64_t first, uint64_t last, uint64_t commit, struct buf *out)
{
	struct frame f = frame_of(b, to, from, term, first, last);

	f.arg[3] = commit;
	check_sent(&f);
	if (frame_encode(&f, out) == -1)
		sim_die("out of memory");
}

void
book_frame_unchecked(const struct book *b, struct node *to, struct node *from,
    uint64_t term, uint64_t first, uint64_t last, struct buf *out)
{
	struct frame f = frame_of(b, to, from, term, first, last);

	if (frame_encode(&f, out) == -1)
		sim_die("out of memory");
}

struct appending {
	struct node *node;
	struct os *os;
	const struct buf *in;
	struct buf out;
	int result;
};

static void
append_work(void *arg)
{
	struct appending *a = arg;
	struct append *append;
	struct state *st;

	a->result = -1;
	if ((st = node_state(a->os)) == NULL)
		return;
	append = append_new(st, task_pid(a->node->shell));
	if (append == NULL)
		return;
	a->result = append_input(append, buf_head(a->in), a->in->len, &a->out);
	append_free(append);
	state_close(st);
}

struct response
tell_append(struct node *n, const struct buf *in, struct fate fate)
{
	struct appending a = { .node = n, .in = in };
	struct response t = { 0 };

	a.os = task_new(n->machine, "append");
	if (fate.calls > 0)
		task_doom(a.os, fate.calls, fate.how);
	t.ended = node_works(n, a.os, WORK_APPEND, append_work, &a);
	if (t.ended == RAN) {
		task_end(a.os);
		t.result = a.result;
		reply_read(&t, n, &a.out);
	}
	return t;
}

int
row_back(struct node *n, struct response t)
{
	if (t.ended != POWERED_OFF)
		return 0;
	node_power_on(n);
	return 1;
}

void
row_holds(struct node *n, const struct book *b, uint64_t count)
{
	const struct log_image *l = check_log(n->number);
	uint32_t chain;

	if (l->n != count || !log_image_chain(l, count, &chain) ||
	    (count > 0 && chain != b->record[count - 1].chain))
		violation("LM",
		    "%s holds %zu entries, or others than the %" PRIu64
		    " of its leader",
		    n->name, l->n, count);
}

/* --- all of them ---------------------------------------------------------- */

static int
row_cases(const struct row *row)
{
	uint64_t i;
	int bad = 0;

	for (i = 0; i < row->cases && !bad; i++) {
		story_set(STORY_KEEP);
		bad = apart(row->run, i, NULL, 0) == -1;
		if (bad)
			printf("in case %" PRIu64 " of %s\n", i, row->name);
	}
	printf("%s: %" PRIu64 " cases\n", row->name, i);
	return bad;
}

int
row_run(const char *name)
{
	const struct row *const all[] = { rows_vote, rows_append, rows_cluster };
	const struct row *row;
	size_t i;
	int found = 0;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		for (row = all[i]; row->name != NULL; row++) {
			if (strcmp(row->name, name) != 0 && strcmp(name, "all") != 0)
				continue;
			found = 1;
			if (row_cases(row) != 0)
				return 1;
		}
	}
	return found ? 0 : 64;
}

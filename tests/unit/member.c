/*
 * member.c - another member, as the tests need one: makes a node of the current
 * directory, speaks to it as its peers would (and worse), reads its answers and
 * its log.  Frames and answers are in words, logs as in entries.h.
 */
#include <dirent.h>
#include <inttypes.h>

#include "core/crc.h"
#include "core/num.h"
#include "entries.h"

#define INPUT_MAX (16u * 1024 * 1024)

static const char *const ballots[] = { "pre", "real", "handover" };
static const char *const results[] = { "yes", "no", "stale", "full" };

static void
usage(void)
{
	(void)
	    fputs("usage: member form [-s BYTES] NAME PEER...\n"
		  "              ballot FROM TERM INDEX@TERM [KEY=VALUE...]\n"
		  "              voted FROM TERM yes|no [KEY=VALUE...]\n"
		  "              append FROM TERM LOG PREV COUNT [skip=N | twice=N]\n"
		  "                [KEY=VALUE...]\n"
		  "              handover FROM TERM [KEY=VALUE...]\n"
		  "              seal HEADER\n"
		  "              replies\n"
		  "              log [-v]\n"
		  "              write LOG COUNT BYTES\n"
		  "              cut INDEX\n"
		  "              snap LOG INDEX [KEYS [BYTES [MEMBERS]]]\n"
		  "              forget INDEX\n"
		  "              name NAME ID\n"
		  "KEY: cluster from fromid to toid seq term kind commit last A...F\n",
		stderr);
	exit(64);
}

static uint64_t
number(const char *word)
{
	uint64_t n;

	if (word == NULL || num_u64(word, strlen(word), UINT64_MAX, &n) == -1)
		usage();
	return n;
}

static void
put(const struct buf *b)
{
	MUST(wire_write_all(1, buf_head(b), b->len) == 0);
}

/* --- what a node is asked ---------------------------------------------- */

static void
copy(char *to, size_t max, const char *from)
{
	MUST(strlen(from) < max);
	memcpy(to, from, strlen(from) + 1);
}

/* A frame from the member of that name to this node. */
static struct frame
frame_from(const struct state *st, enum frame_type type, const char *name,
    uint64_t term)
{
	struct frame f;
	int i;

	f = address(st, type, &st->me);
	copy(f.from.name, sizeof(f.from.name), name);
	i = members_find(&st->members, name, NULL);
	if (i == -1)
		id_invent(name, f.from.id);
	else
		f.from = st->members.who[i];
	f.term = f.seq = term;
	return f;
}

static void
frame_change(struct frame *f, const char *key, const char *value)
{
	size_t i;

	if (strcmp(key, "cluster") == 0)
		copy(f->cluster, sizeof(f->cluster), value);
	else if (strcmp(key, "from") == 0)
		copy(f->from.name, sizeof(f->from.name), value);
	else if (strcmp(key, "fromid") == 0)
		copy(f->from.id, sizeof(f->from.id), value);
	else if (strcmp(key, "to") == 0)
		copy(f->to.name, sizeof(f->to.name), value);
	else if (strcmp(key, "toid") == 0)
		copy(f->to.id, sizeof(f->to.id), value);
	else if (strcmp(key, "seq") == 0)
		f->seq = number(value);
	else if (strcmp(key, "term") == 0)
		f->term = number(value);
	else if (strcmp(key, "kind") == 0) {
		for (i = 0; i < 3; i++)
			if (strcmp(ballots[i], value) == 0)
				f->arg[0] = i;
	} else if (strcmp(key, "commit") == 0)
		f->arg[3] = number(value);
	else if (strcmp(key, "last") == 0)
		f->arg[4] = number(value);
	else if (key[0] >= 'A' && key[0] <= 'F' && key[1] == '\0')
		f->arg[key[0] - 'A'] = number(value);
	else
		usage();
}

/* Prints the frame with the changes that the words ask for. */
static void
frame_send(struct frame *f, char **words)
{
	struct buf b = { 0 };
	char *equals;

	for (; *words != NULL; words++) {
		equals = strchr(*words, '=');
		if (equals == NULL)
			usage();
		*equals = '\0';
		frame_change(f, *words, equals + 1);
	}
	MUST(frame_encode(f, &b) == 0);
	put(&b);
	buf_free(&b);
}

static void
cmd_ballot(struct state *st, char **arg)
{
	struct frame f = frame_from(st, FRAME_VOTE, arg[0], number(arg[1]));
	char *at = strchr(arg[2], '@');

	if (at == NULL)
		usage();
	*at = '\0';
	f.arg[0] = BALLOT_REAL;
	f.arg[1] = number(arg[2]);
	f.arg[2] = number(at + 1);
	frame_send(&f, arg + 3);
}

static void
cmd_voted(struct state *st, char **arg)
{
	struct frame f = frame_from(st, FRAME_VOTED, arg[0], number(arg[1]));

	f.arg[0] = BALLOT_REAL;
	f.arg[1] = strcmp(arg[2], "yes") == 0;
	frame_send(&f, arg + 3);
}

/* The body with its nth record so many times in it. */
static void
body_repeat(struct buf *body, uint64_t nth, unsigned times)
{
	struct buf b = { 0 };
	struct record r;
	unsigned i, n;

	while (body->len > 0) {
		MUST(record_parse(buf_head(body), body->len, &r) == 1);
		n = --nth == 0 ? times : 1;
		for (i = 0; i < n; i++)
			MUST(buf_add(&b, buf_head(body), record_size(&r)) == 0);
		buf_eat(body, record_size(&r));
	}
	buf_free(body);
	*body = b;
}

static void
cmd_append(struct state *st, char **arg)
{
	struct frame f = frame_from(st, FRAME_APPEND, arg[0], number(arg[1]));
	struct record prev;
	struct buf body = { 0 };
	uint64_t count = number(arg[4]);

	entries_encode(arg[2], &st->members, number(arg[3]), &count, &body, &prev);
	f.arg[0] = prev.index;
	f.arg[1] = prev.term;
	f.arg[2] = prev.chain;
	f.arg[4] = prev.index + count;
	f.arg[5] = count;
	arg += 5;
	if (*arg != NULL && strncmp(*arg, "skip=", 5) == 0)
		body_repeat(&body, number(*arg++ + 5), 0);
	else if (*arg != NULL && strncmp(*arg, "twice=", 6) == 0)
		body_repeat(&body, number(*arg++ + 6), 2);
	f.body = body.len > 0 ? buf_head(&body) : "";
	f.length = body.len;
	frame_send(&f, arg);
	buf_free(&body);
}

static void
cmd_handover(struct state *st, char **arg)
{
	struct frame f = frame_from(st, FRAME_HANDOVER, arg[0], number(arg[1]));

	frame_send(&f, arg + 2);
}

/* Any header, with the CRC that fits it. */
static void
cmd_seal(struct state *st, char **arg)
{
	(void)st;
	(void)printf("%s %08" PRIx32 "\n", arg[0], crc32c(0, arg[0], strlen(arg[0])));
}

/* --- what it answers --------------------------------------------------- */

static void
reply_print(const struct frame *f)
{
	const uint64_t *a = f->arg;

	switch (f->type) {
	case FRAME_VOTE:
		(void)printf("ballot %s to %s term %" PRIu64 " seq %" PRIu64
			     " last %" PRIu64 "@%" PRIu64,
		    ballots[a[0] % 3], f->to.name, f->term, f->seq, a[1], a[2]);
		break;
	case FRAME_VOTED:
		(void)printf("voted %s to %s term %" PRIu64 " seq %" PRIu64 " %s%s%s",
		    ballots[a[0] % 3], f->to.name, f->term, f->seq, a[1] ? "yes" : "no",
		    a[2] ? " hears" : "", a[3] ? " damaged" : "");
		break;
	case FRAME_APPENDED:
		(void)printf("appended to %s term %" PRIu64 " seq %" PRIu64 " %s",
		    f->to.name, f->term, f->seq, results[a[0] % 4]);
		if (a[0] == APPENDED_YES)
			(void)printf(" %" PRIu64, a[1]);
		if (a[0] == APPENDED_NO)
			(void)printf(" hint %" PRIu64 "@%" PRIu64, a[2], a[3]);
		(void)printf(" last %" PRIu64 "%s", a[4], a[5] ? " damaged" : "");
		break;
	default:
		(void)printf("another frame");
		break;
	}
	(void)putchar('\n');
}

static void
cmd_replies(struct state *st, char **arg)
{
	struct buf in = { 0 };
	struct frame f;
	const char *why;
	size_t used;
	ssize_t n;
	char *p;

	(void)st;
	(void)arg;
	do {
		p = buf_room(&in, 65536);
		MUST(p != NULL && in.len < INPUT_MAX);
		n = wire_read(0, p, 65536);
		MUST(n != -1);
		buf_grew(&in, (size_t)n);
	} while (n > 0);
	while (in.len > 0) {
		if (frame_parse(buf_head(&in), in.len, &f, &used, &why) != 1) {
			(void)printf("no frame: %s\n", why);
			exit(1);
		}
		reply_print(&f);
		buf_eat(&in, used);
	}
	buf_free(&in);
}

/* --- its directory ----------------------------------------------------- */

/* Makes an unformed node one of that name and id. */
static void
node_name(struct os *os, const char *name, const char *id)
{
	struct buf b = { 0 };
	int fd;

	MUST(buf_fmt(&b, "lite-raft-node 1 %s %s - member", name, id) == 0);
	MUST(buf_fmt(&b, " %08" PRIx32 "\n", crc32c(0, buf_head(&b), b.len)) == 0);
	fd = disk_open(os, "state/node", DISK_WRITE);
	MUST(fd != -1 && disk_write(os, fd, buf_head(&b), b.len, 0) == 0);
	MUST(disk_close(os, fd) == 0);
	buf_free(&b);
}

static void
cmd_name(struct state *st, char **arg)
{
	node_name(st->os, arg[0], arg[1]);
}

/* Makes the current directory the node NAME of a cluster of all that are named.
 */
static void
cmd_form(char **arg)
{
	struct members m = { 0 };
	struct os *os = os_open(".");
	struct state *st;
	char id[ID_DIGITS + 1], why[256];
	size_t bytes = 0;

	if (arg[0] != NULL && strcmp(arg[0], "-s") == 0) {
		bytes = (size_t)number(arg[1]);
		arg += 2;
	}
	if (arg[0] == NULL)
		usage();
	if (node_init(os, arg[0], why) == -1) {
		(void)fprintf(stderr, "%s\n", why);
		exit(74);
	}
	id_invent(arg[0], id);
	node_name(os, arg[0], id);
	st = state_at(os);
	if (bytes > 0)
		st->segment_bytes = bytes;
	MUST(members_add(&m, arg[0], st->me.id) == 0);
	while (*++arg != NULL) {
		id_invent(*arg, id);
		MUST(members_add(&m, *arg, id) == 0);
	}
	SAYS(st, state_lock(st));
	SAYS(st, node_form(st, &m));
	SAYS(st, state_unlock(st));
	state_close(st);
	os_close(os);
}

/* Adds up to COUNT of LOG to its log; new segments are that large. */
static void
cmd_write(struct state *st, char **arg)
{
	struct record before;
	struct buf b = { 0 };
	uint64_t count = number(arg[1]);

	st->segment_bytes = (size_t)number(arg[2]);
	SAYS(st, state_lock(st));
	entries_encode(arg[0], &st->members, st->tail.index, &count, &b, &before);
	SAYS(st, state_change(st));
	SAYS(st, log_append(st, buf_head(&b), b.len));
	SAYS(st, log_sync(st));
	if (term_raise(&st->term, st->tail.term))
		SAYS(st, term_store(st));
	SAYS(st, state_settle(st));
	SAYS(st, state_unlock(st));
	buf_free(&b);
}

/* Adds an entry of TERM that holds the configuration on stdin; 69: no room for it. */
static void
cmd_configure(struct state *st, char **arg)
{
	static char text[64 * 1024];
	const size_t n = fread(text, 1, sizeof(text), stdin);
	struct record r = { .type = RECORD_MEMBERS, .term = number(arg[0]) };
	struct buf b = { 0 };

	SAYS(st, state_lock(st));
	r.index = st->tail.index + 1;
	MUST(record_encode(&r, st->tail.chain, text, n, &b) == 0);
	SAYS(st, state_change(st));
	if (log_append(st, buf_head(&b), b.len) == -1) {
		(void)fprintf(stderr, "%s\n", st->why);
		MUST(!st->broken);
		SAYS(st, state_settle(st));
		exit(69);
	}
	SAYS(st, log_sync(st));
	if (term_raise(&st->term, r.term))
		SAYS(st, term_store(st));
	SAYS(st, state_settle(st));
	SAYS(st, state_unlock(st));
	buf_free(&b);
}

/* Removes index and what follows, as append does. */
static void
cmd_cut(struct state *st, char **arg)
{
	SAYS(st, state_lock(st));
	SAYS(st, state_change(st));
	SAYS(st, log_cut(st, number(arg[0])));
	SAYS(st, state_settle(st));
	SAYS(st, state_unlock(st));
}

/* Makes a snapshot as of INDEX of LOG, with that many keys, its own newest; its
 * members are those of the entry MEMBERS. */
static void
cmd_snap(struct state *st, char **arg)
{
	const uint64_t index = number(arg[1]);
	const uint64_t keys = arg[2] == NULL ? 20 : number(arg[2]);
	const int bytes_given = arg[2] != NULL && arg[3] != NULL;
	const size_t bytes = bytes_given ? (size_t)number(arg[3]) : 100;
	struct manifest m = { 0 };
	struct snapshot_name name;
	struct record r;
	struct buf unused = { 0 };
	struct seen seen = { { index, 0 }, 0, 0, 0 };
	struct writer *w;
	uint64_t i, none = 0;
	char key[32], *value, why[SNAPSHOT_WHY];

	entries_encode(arg[0], &st->members, index, &none, &unused, &r);
	m.index = index;
	m.term = r.term;
	m.chain = r.chain;
	m.members = st->members;
	if (bytes_given && arg[4] != NULL)
		m.members.index = number(arg[4]);
	w = writer_open(st, &m, why);
	value = malloc(bytes + 1);
	MUST(w != NULL && value != NULL);
	for (i = 0; i < bytes; i++)
		value[i] = (char)('a' + (index + i) % 26);
	for (i = 0; i < keys; i++) {
		(void)snprintf(key, sizeof(key), "key%09" PRIu64, i);
		MUST(writer_item(w, (struct bytes){ key, strlen(key) },
			 (struct bytes){ value, bytes }) == 0);
	}
	for (seen.index = index > 3 ? index - 3 : 1; seen.index < index; seen.index++)
		MUST(writer_request(w, &seen) == 0);
	MUST(writer_end(w, &m) == 0);
	writer_close(w);
	free(value);
	buf_free(&unused);
	name = (struct snapshot_name){ m.index, m.term };
	SAYS(st, state_lock(st));
	if (term_raise(&st->term, m.term))
		SAYS(st, term_save(st));
	SAYS(st, snapshot_enter(st, &name, ".new"));
	SAYS(st, state_unlock(st));
}

/* Removes the segments all of whose records are at or before INDEX. */
static void
cmd_forget(struct state *st, char **arg)
{
	uint64_t *list;
	size_t i, n;

	SAYS(st, state_lock(st));
	SAYS(st, state_change(st));
	list = segment_list(st, &n);
	MUST(list != NULL);
	for (i = 0; i + 1 < n && list[i + 1] <= number(arg[0]) + 1; i++)
		SAYS(st, segment_drop(st, list[i]));
	free(list);
	SAYS(st, state_settle(st));
	SAYS(st, state_unlock(st));
}

/* What has been printed of the log. */
struct listing {
	struct record last;
	struct run run; /* that last belongs to; count 0: none */
	int verbose;
	int any;
};

static void
run_end(struct listing *l)
{
	if (l->run.count == 0)
		return;
	(void)printf("%s%" PRIu64 "x%" PRIu64, l->any ? "," : "", l->run.term,
	    l->run.count);
	if (l->run.bytes != PAYLOAD_BYTES || l->run.zeros)
		(void)printf(":%zu%s", l->run.bytes, l->run.zeros ? "z" : "");
	l->any = 1;
	l->run.count = 0;
}

/* The run that a lone entry is of; term 0 where its payload is a strange one.
 */
static struct run
run_of(const struct record *r, const char *payload)
{
	struct run run = { r->term, 1, r->length, 0 };
	char *want = malloc(r->length + 1);

	MUST(want != NULL);
	for (; run.zeros < 2; run.zeros++) {
		payload_fill(want, r->index, r->term, &run);
		if (memcmp(want, payload, r->length) == 0)
			break;
	}
	free(want);
	if (run.zeros == 2)
		run.term = 0;
	return run;
}

static void
record_list(struct listing *l, const struct record *r, const char *p, const char *name,
    size_t off)
{
	struct run run;

	if (l->verbose) {
		(void)printf("%" PRIu64 " term %" PRIu64
			     " %c %zu at %s %zu durable %" PRIu64 " zeros %" PRIu32
			     " chain %08" PRIx32 "\n",
		    r->index, r->term, r->type, r->length, name, off, r->durable,
		    r->zeros, r->chain);
		return;
	}
	if (r->index == 1 && r->type == RECORD_MEMBERS)
		return;
	run = run_of(r, p + RECORD_HEADER);
	if (run.term != l->run.term || run.bytes != l->run.bytes ||
	    run.zeros != l->run.zeros)
		run_end(l);
	run.count += l->run.count;
	l->run = run;
}

/* Lists one segment, of which not one byte is taken on trust: 0, or -1. */
static int
segment_list_out(struct listing *l, struct os *os, const char *name)
{
	struct record r;
	char path[300], *p;
	uint64_t first;
	size_t n, off = 0;
	int given;

	(void)snprintf(path, sizeof(path), "state/log/%s", name);
	p = disk_slurp(os, path, INPUT_MAX, &n);
	MUST(p != NULL);
	MUST(num_u64(name, strlen(name), UINT64_MAX, &first) == 0);
	/* One that begins behind a snapshot is taken on trust: what stands before. */
	given = l->last.index == 0 && first > 1;
	if (given) {
		l->last.index = first - 1;
		(void)printf("from %" PRIu64 " ", first);
	}
	while (record_parse(p + off, n - off, &r) == 1 && n - off >= record_size(&r) &&
	    r.index == l->last.index + 1 && r.term >= l->last.term &&
	    ((given && off == 0) || record_chain(p + off, l->last.chain) == r.chain) &&
	    record_intact(&r, p + off) &&
	    r.zeros ==
		record_zeros(p + off + RECORD_HEADER, r.length + 1,
		    off + RECORD_HEADER)) {
		record_list(l, &r, p + off, name, off);
		l->last = r;
		off += record_size(&r);
	}
	while (off < n && p[off] == 0)
		off++;
	free(p);
	if (off == n)
		return 0;
	run_end(l);
	(void)printf(" bad at %s %zu", name, off);
	return -1;
}

static void
cmd_log(char **arg)
{
	struct listing l = { .verbose = arg[0] != NULL };
	struct os *os = os_open(".");
	char **names;
	size_t i;

	names = disk_names(os, "state/log");
	MUST(names != NULL);
	for (i = 0; names[i] != NULL; i++)
		if (segment_list_out(&l, os, names[i]) == -1)
			break;
	run_end(&l);
	if (!l.verbose)
		(void)puts(l.last.index == 0 ? "empty" : l.any ? "" : "-");
	disk_names_free(names);
	os_close(os);
}

static const struct {
	const char *name;
	int args; /* at least */
	void (*run)(struct state *, char **);
} verbs[] = {
	{ "append", 5, cmd_append },
	{ "ballot", 3, cmd_ballot },
	{ "configure", 1, cmd_configure },
	{ "cut", 1, cmd_cut },
	{ "forget", 1, cmd_forget },
	{ "handover", 2, cmd_handover },
	{ "name", 2, cmd_name },
	{ "snap", 2, cmd_snap },
	{ "voted", 3, cmd_voted },
	{ "write", 3, cmd_write },
};

int
main(int argc, char **argv)
{
	struct state *st;
	struct os *os;
	size_t i;

	if (argc < 2)
		usage();
	if (strcmp(argv[1], "form") == 0)
		cmd_form(argv + 2);
	else if (strcmp(argv[1], "log") == 0)
		cmd_log(argv + 2);
	else if (strcmp(argv[1], "replies") == 0)
		cmd_replies(NULL, argv + 2);
	else if (strcmp(argv[1], "seal") == 0 && argc == 3)
		cmd_seal(NULL, argv + 2);
	else {
		for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
			if (strcmp(argv[1], verbs[i].name) == 0 &&
			    argc - 2 >= verbs[i].args)
				break;
		if (i == sizeof(verbs) / sizeof(verbs[0]))
			usage();
		os = os_open(".");
		MUST(os != NULL);
		st = state_at(os);
		verbs[i].run(st, argv + 2);
		state_close(st);
		os_close(os);
	}
	return fflush(stdout) == EOF ? 74 : 0;
}

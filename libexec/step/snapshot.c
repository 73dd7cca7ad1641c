/*
 * snapshot take        a snapshot of what is committed; the log before it ends
 * snapshot wait ROLE   until one is due, or the node with that pid has stopped
 * snapshot offer NODE   the newest one, to a follower that is behind the log, as
 *                      soon as it answers its leader
 * snapshot send NODE    what its answer, on stdin, asks for
 * snapshot install      takes what a leader offers and sends
 * snapshot check       looks at every byte of every snapshot
 * snapshot show        a line for each of them
 * snapshot export      the store as of what is known to be committed, as lines
 *                      "set KEY VALUE"; --whole: as of the end of the log
 * snapshot get KEY     the value in it; --raw: without a newline.  It is what
 *                      lite-raft-client --local becomes, and speaks as that
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/store.h"
#include "state/transfer.h"
#include "step.h"

#define POLL          UINT64_C(1000000000) /* ns */
#define OFFER_POLL    UINT64_C(20000000)   /* ns */
#define EXPORT_SLICE  (256u * 1024)        /* bytes written at a time */
#define EXPORT_TRIES  600                  /* while a snapshot is being made */
#define GET_TRIES     60
#define INPUT         (256u * 1024)        /* bytes read at a time */
#define ANSWER_MAX    (80u * 1024)         /* bytes of an answer, chatter before it */
#define IDLE_TIMEOUTS 10u                  /* election timeouts without a byte ... */
#define IDLE_LEAST    UINT64_C(5000000000) /* ns */
#define FIRST_BYTE    UINT64_C(3600000000000) /* ns; first, it is verified there */

static int
usage(int status)
{
	return usage_print(
	    "usage: snapshot take | wait ROLE | check | show |\n"
	    "                export [--whole] | get [--raw] KEY | offer NODE | send NODE <ANSWER | install\n",
	    status);
}

static const char *prog = "snapshot"; /* whose the messages are */

static int
fail(const struct state *st, int status)
{
	(void)fprintf(stderr, "%s: %s\n", prog, st->why);
	return status;
}

static int
cannot(const char *verb, const char *why, int status)
{
	(void)fprintf(stderr, "%s: cannot %s: %s\n", prog, verb, why);
	return status;
}

static int
cmd_take(struct state *st, char **arg)
{
	int r;

	(void)arg;
	r = snapshot_take(st);
	if (r == 0)
		return EXIT_YES;
	return fail(st, r == 1 ? EXIT_NO : EXIT_DISK);
}

static int
cmd_wait(struct state *st, char **arg)
{
	struct cursor from = { 0, 0, 0 };
	uint64_t period, pid;
	int due;

	if (num_u64(arg[0], strlen(arg[0]), INT32_MAX, &pid) == -1)
		return EXIT_USE;
	period = run_period(st->os);
	for (;;) {
		if (state_running(st) != (pid_t)pid)
			return EXIT_NO;
		due = snapshot_due(st, period, &from);
		if (due != 0)
			return due == 1 ? EXIT_YES : fail(st, EXIT_DISK);
		if (process_sleep(POLL) == -1)
			return EXIT_NO;
	}
}

/* Calls visit with each snapshot, oldest first: the status that fits. */
static int
each(struct state *st, int (*visit)(struct state *, const struct snapshot_name *))
{
	struct snapshot_name *list;
	size_t i, n;
	int bad = 0;

	list = snapshot_list(st, "", &n);
	if (list == NULL) {
		(void)fprintf(stderr, "snapshot: cannot list state/snapshot: %s\n",
		    strerror(errno));
		return EXIT_DISK;
	}
	for (i = 0; i < n; i++)
		bad |= visit(st, &list[i]) == -1;
	free(list);
	if (fflush(stdout) == EOF)
		bad = 1;
	return bad ? EXIT_DISK : EXIT_YES;
}

/* Reads the manifest, or says why not. */
static int
manifest_of(struct state *st, const struct snapshot_name *name, struct manifest *m)
{
	char path[SNAPSHOT_PATH];

	if (snapshot_manifest(st, name, "", m) == 0)
		return 0;
	snapshot_path(path, name, "/manifest");
	(void)fprintf(stderr, "snapshot: cannot read %s: %s\n", path,
	    errno == EILSEQ ? "damaged" : strerror(errno));
	return -1;
}

static int
check_one(struct state *st, const struct snapshot_name *name)
{
	struct manifest m;

	if (manifest_of(st, name, &m) == -1)
		return -1;
	if (snapshot_verify(st->os, &m, "", st->why) == -1)
		return fail(st, -1);
	return 0;
}

static int
show_one(struct state *st, const struct snapshot_name *name)
{
	struct manifest m;

	if (manifest_of(st, name, &m) == -1)
		return -1;
	printf("index %" PRIu64 " term %" PRIu64 " keys %" PRIu64 " requests %" PRIu64
	       " bytes %" PRIu64 " members %zu\n",
	    m.index, m.term, m.keys, m.requests, manifest_bytes(&m), m.members.n);
	return 0;
}

static int
cmd_check(struct state *st, char **arg)
{
	(void)arg;
	return each(st, check_one);
}

static int
cmd_show(struct state *st, char **arg)
{
	(void)arg;
	return each(st, show_one);
}

/* Puts out what has come together, if it is enough: 0, or -1. */
static int
put(struct buf *b, size_t least)
{
	if (b->len < least)
		return 0;
	if (wire_write_all(1, buf_head(b), b->len) == -1)
		return -1;
	buf_cut(b, 0);
	return 0;
}

static int
export_one(void *lines, struct bytes key, struct bytes value)
{
	struct buf *b = lines;

	if (buf_str(b, "set ") == -1 || words_put(b, key.at, key.len) == -1 ||
	    buf_str(b, " ") == -1 || words_put(b, value.at, value.len) == -1 ||
	    buf_str(b, "\n") == -1)
		return -1;
	return put(b, EXPORT_SLICE);
}

static int
cmd_export(struct state *st, char **arg)
{
	struct buf b = { 0 };
	struct manifest m;
	struct reader *base;
	struct store *store;
	int r, tries = EXPORT_TRIES;

	if (arg[0] != NULL && strcmp(arg[0], "--whole") != 0)
		return usage(EXIT_USE);
	while ((r = store_local(st, arg[0] != NULL, &store, &base, &m)) == -1 &&
	    errno == EAGAIN && tries-- > 0)
		(void)process_sleep(POLL);
	if (r == -1)
		return fail(st, EXIT_DISK);
	st->why[0] = '\0';
	r = buf_fmt(&b, "# lite-raft-backup 1 %" PRIu64 " %" PRIu64 " %s\n", m.index,
	    m.term, st->cluster);
	if (r == 0)
		r = store_each(store, export_one, &b);
	if (r == 0)
		r = put(&b, 0);
	if (r == 0)
		r = disk_sync(st->os, 1) == -1 && errno != EINVAL && errno != EROFS;
	/* What is wrong with the snapshot has been said. */
	if (r != 0 && st->why[0] == '\0')
		(void)snprintf(st->why, sizeof(st->why), "cannot export: %s",
		    strerror(errno));
	buf_free(&b);
	store_free(store);
	reader_close(base);
	return r == 0 ? EXIT_YES : fail(st, EXIT_DISK);
}

/* What this node has of a key, and as of when: nobody else is asked. */
static int
cmd_get(struct state *st, char **arg)
{
	const int raw = arg[1] != NULL;
	const char *key = arg[raw];
	struct bytes value;
	struct manifest m;
	struct reader *base;
	struct store *store;
	int r, status = EXIT_YES, tries = GET_TRIES;

	if (raw && strcmp(arg[0], "--raw") != 0)
		return usage(EXIT_USE);
	if (*key == '\0' || strlen(key) > KEY_MAX)
		return cannot("get", "a key has 1 to 1024 bytes", EXIT_USE);
	while ((r = store_local(st, 0, &store, &base, &m)) == -1 && errno == EAGAIN &&
	    tries-- > 0)
		(void)process_sleep(POLL);
	if (r == -1)
		return fail(st, EXIT_DISK);
	(void)fprintf(stderr, "%s: as of index %" PRIu64 ", as this node knows it\n",
	    prog, m.index);
	r = store_get(store, key, strlen(key), &value);
	if (r == -1)
		status = fail(st, EXIT_DISK);
	else if (r == 0)
		status = EXIT_NO;
	else if (wire_write_all(1, value.at, value.len) == -1 ||
	    (!raw && wire_write_all(1, "\n", 1) == -1))
		status = cannot("write the value", strerror(errno), EXIT_DISK);
	store_free(store);
	reader_close(base);
	return status;
}

/* --- install -------------------------------------------------------------- */

/* Until all has come, or no more does: an exit status. */
static int
receive(struct install *in, struct state *st)
{
	const uint64_t timeouts = IDLE_TIMEOUTS * run_timeout(st->os);
	const uint64_t idle = timeouts > IDLE_LEAST ? timeouts : IDLE_LEAST;
	uint64_t limit = FIRST_BYTE;
	struct buf out = { 0 };
	ssize_t n = 0;
	char *chunk;
	int r = TRANSFER_ON;

	chunk = malloc(INPUT);
	if (chunk == NULL)
		return cannot("install", strerror(errno), EXIT_DISK);
	while (r == TRANSFER_ON) {
		n = wire_wait(0, limit) == 0 ? 0 : wire_read(0, chunk, INPUT);
		if (n <= 0)
			break;
		limit = idle;
		r = install_input(in, chunk, (size_t)n, &out);
	}
	free(chunk);
	if (r == TRANSFER_ON) {
		install_short(in);
		r = TRANSFER_REFUSED;
	}
	if (r == TRANSFER_DONE && out.len > 0 &&
	    wire_write_all(1, buf_head(&out), out.len) == -1) {
		(void)snprintf(st->why, sizeof(st->why), "nobody reads the answer");
		r = -1;
	}
	buf_free(&out);
	if (r == TRANSFER_DONE)
		return EXIT_YES;
	note(st->os, UINT64_MAX, "install: %s", st->why);
	switch (r) {
	case TRANSFER_REFUSED:
		return cannot("install", st->why, EXIT_NO);
	case TRANSFER_BARRED:
		return cannot("install", st->why, EXIT_GATE);
	default:
		return cannot("install", st->why, EXIT_DISK);
	}
}

static int
cmd_install(struct state *st, char **arg)
{
	const char *running = getenv("LITE_RAFT_RUNNING");
	pid_t pid = state_running(st);
	struct install *in;
	uint64_t number = 0;
	int status;

	(void)arg;
	if (running != NULL) {
		(void)num_u64(running, strlen(running), INT32_MAX, &number);
		pid = (pid_t)number;
	}
	if (pid <= 0)
		return cannot("install", "the node does not run", EXIT_NOLEADER);
	in = install_new(st, pid);
	if (in == NULL)
		return cannot("install", st->why, EXIT_DISK);
	status = receive(in, st);
	install_free(in);
	return status;
}

/* --- offer, send ---------------------------------------------------------- */

static int
cmd_offer(struct state *st, char **arg)
{
	const pid_t role = state_running(st);
	struct buf out = { 0 };
	int r;

	/* Until it answers its leader it can't take one. */
	while ((r = sender_offer(st, arg[0], &out)) == TRANSFER_ON &&
	    state_running(st) == role)
		if (process_sleep(OFFER_POLL) == -1)
			break;
	if (r == TRANSFER_DONE && wire_write_all(1, buf_head(&out), out.len) == -1) {
		(void)snprintf(st->why, sizeof(st->why), "%s", strerror(errno));
		r = -1;
	}
	buf_free(&out);
	if (r == TRANSFER_DONE)
		return EXIT_YES;
	return cannot("offer", st->why, r == -1 ? EXIT_DISK : EXIT_NO);
}

/* The answer to an offer, from stdin, behind its gate's greeting. */
static int
answer_read(struct buf *in, struct frame *f)
{
	const char *why;
	size_t skip, used;
	ssize_t n;
	char *p;

	do {
		p = buf_room(in, 4096);
		if (p == NULL || (n = wire_read(0, p, 4096)) == -1)
			return -1;
		buf_grew(in, (size_t)n);
	} while (n > 0 && in->len < ANSWER_MAX);
	if (frame_greeting(buf_head(in), in->len, &skip) != 1)
		return -1;
	return frame_parse(buf_head(in) + skip, in->len - skip, f, &used, &why) == 1 ?
	    0 :
	    -1;
}

/* run/sending.NODE: how many bytes of how many have gone out. */
static void
progress(struct os *os, int fd, const struct sender *s)
{
	uint64_t at, total;
	char line[64];
	int n;

	sender_progress(s, &at, &total);
	n = snprintf(line, sizeof(line), "%016" PRIu64 " %016" PRIu64 "\n", at, total);
	if (fd != -1)
		(void)disk_write(os, fd, line, (size_t)n, 0);
}

static int
stream(struct state *st, const char *node, struct sender *s, struct buf *out)
{
	char name[NAME_LIMIT + 16], path[NAME_LIMIT + 32];
	int fd, r = TRANSFER_ON;

	(void)snprintf(name, sizeof(name), "sending.%s", node);
	(void)snprintf(path, sizeof(path), "run/%s", name);
	fd = run_open(st->os, name);
	do {
		if (wire_write_all(1, buf_head(out), out->len) == -1) {
			(void)snprintf(st->why, sizeof(st->why), "%s", strerror(errno));
			r = -1;
			break;
		}
		buf_cut(out, 0);
		progress(st->os, fd, s);
		r = sender_next(s, out);
	} while (r == TRANSFER_ON || out->len > 0);
	if (fd != -1)
		(void)disk_close(st->os, fd);
	(void)disk_remove(st->os, path);
	return r;
}

static int
cmd_send(struct state *st, char **arg)
{
	struct buf in = { 0 }, out = { 0 };
	struct sender *s = NULL;
	struct frame answer;
	int r;

	(void)process_on_signal(SIGPIPE, NULL);
	if (answer_read(&in, &answer) == -1) {
		buf_free(&in);
		return cannot("send", "no answer came to the offer", EXIT_NO);
	}
	r = sender_open(st, arg[0], &answer, &s, &out);
	if (r == TRANSFER_ON)
		r = stream(st, arg[0], s, &out);
	if (s != NULL)
		sender_close(s);
	buf_free(&in);
	buf_free(&out);
	if (r == TRANSFER_DONE)
		return EXIT_YES;
	return cannot("send", st->why, r == TRANSFER_REFUSED ? EXIT_NO : EXIT_DISK);
}

/* --- main ----------------------------------------------------------------- */

static const struct command_verb {
	const char *name;
	int min, max; /* arguments */
	int (*run)(struct state *, char **);
} verbs[] = {
	{ "check", 0, 0, cmd_check },
	{ "export", 0, 1, cmd_export },
	{ "get", 1, 2, cmd_get },
	{ "install", 0, 0, cmd_install },
	{ "offer", 1, 1, cmd_offer },
	{ "send", 1, 1, cmd_send },
	{ "show", 0, 0, cmd_show },
	{ "take", 0, 0, cmd_take },
	{ "wait", 1, 1, cmd_wait },
};

static int
run(const struct command_verb *verb, char **arg)
{
	char why[256];
	struct state *st;
	struct os *os;
	int status;

	os = os_open(".");
	if (os == NULL) {
		(void)fprintf(stderr,
		    "snapshot: cannot open the current directory: %s\n",
		    strerror(errno));
		return EXIT_DISK;
	}
	st = state_open(os, why);
	if (st == NULL) {
		(void)fprintf(stderr, "%s: %s\n", prog, why);
		status = errno == ENOENT ? EXIT_CONF : EXIT_DISK;
	} else
		status = verb->run(st, arg);
	state_close(st);
	os_close(os);
	return status;
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(EXIT_YES);
	if (argc > 1 && strcmp(argv[1], "get") == 0)
		prog = "lite-raft-client";
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (argc - 2 >= verbs[i].min && argc - 2 <= verbs[i].max &&
		    strcmp(argv[1], verbs[i].name) == 0)
			return run(&verbs[i], argv + 2);
	return usage(EXIT_USE);
}

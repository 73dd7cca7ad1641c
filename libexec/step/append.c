/*
 * append - the follower's half of AppendEntries (Raft §5.3): a filter, frames in
 * on stdin, replies out on stdout.  All frames that have arrived are written
 * together, made durable by one sync, and answered by one reply.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/num.h"
#include "core/types.h"
#include "os/os.h"
#include "step.h"

#define INPUT         (256u * 1024) /* bytes read at a time */
#define IDLE_TIMEOUTS 10u           /* election timeouts without a frame */
#define END_DELAY     100u          /* ms: at most, before the timer is woken */

struct append {
	struct state *st;
	pid_t pid;       /* of the role that ran the node at first */
	uint64_t stream; /* this stream's id in run/stamp */
	int registered;  /* it stood there */
	int stamp_fd, commit_fd;
	uint64_t commit;
	struct who leader; /* noted in run/leader */
	uint64_t leader_term;
	struct buf in;
	struct frame reply; /* to be sent when all is durable */
	int pending;        /* there is one */
	int written;        /* since the last sync */
	int whole;          /* the log is all that the leader had when it sent this */
	uint64_t repaired;  /* the log was damaged and is whole up to here */
};

struct append *
append_new(struct state *st, pid_t pid)
{
	struct append *a;

	a = calloc(1, sizeof(*a));
	if (a == NULL) {
		state_break(st, "cannot start: %s", strerror(errno));
		return NULL;
	}
	a->st = st;
	a->pid = pid;
	while (a->stream == 0)
		a->stream = chance_u64(st->os);
	a->stamp_fd = run_open(st->os, "stamp");
	a->commit_fd = run_open(st->os, "commit_index");
	a->commit = run_commit_load(st->os);
	return a;
}

void
append_free(struct append *a)
{
	if (a->stamp_fd != -1)
		disk_close(a->st->os, a->stamp_fd);
	if (a->commit_fd != -1)
		disk_close(a->st->os, a->commit_fd);
	buf_free(&a->in);
	free(a);
}

/* The stream ends here: says why. */
static int
refuse(struct append *a, const char *why)
{
	(void)snprintf(a->st->why, sizeof(a->st->why), "%s", why);
	return 1;
}

static void
answer(struct append *a, const struct frame *f, enum appended result, uint64_t verified)
{
	struct state *st = a->st;

	/* One reply for all frames: it acknowledges the most that they verified. */
	if (a->pending && result == APPENDED_YES && a->reply.arg[0] == APPENDED_YES &&
	    a->reply.term == f->term && strcmp(a->reply.to.id, f->from.id) == 0 &&
	    a->reply.arg[1] > verified)
		verified = a->reply.arg[1];
	a->reply = address(st, FRAME_APPENDED, &f->from);
	a->reply.seq = f->seq;
	a->reply.arg[0] = result;
	a->reply.arg[1] = verified;
	a->reply.arg[2] = st->tail.index;
	a->reply.arg[3] = st->tail.term;
	a->reply.arg[4] = st->tail.index;
	a->reply.arg[5] = st->lock.damaged != 0;
	a->pending = 1;
}

/* run/stamp and run/leader: this leader was heard now, on this stream. */
static int
hear(struct append *a, const struct frame *f)
{
	struct stamp s;

	/* "... or when a newer stream has registered". */
	if (a->registered && stamp_read(a->st->os, a->stamp_fd, &s) == 0 &&
	    s.stream != 0 && s.stream != a->stream)
		return refuse(a, "another stream of a leader has begun");
	s.at = clock_now(a->st->os);
	s.stream = a->stream;
	s.term = f->term;
	stamp_store(a->st->os, a->stamp_fd, &s);
	a->registered = 1;
	if (a->leader_term != f->term || strcmp(a->leader.id, f->from.id) != 0) {
		a->leader = f->from;
		a->leader_term = f->term;
		run_leader_store(a->st->os, f->from.name, f->term);
		note(a->st->os, f->term, "append: %s leads", f->from.name);
	}
	return 0;
}

static int
replaces_committed(struct state *st, uint64_t index)
{
	errno = EILSEQ;
	return state_fail(st,
	    "the leader's index %" PRIu64 " would replace a committed entry", index);
}

/*
 * "Reply false if log doesn't contain an entry at prevLogIndex whose term
 * matches prevLogTerm" (Figure 2).  1 it does, 0 it does not (the reply is
 * set), -1.
 */
static int
prev_matches(struct append *a, const struct frame *f)
{
	struct state *st = a->st;
	struct cursor c;
	struct record r;
	struct tail before;
	const uint64_t index = f->arg[0], term = f->arg[1];

	if (index > st->tail.index) {
		answer(a, f, APPENDED_NO, 0);
		return 0;
	}
	if (log_place(st, index + 1, &c, &before) == -1)
		/* The snapshot holds it, so it is committed, and the leader's
		 * (Leader Completeness, §5.4.3). */
		return errno == ENOENT && index < st->snap.index ? 1 : -1;
	if (before.term == term && before.chain == f->arg[2])
		return 1;
	if (before.term == term) {
		errno = EILSEQ;
		return state_fail(st,
		    "index %" PRIu64 " of term %" PRIu64
		    " is not the leader's: the logs have been changed",
		    index, term);
	}
	if (index <= st->snap.index)
		return replaces_committed(st, index);
	/* The hint: the last entry here that the leader's log could hold. */
	if (log_last_within(st, index - 1, term, &r) == -1)
		return -1;
	answer(a, f, APPENDED_NO, 0);
	a->reply.arg[2] = r.index;
	a->reply.arg[3] = r.term;
	return 0;
}

/* The body is a run of whole records that continue prev: 0, or 1 refused. */
static int
body_check(struct append *a, const struct frame *f)
{
	struct record r;
	uint64_t index = f->arg[0], term = f->arg[1], count = 0;
	uint32_t chain = (uint32_t)f->arg[2];
	size_t done;

	for (done = 0; done < f->length; done += record_size(&r)) {
		if (record_parse(f->body + done, f->length - done, &r) != 1 ||
		    f->length - done < record_size(&r) || r.index != index + 1 ||
		    r.term < term || r.term > f->term ||
		    record_chain(f->body + done, chain) != r.chain ||
		    !record_intact(&r, f->body + done))
			return refuse(a,
			    "the entries of a frame do not follow one "
			    "another");
		index = r.index;
		term = r.term;
		chain = r.chain;
		count++;
	}
	return count == f->arg[5] ? 0 :
				    refuse(a,
					"a frame's entries are not as "
					"many as it says");
}

/* How many bytes of the body are entries that the log begins behind. */
static size_t
body_covered(const struct frame *f, uint64_t first)
{
	struct record r;
	size_t n = 0;

	while (n < f->length && record_parse(f->body + n, f->length - n, &r) == 1 &&
	    r.index < first)
		n += record_size(&r);
	return n;
}

/*
 * How many bytes of the body this log or its snapshot holds already; *conflict is
 * the first index that differs, 0 if none does.
 */
static int
body_known(struct append *a, const struct frame *f, size_t *known, uint64_t *conflict)
{
	struct state *st = a->st;
	struct cursor c;
	struct record mine, theirs;
	struct buf b = { 0 };
	size_t at = 0, count = 0;
	int r = 0;

	*known = 0;
	*conflict = 0;
	if (f->length == 0 || f->arg[0] >= st->tail.index)
		return 0;
	if (log_find(st, f->arg[0] + 1, &c, &mine) == -1) {
		if (errno != ENOENT)
			return -1;
		*known = body_covered(f, st->snap.index + 1);
		if (st->tail.index == st->snap.index || *known == f->length)
			return 0;
		if (log_find(st, st->snap.index + 1, &c, &mine) == -1)
			return -1;
	}
	while (r == 0 && *conflict == 0 && *known < f->length) {
		if (at == b.len) {
			buf_cut(&b, 0);
			at = 0;
			r = log_read(st, &c, st->tail.index, INPUT, &b, &count, NULL);
			if (r == -1 || count == 0)
				break;
		}
		record_parse(buf_head(&b) + at, b.len - at, &mine);
		record_parse(f->body + *known, f->length - *known, &theirs);
		/* "If an existing entry conflicts with a new one (same index but
		 * different terms)" (Figure 2). */
		if (mine.term != theirs.term)
			*conflict = theirs.index;
		else {
			*known += record_size(&theirs);
			at += record_size(&mine);
		}
	}
	buf_free(&b);
	return r;
}

/* Appends what is new of the body: 0, 1 no space, -1. */
static int
body_take(struct append *a, const struct frame *f)
{
	struct state *st = a->st;
	struct buf fresh = { 0 };
	uint64_t conflict;
	size_t known;
	int r;

	if (body_known(a, f, &known, &conflict) == -1)
		return -1;
	if (known == f->length)
		return 0;
	if (conflict != 0 && (conflict <= a->commit || conflict <= st->snap.index))
		return replaces_committed(st, conflict);
	if (state_change(st) == -1)
		return -1;
	/* "... delete the existing entry and all that follow it" (Figure 2). */
	if (conflict != 0) {
		note(st->os, f->term,
		    "append: index %" PRIu64 " to %" PRIu64
		    " are not the leader's, cut",
		    conflict, st->tail.index);
		if (log_cut(st, conflict) == -1)
			return -1;
	} else if (st->lock.damaged == st->tail.index + 1 &&
	    log_cut(st, st->tail.index + 1) == -1)
		return -1;
	if (buf_add(&fresh, f->body + known, f->length - known) == -1)
		return state_fail(st, "cannot append: %s", strerror(errno));
	r = log_append(st, buf_head(&fresh), fresh.len);
	buf_free(&fresh);
	if (r == -1)
		return st->broken ? -1 : 1;
	a->written = 1;
	return 0;
}

/* Syncs what was written: whoever settles says that it is durable. */
static int
flush(struct append *a)
{
	if (a->written && log_sync(a->st) == -1)
		return -1;
	a->written = 0;
	return 0;
}

/* One frame, under the lock. 0, 1 the stream ends, -1. */
static int
take(struct append *a, const struct frame *f)
{
	struct state *st = a->st;
	const char *why;
	uint64_t verified;
	int r;

	why = address_refusal(st, f);
	if (why == NULL && f->type != FRAME_APPEND && f->type != FRAME_HANDOVER)
		why = "it is no append";
	if (why != NULL)
		return refuse(a, why);
	/* A leader that goes on until another is elected says so on its stream. */
	if (f->type == FRAME_HANDOVER) {
		if (f->term == st->term.current_term) {
			note(st->os, f->term, "append: %s hands its leadership over",
			    f->from.name);
			wake(st->os, "handover");
		}
		return 0;
	}
	/* "Reply false if term < currentTerm" (Figure 2). */
	if (f->term < st->term.current_term) {
		answer(a, f, APPENDED_STALE, 0);
		return 0;
	}
	if (body_check(a, f) != 0)
		return 1;
	if (term_raise(&st->term, f->term) && (flush(a) == -1 || term_save(st) == -1))
		return -1;
	if (hear(a, f) != 0)
		return 1;
	r = prev_matches(a, f);
	if (r != 1)
		return r;
	r = body_take(a, f);
	if (r == -1)
		return -1;
	if (r == 1) {
		note(st->os, f->term, "append: %s", st->why);
		answer(a, f, APPENDED_FULL, 0);
		return 0;
	}
	verified = f->arg[0] + f->arg[5];
	if (st->lock.damaged != 0 && verified == st->tail.index &&
	    verified == f->arg[4] && verified + 1 >= st->lock.damaged)
		a->repaired = verified;
	a->whole = verified == f->arg[4] && verified == st->tail.index;
	answer(a, f, APPENDED_YES, verified);
	a->commit = rule_follower_commit(a->commit, f->arg[3], verified);
	return 0;
}

/* Makes durable what was written, and only then lets the reply and the commit
 * index go out.  0, 1 this node has left the cluster, -1. */
static int
settle(struct append *a, uint64_t commit_before)
{
	struct state *st = a->st;

	if (flush(a) == -1 || (st->lock.mark != MARK_CLEAN && state_settle(st) == -1))
		return -1;
	if (a->repaired != 0 && a->repaired == st->tail.index) {
		/* All that this leader has is here, so all that was committed; what
		 * else lies there goes, and so does a lost configuration that is none. */
		if (state_change(st) == -1)
			return -1;
		st->lock.damaged = 0;
		if (members_mend(st, 0) == -1 ||
		    log_cut(st, st->tail.index + 1) == -1 || state_settle(st) == -1)
			return -1;
		a->reply.arg[5] = 0;
		note(st->os, st->term.current_term,
		    "append: the log is repaired up "
		    "to index %" PRIu64,
		    a->repaired);
	}
	a->repaired = 0;
	if (a->commit != commit_before)
		run_commit_store(st->os, a->commit_fd, a->commit);
	return node_follow(st, a->commit, a->whole);
}

/* All whole frames of the input, one after the other. */
static int
take_all(struct append *a)
{
	struct frame f;
	const char *why;
	size_t used = 0;
	int r = 0;

	while (r == 0 && a->in.len > 0) {
		switch (frame_parse(buf_head(&a->in), a->in.len, &f, &used, &why)) {
		case 1:
			r = take(a, &f);
			buf_eat(&a->in, used);
			break;
		case 0:
			return 0;
		default:
			return refuse(a, why);
		}
	}
	return r;
}

int
append_input(struct append *a, const char *p, size_t n, struct buf *out)
{
	struct state *st = a->st;
	struct frame f;
	uint64_t commit;
	const char *why;
	size_t used;
	int ends, left;

	if (buf_add(&a->in, p, n) == -1)
		return state_fail(st, "cannot read: %s", strerror(errno));
	if (frame_parse(buf_head(&a->in), a->in.len, &f, &used, &why) == 0)
		return 0;
	if (state_lock(st) == -1)
		return -1;
	if (state_running(st) != a->pid) {
		(void)state_unlock(st);
		return refuse(a, "the node has stopped or was started anew");
	}
	/* Another stream may have come further. */
	commit = run_commit_read(st->os, a->commit_fd);
	if (a->commit < commit)
		a->commit = commit;
	commit = a->commit;
	a->whole = 0;
	ends = take_all(a);
	if (ends == -1 || (left = settle(a, commit)) == -1 || state_unlock(st) == -1)
		return -1;
	if (left == 1 && ends == 0) {
		ends = refuse(a, "this node is no member of the cluster any more");
		wake(st->os, "removed");
	}
	if (a->pending && frame_encode(&a->reply, out) == -1)
		return state_fail(st, "cannot reply: %s", strerror(errno));
	a->pending = 0;
	return ends;
}

int
append_end(struct append *a)
{
	struct state *st = a->st;
	struct stamp s;
	int expired = 0;

	if (!a->registered || state_lock(st) == -1)
		return 0;
	if (stamp_read(st->os, a->stamp_fd, &s) == 0 && s.stream == a->stream &&
	    s.term == st->term.current_term) {
		note(st->os, s.term, "append: the stream from %s has ended",
		    a->leader.name);
		s.at = 0;
		stamp_store(st->os, a->stamp_fd, &s);
		expired = 1;
	}
	(void)state_unlock(st);
	return expired;
}

void
append_wake(struct append *a)
{
	struct stamp s;

	if (stamp_read(a->st->os, a->stamp_fd, &s) == 0 && s.at == 0)
		wake(a->st->os, "ended");
}

static int
fail(const char *why)
{
	(void)fprintf(stderr, "append: cannot go on: %s\n", why);
	return EXIT_DISK;
}

/* Until the stream ends: an exit status. */
static int
serve(struct append *a, struct state *st)
{
	const uint64_t idle = IDLE_TIMEOUTS * run_timeout(st->os);
	struct buf out = { 0 };
	char *chunk;
	ssize_t n = 0;
	int r = 0;

	chunk = malloc(INPUT);
	if (chunk == NULL)
		return fail(strerror(errno));
	while (r == 0) {
		if (wire_wait(0, idle) == 0) {
			r = refuse(a, "no frame came for ten election timeouts");
			break;
		}
		n = wire_read(0, chunk, INPUT);
		if (n <= 0)
			break;
		/* A disk that hangs must not collect one append after another. */
		process_alarm(idle);
		r = append_input(a, chunk, (size_t)n, &out);
		process_alarm(0);
		/* A reply that can't be written is as if it was never given. */
		if (r != -1 && out.len > 0 &&
		    wire_write_all(1, buf_head(&out), out.len) == -1)
			break;
		buf_cut(&out, 0);
	}
	free(chunk);
	buf_free(&out);
	if (r == 1)
		note(st->os, UINT64_MAX, "append: the stream ends: %s", st->why);
	if (r != 0)
		(void)fail(st->why);
	if (r == 0 && append_end(a)) {
		/* Its node may grant votes from now on; it stands a little later,
		 * so that not all stand at once. */
		(void)process_sleep(chance_u64(st->os) % END_DELAY * 1000000);
		append_wake(a);
	}
	return r == 0 ? EXIT_YES : r == 1 ? EXIT_GATE : EXIT_DISK;
}

/* The filter, for as long as the role that it was started under lives. */
static int
filter(struct state *st)
{
	const char *running = getenv("LITE_RAFT_RUNNING");
	struct append *a;
	uint64_t number = 0;
	pid_t pid = state_running(st);
	int status;

	if (running != NULL) {
		(void)num_u64(running, strlen(running), INT32_MAX, &number);
		pid = (pid_t)number;
	}
	if (pid <= 0) {
		(void)fputs("append: cannot start: the node does not run\n", stderr);
		return EXIT_NOLEADER;
	}
	(void)process_on_signal(SIGPIPE, NULL);
	a = append_new(st, pid);
	if (a == NULL)
		return fail(st->why);
	status = serve(a, st);
	append_free(a);
	return status;
}

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: append <FRAMES >REPLIES\n";
	struct state *st;
	struct os *os;
	char why[256];
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage_print(usage, EXIT_YES);
	if (argc != 1)
		return usage_print(usage, EXIT_USE);
	if ((os = os_open(".")) == NULL)
		return fail(strerror(errno));
	if ((st = state_open(os, why)) == NULL)
		status = fail(why);
	else
		status = filter(st);
	state_close(st);
	os_close(os);
	return status;
}

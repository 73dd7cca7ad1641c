/*
 * vote - RequestVote, PreVote and TimeoutNow (Raft §5.2, §5.4.1; thesis §9.6,
 * §3.10): a candidate's ballots, a voter's answer, the count.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/num.h"
#include "core/types.h"
#include "os/os.h"
#include "step.h"

/* Shares of an election timeout, in which is to be heard of: */
#define VOTE_SHARE    5  /* who was granted a vote */
#define PREVOTE_SHARE 10 /* and who a PreVote */

int
leader_heard(struct os *os, uint64_t timeout)
{
	struct stamp s;

	if (stamp_load(os, "stamp", &s) == -1 || s.at == 0)
		return 0;
	/* Stream 0 is a vote that was granted, not a leader; but one may come of it,
	 * if those who stand a moment later do not depose it at once. */
	if (s.stream == 0)
		timeout /= VOTE_SHARE;
	return clock_now(os) - s.at < timeout;
}

/*
 * Two that stand at the same moment grant each other a PreVote, and would then each
 * have its own vote: only the one with the lower id goes on.  Its log is no older than
 * this one's, so whoever would vote for this node votes for it.
 */
static int
gives_way(const struct state *st, uint64_t timeout)
{
	struct stamp s;
	uint64_t me;

	return stamp_load(st->os, "prevote", &s) == 0 &&
	    s.term == st->term.current_term + 1 &&
	    clock_now(st->os) - s.at < timeout / PREVOTE_SHARE &&
	    num_hex(st->me.id, ID_DIGITS, &me) == 0 && s.stream < me;
}

/* Why this node may not stand, or NULL. */
static const char *
standing_refusal(struct state *st, enum ballot kind, uint64_t timeout)
{
	if (strcmp(st->cluster, "-") == 0)
		return "the cluster has not formed yet";
	if (!state_stands(st))
		return "this node is no member that votes";
	if (st->lock.damaged != 0)
		return "this node's log is damaged; it waits for a leader's repair";
	if (kind != BALLOT_HANDOVER && leader_heard(st->os, timeout))
		return "a leader is being heard";
	if (kind == BALLOT_REAL && gives_way(st, timeout))
		return "another stands too, and goes first";
	if (st->role != 0 && state_running(st) != st->role)
		return "the role that asked has ended";
	if (st->term.current_term >= NUMBER_MAX)
		return "there is no higher term";
	return NULL;
}

int
vote_ask(struct state *st, enum ballot kind, uint64_t timeout, struct buf *out)
{
	const char *why;
	struct frame f;
	size_t i;

	if (state_lock(st) == -1)
		return -1;
	why = standing_refusal(st, kind, timeout);
	if (why != NULL) {
		(void)snprintf(st->why, sizeof(st->why), "%s", why);
		return state_unlock(st) == -1 ? -1 : 1;
	}
	if (kind != BALLOT_PRE) {
		/* "To begin an election, a follower increments its current term and
		 * transitions to candidate state.  It then votes for itself" (§5.2). */
		term_raise(&st->term, st->term.current_term + 1);
		st->term.voted_for = st->me;
		if (term_save(st) == -1)
			return -1;
	}
	for (i = 0; i < st->members.n; i++) {
		if (strcmp(st->members.who[i].name, st->me.name) == 0 ||
		    !members_votes(&st->members, i))
			continue;
		f = address(st, FRAME_VOTE, &st->members.who[i]);
		f.term += kind == BALLOT_PRE;
		f.seq = f.term;
		f.arg[0] = kind;
		f.arg[1] = st->tail.index;
		f.arg[2] = st->tail.term;
		if (frame_encode(&f, out) == -1)
			return state_fail(st, "cannot ask for votes: %s",
			    strerror(errno));
	}
	return state_unlock(st);
}

int
vote_answer(struct state *st, const struct frame *f, uint64_t timeout, struct buf *out)
{
	struct stamp granted = { 0, 0, 0 };
	struct vote_answer a;
	struct voter v;
	struct frame reply;
	const char *why;

	if (state_lock(st) == -1)
		return -1;
	why = address_refusal(st, f);
	if (why == NULL && (f->type != FRAME_VOTE || f->arg[0] > BALLOT_HANDOVER))
		why = "it is no ballot";
	/* A candidate that this configuration does not know may have a newer one
	 * (§6, thesis §4.2.3); but who knows none has no vote yet. */
	if (why == NULL && st->members.n == 0 && st->lock.damaged == 0)
		why = "this node is no member of the cluster yet";
	if (why != NULL) {
		(void)snprintf(st->why, sizeof(st->why), "%s", why);
		return state_unlock(st) == -1 ? -1 : 2;
	}
	v.term = st->term;
	v.last_index = st->tail.index;
	v.last_term = st->tail.term;
	v.hears_leader = leader_heard(st->os, timeout);
	v.damaged = st->lock.damaged != 0;
	a = rule_vote(&v, f);
	if (a.changed) {
		st->term = v.term;
		if (term_save(st) == -1)
			return -1;
	}
	granted.at = clock_now(st->os);
	granted.term = f->term;
	/* "... without receiving AppendEntries RPC from current leader or granting
	 * vote to candidate" (Figure 2): its time starts anew. */
	if (a.granted && f->arg[0] != BALLOT_PRE)
		stamp_put(st->os, "stamp", &granted);
	else if (a.granted && num_hex(f->from.id, ID_DIGITS, &granted.stream) == 0)
		stamp_put(st->os, "prevote", &granted);
	reply = address(st, FRAME_VOTED, &f->from);
	if (a.granted)
		reply.term = f->term;
	reply.seq = f->seq;
	reply.arg[0] = f->arg[0];
	reply.arg[1] = (uint64_t)a.granted;
	reply.arg[2] = (uint64_t)v.hears_leader;
	reply.arg[3] = (uint64_t)v.damaged;
	if (a.granted || f->arg[0] != BALLOT_PRE)
		note(st->os, st->term.current_term,
		    "vote: %s term %llu from %s, log "
		    "%llu@%llu, mine %llu@%llu -> %s%s%s",
		    f->arg[0] == BALLOT_PRE ? "prevote" : "ballot",
		    (unsigned long long)f->term, f->from.name,
		    (unsigned long long)f->arg[1], (unsigned long long)f->arg[2],
		    (unsigned long long)v.last_index, (unsigned long long)v.last_term,
		    a.granted ? "yes" : "no", a.granted ? "" : ": ",
		    a.granted ? "" : a.why);
	if (frame_encode(&reply, out) == -1)
		return state_fail(st, "cannot answer: %s", strerror(errno));
	if (state_unlock(st) == -1)
		return -1;
	return !a.granted;
}

int
tally_begin(struct tally *t, struct state *st, enum ballot kind)
{
	int me;

	memset(t, 0, sizeof(*t));
	if (state_lock(st) == -1)
		return -1;
	t->kind = kind;
	t->term = st->term.current_term + (kind == BALLOT_PRE);
	t->me = st->me;
	memcpy(t->cluster, st->cluster, sizeof(t->cluster));
	t->members = st->members;
	/* It votes for itself, where it is a member; elsewhere it has no vote. */
	me = members_find(&t->members, st->me.name, st->me.id);
	if (me != -1 &&
	    (kind == BALLOT_PRE || strcmp(st->term.voted_for.id, st->me.id) == 0))
		t->vote[me] = 'y';
	return state_unlock(st);
}

int
tally_end(struct tally *t, struct state *st, enum count *result)
{
	if (state_lock(st) == -1)
		return -1;
	/* A refused PreVote names the voter's own term, which may be the one that
	 * was asked about. */
	if (term_raise(&st->term,
		t->newest > t->term || (t->kind == BALLOT_PRE && *result != COUNT_WON) ?
		    t->newest :
		    0) &&
	    term_save(st) == -1)
		return -1;
	if (*result == COUNT_WON &&
	    st->term.current_term + (t->kind == BALLOT_PRE) != t->term)
		*result = COUNT_LOST;
	return state_unlock(st);
}

int
vote_handover(struct state *st, const struct frame *f)
{
	const char *why;

	if (state_lock(st) == -1)
		return -1;
	why = address_refusal(st, f);
	if (why == NULL && f->type != FRAME_HANDOVER)
		why = "it is no handover";
	if (why == NULL && f->term != st->term.current_term)
		why = "its term has passed";
	if (why != NULL)
		(void)snprintf(st->why, sizeof(st->why), "%s", why);
	if (state_unlock(st) == -1)
		return -1;
	if (why != NULL)
		return 1;
	note(st->os, st->term.current_term, "vote: %s hands its leadership over",
	    f->from.name);
	wake(st->os, "handover");
	return 0;
}

static void
usage(int status)
{
	exit(usage_print("usage: vote ask [--pre | --handover] | answer |\n"
			 "            tally [--pre] SECONDS | handover\n",
	    status));
}

static int
fail(const char *verb, const char *why)
{
	(void)fprintf(stderr, "vote: cannot %s: %s\n", verb, why);
	return EXIT_DISK;
}

/* Reads one frame; 0, or -1 and *why. */
static int
frame_read(struct frame *f, struct buf *in, const char **why)
{
	size_t used;
	ssize_t n;
	char *p;
	int r;

	for (;;) {
		p = buf_room(in, FRAME_HEADER_MAX);
		if (p == NULL || (n = wire_read(0, p, FRAME_HEADER_MAX)) == -1) {
			*why = strerror(errno);
			return -1;
		}
		buf_grew(in, (size_t)n);
		r = frame_parse(buf_head(in), in->len, f, &used, why);
		if (r == 1 && f->length == 0)
			return 0;
		if (r == 1)
			*why = "the frame has a body";
		else if (r == 0 && n == 0)
			*why = "the input ends too early";
		else if (r == 0 && used <= FRAME_HEADER_MAX)
			continue;
		return -1;
	}
}

static int
ask(struct state *st, enum ballot kind)
{
	struct buf out = { 0 };
	int r;

	r = vote_ask(st, kind, run_timeout(st->os), &out);
	if (r == 0 && wire_write_all(1, buf_head(&out), out.len) == -1) {
		(void)snprintf(st->why, sizeof(st->why), "%s", strerror(errno));
		r = -1;
	}
	buf_free(&out);
	if (r == 0)
		return EXIT_YES;
	(void)fail("ask", st->why);
	return r == 1 ? EXIT_NO : EXIT_DISK;
}

static int
answer(struct state *st, int handover)
{
	struct buf in = { 0 }, out = { 0 };
	const char *verb = handover ? "take over" : "answer", *why = "";
	struct frame f;
	int r;

	if (frame_read(&f, &in, &why) == -1) {
		buf_free(&in);
		(void)fail(verb, why);
		return EXIT_GATE;
	}
	if (handover)
		r = vote_handover(st, &f);
	else
		r = vote_answer(st, &f, run_timeout(st->os), &out);
	if (r != -1 && out.len > 0 && wire_write_all(1, buf_head(&out), out.len) == -1)
		r = -1;
	buf_free(&in);
	buf_free(&out);
	if (r == -1 || r == 2 || (handover && r == 1))
		(void)fail(verb, st->why);
	return r == -1 ? EXIT_DISK : r == 2 ? EXIT_GATE : r;
}

/*
 * Is it what a candidate says when no more replies are to come?  That of an earlier
 * ballot may be on its way still.
 */
static int
line_is_over(const struct tally *t, const char *line, size_t n)
{
	char over[NUM_DIGITS + 16];

	(void)snprintf(over, sizeof(over), "over %llu %d", (unsigned long long)t->term,
	    (int)t->kind);
	return n == strlen(over) && memcmp(line, over, n) == 0;
}

/* Counts the replies on stdin, which their gates' greetings stand between. */
static enum count
count(struct tally *t, struct os *os, uint64_t timeout)
{
	const uint64_t start = clock_now(os);
	struct buf in = { 0 };
	enum count c = tally_count(t);
	struct frame f;
	const char *newline, *why;
	size_t line, used;
	uint64_t gone;
	ssize_t n;
	char *p;
	int over = 0;

	while (c == COUNT_OPEN && !over) {
		gone = clock_now(os) - start;
		if (gone >= timeout || wire_wait(0, timeout - gone) != 1 ||
		    (p = buf_room(&in, FRAME_HEADER_MAX)) == NULL ||
		    (n = wire_read(0, p, FRAME_HEADER_MAX)) <= 0)
			break;
		buf_grew(&in, (size_t)n);
		while (in.len > 0 && c == COUNT_OPEN && !over &&
		    (newline = memchr(buf_head(&in), '\n', in.len)) != NULL) {
			if (frame_parse(buf_head(&in), in.len, &f, &used, &why) == 1)
				c = tally_add(t, &f);
			line = (size_t)(newline - buf_head(&in));
			over = line_is_over(t, buf_head(&in), line);
			buf_eat(&in, line + 1);
		}
		if (in.len > 64u * 1024)
			buf_cut(&in, 0); /* a talkative login shell */
	}
	buf_free(&in);
	return c;
}

static int
tally(struct state *st, enum ballot kind, const char *seconds)
{
	struct tally t;
	enum count c;
	uint64_t timeout;

	if (num_seconds(seconds, strlen(seconds), &timeout) == -1)
		usage(EXIT_USE);
	if (tally_begin(&t, st, kind) == -1)
		return fail("count", st->why);
	c = count(&t, st->os, timeout);
	if (tally_end(&t, st, &c) == -1)
		return fail("count", st->why);
	/* Which term was won: lead is told, and leads in no other. */
	if (c == COUNT_WON && kind != BALLOT_PRE &&
	    (printf("%llu\n", (unsigned long long)t.term) < 0 || fflush(stdout) == EOF))
		return fail("count", strerror(errno));
	return c == COUNT_WON ? EXIT_YES : c == COUNT_LOST ? EXIT_NO : EXIT_NOLEADER;
}

static int
work(struct state *st, const char *verb, enum ballot kind, const char *seconds)
{
	st->role = state_running(st);
	if (strcmp(verb, "ask") == 0)
		return ask(st, kind);
	if (strcmp(verb, "tally") == 0)
		return tally(st, kind, seconds);
	return answer(st, strcmp(verb, "handover") == 0);
}

int
main(int argc, char **argv)
{
	enum ballot kind = BALLOT_REAL;
	struct state *st;
	struct os *os;
	const char *verb = argc > 1 ? argv[1] : "";
	char why[256];
	int i = 2, status;

	if (strcmp(verb, "--help") == 0)
		usage(EXIT_YES);
	if (argc > i && strcmp(argv[i], "--pre") == 0) {
		kind = BALLOT_PRE;
		i++;
	} else if (argc > i && strcmp(argv[i], "--handover") == 0) {
		kind = BALLOT_HANDOVER;
		i++;
	}
	if (!((strcmp(verb, "ask") == 0 && i == argc) ||
		(strcmp(verb, "tally") == 0 && i == argc - 1) ||
		(argc == 2 &&
		    (strcmp(verb, "answer") == 0 || strcmp(verb, "handover") == 0))))
		usage(EXIT_USE);
	if ((os = os_open(".")) == NULL)
		return fail(verb, strerror(errno));
	if ((st = state_open(os, why)) == NULL)
		status = fail(verb, why);
	else
		status = work(st, verb, kind, argv[i]);
	state_close(st);
	os_close(os);
	return status;
}

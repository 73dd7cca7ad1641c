/*
 * rules.c - Raft's decisions as pure functions: see rules.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crc.h"
#include "num.h"
#include "rules.h"

int
term_print(const struct term *t, struct buf *b)
{
	size_t before = b->len;

	if (buf_fmt(b, "lite-raft-term 1 %" PRIu64 " %" PRIu64 " %s %s ", t->version,
		t->current_term, t->voted_for.name, t->voted_for.id) == -1)
		return -1;
	return buf_fmt(b, "%08" PRIx32 "\n",
	    crc32c(0, buf_head(b) + before, b->len - before));
}

/* The next word of the line, which ends in a blank; NULL at the end. */
static const char *
word_next(const char **at, const char *end, size_t *len)
{
	const char *blank, *word = *at;

	blank = memchr(word, ' ', (size_t)(end - word));
	if (blank == NULL || blank == word)
		return NULL;
	*len = (size_t)(blank - word);
	*at = blank + 1;
	return word;
}

/* 1 for "-", nobody, or what can be a name; and the same of an id. */
static int
is_name(const char *p, size_t n)
{
	return (n == 1 && *p == '-') || name_valid(p, n);
}

static int
is_id(const char *p, size_t n)
{
	uint64_t id;

	return (n == 1 && *p == '-') ||
	    (n == ID_DIGITS && num_hex(p, ID_DIGITS, &id) == 0);
}

int
term_parse(struct term *t, const char *p, size_t n)
{
	const char *at = p, *end, *newline, *word;
	uint64_t crc;
	size_t len;

	newline = memchr(p, '\n', n < TERM_LINE_MAX ? n : TERM_LINE_MAX);
	if (newline == NULL || newline - p < 10)
		return -1;
	end = newline - 8;
	if (num_hex(end, 8, &crc) == -1 || crc != crc32c(0, p, (size_t)(end - p)))
		return -1;
	memset(t, 0, sizeof(*t));
	if ((word = word_next(&at, end, &len)) == NULL || len != 14 ||
	    memcmp(word, "lite-raft-term", 14) != 0)
		return -1;
	if ((word = word_next(&at, end, &len)) == NULL || len != 1 || *word != '1')
		return -1;
	if ((word = word_next(&at, end, &len)) == NULL ||
	    num_u64(word, len, NUMBER_MAX, &t->version) == -1)
		return -1;
	if ((word = word_next(&at, end, &len)) == NULL ||
	    num_u64(word, len, NUMBER_MAX, &t->current_term) == -1)
		return -1;
	if ((word = word_next(&at, end, &len)) == NULL || !is_name(word, len))
		return -1;
	memcpy(t->voted_for.name, word, len);
	if ((word = word_next(&at, end, &len)) == NULL || !is_id(word, len))
		return -1;
	memcpy(t->voted_for.id, word, len);
	return at == end ? 0 : -1;
}

int
term_raise(struct term *t, uint64_t term)
{
	if (term <= t->current_term)
		return 0;
	/* "If RPC request or response contains term T > currentTerm: set
	 * currentTerm = T, convert to follower" (Figure 2).  A vote belongs to
	 * its term, so both change in one record. */
	t->current_term = term;
	t->voted_for = (struct who){ "-", "-" };
	return 1;
}

int
log_up_to_date(uint64_t last_index, uint64_t last_term, const struct voter *v)
{
	/* "If the logs have last entries with different terms, then the log with
	 * the later term is more up-to-date.  If the logs end with the same term,
	 * then whichever log is longer is more up-to-date" (§5.4.1). */
	if (last_term != v->last_term)
		return last_term > v->last_term;
	return last_index >= v->last_index;
}

static int
vote_free(const struct term *t, const struct who *candidate)
{
	if (strcmp(t->voted_for.name, "-") == 0)
		return 1;
	return strcmp(t->voted_for.name, candidate->name) == 0 &&
	    strcmp(t->voted_for.id, candidate->id) == 0;
}

/* "Would you vote for me in this term?", asked before the term is raised. */
static const char *
pre_vote_refusal(const struct voter *v, const struct frame *f)
{
	if (v->damaged)
		return "this log is damaged";
	if (f->term < v->term.current_term ||
	    (f->term == v->term.current_term && !vote_free(&v->term, &f->from)))
		return "its term has passed";
	/* "... if they have not heard from a valid leader within a baseline
	 * election timeout" (thesis §9.6). */
	if (v->hears_leader)
		return "a leader is being heard";
	if (!log_up_to_date(f->arg[1], f->arg[2], v))
		return "its log is older";
	return NULL;
}

struct vote_answer
rule_vote(struct voter *v, const struct frame *f)
{
	struct vote_answer a = { 0, 0, NULL };

	if (f->arg[0] == BALLOT_PRE) {
		a.why = pre_vote_refusal(v, f);
		a.granted = a.why == NULL;
		return a;
	}
	/* "Reply false if term < currentTerm" (Figure 2). */
	if (f->term < v->term.current_term) {
		a.why = "its term has passed";
		return a;
	}
	a.changed = term_raise(&v->term, f->term);
	/* "If votedFor is null or candidateId, and candidate's log is at least as
	 * up-to-date as receiver's log, grant vote" (Figure 2). */
	if (v->damaged)
		a.why = "this log is damaged";
	else if (!vote_free(&v->term, &f->from))
		a.why = "this term's vote is given";
	else if (!log_up_to_date(f->arg[1], f->arg[2], v))
		a.why = "its log is older";
	if (a.why != NULL)
		return a;
	a.granted = 1;
	if (strcmp(v->term.voted_for.name, "-") == 0) {
		v->term.voted_for = f->from;
		a.changed = 1;
	}
	return a;
}

uint64_t
rule_follower_commit(uint64_t commit, uint64_t leader_commit, uint64_t verified)
{
	/* "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit,
	 * index of last new entry)" (Figure 2). */
	if (leader_commit > verified)
		leader_commit = verified;
	return leader_commit > commit ? leader_commit : commit;
}

uint64_t
rule_quorum_index(const struct members *m, const uint64_t match[MEMBERS_MAX])
{
	char holds[MEMBERS_MAX];
	uint64_t best = 0;
	size_t i, j;

	/* "a majority of matchIndex[i] >= N" (Figure 2). */
	for (i = 0; i < m->n; i++) {
		if (match[i] <= best)
			continue;
		for (j = 0; j < m->n; j++)
			holds[j] = (char)(match[j] >= match[i]);
		if (members_quorum(m, holds))
			best = match[i];
	}
	return best;
}

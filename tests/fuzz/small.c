/*
 * small - the small files of state/: a slot of the term, members, a sealed line.
 */
#include "core/members.h"
#include "core/rules.h"
#include "core/seal.h"
#include "fuzz.h"

static void
term(const char *p, size_t n)
{
	struct buf b = { 0 };
	struct term again, t;

	if (term_parse(&t, p, n) == -1)
		return;
	MUST(term_print(&t, &b) == 0 && b.len <= TERM_LINE_MAX);
	MUST(term_parse(&again, buf_head(&b), b.len) == 0);
	MUST(again.version == t.version && again.current_term == t.current_term);
	MUST(strcmp(again.voted_for.name, t.voted_for.name) == 0 &&
	    strcmp(again.voted_for.id, t.voted_for.id) == 0);
	buf_free(&b);
}

static void
members(const char *p, size_t n)
{
	struct buf b = { 0 };
	struct members m;
	char digest[ID_DIGITS + 1], yes[MEMBERS_MAX];
	uint64_t match[MEMBERS_MAX];
	size_t i;

	if (members_parse(&m, p, n) == -1)
		return;
	MUST(m.n > 0 && m.n <= MEMBERS_MAX);
	MUST(members_print(&m, &b) == 0);
	MUST(b.len == n && memcmp(buf_head(&b), p, n) == 0);
	for (i = 0; i < m.n; i++) {
		MUST(members_find(&m, m.who[i].name, m.who[i].id) == (int)i);
		yes[i] = 1;
		match[i] = 7;
	}
	members_digest(&m, digest);
	MUST(strlen(digest) == ID_DIGITS);
	MUST(members_quorum(&m, yes) == 1 && rule_quorum_index(&m, match) == 7);
	memset(yes, 0, sizeof(yes));
	MUST(members_quorum(&m, yes) == 0);
	while (m.n > 0)
		members_remove(&m, m.n / 2);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *p = exact(data, n), *line = text(data, n), *word[5], *rest;
	size_t i;

	term(p, n);
	members(p, n);
	for (i = 1; i <= 5; i++) {
		memcpy(line, data, n);
		rest = seal_open(line, "lite-raft-node 1 ", word, i);
		MUST(rest == NULL || (rest > line && rest <= line + n));
	}
	free(line);
	free(p);
	return 0;
}

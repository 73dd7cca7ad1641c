/*
 * members.c - joint configurations, over all that there are of a few nodes: who
 * is a majority, what may follow what, what is written and read.
 */
#include <inttypes.h>

#include "core/change.h"
#include "core/rules.h"
#include "core/tally.h"
#include "must.h"

#define SIZE  5u /* nodes, of which each has one of six parts, the last: none */
#define PARTS 6u
#define ALL   7776u /* PARTS to the power of SIZE */
#define SETS  32u   /* of them */

static const char *
id_of(char c)
{
	static char id[ID_DIGITS + 1];

	memset(id, c, ID_DIGITS);
	return id;
}

/* Configuration number c: of a to e, each in one part or in none. */
static void
configuration(unsigned c, struct members *m)
{
	char name[] = "a";
	unsigned i, part;

	memset(m, 0, sizeof(*m));
	for (i = 0; i < SIZE; i++, c /= PARTS) {
		part = c % PARTS;
		if (part == PARTS - 1)
			continue;
		name[0] = (char)('a' + i);
		MUST(members_add(m, name, id_of(name[0])) == 0);
		m->part[m->n - 1] = (enum part)part;
	}
}

/* Its voters as sets of bits: of the old configuration, and of the new one. */
static void
voters(const struct members *m, unsigned *old, unsigned *new)
{
	unsigned bit;
	size_t i;

	*old = *new = 0;
	for (i = 0; i < m->n; i++) {
		bit = 1u << (m->who[i].name[0] - 'a');
		switch (m->part[i]) {
		case PART_MEMBER:
			*old |= bit;
			*new |= bit;
			break;
		case PART_LEAVING:
			*old |= bit;
			break;
		case PART_JOINING:
			*new |= bit;
			break;
		default:
			break;
		}
	}
}

static unsigned
bits(unsigned set)
{
	unsigned n = 0;

	for (; set != 0; set &= set - 1)
		n++;
	return n;
}

static int
majority_of(unsigned set, unsigned all)
{
	return 2 * bits(set & all) > bits(all);
}

/* What members_quorum has to say of a set. */
static int
wanted(const struct members *m, unsigned set)
{
	unsigned old, new;

	voters(m, &old, &new);
	return majority_of(set, old) && majority_of(set, new);
}

static int
quorum_of(const struct members *m, unsigned set)
{
	char yes[MEMBERS_MAX] = { 0 };
	size_t i;

	for (i = 0; i < m->n; i++)
		yes[i] = (char)(set >> (m->who[i].name[0] - 'a') & 1);
	return members_quorum(m, yes);
}

/* F20: a majority of the old and one of the new; learners count nowhere. */
static void
quorums(void)
{
	struct members m;
	unsigned c, set;

	for (c = 0; c < ALL; c++) {
		configuration(c, &m);
		for (set = 0; set < SETS; set++)
			MUST(quorum_of(&m, set) == wanted(&m, set));
	}
}

/* The highest index that such a majority holds, whoever holds what. */
static void
indexes(void)
{
	uint64_t best, i, match[MEMBERS_MAX] = { 0 }, seed = 5;
	struct members m;
	unsigned c, k, set, times;

	for (c = 0; c < ALL; c++) {
		configuration(c, &m);
		for (times = 0; times < 8; times++) {
			for (k = 0; k < m.n; k++)
				match[k] = dice(&seed) % 5;
			best = 0;
			for (i = 1; i < 5; i++) {
				set = 0;
				for (k = 0; k < m.n; k++)
					if (match[k] >= i)
						set |= 1u << (m.who[k].name[0] - 'a');
				if (wanted(&m, set))
					best = i;
			}
			MUST(rule_quorum_index(&m, match) == best);
		}
	}
}

/* A ballot is won with both, and open as long as both can be had. */
static void
ballots(void)
{
	struct tally t;
	struct members m;
	unsigned c, no, yes;
	enum count want;
	size_t i;

	for (c = 0; c < ALL; c++) {
		configuration(c, &m);
		memset(&t, 0, sizeof(t));
		t.members = m;
		for (yes = 0; yes < SETS; yes++) {
			no = (yes * 7 + c) % SETS & ~yes;
			for (i = 0; i < m.n; i++)
				t.vote[i] = (char)(yes >> (m.who[i].name[0] - 'a') & 1 ?
					'y' :
					no >> (m.who[i].name[0] - 'a') & 1 ? 'n' :
									     0);
			want = wanted(&m, yes)           ? COUNT_WON :
			    wanted(&m, (SETS - 1) & ~no) ? COUNT_OPEN :
							   COUNT_LOST;
			MUST(tally_count(&t) == want);
		}
	}
}

/* What is written is read; what has no voter, before or after, is none. */
static void
texts(void)
{
	struct members got, m;
	struct buf b = { 0 };
	unsigned c, new, old;
	int r;

	for (c = 0; c < ALL; c++) {
		configuration(c, &m);
		voters(&m, &old, &new);
		buf_cut(&b, 0);
		MUST(members_print(&m, &b) == 0);
		memset(&got, 0, sizeof(got));
		r = members_parse(&got, buf_head(&b), b.len);
		MUST(r == (old != 0 && new != 0 ? 0 : -1));
		if (r == 0)
			MUST(members_equal(&got, &m));
	}
	buf_free(&b);
}

/* Two configurations of which each may be in force somewhere: no two majorities
 * of them are apart (Election Safety, and what was committed stays). */
static void
overlap(const struct members *a, const struct members *b)
{
	unsigned one, two;

	for (one = 0; one < SETS; one++)
		for (two = 0; two < SETS; two++)
			MUST((one & two) != 0 || !quorum_of(a, one) ||
			    !quorum_of(b, two));
}

/* From every configuration that a leader can have, every change: each that follows
 * overlaps with the one before, and it ends. F28 */
static void
follow(const struct members *from, struct members m, int times)
{
	struct members next = m;
	unsigned old, new;

	voters(&m, &old, &new);
	MUST(old != 0 && new != 0 && times < 4);
	overlap(from, &m);
	switch (change_under_way(&m, NULL)) {
	case CHANGE_ENTERING:
		change_promote(&next);
		MUST(members_joint(&next));
		follow(&m, next, times + 1);
		next = m;
		change_give_up(&next);
		MUST(change_under_way(&next, NULL) == CHANGE_NONE);
		follow(&m, next, times + 1);
		break;
	case CHANGE_JOINT:
		change_settle(&next);
		MUST(change_under_way(&next, NULL) == CHANGE_NONE);
		follow(&m, next, times + 1);
		break;
	case CHANGE_NONE:
		MUST(!members_joint(&m));
	}
}

/* 1 if a change under way is one that change_add or change_del begins. */
static int
reachable(const struct members *m)
{
	size_t i, moving = 0;
	unsigned new, old;

	for (i = 0; i < m->n; i++)
		moving += m->part[i] == PART_JOINING || m->part[i] == PART_LEAVING ||
		    m->part[i] == PART_ENTERING;
	voters(m, &old, &new);
	return moving <= 1 && old != 0 && new != 0;
}

static void
changes(void)
{
	struct members m, next;
	const char *why;
	char name[] = "a";
	unsigned c;
	int learner, r;

	for (c = 0; c < ALL; c++) {
		configuration(c, &m);
		if (!reachable(&m))
			continue;
		for (name[0] = 'a'; name[0] < 'a' + (char)SIZE; name[0]++) {
			for (learner = 0; learner < 2; learner++) {
				next = m;
				why = NULL;
				r = change_add(&next, name, id_of(name[0]), learner,
				    &why);
				MUST((r == -1) == (why != NULL));
				if (r != 0)
					MUST(members_equal(&next, &m));
				else {
					MUST(change_under_way(&m, NULL) == CHANGE_NONE);
					follow(&m, next, 0);
				}
			}
			next = m;
			why = NULL;
			r = change_del(&next, name, &why);
			MUST((r == -1) == (why != NULL));
			if (r == 0)
				follow(&m, next, 0);
		}
	}
}

/* Who is who: a name under another id, an id under another name. F34 F35 */
static void
identities(void)
{
	struct members m = { 0 };
	const char *why;

	MUST(members_add(&m, "a", id_of('a')) == 0);
	MUST(change_add(&m, "a", id_of('a'), 0, &why) == 1);
	MUST(change_add(&m, "a", id_of('b'), 0, &why) == -1);
	MUST(strstr(why, "another id") != NULL);
	MUST(change_add(&m, "b", id_of('a'), 0, &why) == -1);
	MUST(strstr(why, "copied") != NULL);
	MUST(change_del(&m, "a", &why) == -1 && strstr(why, "last") != NULL);
	MUST(change_del(&m, "z", &why) == 1);
	MUST(change_add(&m, "l", id_of('c'), 1, &why) == 0);
	MUST(change_del(&m, "a", &why) == -1);
	MUST(change_add(&m, "l", id_of('c'), 0, &why) == 0);
	MUST(change_add(&m, "b", id_of('b'), 0, &why) == -1);
	MUST(strstr(why, "under way") != NULL);
	change_promote(&m);
	MUST(m.part[1] == PART_JOINING && members_joint(&m));
	MUST(change_del(&m, "l", &why) == -1);
	change_settle(&m);
	MUST(m.n == 2 && m.part[1] == PART_MEMBER);
	MUST(change_del(&m, "a", &why) == 0 && change_del(&m, "a", &why) == 1);
	change_settle(&m);
	MUST(m.n == 1 && strcmp(m.who[0].name, "l") == 0);
}

static const struct test_case cases[] = {
	{ "quorums", quorums },
	{ "indexes", indexes },
	{ "ballots", ballots },
	{ "texts", texts },
	{ "changes", changes },
	{ "identities", identities },
	{ NULL, NULL },
};

int
main(int argc, char **argv)
{
	return run_cases(cases, argc, argv);
}

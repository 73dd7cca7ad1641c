/*
 * rules.c - Raft's decisions, asked about everything that they can meet, and
 * the lines that they are written in, with every bit flipped.
 */
#include <inttypes.h>

#include "core/crc.h"
#include "core/num.h"
#include "core/record.h"
#include "core/rules.h"
#include "core/tally.h"
#include "must.h"

static const struct who nobody = { "-", "-" };
static const struct who alice = { "a", "00000000000000aa" };
static const struct who names[] = {
	{ "b", "00000000000000bb" }, { "c", "00000000000000cc" },
	{ "d", "00000000000000dd" },
	{ "b", "0000000000000bbb" }, /* a name under another id */
};

static struct frame
ballot(enum ballot kind, const struct who *from, uint64_t term, uint64_t index,
    uint64_t last_term)
{
	struct frame f;

	memset(&f, 0, sizeof(f));
	f.type = FRAME_VOTE;
	memcpy(f.cluster, "0123456789abcdef", 17);
	f.from = *from;
	f.to = alice;
	f.term = f.seq = term;
	f.arg[0] = kind;
	f.arg[1] = index;
	f.arg[2] = last_term;
	f.body = "";
	return f;
}

static int
is(const struct who *a, const struct who *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->id, b->id) == 0;
}

static int
same(const struct term *a, const struct term *b)
{
	return a->version == b->version && a->current_term == b->current_term &&
	    is(&a->voted_for, &b->voted_for);
}

/* Where a log stands among all, in a number of its own. */
static uint64_t
place(uint64_t index, uint64_t term)
{
	return term * 1000 + index;
}

/* F3 */
static void
up_to_date(void)
{
	struct vote_answer answer;
	struct voter v, w;
	struct frame f;
	uint64_t i, j, t, u;
	int wanted;

	memset(&v, 0, sizeof(v));
	for (t = 0; t <= 4; t++)
		for (i = t; i <= 6; i++)
			for (u = 0; u <= 4; u++)
				for (j = u; j <= 6; j++) {
					v.term = (struct term){ 1, 5, nobody };
					v.last_index = i;
					v.last_term = t;
					wanted = place(j, u) >= place(i, t);
					MUST(log_up_to_date(j, u, &v) == wanted);
					w = v;
					f = ballot(BALLOT_REAL, &names[0], 6, j, u);
					answer = rule_vote(&w, &f);
					MUST(answer.granted == wanted);
					MUST(
					    answer.changed && w.term.current_term == 6);
					MUST(is(&w.term.voted_for,
					    wanted ? &names[0] : &nobody));
					w = v;
					f = ballot(BALLOT_PRE, &names[0], 6, j, u);
					answer = rule_vote(&w, &f);
					MUST(answer.granted == wanted);
					MUST(same(&w.term, &v.term));
				}
}

/* One answer, and what Figure 2 says of it. */
static void
answer_check(struct voter *v, const struct frame *f, struct who *given)
{
	const struct voter before = *v;
	const struct term *t = &v->term;
	struct vote_answer a;

	a = rule_vote(v, f);
	MUST((a.why == NULL) == a.granted);
	MUST(a.changed == !same(&before.term, t));
	MUST(t->current_term >= before.term.current_term);
	if (a.granted) {
		MUST(!v->damaged && f->term >= before.term.current_term);
		MUST(place(f->arg[1], f->arg[2]) >= place(v->last_index, v->last_term));
	}
	if (f->arg[0] == BALLOT_PRE) {
		MUST(!a.changed && !(a.granted && v->hears_leader));
		return;
	}
	MUST(t->current_term >= f->term);
	if (t->current_term > before.term.current_term && !a.granted)
		MUST(is(&t->voted_for, &nobody));
	if (!a.granted)
		return;
	MUST(t->current_term == f->term && is(&t->voted_for, &f->from));
	/* At most one vote a term, first come, first served. */
	MUST(is(&given[f->term], &nobody) || is(&given[f->term], &f->from));
	given[f->term] = f->from;
}

/* F1 F2: twenty thousand voters' lives. */
static void
one_vote_a_term(void)
{
	uint64_t seed = 7;
	struct who given[16];
	struct voter v;
	struct frame f;
	int i, life, refused = 0;

	for (life = 0; life < 20000; life++) {
		memset(&v, 0, sizeof(v));
		v.term = (struct term){ 1, 0, nobody };
		v.last_index = dice(&seed) % 4;
		v.last_term = v.last_index == 0 ? 0 : dice(&seed) % 3;
		for (i = 0; i < 16; i++)
			given[i] = nobody;
		for (i = 0; i < 12; i++) {
			v.hears_leader = dice(&seed) % 4 == 0;
			v.damaged = dice(&seed) % 8 == 0;
			f = ballot((enum ballot)(dice(&seed) % 3),
			    &names[dice(&seed) % 4], dice(&seed) % 6, dice(&seed) % 5,
			    dice(&seed) % 4);
			answer_check(&v, &f, given);
			refused += f.term == v.term.current_term &&
			    !is(&v.term.voted_for, &f.from);
		}
	}
	MUST(refused > 1000);
}

static void
term_raises(void)
{
	struct term t = { 3, 5, { "b", "00000000000000bb" } }, before = t;

	MUST(!term_raise(&t, 5) && same(&t, &before));
	MUST(!term_raise(&t, 4) && same(&t, &before));
	MUST(!term_raise(&t, 0) && same(&t, &before));
	MUST(term_raise(&t, 6) && t.current_term == 6 && is(&t.voted_for, &nobody));
	MUST(term_raise(&t, NUMBER_MAX) && t.current_term == NUMBER_MAX);
}

/* F11 */
static void
commit(void)
{
	uint64_t c, leader, verified, want;

	for (c = 0; c < 8; c++)
		for (leader = 0; leader < 8; leader++)
			for (verified = 0; verified < 8; verified++) {
				want = leader < verified ? leader : verified;
				want = want > c ? want : c;
				MUST(rule_follower_commit(c, leader, verified) == want);
			}
}

static int
by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? 1 : *x > *y ? -1 : 0;
}

static void
quorum(void)
{
	uint64_t seed = 3, match[MEMBERS_MAX] = { 0 }, sorted[MEMBERS_MAX];
	struct members m = { 0 };
	size_t i;
	int times;

	for (times = 0; times < 20000; times++) {
		m.n = 1 + dice(&seed) % 9;
		for (i = 0; i < m.n; i++)
			match[i] = dice(&seed) % 6;
		memcpy(sorted, match, sizeof(match));
		qsort(sorted, m.n, sizeof(sorted[0]), by_size);
		MUST(rule_quorum_index(&m, match) == sorted[m.n / 2]);
	}
}

static void
majority(void)
{
	char yes[MEMBERS_MAX];
	struct members m = { 0 };
	size_t n;

	for (m.n = 1; m.n <= MEMBERS_MAX; m.n++)
		for (n = 0; n <= m.n; n++) {
			memset(yes, 0, sizeof(yes));
			memset(yes, 1, n);
			MUST(members_quorum(&m, yes) == (2 * n > m.n));
		}
}

/* One ballot among n, of which each has said what its digit to base 3 says. */
static void
count_check(size_t n, unsigned votes)
{
	struct tally t;
	struct frame f;
	size_t i, yes = 0, open = 0;
	enum count want, got;
	char id[] = "a000000000000000", name[] = "a";
	unsigned said;

	memset(&t, 0, sizeof(t));
	t.kind = BALLOT_REAL;
	t.term = 5;
	t.me = alice;
	memcpy(t.cluster, "0123456789abcdef", 17);
	for (i = 0; i < n; i++) {
		name[0] = (char)('a' + i);
		id[0] = (char)('1' + i);
		MUST(members_add(&t.members, name, id) == 0);
	}
	got = tally_count(&t);
	for (i = 0; i < n; i++) {
		said = votes % 3;
		votes /= 3;
		yes += said == 1;
		open += said == 0;
		if (said == 0)
			continue;
		f = ballot(BALLOT_REAL, &t.members.who[i], 5, said == 1, 0);
		f.type = FRAME_VOTED;
		got = tally_add(&t, &f);
		MUST(tally_add(&t, &f) == got);
	}
	want = 2 * yes > n ? COUNT_WON : 2 * (yes + open) > n ? COUNT_OPEN : COUNT_LOST;
	MUST(got == want && tally_count(&t) == want);
}

static void
counts(void)
{
	size_t n;
	unsigned all = 1, votes;

	for (n = 1; n <= 7; n++) {
		all *= 3;
		for (votes = 0; votes < all; votes++)
			count_check(n, votes);
	}
}

static void
flip(char *p, size_t bit)
{
	p[bit / 8] = (char)(p[bit / 8] ^ (1 << bit % 8));
}

/* F2: the line of state/term, torn at each byte, with the old one behind. */
static void
terms_torn(void)
{
	static const struct term old = { 9, 7, { "-", "-" } };
	static const struct term next = { 10, 8, { "node-c", "00000000000000cc" } };
	struct buf a = { 0 }, b = { 0 };
	struct term got;
	char line[TERM_LINE_MAX];
	size_t i;

	MUST(term_print(&old, &a) == 0 && term_print(&next, &b) == 0);
	for (i = 0; i <= b.len; i++) {
		memset(line, 0, sizeof(line));
		memcpy(line, buf_head(&a), a.len);
		memcpy(line, buf_head(&b), i);
		if (term_parse(&got, line, sizeof(line)) == 0)
			MUST(same(&got, &old) || same(&got, &next));
		else
			MUST(i > 0 && i < b.len); /* neither end is torn */
		/* And with nothing behind it. */
		MUST(term_parse(&got, buf_head(&b), i) == (i == b.len ? 0 : -1));
	}
	buf_free(&a);
	buf_free(&b);
}

/* F45 */
static void
terms_flipped(void)
{
	static const struct term t = { 10, 8, { "node-c", "00000000000000cc" } };
	struct buf b = { 0 };
	struct term got;
	size_t i;

	MUST(term_print(&t, &b) == 0);
	MUST(b.len <= TERM_LINE_MAX);
	for (i = 0; i < 8 * b.len; i++) {
		flip(buf_head(&b), i);
		MUST(term_parse(&got, buf_head(&b), b.len) == -1);
		flip(buf_head(&b), i);
	}
	MUST(term_parse(&got, buf_head(&b), b.len) == 0);
	buf_free(&b);
}

/* The longest there is fits in its slot. */
static void
terms_long(void)
{
	struct term t = { NUMBER_MAX, NUMBER_MAX, nobody }, got;
	struct buf b = { 0 };

	memset(t.voted_for.name, 'n', NAME_LIMIT);
	memset(t.voted_for.id, 'f', ID_DIGITS);
	MUST(term_print(&t, &b) == 0);
	MUST(b.len <= TERM_LINE_MAX);
	MUST(term_parse(&got, buf_head(&b), b.len) == 0);
	MUST(same(&got, &t));
	buf_free(&b);
}

/* F61: a frame is whole and unchanged, or none. */
static void
frames_flipped(void)
{
	struct frame f = ballot(BALLOT_REAL, &names[1], 6, 12, 5), got;
	struct buf b = { 0 };
	const char *why;
	size_t i, used;

	f.type = FRAME_APPEND;
	f.body = "some\nrecords";
	f.length = 12;
	MUST(frame_encode(&f, &b) == 0);
	for (i = 0; i < 8 * b.len; i++) {
		flip(buf_head(&b), i);
		MUST(frame_parse(buf_head(&b), b.len, &got, &used, &why) != 1);
		flip(buf_head(&b), i);
	}
	for (i = 0; i < b.len; i++)
		MUST(frame_parse(buf_head(&b), i, &got, &used, &why) == 0);
	MUST(frame_parse(buf_head(&b), b.len, &got, &used, &why) == 1);
	MUST(used == b.len && is(&got.from, &f.from) && is(&got.to, &f.to));
	MUST(got.term == 6 && got.length == 12 && memcmp(got.body, f.body, 12) == 0);
	buf_free(&b);
}

static void
record_make(struct record *r, struct buf *b)
{
	char payload[1500];

	memset(payload, 0, sizeof(payload));
	memcpy(payload, "some text", 9);
	*r = (struct record){ .index = 12, .term = 5, .type = RECORD_COMMAND };
	MUST(record_encode(r, 0x12345678, payload, sizeof(payload), b) == 0);
	record_localise(buf_head(b), r, 11, 300);
}

/* F45: no bit of a record changes unseen. */
static void
records_flipped(void)
{
	struct record r, got;
	struct buf b = { 0 };
	char *p;
	size_t i;

	record_make(&r, &b);
	p = buf_head(&b);
	MUST(record_parse(p, b.len, &got) == 1 && record_intact(&got, p));
	MUST(record_size(&got) == b.len && got.durable == 11);
	for (i = 0; i < 8 * b.len; i++) {
		flip(p, i);
		MUST(record_parse(p, b.len, &got) != 1 || !record_intact(&got, p));
		flip(p, i);
	}
	/* What every node has in common is in the chain. */
	MUST(record_parse(p, b.len, &got) == 1);
	MUST(record_chain(p, 0x12345678) == r.chain);
	MUST(record_chain(p, 0x12345679) != r.chain);
	record_localise(p, &got, 3, 12345);
	MUST(record_parse(p, b.len, &got) == 1 && got.chain == r.chain);
	MUST(record_chain(p, 0x12345678) == r.chain);
	got.term++;
	buf_cut(&b, 0);
	got.chain = 0;
	MUST(record_encode(&got, 0x12345678, "some text", 9, &b) == 0);
	MUST(got.chain != r.chain);
	buf_free(&b);
}

/* The same header by num.h, which is slower and knows bounds. */
static int
header_read(const char *p, struct record *r)
{
	uint64_t chain, crc, length, zeros;

	if (memcmp(p, "e1 ", 3) != 0 ||
	    num_u64(p + 3, 16, NUMBER_MAX, &r->index) == -1 || p[19] != ' ' ||
	    num_u64(p + 20, 16, NUMBER_MAX, &r->term) == -1 || p[36] != ' ' ||
	    strchr("nmc", p[37]) == NULL || p[37] == '\0' || p[38] != ' ' ||
	    num_u64(p + 39, 16, NUMBER_MAX, &r->id.base) == -1 || p[55] != '-' ||
	    num_hex(p + 56, 16, &r->id.random) == -1 || p[72] != ' ' ||
	    num_u64(p + 73, 7, RECORD_PAYLOAD, &length) == -1 || p[80] != ' ' ||
	    num_u64(p + 81, 16, NUMBER_MAX, &r->durable) == -1 || p[97] != ' ' ||
	    num_u64(p + 98, 4, 9999, &zeros) == -1 || p[102] != ' ' ||
	    num_hex(p + 103, 8, &crc) == -1 || p[111] != ' ' ||
	    num_hex(p + 112, 8, &chain) == -1 || p[120] != ' ')
		return -1;
	r->type = p[37];
	r->length = (size_t)length;
	r->zeros = (uint32_t)zeros;
	r->crc = (uint32_t)crc;
	r->chain = (uint32_t)chain;
	return 1;
}

static int
same_header(const struct record *a, const struct record *b)
{
	return a->index == b->index && a->term == b->term && a->type == b->type &&
	    a->id.base == b->id.base && a->id.random == b->id.random &&
	    a->length == b->length && a->durable == b->durable &&
	    a->zeros == b->zeros && a->crc == b->crc && a->chain == b->chain;
}

/* F45: each byte of a header, with each value, under a CRC that fits: what is read
 * is what stands there, or nothing. */
static void
records_bytes(void)
{
	struct record r, got, want;
	struct buf b = { 0 };
	char crc[9], *p, was;
	size_t at;
	int byte, good;

	record_make(&r, &b);
	r.id = (struct request_id){ 9999999999999999, 0xfedcba9876543210 };
	buf_cut(&b, 0);
	MUST(record_encode(&r, 0x89abcdef, "some text", 9, &b) == 0);
	p = buf_head(&b);
	for (at = 0; at < 121; at++) {
		was = p[at];
		for (byte = 0; byte < 256; byte++) {
			p[at] = (char)byte;
			(void)snprintf(crc, sizeof(crc), "%08" PRIx32,
			    crc32c(0, p, 120));
			memcpy(p + 121, crc, 8);
			good = header_read(p, &want);
			MUST(record_parse(p, b.len, &got) == good);
			MUST(good == -1 || same_header(&got, &want));
		}
		p[at] = was;
	}
	buf_free(&b);
}

/* F42: the sectors that are zero on purpose, wherever the record lies. */
static void
records_zeros(void)
{
	char p[2048];
	uint32_t want;
	uint64_t off;
	size_t at, end, i, n;
	uint64_t seed = 11;
	int zero;

	for (n = 0; n < 2000; n++) {
		memset(p, 0, sizeof(p));
		for (i = 0; i < dice(&seed) % 5; i++)
			p[dice(&seed) % sizeof(p)] = 'x';
		at = dice(&seed) % 1024;
		end = at + 1 + dice(&seed) % (sizeof(p) - at);
		end = end > sizeof(p) ? sizeof(p) : end;
		off = dice(&seed) % 100000;
		want = 0;
		zero = 1;
		for (i = at; i < end; i++) {
			zero = zero && p[i] == 0;
			if ((off + i - at + 1) % SECTOR == 0 || i + 1 == end) {
				want += zero;
				zero = 1;
			}
		}
		MUST(record_zeros(p + at, end - at, off) == want);
	}
	MUST(record_zeros(p, 0, 5) == 0);
}

static void
digests(void)
{
	struct members a = { 0 }, b = { 0 };
	char one[ID_DIGITS + 1], two[ID_DIGITS + 1];

	MUST(members_add(&a, "b", names[0].id) == 0);
	MUST(members_add(&a, "a", alice.id) == 0);
	MUST(members_add(&a, "a", names[1].id) == -1 && a.n == 2);
	MUST(members_add(&b, "a", alice.id) == 0);
	members_digest(&a, one);
	members_digest(&b, two);
	MUST(strlen(one) == ID_DIGITS && strcmp(one, two) != 0);
	MUST(members_add(&b, "b", names[0].id) == 0);
	members_digest(&b, two);
	MUST(strcmp(one, two) == 0);
	memcpy(b.who[1].id, names[3].id, sizeof(names[3].id));
	members_digest(&b, two);
	MUST(strcmp(one, two) != 0);
	MUST(members_find(&a, "b", names[0].id) == 1);
	MUST(members_find(&a, "b", names[3].id) == -1);
	MUST(members_find(&a, "c", NULL) == -1);
}

static const struct test_case cases[] = {
	{ "up_to_date", up_to_date },
	{ "one_vote_a_term", one_vote_a_term },
	{ "term_raises", term_raises },
	{ "commit", commit },
	{ "quorum", quorum },
	{ "majority", majority },
	{ "counts", counts },
	{ "terms_torn", terms_torn },
	{ "terms_flipped", terms_flipped },
	{ "terms_long", terms_long },
	{ "frames_flipped", frames_flipped },
	{ "records_flipped", records_flipped },
	{ "records_bytes", records_bytes },
	{ "records_zeros", records_zeros },
	{ "digests", digests },
	{ NULL, NULL },
};

int
main(int argc, char **argv)
{
	return run_cases(cases, argc, argv);
}

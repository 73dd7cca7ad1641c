/*
 * entries.h - a log in words, as the drivers in this folder take and print it:
 *
 *	2x5,3x2:700,4x1:2000z
 *
 * are five entries of term 2, then two of term 3 with 700 bytes each, then one
 * of term 4 with 2,000, most of them zero; "-" is none.  The first has index 2:
 * before it lies the configuration.  An entry's payload follows from its index,
 * term and length.
 */
#ifndef LITE_RAFT_ENTRIES_H
#define LITE_RAFT_ENTRIES_H

#include "must.h"
#include "state/state.h"

#define RUNS_MAX       64
#define PAYLOAD_BYTES  24u /* where no length is given */
#define PAYLOAD_STARTS 30u /* bytes before the zeros */

struct run {
	uint64_t term;
	uint64_t count;
	size_t bytes;
	int zeros;
};

/* The runs of words; their number. */
static inline size_t
runs_parse(const char *words, struct run run[RUNS_MAX])
{
	const char *at = words;
	char *end;
	size_t n = 0;

	if (strcmp(words, "-") == 0)
		return 0;
	for (;;) {
		MUST(n < RUNS_MAX);
		run[n] = (struct run){ 0, 0, PAYLOAD_BYTES, 0 };
		run[n].term = strtoull(at, &end, 10);
		MUST(end != at && *end == 'x');
		at = end + 1;
		run[n].count = strtoull(at, &end, 10);
		MUST(end != at && run[n].count > 0);
		if (*end == ':') {
			at = end + 1;
			run[n].bytes = strtoull(at, &end, 10);
			MUST(end != at);
		}
		if (*end == 'z') {
			run[n].zeros = 1;
			end++;
		}
		n++;
		if (*end == '\0')
			return n;
		MUST(*end == ',');
		at = end + 1;
	}
}

static inline void
payload_fill(char *p, uint64_t index, uint64_t term, const struct run *r)
{
	char text[64];
	size_t i, n;

	n = (size_t)snprintf(text, sizeof(text), "%llu of term %llu. ",
	    (unsigned long long)index, (unsigned long long)term);
	for (i = 0; i < r->bytes; i++)
		p[i] = (char)(r->zeros && i >= PAYLOAD_STARTS ? 0 : text[i % n]);
}

/* Appends the entry; rec is the one before and becomes this one. */
static inline void
entry_encode(struct buf *b, struct record *rec, const struct run *r)
{
	struct record fresh = { .index = rec->index + 1, .term = r->term };
	char *payload;

	fresh.type = RECORD_COMMAND;
	fresh.id = (struct request_id){ 1, fresh.index };
	payload = malloc(r->bytes + 1);
	MUST(payload != NULL);
	payload_fill(payload, fresh.index, fresh.term, r);
	MUST(record_encode(&fresh, rec->chain, payload, r->bytes, b) == 0);
	free(payload);
	*rec = fresh;
}

/* The configuration, as record 1. */
static inline void
first_encode(const struct members *m, struct buf *b, struct record *rec)
{
	struct buf body = { 0 };

	*rec = (struct record){ .index = 1, .type = RECORD_MEMBERS };
	MUST(members_print(m, &body) == 0);
	MUST(record_encode(rec, 0, buf_head(&body), body.len, b) == 0);
	buf_free(&body);
}

/*
 * Appends count entries of the log behind index prev to b (fewer where it
 * ends); *before is the one at prev, *count how many.
 */
static inline void
entries_encode(const char *words, const struct members *m, uint64_t prev,
    uint64_t *count, struct buf *b, struct record *before)
{
	struct run run[RUNS_MAX];
	struct record rec;
	uint64_t i, wanted = *count;
	size_t keep, n, r;

	n = runs_parse(words, run);
	keep = b->len;
	first_encode(m, b, &rec);
	memset(before, 0, sizeof(*before));
	*count = 0;
	if (prev == 0 && wanted > 0)
		*count = 1;
	else {
		buf_cut(b, keep);
		*before = prev == 0 ? *before : rec;
	}
	for (r = 0; r < n; r++) {
		for (i = 0; i < run[r].count && rec.index < prev + wanted; i++) {
			entry_encode(b, &rec, &run[r]);
			if (rec.index <= prev) {
				buf_cut(b, keep);
				*before = rec;
			} else
				(*count)++;
		}
	}
	MUST(before->index == prev);
}

/* A made-up id, the same in every run, for a member that has no directory. */
static inline void
id_invent(const char *name, char id[ID_DIGITS + 1])
{
	size_t i, n = strlen(name);

	MUST(n > 0);
	for (i = 0; i < ID_DIGITS; i++)
		id[i] = "0123456789abcdef"[(unsigned char)name[i % n] % 16];
	id[ID_DIGITS] = '\0';
}

static inline struct state *
state_at(struct os *os)
{
	struct state *st;
	char why[256];

	st = state_open(os, why);
	if (st == NULL) {
		(void)fprintf(stderr, "%s\n", why);
		exit(74);
	}
	return st;
}

/* What st has to say must be no complaint. */
#define SAYS(st, x)                                                                  \
	do {                                                                         \
		if ((x) != 0) {                                                      \
			(void)fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, \
			    #x, (st)->why);                                          \
			exit(74);                                                    \
		}                                                                    \
	} while (0)

#endif

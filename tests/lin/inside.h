/*
 * inside.h - what the files of the checker share.
 */
#ifndef LITE_RAFT_LIN_INSIDE_H
#define LITE_RAFT_LIN_INSIDE_H

#include "lin.h"

/* --- names.c: a number for each string of bytes ----------------------------- */

/* All zero holds nothing; number 0 is nobody's. */
struct names {
	struct bytes *name; /* by number */
	size_t n;           /* the greatest number */
	size_t cap;
	uint32_t *slot;
	size_t slots;
};

uint32_t names_number(struct names *, const char *, size_t); /* 0: ENOMEM */
void names_free(struct names *);

/* --- lin.c: what was asked -------------------------------------------------- */

struct deed {
	uint64_t client;
	uint64_t invoked;
	uint64_t returned;
	enum verb verb;
	enum op test; /* of a condition */
	enum lin_told told;
	uint32_t key;      /* number of the key; list: of its prefix, 0: "" */
	uint32_t operand;  /* numbers of values; 0 is absent */
	uint32_t value;    /* to be set, or what get was answered */
	uint32_t effect;   /* the value, or one that stands for it */
	uint32_t *listed;  /* keys */
	size_t listed_n;   /* of them */
	uint32_t local;    /* the key, within its object */
	signed char *keys; /* list: is it there? by local number; -1: not asked */
};

struct value {
	int is_number;
	int64_t number;
};

struct lin {
	struct deed *op;
	size_t n, cap;
	size_t ignored; /* operations that were never carried out */
	struct names keys;
	struct names values;
	struct names prefixes;
	struct value *value; /* by number, once the check has begun */
	uint32_t *seen;      /* the same; the last object in which it was seen */
	struct words request, answer;
};

/* Some keys, and all that was asked of them. */
struct object {
	const struct lin *lin;
	uint32_t number; /* from 1 */
	uint32_t *key;   /* by local number */
	size_t keys;
	struct deed **op; /* by invocation */
	size_t n;
};

/* --- model.c: what one operation does --------------------------------------- */

/*
 * state has a value's number for each of the object's keys.  Were the operation
 * to take effect now: 1, and the state is what it is then; 0 if it would have
 * been told something else.
 */
int model_step(const struct object *, const struct deed *, uint32_t *state);

/* 1 if it changes no state, whatever that is. */
int model_reads(const struct deed *);

/* --- classes.c: what need not be told apart --------------------------------- */

/*
 * Gives each operation its effect: of values that nothing in the object can tell
 * apart, one stands for all.  mark: the object's number, not 0.  0, or -1.
 */
int classes_values(const struct object *, uint32_t mark);

/*
 * unknown[0..n): operations of unknown outcome, by invocation.  twin[i]: 1 + the
 * number in it of the last one before that does the same, or 0.  0, or -1.
 */
int classes_twins(const struct object *, const uint32_t *unknown, size_t n,
    uint32_t *twin);

/* --- search.c ---------------------------------------------------------------- */

/* How far a search came. */
struct trouble {
	const struct deed *stuck; /* no order lets it return with its answer */
	uint32_t *held;           /* states before it, of so many keys each */
	size_t states;            /* of them */
	uint64_t tried;           /* configurations */
};

/* A verdict, or -1 with ENOMEM; held is to be freed. */
int search(const struct object *, size_t memory, struct trouble *);

/* --- report.c ---------------------------------------------------------------- */

int report_trouble(const struct object *, const struct trouble *, int verdict,
    struct buf *);

#endif

/*
 * history.h - what the clients asked and were told, and whether it was
 * linearizable.
 *
 * Every write carries an id of its own, so the committed log is a witness of the
 * order in which the writes took effect: what is left to check is that the
 * order fits what clients saw (answers, and what ended before what began) and
 * that each read fits in between.
 */
#ifndef LITE_RAFT_SIM_HISTORY_H
#define LITE_RAFT_SIM_HISTORY_H

#include "core/command.h"
#include "core/words.h"

enum told {
	TOLD_NOTHING, /* no answer: done, or not, or not yet */
	TOLD_YES,
	TOLD_NO,
	TOLD_NOT_DONE /* refused: nothing was changed, ever */
};

struct deed {
	enum verb verb;
	enum op test; /* of a condition */
	char *key;    /* of a list: the prefix */
	char *operand;
	char *value;
	size_t operand_len;
	size_t value_len;
	struct request_id id;
	int client;

	enum told told;
	char *got; /* what get answered, NULL: absent */
	size_t got_len;
	struct words listed; /* what list answered: the status, then keys */
	uint64_t committed;  /* that much was committed when it was told */
	uint64_t index;      /* where it took effect, 0: nowhere */
	int outcome;         /* what it should have been told */
	uint64_t floor;      /* ended before this one began */
	uint64_t began;      /* the number of that moment, from 1 on */
};

/* 1 if it changes nothing. */
int deed_reads(const struct deed *);

/* 1 if its condition has an operand. */
int deed_compares(const struct deed *);

/* A new operation, not begun yet. */
struct deed *history_deed(void);

void history_begins(struct deed *);
void history_ends(struct deed *, enum told, uint64_t committed);

/* The number of writes that were acknowledged. */
size_t history_acknowledged(void);

/*
 * Holds all that was told against what was committed; ends in a violation.
 * window: log entries for which request ids are remembered.  1 if what was told was
 * found linearizable without the log, too; 0 if that was too long a search.
 */
int history_check(uint64_t window);

#endif

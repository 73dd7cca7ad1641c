/*
 * lin.h - was what the clients saw linearizable?
 *
 * Herlihy and Wing: each operation must seem to take effect at one moment
 * between its invocation and its return.  The search for such moments is Wing
 * and Gong's, which tries orders one operation at a time, with Lowe's memory of
 * (operations that have taken effect, state), where it has been in vain.  Keys
 * are independent objects, so each is searched alone (their locality theorem);
 * a list joins the keys that begin with its prefix to one object, and the more
 * keys and clients that has, the longer the search: give a list a prefix that
 * few keys have.  At the beginning every key is absent.
 *
 * As text a history has one operation a line, in any order; lines that are
 * empty or begin with # are none.
 *
 *	CLIENT INVOKED RETURNED REQUEST<TAB>ANSWER
 *
 *	1 1200 3400 set k v<TAB>0
 *	2 1300 3500 get k<TAB>0 v
 *	3 1400 - if k = v unset<TAB>75
 *
 * CLIENT is a number, only for the reader: a client may have several requests
 * under way.  INVOKED and RETURNED are nanoseconds of one clock; who returned
 * when another was invoked is concurrent with it.  REQUEST is in words.h
 * quoting (list always with its prefix, which may be ""), so it holds no tab.
 * ANSWER is what the protocol answers (core/client.h): 0 WORDS... or 1.  With 69,
 * 64, 77 or 78 the request was never carried out.  With 75 or 74, any other
 * status, RETURNED -, or nothing behind the tab, its outcome is unknown: it
 * took effect at one moment from its invocation to the end of time, or never.
 */
#ifndef LITE_RAFT_LIN_H
#define LITE_RAFT_LIN_H

#include "core/buf.h"
#include "core/command.h"
#include "core/words.h"

#define LIN_NEVER UINT64_MAX

enum lin_told { LIN_UNKNOWN, LIN_YES, LIN_NO, LIN_NOT_DONE };

struct lin_op {
	uint64_t client;
	uint64_t invoked;
	uint64_t returned; /* LIN_NEVER */
	struct command command;
	enum lin_told told;
	const struct word *answer; /* of get and list, told yes */
	size_t answers;
};

struct lin;

struct lin *lin_new(void); /* NULL: ENOMEM */
void lin_free(struct lin *);

/* Takes a copy of an operation: 0, or -1: ENOMEM, or EINVAL: no such history. */
int lin_add(struct lin *, const struct lin_op *);

/*
 * The same with a line of text.  With EINVAL, *why is a sentence; it is NULL if
 * there was no memory.
 */
int lin_add_line(struct lin *, const char *line, size_t n, const char **why);

size_t lin_operations(const struct lin *);
size_t lin_keys(const struct lin *);

enum lin_verdict {
	LIN_LINEARIZABLE = 0,
	LIN_BROKEN = 1,
	LIN_GAVE_UP = 2 /* the memory was used up: nothing is known */
};

/*
 * The verdict, or -1 (ENOMEM); unless it is linearizable, what is wrong is
 * appended, in lines.  memory: bytes that the search of one object may take.
 */
int lin_check(struct lin *, size_t memory, struct buf *report);

#endif

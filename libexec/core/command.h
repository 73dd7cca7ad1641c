/*
 * command.h - what a log entry of type RECORD_COMMAND says, and who asked.
 *
 * Payload: one text line, then the bytes, one behind the other:
 *
 *	noop\n
 *	set KEYLEN VALUELEN\n                   key value
 *	unset KEYLEN\n                          key
 *	if KEYLEN OP OPERANDLEN set VALUELEN\n  key operand value
 *	if KEYLEN OP OPERANDLEN unset\n         key operand
 *
 * OP is one of  =  !=  -eq -ne -lt -le -gt -ge  absent  exists; the last two have
 * an operand of length 0.
 *
 * When a condition is judged: a key that is absent answers no to every operator
 * but absent, so also to !=.  = and != compare bytes.  The other six compare
 * 64-bit integers, as test(1) writes them: a stored value that is none answers
 * no, an operand that is none is refused before.
 */
#ifndef LITE_RAFT_COMMAND_H
#define LITE_RAFT_COMMAND_H

#include "buf.h"
#include "types.h"
#include "words.h"

enum verb { /* what a client may ask */
	VERB_NONE,
	VERB_NOOP,
	VERB_SET,
	VERB_UNSET,
	VERB_IF_SET,
	VERB_IF_UNSET,
	VERB_GET,
	VERB_LIST,
	VERB_WATCH,
	VERB_STATUS,
	VERB_ADD_MEMBER,
	VERB_DEL_MEMBER,
	VERB_TRANSFER
};

enum op {
	OP_NONE,
	OP_EQUAL,
	OP_DIFFERS,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_ABSENT,
	OP_EXISTS
};

struct bytes {
	const char *at;
	size_t len;
};

/* Byte order of keys: less than, equal to, greater than 0. */
int bytes_compare(struct bytes, struct bytes);

struct command {
	enum verb verb;
	enum op op;
	struct bytes key; /* list, watch: the prefix, may be empty; a node's name */
	struct bytes operand;
	struct bytes value; /* add-member: its id */
	int learner;        /* add-member: it is to stay one */
	uint64_t from;      /* watch: the first index, 0: what is to come */
};

/*
 * A request's id: the commit index known when it was first made, and 64
 * random bits, never all 0.  Written "INDEX-HEX" (decimal without leading
 * zeros, 16 lower-case hexadecimal digits).
 */
struct request_id {
	uint64_t base;
	uint64_t random;
};

#define REQUEST_ID_SIZE 34 /* the longest text, with its NUL */

int request_id_parse(const char *, size_t, struct request_id *);
void request_id_print(const struct request_id *, char[REQUEST_ID_SIZE]);

/*
 * Understands the words of a request, verb first (no id): 0, or -1 and *why a
 * sentence without a full stop.  Every limit and every bad operand of a number
 * operator is found here.  The command points into the words.
 */
int command_from_words(struct command *, const struct word *, size_t n,
    const char **why);

int command_is_write(const struct command *);  /* goes through the log */
int command_is_change(const struct command *); /* of members, or of the leader */

/* Appends the payload of a write: 0, or -1 (ENOMEM; EINVAL: a read). */
int command_encode(const struct command *, struct buf *);

/* The largest payload that command_encode can make. */
#define COMMAND_MAX (KEY_MAX + 2 * VALUE_MAX + 64)

/* Reads a payload, strictly; the command points into it. 0, or -1. */
int command_decode(struct command *, const char *, size_t);

#endif

/*
 * client.h - a client's half of the conversation, as far as no system call is
 * needed for it: the command line, the request, the answer.
 *
 * Both sides speak lines of words (words.h).  The leader begins:
 *
 *	hello 1 COMMIT_INDEX
 *
 * A request is "[id=REQUEST_ID] VERB ARGS..."; the answer to each, in order, is
 * "STATUS WORDS...", STATUS being an exit status of types.h:
 *
 *	0                     done
 *	0 VALUE               get
 *	0 KEY...              list
 *	0 LEADER NODE...      status, see report.h
 *	1                     the answer is no
 *	69 not-leader [NAME]  instead of hello or later: ask NAME; - is nobody
 *	64|69|74|75 SENTENCE
 *
 * Behind a node's gate all this follows the line FRAME_GREETING.
 */
#ifndef LITE_RAFT_CLIENT_H
#define LITE_RAFT_CLIENT_H

#include "command.h"

#define CLIENT_WORDS 8u /* more than any verb takes */

struct client {
	uint64_t timeout; /* nanoseconds; 0: none was given */
	int help;
	int json;
	int raw;
	struct word word[CLIENT_WORDS];
	size_t n;
	struct command command; /* what the words say */
	struct request_id id;   /* base: see talk_take; random: the caller's */
	int has_base;
};

/*
 * Understands a command line (argv[0] is skipped): 0, or -1, then *what is the
 * argument that is wrong and *why a sentence.
 */
int client_parse(struct client *, int argc, char *const *argv, const char **what,
    const char **why);

/* 1 if the value is still to be read from stdin, and given to client_value. */
int client_wants_value(const struct client *);
void client_value(struct client *, char *bytes, size_t len);

/* Appends the verb and the key, short enough for a message. */
int client_subject(const struct client *, struct buf *);

/* The number of seconds that a conf file says, in nanoseconds; 0: none. */
uint64_t client_seconds(const char *text);

/* --- one conversation ------------------------------------------------------- */

enum talk_state {
	TALK_MORE,   /* send t->out, bring more into t->in */
	TALK_ANSWER, /* t->status, and its words from word[1] on */
	TALK_BROKEN  /* t->why */
};

/* All zero is one that begins. */
struct talk {
	int behind_gate; /* a greeting comes first */
	int greeted;
	int asked; /* the request is, or was, in out */
	struct buf in;
	size_t looked; /* bytes of in without a newline */
	struct buf out;
	struct words words;
	int status;
	const char *why;
};

/*
 * Takes what has come into t->in.  At the leader's hello it puts the request
 * into t->out; the first hello of all gives the request its id's base.  -1
 * with ENOMEM.
 */
int talk_take(struct talk *, struct client *, enum talk_state *);

/* 1 if all of the request has left: the leader may carry it out. */
int talk_sent(const struct talk *);

/* Where a leader was said to be ("69 not-leader NAME"): its name, or NULL. */
const char *talk_hint(const struct talk *);

/* The answer's sentence, appended. */
int talk_sentence(const struct talk *, struct buf *);

void talk_free(struct talk *);

#endif

/*
 * client.h - what a client was asked for on its command line, and one request.
 */
#ifndef LITE_RAFT_CLIENT_H
#define LITE_RAFT_CLIENT_H

#include "talk.h"

#define CLIENT_WORDS 8u /* more than any verb takes */

struct client {
	uint64_t timeout; /* nanoseconds; 0: none was given */
	int help;
	int json;
	int raw;
	int batch;     /* requests are on stdin */
	uint64_t from; /* watch: the first index, 0: what is to come */
	struct word word[CLIENT_WORDS];
	size_t n;
	struct command command; /* what the words say */
	struct request_id id;   /* base: see ask_take; random: the caller's */
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

/* --- one request -------------------------------------------------------------- */

enum ask_state {
	ASK_MORE,   /* as TALK_MORE */
	ASK_ANSWER, /* status, and its words from talk->words.word[1] on */
	ASK_BROKEN  /* talk->why */
};

/* All zero but talk is one that begins. */
struct ask {
	struct talk *talk;
	int asked; /* the request is, or was, in talk.out */
	int status;
};

/*
 * Takes what has come into talk->in.  At the leader's hello it puts the request
 * into talk->out; the first hello of all gives the request its id's base.  -1
 * with ENOMEM.
 */
int ask_take(struct ask *, struct client *, enum ask_state *);

/* 1 if all of the request has left: the leader may carry it out. */
int ask_sent(const struct ask *);

#endif

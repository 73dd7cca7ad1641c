/*
 * talk.h - one conversation with a node: what has come, line by line.
 *
 * Both sides speak lines of words (words.h).  The leader begins:
 *
 *	hello 1 COMMIT_INDEX
 *
 * and may say so again between its answers, when the index has moved on far; the
 * newest is the base of new request ids.  A request is
 * "[id=REQUEST_ID] VERB ARGS..."; the answer to each, in order, is
 * "STATUS WORDS...", STATUS being an exit status of types.h:
 *
 *	0                     done
 *	0 VALUE               get
 *	0 KEY...              list
 *	0 LEADER NODE...      status, see report.h
 *	0 INDEX               watch, see below
 *	1                     the answer is no
 *	69 not-leader [NAME]  instead of hello or later: ask NAME; - is nobody
 *	64|69|74|75 SENTENCE
 *
 * Behind the answer to "watch [PREFIX [FROM]]" nothing more is read.  What
 * changes the keys that begin with PREFIX, from entry INDEX on, is told:
 *
 *	change INDEX set KEY VALUE
 *	change INDEX unset KEY
 *	at INDEX		all before INDEX has been told
 *
 * until the leader has something else to say: 69 not-leader, or 1 SENTENCE, as in
 * the answer, when it no longer knows the changes that are to be told.
 *
 * Behind a node's gate all this follows the line FRAME_GREETING.
 */
#ifndef LITE_RAFT_TALK_H
#define LITE_RAFT_TALK_H

#include "command.h"

enum talk_event {
	TALK_MORE,  /* send out, bring more into in */
	TALK_HELLO, /* commit is new */
	TALK_LINE,  /* words are another line */
	TALK_BROKEN /* why */
};

/* All zero is one that begins. */
struct talk {
	int behind_gate; /* a greeting comes first */
	int greeted;
	int welcome;     /* the leader's hello has come */
	uint64_t commit; /* of the newest hello */
	struct buf in;
	struct buf out;
	size_t looked; /* bytes of in without a newline */
	size_t eaten;  /* bytes of the present line, still in in */
	struct words words;
	const char *why;
};

/*
 * Goes on to the next line in t->in, which stays as it is until the next call:
 * 0, or -1 (ENOMEM).
 */
int talk_take(struct talk *, enum talk_event *);

/* The present line as it came, without its newline. */
struct bytes talk_line(const struct talk *);

/* The status that the present line begins with, or -1. */
int talk_status(const struct talk *);

/* Where a leader was said to be ("69 not-leader NAME"): its name, or NULL. */
const char *talk_hint(const struct talk *);

/* The present line's sentence, appended: 0, or -1 (ENOMEM). */
int talk_sentence(const struct talk *, struct buf *);

void talk_free(struct talk *);

#endif

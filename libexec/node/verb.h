/*
 * verb.h - the verbs of os/node that have to do with peers.
 *
 * Each takes its arguments, already counted, and returns an exit status of
 * core/types.h; what went wrong is one line on stderr.
 */
#ifndef NODE_VERB_H
#define NODE_VERB_H

#include "os/os.h"
#include "state/state.h"

/* Says "node: cannot VERB: WHY", or errno's words; returns status, or EXIT_DISK. */
int verb_fail(const char *verb, const char *why, int status);
int verb_system_fail(const char *verb);

/* Opens ./state; NULL, having said why not: *status. */
struct state *verb_open(struct os *os, const char *verb, int *status);

/* greet.c: hello on stdin and stdout, and what becomes of its answers. */
int cmd_boot(struct os *os, char **arg);
int cmd_greet(struct os *os, char **arg);
int cmd_heard(struct os *os, char **arg);
int cmd_hello(struct os *os, char **arg);
int cmd_same(struct os *os, char **arg);

/* The line of an answer's body that begins with key and a blank, its length; or NULL. */
const char *body_line(const struct frame *f, const char *key, size_t *len);

/* Sorts names and adds them to b, a blank before each, and a NUL: 0, or -1. */
int names_sorted(char **name, size_t n, struct buf *b);

/* form.c: the first configuration, run/hello.NAME being the peers' answers. */
int cmd_form(struct os *os, char **arg);
int cmd_join(struct os *os, char **arg);

#endif

/*
 * ways.h - the ways to the store: each is a `session` with one server, over which
 * questions go as they come.
 *
 * One way is enough as long as it answers.  When a question has waited for half a
 * second, the next server is asked the same, and whoever answers first is the one to
 * go on with.  Nothing that is asked here is harmed by being carried out twice: every
 * write compares first, and whoever is told no reads what is there.
 */
#ifndef PKG_WAYS_H
#define PKG_WAYS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/os.h"

struct ways;

/* What becomes of a question, as package_answer has it. */
typedef void ways_answer(void *arg, uint64_t number, int status, const char *value,
    size_t n);

/* One line for the message log. */
typedef void ways_log(void *arg, const char *text);

/* NULL: no memory. */
struct ways *ways_new(struct loop *, ways_answer *, ways_log *, void *arg);

/* Asks a batch line: it is answered by `due` at the latest.  0, or -1: no memory. */
int ways_ask(struct ways *, uint64_t number, const char *line, size_t n, uint64_t now,
    uint64_t due);

void ways_tick(struct ways *, uint64_t now);
uint64_t ways_wake(const struct ways *, uint64_t now);

/* A child has ended: 1 if it was one of these. */
int ways_reaped(struct ways *, pid_t);

/* Ends them all. */
void ways_close(struct ways *);

#endif

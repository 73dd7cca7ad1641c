/*
 * prove.h - asks an owner's host, by libexec/prove, under which boot it runs and
 * which epochs it has closed.  One question at a time: a new one ends the one before.
 */
#ifndef PKG_PROVE_H
#define PKG_PROVE_H

#include <stdint.h>
#include <sys/types.h>

#include "os/os.h"

/* boot: "-" where it is not known; closed: 0. */
typedef void prove_answer(void *arg, uint64_t number, const char *boot,
    uint64_t closed);

void prove_begin(struct loop *, prove_answer *, void *arg);
void prove_ask(uint64_t number, const char *package, const char *host, uint64_t now);
void prove_tick(uint64_t now);
uint64_t prove_wake(void);
void prove_end(void);

#endif

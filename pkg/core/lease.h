/*
 * lease.h - who owns a package: the value of the key pkg/NAME/lease.
 *
 * One line, words of the form name=value with one blank between them, all of them
 * in this order:
 *
 *	owner=a boot=ID instance=HEX epoch=7 seq=1234 state=running limit=10000
 *	since=1700000000 to=- note=
 *
 * Every write of it is a compare-and-set on the whole value, from exactly the bytes
 * that were read, and no value is ever written twice: what changes it makes seq one
 * more, a new owner (or the same one anew) makes epoch one more and seq 1.
 *
 * `init` writes nothing here: an absent key is a package that nobody has owned yet.
 * `confirm-dead` writes the value that it read with state=released and seq one more.
 */
#ifndef LITE_RAFT_PKG_LEASE_H
#define LITE_RAFT_PKG_LEASE_H

#include <stddef.h>
#include <stdint.h>

#define LEASE_NAME  64u   /* bytes of a node's or package's name */
#define LEASE_BOOT  64u   /* of a boot id, and of what is drawn by chance */
#define LEASE_NOTE  128u  /* of a note, before it is quoted */
#define LEASE_TEXT  1024u /* no value is longer, with its NUL */
#define LEASE_SHIFT UINT64_C(3000000000) /* ns that `to` is alone for */

#define LEASE_MS UINT64_C(1000000) /* ns */

/*
 * starting, running, degraded, stopping: the owner lives and renews.
 * released: nothing runs; who may, takes it; `to` at once, others LEASE_SHIFT later.
 * halted: nothing runs, and nothing is to: taken once `want` says up.
 * failed: nothing runs, for want of a node on which it would; taken by one that has
 * not failed itself.
 * stuck: the owner could not prove that the package is stopped.
 * maint: the owner runs it with no guard, and renews nothing.
 * The last two are never taken for being old, only on proof.
 */
enum lease_state {
	LEASE_STARTING,
	LEASE_RUNNING,
	LEASE_DEGRADED,
	LEASE_STOPPING,
	LEASE_RELEASED,
	LEASE_HALTED,
	LEASE_FAILED,
	LEASE_STUCK,
	LEASE_MAINT
};

struct lease {
	char owner[LEASE_NAME + 1];
	char boot[LEASE_BOOT + 1]; /* the owner's host's; "-": it has none */
	uint64_t instance;         /* drawn by each monitor when it begins */
	uint64_t epoch;            /* of ownership */
	uint64_t seq;              /* of writes within it */
	enum lease_state state;
	uint64_t limit; /* L in ms: by then the owner's package is dead */
	uint64_t since; /* when this state began, in wall seconds: for people */
	char to[LEASE_NAME + 1]; /* released: for whom; "-": anybody */
	char note[LEASE_NOTE + 1];
};

/* The word for a state, as in state=WORD. */
const char *lease_state_name(enum lease_state);

/* A name of a node or package: 1 to 64 of A-Za-z0-9_.- and neither '-' nor '.' first. */
int lease_name_ok(const char *, size_t n);

/* n bytes of a value: 0, or -1: it is none (then nobody may touch it). */
int lease_parse(struct lease *, const char *text, size_t n);

/* Prints it: how many bytes, without the NUL. */
size_t lease_print(const struct lease *, char text[LEASE_TEXT]);

/*
 * W in ns: for how long a value must have been seen unchanged before it is taken
 * over for its age: L (1 + rho) / (1 - rho) + 0.1 s, rho being 0.10.
 */
uint64_t lease_wait(const struct lease *);

/* In these the owner lives, or did: nobody takes it but by age or proof. */
int lease_is_held(const struct lease *);     /* starting running degraded stopping */
int lease_needs_proof(const struct lease *); /* stuck maint: by proof alone */

#endif

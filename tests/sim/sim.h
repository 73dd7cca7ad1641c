/*
 * sim.h - what all parts of the simulator share: one seed's chance, the story
 * that it tells, and the way out when a property does not hold.
 */
#ifndef LITE_RAFT_SIM_H
#define LITE_RAFT_SIM_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#define MICRO  UINT64_C(1000) /* nanoseconds */
#define MILLI  UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

/* Everything of one run comes from its seed: the same seed, the same run. */
void seed_set(uint64_t seed);
void seed_turn(uint64_t dice); /* the same world, and another chance from here on */
uint64_t seed_next(void);
uint64_t seed_below(uint64_t n);                    /* 0 .. n-1 */
int seed_odds(unsigned thousandths);                /* 1 that often in a thousand */
uint64_t seed_range(uint64_t least, uint64_t most); /* both included */

/* A second stream, for what the nodes themselves throw dice for. */
uint64_t seed_node(void);

/* Virtual time, in nanoseconds since the run began. */
uint64_t sim_time(void);
void sim_set_time(uint64_t);

/*
 * The story: one line an event, printed with --trace, and its end kept when the
 * seed is run again after a violation.  story_told is 0 when nobody listens.
 */
enum story { STORY_NONE, STORY_KEEP, STORY_PRINT };

void story_set(enum story);
int story_told(void);
void story(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A property does not hold: says so, tells the end of the story, and ends. */
void violation(const char *property, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* What the simulator itself cannot go on from. */
void sim_die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Says nothing of a violation: whoever looks on is told the property. */
void violations_hush(void);

/*
 * Does work(number, result) in a process of its own, so that what it leaves in
 * memory goes with it: 0, or -1 (it has said why).  It may fill n bytes of result.
 */
typedef void errand_work(uint64_t number, void *result);

int apart(errand_work *work, uint64_t number, void *result, size_t n);

/* The same in two halves, so that several are under way at once. */
struct errand {
	pid_t pid; /* 0: none */
	int fd;
	uint64_t number;
	char property[16]; /* which did not hold; "" */
};

void errand_begin(struct errand *e, errand_work *work, uint64_t number, void *result,
    size_t n);

/* The one of count that ends next, and what became of it: 0 or -1. */
struct errand *errand_end(struct errand *, size_t count, int *how, void *result,
    size_t n);

void *sim_alloc(size_t);        /* zeroed, never NULL */
void *sim_grow(void *, size_t); /* never NULL */
char *sim_copy(const char *);

#endif

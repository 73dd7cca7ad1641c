/*
 * sim.c - chance, time, story and violation: see sim.h.
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"

#define HANG        60u  /* seconds of real time for one piece of work apart */
#define STORY_LINES 160u /* kept for a violation */
#define STORY_WIDTH 240u /* bytes a line */

static uint64_t seed;
static uint64_t world_state;
static uint64_t node_state;
static uint64_t now;
static enum story telling;
static char kept[STORY_LINES][STORY_WIDTH];
static size_t told;
static int report = -1; /* where whoever began this hears of it */
static int hushed;

/* splitmix64: any seed is a good one, and each step is three multiplications. */
static uint64_t
mix(uint64_t *state)
{
	uint64_t z;

	z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void
seed_set(uint64_t s)
{
	seed = s;
	world_state = s;
	(void)mix(&world_state);
	node_state = ~s;
	(void)mix(&node_state);
	now = 0;
	told = 0;
}

void
seed_turn(uint64_t dice)
{
	world_state ^= dice << 32;
	(void)mix(&world_state);
	node_state = ~world_state;
}

uint64_t
seed_next(void)
{
	return mix(&world_state);
}

uint64_t
seed_node(void)
{
	return mix(&node_state);
}

uint64_t
seed_below(uint64_t n)
{
	return n > 0 ? seed_next() % n : 0;
}

uint64_t
seed_range(uint64_t least, uint64_t most)
{
	return least + seed_below(most - least + 1);
}

int
seed_odds(unsigned thousandths)
{
	return seed_below(1000) < thousandths;
}

uint64_t
sim_time(void)
{
	return now;
}

void
sim_set_time(uint64_t t)
{
	now = t;
}

void
story_set(enum story how)
{
	telling = how;
}

int
story_told(void)
{
	return telling != STORY_NONE;
}

void
story(const char *fmt, ...)
{
	va_list ap;
	char *line;
	int n;

	if (telling == STORY_NONE)
		return;
	line = kept[told++ % STORY_LINES];
	n = snprintf(line, STORY_WIDTH, "t=%" PRIu64 ".%03" PRIu64 " ", now / SECOND,
	    now % SECOND / MILLI);
	va_start(ap, fmt);
	(void)vsnprintf(line + n, STORY_WIDTH - (size_t)n, fmt, ap);
	va_end(ap);
	if (telling == STORY_PRINT)
		puts(line);
}

void
violation(const char *property, const char *fmt, ...)
{
	va_list ap;
	size_t i;

	if (report != -1 && write(report, property, strlen(property)) == -1)
		_exit(70);
	if (hushed)
		_exit(1);
	if (telling == STORY_KEEP)
		for (i = told > STORY_LINES ? told - STORY_LINES : 0; i < told; i++)
			puts(kept[i % STORY_LINES]);
	printf("seed %" PRIu64 " at t=%" PRIu64 ".%03" PRIu64 ": %s does not hold: ",
	    seed, now / SECOND, now % SECOND / MILLI, property);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	(void)fflush(stdout);
	_exit(1);
}

void
violations_hush(void)
{
	hushed = 1;
}

void
sim_die(const char *fmt, ...)
{
	va_list ap;

	(void)fprintf(stderr, "sim: seed %" PRIu64 ": ", seed);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	(void)fflush(stdout);
	_exit(70);
}

void
errand_begin(struct errand *e, errand_work *work, uint64_t number, void *result,
    size_t n)
{
	int fd[2];

	(void)fflush(stdout);
	if (pipe(fd) == -1 || (e->pid = fork()) == -1)
		sim_die("cannot fork: %s", strerror(errno));
	if (e->pid == 0) {
		(void)alarm(HANG);
		report = fd[1];
		work(number, result);
		(void)fflush(stdout);
		_exit(n == 0 || write(fd[1], result, n) == (ssize_t)n ? 0 : 70);
	}
	(void)close(fd[1]);
	e->fd = fd[0];
	e->number = number;
}

/* What a process that has ended left in its pipe. */
static int
errand_read(struct errand *e, int status, void *result, size_t n)
{
	char *property = e->property;
	ssize_t got;
	int well = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	property[0] = '\0';
	got = well ? read(e->fd, result, n) :
		     read(e->fd, property, sizeof(e->property) - 1);
	if (!well)
		property[got > 0 ? got : 0] = '\0';
	(void)close(e->fd);
	e->pid = 0;
	if (WIFSIGNALED(status) && !hushed)
		printf("%" PRIu64 ": ended by signal %d%s\n", e->number,
		    WTERMSIG(status), WTERMSIG(status) == SIGALRM ? " (it hangs)" : "");
	if (WIFSIGNALED(status))
		(void)snprintf(property, sizeof(e->property), "signal %d",
		    WTERMSIG(status));
	return well && got == (ssize_t)n ? 0 : -1;
}

struct errand *
errand_end(struct errand *e, size_t count, int *how, void *result, size_t n)
{
	int status;
	size_t i;
	pid_t pid;

	while ((pid = waitpid(-1, &status, 0)) == -1)
		if (errno != EINTR)
			sim_die("cannot wait: %s", strerror(errno));
	for (i = 0; i < count && e[i].pid != pid; i++)
		continue;
	if (i == count)
		sim_die("a process that nobody began has ended");
	*how = errand_read(&e[i], status, result, n);
	return &e[i];
}

int
apart(errand_work *work, uint64_t number, void *result, size_t n)
{
	struct errand e = { 0 };
	int how;

	errand_begin(&e, work, number, result, n);
	(void)errand_end(&e, 1, &how, result, n);
	return how;
}

void *
sim_alloc(size_t n)
{
	void *p = calloc(1, n > 0 ? n : 1);

	if (p == NULL)
		sim_die("out of memory");
	return p;
}

void *
sim_grow(void *p, size_t n)
{
	p = realloc(p, n > 0 ? n : 1);
	if (p == NULL)
		sim_die("out of memory");
	return p;
}

char *
sim_copy(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(sim_alloc(n), s, n);
}

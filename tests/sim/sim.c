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
	n = snprintf(line, STORY_WIDTH, "%4" PRIu64 ".%06" PRIu64 " ", now / SECOND,
	    now % SECOND / MICRO);
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

	if (telling == STORY_KEEP)
		for (i = told > STORY_LINES ? told - STORY_LINES : 0; i < told; i++)
			puts(kept[i % STORY_LINES]);
	printf("seed %" PRIu64 " at %" PRIu64 ".%06" PRIu64 ": %s does not hold: ",
	    seed, now / SECOND, now % SECOND / MICRO, property);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	(void)fflush(stdout);
	_exit(1);
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

int
apart(void (*work)(uint64_t, void *), uint64_t number, void *result, size_t n)
{
	int fd[2], status;
	pid_t pid;
	ssize_t got;

	(void)fflush(stdout);
	if (pipe(fd) == -1 || (pid = fork()) == -1)
		sim_die("cannot fork: %s", strerror(errno));
	if (pid == 0) {
		(void)alarm(HANG);
		work(number, result);
		(void)fflush(stdout);
		_exit(n == 0 || write(fd[1], result, n) == (ssize_t)n ? 0 : 70);
	}
	(void)close(fd[1]);
	got = n > 0 ? read(fd[0], result, n) : 0;
	(void)close(fd[0]);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			sim_die("cannot wait: %s", strerror(errno));
	if (WIFSIGNALED(status))
		printf("%" PRIu64 ": ended by signal %d%s\n", number, WTERMSIG(status),
		    WTERMSIG(status) == SIGALRM ? " (it hangs)" : "");
	return got == (ssize_t)n && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 :
										    -1;
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

/*
 * bits - F45, F42, F24, F27: a small node, each of whose files is flipped bit for
 * bit, zeroed sector for sector, cut at each length, and removed: it repairs
 * itself, or refuses and says which file, and never serves, votes on or silently
 * drops what it had acknowledged.
 *
 *	bits [STEP [KIND...]]   one in STEP of all bits and lengths (1)
 *
 * Of the zeros that a file ends with, where nothing was ever written, one bit in 211 and
 * one length in 17 are enough, or so many times STEP.
 *
 * The current directory is to be empty; no disk is waited for.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/must.h"
#include "bits.h"

#define SECTOR_BYTES 512u

static struct {
	struct os *os;
	struct truth truth;
	const char *kind;
	char now[256]; /* the case that is tried */
	int now_length;
	size_t step;
	pid_t role;
	int role_end; /* it ends with this descriptor */
	unsigned long cases;
	unsigned long bad;
} run;

/* What a sync promises can't be seen here: it costs nothing. */
int fdatasync(int);
int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int fsync(int);
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

static void
crashed(int signo)
{
	(void)signo;
	(void)!write(2, run.now, (size_t)run.now_length);
	(void)!write(2, ": it crashes\n", 13);
	_exit(1);
}

/* A process that is the role of this node. */
static pid_t
role_start(void)
{
	int over[2], ready[2];
	pid_t pid;
	char c;
	int fd;

	MUST(pipe(ready) == 0 && pipe(over) == 0);
	pid = fork();
	MUST(pid != -1);
	if (pid == 0) {
		fd = disk_open(run.os, "state/running", DISK_WRITE);
		MUST(fd != -1 && disk_trylock(run.os, fd) == 0);
		MUST(write(ready[1], "", 1) == 1);
		(void)close(ready[1]);
		(void)close(over[1]);
		/* Until the other has ended. */
		MUST(read(over[0], &c, 1) == 0);
		_exit(0);
	}
	MUST(read(ready[0], &c, 1) == 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	(void)close(over[0]);
	run.role_end = over[1];
	return pid;
}

static void
try(struct image *m, const char *how, size_t at)
{
	const char *why;

	run.now_length = snprintf(run.now, sizeof(run.now), "%s: %s %zu of %s",
	    run.kind, how, at, m->path);
	run.cases++;
	why = node_judge(run.os, &run.truth, m, run.role);
	if (why == NULL)
		return;
	run.bad++;
	(void)fprintf(stderr, "%s: %s\n", run.now, why);
	MUST(run.bad < 20);
}

static struct image
copy(const struct image *m)
{
	struct image c = *m;

	c.p = malloc(m->n + 1);
	MUST(c.p != NULL);
	memcpy(c.p, m->p, m->n);
	return c;
}

/* Where zeros begin that nobody has written anything into. */
static size_t
end_of(const struct image *m)
{
	size_t n = m->n;

	while (n > 0 && m->p[n - 1] == 0)
		n--;
	return n;
}

static void
flips(const struct image *m, size_t from)
{
	struct image c = copy(m);
	const size_t end = 8 * end_of(m);
	size_t bit;

	for (bit = from; bit < 8 * m->n; bit += bit < end ? run.step : 211 * run.step) {
		c.p[bit / 8] = (char)(c.p[bit / 8] ^ 1 << bit % 8);
		try(&c, "bit", bit);
		c.p[bit / 8] = m->p[bit / 8];
	}
	free(c.p);
}

static void
sectors(const struct image *m)
{
	struct image c = copy(m);
	size_t at, n;

	for (at = 0; at < m->n; at += SECTOR_BYTES) {
		n = m->n - at < SECTOR_BYTES ? m->n - at : SECTOR_BYTES;
		memset(c.p + at, 0, n);
		try(&c, "zeroed from byte", at);
		memcpy(c.p + at, m->p + at, n);
	}
	free(c.p);
}

static void
cuts(const struct image *m)
{
	const size_t step = run.step == 1 ? 1 : run.step / 4 + 1;
	const size_t end = end_of(m);
	struct image c = copy(m);

	for (c.n = 0; c.n < m->n; c.n += c.n <= end ? step : 17 * step)
		try(&c, "cut at byte", c.n);
	free(c.p);
}

static void
kind_run(struct os *top, const char *kind)
{
	struct image none = { "", NULL, 0 };
	const unsigned long before = run.cases;
	const struct image *m;
	size_t i;

	run.kind = kind;
	MUST(disk_mkdir(top, kind) == 0);
	run.os = os_open(kind);
	MUST(run.os != NULL);
	node_make(run.os, kind, &run.truth);
	run.role = role_start();
	for (i = 0; i < run.truth.files; i++) {
		m = &run.truth.file[i];
		flips(m, i % run.step); /* not the same bits of each */
		sectors(m);
		cuts(m);
		memcpy(none.path, m->path, sizeof(none.path));
		try(&none, "removed", 0);
	}
	(void)close(run.role_end);
	(void)waitpid(run.role, NULL, 0);
	os_close(run.os);
	(void)printf("%s: %lu cases\n", kind, run.cases - before);
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct os *top = os_open(".");
	size_t i;
	int k;

	run.step = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 1;
	MUST(top != NULL && run.step > 0);
	MUST(
	    signal(SIGSEGV, crashed) != SIG_ERR && signal(SIGABRT, crashed) != SIG_ERR);
	for (k = 2; k < argc; k++)
		kind_run(top, argv[k]);
	for (i = 0; argc <= 2 && kinds[i] != NULL; i++)
		kind_run(top, kinds[i]);
	(void)printf("%lu cases, %lu of them wrong\n", run.cases, run.bad);
	os_close(top);
	return run.bad > 0;
}

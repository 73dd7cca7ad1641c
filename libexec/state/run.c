/*
 * run.c - run/: what may vanish.  An error here is never one of safety, so
 * writers go on after it, and readers take a missing file for "not known".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "state.h"

#define STAMP_SIZE      55                    /* bytes of run/stamp */
#define DEFAULT_TIMEOUT UINT64_C(10000000000) /* ns: ten seconds */
#define DEFAULT_PERIOD  UINT64_C(10000)       /* entries */
#define COMMIT_READS    8                     /* of run/commit_index, at most */
#define COMMIT_DIGITS   16u
#define COMMIT_SIZE     (2 * (COMMIT_DIGITS + 1)) /* bytes of run/commit_index */

/* The first word of run/NAME; its length, 0 when there is none. */
static size_t
first_word(struct os *os, const char *path, char *out, size_t max)
{
	char *text;
	size_t n;

	text = disk_slurp(os, path, 4096, NULL);
	if (text == NULL)
		return 0;
	n = strcspn(text, " \n");
	if (n >= max)
		n = 0;
	memcpy(out, text, n);
	out[n] = '\0';
	free(text);
	return n;
}

/*
 * INDEX INDEX: nobody's lock is held around a write, so that some bytes of a newer line
 * and the rest of an older one may be read.  Such an index could be more than either.
 */
uint64_t
run_commit_read(struct os *os, int fd)
{
	char line[COMMIT_SIZE];
	uint64_t commit;
	unsigned tries;

	if (fd == -1)
		return 0;
	for (tries = 0; tries < COMMIT_READS; tries++) {
		if (disk_read(os, fd, line, sizeof(line), 0) != sizeof(line))
			return 0;
		if (memcmp(line, line + COMMIT_SIZE / 2, COMMIT_DIGITS) != 0)
			continue;
		return num_u64(line, COMMIT_DIGITS, NUMBER_MAX, &commit) == 0 ? commit :
										0;
	}
	return 0;
}

uint64_t
run_commit_load(struct os *os)
{
	uint64_t commit;
	int fd;

	fd = disk_open(os, "run/commit_index", DISK_READ);
	if (fd == -1)
		return 0;
	commit = run_commit_read(os, fd);
	disk_close(os, fd);
	return commit;
}

void
run_commit_store(struct os *os, int fd, uint64_t commit)
{
	char line[COMMIT_SIZE + 1];
	int n;

	if (fd == -1)
		return;
	n = snprintf(line, sizeof(line), "%016" PRIu64 " %016" PRIu64 "\n", commit,
	    commit);
	(void)disk_write(os, fd, line, (size_t)n, 0);
}

uint64_t
run_timeout(struct os *os)
{
	char word[32];
	uint64_t ns;
	size_t n;

	n = first_word(os, "run/election_timeout", word, sizeof(word));
	if (n == 0 || num_seconds(word, n, &ns) == -1 || ns == 0)
		return DEFAULT_TIMEOUT;
	return ns;
}

uint64_t
run_period(struct os *os)
{
	char word[32];
	uint64_t period;
	size_t n;

	n = first_word(os, "run/snapshot_period", word, sizeof(word));
	if (n == 0 || num_u64(word, n, NUMBER_MAX, &period) == -1 || period == 0)
		return DEFAULT_PERIOD;
	return period;
}

int
run_open(struct os *os, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "run/%s", name);
	return disk_open(os, path, DISK_CREATE);
}

int
stamp_read(struct os *os, int fd, struct stamp *s)
{
	char text[64];
	uint64_t at, stream, term;

	if (fd == -1 || disk_read(os, fd, text, sizeof(text), 0) != STAMP_SIZE ||
	    text[20] != ' ' || text[37] != ' ' || text[STAMP_SIZE - 1] != '\n' ||
	    num_u64(text, 20, UINT64_MAX, &at) == -1 ||
	    num_hex(text + 21, 16, &stream) == -1 ||
	    num_u64(text + 38, 16, NUMBER_MAX, &term) == -1)
		return -1;
	s->at = at;
	s->stream = stream;
	s->term = term;
	return 0;
}

int
stamp_load(struct os *os, const char *name, struct stamp *s)
{
	char path[64];
	int fd, r;

	(void)snprintf(path, sizeof(path), "run/%s", name);
	fd = disk_open(os, path, DISK_READ);
	if (fd == -1)
		return -1;
	r = stamp_read(os, fd, s);
	disk_close(os, fd);
	return r;
}

void
stamp_store(struct os *os, int fd, const struct stamp *s)
{
	char line[64];
	int n;

	if (fd == -1)
		return;
	n = snprintf(line, sizeof(line),
	    "%020" PRIu64 " %016" PRIx64 " %016" PRIu64 "\n", s->at, s->stream,
	    s->term);
	(void)disk_write(os, fd, line, (size_t)n, 0);
}

void
stamp_put(struct os *os, const char *name, const struct stamp *s)
{
	int fd;

	fd = run_open(os, name);
	if (fd == -1)
		return;
	stamp_store(os, fd, s);
	disk_close(os, fd);
}

void
run_leader_store(struct os *os, const char *name, uint64_t term)
{
	char line[NAME_LIMIT + 32];
	int fd, n;

	fd = disk_open(os, "run/leader.new", DISK_CREATE);
	if (fd == -1)
		return;
	n = snprintf(line, sizeof(line), "%s %" PRIu64 "\n", name, term);
	if (disk_write(os, fd, line, (size_t)n, 0) == 0)
		(void)disk_rename(os, "run/leader.new", "run/leader");
	disk_close(os, fd);
}

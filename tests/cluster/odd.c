/*
 * odd.c - a host that is not as it should be, preloaded into probe and measure:
 * ODD is "still" (its clock stands), "sync" (a sync takes 1.2 s), "hang" (a sync
 * never ends) or "far" (what is sent arrives 0.45 s later).
 */
#include <sys/syscall.h>
#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

long syscall(long, ...);
int clock_gettime(clockid_t, struct timespec *);
int fdatasync(int);
ssize_t write(int, const void *, size_t);

/* Is this one of the two, and the host odd in this way? */
static int
odd(const char *how)
{
	const char *set = getenv("ODD");
	char name[16] = "";
	FILE *f;

	if (set == NULL || strcmp(set, how) != 0)
		return 0;
	f = fopen("/proc/self/comm", "r");
	if (f == NULL)
		return 0;
	if (fgets(name, sizeof(name), f) == NULL)
		name[0] = '\0';
	(void)fclose(f);
	return strcmp(name, "probe\n") == 0 || strcmp(name, "measure\n") == 0;
}

static void
nap(time_t seconds, long ms)
{
	struct timespec ts = { seconds, ms * 1000000 };

	(void)nanosleep(&ts, NULL);
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	static int still = -1;

	if (still == -1)
		still = odd("still");
	if (!still || id != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, id, ts);
	ts->tv_sec = 1000;
	ts->tv_nsec = 0;
	return 0;
}

int
fdatasync(int fd)
{
	if (odd("sync"))
		nap(1, 200);
	if (odd("hang"))
		nap(3600, 0);
	return (int)syscall(SYS_fdatasync, fd);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	if (odd("far"))
		nap(0, 450);
	return syscall(SYS_write, fd, p, n);
}

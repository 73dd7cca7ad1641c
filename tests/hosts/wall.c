/*
 * wall.c - preloaded into the programs of one host: a wall clock that can be
 * stepped.  So many seconds as stand in the file WALL_STEP are added to it; the
 * clock that only goes forward is as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

long syscall(long, ...); /* no POSIX */

static long
step(void)
{
	const char *path = getenv("WALL_STEP");
	const int saved = errno;
	char text[32];
	ssize_t n = 0;
	int fd;

	fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, text, sizeof(text) - 1);
		(void)close(fd);
	}
	errno = saved;
	text[n > 0 ? n : 0] = '\0';
	return strtol(text, NULL, 10);
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, clock, t);

	if (r == 0 && clock == CLOCK_REALTIME)
		t->tv_sec += step();
	return r;
}

time_t
time(time_t *to)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_REALTIME, &t);
	if (to != NULL)
		*to = t.tv_sec;
	return t.tv_sec;
}

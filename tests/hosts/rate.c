/*
 * rate.c - preloaded into the programs of one host: a clock that runs fast or slow.
 * All of what has passed since the machine was started, and every wait, is taken
 * HOST_RATE thousandths as long as it is; the wall clock is as it was.
 */
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define KERNEL_SIGSET 8 /* bytes of a set of signals, as the kernel has it */

long syscall(long, ...); /* no POSIX */

static int64_t
rate(void)
{
	static int64_t known;
	const char *text = getenv("HOST_RATE");

	if (known == 0)
		known = text == NULL ? 1000 : strtol(text, NULL, 10);
	return known < 500 || known > 2000 ? 1000 : known;
}

/* n of the host's are so many. */
static int64_t
real(int64_t n)
{
	return n / rate() * 1000 + n % rate() * 1000 / rate();
}

static struct timespec
real_time(const struct timespec *t)
{
	const int64_t ns = real((int64_t)t->tv_sec * NS_PER_SECOND + t->tv_nsec);
	const struct timespec r = { ns / NS_PER_SECOND, ns % NS_PER_SECOND };

	return r;
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, clock, t);
	int64_t ns;

	if (r != 0 || clock == CLOCK_REALTIME || rate() == 1000)
		return r;
	ns = (int64_t)t->tv_sec * NS_PER_SECOND + t->tv_nsec;
	ns = ns / 1000 * rate() + ns % 1000 * rate() / 1000;
	t->tv_sec = ns / NS_PER_SECOND;
	t->tv_nsec = ns % NS_PER_SECOND;
	return r;
}

int
poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct timespec t = { 0, 0 };
	int64_t ns;

	if (ms < 0)
		return (int)syscall(SYS_ppoll, fds, n, (void *)NULL, (void *)NULL,
		    KERNEL_SIGSET);
	ns = real((int64_t)ms * 1000000);
	t.tv_sec = ns / NS_PER_SECOND;
	t.tv_nsec = ns % NS_PER_SECOND;
	return (int)syscall(SYS_ppoll, fds, n, &t, (void *)NULL, KERNEL_SIGSET);
}

int
epoll_wait(int fd, struct epoll_event *events, int n, int ms)
{
	return (int)syscall(SYS_epoll_pwait, fd, events, n,
	    ms < 0 ? -1 : (int)real(ms) + 1, (void *)NULL, KERNEL_SIGSET);
}

int
nanosleep(const struct timespec *for_, struct timespec *left)
{
	const struct timespec t = real_time(for_);

	/* What is left is in real time: too much, or too little, by the rate. */
	return (int)syscall(SYS_nanosleep, &t, left);
}

int
pselect(int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *for_,
    const sigset_t *mask)
{
	struct timespec t = { 0, 0 };
	struct {
		const sigset_t *set;
		size_t size;
	} with = { mask, KERNEL_SIGSET };

	if (for_ != NULL)
		t = real_time(for_);
	return (int)syscall(SYS_pselect6, n, r, w, e, for_ == NULL ? NULL : &t, &with);
}

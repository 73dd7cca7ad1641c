/*
 * loop.c - one event loop: epoll(7) on Linux, kqueue(2) on the BSDs, poll(2)
 * elsewhere.  -DLOOP_POLL and -DLOOP_KQUEUE choose.
 */
#if !defined(LOOP_POLL) && !defined(LOOP_KQUEUE)
#if defined(__linux__)
#define LOOP_EPOLL
#elif defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) || \
    defined(__DragonFly__) || defined(__APPLE__)
#define LOOP_KQUEUE
#else
#define LOOP_POLL
#endif
#endif

#ifdef LOOP_KQUEUE
#undef _POSIX_C_SOURCE /* it hides kqueue's types */
#endif

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"

#define BATCH         256 /* events taken from the kernel at once */
#define NS_PER_MS     UINT64_C(1000000)
#define NS_PER_SECOND UINT64_C(1000000000)

#ifndef LOOP_KQUEUE

/* Rounded up: to wake a little early would be to look twice. */
static int
milliseconds(uint64_t ns)
{
	if (ns == UINT64_MAX)
		return -1;
	if (ns > (INT_MAX - 1) * NS_PER_MS)
		return INT_MAX;
	return (int)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

#endif

#ifdef LOOP_EPOLL

#include <sys/epoll.h>

struct loop {
	int fd;
	struct epoll_event ready[BATCH];
};

static int
kernel_queue(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static int
control(struct loop *loop, int op, int fd, int what, void *arg)
{
	struct epoll_event event = { 0 };

	if (what & LOOP_READ)
		event.events |= EPOLLIN;
	if (what & LOOP_WRITE)
		event.events |= EPOLLOUT;
	event.data.ptr = arg;
	return epoll_ctl(loop->fd, op, fd, &event);
}

int
loop_add(struct loop *loop, int fd, int what, void *arg)
{
	return control(loop, EPOLL_CTL_ADD, fd, what, arg);
}

int
loop_mod(struct loop *loop, int fd, int what, void *arg)
{
	return control(loop, EPOLL_CTL_MOD, fd, what, arg);
}

int
loop_del(struct loop *loop, int fd)
{
	return control(loop, EPOLL_CTL_DEL, fd, 0, NULL);
}

int
loop_wait(struct loop *loop, struct loop_event *events, int max, uint64_t timeout)
{
	int i, n;

	n = epoll_wait(loop->fd, loop->ready, max < BATCH ? max : BATCH,
	    milliseconds(timeout));
	if (n == -1)
		return errno == EINTR ? 0 : -1;
	for (i = 0; i < n; i++) {
		events[i].arg = loop->ready[i].data.ptr;
		events[i].what = 0;
		if (loop->ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			events[i].what |= LOOP_READ;
		if (loop->ready[i].events & EPOLLOUT)
			events[i].what |= LOOP_WRITE;
	}
	return n;
}

#endif /* LOOP_EPOLL */

#ifdef LOOP_KQUEUE

#include <sys/types.h>

#include <sys/event.h>
#include <sys/time.h>

#include <time.h>

struct loop {
	int fd;
	struct kevent ready[BATCH];
};

static int
kernel_queue(void)
{
	int fd;

	fd = kqueue();
	if (fd != -1)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

/* Both filters are always there, and enabled or not: del has two to delete. */
int
loop_add(struct loop *loop, int fd, int what, void *arg)
{
	struct kevent change[2];

	EV_SET(&change[0], fd, EVFILT_READ,
	    EV_ADD | (what & LOOP_READ ? EV_ENABLE : EV_DISABLE), 0, 0, arg);
	EV_SET(&change[1], fd, EVFILT_WRITE,
	    EV_ADD | (what & LOOP_WRITE ? EV_ENABLE : EV_DISABLE), 0, 0, arg);
	return kevent(loop->fd, change, 2, NULL, 0, NULL) == -1 ? -1 : 0;
}

int
loop_mod(struct loop *loop, int fd, int what, void *arg)
{
	return loop_add(loop, fd, what, arg);
}

int
loop_del(struct loop *loop, int fd)
{
	struct kevent change[2];

	EV_SET(&change[0], fd, EVFILT_READ, EV_DELETE, 0, 0, NULL);
	EV_SET(&change[1], fd, EVFILT_WRITE, EV_DELETE, 0, 0, NULL);
	return kevent(loop->fd, change, 2, NULL, 0, NULL) == -1 ? -1 : 0;
}

/* The event of this batch for arg, a new one if there is none yet. */
static struct loop_event *
event_of(struct loop_event *events, int *n, void *arg)
{
	int i;

	for (i = 0; i < *n; i++)
		if (events[i].arg == arg)
			return &events[i];
	events[*n].arg = arg;
	events[*n].what = 0;
	return &events[(*n)++];
}

int
loop_wait(struct loop *loop, struct loop_event *events, int max, uint64_t timeout)
{
	struct timespec ts;
	int got, i, n = 0;

	ts.tv_sec = (time_t)(timeout / NS_PER_SECOND);
	ts.tv_nsec = (long)(timeout % NS_PER_SECOND);
	got = kevent(loop->fd, NULL, 0, loop->ready, max < BATCH ? max : BATCH,
	    timeout == UINT64_MAX ? NULL : &ts);
	if (got == -1)
		return errno == EINTR ? 0 : -1;
	for (i = 0; i < got; i++) {
		/* One event a descriptor: its owner may free arg at the first. */
		struct loop_event *event;

		event = event_of(events, &n, (void *)loop->ready[i].udata);
		if (loop->ready[i].filter == EVFILT_WRITE)
			event->what |= LOOP_WRITE;
		if (loop->ready[i].filter == EVFILT_READ ||
		    loop->ready[i].flags & EV_EOF)
			event->what |= LOOP_READ;
	}
	return n;
}

#endif /* LOOP_KQUEUE */

#ifndef LOOP_POLL

struct loop *
loop_new(void)
{
	struct loop *loop;

	loop = malloc(sizeof(*loop));
	if (loop == NULL)
		return NULL;
	loop->fd = kernel_queue();
	if (loop->fd == -1) {
		free(loop);
		return NULL;
	}
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	(void)close(loop->fd);
	free(loop);
}

#endif

#ifdef LOOP_POLL

#include <poll.h>

/* Both arrays are indexed by descriptor; poll(2) passes over those at -1. */
struct loop {
	struct pollfd *pfd;
	void **arg;
	int n;
	int next; /* where the next batch begins: all get a turn */
};

struct loop *
loop_new(void)
{
	return calloc(1, sizeof(struct loop));
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	free(loop->pfd);
	free(loop->arg);
	free(loop);
}

/* Makes room for descriptor fd. */
static int
grow(struct loop *loop, int fd)
{
	struct pollfd *pfd;
	void **arg;
	size_t n = (size_t)fd + 64;

	if (fd < loop->n)
		return 0;
	pfd = realloc(loop->pfd, n * sizeof(*pfd));
	if (pfd == NULL)
		return -1;
	loop->pfd = pfd;
	arg = realloc(loop->arg, n * sizeof(*arg));
	if (arg == NULL)
		return -1;
	loop->arg = arg;
	for (; loop->n < (int)n; loop->n++)
		loop->pfd[loop->n].fd = -1;
	return 0;
}

static int
known(const struct loop *loop, int fd)
{
	return fd >= 0 && fd < loop->n && loop->pfd[fd].fd == fd;
}

int
loop_add(struct loop *loop, int fd, int what, void *arg)
{
	if (fd < 0 || known(loop, fd)) {
		errno = fd < 0 ? EBADF : EEXIST;
		return -1;
	}
	if (grow(loop, fd) == -1)
		return -1;
	loop->pfd[fd].fd = fd;
	return loop_mod(loop, fd, what, arg);
}

int
loop_mod(struct loop *loop, int fd, int what, void *arg)
{
	if (!known(loop, fd)) {
		errno = ENOENT;
		return -1;
	}
	loop->pfd[fd].events = 0;
	if (what & LOOP_READ)
		loop->pfd[fd].events |= POLLIN;
	if (what & LOOP_WRITE)
		loop->pfd[fd].events |= POLLOUT;
	loop->pfd[fd].revents = 0;
	loop->arg[fd] = arg;
	return 0;
}

int
loop_del(struct loop *loop, int fd)
{
	if (!known(loop, fd)) {
		errno = ENOENT;
		return -1;
	}
	loop->pfd[fd].fd = -1;
	return 0;
}

int
loop_wait(struct loop *loop, struct loop_event *events, int max, uint64_t timeout)
{
	int at, i, n = 0, ready;
	short what;

	ready = poll(loop->pfd, (nfds_t)loop->n, milliseconds(timeout));
	if (ready == -1)
		return errno == EINTR ? 0 : -1;
	for (i = 0; i < loop->n && n < ready && n < max; i++) {
		at = loop->next++ % loop->n;
		loop->next %= loop->n;
		what = loop->pfd[at].revents;
		if (loop->pfd[at].fd == -1 || what == 0)
			continue;
		events[n].arg = loop->arg[at];
		events[n].what = what & ~POLLOUT ? LOOP_READ : 0;
		if (what & POLLOUT)
			events[n].what |= LOOP_WRITE;
		n++;
	}
	return n;
}

#endif /* LOOP_POLL */

/*
 * wire.c - descriptors that bytes come in and go out by.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "os.h"

#define NS_PER_MS UINT64_C(1000000)

ssize_t
wire_read(int fd, void *p, size_t n)
{
	ssize_t r;

	do {
		r = read(fd, p, n);
	} while (r == -1 && errno == EINTR);
	return r;
}

ssize_t
wire_write(int fd, const void *p, size_t n)
{
	ssize_t r;

	do {
		r = write(fd, p, n);
	} while (r == -1 && errno == EINTR);
	return r;
}

/* Waits until fd has room again. */
static int
wait_for_room(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	int r;

	do {
		r = poll(&pfd, 1, -1);
	} while (r == -1 && errno == EINTR);
	return r == -1 ? -1 : 0;
}

int
wire_write_all(int fd, const void *p, size_t n)
{
	const char *at = p;
	ssize_t r;

	while (n > 0) {
		r = wire_write(fd, at, n);
		if (r == -1 && errno == EAGAIN)
			r = wait_for_room(fd);
		if (r == -1)
			return -1;
		at += r;
		n -= (size_t)r;
	}
	return 0;
}

static int
wait_for(int fd, short events, uint64_t timeout)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	uint64_t ms;
	int r;

	if (timeout == UINT64_MAX)
		return poll(&pfd, 1, -1);

	/* Rounded up: to wake a little early would be to look twice. */
	ms = timeout / NS_PER_MS + (timeout % NS_PER_MS != 0);
	do {
		r = poll(&pfd, 1, ms > INT_MAX ? INT_MAX : (int)ms);
		ms -= ms > INT_MAX ? INT_MAX : ms;
	} while (r == 0 && ms > 0);
	return r;
}

int
wire_wait(int fd, uint64_t timeout)
{
	return wait_for(fd, POLLIN, timeout);
}

int
wire_wait_room(int fd, uint64_t timeout)
{
	return wait_for(fd, POLLOUT, timeout);
}

int
wire_is_shut(int fd)
{
	struct pollfd pfd = { .fd = fd };
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1)
		return 1;
	errno = (flags & O_ACCMODE) == O_RDONLY ? EBADF : EPIPE;
	return errno == EBADF ||
	    (poll(&pfd, 1, 0) == 1 && (pfd.revents & (POLLERR | POLLHUP)) != 0);
}

int
wire_nonblock(int fd)
{
	int flags;

	flags = fcntl(fd, F_GETFL);
	if (flags == -1)
		return -1;
	return fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ? -1 : 0;
}

int
wire_close(int fd)
{
	return close(fd) == -1 && errno != EINTR ? -1 : 0;
}

int
wire_stdio(int fd)
{
	if (dup2(fd, STDIN_FILENO) == -1 || dup2(fd, STDOUT_FILENO) == -1)
		return -1;

	/* A copy of itself it would leave close-on-exec. */
	if (fd <= STDOUT_FILENO)
		return fcntl(fd, F_SETFD, 0) == -1 ? -1 : 0;
	return wire_close(fd);
}

int
wire_fifo(const char *path)
{
	struct stat st;
	int fd;

	if (mkfifo(path, 0600) == -1 && errno != EEXIST)
		return -1;
	do {
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	} while (fd == -1 && errno == EINTR);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || !S_ISFIFO(st.st_mode)) {
		(void)close(fd);
		errno = EEXIST;
		return -1;
	}
	return fd;
}

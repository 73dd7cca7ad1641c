/*
 * relay.c - bytes both ways between a pair of descriptors and a socket.
 */
#include <sys/socket.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "os.h"

#define ROOM 65536u /* bytes that wait for the slower side */

/*
 * The other end of an inherited descriptor may be shared, so it is left
 * blocking: then no more than this goes in without waiting, once there is room.
 */
#define GULP ((size_t)PIPE_BUF)

/* Bytes from one descriptor on their way to another. */
struct flow {
	int from; /* -1: it has ended */
	int to;
	size_t start, end; /* what waits is bytes[start .. end) */
	size_t gulp;       /* bytes to write at once */
	char bytes[ROOM];
};

/* Reads what has come: 0, or -1 on an error. */
static int
flow_fill(struct flow *f)
{
	ssize_t r;

	r = wire_read(f->from, f->bytes + f->end, ROOM - f->end);
	if (r == -1)
		return errno == EAGAIN ? 0 : -1;
	if (r == 0)
		f->from = -1;
	f->end += (size_t)r;
	return 0;
}

static int
flow_drain(struct flow *f)
{
	size_t n = f->end - f->start;
	ssize_t r;

	r = wire_write(f->to, f->bytes + f->start, n < f->gulp ? n : f->gulp);
	if (r == -1)
		return errno == EAGAIN ? 0 : -1;
	f->start += (size_t)r;
	if (f->start == f->end)
		f->start = f->end = 0;
	return 0;
}

/* What a flow waits for: to drain when there is something, else to fill. */
static void
flow_want(const struct flow *f, struct pollfd *p)
{
	memset(p, 0, sizeof(*p));
	p->fd = f->end > 0 ? f->to : f->from;
	p->events = f->end > 0 ? POLLOUT : POLLIN;
}

int
relay(int in, int out, int fd)
{
	/* Static: 128 KiB is much for some stacks, and there is one relay only. */
	static struct flow down, up;
	struct pollfd want[3];
	int r, shut = 0;

	memset(&up, 0, sizeof(up));
	memset(&down, 0, sizeof(down));
	up.from = in;
	up.to = down.from = fd;
	up.gulp = ROOM;
	down.to = out;
	down.gulp = GULP;
	if (wire_nonblock(fd) == -1)
		return -1;

	while (down.from != -1 || down.end > 0) {
		if (up.from == -1 && up.end == 0 && !shut) {
			(void)shutdown(fd, SHUT_WR);
			shut = 1;
		}
		flow_want(&up, &want[0]);
		flow_want(&down, &want[1]);

		/* Whoever reads the answers may go while there are none. */
		memset(&want[2], 0, sizeof(want[2]));
		want[2].fd = out;
		r = poll(want, 3, -1);
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -1;
		if (want[2].revents & (POLLERR | POLLHUP | POLLNVAL)) {
			errno = EPIPE;
			return -1;
		}

		/* A socket that takes nothing more may still hold answers. */
		if (want[0].fd != -1 && want[0].revents != 0 &&
		    (up.end > 0 ? flow_drain(&up) : flow_fill(&up)) == -1) {
			up.from = -1;
			up.start = up.end = 0;
		}
		if (want[1].fd != -1 && want[1].revents != 0 &&
		    (down.end > 0 ? flow_drain(&down) : flow_fill(&down)) == -1)
			return -1;
	}
	return 0;
}

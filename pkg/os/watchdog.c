/*
 * watchdog.c - the kernel's interface, which is the same for all its drivers.
 */
#include "watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/ioctl.h>

#include <linux/watchdog.h>
#endif

#define NS_PER_SECOND UINT64_C(1000000000)

int
watchdog_set(struct watchdog *w, uint64_t most)
{
#ifdef WDIOC_SETTIMEOUT
	int seconds = (int)(most / NS_PER_SECOND);

	if (seconds < 1)
		seconds = 1;
	if (ioctl(w->fd, WDIOC_SETTIMEOUT, &seconds) == 0 ||
	    ioctl(w->fd, WDIOC_GETTIMEOUT, &seconds) == 0) {
		w->timeout = (uint64_t)seconds * NS_PER_SECOND;
		errno = ERANGE;
		return w->timeout > most ? -1 : 0;
	}
	if (errno != ENOTTY && errno != EINVAL)
		return -1;
#endif
	w->timeout = most;
	return 0;
}

int
watchdog_open(struct watchdog *w, const char *path, uint64_t most)
{
	int error;

	w->fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (w->fd == -1)
		return -1;
	if (watchdog_set(w, most) == 0)
		return 0;
	error = errno;
	watchdog_close(w);
	errno = error;
	return -1;
}

static void
say(struct watchdog *w, char byte)
{
	/* A full FIFO has been kicked enough. */
	if (w->fd != -1 && write(w->fd, &byte, 1) == -1)
		errno = 0;
}

void
watchdog_kick(struct watchdog *w)
{
	say(w, 'k');
}

void
watchdog_close(struct watchdog *w)
{
	say(w, 'V');
	if (w->fd != -1)
		(void)close(w->fd);
	w->fd = -1;
}

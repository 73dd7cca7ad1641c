/*
 * wake.c - a word to the follower's timer.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "host.h"
#include "os.h"

void
wake(struct os *os, const char *word)
{
	char line[64];
	ssize_t done;
	int fd, n;

	/* Without a reader there is nobody to wake: ENXIO. */
	fd = openat(os->dir, "run/wake", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return;
	n = snprintf(line, sizeof(line), "%s\n", word);
	done = write(fd, line, (size_t)n);
	(void)done;
	(void)close(fd);
}

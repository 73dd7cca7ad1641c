/*
 * watchdog.h - a device that resets this host unless it is kicked; or a FIFO, whose
 * reader does.
 */
#ifndef PKG_WATCHDOG_H
#define PKG_WATCHDOG_H

#include <stdint.h>

struct watchdog {
	int fd;           /* -1: none is open */
	uint64_t timeout; /* ns of silence after which it resets the host */
};

/*
 * Opens it, with a time-out of at most `most` ns as near as it can: 0, or -1 with errno; then
 * nothing is open, and ERANGE says that its shortest time-out is longer.
 */
int watchdog_open(struct watchdog *, const char *path, uint64_t most);

/* The same for one that is open, and stays so where it does not take that time. */
int watchdog_set(struct watchdog *, uint64_t most);

void watchdog_kick(struct watchdog *);

/* Tells it that nobody will kick it any more, and that this is well. */
void watchdog_close(struct watchdog *);

#endif

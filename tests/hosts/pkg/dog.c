/*
 * dog - a watchdog for a host of the lab: reads a FIFO, and becomes CMD when it was
 * written to, and then is silent for MS milliseconds.  A byte 'V' puts it to sleep
 * until the next other one.  It ends when the FIFO is removed.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/num.h"
#include "core/types.h"

#define LOOK 1000 /* ms */

int
main(int argc, char **argv)
{
	struct sched_param param = { .sched_priority = 20 };
	struct pollfd wait = { .events = POLLIN };
	struct stat st;
	uint64_t silence;
	char byte[256];
	ssize_t n;
	int awake = 0, r;

	if (argc < 4 || num_u64(argv[2], strlen(argv[2]), 600000, &silence) == -1) {
		(void)fputs("usage: dog FIFO MS CMD...\n", stderr);
		return EXIT_USE;
	}

	/* For writing too: so there is never an end of it. */
	wait.fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (wait.fd == -1) {
		(void)fprintf(stderr, "dog: cannot open %s: %s\n", argv[1],
		    strerror(errno));
		return EXIT_DISK;
	}

	/* As a device would: it does not wait for its turn. */
	(void)mlockall(MCL_CURRENT | MCL_FUTURE);
	(void)sched_setscheduler(0, SCHED_FIFO, &param);
	for (;;) {
		r = poll(&wait, 1, awake ? (int)silence : LOOK);
		if (fstat(wait.fd, &st) == 0 && st.st_nlink == 0)
			return EXIT_YES;
		if (r == 0 && awake)
			break;
		n = r == 1 ? read(wait.fd, byte, sizeof(byte)) : 0;
		if (n > 0)
			awake = byte[n - 1] != 'V';
	}
	(void)execvp(argv[3], argv + 3);
	(void)fprintf(stderr, "dog: cannot run %s: %s\n", argv[3], strerror(errno));
	return EXIT_DISK;
}

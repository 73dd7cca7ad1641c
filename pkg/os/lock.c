/*
 * lock.c - for as long as this process lives: the descriptor is never closed.
 */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/os.h"

#define HIGH 20 /* where no child's descriptors are */

pid_t
lock_hold(const char *path, int wait)
{
	pid_t holder;
	int fd, low;

	low = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (low == -1)
		return -1;
	fd = fcntl(low, F_DUPFD_CLOEXEC, HIGH);
	(void)close(low); /* before there is a lock to lose */
	if (fd == -1)
		return -1;
	if (wait)
		return disk_lock(NULL, fd);
	while (disk_trylock(NULL, fd) == -1) {
		if (errno != EAGAIN)
			return -1;
		holder = disk_holder(NULL, fd);
		if (holder != 0)
			return holder;
	}
	return 0;
}

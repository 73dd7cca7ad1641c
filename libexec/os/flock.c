/*
 * flock.c - fcntl(2) record locks, over whole files.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os.h"

static int
lock_call(int fd, int cmd, short type, struct flock *lock)
{
	int r;

	do {
		lock->l_type = type;
		lock->l_whence = SEEK_SET;
		lock->l_start = 0;
		lock->l_len = 0; /* to the end, wherever that will be */
		lock->l_pid = 0;
		r = fcntl(fd, cmd, lock);
	} while (r == -1 && errno == EINTR);
	return r == -1 ? -1 : 0;
}

int
disk_lock(struct os *os, int fd)
{
	struct flock lock;

	(void)os;
	return lock_call(fd, F_SETLKW, F_WRLCK, &lock);
}

int
disk_lock_until_signal(struct os *os, int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	(void)os;
	return fcntl(fd, F_SETLKW, &lock) == -1 ? -1 : 0;
}

int
disk_trylock(struct os *os, int fd)
{
	struct flock lock;

	(void)os;
	if (lock_call(fd, F_SETLK, F_WRLCK, &lock) == 0)
		return 0;
	if (errno == EACCES) /* POSIX allows either */
		errno = EAGAIN;
	return -1;
}

int
disk_unlock(struct os *os, int fd)
{
	struct flock lock;

	(void)os;
	return lock_call(fd, F_SETLK, F_UNLCK, &lock);
}

pid_t
disk_holder(struct os *os, int fd)
{
	struct flock lock;

	(void)os;
	if (lock_call(fd, F_GETLK, F_WRLCK, &lock) == -1)
		return -1;
	if (lock.l_type == F_UNLCK)
		return 0;
	if (lock.l_pid <= 0) { /* held from another pid namespace or host */
		errno = ESRCH;
		return -1;
	}
	return lock.l_pid;
}

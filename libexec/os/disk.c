/*
 * disk.c - files below one directory.
 */
#ifdef __APPLE__
#define _DARWIN_C_SOURCE /* F_FULLFSYNC */
#endif

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "host.h"
#include "os.h"

int
open_at(int dir, const char *path, int flags)
{
	int fd;

	do {
		fd = openat(dir, path, flags | O_CLOEXEC, 0600);
	} while (fd == -1 && errno == EINTR);
	return fd;
}

struct os *
os_open(const char *path)
{
	struct os *os;

	if (process_stdio() == -1)
		return NULL;
	os = malloc(sizeof(*os));
	if (os == NULL)
		return NULL;
	os->dir = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	if (os->dir == -1) {
		free(os);
		return NULL;
	}
	return os;
}

void
os_close(struct os *os)
{
	if (os == NULL)
		return;
	(void)close(os->dir);
	free(os);
}

int
disk_open(struct os *os, const char *path, int flags)
{
	int how = O_RDONLY;

	if (flags & (DISK_WRITE | DISK_CREATE))
		how = O_RDWR;
	if (flags & DISK_CREATE)
		how |= O_CREAT;
	if (flags & DISK_EXCL)
		how |= O_EXCL;
	return open_at(os->dir, path, how);
}

int
disk_close(struct os *os, int fd)
{
	(void)os;

	/* Interrupted or not, the descriptor is gone: a retry could hit another. */
	if (close(fd) == -1 && errno != EINTR)
		return -1;
	return 0;
}

ssize_t
disk_read(struct os *os, int fd, void *p, size_t n, off_t off)
{
	size_t done = 0;
	ssize_t r;

	(void)os;
	while (done < n) {
		r = pread(fd, (char *)p + done, n - done, off + (off_t)done);
		if (r == 0)
			break;
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -1;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

int
disk_write(struct os *os, int fd, const void *p, size_t n, off_t off)
{
	size_t done = 0;
	ssize_t r;

	(void)os;
	while (done < n) {
		/* After a short write the next one says what was in the way. */
		r = pwrite(fd, (const char *)p + done, n - done, off + (off_t)done);
		if (r == -1 && errno == EINTR)
			continue;
		if (r == 0)
			errno = EIO;
		if (r <= 0)
			return -1;
		done += (size_t)r;
	}
	return 0;
}

int
disk_sync(struct os *os, int fd)
{
	int r;

	(void)os;
	do {
#ifdef F_FULLFSYNC
		r = fcntl(fd, F_FULLFSYNC);
#else
		r = fdatasync(fd);
#endif
	} while (r == -1 && errno == EINTR);
	return r == -1 ? -1 : 0;
}

off_t
disk_size(struct os *os, int fd)
{
	struct stat st;

	(void)os;
	return fstat(fd, &st) == -1 ? -1 : st.st_size;
}

char *
disk_slurp(struct os *os, const char *path, size_t max, size_t *len)
{
	char *text = NULL;
	ssize_t got;
	off_t size;
	int error, fd;

	fd = disk_open(os, path, DISK_READ);
	if (fd == -1)
		return NULL;
	size = disk_size(os, fd);
	if (size == -1)
		goto out;
	if ((uintmax_t)size > max) {
		errno = EFBIG;
		goto out;
	}
	text = malloc((size_t)size + 1);
	if (text == NULL)
		goto out;
	got = disk_read(os, fd, text, (size_t)size, 0);
	if (got == -1) {
		error = errno;
		free(text);
		text = NULL;
		errno = error;
		goto out;
	}
	text[got] = '\0';
	if (len != NULL)
		*len = (size_t)got;

out:
	error = errno;
	(void)disk_close(os, fd);
	errno = error;
	return text;
}

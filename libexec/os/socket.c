/*
 * socket.c - Unix sockets, wherever their names are.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"

#define PATH_FITS      sizeof(((struct sockaddr_un *)0)->sun_path)
#define CONNECT_WITHIN 5 /* seconds */

/* Closes without losing the errno that made it necessary. */
static int
give_up(int fd)
{
	int error = errno;

	(void)close(fd);
	errno = error;
	return -1;
}

static int
socket_new(void)
{
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd != -1 && fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return give_up(fd);
	return fd;
}

/* Listens at a path that fits, or connects to it. */
static int
socket_at(const char *path, int (*call)(int, const struct sockaddr_un *))
{
	struct sockaddr_un sun;
	int fd;

	if (strlen(path) >= PATH_FITS) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	memcpy(sun.sun_path, path, strlen(path));

	fd = socket_new();
	if (fd == -1)
		return -1;
	return call(fd, &sun) == -1 ? give_up(fd) : fd;
}

/* The same for a path that may be long: in its own directory the name fits. */
static int
socket_from(const char *path, int (*call)(int, const struct sockaddr_un *))
{
	const char *slash;
	char *dir;
	int back, error, fd = -1;

	slash = strrchr(path, '/');
	if (slash == NULL || strlen(path) < PATH_FITS)
		return socket_at(path, call);

	dir = strdup(path);
	if (dir == NULL)
		return -1;
	dir[slash - path + 1] = '\0';
	back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (back == -1)
		goto out;
	if (chdir(dir) == 0) {
		fd = socket_at(slash + 1, call);
		error = errno;
		if (fchdir(back) == -1)
			abort(); /* all other paths would be wrong from here */
		errno = error;
	}
	(void)give_up(back);
out:
	error = errno;
	free(dir);
	errno = error;
	return fd;
}

static int
listen_at(int fd, const struct sockaddr_un *sun)
{
	struct stat st;
	mode_t mask;
	int r;

	/* Whoever may listen here holds the node's lock: a socket is a dead one's. */
	if (lstat(sun->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    unlink(sun->sun_path) == -1)
		return -1;

	/* With the mask and not chmod(2): it is never open to others. */
	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)sun, sizeof(*sun));
	(void)umask(mask);
	if (r == -1 || listen(fd, SOMAXCONN) == -1)
		return -1;
	return wire_nonblock(fd);
}

/* Where too many wait to be accepted, Linux lets the next one wait as well. */
static int
connect_within(int fd, time_t seconds)
{
	struct timeval most = { .tv_sec = seconds };

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
}

static int
connect_at(int fd, const struct sockaddr_un *sun)
{
	int r;

	(void)connect_within(fd, CONNECT_WITHIN);
	do {
		r = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	} while (r == -1 && errno == EINTR);

	/* An interrupted connect may have gone on without us. */
	if (r == -1 && errno != EISCONN) {
		if (errno == EAGAIN)
			errno = ETIMEDOUT;
		return -1;
	}
	(void)connect_within(fd, 0);
	return 0;
}

int
wire_listen(const char *path)
{
	return socket_from(path, listen_at);
}

int
wire_connect(const char *path)
{
	return socket_from(path, connect_at);
}

int
wire_accept(int fd)
{
	int new;

	do {
		new = accept(fd, NULL, NULL);
	} while (new == -1 && errno == EINTR);
	if (new == -1)
		return -1;
	if (fcntl(new, F_SETFD, FD_CLOEXEC) == -1 || wire_nonblock(new) == -1)
		return give_up(new);
	return new;
}

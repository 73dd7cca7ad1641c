/*
 * fake.c - a leader that does what it is told.
 *
 *	fake SOCKET ACTION... [-- ACTION...]... [...]
 *
 * Each list of actions is for one caller, one after the other; "..." behind the
 * last list repeats it for ever.  Lines that are heard go to stdout.
 *
 *	say TEXT	sends a line
 *	raw TEXT	sends without a newline
 *	hear		waits for a line
 *	flood N		sends N bytes
 *	swallow		reads up to the end, and says how many bytes
 *	hang		waits until the caller is gone
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "os/os.h"

static struct buf in;

/* More of what the caller says: its size, 0 at the end, -1 on an error. */
static ssize_t
more(int fd)
{
	char *room = buf_room(&in, 65536);
	ssize_t r;

	if (room == NULL || wire_wait(fd, UINT64_MAX) == -1)
		return -1;
	r = wire_read(fd, room, 65536);
	if (r > 0)
		buf_grew(&in, (size_t)r);
	return r;
}

static void
hear(int fd)
{
	char *newline;
	size_t n;

	while (in.len == 0 || (newline = memchr(buf_head(&in), '\n', in.len)) == NULL)
		if (more(fd) <= 0)
			return;
	n = (size_t)(newline + 1 - buf_head(&in));
	(void)wire_write_all(1, buf_head(&in), n);
	buf_eat(&in, n);
}

static void
flood(int fd, size_t n)
{
	static char bytes[4096];
	size_t part;

	memset(bytes, 'f', sizeof(bytes));
	for (; n > 0; n -= part) {
		part = n < sizeof(bytes) ? n : sizeof(bytes);
		if (wire_write_all(fd, bytes, part) == -1)
			return;
	}
}

static void
swallow(int fd)
{
	size_t n = in.len;
	ssize_t r;

	buf_cut(&in, 0);
	while ((r = more(fd)) > 0) {
		n += (size_t)r;
		buf_cut(&in, 0);
	}
	(void)printf("swallowed %zu\n", n);
	(void)fflush(stdout);
}

/* Does what one caller's list says; the list behind it. */
static char **
serve(int fd, char **action)
{
	buf_cut(&in, 0);
	for (; *action != NULL && strcmp(*action, "--") != 0 &&
	     strcmp(*action, "...") != 0;
	     action++) {
		if (strcmp(*action, "say") == 0) {
			action++;
			(void)wire_write_all(fd, *action, strlen(*action));
			(void)wire_write_all(fd, "\n", 1);
		} else if (strcmp(*action, "raw") == 0) {
			action++;
			(void)wire_write_all(fd, *action, strlen(*action));
		} else if (strcmp(*action, "hear") == 0) {
			hear(fd);
		} else if (strcmp(*action, "flood") == 0) {
			flood(fd, (size_t)strtoul(*++action, NULL, 10));
		} else if (strcmp(*action, "swallow") == 0) {
			swallow(fd);
		} else if (strcmp(*action, "hang") == 0) {
			while (more(fd) > 0)
				buf_cut(&in, 0);
		} else {
			(void)fprintf(stderr, "fake: no such action: %s\n", *action);
			exit(64);
		}
	}
	return action;
}

int
main(int argc, char **argv)
{
	char **end, **list, path[4096];
	int door, fd;

	if (argc < 3 || process_on_signal(SIGPIPE, NULL) == -1)
		return 64;

	/* Whoever sees the socket can connect to it. */
	(void)snprintf(path, sizeof(path), "%s.new", argv[1]);
	door = wire_listen(path);
	if (door == -1 || rename(path, argv[1]) == -1)
		return 74;
	for (list = argv + 2;;) {
		if (wire_wait(door, UINT64_MAX) != 1)
			return 74;
		fd = wire_accept(door);
		if (fd == -1)
			return 74;
		end = serve(fd, list);
		(void)wire_close(fd);
		if (*end == NULL)
			return 0;
		if (strcmp(*end, "--") == 0)
			list = end + 1;
	}
}

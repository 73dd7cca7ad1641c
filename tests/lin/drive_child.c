/*
 * drive_child.c - a program on a node, behind two pipes.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drive.h"

#define ARGS_MAX 24u
#define GULP     4096u

/* In the child: a group of its own, so that it ends with all that it starts. */
static void
become(const char *node, const char *const *argv, const int to[2], const int from[2])
{
	const char *args[ARGS_MAX + 5] = { "sh", "-c", node, "sh" };
	size_t i;
	int null;

	null = open("/dev/null", O_WRONLY);
	if (setpgid(0, 0) == -1 || null == -1 || dup2(to[0], 0) == -1 ||
	    dup2(from[1], 1) == -1 || dup2(null, 2) == -1)
		_exit(126);
	for (i = 0; i < ARGS_MAX && argv[i] != NULL; i++)
		args[4 + i] = argv[i];
	args[4 + i] = NULL;
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)execv("/bin/sh", (char *const *)args);
	_exit(127);
}

void
child_start(struct child *c, const char *node, const char *const *argv)
{
	int to[2], from[2], i;

	if (pipe(to) == -1 || pipe(from) == -1)
		die("a pipe");
	for (i = 0; i < 2; i++)
		if (fcntl(to[i], F_SETFD, FD_CLOEXEC) == -1 ||
		    fcntl(from[i], F_SETFD, FD_CLOEXEC) == -1)
			die("a pipe");
	c->pid = fork();
	if (c->pid == -1)
		die("a process");
	if (c->pid == 0)
		become(node, argv, to, from);
	(void)setpgid(c->pid, c->pid);
	(void)close(to[0]);
	(void)close(from[1]);
	c->in = to[1];
	c->out = from[0];
	buf_cut(&c->buf, 0);
}

int
child_send(struct child *c, const char *p, size_t n)
{
	ssize_t r;

	while (n > 0) {
		r = write(c->in, p, n);
		if (r == -1 && errno != EINTR)
			return -1;
		if (r > 0) {
			p += r;
			n -= (size_t)r;
		}
	}
	return 0;
}

/* Waits until it has said more: 1, 0 or -1. */
static int
more(struct child *c, uint64_t until)
{
	struct pollfd fd = { c->out, POLLIN, 0 };
	uint64_t left = now();
	ssize_t n;
	char *room;
	int r;

	left = left < until ? (until - left) / MILLI + 1 : 0;
	r = poll(&fd, 1, (int)left);
	if (r <= 0)
		return r == -1 && errno != EINTR ? -1 : now() < until;
	room = buf_room(&c->buf, GULP);
	if (room == NULL)
		die("memory");
	n = read(c->out, room, GULP);
	if (n == -1 && errno == EINTR)
		return 1;
	if (n <= 0)
		return -1;
	buf_grew(&c->buf, (size_t)n);
	return 1;
}

int
child_line(struct child *c, uint64_t until, struct buf *line)
{
	const char *newline;
	size_t n;
	int r;

	for (;;) {
		newline = c->buf.len == 0 ? NULL :
					    memchr(buf_head(&c->buf), '\n', c->buf.len);
		if (newline != NULL)
			break;
		r = more(c, until);
		if (r != 1)
			return r;
	}
	n = (size_t)(newline - buf_head(&c->buf));
	buf_cut(line, 0);
	if (buf_add(line, buf_head(&c->buf), n) == -1)
		die("memory");
	buf_eat(&c->buf, n + 1);
	return 1;
}

void
child_end(struct child *c)
{
	if (c->pid == 0)
		return;
	(void)kill(-c->pid, SIGKILL);
	(void)close(c->in);
	(void)close(c->out);
	while (waitpid(c->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	c->pid = 0;
	buf_cut(&c->buf, 0);
}

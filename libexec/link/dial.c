/*
 * dial.c - connect to a Unix socket, make it stdin and stdout, become another
 * program.
 *
 * The listener is told who comes, in one line: "dial PID WORD ...", the words
 * of the command quoted as in core/words.h.  PID stays that of the command, so
 * that the listener can kill one whose connection has died.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/types.h"
#include "core/words.h"
#include "os/os.h"

static int
usage(int status)
{
	return usage_print("usage: dial SOCKET COMMAND [ARGUMENT ...]\n", status);
}

static int
fail(const char *verb, const char *object)
{
	(void)fprintf(stderr, "dial: cannot %s %s: %s\n", verb, object,
	    strerror(errno));
	return EXIT_DISK;
}

static int
greeting(struct buf *line, char *const argv[])
{
	if (buf_fmt(line, "dial %jd", (intmax_t)getpid()) == -1)
		return -1;
	for (; *argv != NULL; argv++)
		if (buf_str(line, " ") == -1 ||
		    words_put(line, *argv, strlen(*argv)) == -1)
			return -1;
	return buf_str(line, "\n");
}

int
main(int argc, char *argv[])
{
	struct buf line = { 0 };
	int error, fd;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(EXIT_YES);
	if (argc < 3)
		return usage(EXIT_USE);

	fd = wire_connect(argv[1]);
	if (fd == -1) {
		error = errno;
		(void)fail("connect to", argv[1]);

		/* Nobody listens: there is no leader here, and no fault. */
		if (error == ENOENT || error == ECONNREFUSED)
			return EXIT_NOLEADER;
		return EXIT_DISK;
	}
	if (greeting(&line, argv + 2) == -1)
		return fail("greet", argv[1]);
	if (process_on_signal(SIGPIPE, NULL) == -1 ||
	    wire_write_all(fd, buf_head(&line), line.len) == -1)
		return fail("greet", argv[1]);
	buf_free(&line);
	if (wire_stdio(fd) == -1)
		return fail("use", argv[1]);
	(void)process_exec(argv + 2);
	return fail("run", argv[2]);
}

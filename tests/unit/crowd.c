/*
 * crowd.c - many clients at once.
 *
 *	crowd SOCKET N REQUEST
 *
 * N connections, all open at the same time, wait for the leader's hello, ask, and
 * wait for an answer.  Says how many were answered, and how often with what, then
 * keeps all of them open until stdin ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/talk.h"
#include "os/os.h"

#define LIMIT  UINT64_C(120000000000) /* ns: no more comes of it */
#define EVENTS 256

struct one {
	int fd;
	int over;
	struct talk talk;
};

static struct loop *loop;
static const char *request;
static size_t answered, yes, broken;

static void
over(struct one *o, int how)
{
	o->over = 1;
	answered += how != -1;
	yes += how == 0;
	broken += how == -1;
	(void)loop_mod(loop, o->fd, 0, o);
}

/* Takes what has come. */
static void
input(struct one *o)
{
	enum talk_event event;
	char *room = buf_room(&o->talk.in, 4096);
	ssize_t n;

	if (room == NULL)
		exit(EXIT_DISK);
	n = wire_read(o->fd, room, 4096);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0) {
		over(o, -1);
		return;
	}
	buf_grew(&o->talk.in, (size_t)n);
	while (!o->over && talk_take(&o->talk, &event) == 0 && event != TALK_MORE) {
		if (event == TALK_HELLO &&
		    (wire_write_all(o->fd, request, strlen(request)) == -1 ||
			wire_write_all(o->fd, "\n", 1) == -1))
			over(o, -1);
		if (event == TALK_LINE || event == TALK_BROKEN)
			over(o, event == TALK_LINE ? talk_status(&o->talk) : -1);
	}
}

int
main(int argc, char **argv)
{
	size_t count = argc == 4 ? strtoul(argv[2], NULL, 10) : 0, i;
	uint64_t end = clock_now(NULL) + LIMIT;
	struct loop_event event[EVENTS];
	struct one *crowd;
	char rest[512];
	int n;

	loop = loop_new();
	if (count == 0 || loop == NULL)
		return EXIT_USE;
	crowd = calloc(count, sizeof(*crowd));
	if (crowd == NULL)
		return EXIT_DISK;
	(void)process_on_signal(SIGPIPE, NULL);
	(void)process_fd_limit();
	request = argv[3];
	for (i = 0; i < count; i++) {
		crowd[i].fd = wire_connect(argv[1]);
		if (crowd[i].fd == -1 || wire_nonblock(crowd[i].fd) == -1 ||
		    loop_add(loop, crowd[i].fd, LOOP_READ, &crowd[i]) == -1) {
			(void)fprintf(stderr, "crowd: client %zu: %s\n", i + 1,
			    strerror(errno));
			exit(EXIT_DISK);
		}
	}
	while (answered + broken < count && clock_now(NULL) < end) {
		n = loop_wait(loop, event, EVENTS, UINT64_C(1000000000));
		while (n-- > 0)
			if (!((struct one *)event[n].arg)->over)
				input(event[n].arg);
	}
	(void)printf("%zu answered, %zu yes, %zu broken, of %zu\n", answered, yes,
	    broken, count);
	(void)fflush(stdout);
	while (wire_read(0, rest, sizeof(rest)) > 0)
		continue;
	free(crowd);
	return 0;
}

/*
 * door.c - a few connections at a time; whoever does not read misses what is told.
 */
#include "door.h"

#include <errno.h>
#include <string.h>

#include "watch.h"

#define GUESTS 16u
#define WORD   64u /* bytes of a question */

struct guest {
	struct watch watch;
	int fd;     /* -1: nobody */
	int stays;  /* it is told what goes on */
	size_t len; /* of word */
	char word[WORD];
};

static struct {
	struct watch watch;
	struct loop *loop;
	int fd;
	door_ask *ask;
	void *arg;
	struct guest guest[GUESTS];
} door;

static void
guest_leave(struct guest *g)
{
	(void)loop_del(door.loop, g->fd);
	(void)wire_close(g->fd);
	g->fd = -1;
}

static void
guest_answer(struct guest *g)
{
	struct buf b = { 0 };

	g->stays = door.ask(door.arg, g->word, &b);
	if (b.len > 0 && wire_write(g->fd, buf_head(&b), b.len) == -1)
		g->stays = 0;
	buf_free(&b);
	if (!g->stays)
		guest_leave(g);
}

static void
guest_ready(struct watch *watch)
{
	struct guest *g = (struct guest *)watch;
	ssize_t n = wire_read(g->fd, g->word + g->len, WORD - g->len);
	char *newline;

	if (n == -1 && errno == EAGAIN)
		return;
	if (n > 0)
		g->len += (size_t)n;
	newline = n <= 0 || g->stays ? NULL : memchr(g->word, '\n', g->len);
	if (newline != NULL) {
		*newline = '\0';
		g->len = 0;
		guest_answer(g);
	} else if (n <= 0 || g->len == WORD || g->stays) {
		guest_leave(g);
	}
}

static void
door_ready(struct watch *watch)
{
	int fd = wire_accept(door.fd);
	size_t i;

	(void)watch;
	if (fd == -1)
		return;
	for (i = 0; i < GUESTS; i++)
		if (door.guest[i].fd == -1)
			break;
	if (i == GUESTS || loop_add(door.loop, fd, LOOP_READ, &door.guest[i]) == -1) {
		(void)wire_close(fd);
		return;
	}
	door.guest[i].fd = fd;
	door.guest[i].len = 0;
	door.guest[i].stays = 0;
}

int
door_open(const char *path, struct loop *loop, door_ask *ask, void *arg)
{
	size_t i;

	door.watch.ready = door_ready;
	door.loop = loop;
	door.ask = ask;
	door.arg = arg;
	for (i = 0; i < GUESTS; i++) {
		door.guest[i].watch.ready = guest_ready;
		door.guest[i].fd = -1;
	}
	door.fd = wire_listen(path);
	return door.fd == -1 ? -1 : loop_add(loop, door.fd, LOOP_READ, &door.watch);
}

void
door_tell(const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < GUESTS; i++)
		if (door.guest[i].fd != -1 && door.guest[i].stays &&
		    (wire_write(door.guest[i].fd, text, n) == -1 ||
			wire_write(door.guest[i].fd, "\n", 1) == -1))
			guest_leave(&door.guest[i]);
}

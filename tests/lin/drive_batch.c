/*
 * drive_batch.c - a client with several requests under way: lite-raft-client
 * batch, which is killed now and then.
 */
#include <stdlib.h>
#include <string.h>

#include "drive.h"

#define WINDOW 6u
#define KILLED 3u /* in a thousand requests */

struct batch {
	struct self *self;
	struct child child;
	struct request asked[WINDOW]; /* the first is answered next */
	size_t n;
};

static void
start(struct batch *b)
{
	const char *argv[] = { "./lite-raft-client", "--timeout", NULL, "batch", NULL };
	const struct drive *d = b->self->drive;
	struct buf patience = { 0 };

	if (buf_fmt(&patience, "%d", (int)((d->patience + SECOND - 1) / SECOND)) ==
		-1 ||
	    buf_add(&patience, "", 1) == -1)
		die("memory");
	argv[2] = buf_head(&patience);
	child_start(&b->child, d->node[below(b->self, d->nodes)], argv);
	buf_free(&patience);
}

static void
ask(struct batch *b)
{
	struct request *q = &b->asked[b->n++];

	request_make(b->self, q);
	if (child_send(&b->child, buf_head(&q->text), q->text.len) == 0)
		(void)child_send(&b->child, "\n", 1);
}

/* It is over; what was not answered may be done, or be done yet. */
static void
end(struct batch *b)
{
	size_t i;

	child_end(&b->child);
	for (i = 0; i < b->n; i++)
		request_ends(b->self, &b->asked[i], NULL, 0);
	b->n = 0;
}

void
client_batch(struct self *s)
{
	struct batch b = { 0 };
	struct buf line = { 0 };
	uint64_t silent;

	b.self = s;
	silent = now();
	while (goes_on(s) || b.n > 0) {
		if (b.child.pid == 0) {
			start(&b);
			silent = now();
		}
		while (goes_on(s) && b.n < WINDOW && (b.n == 0 || below(s, 3) > 0))
			ask(&b);
		if (b.n == 0)
			break;
		switch (child_line(&b.child, now() + s->drive->pause, &line)) {
		case 1:
			silent = now();
			request_ends(s, &b.asked[0], buf_head(&line), line.len);
			memmove(b.asked, b.asked + 1, --b.n * sizeof(b.asked[0]));
			break;
		case 0:
			if (now() - silent > s->drive->patience + 3 * SECOND)
				end(&b);
			continue;
		default:
			end(&b);
			break;
		}
		if (below(s, 1000) < KILLED)
			end(&b);
		rest(s);
	}
	end(&b);
	buf_free(&line);
	buf_free(&b.child.buf);
}

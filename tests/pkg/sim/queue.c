/*
 * queue.c - what is to happen, by time, and at one time in the order in which it was put.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

uint64_t now;
static struct event *heap;
static size_t n, room;
static uint64_t order;

void
queue_clear(void)
{
	n = 0;
	order = 0;
	now = 0;
}

static int
before(const struct event *a, const struct event *b)
{
	return a->t != b->t ? a->t < b->t : a->order < b->order;
}

void
at(uint64_t t, enum event_kind what, unsigned h, uint32_t gen, uint64_t number)
{
	struct event e = { t < now ? now : t, ++order, what, h, gen, number };
	size_t i, up;

	if (t == NEVER)
		return;
	if (n == room) {
		room = room * 2 + 64;
		heap = realloc(heap, room * sizeof(*heap));
		if (heap == NULL) {
			perror("sim");
			exit(74);
		}
	}
	for (i = n++; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!before(&e, &heap[up]))
			break;
		heap[i] = heap[up];
	}
	heap[i] = e;
}

int
queue_next(struct event *e)
{
	struct event last;
	size_t i = 0, child;

	if (n == 0)
		return 0;
	*e = heap[0];
	last = heap[--n];
	for (;;) {
		child = 2 * i + 1;
		if (child >= n)
			break;
		if (child + 1 < n && before(&heap[child + 1], &heap[child]))
			child++;
		if (!before(&heap[child], &last))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	now = e->t;
	return 1;
}

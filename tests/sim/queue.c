/*
 * queue.c - a binary heap of events: see queue.h.
 */
#include <stddef.h>

#include "queue.h"
#include "sim.h"

struct event {
	uint64_t at;
	uint64_t turn;
	act *act;
	void *arg;
	uint64_t number;
};

static struct event *heap;
static size_t events;
static size_t room;
static uint64_t turns;

static int
before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->turn < b->turn;
}

void
queue_put(uint64_t at, act *what, void *arg, uint64_t number)
{
	struct event e = { at, turns++, what, arg, number };
	size_t i, up;

	if (e.at < sim_time())
		e.at = sim_time();
	if (events == room) {
		room = room > 0 ? 2 * room : 256;
		heap = sim_grow(heap, room * sizeof(*heap));
	}
	for (i = events++; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!before(&e, &heap[up]))
			break;
		heap[i] = heap[up];
	}
	heap[i] = e;
}

void
queue_in(uint64_t delay, act *what, void *arg, uint64_t number)
{
	queue_put(sim_time() + delay, what, arg, number);
}

static struct event
take_first(void)
{
	struct event first = heap[0], last = heap[--events];
	size_t child, i;

	for (i = 0; (child = 2 * i + 1) < events; i = child) {
		if (child + 1 < events && before(&heap[child + 1], &heap[child]))
			child++;
		if (!before(&heap[child], &last))
			break;
		heap[i] = heap[child];
	}
	heap[i] = last;
	return first;
}

int
queue_step(uint64_t end)
{
	struct event e;

	if (events == 0 || heap[0].at > end)
		return 0;
	e = take_first();
	sim_set_time(e.at);
	e.act(e.arg, e.number);
	return 1;
}

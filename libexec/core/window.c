/*
 * window.c - request ids: a ring in the order of their indexes, and chains of
 * equal hashes through it.
 */
#include "window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST 64u /* ids */
#define LARGEST  (UINT32_C(1) << 30)

static uint32_t *
chain_of(const struct window *w, const struct request_id *id)
{
	uint64_t hash = id->random ^ id->random >> 32;

	return &w->chain[(uint32_t)hash & (w->cap - 1)];
}

/* Forgets what stands before index. */
static void
forget_before(struct window *w, uint64_t index)
{
	struct seen *oldest;
	uint32_t *link;

	while (w->n > 0 && w->ring[w->first].index < index) {
		oldest = &w->ring[w->first];
		link = chain_of(w, &oldest->id);
		while (*link != w->first + 1)
			link = &w->ring[*link - 1].next;
		*link = 0; /* a chain's oldest is its last */
		w->first = (w->first + 1) & (w->cap - 1);
		w->n--;
	}
}

const struct seen *
window_find(struct window *w, uint64_t index, const struct request_id *id)
{
	const struct seen *s;
	uint32_t at;

	forget_before(w, index > w->size ? index - w->size : 0);
	if (w->n == 0)
		return NULL;
	for (at = *chain_of(w, id); at != 0; at = s->next) {
		s = &w->ring[at - 1];
		if (s->id.random == id->random && s->id.base == id->base)
			return s;
	}
	return NULL;
}

static void
chain_in(struct window *w, uint32_t at)
{
	uint32_t *link = chain_of(w, &w->ring[at].id);

	w->ring[at].next = *link;
	*link = at + 1;
}

int
window_room(struct window *w, uint64_t n)
{
	struct window larger = *w;
	uint32_t i;

	if (n <= w->cap)
		return 0;
	if (n > LARGEST) {
		errno = ENOMEM;
		return -1;
	}
	while (larger.cap < n)
		larger.cap = larger.cap == 0 ? SMALLEST : larger.cap * 2;
	larger.ring = calloc(larger.cap, sizeof(*larger.ring));
	larger.chain = calloc(larger.cap, sizeof(*larger.chain));
	if (larger.ring == NULL || larger.chain == NULL) {
		free(larger.ring);
		free(larger.chain);
		return -1;
	}
	larger.first = 0;
	for (i = 0; i < w->n; i++) {
		larger.ring[i] = w->ring[(w->first + i) & (w->cap - 1)];
		chain_in(&larger, i);
	}
	window_free(w);
	*w = larger;
	return 0;
}

int
window_add(struct window *w, uint64_t index, const struct request_id *id, int outcome)
{
	struct seen *s;
	uint32_t at;

	/* Whoever asks next asks at a higher index. */
	forget_before(w, index >= w->size ? index + 1 - w->size : 0);
	if (window_room(w, (uint64_t)w->n + 1) == -1)
		return -1;
	at = (w->first + w->n) & (w->cap - 1);
	s = &w->ring[at];
	s->id = *id;
	s->index = index;
	s->outcome = outcome;
	w->n++;
	chain_in(w, at);
	return 0;
}

int
window_each(const struct window *w, uint64_t index,
    int (*visit)(void *, const struct seen *), void *arg)
{
	const struct seen *s;
	uint32_t i;
	int r = 0;

	for (i = 0; i < w->n && r == 0; i++) {
		s = &w->ring[(w->first + i) & (w->cap - 1)];
		if (s->index + w->size >= index)
			r = visit(arg, s);
	}
	return r;
}

void
window_free(struct window *w)
{
	uint64_t size = w->size;

	free(w->ring);
	free(w->chain);
	memset(w, 0, sizeof(*w));
	w->size = size;
}

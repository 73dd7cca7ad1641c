/*
 * names.c - a number for each string of bytes, from 1 on.
 */
#include <stdlib.h>
#include <string.h>

#include "core/crc.h"
#include "inside.h"

static int
same(struct bytes a, const char *p, size_t n)
{
	return a.len == n && (n == 0 || memcmp(a.at, p, n) == 0);
}

/* Where in the table this name is, or would be. */
static size_t
slot_of(const struct names *s, const char *p, size_t n)
{
	size_t at = crc32c(0, p, n) & (s->slots - 1);

	while (s->slot[at] != 0 && !same(s->name[s->slot[at]], p, n))
		at = (at + 1) & (s->slots - 1);
	return at;
}

/* Room for one more: 0, or -1. */
static int
names_grow(struct names *s)
{
	struct names bigger = *s;
	size_t i;

	if (s->n + 1 >= s->cap) {
		bigger.cap = s->cap == 0 ? 64 : 2 * s->cap;
		bigger.name = realloc(s->name, bigger.cap * sizeof(*s->name));
		if (bigger.name == NULL)
			return -1;
		s->name = bigger.name;
		s->cap = bigger.cap;
	}
	if (2 * (s->n + 1) < s->slots)
		return 0;
	bigger.slots = s->slots == 0 ? 128 : 2 * s->slots;
	bigger.slot = calloc(bigger.slots, sizeof(*s->slot));
	if (bigger.slot == NULL)
		return -1;
	for (i = 1; i <= s->n; i++)
		bigger.slot[slot_of(&bigger, s->name[i].at, s->name[i].len)] =
		    (uint32_t)i;
	free(s->slot);
	s->slot = bigger.slot;
	s->slots = bigger.slots;
	return 0;
}

uint32_t
names_number(struct names *s, const char *p, size_t n)
{
	size_t at;
	char *copy;

	if (names_grow(s) == -1)
		return 0;
	at = slot_of(s, p, n);
	if (s->slot[at] != 0)
		return s->slot[at];
	copy = malloc(n + 1);
	if (copy == NULL)
		return 0;
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	s->n++;
	s->name[s->n].at = copy;
	s->name[s->n].len = n;
	s->slot[at] = (uint32_t)s->n;
	return s->slot[at];
}

void
names_free(struct names *s)
{
	size_t i;

	for (i = 1; i <= s->n; i++)
		free((void *)s->name[i].at);
	free(s->name);
	free(s->slot);
	memset(s, 0, sizeof(*s));
}

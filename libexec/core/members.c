/*
 * members.c - a configuration: see members.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crc.h"
#include "members.h"
#include "num.h"

static int
id_valid(const char *id, size_t n)
{
	uint64_t x;

	return n == ID_DIGITS && num_hex(id, n, &x) == 0;
}

static int
id_taken(const struct members *m, const char *id)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (strcmp(m->who[i].id, id) == 0)
			return 1;
	return 0;
}

static const char *const part_names[] = { "member", "joining", "leaving", "learner",
	"entering" };

const char *
part_name(enum part part)
{
	return part_names[part];
}

static int
part_parse(const char *word, size_t n, enum part *part)
{
	size_t i;

	for (i = 0; i < sizeof(part_names) / sizeof(part_names[0]); i++)
		if (strlen(part_names[i]) == n && memcmp(part_names[i], word, n) == 0) {
			*part = (enum part)i;
			return 0;
		}
	return -1;
}

/* One line, without its newline, as the next member: 0, or -1. */
static int
line_parse(struct members *m, const char *p, size_t n)
{
	const char *blank, *end = p + n;
	struct who *w = &m->who[m->n];

	blank = memchr(p, ' ', n);
	if (m->n == MEMBERS_MAX || blank == NULL ||
	    part_parse(p, (size_t)(blank - p), &m->part[m->n]) == -1)
		return -1;
	p = blank + 1;
	blank = memchr(p, ' ', (size_t)(end - p));
	if (blank == NULL || !name_valid(p, (size_t)(blank - p)) ||
	    !id_valid(blank + 1, (size_t)(end - blank - 1)))
		return -1;
	memcpy(w->name, p, (size_t)(blank - p));
	w->name[blank - p] = '\0';
	memcpy(w->id, blank + 1, ID_DIGITS);
	w->id[ID_DIGITS] = '\0';
	if (id_taken(m, w->id) || (m->n > 0 && strcmp(w[-1].name, w->name) >= 0))
		return -1;
	m->n++;
	return 0;
}

/* 1 if the node at this place is a voter of the old, or of the new configuration. */
static int
votes_in_old(const struct members *m, size_t i)
{
	return m->part[i] == PART_MEMBER || m->part[i] == PART_LEAVING;
}

static int
votes_in_new(const struct members *m, size_t i)
{
	return m->part[i] == PART_MEMBER || m->part[i] == PART_JOINING;
}

int
members_votes(const struct members *m, size_t i)
{
	return votes_in_old(m, i) || votes_in_new(m, i);
}

int
members_parse(struct members *m, const char *p, size_t n)
{
	const char *end = p + n, *newline;
	size_t i, old = 0, new = 0;

	m->n = 0;
	for (; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL || line_parse(m, p, (size_t)(newline - p)) == -1)
			return -1;
	}
	for (i = 0; i < m->n; i++) {
		old += (size_t)votes_in_old(m, i);
		new += (size_t)votes_in_new(m, i);
	}
	return old > 0 && new > 0 ? 0 : -1;
}

int
members_print(const struct members *m, struct buf *b)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (buf_fmt(b, "%s %s %s\n", part_name(m->part[i]), m->who[i].name,
			m->who[i].id) == -1)
			return -1;
	return 0;
}

int
members_equal(const struct members *a, const struct members *b)
{
	size_t i;

	if (a->index != b->index || a->n != b->n)
		return 0;
	for (i = 0; i < a->n; i++)
		if (a->part[i] != b->part[i] ||
		    strcmp(a->who[i].name, b->who[i].name) != 0 ||
		    strcmp(a->who[i].id, b->who[i].id) != 0)
			return 0;
	return 1;
}

int
members_find(const struct members *m, const char *name, const char *id)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (strcmp(m->who[i].name, name) == 0 &&
		    (id == NULL || strcmp(m->who[i].id, id) == 0))
			return (int)i;
	return -1;
}

int
members_add(struct members *m, const char *name, const char *id)
{
	size_t i;

	if (m->n == MEMBERS_MAX || !name_valid(name, strlen(name)) ||
	    !id_valid(id, strlen(id)) || id_taken(m, id))
		return -1;
	for (i = m->n; i > 0 && strcmp(m->who[i - 1].name, name) > 0; i--)
		continue;
	if (i > 0 && strcmp(m->who[i - 1].name, name) == 0)
		return -1;
	memmove(&m->who[i + 1], &m->who[i], (m->n - i) * sizeof(m->who[0]));
	memmove(&m->part[i + 1], &m->part[i], (m->n - i) * sizeof(m->part[0]));
	memcpy(m->who[i].name, name, strlen(name) + 1);
	memcpy(m->who[i].id, id, strlen(id) + 1);
	m->part[i] = PART_MEMBER;
	m->n++;
	return 0;
}

void
members_remove(struct members *m, size_t i)
{
	m->n--;
	memmove(&m->who[i], &m->who[i + 1], (m->n - i) * sizeof(m->who[0]));
	memmove(&m->part[i], &m->part[i + 1], (m->n - i) * sizeof(m->part[0]));
}

int
members_joint(const struct members *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (m->part[i] == PART_JOINING || m->part[i] == PART_LEAVING)
			return 1;
	return 0;
}

int
members_quorum(const struct members *m, const char yes[MEMBERS_MAX])
{
	size_t i, old = 0, old_yes = 0, new = 0, new_yes = 0;

	for (i = 0; i < m->n; i++) {
		old += (size_t)votes_in_old(m, i);
		new += (size_t)votes_in_new(m, i);
		old_yes += yes[i] != 0 && votes_in_old(m, i);
		new_yes += yes[i] != 0 && votes_in_new(m, i);
	}
	return old_yes > old / 2 && new_yes > new / 2;
}

void
members_digest(const struct members *m, char id[ID_DIGITS + 1])
{
	uint32_t high = 0, low = UINT32_MAX;
	size_t i;

	/* Two CRCs over the same pairs, the second with the ids before the names. */
	for (i = 0; i < m->n; i++) {
		high = crc32c(high, m->who[i].name, strlen(m->who[i].name) + 1);
		high = crc32c(high, m->who[i].id, ID_DIGITS);
		low = crc32c(low, m->who[i].id, ID_DIGITS);
		low = crc32c(low, m->who[i].name, strlen(m->who[i].name) + 1);
	}
	(void)snprintf(id, ID_DIGITS + 1, "%08" PRIx32 "%08" PRIx32, high, low);
}

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

int
members_parse(struct members *m, const char *p, size_t n)
{
	static const char key[] = "member ";
	const size_t keylen = sizeof(key) - 1;
	const char *blank, *end = p + n, *newline;
	struct who *w;

	m->n = 0;
	while (p < end) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL || m->n == MEMBERS_MAX ||
		    (size_t)(newline - p) < keylen || memcmp(p, key, keylen) != 0)
			return -1;
		p += keylen;
		blank = memchr(p, ' ', (size_t)(newline - p));
		if (blank == NULL || !name_valid(p, (size_t)(blank - p)) ||
		    !id_valid(blank + 1, (size_t)(newline - blank - 1)))
			return -1;
		w = &m->who[m->n];
		memcpy(w->name, p, (size_t)(blank - p));
		w->name[blank - p] = '\0';
		memcpy(w->id, blank + 1, ID_DIGITS);
		w->id[ID_DIGITS] = '\0';
		if (id_taken(m, w->id) ||
		    (m->n > 0 && strcmp(w[-1].name, w->name) >= 0))
			return -1;
		m->n++;
		p = newline + 1;
	}
	return m->n > 0 ? 0 : -1;
}

int
members_print(const struct members *m, struct buf *b)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (buf_fmt(b, "member %s %s\n", m->who[i].name, m->who[i].id) == -1)
			return -1;
	return 0;
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
		m->who[i] = m->who[i - 1];
	if (i > 0 && strcmp(m->who[i - 1].name, name) == 0) {
		memmove(&m->who[i], &m->who[i + 1], (m->n - i) * sizeof(m->who[0]));
		return -1;
	}
	memcpy(m->who[i].name, name, strlen(name) + 1);
	memcpy(m->who[i].id, id, strlen(id) + 1);
	m->n++;
	return 0;
}

int
members_majority(const struct members *m, size_t n)
{
	return n > m->n / 2;
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

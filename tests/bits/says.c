/*
 * says.c - whether a node says which file is not what it was, and where.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/must.h"
#include "bits.h"
#include "core/snapshot.h"

#define MESSAGES  "message-log/node.log"
#define SLOT      4096u /* bytes between the two copies of the term */
#define TEXT_SIZE (PATH_LENGTH + 64u)
#define NOWHERE   SIZE_MAX

/* What it was; NULL: it was not there. */
static const struct image *
image_before(const struct truth *t, const char *path)
{
	size_t i;

	for (i = 0; i < t->files; i++)
		if (strcmp(t->file[i].path, path) == 0)
			return &t->file[i];
	return NULL;
}

/* The first byte from which on it has lost something; NOWHERE: it has not. */
static size_t
lost_from(const struct image *was, const struct image *m, size_t from)
{
	size_t i;

	for (i = from; i < was->n; i++)
		if (was->p[i] != 0 && (i >= m->n || m->p[i] != was->p[i]))
			return i;
	return NOWHERE;
}

/* The first index of a segment. */
static size_t
segment_first(const struct image *m)
{
	return (size_t)strtoul(strrchr(m->path, '/') + 1, NULL, 10);
}

/* 1 if it is the log's first segment. */
static int
is_first(const struct truth *t, const struct image *m)
{
	size_t i;

	if (strncmp(m->path, "state/log/", 10) != 0)
		return 0;
	for (i = 0; i < t->files; i++)
		if (strncmp(t->file[i].path, "state/log/", 10) == 0 &&
		    strcmp(t->file[i].path, m->path) < 0)
			return 0;
	return 1;
}

int
matters(const struct truth *t, const struct image *m)
{
	const struct image *was = image_before(t, m->path);

	/* What stands before a snapshot's end is not needed any more; and a file that
	 * was just made has nothing in it. */
	if (m->p == NULL && t->snap != 0 && is_first(t, m))
		return 0;
	if (strncmp(m->path, "state/seen.", 11) == 0 && (m->p == NULL || m->n == 0))
		return 0;
	return was == NULL || m->p == NULL || lost_from(was, m, 0) != NOWHERE;
}

int
is_flipped(const struct truth *t, const struct image *m)
{
	const struct image *was = image_before(t, m->path);
	size_t i, others = 0, zeros = 0;

	if (was == NULL || m->p == NULL || was->n != m->n)
		return 0;
	for (i = 0; i < m->n; i++) {
		others += m->p[i] != was->p[i];
		zeros += m->p[i] != was->p[i] && m->p[i] == 0;
	}
	return others == 1 && zeros == 0;
}

/* --- what is to be read ---------------------------------------------------------- */

/* 1 if the text has these words, and no more digits behind them. */
static int
has(const char *text, const char *words)
{
	const char *p = text;

	while ((p = strstr(p, words)) != NULL) {
		p += strlen(words);
		if (!isdigit((unsigned char)*p))
			return 1;
	}
	return 0;
}

static int
has_at(const char *text, const char *path, const char *at, size_t byte)
{
	char words[TEXT_SIZE];

	(void)snprintf(words, sizeof(words), "%s%s at byte %zu", path, at, byte);
	return has(text, words);
}

/* The record that begins there in the segment; a missing one has but its index. */
static int
names_record(const char *text, const struct truth *t, const struct image *was,
    const struct image *m)
{
	const size_t first = segment_first(m), lost = lost_from(was, m, 0);
	char words[TEXT_SIZE];
	size_t i = first;

	if (m->p == NULL) {
		(void)snprintf(words, sizeof(words), "index %zu in state/log", first);
		return strstr(text, words) != NULL;
	}
	while (i < t->tail && t->at[i + 1] - t->at[first] <= lost)
		i++;
	return has_at(text, m->path, "", t->at[i] - t->at[first]);
}

/* Its directory, and the file in it; of the data, the block as well, or the list. */
static int
names_piece(const char *text, const struct truth *t, const struct image *was,
    const struct image *m)
{
	const char *file = strrchr(m->path, '/') + 1;
	char dir[PATH_LENGTH], manifest[PATH_LENGTH], words[TEXT_SIZE], *copy;
	const struct image *is;
	struct manifest now;
	struct block k;
	size_t at, lost, used;

	(void)snprintf(dir, sizeof(dir), "%.*s", (int)(file - 1 - m->path), m->path);
	if (strcmp(file, "manifest") == 0)
		return strstr(text, dir) != NULL && strstr(text, file) != NULL;
	(void)snprintf(words, sizeof(words), "cannot read %s: ", m->path);
	if (strcmp(file, "data") != 0 || m->p == NULL || m->n != was->n)
		return strstr(text, words) != NULL;
	(void)snprintf(manifest, sizeof(manifest), "%.100s/manifest", dir);
	is = image_before(t, manifest);
	MUST(is != NULL);
	copy = calloc(1, is->n + 1);
	MUST(copy != NULL);
	memcpy(copy, is->p, is->n);
	MUST(manifest_parse(&now, copy, is->n) == 0);
	free(copy);
	if (lost_from(was, m, (size_t)now.offset) != NOWHERE)
		return has_at(text, m->path, ": damaged", (size_t)now.offset);
	lost = lost_from(was, m, 0);
	for (at = (size_t)now.offset; at < was->n; at += used) {
		used = block_take(was->p + at, was->n - at, &k);
		MUST(used > 0);
		if (lost >= k.offset && lost < k.offset + k.length)
			return has_at(text, m->path, ": damaged", (size_t)k.offset);
	}
	return 0;
}

int
names(const char *text, const struct truth *t, const struct image *m)
{
	const struct image *was = image_before(t, m->path);

	MUST(was != NULL);
	if (strncmp(m->path, "state/log/", 10) == 0)
		return names_record(text, t, was, m);
	if (strncmp(m->path, "state/snapshot/", 15) == 0)
		return names_piece(text, t, was, m);
	/* What has one line has one place. */
	if (strcmp(m->path, "state/term") != 0 || m->p == NULL ||
	    strstr(text, "state/term: both copies are damaged") != NULL)
		return strstr(text, m->path) != NULL;
	return has_at(text, m->path, "", lost_from(was, m, 0) < SLOT ? 0 : SLOT);
}

int
noted(struct os *os, const struct truth *t, const struct image *m)
{
	char *text = disk_slurp(os, MESSAGES, 1u << 20, NULL);
	const int there = text != NULL && names(text, t, m);

	free(text);
	return there;
}

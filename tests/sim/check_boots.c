/*
 * check_boots.c - what nodes remember of one another's starts: see check.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/crc.h"
#include "core/num.h"
#include "core/words.h"
#include "sim.h"
#include "watched.h"

#define SEEN "lite-raft-seen 1 "

static const struct watched *copy; /* one disk is, in a run; NULL */

/* lite-raft-seen 1 BOOTS CRC: 0, or -1: it is damaged. */
static int
seen_image(const struct inode *f, enum image image, uint64_t *boots)
{
	const size_t len = sizeof(SEEN) - 1;
	const char *p;
	uint64_t crc;
	size_t n;

	p = (const char *)inode_bytes(f, image, &n);
	*boots = 0;
	if (n == 0)
		return 0;
	return n == len + 16 + 10 && memcmp(p, SEEN, len) == 0 &&
		num_u64(p + len, 16, NUMBER_MAX, boots) == 0 && p[len + 16] == ' ' &&
		num_hex(p + len + 17, 8, &crc) == 0 && crc == crc32c(0, p, len + 16) &&
		p[n - 1] == '\n' ?
	    0 :
	    -1;
}

/* As a loss of power would leave it; 0: nothing. */
static uint64_t
remembered(const struct watched *w, const char *id)
{
	struct inode *f;
	uint64_t boots;
	char path[40];

	(void)snprintf(path, sizeof(path), "state/seen.%s", id);
	f = machine_find(w->machine, path, IMAGE_DISK);
	return f != NULL && seen_image(f, IMAGE_DISK, &boots) == 0 ? boots : 0;
}

void
check_told(size_t number, const char *id, uint64_t boots, uint64_t seen)
{
	struct watched *w = watched_of(number);
	const struct watched *of = watched_by_id(id);

	if (of == NULL)
		violation("BOOTS", "nobody knows %s, who tells %s of a start", id,
		    w->name);
	checks++;
	if (boots > seen && remembered(w, id) < boots)
		violation("BOOTS",
		    "%s answers start %" PRIu64 " of %s, and its disk says %" PRIu64,
		    w->name, boots, of->name, remembered(w, id));
	if (seen < w->told[of->slot])
		violation("BOOTS",
		    "%s was told of start %" PRIu64 " of %s, and speaks of %" PRIu64,
		    w->name, w->told[of->slot], of->name, seen);
	/* What it could not write once it may know, and forget. */
	if (boots > seen)
		w->told[of->slot] = boots;
}

void
check_forgets(size_t number, const char *id)
{
	const struct watched *of = watched_by_id(id);

	if (of != NULL)
		watched_of(number)->told[of->slot] = 0;
	if (of != NULL && of == copy)
		watched_of(number)->better = 0;
}

void
check_forgotten(size_t number)
{
	const struct watched *w = watched_of(number);
	struct inode *dir = machine_find(w->machine, "state", IMAGE_CACHE);
	const char *const *names;
	const size_t count = inode_names(dir, IMAGE_CACHE, &names);
	uint64_t boots;
	size_t i;

	for (i = 0; i < count; i++)
		if (strncmp(names[i], "seen.", 5) == 0 &&
		    seen_image(inode_child(dir, IMAGE_CACHE, names[i]), IMAGE_CACHE,
			&boots) == -1)
			violation("BOOTS", "%s starts, and state/%s is damaged",
			    w->name, names[i]);
}

/* lite-raft-node 1 NAME ID CLUSTER STANDING BOOTS CRC */
uint64_t
check_boots(size_t number)
{
	struct inode *f = machine_find(watched_of(number)->machine, "state/node",
	    IMAGE_DISK);
	struct words w = { 0 };
	uint64_t boots = 0;
	const char *p, *newline, *why;
	size_t n;

	if (f == NULL)
		return 0;
	p = (const char *)inode_bytes(f, IMAGE_DISK, &n);
	newline = n > 0 ? memchr(p, '\n', n) : NULL;
	if (newline != NULL && words_parse(&w, p, (size_t)(newline - p), &why) == 0 &&
	    w.n == 8)
		(void)num_u64(w.word[6].bytes, w.word[6].len, NUMBER_MAX, &boots);
	words_free(&w);
	return boots;
}

size_t
check_know_later(size_t number, uint64_t boots)
{
	const size_t slot = watched_of(number)->slot;
	size_t i, n = 0;

	for (i = 0; i < watched_count; i++)
		n += watched[i].told[slot] > boots;
	return n;
}

void
check_put_back(size_t number, uint64_t boots)
{
	struct watched *w = watched_of(number);
	size_t i;

	copy = w;
	for (i = 0; i < watched_count; i++)
		watched[i].better = watched[i].told[w->slot] > boots;
	memset(w->told, 0, sizeof(w->told));
	/* What it has said is forgotten, and it is to say nothing more. */
	w->said = 0;
	check_rotten(number);
	check_snaps_anew(w);
}

int
check_knows_better(size_t number, size_t other)
{
	return watched_of(number) == copy && watched_of(other)->better;
}

/*
 * snapshot.c - a snapshot's files: see snapshot.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crc.h"
#include "num.h"
#include "seal.h"
#include "snapshot.h"

#define MAGIC  "lite-raft-snapshot 1 "
#define FIELDS 13u

/* The longest line before an item or in the list of blocks. */
#define LINE_MAX_BYTES 64u

int
manifest_print(const struct manifest *m, struct buf *b)
{
	struct buf body = { 0 };
	int r;

	r = members_print(&m->members, &body);
	if (r == 0)
		r = buf_fmt(b,
		    MAGIC "%" PRIu64 " %" PRIu64 " %08" PRIx32 " %" PRIu64 " %" PRIu64
			  " %" PRIu64 " %" PRIu64 " %08" PRIx32 " %" PRIu64
			  " %08" PRIx32 " %" PRIu64 " %zu %08" PRIx32,
		    m->index, m->term, m->chain, m->keys, m->blocks, m->offset, m->data,
		    m->blocks_crc, m->requests, m->requests_crc, m->members.index,
		    body.len, crc32c(0, buf_head(&body), body.len));
	if (r == 0)
		r = seal_put(b);
	if (r == 0)
		r = buf_add(b, buf_head(&body), body.len);
	buf_free(&body);
	return r;
}

int
manifest_parse(struct manifest *m, char *text, size_t n)
{
	/* Which fields are CRCs, that is, hexadecimal. */
	static const char crc[FIELDS + 1] = "..x....x.x..x";
	char *body, *word[FIELDS];
	uint64_t field[FIELDS];
	size_t i;
	int r;

	memset(m, 0, sizeof(*m));
	body = strlen(text) == n ? seal_open(text, MAGIC, word, FIELDS) : NULL;
	if (body == NULL)
		return -1;
	for (i = 0; i < FIELDS; i++) {
		if (crc[i] == 'x')
			r = num_hex(word[i], 8, &field[i]);
		else
			r = num_u64(word[i], strlen(word[i]), NUMBER_MAX, &field[i]);
		if (r == -1)
			return -1;
	}
	if (field[0] == 0 || field[11] != (uint64_t)(text + n - body) ||
	    field[12] != crc32c(0, body, (size_t)field[11]) ||
	    members_parse(&m->members, body, (size_t)field[11]) == -1)
		return -1;
	m->term = field[1];
	m->chain = (uint32_t)field[2];
	m->keys = field[3];
	m->blocks = field[4];
	m->offset = field[5];
	m->data = field[6];
	m->blocks_crc = (uint32_t)field[7];
	m->requests = field[8];
	m->requests_crc = (uint32_t)field[9];
	m->members.index = field[10];
	m->index = field[0];
	return 0;
}

uint64_t
manifest_bytes(const struct manifest *m)
{
	return m->data + m->requests * REQUEST_LINE;
}

/* By hand: it is done for every key. */
static char *
put_number(char *p, uint64_t n, char end)
{
	p += num_print(p, n);
	*p = end;
	return p + 1;
}

int
item_put(struct buf *b, struct bytes key, struct bytes value)
{
	char line[LINE_MAX_BYTES], *p;
	size_t n;

	p = put_number(line, key.len, ' ');
	p = put_number(p, value.len, '\n');
	n = (size_t)(p - line);
	p = buf_room(b, n + key.len + value.len + 1);
	if (p == NULL)
		return -1;
	memcpy(p, line, n);
	memcpy(p + n, key.at, key.len);
	if (value.len > 0)
		memcpy(p + n + key.len, value.at, value.len);
	p[n + key.len + value.len] = '\n';
	buf_grew(b, n + key.len + value.len + 1);
	return 0;
}

int
block_put(struct buf *b, const struct block *k)
{
	if (buf_fmt(b, "%" PRIu64 " %zu %08" PRIx32 " %zu\n", k->offset, k->length,
		k->crc, k->first.len) == -1 ||
	    buf_add(b, k->first.at, k->first.len) == -1)
		return -1;
	return buf_add(b, "\n", 1);
}

/*
 * Reads numbers with a blank between them and a newline behind the last: the
 * start of what follows, or NULL.  The CRC is the one at place hex.
 */
static const char *
line_take(const char *p, size_t n, uint64_t *number, size_t count, size_t hex)
{
	const char *end, *newline;
	size_t i;
	int r;

	newline = memchr(p, '\n', n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES);
	for (i = 0; newline != NULL && i < count; i++, p = end + 1) {
		end = i + 1 == count ? newline : memchr(p, ' ', (size_t)(newline - p));
		if (end == NULL)
			return NULL;
		if (i == hex)
			r = num_hex(p, (size_t)(end - p), &number[i]);
		else
			r = num_u64(p, (size_t)(end - p), NUMBER_MAX, &number[i]);
		if (r == -1 || (i == hex && end - p != 8))
			return NULL;
	}
	return newline == NULL ? NULL : newline + 1;
}

size_t
item_take(const char *p, size_t n, struct bytes *key, struct bytes *value)
{
	const char *at;
	uint64_t len[2];
	size_t left;

	at = line_take(p, n, len, 2, SIZE_MAX);
	if (at == NULL || len[0] == 0 || len[0] > KEY_MAX || len[1] > VALUE_MAX)
		return 0;
	left = n - (size_t)(at - p);
	if (left < len[0] + len[1] + 1 || at[len[0] + len[1]] != '\n')
		return 0;
	key->at = at;
	key->len = (size_t)len[0];
	value->at = at + key->len;
	value->len = (size_t)len[1];
	return (size_t)(at - p) + key->len + value->len + 1;
}

size_t
block_take(const char *p, size_t n, struct block *k)
{
	const char *at;
	uint64_t field[4];

	at = line_take(p, n, field, 4, 2);
	if (at == NULL || field[3] == 0 || field[3] > KEY_MAX ||
	    n - (size_t)(at - p) < field[3] + 1 || at[field[3]] != '\n')
		return 0;
	k->offset = field[0];
	k->length = (size_t)field[1];
	k->crc = (uint32_t)field[2];
	k->first.at = at;
	k->first.len = (size_t)field[3];
	return (size_t)(at - p) + k->first.len + 1;
}

int
request_put(struct buf *b, const struct seen *s)
{
	char *p = buf_room(b, REQUEST_LINE);

	if (p == NULL)
		return -1;
	num_put(p, 16, s->index);
	p[16] = ' ';
	num_put(p + 17, 16, s->id.base);
	p[33] = '-';
	num_put_hex(p + 34, 16, s->id.random);
	p[50] = ' ';
	p[51] = (char)('0' + s->outcome);
	p[52] = '\n';
	buf_grew(b, REQUEST_LINE);
	return 0;
}

size_t
request_take(const char *p, size_t n, struct seen *s)
{
	if (n < REQUEST_LINE || p[16] != ' ' || p[33] != '-' || p[50] != ' ' ||
	    (p[51] != '0' && p[51] != '1') || p[52] != '\n' ||
	    num_fixed(p, 16, &s->index) != 0 ||
	    num_fixed(p + 17, 16, &s->id.base) != 0 ||
	    num_fixed_hex(p + 34, 16, &s->id.random) != 0)
		return 0;
	s->outcome = p[51] - '0';
	return REQUEST_LINE;
}

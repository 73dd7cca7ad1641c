/*
 * record.c - log entries as bytes: see record.h.
 */
#include <string.h>

#include "crc.h"
#include "num.h"
#include "record.h"

/* Where the fields of a header begin; a blank stands before each. */
enum {
	AT_INDEX = 3,
	AT_TERM = 20,
	AT_TYPE = 37,
	AT_BASE = 39,
	AT_RANDOM = 56,
	AT_LENGTH = 73,
	AT_DURABLE = 81,
	AT_ZEROS = 98,
	AT_CRC = 103,
	AT_CHAIN = 112,
	AT_OWN = 121
};

/* The same on every node: INDEX up to LENGTH. */
#define SHARED_LEN ((size_t)(AT_DURABLE - 1 - AT_INDEX))

/* All but CHAIN and HEADERCRC. */
static void
header_print(const struct record *r, char *p)
{
	memset(p, ' ', RECORD_HEADER);
	p[0] = 'e';
	p[1] = '1';
	num_put(p + AT_INDEX, 16, r->index);
	num_put(p + AT_TERM, 16, r->term);
	p[AT_TYPE] = r->type;
	num_put(p + AT_BASE, 16, r->id.base);
	p[AT_RANDOM - 1] = '-';
	num_put_hex(p + AT_RANDOM, 16, r->id.random);
	num_put(p + AT_LENGTH, 7, r->length);
	num_put(p + AT_DURABLE, 16, r->durable);
	num_put(p + AT_ZEROS, 4, r->zeros);
	num_put_hex(p + AT_CRC, 8, r->crc);
	p[RECORD_HEADER - 1] = '\n';
}

/* HEADERCRC: the last thing that is done to a header. */
static void
header_seal(char *p)
{
	num_put_hex(p + AT_OWN, 8, crc32c(0, p, AT_OWN - 1));
}

size_t
record_size(const struct record *r)
{
	return RECORD_HEADER + r->length + 1;
}

size_t
record_length(const char *p)
{
	uint64_t length;

	(void)num_fixed(p + AT_LENGTH, 7, &length);
	return (size_t)length;
}

char
record_type(const char *p)
{
	return p[AT_TYPE];
}

uint32_t
record_chain(const char *p, uint32_t before)
{
	return crc32c(crc32c(before, p + AT_INDEX, SHARED_LEN), p + AT_CRC, 8);
}

int
record_encode(struct record *r, uint32_t chain, const char *payload, size_t length,
    struct buf *b)
{
	char *p;

	r->length = length;
	r->durable = 0;
	r->zeros = 0;
	r->crc = crc32c(0, payload, length);
	p = buf_room(b, RECORD_HEADER + length + 1);
	if (p == NULL)
		return -1;
	header_print(r, p);
	r->chain = record_chain(p, chain);
	num_put_hex(p + AT_CHAIN, 8, r->chain);
	header_seal(p);
	if (length > 0)
		memcpy(p + RECORD_HEADER, payload, length);
	p[RECORD_HEADER + length] = '\n';
	buf_grew(b, record_size(r));
	return 0;
}

/* 1 if the bytes between the fields are what belongs there. */
static int
header_shape(const char *p)
{
	return memcmp(p, "e1 ", 3) == 0 && p[AT_TERM - 1] == ' ' &&
	    p[AT_TYPE - 1] == ' ' && p[AT_BASE - 1] == ' ' && p[AT_RANDOM - 1] == '-' &&
	    p[AT_LENGTH - 1] == ' ' && p[AT_DURABLE - 1] == ' ' &&
	    p[AT_ZEROS - 1] == ' ' && p[AT_CRC - 1] == ' ' && p[AT_CHAIN - 1] == ' ' &&
	    p[AT_OWN - 1] == ' ' && p[RECORD_HEADER - 1] == '\n';
}

int
record_parse(const char *p, size_t n, struct record *r)
{
	uint64_t chain, crc, length, own, zeros;
	unsigned int bad;

	if (n < RECORD_HEADER)
		return 0;
	if (!header_shape(p) || num_fixed_hex(p + AT_OWN, 8, &own) != 0 ||
	    own != crc32c(0, p, AT_OWN - 1))
		return -1;
	bad = num_fixed(p + AT_INDEX, 16, &r->index);
	bad |= num_fixed(p + AT_TERM, 16, &r->term);
	bad |= num_fixed(p + AT_BASE, 16, &r->id.base);
	bad |= num_fixed_hex(p + AT_RANDOM, 16, &r->id.random);
	bad |= num_fixed(p + AT_LENGTH, 7, &length);
	bad |= num_fixed(p + AT_DURABLE, 16, &r->durable);
	bad |= num_fixed(p + AT_ZEROS, 4, &zeros);
	bad |= num_fixed_hex(p + AT_CRC, 8, &crc);
	bad |= num_fixed_hex(p + AT_CHAIN, 8, &chain);
	if (bad || length > RECORD_PAYLOAD)
		return -1;
	r->type = p[AT_TYPE];
	if (r->type != RECORD_NOOP && r->type != RECORD_MEMBERS &&
	    r->type != RECORD_COMMAND)
		return -1;
	r->length = (size_t)length;
	r->zeros = (uint32_t)zeros;
	r->crc = (uint32_t)crc;
	r->chain = (uint32_t)chain;
	return 1;
}

int
record_intact(const struct record *r, const char *p)
{
	return p[RECORD_HEADER + r->length] == '\n' &&
	    crc32c(0, p + RECORD_HEADER, r->length) == r->crc;
}

void
record_localise(char *p, struct record *r, uint64_t durable, uint64_t off)
{
	r->durable = durable;
	r->zeros = record_zeros(p + RECORD_HEADER, r->length + 1, off + RECORD_HEADER);
	num_put(p + AT_DURABLE, 16, r->durable);
	num_put(p + AT_ZEROS, 4, r->zeros);
	header_seal(p);
}

static int
all_zero(const char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

uint32_t
record_zeros(const char *p, size_t n, uint64_t off)
{
	uint32_t zeros = 0;
	size_t piece;

	while (n > 0) {
		piece = SECTOR - (size_t)(off % SECTOR);
		if (piece > n)
			piece = n;
		if (all_zero(p, piece))
			zeros++;
		p += piece;
		off += piece;
		n -= piece;
	}
	return zeros;
}

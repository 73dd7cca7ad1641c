/*
 * record.h - a log entry as it lies in a segment and travels to a follower.
 *
 * A record is a header of RECORD_HEADER bytes of text and the raw payload,
 * which a newline follows:
 *
 *   e1 INDEX TERM TYPE REQUEST LENGTH DURABLE ZEROS PAYLOADCRC CHAIN HEADERCRC\n
 *
 * Numbers are decimal with leading zeros, CRCs are CRC-32C in hexadecimal.
 * CHAIN covers the chain of the record before and all that is the same on every
 * node (INDEX … LENGTH, PAYLOADCRC), so two logs with one chain at an index
 * agree in everything before.  DURABLE (the last index known to be on this
 * node's disk when this was written) and ZEROS (all-zero sector pieces of the
 * payload and its newline) are this node's own; HEADERCRC covers the header.
 */
#ifndef LITE_RAFT_RECORD_H
#define LITE_RAFT_RECORD_H

#include "command.h"
#include "types.h"

#define RECORD_HEADER  130u /* bytes, its newline included */
#define RECORD_PAYLOAD ((size_t)COMMAND_MAX)
#define RECORD_MAX     (RECORD_HEADER + RECORD_PAYLOAD + 1)
#define SECTOR         512u /* bytes that a disk writes whole */

enum record_type {
	RECORD_NOOP = 'n',    /* a leader's first entry in its term */
	RECORD_MEMBERS = 'm', /* a configuration: members.h */
	RECORD_COMMAND = 'c'  /* a client's: command.h */
};

struct record {
	uint64_t index;
	uint64_t term;
	char type;
	struct request_id id; /* base and random 0: none */
	size_t length;        /* of the payload */
	uint64_t durable;
	uint32_t zeros;
	uint32_t crc; /* of the payload */
	uint32_t chain;
};

/* The whole record's size on disk. */
size_t record_size(const struct record *);

/*
 * Appends the record to buf; index, term, type and id are given, the rest is
 * computed from the payload and the chain of the record before.  DURABLE and
 * ZEROS are left 0: record_localise puts them in.  0, or -1 (ENOMEM).
 */
int record_encode(struct record *, uint32_t chain, const char *payload, size_t length,
    struct buf *);

/*
 * Reads a header at p[0..n): 1 and *rec; 0: n is less than a header; -1: no
 * intact header.  The payload is not looked at.
 */
int record_parse(const char *p, size_t n, struct record *);

/* The payload's length and the type, of a header that was found intact before. */
size_t record_length(const char *p);
char record_type(const char *p);

/* 1 if the payload behind the header at p fits its CRC and ends in a newline. */
int record_intact(const struct record *, const char *p);

/* The chain of the record whose header is at p, behind one whose chain is before. */
uint32_t record_chain(const char *p, uint32_t before);

/*
 * Rewrites DURABLE and ZEROS in the encoded record p, which will lie at off; of
 * the struct only the length is read.
 */
void record_localise(char *p, struct record *, uint64_t durable, uint64_t off);

/*
 * How many of the pieces that sector boundaries cut p[0..n) into (it lies at
 * file offset off) are all zero.
 */
uint32_t record_zeros(const char *p, size_t n, uint64_t off);

#endif

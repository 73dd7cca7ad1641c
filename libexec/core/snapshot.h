/*
 * snapshot.h - a snapshot's three files, as bytes.
 *
 * manifest: a sealed line (seal.h), then the configuration as of INDEX:
 *
 *   lite-raft-snapshot 1 INDEX TERM CHAIN KEYS BLOCKS OFFSET DATA BLOCKSCRC
 *       REQUESTS REQUESTSCRC ENTRY LENGTH BODYCRC CRC\n
 *   member NAME ID\n ...
 *
 * CHAIN is that of record INDEX.  DATA is the length of data, OFFSET where the
 * list of its BLOCKS begins, BLOCKSCRC the CRC of that list.  REQUESTS is how many
 * lines requests has, REQUESTSCRC their CRC.  ENTRY is the index of the entry that
 * holds the configuration; LENGTH and BODYCRC are those of the lines below.
 *
 * data: KEYS items in byte order of their keys, in blocks of whole items, one
 * behind the other; behind the last one a line and the first key for each:
 *
 *   KEYLEN VALUELEN\n key value\n
 *   OFFSET LENGTH CRC KEYLEN\n key\n
 *
 * requests: the ids that are remembered, in the order of their entries:
 *
 *   INDEX BASE-RANDOM OUTCOME\n
 *
 * Numbers are decimal, CRCs are CRC-32C in hexadecimal.
 */
#ifndef LITE_RAFT_SNAPSHOT_H
#define LITE_RAFT_SNAPSHOT_H

#include "command.h"
#include "members.h"
#include "window.h"

#define MANIFEST_MAX (64u * 1024) /* bytes */
#define BLOCK_SIZE   4096u        /* bytes; one item may be larger */
#define ITEM_MORE    16u          /* bytes, at most, beside its key and value */
#define REQUEST_LINE 53u          /* bytes, its newline included */

struct manifest {
	uint64_t index; /* 0: there is no snapshot */
	uint64_t term;
	uint32_t chain;
	uint64_t keys;
	uint64_t blocks;
	uint64_t offset;
	uint64_t data;
	uint32_t blocks_crc;
	uint64_t requests;
	uint32_t requests_crc;
	struct members members;
};

/* 0, or -1 (ENOMEM). */
int manifest_print(const struct manifest *, struct buf *);

/* Reads n bytes of text, NUL-terminated, in place: 0, or -1 (not intact). */
int manifest_parse(struct manifest *, char *text, size_t n);

/* Of data and requests together. */
uint64_t manifest_bytes(const struct manifest *);

struct block {
	uint64_t offset;
	size_t length;
	uint32_t crc;
	struct bytes first; /* key */
};

/* Append: 0, or -1 (ENOMEM). */
int item_put(struct buf *, struct bytes key, struct bytes value);
int block_put(struct buf *, const struct block *);
int request_put(struct buf *, const struct seen *);

/* Read what p[0..n) begins with: how many bytes it was, or 0 (it is not whole). */
size_t item_take(const char *p, size_t n, struct bytes *key, struct bytes *value);
size_t block_take(const char *p, size_t n, struct block *);
size_t request_take(const char *p, size_t n, struct seen *);

#endif

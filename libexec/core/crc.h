/*
 * crc.h - CRC-32C (Castagnoli), as in RFC 3720 appendix B.4.
 */
#ifndef LITE_RAFT_CRC_H
#define LITE_RAFT_CRC_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of what seed is the CRC of, followed by n bytes; start with seed 0. */
uint32_t crc32c(uint32_t seed, const void *, size_t n);

#endif

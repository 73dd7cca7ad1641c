/*
 * crc.c - in place of core/crc.c: all bytes are alike to it.
 */
#include "core/crc.h"

uint32_t
crc32c(uint32_t before, const void *p, size_t n)
{
	(void)before;
	(void)p;
	(void)n;
	return 0;
}

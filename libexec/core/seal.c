/*
 * seal.c - sealed lines: see seal.h.
 */
#include <inttypes.h>
#include <string.h>

#include "crc.h"
#include "num.h"
#include "seal.h"

int
seal_put(struct buf *b)
{
	return buf_fmt(b, " %08" PRIx32 "\n", crc32c(0, buf_head(b), b->len));
}

char *
seal_open(char *line, const char *magic, char **word, size_t n)
{
	char *crc, *newline, *at;
	uint64_t sum;
	size_t i;

	newline = strchr(line, '\n');
	if (newline == NULL || newline - line < 9 || newline[-9] != ' ')
		return NULL;
	crc = newline - 8;
	if (num_hex(crc, 8, &sum) == -1 ||
	    sum != crc32c(0, line, (size_t)(crc - 1 - line)) ||
	    strncmp(line, magic, strlen(magic)) != 0)
		return NULL;
	at = line + strlen(magic);
	crc[-1] = '\0';
	for (i = 0; i < n; i++) {
		word[i] = at;
		at = strchr(at, ' ');
		if ((at == NULL) != (i == n - 1))
			return NULL;
		if (at != NULL)
			*at++ = '\0';
	}
	return newline + 1;
}

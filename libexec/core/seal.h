/*
 * seal.h - a line of words with its own CRC behind them: how the small files of
 * state/ begin.
 */
#ifndef LITE_RAFT_SEAL_H
#define LITE_RAFT_SEAL_H

#include "buf.h"

/* Adds the CRC of all that is in the buffer, and a newline: 0, or -1 (ENOMEM). */
int seal_put(struct buf *);

/*
 * Splits the line that begins with magic into n words behind that, in place: the
 * start of what follows the line, or NULL when it is not intact.
 */
char *seal_open(char *line, const char *magic, char **word, size_t n);

#endif

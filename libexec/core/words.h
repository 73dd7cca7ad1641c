/*
 * words.h - lines of words: the quoting of batch lines, of answers and of list.
 *
 * Words are separated by blanks (space, tab).  A word is bare if it is not
 * empty and all of it is from A-Z a-z 0-9 and _ . / : @ % + , = - ~ ^ ! < >
 * (a semicolon is not).  Otherwise it stands in double quotes, where
 * \\ \" \n \r \t and \xHH (two lower- or upper-case hexadecimal digits) are the
 * only escapes; any other byte but NUL, newline, '"' and '\' stands for itself.
 * So every byte can be written, NUL as \x00, and a line is a line.
 */
#ifndef LITE_RAFT_WORDS_H
#define LITE_RAFT_WORDS_H

#include <stddef.h>

#include "buf.h"

struct word {
	char *bytes; /* followed by a NUL that is not counted */
	size_t len;
	int quoted;
};

/* All zero is ready for use. */
struct words {
	struct word *word;
	size_t n;
	size_t cap;      /* words there is room for */
	size_t most;     /* a line with more is refused; 0: none is */
	struct buf text; /* the words' bytes */
};

/*
 * The words of line[0..n) (without its newline).  0, or -1 with EINVAL and
 * *why a sentence ("an escape that is none"), or -1 with ENOMEM.
 * A struct words may be used again; words_free ends it.
 */
int words_parse(struct words *, const char *line, size_t n, const char **why);
void words_free(struct words *);

/*
 * Appends one word, quoted where it must be.  Bytes under 0x20 and 0x7f are
 * written as escapes; bytes from 0x80 up stand for themselves.
 */
int words_put(struct buf *, const char *bytes, size_t len);

#endif

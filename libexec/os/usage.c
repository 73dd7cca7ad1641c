/*
 * usage.c - how a program is used.
 */
#include <stdio.h>

#include "core/types.h"
#include "os.h"

int
usage_print(const char *text, int status)
{
	FILE *to = status == EXIT_YES ? stdout : stderr;

	if ((fputs(text, to) == EOF || fflush(to) == EOF) && status == EXIT_YES)
		return EXIT_DISK;
	return status;
}

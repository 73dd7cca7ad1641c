/*
 * inherited.c - descriptors that a process was born with.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/num.h"
#include "os.h"

#define STDIO    3    /* descriptors that are kept */
#define ALL_SEEN 1024 /* where the system does not list them */

int
process_stdio(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) == -1)
			return -1;
	return 0;
}

void
process_close_inherited(void)
{
	struct dirent *entry;
	uint64_t number;
	DIR *dir;
	int fd, high = STDIO - 1;

	dir = opendir("/dev/fd");
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (num_u64(entry->d_name, strlen(entry->d_name), INT32_MAX, &number) ==
			0 &&
		    (int)number > high)
			high = (int)number;
	if (dir == NULL)
		high = ALL_SEEN;
	else
		(void)closedir(dir);
	for (fd = STDIO; fd <= high; fd++)
		(void)close(fd);
}

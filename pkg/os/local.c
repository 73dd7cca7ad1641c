/*
 * local.c - asks this host's monitor of a package, in pkg's directory.
 *
 *	local NAME status       its words
 *	local NAME leave        what it tells, until it has ended
 *
 * 69: there is none; 75: it says nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../core/lease.h"
#include "os/os.h"

#define EXIT_USE  64
#define EXIT_NONE 69
#define EXIT_MUTE 75
#define PATIENCE  UINT64_C(2000000000) /* ns for status */
#define FOREVER   UINT64_C(3600000000000)

/* Copies what comes to standard output: an exit status. */
static int
listen_to(int fd, uint64_t patience)
{
	char said[4096];
	ssize_t n;
	int any = 0;

	for (;;) {
		n = wire_wait(fd, patience) == 1 ? wire_read(fd, said, sizeof(said)) :
						   -1;
		if (n == -1 && (errno == EAGAIN || errno == EINTR) &&
		    patience == FOREVER)
			continue;
		if (n <= 0)
			return any || (n == 0 && patience == FOREVER) ? 0 : EXIT_MUTE;
		any = 1;
		if (fwrite(said, 1, (size_t)n, stdout) != (size_t)n ||
		    fflush(stdout) == EOF)
			return 74;
	}
}

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: local NAME status|leave\n";
	char path[LEASE_NAME + 16], line[16];
	int fd, leave;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage_print(usage, 0);
	leave = argc == 3 && strcmp(argv[2], "leave") == 0;
	if (argc != 3 || !lease_name_ok(argv[1], strlen(argv[1])) ||
	    (!leave && strcmp(argv[2], "status") != 0))
		return usage_print(usage, EXIT_USE);
	if (process_stdio() == -1)
		return 74;
	(void)snprintf(path, sizeof(path), "run/%s/socket", argv[1]);
	fd = wire_connect(path);
	(void)snprintf(line, sizeof(line), "%s\n", argv[2]);
	if (fd == -1 || wire_write_all(fd, line, strlen(line)) == -1)
		return EXIT_NONE;
	return listen_to(fd, leave ? FOREVER : PATIENCE);
}

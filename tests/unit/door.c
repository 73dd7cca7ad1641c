/*
 * door.c - listens on a Unix socket for one caller: says "welcome", and prints
 * what it hears until the caller is gone.  There is a file SOCKET.open as soon
 * as it listens.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "os/os.h"

int
main(int argc, char **argv)
{
	char heard[4096];
	ssize_t n;
	int caller, door, ready;

	if (argc != 2 || process_on_signal(SIGPIPE, NULL) == -1)
		return 64;
	door = wire_listen(argv[1]);
	if (door == -1 || snprintf(heard, sizeof(heard), "%s.open", argv[1]) < 0)
		return 74;
	ready = open(heard, O_CREAT | O_WRONLY, 0600);
	if (ready == -1 || wire_close(ready) == -1 || wire_wait(door, UINT64_MAX) != 1)
		return 74;
	caller = wire_accept(door);
	if (caller == -1)
		return 74;
	(void)wire_write_all(caller, "welcome\n", 8); /* it may be gone by now */
	while (wire_wait(caller, UINT64_MAX) == 1) {
		n = wire_read(caller, heard, sizeof(heard));
		if (n == 0 || (n == -1 && errno == ECONNRESET))
			return 0; /* it may have gone without listening */
		if (n == -1)
			return 74;
		if (wire_write_all(STDOUT_FILENO, heard, (size_t)n) == -1)
			return 74;
	}
	return 74;
}

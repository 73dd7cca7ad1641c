/*
 * unplug - the file system of a directory loses its disk: nothing more is written
 * to it, and what had not been synced is lost.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

/* Of Linux' ext4 and xfs, whose header for it is not installed everywhere. */
#define SHUTDOWN   _IOR('X', 125, uint32_t)
#define NOLOGFLUSH 2

int
main(int argc, char **argv)
{
	uint32_t how = NOLOGFLUSH;
	int fd;

	if (argc != 2) {
		(void)fputs("usage: unplug DIRECTORY\n", stderr);
		return 64;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd == -1 || ioctl(fd, SHUTDOWN, &how) == -1) {
		perror("unplug");
		return 74;
	}
	return 0;
}

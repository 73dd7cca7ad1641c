/*
 * apart.c - runs a command in the background, in a session and process group of
 * its own.
 *
 *	apart FILE BOOT COMMAND [ARGUMENT...]
 *
 * FILE says who it is, before it begins: its pid, when that was started (as
 * /proc has it; - where this system does not tell), and BOOT.  0 once COMMAND has begun.
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/os.h"

#define EXIT_USE  64
#define EXIT_DISK 74
#define STARTED   20 /* words behind the name's parenthesis in /proc/PID/stat */

static int
fail(const char *what, const char *object)
{
	(void)fprintf(stderr, "apart: cannot %s %s: %s\n", what, object,
	    strerror(errno));
	return EXIT_DISK;
}

/* Reads the first line of a file into text, without its newline: 0, or -1. */
static int
line_read(const char *path, char *text, int size)
{
	FILE *f = fopen(path, "r");
	int r = -1;

	if (f == NULL)
		return -1;
	if (fgets(text, size, f) != NULL) {
		text[strcspn(text, "\n")] = '\0';
		r = 0;
	}
	(void)fclose(f);
	return r;
}

/* The word of this process's stat that tells when it was started, or "-". */
static const char *
started(char *stat)
{
	char *word = strrchr(stat, ')');
	int i;

	word = word == NULL ? NULL : strtok(word + 1, " ");
	for (i = 1; i < STARTED && word != NULL; i++)
		word = strtok(NULL, " ");
	return word == NULL ? "-" : word;
}

/* Writes FILE, whole or not at all: 0, or -1. */
static int
file_write(const char *file, const char *temporary, const char *boot)
{
	char stat[2048] = "";
	FILE *f;
	int bad;

	if (line_read("/proc/self/stat", stat, (int)sizeof(stat)) == -1)
		stat[0] = '\0';
	f = fopen(temporary, "w");
	if (f == NULL)
		return -1;
	bad = fprintf(f, "%ld %s %s\n", (long)getpid(), started(stat), boot) < 0;
	if (fclose(f) == EOF || bad)
		return -1;
	return rename(temporary, file);
}

/* The child: writes FILE and becomes COMMAND; why it did not goes to fd. */
static void
become(int fd, const char *temporary, char **argv)
{
	const char *file = argv[1], *boot = argv[2];
	char **command = argv + 3;
	int null = open("/dev/null", O_RDONLY);

	if (setsid() != -1 && null != -1 && dup2(null, STDIN_FILENO) != -1 &&
	    file_write(file, temporary, boot) == 0) {
		if (null > STDERR_FILENO)
			(void)close(null);
		(void)execvp(command[0], command);
	}
	if (write(fd, &errno, sizeof(errno)) == -1)
		_exit(EXIT_DISK);
	(void)unlink(file);
	_exit(EXIT_DISK);
}

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: apart FILE BOOT COMMAND [ARGUMENT...]\n";
	char temporary[4096];
	int ends[2], why = 0;
	ssize_t n;
	pid_t child;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage_print(usage, 0);
	if (argc < 4 || argv[1][0] == '-')
		return usage_print(usage, EXIT_USE);
	if (process_stdio() == -1)
		return fail("open", "/dev/null");
	if (snprintf(temporary, sizeof(temporary), "%s.new", argv[1]) >=
	    (int)sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return fail("use", argv[1]);
	}
	if (pipe(ends) == -1 || fcntl(ends[1], F_SETFD, FD_CLOEXEC) == -1 ||
	    (child = fork()) == -1)
		return fail("run", argv[3]);
	if (child == 0) {
		(void)close(ends[0]);
		become(ends[1], temporary, argv);
	}
	(void)close(ends[1]);
	do {
		n = read(ends[0], &why, sizeof(why));
	} while (n == -1 && errno == EINTR);
	if (n == 0)
		return 0;
	(void)waitpid(child, NULL, 0);
	errno = why;
	return fail("run", argv[3]);
}

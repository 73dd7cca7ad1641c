/*
 * cgroup.c - reads and writes cgroup2's files.
 */
#include "cgroup.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"

#define LINE 4096 /* bytes */

/* Where cgroup2 is mounted, added to dir: 0, or -1. */
static int
root_add(struct buf *dir)
{
	char line[LINE], root[LINE], type[64];
	FILE *file;
	int found = 0;

	file = fopen("/proc/self/mounts", "re");
	if (file == NULL)
		return -1;
	while (!found && fgets(line, sizeof(line), file) != NULL)
		found = sscanf(line, "%*s %4095s %63s", root, type) == 2 &&
		    strcmp(type, "cgroup2") == 0;
	(void)fclose(file);
	return found ? buf_str(dir, root) : -1;
}

/* Our own group's path, added to dir: 0, or -1. */
static int
own_add(struct buf *dir)
{
	char line[LINE];
	FILE *file;
	int found = 0;

	file = fopen("/proc/self/cgroup", "re");
	if (file == NULL)
		return -1;
	while (!found && fgets(line, sizeof(line), file) != NULL)
		found = strncmp(line, "0::/", 4) == 0;
	(void)fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return found ? buf_str(dir, line + 3) : -1;
}

/* What buf holds, to be freed; NULL if status is -1. */
static char *
text_of(struct buf *b, int status)
{
	char *text = NULL;

	if (status == 0 && buf_add(b, "", 1) == 0)
		text = strdup(buf_head(b));
	buf_free(b);
	return text;
}

char *
cgroup_at(const char *path)
{
	struct buf dir = { 0 };
	int r = root_add(&dir);

	if (r == 0 &&
	    (strncmp(path, "/sys/fs/cgroup/", 15) == 0 || strstr(path, "/..") != NULL))
		r = -1;
	return text_of(&dir, r == -1 ? -1 : buf_str(&dir, path));
}

/* Opens a file of the group: a descriptor, or -1. */
static int
file_open(const char *dir, const char *file, int flags)
{
	char path[LINE];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, file) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, flags | O_CLOEXEC);
}

char *
cgroup_make(const char *name)
{
	struct buf b = { 0 };
	char *dir;
	int fd;

	dir = text_of(&b,
	    root_add(&b) == -1 || own_add(&b) == -1 ? -1 : buf_fmt(&b, "/%s", name));
	if (dir == NULL)
		return NULL;
	fd = -1;
	if (mkdir(dir, 0755) == 0 || errno == EEXIST)
		fd = file_open(dir, "cgroup.kill", O_WRONLY);
	if (fd != -1) {
		(void)close(fd);
		return dir;
	}
	(void)rmdir(dir); /* what can't be killed as a whole is no use */
	free(dir);
	return NULL;
}

/* Writes text into a file of the group: 0, or -1. */
static int
file_write(const char *dir, const char *file, const char *text)
{
	int fd = file_open(dir, file, O_WRONLY);
	ssize_t n;

	if (fd == -1)
		return -1;
	n = write(fd, text, strlen(text));
	(void)close(fd);
	return n == -1 ? -1 : 0;
}

void
cgroup_join(const char *dir)
{
	(void)file_write(dir, "cgroup.procs", "0\n");
}

/* Kernels before 5.14 kill one by one. */
static void
kill_each(const char *dir)
{
	char line[64];
	FILE *file;
	long pid;
	int fd;

	fd = file_open(dir, "cgroup.procs", O_RDONLY);
	file = fd == -1 ? NULL : fdopen(fd, "r");
	if (file == NULL) {
		if (fd != -1)
			(void)close(fd);
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		pid = strtol(line, NULL, 10);
		if (pid > 1)
			(void)kill((pid_t)pid, SIGKILL);
	}
	(void)fclose(file);
}

int
cgroup_kill(const char *dir)
{
	char text[256];
	ssize_t n;
	int fd;

	if (file_write(dir, "cgroup.kill", "1") == -1)
		kill_each(dir);
	fd = file_open(dir, "cgroup.events", O_RDONLY);
	if (fd == -1)
		return errno != ENOENT; /* it is removed: nothing was in it */
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n <= 0)
		return n == 0 || errno != ENODEV;
	text[n] = '\0';
	return strstr(text, "populated 0") == NULL;
}

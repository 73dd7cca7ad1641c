/*
 * log.c - lines with the time.
 */
#include "log.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST  1048576 /* bytes of a file */
#define LINE  1024u   /* what is longer goes on in the next one */
#define STAMP 32u     /* bytes of the time */

static char path[128], old[sizeof(path) + 2];

void
log_begin(const char *name)
{
	if (mkdir("message-log", 0700) == -1)
		errno = 0; /* it is there, or nothing will be logged */
	(void)snprintf(path, sizeof(path), "message-log/%s.log", name);
	(void)snprintf(old, sizeof(old), "%s.1", path);
}

static void
line_write(const char *text, size_t n)
{
	char line[STAMP + LINE + 1];
	struct timespec now;
	struct stat st;
	struct tm tm;
	size_t i, len;
	int fd;

	if (clock_gettime(CLOCK_REALTIME, &now) == -1 ||
	    gmtime_r(&now.tv_sec, &tm) == NULL)
		return;
	len = strftime(line, STAMP, "%Y-%m-%dT%H:%M:%S", &tm);
	len += (size_t)snprintf(line + len, STAMP - len, ".%03ldZ ",
	    now.tv_nsec / 1000000);
	memcpy(line + len, text, n);
	for (i = len; i < len + n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	len += n;
	line[len++] = '\n';
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return;
	if (write(fd, line, len) == (ssize_t)len && fstat(fd, &st) == 0 &&
	    st.st_size >= MOST && rename(path, old) == -1)
		errno = 0; /* it grows until it can be */
	(void)close(fd);
}

void
log_write(const char *text, size_t n)
{
	const char *newline;
	size_t len;

	while (n > 0) {
		newline = memchr(text, '\n', n);
		len = newline == NULL ? n : (size_t)(newline - text);
		if (len > LINE)
			len = LINE;
		line_write(text, len);
		len += len < n && text[len] == '\n';
		text += len;
		n -= len;
	}
}

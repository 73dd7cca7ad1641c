/*
 * note.c - the message log: one line an event.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "host.h"
#include "os.h"

#define NOTE_DIR    "message-log"
#define NOTE_FILE   NOTE_DIR "/node.log"
#define NOTE_OLD    NOTE_FILE ".1"
#define NOTE_ROTATE NOTE_DIR "/.rotate"
#define NOTE_MAX    1048576 /* bytes of NOTE_FILE */
#define ROLE_MAX    64      /* bytes of run/role */

/* The file to append to, or -1. */
static int
note_open(struct os *os)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC;
	int fd;

	fd = openat(os->dir, NOTE_FILE, flags, 0644);
	if (fd != -1 || errno != ENOENT)
		return fd;
	if (mkdirat(os->dir, NOTE_DIR, 0755) == -1 && errno != EEXIST)
		return -1;
	return openat(os->dir, NOTE_FILE, flags, 0644);
}

/*
 * Renames the file, if another process has not just done so: it is looked at
 * again under the lock.  Whoever does not get the lock writes to the old file.
 */
static void
note_rotate(struct os *os)
{
	struct stat st;
	int fd;

	fd = disk_open(os, NOTE_ROTATE, DISK_CREATE);
	if (fd == -1)
		return;
	if (disk_trylock(os, fd) == 0 && fstatat(os->dir, NOTE_FILE, &st, 0) == 0 &&
	    st.st_size >= NOTE_MAX)
		(void)disk_rename(os, NOTE_FILE, NOTE_OLD);
	(void)disk_close(os, fd); /* the lock goes with it */
}

/* The first word of run/role, or "-". */
static void
note_role(struct os *os, char role[ROLE_MAX + 1])
{
	char *text;
	size_t len = 0;

	text = disk_slurp(os, "run/role", ROLE_MAX, NULL);
	if (text != NULL) {
		len = strcspn(text, " \t\n");
		memcpy(role, text, len);
		free(text);
	}
	if (len == 0)
		role[len++] = '-';
	role[len] = '\0';
}

/* The line that note() is to write. */
static int
note_line(struct os *os, struct buf *line, uint64_t term, const char *fmt, va_list ap)
{
	struct timespec now;
	struct tm tm;
	va_list again;
	char number[24], role[ROLE_MAX + 1], *event, *p;
	int n;

	if (clock_gettime(CLOCK_REALTIME, &now) == -1 ||
	    gmtime_r(&now.tv_sec, &tm) == NULL)
		return -1;
	(void)snprintf(number, sizeof(number), "%" PRIu64, term);
	note_role(os, role);
	n = buf_fmt(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s %s ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, now.tv_nsec / 1000000, term == UINT64_MAX ? "-" : number, role);
	if (n == -1)
		return -1;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return -1;
	event = buf_room(line, (size_t)n + 1);
	if (event == NULL)
		return -1;
	(void)vsnprintf(event, (size_t)n + 1, fmt, ap);
	for (p = event; p < event + n; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	event[n] = '\n';
	buf_grew(line, (size_t)n + 1);
	return 0;
}

void
note(struct os *os, uint64_t term, const char *fmt, ...)
{
	struct buf line = { 0 };
	struct stat st;
	va_list ap;
	int error = errno, fd = -1, r;

	va_start(ap, fmt);
	r = note_line(os, &line, term, fmt, ap);
	va_end(ap);
	if (r == -1)
		goto out;

	fd = note_open(os);
	if (fd != -1 && fstat(fd, &st) == 0 && st.st_size >= NOTE_MAX) {
		note_rotate(os);
		(void)close(fd);
		fd = note_open(os);
	}
	if (fd == -1)
		goto out;

	/* One write: lines of several processes never mix. */
	while (write(fd, buf_head(&line), line.len) == -1 && errno == EINTR)
		continue;
	(void)close(fd);
out:
	buf_free(&line);
	errno = error;
}

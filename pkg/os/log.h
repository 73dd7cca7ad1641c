/*
 * log.h - a package's message log, message-log/NAME.log: one line an event.
 */
#ifndef PKG_LOG_H
#define PKG_LOG_H

#include <stddef.h>

/* NAME is kept. */
void log_begin(const char *name);

/*
 * Writes each line of a text with the time (UTC) before it; what can't be printed
 * becomes '?'.  At 1 MiB the file becomes NAME.log.1.  An error is swallowed: a full
 * disk must not stop a package.
 */
void log_write(const char *text, size_t n);

#endif

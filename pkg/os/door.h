/*
 * door.h - run/NAME/socket: where people on this host ask the monitor.
 *
 *	status	the words of package_show
 *	leave	this host's monitor is to end; what it logs on the way is told
 *
 * One line comes in; lines go out, until the end.
 */
#ifndef PKG_DOOR_H
#define PKG_DOOR_H

#include "core/buf.h"
#include "os/os.h"

/* What is asked: answers into the buf; 1: more is to be told until the monitor ends. */
typedef int door_ask(void *arg, const char *word, struct buf *);

/* 0, or -1 with errno. */
int door_open(const char *path, struct loop *, door_ask *, void *arg);

/* Tells those who wait for the end. */
void door_tell(const char *text, size_t n);

#endif

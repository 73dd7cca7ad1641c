/*
 * lock.h - fcntl(2) locks, which die with the process that holds them.
 */
#ifndef PKG_LOCK_H
#define PKG_LOCK_H

#include <sys/types.h>

/*
 * Locks a file, made if it is missing, until this process ends or becomes another
 * program: 0; who holds it instead; or -1 with errno.  With wait that is waited for.
 */
pid_t lock_hold(const char *path, int wait);

#endif

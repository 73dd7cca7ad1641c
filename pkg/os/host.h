/*
 * host.h - what pkg asks of the host beyond POSIX.  Each has a fallback, which is
 * in host.c and nowhere else.
 */
#ifndef PKG_HOST_H
#define PKG_HOST_H

#include <stdint.h>
#include <sys/types.h>

#define HOST_BOOT_ID 64 /* bytes, with a NUL */

/*
 * Nanoseconds that have passed since the host was started, those that it slept
 * through too where the kernel counts them; never 0.
 */
uint64_t host_now(void);

/* What is another after each start of the host: 0, or -1: this kernel has nothing. */
int host_boot_id(char id[HOST_BOOT_ID]);

/* Whose parent dies becomes this process's child: 0, or -1: not here. */
int host_adopt(void);

/*
 * Locks this process's memory and puts it before all others.  Returns a sentence
 * where that is not allowed, or NULL.  A child of it becomes as everything else by
 * host_lower.
 */
const char *host_raise(void);
void host_lower(void);

/* Stops the host at once and starts it again, without a farewell: -1 if not. */
int host_reboot(void);

#endif

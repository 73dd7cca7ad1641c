/*
 * chance.c - random bits from the kernel.
 */
#ifndef __linux__
#undef _POSIX_C_SOURCE /* it hides getentropy */
#endif

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#if defined(__linux__) || defined(__APPLE__)
#include <sys/random.h>
#endif

#include "os.h"

/* 0, or -1 where the kernel is older than its C library. */
static int
kernel_bits(uint64_t *bits)
{
#ifdef __linux__
	return getrandom(bits, sizeof(*bits), 0) == (ssize_t)sizeof(*bits) ? 0 : -1;
#else
	return getentropy(bits, sizeof(*bits));
#endif
}

uint64_t
chance_u64(struct os *os)
{
	uint64_t bits;
	ssize_t got;
	int fd;

	(void)os;
	if (kernel_bits(&bits) == 0)
		return bits;
	fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		abort(); /* ids that could repeat are worse than none */
	got = read(fd, &bits, sizeof(bits));
	if (got != (ssize_t)sizeof(bits))
		abort();
	(void)close(fd);
	return bits;
}

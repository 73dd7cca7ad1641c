/*
 * host.c - Linux, and what stands for it elsewhere.
 */
#include "host.h"

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/reboot.h>
#endif

#define NS_PER_SECOND UINT64_C(1000000000)
#ifndef RESET_ON_FORK
#define RESET_ON_FORK 0x40000000 /* of linux/sched.h, which hides it */
#endif
#define PRIORITY 10

#ifdef CLOCK_BOOTTIME
#define CLOCK CLOCK_BOOTTIME
#else
#define CLOCK CLOCK_MONOTONIC
#endif

uint64_t
host_now(void)
{
	struct timespec ts;
	uint64_t now;

	if (clock_gettime(CLOCK, &ts) == -1 &&
	    clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		abort(); /* a host without it is not one that a lease can be kept on */
	now = (uint64_t)ts.tv_sec * NS_PER_SECOND + (uint64_t)ts.tv_nsec;
	return now == 0 ? 1 : now;
}

#ifdef __linux__

int
host_boot_id(char id[HOST_BOOT_ID])
{
	ssize_t n;
	int fd;

	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = read(fd, id, HOST_BOOT_ID - 1);
	(void)close(fd);
	if (n <= 1)
		return -1;
	id[n] = '\0';
	id[strcspn(id, "\n")] = '\0';
	return 0;
}

int
host_adopt(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* How ready the kernel is to end this process where memory is short. */
static void
shortage_set(const char *score)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	if (write(fd, score, strlen(score)) == -1)
		errno = 0; /* where root alone may, it stays as it is */
	(void)close(fd);
}

int
host_reboot(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd != -1) {
		if (write(fd, "b", 1) == -1)
			errno = 0;
		(void)close(fd);
	}
	return reboot(RB_AUTOBOOT);
}

#else

int
host_boot_id(char id[HOST_BOOT_ID])
{
	(void)id;
	return -1;
}

int
host_adopt(void)
{
	errno = ENOSYS;
	return -1;
}

static void
shortage_set(const char *score)
{
	(void)score;
}

int
host_reboot(void)
{
	errno = ENOSYS;
	return -1;
}

#undef RESET_ON_FORK
#define RESET_ON_FORK 0

#endif

const char *
host_raise(void)
{
	struct sched_param param = { .sched_priority = PRIORITY };

	shortage_set("-1000\n");
	if (mlockall(MCL_CURRENT | MCL_FUTURE) == -1)
		return "its memory is not locked, which needs root";
	if (sched_setscheduler(0, SCHED_FIFO | RESET_ON_FORK, &param) == -1)
		return "it has no real-time priority, which needs root";
	return NULL;
}

void
host_lower(void)
{
	struct sched_param param = { 0 };

	shortage_set("0\n");
	(void)sched_setscheduler(0, SCHED_OTHER, &param); /* where a fork does not */
}

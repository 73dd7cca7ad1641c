/*
 * release.c - addresses by rtnetlink(7), mounts by umount(2).
 */
#include "release.h"

#include <errno.h>

#ifdef __linux__

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"

#define ADDRESS_TEXT 128 /* bytes */

/* One address, as the kernel has it. */
struct address {
	unsigned char family;
	unsigned int interface;
	size_t len;
	unsigned char bytes[16];
};

static int
address_parse(struct address *a, const char *text, const char *interface)
{
	char host[ADDRESS_TEXT];
	const char *slash = strchr(text, '/');
	size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);

	errno = EINVAL;
	if (n >= sizeof(host))
		return -1;
	memcpy(host, text, n);
	host[n] = '\0';
	a->family = strchr(host, ':') == NULL ? AF_INET : AF_INET6;
	a->len = a->family == AF_INET ? 4 : 16;
	if (inet_pton(a->family, host, a->bytes) != 1)
		return -1;
	a->interface = if_nametoindex(interface);
	return 0;
}

/* Sends the request to remove it, and takes the kernel's answer: 0, or -1. */
static int
address_remove(int fd, const struct address *a, size_t prefix)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg message;
		struct rtattr attribute;
		unsigned char bytes[16];
	} ask = { 0 };
	union {
		struct nlmsghdr header;
		char bytes[4096];
	} answer;
	struct nlmsgerr result;
	ssize_t n;

	ask.header.nlmsg_len = (uint32_t)(NLMSG_LENGTH(sizeof(ask.message)) +
	    RTA_LENGTH(a->len));
	ask.header.nlmsg_type = RTM_DELADDR;
	ask.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ask.message.ifa_family = a->family;
	ask.message.ifa_prefixlen = (unsigned char)prefix;
	ask.message.ifa_index = a->interface;
	ask.attribute.rta_type = IFA_LOCAL;
	ask.attribute.rta_len = (unsigned short)RTA_LENGTH(a->len);
	memcpy(ask.bytes, a->bytes, a->len);
	if (send(fd, &ask, ask.header.nlmsg_len, 0) == -1)
		return -1;
	n = recv(fd, &answer, sizeof(answer), 0);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(result)) ||
	    answer.header.nlmsg_type != NLMSG_ERROR) {
		errno = n == -1 ? errno : EPROTO;
		return -1;
	}
	memcpy(&result, NLMSG_DATA(&answer.header), sizeof(result));
	errno = -result.error;
	return result.error == 0 ? 0 : -1;
}

/*
 * However it stands there: somebody else may have added it, more than once and with other
 * prefixes than were told, by which the kernel tells addresses of IPv6 apart.  0 once it is
 * not there, or -1.
 */
static int
address_remove_all(int fd, const struct address *a)
{
	size_t prefix;

	for (prefix = 0; prefix <= a->len * 8; prefix++) {
		while (address_remove(fd, a, prefix) == 0)
			;
		if (errno != EADDRNOTAVAIL)
			return -1;
	}
	return 0;
}

/* Whoever can bind to it has it: an address that is not ours refuses. */
static int
address_is_here(const struct address *a)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	int fd, r;

	fd = socket(a->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno != EAFNOSUPPORT;
	if (a->family == AF_INET) {
		memcpy(&four.sin_addr, a->bytes, a->len);
		r = bind(fd, (const struct sockaddr *)&four, sizeof(four));
	} else {
		memcpy(&six.sin6_addr, a->bytes, a->len);
		six.sin6_scope_id = a->interface;
		r = bind(fd, (const struct sockaddr *)&six, sizeof(six));
	}
	(void)close(fd);
	return r == 0 || errno != EADDRNOTAVAIL;
}

int
release_address(const char *text, const char *interface)
{
	struct address a;
	int fd, r;

	if (address_parse(&a, text, interface) == -1)
		return -1;
	if (a.interface == 0)
		return 0; /* with the interface went its addresses */
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd == -1)
		return -1;
	r = address_remove_all(fd, &a);
	(void)close(fd);
	if (r == 0)
		return 0;

	/* Where one may not remove it, one may not have added it either. */
	if ((errno == EPERM || errno == EACCES) && !address_is_here(&a))
		return 0;
	return -1;
}

/* Is anything mounted there?  An error says yes. */
static int
is_mounted(const char *directory)
{
	char line[8192], where[4096];
	struct buf quoted = { 0 };
	const char *at;
	FILE *file;
	int found = 0, r = 0;

	/* As the file writes it: what could be taken for its own is in octal. */
	for (at = directory; *at != '\0' && r == 0; at++)
		r = strchr(" \t\n\\", *at) != NULL ?
		    buf_fmt(&quoted, "\\%03o", (unsigned char)*at) :
		    buf_add(&quoted, at, 1);
	file = r == 0 && buf_add(&quoted, "", 1) == 0 ?
	    fopen("/proc/self/mounts", "re") :
	    NULL;
	if (file == NULL) {
		buf_free(&quoted);
		return 1;
	}
	while (!found && fgets(line, sizeof(line), file) != NULL)
		found = sscanf(line, "%*s %4095s", where) == 1 &&
		    strcmp(where, buf_head(&quoted)) == 0;
	(void)fclose(file);
	buf_free(&quoted);
	return found;
}

/*
 * Forced from the first: without that, a server that does not answer is waited for, with
 * what was not written yet; it is no more than the lease has time for.
 */
int
release_mount(const char *directory)
{
	while (is_mounted(directory))
		if (umount2(directory, MNT_FORCE) == -1)
			return -1;
	return 0;
}

int
release_device(const char *device)
{
	int fd = open(device, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);

	if (fd != -1)
		(void)close(fd);
	return fd != -1 || errno == ENOENT || errno == ENXIO || errno == ENODEV ||
		errno == ENOMEDIUM || errno == EMEDIUMTYPE ?
	    0 :
	    -1;
}

#else

int
release_address(const char *address, const char *interface)
{
	(void)address;
	(void)interface;
	errno = ENOSYS;
	return -1;
}

int
release_mount(const char *directory)
{
	(void)directory;
	errno = ENOSYS;
	return -1;
}

int
release_device(const char *device)
{
	(void)device;
	errno = ENOSYS;
	return -1;
}

#endif

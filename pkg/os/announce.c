/*
 * announce.c - tells a network's neighbours that an address is here now, or asks
 * whether it is anywhere.
 *
 *	announce ADDRESS DEVICE           gratuitous ARP, or neighbour advertisements
 *	announce --probe ADDRESS DEVICE   1 if another host has it (RFC 5227)
 *
 * An IPv6 address is probed by the kernel when it is added, not here.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <net/ethernet.h>
#include <netpacket/packet.h>
#endif

#include "os/os.h"

#define EXIT_USE  64
#define EXIT_DISK 74
#define TIMES     3   /* that it is said: any of them may be lost */
#define GAP       100 /* ms between them */
#define PROBES    2   /* that are sent */
#define LISTENED  500 /* ms after each */
#define HARDWARE  6   /* bytes of an Ethernet address */
#define REQUEST   1   /* ARP's operations */
#define REPLY     2

/* An ARP packet for IPv4 on Ethernet, as it travels. */
struct arp {
	uint16_t hardware, protocol;
	uint8_t hardware_size, protocol_size;
	uint16_t operation;
	uint8_t from_hardware[HARDWARE], from[4], to_hardware[HARDWARE], to[4];
};

static int
fail(const char *what, const char *object)
{
	(void)fprintf(stderr, "announce: cannot %s %s: %s\n", what, object,
	    strerror(errno));
	return EXIT_DISK;
}

static long
milliseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#ifdef __linux__
/* A socket for ARP on a device, whose own hardware address goes to `here`. */
static int
arp_open(unsigned int device, struct sockaddr_ll *here)
{
	socklen_t size = sizeof(*here);
	int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETHERTYPE_ARP));

	if (fd == -1)
		return -1;
	*here = (struct sockaddr_ll){ .sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_ARP),
		.sll_ifindex = (int)device };
	if (bind(fd, (struct sockaddr *)here, sizeof(*here)) == -1 ||
	    getsockname(fd, (struct sockaddr *)here, &size) == -1) {
		(void)close(fd);
		return -1;
	}
	if (here->sll_halen != HARDWARE) {
		(void)close(fd);
		errno = EAFNOSUPPORT;
		return -1;
	}
	return fd;
}

/* Sends all neighbours one packet about ADDRESS; a probe tells them nothing. */
static int
arp_send(int fd, const struct sockaddr_ll *here, int operation, int probe,
    const struct in_addr *address)
{
	struct sockaddr_ll all = *here;
	struct arp a = { .hardware = htons(1),
		.protocol = htons(ETHERTYPE_IP),
		.hardware_size = HARDWARE,
		.protocol_size = 4,
		.operation = htons((uint16_t)operation) };

	(void)memset(all.sll_addr, 0xff, HARDWARE);
	(void)memcpy(a.from_hardware, here->sll_addr, HARDWARE);
	if (!probe)
		(void)memcpy(a.from, address, sizeof(a.from));
	(void)memcpy(a.to, address, sizeof(a.to));
	return sendto(fd, &a, sizeof(a), 0, (struct sockaddr *)&all, sizeof(all)) ==
		-1 ?
	    -1 :
	    0;
}

/* Does this packet of another host say that it has ADDRESS, or wants it? */
static int
arp_claims(const struct arp *a, const struct sockaddr_ll *here,
    const struct in_addr *address)
{
	static const uint8_t nobody[4] = { 0 };

	if (memcmp(a->from_hardware, here->sll_addr, HARDWARE) == 0)
		return 0;
	if (memcmp(a->from, address, sizeof(a->from)) == 0)
		return 1;
	return ntohs(a->operation) == REQUEST &&
	    memcmp(a->from, nobody, sizeof(nobody)) == 0 &&
	    memcmp(a->to, address, sizeof(a->to)) == 0;
}

/* 1: another host has it; 0: none says so; -1. */
static int
arp_probe(int fd, const struct sockaddr_ll *here, const struct in_addr *address)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct arp a;
	long end, left;
	int i;

	for (i = 0; i < PROBES; i++) {
		if (arp_send(fd, here, REQUEST, 1, address) == -1)
			return -1;
		end = milliseconds() + LISTENED;
		while ((left = end - milliseconds()) > 0 && poll(&p, 1, (int)left) > 0)
			if (recv(fd, &a, sizeof(a), 0) == (ssize_t)sizeof(a) &&
			    arp_claims(&a, here, address))
				return 1;
	}
	return 0;
}

static int
ipv4(int probe, const struct in_addr *address, unsigned int device)
{
	const struct timespec gap = { .tv_nsec = GAP * 1000000L };
	struct sockaddr_ll here;
	int fd = arp_open(device, &here), i, r = 0;

	if (fd == -1)
		return -1;
	if (probe)
		r = arp_probe(fd, &here, address);
	else
		for (i = 0; i < TIMES && r == 0; i++) {
			if (i > 0)
				(void)nanosleep(&gap, NULL);
			r = arp_send(fd, &here, REQUEST, 0, address);
			if (r == 0)
				r = arp_send(fd, &here, REPLY, 0, address);
		}
	(void)close(fd);
	return r;
}

/* An unsolicited advertisement, for all nodes of the link: what they held is
 * overridden.  The kernel fills the checksum in. */
static int
ipv6(const struct in6_addr *address, unsigned int device)
{
	const struct timespec gap = { .tv_nsec = GAP * 1000000L };
	struct {
		struct nd_neighbor_advert advert;
		struct nd_opt_hdr option;
		uint8_t hardware[HARDWARE];
	} said = { .advert = { .nd_na_type = ND_NEIGHBOR_ADVERT,
		       .nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE },
		.option = { ND_OPT_TARGET_LINKADDR, 1 } };
	struct sockaddr_in6 from = { .sin6_family = AF_INET6, .sin6_scope_id = device },
			    all = from;
	struct sockaddr_ll here;
	int arp = arp_open(device, &here), fd, hops = 255, i, r = -1;

	if (arp == -1)
		return -1;
	(void)close(arp);
	said.advert.nd_na_target = *address;
	(void)memcpy(said.hardware, here.sll_addr, HARDWARE);
	from.sin6_addr = *address;
	(void)inet_pton(AF_INET6, "ff02::1", &all.sin6_addr);
	fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	if (fd != -1 && bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) ==
		0 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &device, sizeof(device)) ==
		0)
		for (r = 0, i = 0; i < TIMES && r == 0; i++) {
			if (i > 0)
				(void)nanosleep(&gap, NULL);
			if (sendto(fd, &said, sizeof(said), 0, (struct sockaddr *)&all,
				sizeof(all)) == -1)
				r = -1;
		}
	if (fd != -1)
		(void)close(fd);
	return r;
}
#else
static int
ipv4(int probe, const struct in_addr *address, unsigned int device)
{
	(void)probe, (void)address, (void)device;
	errno = ENOSYS;
	return -1;
}

static int
ipv6(const struct in6_addr *address, unsigned int device)
{
	(void)address, (void)device;
	errno = ENOSYS;
	return -1;
}
#endif

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: announce [--probe] ADDRESS DEVICE\n";
	const int probe = argc > 1 && strcmp(argv[1], "--probe") == 0;
	struct in6_addr six;
	struct in_addr four;
	unsigned int device;
	int r;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage_print(usage, 0);
	if (argc != 3 + probe || argv[1 + probe][0] == '-')
		return usage_print(usage, EXIT_USE);
	if (process_stdio() == -1)
		return fail("open", "/dev/null");
	device = if_nametoindex(argv[2 + probe]);
	if (device == 0)
		return fail("use the device", argv[2 + probe]);
	if (inet_pton(AF_INET, argv[1 + probe], &four) == 1) {
		r = ipv4(probe, &four, device);
	} else if (inet_pton(AF_INET6, argv[1 + probe], &six) == 1) {
		r = probe ? 0 : ipv6(&six, device);
	} else {
		errno = EINVAL;
		r = -1;
	}
	return r == -1 ? fail(probe ? "probe" : "announce", argv[1 + probe]) : r;
}

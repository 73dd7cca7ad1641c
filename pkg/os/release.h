/*
 * release.h - takes from this host what outlives a package's processes: an address,
 * a mount.  These calls may hang as long as a disk or a lock of the kernel does, so
 * each is for a child that nobody has to wait for.
 */
#ifndef PKG_RELEASE_H
#define PKG_RELEASE_H

/*
 * Removes ADDRESS[/LENGTH] from an interface, whatever length it has there: 0 once it is
 * not there, or -1 with errno.
 */
int release_address(const char *address, const char *interface);

/*
 * Unmounts a directory: 0 once nothing is mounted there, or -1 with errno.  EBUSY: somebody
 * else uses it; it is not detached then, since nobody could tell any more whether it is
 * still written to.
 */
int release_mount(const char *directory);

/*
 * 0 if nobody has the device mounted, in no namespace of mounts; or -1: somebody may.  It
 * may wait for the device for ever.
 */
int release_device(const char *device);

#endif

/*
 * disk.h - the inside of a simulated disk, for disk.c, os_sim.c and old.c alone.
 */
#ifndef LITE_RAFT_SIM_DISK_H
#define LITE_RAFT_SIM_DISK_H

#include "core/record.h"
#include "machine.h"

enum page {
	PAGE_CLEAN, /* the disk has it */
	PAGE_DIRTY, /* the next sync writes it */
	PAGE_LOST   /* called clean after a failed sync, and not on disk */
};

/* Sorted names; the same inode may stand in both images. */
struct names {
	char **name;
	struct inode **inode;
	uint64_t *key; /* of each, how it begins */
	size_t n;
};

/* A change of a directory that is not durable yet; a rename has both halves. */
struct change {
	char *gone;
	char *come;
	struct inode *inode;
};

struct inode {
	int is_dir;

	unsigned char *cache;
	unsigned char *disk;
	unsigned char *page; /* one a sector */
	size_t room;         /* bytes in cache and in disk */
	size_t size;
	size_t disk_size;
	size_t first_dirty; /* sectors that may be dirty */
	size_t end_dirty;
	size_t changed[2]; /* first offset since the checker looked */

	uint64_t *counter; /* of its machine's changes; NULL: it may vanish */

	struct names names[2];
	struct change *change;
	size_t changes;

	int is_log; /* machine_keep says what is kept of it */
	int tears;  /* a sector under way may be lost: it has a second copy */
	struct os *locked_by;

	/* Of a small file in run/: how it began before it was written last, and by whom,
	 * under state/lock or not. */
	unsigned char before[64];
	size_t before_n;
	const struct os *writer;
	int locked;
	int misread; /* the last one failed, or came in the midst of a write */
};

/* What path's first len bytes name. */
struct inode *machine_find_in(struct machine *, const char *path, size_t len,
    enum image);

struct inode *inode_new(struct machine *, const char *path, int is_dir);
void inode_write(struct inode *, const void *, size_t n, size_t off);
void inode_sync(struct inode *);
void inode_zeros(struct inode *, size_t n); /* a new one holds as many, durably */

/* Some of the dirty sectors reach the disk, the rest is marked so. */
void inode_sync_some(struct inode *, enum page rest);

/* In the page cache at once: gone leaves, come (f) enters; either may be NULL. */
void dir_change(struct inode *dir, const char *gone, const char *come, struct inode *f);

/* Each change reaches the disk with these odds in a thousand. */
void dir_sync(struct inode *dir, unsigned odds);

/* The first of them do, the others wait for the next sync. */
void dir_sync_some(struct inode *dir);

void disk_power_off(struct machine *);
int disk_exact(void); /* 1 after machine_keep */

#endif

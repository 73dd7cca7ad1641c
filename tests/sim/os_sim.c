/*
 * os_sim.c - os/os.h over a simulated host: its first half.  A process may be
 * killed, and a machine may lose power, in every one of these calls.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "os/os.h"
#include "sim.h"
#include "task.h"
#include "world.h"

#define TORN_READS 200u /* in a thousand */

static void
enter(struct os *os)
{
	if (last_call(os))
		die_here(os);
}

static struct open_file *
file_of(struct os *os, int fd)
{
	struct open_file *of;

	if (fd < FIRST_FD || (size_t)(fd - FIRST_FD) >= os->files)
		violation("DESCRIPTORS", "%s %s uses descriptor %d, which is none",
		    os->machine->name, os->name, fd);
	of = &os->file[fd - FIRST_FD];
	if (of->inode == NULL)
		violation("DESCRIPTORS", "%s %s uses descriptor %d, which is closed",
		    os->machine->name, os->name, fd);
	return of;
}

/* The directory that path lies in, and its last name. */
static struct inode *
parent_of(struct os *os, const char *path, const char **last)
{
	const char *slash = strrchr(path, '/');
	struct inode *dir;

	if (slash == NULL) {
		*last = path;
		return os->machine->root;
	}
	*last = slash + 1;
	dir = machine_find_in(os->machine, path, (size_t)(slash - path), IMAGE_CACHE);
	if (dir == NULL || !dir->is_dir) {
		errno = dir == NULL ? ENOENT : ENOTDIR;
		return NULL;
	}
	return dir;
}

/* 1 if name is that of a snapshot, or of something in one, under its own name. */
static int
is_snapshot(const char *path)
{
	const char *name = path + strlen("state/snapshot/");

	return strspn(name, "0123456789.") == strcspn(name, "/");
}

/* What may change under a lock only: state/ but for the lock files themselves, and
 * what is its own lock. */
static void
guard(struct os *os, const char *path)
{
	if (os->alone || !os->running || strncmp(path, "state/", 6) != 0 ||
	    strcmp(path, "state/lock") == 0 || strcmp(path, "state/running") == 0 ||
	    strcmp(path, "state/snapshot/lock") == 0 || holds(os, "state/lock"))
		return;
	if (strncmp(path, "state/snapshot/", 15) == 0 &&
	    holds(os, "state/snapshot/lock") && !is_snapshot(path))
		return;
	if (strncmp(path, "state/seen.", 11) == 0 &&
	    (machine_find(os->machine, path, IMAGE_CACHE) == NULL || holds(os, path)))
		return;
	violation("LOCK", "%s %s changes %s without the lock", os->machine->name,
	    os->name, path);
}

static int
no_space(struct os *os, size_t n)
{
	struct machine *m = os->machine;

	if (!m->full)
		return 0;
	if (m->space >= n) {
		m->space -= n;
		return 0;
	}
	m->errors++;
	return 1;
}

/* A start takes a snapshot that can't be read for a rotten one, and may spend the node:
 * not every one can be spared. */
static int
spared(struct os *os, const char *path)
{
	return os->alone && strncmp(path, "state/snapshot/", 15) == 0 &&
	    !rot_unreadable(node_by_name(os->machine->name), path + 15);
}

/* 1 if this call fails, which looks for a name, or changes one. */
static int
name_fails(struct os *os, const char *path)
{
	struct machine *m = os->machine;

	if (!os->running || m->name_fails == 0 || --m->name_fails > 0 ||
	    spared(os, path))
		return 0;
	m->errors++;
	story("%s: %s: a call that names %s fails", m->name, os->name, path);
	errno = EIO;
	return 1;
}

int
disk_open(struct os *os, const char *path, int flags)
{
	struct inode *dir, *f;
	struct open_file *of;
	const char *last;
	size_t fd;

	enter(os);
	if ((dir = parent_of(os, path, &last)) == NULL)
		return -1;
	f = inode_child(dir, IMAGE_CACHE, last);
	if (f == NULL && !(flags & DISK_CREATE)) {
		errno = ENOENT;
		return -1;
	}
	if (f != NULL && (flags & DISK_EXCL)) {
		errno = EEXIST;
		return -1;
	}
	if (f != NULL && f->is_dir && flags != DISK_READ) {
		errno = EISDIR;
		return -1;
	}
	if (name_fails(os, path))
		return -1;
	if (f == NULL) {
		guard(os, path);
		if (no_space(os, 64)) {
			errno = ENOSPC;
			return -1;
		}
		f = inode_new(os->machine, path, 0);
		f->is_log = strncmp(path, "state/log/", 10) == 0;
		f->tears = strcmp(path, "state/term") == 0;
		dir_change(dir, NULL, last, f);
	}
	for (fd = 0; fd < os->files; fd++)
		if (os->file[fd].inode == NULL)
			break;
	if (fd == os->files) {
		os->file = sim_grow(os->file, (fd + 1) * sizeof(*os->file));
		os->files++;
	}
	of = &os->file[fd];
	of->inode = f;
	of->writes = (flags & (DISK_WRITE | DISK_CREATE)) != 0;
	(void)strncpy(of->path, path, sizeof(of->path) - 1);
	of->path[sizeof(of->path) - 1] = '\0';
	return (int)fd + FIRST_FD;
}

int
disk_close(struct os *os, int fd)
{
	struct open_file *of = file_of(os, fd);

	/* fcntl: the lock falls with any descriptor of its file. */
	locks_fall(os, of->inode);
	of->inode = NULL;
	return 0;
}

/* 1 if this read fails: a sector that can't be read, this time. */
static int
read_fails(struct os *os, const char *path)
{
	struct machine *m = os->machine;

	if (!os->running || m->read_fails == 0 || --m->read_fails > 0 ||
	    spared(os, path))
		return 0;
	m->errors++;
	story("%s: %s: the read of %s fails", m->name, os->name, path);
	errno = EIO;
	return 1;
}

static int
is_run(const struct open_file *of)
{
	return strncmp(of->path, "run/", 4) == 0;
}

/* Where not both hold the lock one may read while another writes: some bytes, from the
 * first on, are those that come, the rest those that were there. */
static void
read_tears(struct os *os, const struct open_file *of, unsigned char *p, size_t n)
{
	struct inode *f = of->inode;
	const int again = f->misread;
	size_t i;

	f->misread = 0;
	if (!os->running || !is_run(of) || f->before_n < n || f->writer == os ||
	    (f->locked && holds(os, "state/lock")))
		return;
	/* Twice is more than there is time for. */
	if (again || !seed_odds(TORN_READS))
		return;
	f->misread = 1;
	for (i = (size_t)seed_below(n + 1); i < n; i++)
		p[i] = f->before[i];
}

ssize_t
disk_read(struct os *os, int fd, void *p, size_t n, off_t off)
{
	struct open_file *of = file_of(os, fd);
	struct inode *f = of->inode;

	enter(os);
	if (off < 0) {
		errno = EINVAL;
		return -1;
	}
	if (read_fails(os, of->path)) {
		f->misread = 1;
		return -1;
	}
	if ((size_t)off >= f->size)
		return 0;
	if (n > f->size - (size_t)off)
		n = f->size - (size_t)off;
	memcpy(p, f->cache + off, n);
	if (off == 0)
		read_tears(os, of, p, n);
	return (ssize_t)n;
}

/* As much of a write as came to pass: up to some sector of the file. */
static size_t
part_of(const struct inode *f, size_t n, size_t off)
{
	size_t end = (size_t)seed_range(off, off + n);

	if (!f->tears)
		end -= end % SECTOR;
	return end > off ? end - off : 0;
}

int
disk_write(struct os *os, int fd, const void *p, size_t n, off_t off)
{
	struct open_file *of = file_of(os, fd);
	struct inode *f = of->inode;
	size_t at = (size_t)off, grows;

	if (!of->writes || off < 0) {
		errno = EBADF;
		return -1;
	}
	/* What is in run/ is never synced: it stays in the page cache, but not even that
	 * takes it at any time. */
	if (!is_run(of) || os->machine->hangs_all)
		disk_waits(os);
	guard(os, of->path);
	if (is_run(of)) {
		f->before_n = f->size < sizeof(f->before) ? f->size : sizeof(f->before);
		if (f->before_n > 0)
			memcpy(f->before, f->cache, f->before_n);
		f->writer = os;
		f->locked = holds(os, "state/lock");
	}
	if (last_call(os)) {
		/* Killed before, after, or with some of it done. */
		if (seed_odds(300))
			inode_write(f, p, n, at);
		else if (seed_odds(500))
			inode_write(f, p, part_of(f, n, at), at);
		die_here(os);
	}
	grows = at + n > f->size ? at + n - f->size : 0;
	if (os->machine->full == 2)
		grows = n;
	if (grows > 0 && no_space(os, grows)) {
		inode_write(f, p, part_of(f, n, at), at);
		story("%s: %s: no space for %zu bytes of %s", os->machine->name,
		    os->name, n, of->path);
		errno = ENOSPC;
		return -1;
	}
	if (os->running && os->machine->write_fails > 0 &&
	    --os->machine->write_fails == 0) {
		inode_write(f, p, part_of(f, n, at), at);
		os->machine->errors++;
		story("%s: %s: a write of %zu bytes of %s is cut short",
		    os->machine->name, os->name, n, of->path);
		errno = EIO;
		return -1;
	}
	inode_write(f, p, n, at);
	return 0;
}

int
disk_sync(struct os *os, int fd)
{
	struct open_file *of = file_of(os, fd);
	struct machine *m = os->machine;

	disk_waits(os);
	if (last_call(os)) {
		if (!disk_exact())
			inode_sync_some(of->inode, PAGE_DIRTY);
		die_here(os);
	}
	os->syncs++;
	if (m->sync_fails > 0 && --m->sync_fails == 0) {
		inode_sync_some(of->inode, PAGE_LOST);
		m->errors++;
		story("%s: %s: the sync of %s fails", m->name, os->name, of->path);
		errno = EIO;
		return -1;
	}
	inode_sync(of->inode);
	return 0;
}

off_t
disk_size(struct os *os, int fd)
{
	return (off_t)file_of(os, fd)->inode->size;
}

static int
not_empty(struct inode *f)
{
	const char *const *names;

	return f != NULL && f->is_dir && inode_names(f, IMAGE_CACHE, &names) > 0;
}

int
disk_remove(struct os *os, const char *path)
{
	struct inode *dir, *f;
	const char *last;

	enter(os);
	guard(os, path);
	if ((dir = parent_of(os, path, &last)) == NULL)
		return -1;
	f = inode_child(dir, IMAGE_CACHE, last);
	if (f == NULL) {
		errno = ENOENT;
		return -1;
	}
	if (not_empty(f)) {
		errno = ENOTEMPTY;
		return -1;
	}
	if (name_fails(os, path))
		return -1;
	dir_change(dir, last, NULL, NULL);
	return 0;
}

int
disk_rename(struct os *os, const char *from, const char *to)
{
	struct inode *dir, *f, *to_dir;
	const char *from_last, *to_last;

	enter(os);
	/* A snapshot that is not needed goes without the lock; it comes under it. */
	if (strncmp(from, "state/snapshot/", 15) != 0 ||
	    !holds(os, "state/snapshot/lock"))
		guard(os, from);
	guard(os, to);
	if ((dir = parent_of(os, from, &from_last)) == NULL ||
	    (to_dir = parent_of(os, to, &to_last)) == NULL)
		return -1;
	f = inode_child(dir, IMAGE_CACHE, from_last);
	if (f == NULL) {
		errno = ENOENT;
		return -1;
	}
	if (not_empty(inode_child(to_dir, IMAGE_CACHE, to_last))) {
		errno = ENOTEMPTY;
		return -1;
	}
	if (name_fails(os, to))
		return -1;
	if (dir == to_dir) {
		dir_change(dir, from_last, to_last, f);
		return 0;
	}
	dir_change(to_dir, NULL, to_last, f);
	dir_change(dir, from_last, NULL, NULL);
	return 0;
}

/* It is ready at once, or never: who makes it may have died, and left some of it under
 * a name of its own. */
void
disk_prepare(struct os *os, const char *path, uint64_t bytes)
{
	struct inode *dir, *f;
	const char *last;
	char own[32];

	enter(os);
	if (seed_odds(400) || (dir = parent_of(os, path, &last)) == NULL ||
	    inode_child(dir, IMAGE_CACHE, last) != NULL || no_space(os, bytes))
		return;
	f = inode_new(os->machine, path, 0);
	if (seed_odds(200)) {
		(void)snprintf(own, sizeof(own), "%s.%d", last, os->machine->pids++);
		inode_zeros(f, (size_t)seed_below(bytes));
		dir_change(dir, NULL, own, f);
		return;
	}
	inode_zeros(f, bytes);
	dir_change(dir, NULL, last, f);
}

int
disk_mkdir(struct os *os, const char *path)
{
	struct inode *dir;
	const char *last;

	enter(os);
	if ((dir = parent_of(os, path, &last)) == NULL)
		return -1;
	if (inode_child(dir, IMAGE_CACHE, last) != NULL) {
		errno = EEXIST;
		return -1;
	}
	if (strcmp(path, "state/snapshot") != 0)
		guard(os, path);
	if (name_fails(os, path))
		return -1;
	if (no_space(os, 64)) {
		errno = ENOSPC;
		return -1;
	}
	dir_change(dir, NULL, last, inode_new(os->machine, path, 1));
	return 0;
}

int
disk_syncdir(struct os *os, const char *path)
{
	struct machine *m = os->machine;
	struct inode *dir;

	disk_waits(os);
	dir = machine_find(os->machine, path, IMAGE_CACHE);
	if (last_call(os)) {
		if (dir != NULL && dir->is_dir && seed_odds(500))
			dir_sync(dir, 1000);
		die_here(os);
	}
	if (dir == NULL || !dir->is_dir) {
		errno = ENOENT;
		return -1;
	}
	if (m->sync_fails > 0 && --m->sync_fails == 0) {
		dir_sync_some(dir);
		m->errors++;
		story("%s: %s: the sync of %s fails", m->name, os->name, path);
		errno = EIO;
		return -1;
	}
	dir_sync(dir, 1000);
	return 0;
}

char **
disk_names(struct os *os, const char *path)
{
	const char *const *names;
	struct inode *dir;
	char **copy;
	size_t i, n;

	enter(os);
	dir = machine_find(os->machine, path, IMAGE_CACHE);
	if (dir == NULL || !dir->is_dir) {
		errno = dir == NULL ? ENOENT : ENOTDIR;
		return NULL;
	}
	if (name_fails(os, path))
		return NULL;
	n = inode_names(dir, IMAGE_CACHE, &names);
	copy = sim_alloc((n + 1) * sizeof(*copy));
	for (i = 0; i < n; i++)
		copy[i] = sim_copy(names[i]);
	return copy;
}

void
disk_names_free(char **names)
{
	size_t i;

	if (names == NULL)
		return;
	for (i = 0; names[i] != NULL; i++)
		free(names[i]);
	free(names);
}

char *
disk_slurp(struct os *os, const char *path, size_t max, size_t *len)
{
	struct inode *f;
	char *p;

	enter(os);
	f = machine_find(os->machine, path, IMAGE_CACHE);
	if (f == NULL || f->is_dir) {
		errno = f == NULL ? ENOENT : EISDIR;
		return NULL;
	}
	if (f->size > max) {
		errno = EFBIG;
		return NULL;
	}
	if (read_fails(os, path))
		return NULL;
	p = sim_alloc(f->size + 1);
	if (f->size > 0)
		memcpy(p, f->cache, f->size);
	if (len != NULL)
		*len = f->size;
	return p;
}

void
machine_write(struct machine *m, const char *path, const char *text)
{
	struct os shell = { .machine = m };
	struct inode *dir;
	const char *last;
	struct inode *f;

	if ((dir = parent_of(&shell, path, &last)) == NULL)
		sim_die("no directory for %s", path);
	f = inode_new(m, path, 0);
	dir_change(dir, NULL, last, f);
	inode_write(f, text, strlen(text), 0);
}

void
machine_remove(struct machine *m, const char *path)
{
	struct os shell = { .machine = m };
	struct inode *dir;
	const char *last;

	dir = parent_of(&shell, path, &last);
	if (dir != NULL && inode_child(dir, IMAGE_CACHE, last) != NULL)
		dir_change(dir, last, NULL, NULL);
}

/* --- locks ---------------------------------------------------------------- */

int
disk_trylock(struct os *os, int fd)
{
	struct open_file *of = file_of(os, fd);

	enter(os);
	if (of->inode->locked_by != NULL && of->inode->locked_by != os) {
		errno = EAGAIN;
		return -1;
	}
	of->inode->locked_by = os;
	return 0;
}

int
disk_lock(struct os *os, int fd)
{
	struct open_file *of = file_of(os, fd);

	enter(os);
	/* A piece of work that is over and kept the lock would block for ever. */
	if (of->inode->locked_by != NULL && of->inode->locked_by != os)
		violation("LOCK", "%s %s waits for %s, which %s still holds",
		    os->machine->name, os->name, of->path, of->inode->locked_by->name);
	of->inode->locked_by = os;
	return 0;
}

int
disk_unlock(struct os *os, int fd)
{
	struct open_file *of = file_of(os, fd);

	enter(os);
	locks_fall(os, of->inode);
	return 0;
}

pid_t
disk_holder(struct os *os, int fd)
{
	struct open_file *of = file_of(os, fd);
	struct os *holder = of->inode->locked_by;

	enter(os);
	return holder != NULL && holder != os ? holder->pid : 0;
}

/* --- clock, chance, note -------------------------------------------------- */

uint64_t
clock_now(struct os *os)
{
	return sim_time() / 1000 * os->machine->rate + os->machine->offset + 1;
}

uint64_t
chance_u64(struct os *os)
{
	(void)os;
	return seed_node();
}

void
note(struct os *os, uint64_t term, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	(void)term;
	/* Votes are told with both logs by who carries them. */
	if (!story_told() || strncmp(fmt, "vote: %s term", 13) == 0)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	story("%s: %s", os->machine->name, line);
}

void
wake(struct os *os, const char *word)
{
	enter(os);
	node_woken(os->machine, word);
}

void
wall_time(void)
{
	violation("WALL", "a piece of work asks what time it is: it may have been set");
}

void
not_simulated(void)
{
	violation("OS", "a piece of work calls what is for main() only");
}

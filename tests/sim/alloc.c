/*
 * alloc.c - malloc and its kin for runs that are over in milliseconds, each with the
 * process that it is: what is freed is there for the next that asks for as much, and
 * nothing goes back.  (ASan has one of its own, which sees what is done wrong.)
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef __SANITIZE_ADDRESS__

#define CLASSES 256u /* four of them from one power of two to the next */
#define CHUNK   ((size_t)512 * 1024)

/* It stands before each piece of memory, and a free one begins with the next. */
struct piece {
	size_t size; /* without this */
	size_t class;
};

static struct piece *spare[CLASSES];
static char *fresh;
static size_t left;

static struct piece **
next_of(struct piece *p)
{
	return (struct piece **)(void *)(p + 1);
}

/* The least class that holds n bytes, and how much that one holds. */
static size_t
class_of(size_t n, size_t *holds)
{
	size_t quarter, power;

	if (n <= 64) {
		*holds = (n + 15) & ~(size_t)15;
		*holds = *holds > 0 ? *holds : 16;
		return *holds / 16 - 1;
	}
	power = 8 * sizeof(long) - 1 - (size_t)__builtin_clzl(n - 1);
	quarter = (size_t)1 << (power - 2);
	*holds = (n + quarter - 1) & ~(quarter - 1);
	return 4 * (power - 6) + *holds / quarter - 1;
}

/* A chunk of zeros, or more; NULL: there are none. */
static char *
chunk_new(size_t n)
{
	int fd = open("/dev/zero", O_RDWR);
	void *p;

	if (fd == -1)
		return NULL;
	p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	(void)close(fd);
	return p != MAP_FAILED ? p : NULL;
}

/* Behind the last piece: zeros. */
static struct piece *
carve(size_t n)
{
	struct piece *p;

	n += sizeof(*p);
	if (n > left) {
		left = (n + CHUNK - 1) / CHUNK * CHUNK;
		fresh = chunk_new(left);
		if (fresh == NULL) {
			left = 0;
			return NULL;
		}
	}
	p = (struct piece *)(void *)fresh;
	fresh += n;
	left -= n;
	return p;
}

static void *
take(size_t n, int zero)
{
	size_t class, holds;
	struct piece *p;

	if (n > SIZE_MAX / 4) {
		errno = ENOMEM;
		return NULL;
	}
	class = class_of(n, &holds);
	if ((p = spare[class]) != NULL) {
		spare[class] = *next_of(p);
		if (zero)
			memset(p + 1, 0, n);
		return p + 1;
	}
	if ((p = carve(holds)) == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	p->size = holds;
	p->class = class;
	return p + 1;
}

void *
malloc(size_t n)
{
	return take(n, 0);
}

void *
calloc(size_t n, size_t size)
{
	if (size > 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return take(n * size, 1);
}

void
free(void *at)
{
	struct piece *p = at;

	if (p-- == NULL)
		return;
	*next_of(p) = spare[p->class];
	spare[p->class] = p;
}

void *
realloc(void *at, size_t n)
{
	struct piece *p = at;
	void *copy;

	if (p-- == NULL)
		return take(n, 0);
	if (n <= p->size)
		return at;
	if ((copy = take(n, 0)) == NULL)
		return NULL;
	memcpy(copy, at, p->size);
	free(at);
	return copy;
}

#endif

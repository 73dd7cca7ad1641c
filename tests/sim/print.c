/*
 * print.c - the C library's snprintf and vsnprintf, as far as the product asks for
 * them (see build.mk): a quarter of a run went into the general ones.  What is not
 * known here goes there.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int sim_vsnprintf(char *, size_t, const char *, va_list)
    __attribute__((format(printf, 3, 0)));
int sim_snprintf(char *, size_t, const char *, ...)
    __attribute__((format(printf, 3, 4)));

struct out {
	char *at;
	size_t room;
	size_t n;
};

static void
put(struct out *o, const char *p, size_t n)
{
	size_t fits = o->n < o->room ? o->room - o->n : 0;

	memcpy(o->at + (fits > 0 ? o->n : 0), p, n < fits ? n : fits);
	o->n += n;
}

static void
number(struct out *o, uint64_t value, unsigned base, size_t width)
{
	char digits[24], *p = digits + sizeof(digits);

	do {
		*--p = "0123456789abcdef"[value % base];
		value /= base;
	} while (value > 0);
	while ((size_t)(digits + sizeof(digits) - p) < width)
		*--p = '0';
	put(o, p, (size_t)(digits + sizeof(digits) - p));
}

/* "016lx", behind a %: its length, 0: it is another one. */
static size_t
spec(const char *fmt, size_t *width, int *is_long, char *kind)
{
	const char *p = fmt;

	*width = 0;
	*is_long = 0;
	if (*p == '0')
		for (p++; *p >= '0' && *p <= '9' && *width < 16; p++)
			*width = *width * 10 + (size_t)(*p - '0');
	if (*p == 'l' || *p == 'z') {
		*is_long = 1;
		p++;
	}
	*kind = *p;
	return *p == 'u' || *p == 'x' || (*p == 's' && p == fmt) ?
	    (size_t)(p + 1 - fmt) :
	    0;
}

int
sim_vsnprintf(char *to, size_t room, const char *fmt, va_list ap)
{
	struct out o = { to, room, 0 };
	const char *p, *percent, *s;
	size_t used, width;
	va_list args;
	int is_long;
	char kind;

	va_copy(args, ap);
	for (p = fmt; (percent = strchr(p, '%')) != NULL; p = percent + 1 + used) {
		put(&o, p, (size_t)(percent - p));
		used = spec(percent + 1, &width, &is_long, &kind);
		if (used == 0 || width > 16) {
			va_end(args);
			return vsnprintf(to, room, fmt, ap);
		}
		if (kind == 's') {
			s = va_arg(args, const char *);
			put(&o, s, strlen(s));
		} else
			number(&o,
			    is_long ? va_arg(args, unsigned long) :
				      va_arg(args, unsigned int),
			    kind == 'x' ? 16 : 10, width);
	}
	va_end(args);
	put(&o, p, strlen(p));
	if (room > 0)
		to[o.n < room ? o.n : room - 1] = '\0';
	return o.n <= INT_MAX ? (int)o.n : -1;
}

int
sim_snprintf(char *to, size_t room, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = sim_vsnprintf(to, room, fmt, ap);
	va_end(ap);
	return n;
}

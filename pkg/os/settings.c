/*
 * settings.c - checks a package's settings, each alone, all together, and against
 * the store's election_timeout.
 *
 *	settings [ELECTION_TIMEOUT]     seconds; lines "NAME VALUE" on standard input
 *
 * One line comes out, of what follows from them, in seconds: limit= is when the
 * package is dead that lost its lease, wait= when another takes over, lag= (no seconds)
 * how many renewals a stand-by's note may be behind; soft= stands there if it had to be
 * raised.  78, and the rule that is broken, if one is.
 */
#include "../core/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/num.h"
#include "core/want.h"
#include "os/os.h"

#define EXIT_USE  64
#define EXIT_DISK 74
#define EXIT_CONF 78
#define TEXT_MAX  65536u
#define SECOND    1e9 /* in ns */

/* Reads all of standard input: 0, or -1. */
static int
text_read(struct buf *text)
{
	size_t n;
	char *room;

	do {
		room = buf_room(text, 4096);
		if (room == NULL)
			return -1;
		n = fread(room, 1, 4096, stdin);
		buf_grew(text, n);
	} while (n > 0 && text->len < TEXT_MAX);
	return ferror(stdin) ? -1 : 0;
}

static int
check(const struct buf *text, const char *election_timeout)
{
	struct settings s = { 0 };
	struct lease lease = { .limit = 0 };
	struct buf why = { 0 };
	uint64_t timeout = 0, soft;
	int r;

	if (election_timeout != NULL &&
	    num_seconds(election_timeout, strlen(election_timeout), &timeout) == -1) {
		(void)fprintf(stderr, "settings: cannot use %s: no number of seconds\n",
		    election_timeout);
		return EXIT_USE;
	}
	r = settings_parse(&s, text->len > 0 ? buf_head(text) : "", text->len, &why);
	soft = s.deadlines.soft;
	if (r == 0 && election_timeout != NULL)
		r = settings_fit(&s, timeout, &why);
	if (r == -1) {
		(void)fprintf(stderr, "settings: %.*s\n", (int)why.len,
		    why.len > 0 ? buf_head(&why) : "");
		buf_free(&why);
		return EXIT_CONF;
	}
	lease.limit = deadlines_limit(&s.deadlines);
	(void)printf("limit=%g wait=%.2f lag=%" PRIu64, (double)lease.limit / 1e3,
	    (double)lease_wait(&lease) / SECOND, node_lag(s.renew));
	if (s.deadlines.soft != soft)
		(void)printf(" soft=%.9g", (double)s.deadlines.soft / SECOND);
	return printf("\n") < 0 || fflush(stdout) == EOF ? EXIT_DISK : 0;
}

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: settings [ELECTION_TIMEOUT]\n";
	struct buf text = { 0 };
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage_print(usage, 0);
	if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
		return usage_print(usage, EXIT_USE);
	if (text_read(&text) == -1) {
		(void)fprintf(stderr, "settings: cannot read standard input: %s\n",
		    strerror(errno));
		return EXIT_DISK;
	}
	status = check(&text, argc == 2 ? argv[1] : NULL);
	buf_free(&text);
	return status;
}

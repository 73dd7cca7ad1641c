/*
 * hello - what another machine answers to a hello: the lines of its body, and what
 * forming, comparing and starting make of it.  Before an empty byte stands what this
 * node has heard of b, behind it what of c.
 */
#include "core/frame.h"
#include "core/types.h"
#include "node.h"
#include "node/verb.h"

/* The node as it is before its cluster is formed. */
static struct {
	const char *path;
	char *p;
	size_t n;
} fresh[] = { { "state/node", NULL, 0 }, { "state/lock", NULL, 0 },
	{ "state/term", NULL, 0 } };

#define FRESH (sizeof(fresh) / sizeof(fresh[0]))

/* As it was: of no cluster. */
static void
again(void)
{
	char path[64], **names = disk_names(os, "state/log");
	size_t i;

	for (i = 0; names != NULL && names[i] != NULL; i++) {
		(void)snprintf(path, sizeof(path), "state/log/%.40s", names[i]);
		MUST(disk_remove(os, path) == 0);
	}
	disk_names_free(names);
	(void)disk_remove(os, "state/members");
	(void)disk_remove(os, "message-log/node.log");
	for (i = 0; i < FRESH; i++)
		file_put(fresh[i].path, fresh[i].p, fresh[i].n);
}

/* A node that has not formed its cluster yet. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char begin[] = "lite-raft-node 1 a ";
	char why[256];
	size_t i;

	(void)argc;
	(void)argv;
	/* Its sentences are many; what a sanitizer says goes past this. */
	stderr = fopen("/dev/null", "w");
	MUST(stderr != NULL && freopen("/dev/null", "w", stdout) != NULL);
	os = os_open(".");
	MUST(os != NULL && node_init(os, "a", why) == 0);
	MUST(disk_mkdir(os, "run") == 0 && disk_mkdir(os, "message-log") == 0);
	for (i = 0; i < FRESH; i++) {
		fresh[i].p = disk_slurp(os, fresh[i].path, 1u << 20, &fresh[i].n);
		MUST(fresh[i].p != NULL);
	}
	/* An id that others can know. */
	MUST(strncmp(fresh[0].p, begin, strlen(begin)) == 0);
	memcpy(fresh[0].p + strlen(begin), "0123456789abcdef", ID_DIGITS);
	again();
	return 0;
}

static void
lines(const char *p, size_t n)
{
	static const char *const keys[] = { "nonce", "version", "nodes", "incoming",
		"member" };
	const char *line;
	struct frame f;
	size_t i, len;

	if (answer_parse(p, n, &f) == -1)
		return;
	MUST(f.type == FRAME_HELLO_REPLY);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		line = body_line(&f, keys[i], &len);
		if (line == NULL)
			continue;
		MUST(line > f.body && line + len < f.body + f.length);
		MUST(line[len] == '\n' && memchr(line, '\n', len) == NULL);
	}
}

/* Formed or joined, it is a member of what it has formed, and starts. */
static void
form(void)
{
	static char a[] = "a", b[] = "b", c[] = "c";
	char *names[] = { a, b, c, NULL }, why[256];
	struct state *st;

	switch (cmd_form(os, names)) {
	case EXIT_YES:
		st = state_open(os, why);
		MUST(st != NULL && node_verify(st) == 0);
		MUST(strcmp(st->cluster, "-") != 0);
		MUST(st->joiner ||
		    members_find(&st->members, st->me.name, st->me.id) != -1);
		state_close(st);
		again();
		break;
	case EXIT_NO:
	case EXIT_CONF:
		st = state_open(os, why);
		MUST(st != NULL && strcmp(st->cluster, "-") == 0);
		state_close(st);
		break;
	default:
		MUST(0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *p = exact(data, n);
	const char *nul = n > 0 ? memchr(p, '\0', n) : NULL;
	const size_t first = nul == NULL ? n : (size_t)(nul - p);

	lines(p, first);
	file_put("run/hello.b", p, first);
	file_put("run/hello.c", nul == NULL ? p : nul + 1,
	    nul == NULL ? n : n - first - 1);
	form();
	free(p);
	return 0;
}

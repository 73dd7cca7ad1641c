/*
 * hello - what another machine answers to a hello: the lines of its body, and what
 * forming, comparing and starting make of it.  Before an empty byte stands what this
 * node has heard of b, behind it what of c.
 */
#include "core/frame.h"
#include "core/types.h"
#include "node.h"
#include "node/verb.h"

/* A node that has not formed its cluster yet. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	/* Its sentences are many; what a sanitizer says goes past this. */
	stderr = fopen("/dev/null", "w");
	MUST(stderr != NULL && freopen("/dev/null", "w", stdout) != NULL);
	node_keep();
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

	if (frame_answer(p, n, FRAME_HELLO_REPLY, &f) == -1)
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
		node_again();
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

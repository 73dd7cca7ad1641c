/*
 * stream - what a leader sends to append, in pieces as the first byte has it: whatever
 * it is, the log that it leaves is whole, and has what was acknowledged.
 */
#include <unistd.h>

#include "core/frame.h"
#include "node.h"
#include "step/step.h"

static pid_t role;

/* A process that is the role of this node, until this one has ended. */
static void
role_start(void)
{
	int over[2], ready[2], fd;
	char c;

	MUST(pipe(ready) == 0 && pipe(over) == 0);
	role = fork();
	MUST(role != -1);
	if (role == 0) {
		fd = disk_open(os, "state/running", DISK_WRITE);
		MUST(fd != -1 && disk_trylock(os, fd) == 0);
		MUST(write(ready[1], "", 1) == 1 && close(over[1]) == 0);
		MUST(read(over[0], &c, 1) == 0);
		_exit(0);
	}
	MUST(read(ready[0], &c, 1) == 1);
	MUST(close(ready[0]) == 0 && close(ready[1]) == 0 && close(over[0]) == 0);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	node_keep();
	role_start();
	return 0;
}

/* It is a's and b's from here on. */
static struct state *
form(void)
{
	struct members m = { 0 };
	struct state *st;
	char why[256];

	node_again();
	(void)disk_remove(os, "run/stamp");
	(void)disk_remove(os, "run/commit_index");
	st = state_open(os, why);
	MUST(st != NULL && state_lock(st) == 0);
	st->segment_bytes = 4096;
	MUST(members_add(&m, "a", st->me.id) == 0);
	MUST(members_add(&m, "b", "fedcba9876543210") == 0);
	MUST(node_form(st, &m) == 0 && state_unlock(st) == 0);
	return st;
}

/* What the last reply that acknowledges anything does: what it had
 * before may be cut. */
static uint64_t
acknowledged(const struct buf *out)
{
	struct frame f;
	const char *why;
	uint64_t last = 0;
	size_t at, used;

	for (at = 0; at < out->len; at += used) {
		MUST(frame_parse(buf_head(out) + at, out->len - at, &f, &used, &why) ==
		    1);
		MUST(f.type == FRAME_APPENDED && f.arg[0] <= APPENDED_FULL);
		if (f.arg[0] == APPENDED_YES)
			last = f.arg[1];
	}
	return last;
}

/* At its next start it has all of that. */
static void
starts(uint64_t index, uint64_t term)
{
	struct state *st;
	struct cursor c;
	struct record r;
	char why[256];
	uint64_t i;

	st = state_open(os, why);
	MUST(st != NULL && node_verify(st) == 0);
	MUST(st->lock.damaged == 0 && st->tail.index >= index);
	MUST(st->term.current_term >= term);
	MUST(state_lock(st) == 0);
	for (i = 1; i <= st->tail.index; i++)
		MUST(log_find(st, i, &c, &r) == 0 && r.index == i && r.term <= term);
	state_close(st);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct state *st;
	struct append *a;
	struct buf out = { 0 };
	size_t at, part;
	uint64_t term;
	char *p;
	int r = 0;

	if (n < 1)
		return 0;
	p = exact(data + 1, n - 1);
	st = form();
	a = append_new(st, role);
	MUST(a != NULL);
	for (at = 0; r == 0 && at < n - 1; at += part) {
		part = data[0] == 0 || data[0] > n - 1 - at ? n - 1 - at : data[0];
		r = append_input(a, p + at, part, &out);
	}
	MUST(r == 0 || st->why[0] != '\0');
	term = st->term.current_term;
	append_free(a);
	state_close(st);
	starts(acknowledged(&out), term);
	buf_free(&out);
	free(p);
	return 0;
}

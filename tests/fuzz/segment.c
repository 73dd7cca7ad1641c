/*
 * segment - a segment of the log at start: whatever it holds, the node starts or
 * refuses, what is lost to it is so at the next start, and what it says that it has
 * can be read.
 */
#include "node.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	node_here();
	return 0;
}

/* Starts: the end of the log, or UINT64_MAX (it refuses). */
static uint64_t
start(uint64_t *damaged)
{
	char why[256];
	struct state *st = state_open(os, why);
	struct record r;
	struct cursor c;
	uint64_t index, last = UINT64_MAX;

	MUST(st != NULL);
	if (node_verify(st) == 0) {
		last = st->tail.index;
		*damaged = st->lock.damaged;
		MUST(state_lock(st) == 0);
		for (index = 1; index <= last; index++)
			MUST(log_find(st, index, &c, &r) == 0 && r.index == index);
	} else
		MUST(st->why[0] != '\0');
	state_close(st);
	return last;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char lock[] =
	    "lite-raft-lock 1 0000000000000001 dirty 0000000000000000 0000000000000001 "
	    "0000000000000000 00000000 0000000000000001 0000000000000000 00000000\n";
	uint64_t again = 0, damaged = 0, last, then;

	file_put("state/log/0000000000000001", data, n);
	/* With a lock file that knows of one entry, or of none. */
	file_put("state/lock", lock, n % 2 == 0 ? sizeof(lock) - 1 : 0);
	(void)disk_remove(os, "state/members");
	last = start(&damaged);
	if (last == UINT64_MAX)
		return 0;
	/* What is lost stays so.  More may be seen behind it then, as of a repair
	 * that was cut short: a leader compares it, by its chain, with what it has.
	 * What was replaced may be refused with a word by then. */
	then = start(&again);
	if (damaged == 0)
		MUST(then == last && again == 0);
	else
		MUST(then == UINT64_MAX || (then >= last && again == damaged));
	return 0;
}

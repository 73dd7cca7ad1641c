/*
 * stream.c - when a leader speaks on a stream: stream TERM, in the directory of a node
 * that was elected in that term and has a peer b.
 */
#include "core/num.h"
#include "entries.h"
#include "lead/lead.h"

static void
turn(struct lead *l)
{
	MUST(lead_begin(l) == LEAD_ON);
	MUST(lead_finish(l) == LEAD_ON);
}

int
main(int argc, char **argv)
{
	static const char greeting[] = "a banner\nlite-raft-gate 1\n";
	struct os *os = os_open(".");
	struct state *st = state_at(os);
	struct stream *s;
	struct lead *l;
	uint64_t term;
	size_t i;
	int status;

	MUST(argc == 2 && num_u64(argv[1], strlen(argv[1]), NUMBER_MAX, &term) == 0);
	l = lead_new(st, term, UINT64_C(10000000000), &status);
	MUST(l != NULL);
	s = lead_stream_open(l, "b", 0);
	MUST(s != NULL);
	for (i = 0; i < sizeof(greeting) - 1; i++) {
		turn(l);
		MUST(lead_stream_output(s)->len == 0);
		MUST(lead_stream_input(l, s, greeting + i, 1) == 0);
	}
	turn(l);
	MUST(lead_stream_output(s)->len > 0);
	lead_stream_close(l, s);
	lead_free(l);
	state_close(st);
	os_close(os);
	return 0;
}

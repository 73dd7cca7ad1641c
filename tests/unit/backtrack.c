/*
 * backtrack.c - plays the leader for "append", which works on the current
 * directory, with the log of another directory: finds where the two agree as
 * followers.c does, sends the rest, and prints how often it was told no.
 *
 *	backtrack APPEND DIR TERM
 */
#include <inttypes.h>

#include "entries.h"

#define BODY 65536u /* bytes of records in a frame */

struct leader {
	struct state *st;
	struct who to;
	int fd;
	uint64_t term;
	uint64_t prev_term;
	uint32_t prev_chain;
};

/* The follower's answer to one frame, which holds what follows prev. */
static struct frame
ask(struct leader *l, uint64_t prev, size_t max, uint64_t *sent)
{
	struct state *st = l->st;
	struct cursor c = { 1, 1, 0 };
	struct record r = { 0 };
	struct buf in = { 0 }, out = { 0 }, body = { 0 };
	struct frame f;
	const char *why;
	size_t count = 0, used;
	ssize_t n;
	char *p;

	if (prev > 0) {
		SAYS(st, log_find(st, prev, &c, &r));
		c.index++;
		c.off += record_size(&r);
	}
	f = address(st, FRAME_APPEND, &l->to);
	f.term = f.seq = l->term;
	f.arg[0] = r.index;
	f.arg[1] = r.term;
	f.arg[2] = r.chain;
	f.arg[4] = st->tail.index;
	if (max > 0 && prev < st->tail.index)
		SAYS(st, log_read(st, &c, st->tail.index, max, &body, &count, NULL));
	*sent = count;
	f.arg[5] = count;
	f.length = body.len;
	f.body = body.len > 0 ? buf_head(&body) : "";
	MUST(frame_encode(&f, &out) == 0);
	MUST(wire_write_all(l->fd, buf_head(&out), out.len) == 0);
	for (;;) {
		p = buf_room(&in, 4096);
		MUST(p != NULL);
		n = wire_read(l->fd, p, 4096);
		MUST(n > 0);
		buf_grew(&in, (size_t)n);
		if (frame_parse(buf_head(&in), in.len, &f, &used, &why) == 1)
			break;
	}
	MUST(used == in.len && f.type == FRAME_APPENDED);
	f.body = NULL;
	buf_free(&in);
	buf_free(&out);
	buf_free(&body);
	return f;
}

int
main(int argc, char **argv)
{
	struct leader l = { 0 };
	struct os *os;
	struct record r;
	struct frame f;
	char *append[2] = { NULL, NULL };
	uint64_t next, sent = 0;
	pid_t pid;
	int rounds = 0, status;

	MUST(argc == 4);
	os = os_open(argv[2]);
	MUST(os != NULL);
	l.st = state_at(os);
	SAYS(l.st, state_lock(l.st));
	l.term = strtoull(argv[3], NULL, 10);
	memcpy(l.to.name, "a", 2);
	id_invent("a", l.to.id);
	append[0] = argv[1];
	l.fd = process_start(append, 0, &pid);
	MUST(l.fd != -1);
	next = l.st->tail.index + 1;
	while ((f = ask(&l, next - 1, 0, &sent)).arg[0] == APPENDED_NO) {
		SAYS(l.st, log_last_within(l.st, f.arg[2], f.arg[3], &r));
		MUST(r.index + 1 < next);
		next = r.index + 1;
		rounds++;
	}
	while (next <= l.st->tail.index) {
		f = ask(&l, next - 1, BODY, &sent);
		next += sent;
		MUST(f.arg[0] == APPENDED_YES && f.arg[1] == next - 1);
	}
	(void)printf("%d\n", rounds);
	MUST(wire_close(l.fd) == 0);
	MUST(process_wait(pid, UINT64_C(60000000000), &status) == 1 && status == 0);
	SAYS(l.st, state_unlock(l.st));
	state_close(l.st);
	os_close(os);
	return fflush(stdout) == EOF ? 74 : 0;
}

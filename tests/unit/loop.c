/*
 * loop.c - the event loop, whichever is behind it: built twice, the second time
 * over poll(2).
 */
#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include "must.h"
#include "os/os.h"

#define MS   UINT64_C(1000000)
#define MANY 500

static void
pair_make(int pair[2])
{
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	MUST(wire_nonblock(pair[0]) == 0);
}

static void
one(void)
{
	struct loop *loop;
	struct loop_event e[4];
	char got[8];
	int pair[2];

	loop = loop_new();
	MUST(loop != NULL);
	pair_make(pair);
	MUST(loop_add(loop, pair[0], LOOP_READ, pair) == 0);
	MUST(loop_add(loop, pair[0], LOOP_READ, pair) == -1 && errno == EEXIST);
	MUST(loop_wait(loop, e, 4, 0) == 0);

	/* Readable until it is read, and no event twice for both. */
	MUST(wire_write_all(pair[1], "x", 1) == 0);
	MUST(loop_wait(loop, e, 4, UINT64_MAX) == 1);
	MUST(e[0].arg == pair && e[0].what == LOOP_READ);
	MUST(loop_mod(loop, pair[0], LOOP_READ | LOOP_WRITE, got) == 0);
	MUST(loop_wait(loop, e, 4, UINT64_MAX) == 1);
	MUST(e[0].arg == got && e[0].what == (LOOP_READ | LOOP_WRITE));
	MUST(wire_read(pair[0], got, sizeof(got)) == 1);
	MUST(loop_wait(loop, e, 4, 0) == 1 && e[0].what == LOOP_WRITE);
	MUST(loop_mod(loop, pair[0], LOOP_READ, got) == 0);
	MUST(loop_wait(loop, e, 4, 0) == 0);

	/* The end can be read. */
	MUST(wire_close(pair[1]) == 0);
	MUST(loop_wait(loop, e, 4, UINT64_MAX) == 1);
	MUST((e[0].what & LOOP_READ) != 0);
	MUST(loop_del(loop, pair[0]) == 0);
	MUST(loop_wait(loop, e, 4, 0) == 0);
	MUST(loop_del(loop, pair[0]) == -1 && errno == ENOENT);
	MUST(loop_mod(loop, pair[0], LOOP_READ, got) == -1 && errno == ENOENT);
	MUST(wire_close(pair[0]) == 0);
	loop_free(loop);
}

static void
time_passes(void)
{
	struct loop *loop;
	struct loop_event e[1];
	uint64_t began;

	loop = loop_new();
	MUST(loop != NULL);
	began = clock_now(NULL);
	MUST(loop_wait(loop, e, 1, 20 * MS + 1) == 0);
	MUST(clock_now(NULL) >= began + 20 * MS + 1);
	loop_free(loop);
}

static volatile sig_atomic_t alarmed;

static void
signal_ends_wait(void)
{
	struct loop *loop;
	struct loop_event e[1];

	loop = loop_new();
	MUST(loop != NULL);
	MUST(process_on_signal(SIGALRM, &alarmed) == 0);
	(void)alarm(1);
	MUST(loop_wait(loop, e, 1, UINT64_MAX) == 0);
	MUST(alarmed == SIGALRM);
	loop_free(loop);
}

/* All are ready, a few are asked for at a time: everyone gets a turn. */
static void
many(void)
{
	static int pair[MANY][2], seen[MANY];
	struct loop *loop;
	struct loop_event e[7];
	char byte;
	int i, n, at, left = MANY;

	if (process_fd_limit() < 2 * MANY + 50)
		return;
	loop = loop_new();
	MUST(loop != NULL);
	for (i = 0; i < MANY; i++) {
		pair_make(pair[i]);
		MUST(loop_add(loop, pair[i][0], LOOP_READ, &seen[i]) == 0);
		MUST(wire_write_all(pair[i][1], "x", 1) == 0);
	}

	/* Nothing is read: only turns, not emptied sockets, let the last one in. */
	for (i = 0; i < 2 * MANY && left > 0; i++) {
		n = loop_wait(loop, e, 7, UINT64_MAX);
		MUST(n > 0 && n <= 7);
		while (n-- > 0) {
			at = (int)((int *)e[n].arg - seen);
			MUST(at >= 0 && at < MANY && e[n].what == LOOP_READ);
			left -= seen[at]++ == 0;
		}
	}
	MUST(left == 0);
	for (i = 0; i < MANY; i++) {
		MUST(wire_read(pair[i][0], &byte, 1) == 1);
		MUST(i % 2 == 0 || loop_del(loop, pair[i][0]) == 0);
		MUST(wire_write_all(pair[i][1], "y", 1) == 0);
	}
	for (i = 0; i < MANY; i++) {
		n = loop_wait(loop, e, 7, 0);
		while (n-- > 0) {
			at = (int)((int *)e[n].arg - seen);
			MUST(at % 2 == 0);
		}
	}
	for (i = 0; i < MANY; i++)
		MUST(wire_close(pair[i][0]) == 0 && wire_close(pair[i][1]) == 0);
	loop_free(loop);
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "one", one },
		{ "time_passes", time_passes },
		{ "signal_ends_wait", signal_ends_wait },
		{ "many", many },
		{ NULL, NULL },
	};

	return run_cases(cases, argc, argv);
}

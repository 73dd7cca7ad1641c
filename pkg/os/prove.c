/*
 * prove.c - one child, and what it prints.
 */
#include "prove.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/lease.h"
#include "core/num.h"
#include "watch.h"

#define LIMIT UINT64_C(10000000000) /* ns that it may take */
#define MOST  4096u                 /* bytes that it may print */

static struct {
	struct watch watch;
	struct loop *loop;
	prove_answer *answer;
	void *arg;
	int asked; /* and not answered */
	int fd;    /* -1: nobody was sent, or could be */
	pid_t pid;
	uint64_t number;
	uint64_t by;
	struct buf text;
} prove;

/* The rest of the line that begins with word: how long it is, or 0. */
static size_t
line_of(const char *text, const char *word, const char **rest)
{
	const size_t n = strlen(word);

	while (strncmp(text, word, n) != 0) {
		text = strchr(text, '\n');
		if (text++ == NULL)
			return 0;
	}
	*rest = text + n;
	return strcspn(*rest, "\n");
}

void
prove_end(void)
{
	prove.asked = 0;
	if (prove.fd == -1)
		return;
	(void)process_kill(prove.pid, SIGKILL);
	(void)loop_del(prove.loop, prove.fd);
	(void)wire_close(prove.fd);
	prove.fd = -1;
	buf_cut(&prove.text, 0);
}

static void
conclude(void)
{
	char boot[LEASE_BOOT + 1] = "-";
	const char *rest;
	uint64_t closed = 0;
	size_t n;

	if (buf_add(&prove.text, "", 1) == 0) {
		n = line_of(buf_head(&prove.text), "boot ", &rest);
		if (n > 0 && n < sizeof(boot))
			(void)snprintf(boot, sizeof(boot), "%.*s", (int)n, rest);
		n = line_of(buf_head(&prove.text), "closed ", &rest);
		if (n > 0 && num_u64(rest, n, UINT64_MAX, &closed) == -1)
			closed = 0;
	}
	prove_end();
	prove.answer(prove.arg, prove.number, boot, closed);
}

static void
ready(struct watch *watch)
{
	char *room = buf_room(&prove.text, MOST);
	ssize_t n;

	(void)watch;
	n = room == NULL || prove.text.len > MOST ? 0 : wire_read(prove.fd, room, MOST);
	if (n > 0)
		buf_grew(&prove.text, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		conclude();
}

void
prove_begin(struct loop *loop, prove_answer *answer, void *arg)
{
	prove.watch.ready = ready;
	prove.loop = loop;
	prove.answer = answer;
	prove.arg = arg;
	prove.fd = -1;
}

void
prove_ask(uint64_t number, const char *package, const char *host, uint64_t now)
{
	char program[] = "libexec/prove", name[LEASE_NAME + 1], owner[LEASE_NAME + 1];
	char *argv[] = { program, name, owner, NULL };

	prove_end();
	(void)snprintf(name, sizeof(name), "%s", package);
	(void)snprintf(owner, sizeof(owner), "%s", host);
	prove.fd = process_start(argv, 1, &prove.pid);
	if (prove.fd != -1 &&
	    (wire_nonblock(prove.fd) == -1 ||
		loop_add(prove.loop, prove.fd, LOOP_READ, &prove.watch) == -1))
		prove_end();
	prove.asked = 1;
	prove.number = number;
	prove.by = prove.fd == -1 ? now : now + LIMIT;
}

void
prove_tick(uint64_t now)
{
	if (prove.asked && now >= prove.by)
		conclude();
}

uint64_t
prove_wake(void)
{
	return prove.asked ? prove.by : UINT64_MAX;
}

/*
 * call.c - a client: understands its words, asks the cluster, and says what came
 * of it.
 *
 * call --gate is the other end of a conversation from another host: behind
 * the gate it passes on what comes to the leader's socket.  With --store-only it
 * may not change the cluster.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/client.h"

#define SECOND   UINT64_C(1000000000) /* in nanoseconds */
#define CONF_MAX 65536u               /* bytes of a file */
#define GULP     65536u               /* bytes to read at once */

static int
usage(void)
{
	return usage_print(
	    "usage: lite-raft-client [--timeout SECONDS] [--json] [--raw] [--from INDEX] "
	    "VERB ...\n"
	    "\n"
	    "  set KEY VALUE             VALUE -: what is on standard input\n"
	    "  get KEY                   --raw: without a newline behind it; --json\n"
	    "                            --local, first: what this node knows, asking nobody\n"
	    "  unset KEY\n"
	    "  list [PREFIX]             --json\n"
	    "  if KEY OP VALUE set NEW   OP: = != -eq -ne -lt -le -gt -ge\n"
	    "  if KEY OP VALUE unset     absent or exists for OP VALUE\n"
	    "  batch                     requests on standard input, a line each; "
	    "answers in order\n"
	    "  watch [PREFIX]            changes as they commit; --from INDEX; --json\n"
	    "  noop\n"
	    "  status                    --json\n"
	    "  add-member NODE           --learner behind it: it only follows\n"
	    "  del-member NODE\n"
	    "  transfer NODE             it is to lead\n"
	    "\n"
	    "Exit status: 0 done or yes, 1 no, 64 usage, 69 no leader and nothing\n"
	    "changed, 74 disk or system error, 75 outcome unknown, 77 refused by\n"
	    "the gate, 78 bad configuration.\n",
	    EXIT_YES);
}

/* Reads the value from stdin: 0, or an exit status. */
static int
value_read(const struct reach *r, struct client *client, struct buf *value)
{
	char *room;
	ssize_t n;

	while (value->len <= VALUE_MAX) {
		room = buf_room(value, GULP);
		if (room == NULL)
			return reach_fault(r);
		n = wire_read(0, room, GULP);
		if (n == 0)
			break;
		if (n == -1 && errno == EAGAIN && wire_wait(0, SECOND) >= 0)
			continue;
		if (n == -1)
			return reach_complain(r, EXIT_DISK,
			    "cannot read standard input: %s", strerror(errno));
		buf_grew(value, (size_t)n);
	}
	if (value->len > VALUE_MAX)
		return reach_complain(r, EXIT_USE, "value over 1 MiB");
	client_value(client, value->len == 0 ? "" : buf_head(value), value->len);
	return 0;
}

static int
ask(struct reach *r, struct client *client)
{
	struct buf value = { 0 };
	struct os *os;
	int status = 0;

	if (process_on_signal(SIGPIPE, NULL) == -1)
		return reach_fault(r);
	if (client_wants_value(client))
		status = value_read(r, client, &value);
	os = os_open(".");
	if (status == 0 && os == NULL)
		status = reach_fault(r);
	if (status == 0)
		status = reach_begin(r, client, os);
	if (status == 0)
		status = client->batch                 ? batch_run(r, client) :
		    client->command.verb == VERB_WATCH ? watch_run(r, client) :
							 one_run(r, client);
	buf_free(&value);
	os_close(os);
	return status;
}

static int
call(int argc, char *const *argv)
{
	/* Static: a signal that comes late still finds its flag. */
	static struct reach reach;
	static struct client client;
	const char *what = NULL, *why;

	reach.client = &client;
	if (client_parse(&client, argc, argv, &what, &why) == -1) {
		if (what == NULL)
			return reach_complain(&reach, EXIT_USE, "%s", why);
		(void)fprintf(stderr, "lite-raft-client: cannot use %s: %s\n", what,
		    why);
		return EXIT_USE;
	}
	if (client.help)
		return usage();
	return ask(&reach, &client);
}

/* Behind the gate: passes on to the leader, or says that this is none. */
static int
gate(int store_only)
{
	static const char restricted[] = "store-only\n";
	char *leader = NULL;
	struct os *os;
	int fd, n = 0;

	if (process_on_signal(SIGPIPE, NULL) == -1)
		return EXIT_DISK;
	fd = wire_connect("run/client.sock");
	/* Before anything that comes from there. */
	if (fd != -1 && store_only &&
	    wire_write_all(fd, restricted, sizeof(restricted) - 1) == -1)
		return EXIT_DISK;
	if (fd != -1)
		return relay(0, 1, fd) == -1 ? EXIT_DISK : EXIT_YES;
	os = os_open(".");
	if (os != NULL)
		leader = disk_slurp(os, "run/leader", CONF_MAX, NULL);
	if (leader != NULL)
		n = (int)strcspn(leader, " \n");
	(void)printf("69 not-leader %.*s\n", n > 0 ? n : 1, n > 0 ? leader : "-");
	free(leader);
	os_close(os);
	return fflush(stdout) == 0 ? EXIT_NOLEADER : EXIT_DISK;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--gate") == 0)
		return gate(0);
	if (argc == 3 && strcmp(argv[1], "--gate") == 0 &&
	    strcmp(argv[2], "--store-only") == 0)
		return gate(1);
	return call(argc, argv);
}

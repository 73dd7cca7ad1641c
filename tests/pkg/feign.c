/*
 * feign.c - a monitor for guard's tests: does what the FIFO `orders` says, and
 * appends what guard says to the file `said`.
 *
 *	tell LINE	to guard; | stands for a newline, @ for the time now, @-MS or @+MS for another
 *	run COMMAND	as a control script is started, by sh -c; its words go to `printed`
 *	renewing	tells guard of a renewal all the time
 *	leave N		ends with that
 *
 * Its pid stands in `feign.pid`, that of what it ran in `script.pid`.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../pkg/os/host.h"
#include "../../pkg/os/kill.h"
#include "../../pkg/os/script.h"

#define MS UINT64_C(1000000)

static int renewing;
static struct script script;
static char mark[KILL_MARK];

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static void
append(const char *path, const char *text)
{
	FILE *file = fopen(path, "ae");

	if (file == NULL || fprintf(file, "%s\n", text) < 0 || fclose(file) == EOF)
		fail(path);
}

/* Sends the line, with the times in it. */
static void
tell(const char *line)
{
	char text[4096], *rest;
	size_t n = 0;
	long ms;

	while (*line != '\0' && n < sizeof(text) - 32) {
		if (*line != '@') {
			text[n++] = (char)(*line == '|' ? '\n' : *line);
			line++;
			continue;
		}
		ms = 0;
		line++;
		if (*line == '-' || *line == '+') {
			ms = strtol(line, &rest, 10);
			line = rest;
		}
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%" PRIu64,
		    ms < 0 ? host_now() - (uint64_t)-ms * MS :
			     host_now() + (uint64_t)ms * MS);
	}
	if (send(SCRIPT_GUARD, text, n, 0) == -1)
		fail("send");
}

static void
run(char *command)
{
	char sh[] = "sh", c[] = "-c", pid[32];
	char *argv[] = { sh, c, command, NULL };

	if (script_start(&script, argv, mark, UINT64_MAX) == -1)
		fail("run");
	(void)snprintf(pid, sizeof(pid), "%ld", (long)script.pid);
	append("script.pid", pid);
}

static void
obey(char *line)
{
	if (strncmp(line, "tell ", 5) == 0)
		tell(line + 5);
	else if (strncmp(line, "run ", 4) == 0)
		run(line + 4);
	else if (strcmp(line, "renewing") == 0)
		renewing = 1;
	else if (strncmp(line, "leave ", 6) == 0)
		exit(atoi(line + 6)); /* NOLINT(cert-err34-c): of a test */
}

static void
hear(void)
{
	char text[8192];
	ssize_t n = recv(SCRIPT_GUARD, text, sizeof(text) - 1, 0);

	if (n <= 0)
		exit(3);
	text[n] = '\0';
	append("said", text);
	if (strncmp(text, "dead", 4) == 0 || strncmp(text, "undead", 6) == 0)
		tell("heard");
}

int
main(int argc, char **argv)
{
	struct pollfd pfd[2] = { { .fd = SCRIPT_GUARD, .events = POLLIN },
		{ .events = POLLIN } };
	char line[4096], pid[32];
	int prints, status;
	FILE *orders;

	if (argc != 2 || kill_mark(argv[1], mark) == -1)
		fail("kill_mark");
	(void)host_adopt();
	if (fcntl(SCRIPT_GUARD, F_SETFD, FD_CLOEXEC) == -1)
		fail("fcntl");
	prints = open("printed", O_WRONLY | O_CREAT | O_APPEND, 0600);
	pfd[1].fd = open("orders", O_RDWR | O_CLOEXEC);
	orders = pfd[1].fd == -1 ? NULL : fdopen(pfd[1].fd, "r");
	if (prints == -1 || dup2(prints, SCRIPT_PRINTS) == -1 || orders == NULL)
		fail("open");
	(void)setvbuf(orders, NULL, _IONBF, 0);
	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	append("feign.pid", pid);
	for (;;) {
		if (poll(pfd, 2, 10) == -1 && errno != EINTR)
			fail("poll");
		if (pfd[0].revents != 0)
			hear();
		if (pfd[1].revents != 0 && fgets(line, sizeof(line), orders) != NULL) {
			line[strcspn(line, "\n")] = '\0';
			obey(line);
		}
		if (renewing)
			tell("renewed @");
		while (waitpid(-1, &status, WNOHANG) > 0)
			continue;
	}
}

/*
 * os.c - what os.h promises, asked of a real machine.  Works in the current
 * directory, which is to be empty.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <unistd.h>

#include "must.h"
#include "os/os.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)

static struct os *
here(void)
{
	struct os *os;

	os = os_open(".");
	MUST(os != NULL);
	return os;
}

static void
put(const char *path, const char *text)
{
	struct os *os = here();
	int fd;

	fd = disk_open(os, path, DISK_CREATE);
	MUST(fd != -1);
	MUST(disk_write(os, fd, text, strlen(text), 0) == 0);
	MUST(disk_close(os, fd) == 0);
	os_close(os);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	MUST(stat(path, &st) == 0);
	return st.st_mode & 0777;
}

static void
disk_files(void)
{
	struct os *os = here();
	char got[16];
	int fd;

	MUST(disk_open(os, "none", DISK_READ) == -1 && errno == ENOENT);
	MUST(disk_open(os, "none", DISK_WRITE) == -1 && errno == ENOENT);
	fd = disk_open(os, "file", DISK_CREATE);
	MUST(fd != -1 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	MUST(mode_of("file") == 0600);
	MUST(disk_open(os, "file", DISK_CREATE | DISK_EXCL) == -1 && errno == EEXIST);

	MUST(disk_write(os, fd, "hello world", 11, 0) == 0);
	MUST(disk_write(os, fd, "there", 5, 6) == 0);
	MUST(disk_size(os, fd) == 11);
	MUST(disk_sync(os, fd) == 0);
	MUST(disk_read(os, fd, got, sizeof(got), 0) == 11);
	MUST(memcmp(got, "hello there", 11) == 0);
	MUST(disk_read(os, fd, got, 5, 6) == 5);
	MUST(disk_read(os, fd, got, 5, 11) == 0);
	MUST(disk_close(os, fd) == 0);
	MUST(disk_close(os, fd) == -1 && errno == EBADF);

	fd = disk_open(os, "file", DISK_READ);
	MUST(disk_write(os, fd, "x", 1, 0) == -1 && errno == EBADF);
	MUST(disk_close(os, fd) == 0);

	MUST(disk_rename(os, "file", "other") == 0);
	MUST(disk_remove(os, "file") == -1 && errno == ENOENT);
	MUST(disk_remove(os, "other") == 0);
	os_close(os);
	MUST(os_open("none") == NULL && errno == ENOENT);
}

static void
disk_full(void)
{
	struct os *os = here();
	int fd;

	fd = open("/dev/full", O_RDWR);
	if (fd == -1)
		return; /* not a Linux */
	MUST(disk_write(os, fd, "x", 1, 0) == -1 && errno == ENOSPC);
	(void)close(fd);
	os_close(os);
}

static void
disk_directories(void)
{
	static const char *const sorted[] = { "A", "B", "a", "aa", "b", "\303\244" };
	struct os *os = here();
	char **names, path[32];
	size_t i;

	MUST(disk_mkdir(os, "dir") == 0 && mode_of("dir") == 0700);
	MUST(disk_mkdir(os, "dir") == -1 && errno == EEXIST);
	names = disk_names(os, "dir");
	MUST(names != NULL && names[0] == NULL);
	disk_names_free(names);
	for (i = 0; i < 6; i++) {
		(void)snprintf(path, sizeof(path), "dir/%s", sorted[i * 5 % 6]);
		put(path, "");
	}
	names = disk_names(os, "dir");
	MUST(names != NULL);
	for (i = 0; i < 6; i++)
		MUST(names[i] != NULL && strcmp(names[i], sorted[i]) == 0);
	MUST(names[6] == NULL);
	disk_names_free(names);

	for (i = 0; i < 100; i++) {
		(void)snprintf(path, sizeof(path), "dir/%zu", i);
		put(path, "");
	}
	names = disk_names(os, "dir");
	MUST(names != NULL);
	for (i = 0; names[i] != NULL; i++)
		MUST(i == 0 || strcmp(names[i - 1], names[i]) < 0);
	MUST(i == 106);

	MUST(disk_syncdir(os, "dir") == 0);
	MUST(disk_syncdir(os, "dir/A") == -1 && errno == ENOTDIR);
	MUST(disk_remove(os, "dir") == -1);
	MUST(errno == ENOTEMPTY || errno == EEXIST);
	for (i = 0; names[i] != NULL; i++) {
		(void)snprintf(path, sizeof(path), "dir/%s", names[i]);
		MUST(disk_remove(os, path) == 0);
	}
	disk_names_free(names);
	MUST(disk_remove(os, "dir") == 0);
	MUST(disk_names(os, "dir") == NULL && errno == ENOENT);
	os_close(os);
}

static void
disk_slurps(void)
{
	struct os *os = here();
	char *text;
	size_t len = 0;

	put("empty", "");
	text = disk_slurp(os, "empty", 0, &len);
	MUST(text != NULL && len == 0 && text[0] == '\0');
	free(text);

	put("file", "0123456789");
	text = disk_slurp(os, "file", 10, &len);
	MUST(text != NULL && len == 10 && strcmp(text, "0123456789") == 0);
	free(text);
	text = disk_slurp(os, "file", 10, NULL);
	MUST(text != NULL);
	free(text);
	MUST(disk_slurp(os, "file", 9, &len) == NULL && errno == EFBIG);
	MUST(disk_slurp(os, "none", 9, &len) == NULL && errno == ENOENT);
	os_close(os);
}

/* A child that holds the lock of path until it is killed; it says so first. */
static pid_t
holder(const char *path)
{
	struct os *os;
	char ready;
	int fd, pair[2];
	pid_t pid;

	MUST(pipe(pair) == 0);
	pid = fork();
	MUST(pid != -1);
	if (pid == 0) {
		os = here();
		fd = disk_open(os, path, DISK_CREATE);
		if (disk_lock(os, fd) == 0 && write(pair[1], "x", 1) == 1)
			(void)pause();
		_exit(1);
	}
	(void)close(pair[1]);
	MUST(wire_read(pair[0], &ready, 1) == 1);
	(void)close(pair[0]);
	return pid;
}

static void
locks(void)
{
	struct os *os = here();
	int fd, second;
	pid_t pid, probe;

	pid = holder("lock");
	fd = disk_open(os, "lock", DISK_CREATE);
	MUST(fd != -1);
	MUST(disk_holder(os, fd) == pid);
	MUST(disk_trylock(os, fd) == -1 && errno == EAGAIN);

	/* It falls with its holder, however that ends; and disk_lock waits. */
	MUST(process_kill(pid, SIGKILL) == 0);
	MUST(disk_lock(os, fd) == 0);
	MUST(waitpid(pid, NULL, 0) == pid);
	MUST(disk_holder(os, fd) == 0); /* of others, nobody */
	MUST(disk_unlock(os, fd) == 0);
	pid = holder("lock");
	MUST(process_end(pid, SECOND) != -1);
	MUST(disk_holder(os, fd) == 0);

	/* And it falls when any descriptor of the file is closed. */
	MUST(disk_trylock(os, fd) == 0);
	second = disk_open(os, "lock", DISK_READ);
	MUST(second != -1 && disk_close(os, second) == 0);
	probe = holder("lock");
	MUST(process_end(probe, SECOND) != -1);
	MUST(disk_close(os, fd) == 0);
	os_close(os);
}

static void
clock_and_chance(void)
{
	struct os *os = here();
	uint64_t a, b;
	int i;

	a = clock_now(os);
	MUST(a != 0);
	for (i = 0; i < 1000; i++) {
		b = clock_now(os);
		MUST(b >= a);
		a = b;
	}
	MUST(process_sleep(20 * MS) == 0);
	MUST(clock_now(os) >= a + 20 * MS);

	a = b = 0;
	for (i = 0; i < 64; i++) { /* every bit is 0 once and 1 once */
		uint64_t bits = chance_u64(os);

		a |= bits;
		b |= ~bits;
	}
	MUST(a == UINT64_MAX && b == UINT64_MAX);
	os_close(os);
}

/* For a script that writes run/stamp. */
static void
now(void)
{
	(void)printf("%llu\n", (unsigned long long)clock_now(NULL));
}

static void
must_match(const char *text, const char *pattern)
{
	regex_t regex;

	MUST(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) == 0);
	if (regexec(&regex, text, 0, NULL, 0) != 0) {
		(void)fprintf(stderr, "does not match %s: %s", pattern, text);
		exit(1);
	}
	regfree(&regex);
}

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"

static void
notes(void)
{
	struct os *os = here();
	char *text;

	errno = EDOM;
	note(os, UINT64_MAX, "begins");
	MUST(errno == EDOM);
	MUST(disk_mkdir(os, "run") == 0);
	put("run/role", "follower\n");
	note(os, 17, "%s\n\t%d\177", "two", 3);
	text = disk_slurp(os, "message-log/node.log", 4096, NULL);
	MUST(text != NULL);
	must_match(text, "^" TIME " - - begins\n" TIME " 17 follower two\\?\\?3\\?\n$");
	free(text);
	os_close(os);
}

/* What cannot be noted is not noted, and nothing comes of it. */
static void
notes_nowhere(void)
{
	struct os *os = here();

	put("message-log", "");
	errno = EDOM;
	note(os, 1, "lost");
	MUST(errno == EDOM);
	os_close(os);
}

static size_t
lines(struct os *os, const char *path, const char *pattern)
{
	char *at, *end, *text;
	size_t n = 0;

	text = disk_slurp(os, path, 4 << 20, NULL);
	MUST(text != NULL);
	for (at = text; *at != '\0'; at = end + 1, n++) {
		end = strchr(at, '\n');
		MUST(end != NULL);
		*end = '\0';
		must_match(at, pattern);
	}
	free(text);
	return n;
}

/* Four processes note while the file becomes full: no line is lost or torn. */
static void
notes_rotate(void)
{
	struct os *os = here();
	char filler[1024];
	pid_t pid[4];
	int fd, i, k, status;

	memset(filler, 'x', sizeof(filler));
	filler[sizeof(filler) - 1] = '\n';
	MUST(disk_mkdir(os, "message-log") == 0);
	fd = disk_open(os, "message-log/node.log", DISK_CREATE);
	MUST(fd != -1);
	for (i = 0; i < 1023; i++)
		MUST(disk_write(os, fd, filler, sizeof(filler), i * 1024) == 0);
	MUST(disk_close(os, fd) == 0);

	for (k = 0; k < 4; k++) {
		pid[k] = fork();
		MUST(pid[k] != -1);
		if (pid[k] != 0)
			continue;
		for (i = 0; i < 200; i++)
			note(os, 1, "line %d", i);
		_exit(0);
	}
	for (k = 0; k < 4; k++)
		MUST(waitpid(pid[k], &status, 0) == pid[k] && status == 0);

	MUST(lines(os, "message-log/node.log", "^" TIME " 1 - line [0-9]+$") +
		lines(os, "message-log/node.log.1",
		    "^(x{200}x*|" TIME " 1 - line [0-9]+)$") ==
	    1023 + 800);
	os_close(os);
}

static void
wakes(void)
{
	struct os *os = here();
	char got[64];
	int fd;

	wake(os, "nobody");
	MUST(disk_mkdir(os, "run") == 0);
	wake(os, "nobody");
	fd = wire_fifo("run/wake");
	MUST(fd != -1 && mode_of("run/wake") == 0600);
	MUST(wire_read(fd, got, sizeof(got)) == -1 && errno == EAGAIN);
	wake(os, "up");
	MUST(wire_read(fd, got, sizeof(got)) == 3 && memcmp(got, "up\n", 3) == 0);
	MUST(wire_close(fd) == 0);
	put("plain", "");
	MUST(wire_fifo("plain") == -1 && errno == EEXIST);
	os_close(os);
}

static void
wire_bytes(void)
{
	struct os *os = here();
	static char big[1 << 20], got[1 << 16];
	uint64_t began;
	size_t total = 0;
	ssize_t n;
	int pair[2], status;
	pid_t pid;

	MUST(pipe(pair) == 0);
	began = clock_now(os);
	MUST(wire_wait(pair[0], 0) == 0);
	MUST(wire_wait(pair[0], 30 * MS) == 0);
	MUST(clock_now(os) >= began + 30 * MS);
	MUST(wire_nonblock(pair[0]) == 0);
	MUST(wire_read(pair[0], got, 1) == -1 && errno == EAGAIN);

	/* More than a pipe holds, to a reader that waits for each piece. */
	MUST(wire_nonblock(pair[1]) == 0);
	memset(big, 'b', sizeof(big));
	pid = fork();
	MUST(pid != -1);
	if (pid == 0) {
		(void)close(pair[0]);
		_exit(wire_write_all(pair[1], big, sizeof(big)) == 0 ? 0 : 1);
	}
	MUST(wire_close(pair[1]) == 0);
	for (;;) {
		MUST(wire_wait(pair[0], UINT64_MAX) == 1);
		n = wire_read(pair[0], got, sizeof(got));
		MUST(n >= 0);
		if (n == 0)
			break;
		total += (size_t)n;
	}
	MUST(total == sizeof(big));
	MUST(waitpid(pid, &status, 0) == pid && status == 0);

	MUST(process_on_signal(SIGPIPE, NULL) == 0);
	MUST(pipe(pair) == 0 && wire_close(pair[0]) == 0);
	MUST(wire_write(pair[1], "x", 1) == -1 && errno == EPIPE);
	MUST(wire_write_all(pair[1], "x", 1) == -1 && errno == EPIPE);
	os_close(os);
}

/* Both ends of a socket at path. */
static void
talk(const char *path)
{
	char before[4096], behind[4096], got[8];
	int a, b, door;

	MUST(getcwd(before, sizeof(before)) != NULL);
	MUST(wire_connect(path) == -1 && errno == ENOENT);
	door = wire_listen(path);
	MUST(door != -1 && mode_of(path) == 0600);
	MUST(wire_accept(door) == -1 && errno == EAGAIN);
	a = wire_connect(path);
	MUST(a != -1);
	b = wire_accept(door);
	MUST(b != -1);
	MUST((fcntl(door, F_GETFD) & fcntl(a, F_GETFD) & fcntl(b, F_GETFD) &
		 FD_CLOEXEC) != 0);
	MUST(wire_read(b, got, sizeof(got)) == -1 && errno == EAGAIN);
	MUST(wire_write_all(a, "hello", 5) == 0);
	MUST(wire_wait(b, SECOND) == 1);
	MUST(wire_read(b, got, sizeof(got)) == 5);
	MUST(wire_close(a) == 0 && wire_wait(b, SECOND) == 1);
	MUST(wire_read(b, got, sizeof(got)) == 0);
	MUST(wire_close(b) == 0 && wire_close(door) == 0);

	/* Nobody listens; the next listener takes the dead socket's place. */
	MUST(wire_connect(path) == -1 && errno == ECONNREFUSED);
	door = wire_listen(path);
	MUST(door != -1 && wire_close(door) == 0);
	MUST(getcwd(behind, sizeof(behind)) != NULL && strcmp(before, behind) == 0);
}

static void
wire_sockets(void)
{
	char path[400] = "";
	size_t at = 0;
	int i;

	talk("short");
	for (i = 0; i < 6; i++) {
		at += (size_t)snprintf(path + at, sizeof(path) - at, "%050d", i);
		MUST(mkdir(path, 0700) == 0);
		path[at++] = '/';
	}
	(void)snprintf(path + at, sizeof(path) - at, "socket");
	talk(path);

	put("file", "precious");
	MUST(wire_listen("file") == -1 && errno == EADDRINUSE);
	MUST(wire_listen("none/socket") == -1 && errno == ENOENT);
	memset(path, 'x', 200);
	path[200] = '\0';
	MUST(wire_listen(path) == -1 && errno == ENAMETOOLONG);
	MUST(wire_connect(path) == -1 && errno == ENAMETOOLONG);
}

/* A listener that accepts nobody, as one that stands still, holds nobody for ever. */
static void
wire_full(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = "full" };
	int door = socket(AF_UNIX, SOCK_STREAM, 0), n = 0;

	MUST(door != -1 && bind(door, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	MUST(listen(door, 1) == 0);
	while (wire_connect("full") != -1)
		MUST(++n < 10);
	MUST(errno == ETIMEDOUT || errno == ECONNREFUSED);
}

static char *sh[] = { "/bin/sh", "-c", NULL, NULL };

static void
processes(void)
{
	static char *const none[] = { "/nonesuch", NULL };
	struct os *os = here();
	char script[64], got[64];
	ssize_t n;
	int errors, fd, open_one, status;
	pid_t pid;

	MUST(process_start(none, 1, &pid) == -1 && errno == ENOENT);
	MUST(process_spawn(none, &pid) == -1 && errno == ENOENT);
	MUST(process_exec(none) == -1 && errno == ENOENT);

	/* stdin and stdout are the socket; what it says on stderr is not heard. */
	sh[2] = "read -r line; printf '<%s>' \"$line\"; printf loud >&2; exit 3";
	fd = process_start(sh, 1, &pid);
	MUST(fd > STDERR_FILENO && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	MUST(wire_write_all(fd, "hello\n", 6) == 0);
	MUST(wire_read(fd, got, sizeof(got)) == 7 && memcmp(got, "<hello>", 7) == 0);
	MUST(wire_read(fd, got, sizeof(got)) == 0);
	MUST(process_wait(pid, 10 * SECOND, &status) == 1);
	MUST(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	MUST(process_wait(pid, 0, &status) == -1 && errno == ECHILD);
	MUST(wire_close(fd) == 0);

	/* Or it is heard apart. */
	sh[2] = "printf loud >&2; printf said";
	fd = process_start_heard(sh, &errors, &pid);
	MUST(fd > STDERR_FILENO && (fcntl(errors, F_GETFD) & FD_CLOEXEC) != 0);
	MUST(wire_read(fd, got, sizeof(got)) == 4 && memcmp(got, "said", 4) == 0);
	MUST(wire_read(errors, got, sizeof(got)) == 4 && memcmp(got, "loud", 4) == 0);
	MUST(wire_read(errors, got, sizeof(got)) == 0);
	MUST(process_wait(pid, 10 * SECOND, &status) == 1 && status == 0);
	MUST(wire_close(fd) == 0 && wire_close(errors) == 0);
	MUST(process_start_heard(none, &errors, &pid) == -1 && errno == ENOENT);

	/* No other descriptor goes with it. */
	put("file", "");
	open_one = disk_open(os, "file", DISK_READ);
	(void)snprintf(script, sizeof(script), "(: <&%d) || printf closed", open_one);
	sh[2] = script;
	fd = process_start(sh, 1, &pid);
	MUST(fd != -1);
	n = wire_read(fd, got, sizeof(got));
	MUST(n == 6 && memcmp(got, "closed", 6) == 0);
	MUST(process_wait(pid, 10 * SECOND, &status) == 1);
	MUST(process_kill(0, SIGTERM) == -1 && errno == ESRCH);
	MUST(process_kill(-1, SIGTERM) == -1 && errno == ESRCH);
	MUST(process_fd_limit() >= 20);
	os_close(os);
}

static void
process_ends(void)
{
	struct os *os = here();
	uint64_t began;
	char ready[2];
	int fd, status;
	pid_t pid;

	sh[2] = "trap '' TERM; echo; while :; do sleep 1; done";
	fd = process_start(sh, 1, &pid);
	MUST(fd != -1 && wire_read(fd, ready, 1) == 1);
	began = clock_now(os);
	status = process_end(pid, 50 * MS);
	MUST(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	MUST(clock_now(os) >= began + 50 * MS);
	(void)wire_close(fd);

	sh[2] = "trap 'exit 5' TERM; echo; while :; do sleep 0.1; done";
	fd = process_start(sh, 1, &pid);
	MUST(fd != -1 && wire_read(fd, ready, 1) == 1);
	status = process_end(pid, 10 * SECOND);
	MUST(WIFEXITED(status) && WEXITSTATUS(status) == 5);
	MUST(process_end(pid, 0) == -1 && errno == ESRCH);
	(void)wire_close(fd);
	os_close(os);
}

static volatile sig_atomic_t flag;

/* A flag that was set before the wait began ends it too: none is lost. */
static void
signals(void)
{
	struct os *os = here();
	uint64_t began;
	int fd, status;
	pid_t pid;

	MUST(process_on_signal(0, &flag) == -1 && errno == EINVAL);
	MUST(process_on_signal(SIGTERM, &flag) == 0);
	sh[2] = "exec sleep 60";
	fd = process_start(sh, 1, &pid);
	MUST(fd != -1);
	began = clock_now(os);
	MUST(process_wait(pid, 30 * MS, &status) == 0);
	MUST(clock_now(os) >= began + 30 * MS);
	MUST(raise(SIGTERM) == 0 && flag == SIGTERM);
	MUST(process_wait(pid, UINT64_MAX, &status) == 0);

	/* process_end waits all the same. */
	status = process_end(pid, 10 * SECOND);
	MUST(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	(void)wire_close(fd);

	/* What the parent had ignored stays so. */
	MUST(signal(SIGHUP, SIG_IGN) != SIG_ERR);
	MUST(process_on_signal(SIGHUP, &flag) == 0);
	flag = 0;
	MUST(raise(SIGHUP) == 0 && flag == 0);
	os_close(os);
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "disk_files", disk_files },
		{ "disk_full", disk_full },
		{ "disk_directories", disk_directories },
		{ "disk_slurps", disk_slurps },
		{ "locks", locks },
		{ "clock_and_chance", clock_and_chance },
		{ "now", now },
		{ "notes", notes },
		{ "notes_nowhere", notes_nowhere },
		{ "notes_rotate", notes_rotate },
		{ "wakes", wakes },
		{ "wire_bytes", wire_bytes },
		{ "wire_sockets", wire_sockets },
		{ "wire_full", wire_full },
		{ "processes", processes },
		{ "process_ends", process_ends },
		{ "signals", signals },
		{ NULL, NULL },
	};

	return run_cases(cases, argc, argv);
}

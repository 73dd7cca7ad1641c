/*
 * monitor.c - carries out the rules of one package on this host: what happens goes
 * into package.h's events, what comes out as actions is done.
 *
 *	monitor NAME	started by guard, in pkg's directory
 *
 * It may die at any time: guard starts the next one, and the package goes on.  When
 * it is guard that dies, this kills the package and becomes the new guard.
 */
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/num.h"
#include "core/package.h"
#include "core/types.h"
#include "door.h"
#include "host.h"
#include "kill.h"
#include "lock.h"
#include "log.h"
#include "mate.h"
#include "os/os.h"
#include "prove.h"
#include "script.h"
#include "watch.h"
#include "ways.h"

#define MS         UINT64_C(1000000) /* in ns */
#define SECOND     (1000 * MS)
#define LOOK       (50 * MS)    /* between two looks at children that may have ended */
#define ASKED      (2 * SECOND) /* for the control script's list of resources */
#define TEXT       4096u        /* bytes */
#define HERE_WORDS (NUM_DIGITS + HOST_BOOT_ID + KILL_MARK + 16)

static struct {
	const char *name;
	char node[LEASE_NAME + 1];
	char mark[KILL_MARK];
	char control[LEASE_NAME + 32]; /* the script's path */
	struct package *package;
	struct loop *loop;
	struct ways *ways;
	struct watch output; /* of control scripts */
	struct buf printed;
	struct script script;
	char verb[16];
	char boot[HOST_BOOT_ID];
	uint64_t
	    here;  /* what guard may be armed for is in run/NAME/here; 0: nothing is */
	int told;  /* guard or this has the resources, or they were asked for */
	int never; /* a script that could not even be started */
	int known; /* guard has the list of resources */
	int ready;
} m;

/* ---- telling ---- */

static void
say(const char *fmt, ...)
{
	char text[TEXT];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(text))
		n = sizeof(text) - 1;
	log_write(text, (size_t)n);
	door_tell(text, (size_t)n);
}

static int
fail(const char *verb, const char *object)
{
	(void)fprintf(stderr, "monitor: cannot %s %s: %s\n", verb, object,
	    strerror(errno));
	return EXIT_DISK;
}

/* ---- what the control script says that the package is made of ---- */

/* Is it made of resources.sh, which knows the word? */
static int
has_list(void)
{
	char line[TEXT];
	FILE *file = fopen(m.control, "re");
	int found = 0;

	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = strstr(line, "pkg_main") != NULL;
	if (file != NULL)
		(void)fclose(file);
	return found;
}

/*
 * Runs `control-script resources` and has guard know what it prints.  A script that has no
 * such verb says so in its own way, and has none; but one that did not answer, or whose
 * list it is, has failed: -1.
 */
static int
resources_tell(void)
{
	char verb[] = "resources", *argv[] = { m.control, verb, NULL };
	const uint64_t end = host_now() + ASKED;
	struct buf b = { 0 };
	uint64_t now;
	char *room;
	ssize_t n = 1;
	pid_t pid;
	int fd, status = -1;

	m.known = 0;
	fd = process_start(argv, 1, &pid);
	if (fd == -1)
		return -1;
	while (n > 0 && (now = host_now()) < end) {
		if (wire_wait(fd, end - now) <= 0)
			continue;
		room = buf_room(&b, TEXT);
		n = room == NULL ? -1 : wire_read(fd, room, TEXT);
		if (n > 0)
			buf_grew(&b, (size_t)n);
	}
	now = host_now();
	if (n != 0 || process_wait(pid, now < end ? end - now : 0, &status) != 1)
		(void)process_kill(pid, SIGKILL);
	(void)wire_close(fd);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && !has_list())
		buf_cut(&b, 0);
	else if (status != 0)
		n = -1;
	if (n == 0 && b.len < KILL_TOLD && buf_add(&b, "", 1) == 0) {
		mate_resources(buf_head(&b));
		m.known = 1;
	} else {
		say("cannot tell what the package is made of: see what `%s resources` "
		    "says",
		    m.control);
	}
	buf_free(&b);
	return m.known ? 0 : -1;
}

/* ---- carrying out ---- */

static void
run(const struct action *a)
{
	char verb[sizeof(m.verb)], node[LEASE_NAME + 1];
	char *argv[] = { m.control, verb, NULL, NULL };

	(void)snprintf(verb, sizeof(verb), "%s", a->text);
	if (a->arg != NULL) {
		(void)snprintf(node, sizeof(node), "%s", a->arg);
		argv[2] = node;
	}
	memcpy(m.verb, verb, sizeof(m.verb));
	if (strcmp(verb, "start") == 0 && !m.known && resources_tell() == -1) {
		m.never = 1; /* guard would not know what to take away */
		return;
	}
	if (script_start(&m.script, argv, m.mark, a->until) == -1) {
		say("cannot start a process: %s", strerror(errno));
		m.never = 1;
		return;
	}
	m.script.stays = strcmp(verb, "start") == 0;
	m.script.late = host_now() + a->timeout;
}

/* Writes words into run/NAME/file, whole or not at all: 0, or -1. */
static int
word_write(const char *name, const char *word)
{
	char path[LEASE_NAME + 32], new[sizeof(path) + 4];
	FILE *file;
	int good;

	(void)snprintf(path, sizeof(path), "run/%s/%s", m.name, name);
	(void)snprintf(new, sizeof(new), "%s.new", path);
	file = fopen(new, "we");
	good = file != NULL && fprintf(file, "%s\n", word) > 0;
	if (file != NULL && fclose(file) == EOF)
		good = 0;
	if (good && rename(new, path) == 0)
		return 0;
	say("cannot write %s: %s", path, strerror(errno));
	return -1;
}

/* What this host has promised not to start: it is there before the promise is made. */
static void
close_epoch(uint64_t epoch)
{
	char word[NUM_DIGITS + 1];

	(void)snprintf(word, sizeof(word), "%" PRIu64, epoch);
	(void)word_write("closed", word);
}

/*
 * What may run here: it is there before guard is armed, and until that is known to be gone.
 * What maintenance leaves alone and that can't be said of must not be killed for it.
 */
static void
here_write(uint64_t epoch, int maint)
{
	char words[HERE_WORDS], path[LEASE_NAME + 32];

	(void)snprintf(words, sizeof(words), "%" PRIu64 " %s %s%s", epoch, m.boot,
	    m.mark, maint ? " maint" : "");
	(void)snprintf(path, sizeof(path), "run/%s/here", m.name);
	m.here = 0;
	if (epoch != 0 && word_write("here", words) == 0) {
		m.here = maint ? 0 : epoch;
		return;
	}
	if ((epoch == 0 || maint) && unlink(path) == -1 && errno != ENOENT)
		say("cannot remove %s: %s", path, strerror(errno));
}

static void
leave(int status)
{
	char path[LEASE_NAME + 32], program[] = "libexec/guard", name[LEASE_NAME + 1];
	char *argv[] = { program, name, NULL };

	ways_close(m.ways);
	prove_end();
	(void)snprintf(path, sizeof(path), "run/%s/ready", m.name);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "run/%s/socket", m.name);
	(void)unlink(path);
	if (status != PACKAGE_AGAIN)
		exit(status);
	(void)snprintf(name, sizeof(name), "%s", m.name);
	(void)process_exec(argv);
	say("cannot run %s: %s", program, strerror(errno));
	exit(EXIT_CONF);
}

static void
tell_guard(const struct action *a)
{
	const struct settings *s = package_settings(m.package);

	if (a->guard == GUARD_ARM && m.here != a->epoch)
		here_write(a->epoch, 0); /* it could not be written before */
	if (a->guard == GUARD_ARM && m.here != a->epoch) {
		mate_refuse(); /* the next guard would not know what there is */
		return;
	}
	if ((a->guard == GUARD_ARM && !mate_is_armed()) ||
	    (a->guard == GUARD_KILL && !m.told)) {
		m.told = 1;
		(void)resources_tell();
	}
	mate_do(a, s);
}

static void
carry_out(void)
{
	const struct settings *s;
	struct action a;
	uint64_t now;

	while (package_next(m.package, &a)) {
		s = package_settings(m.package);
		now = host_now();
		switch (a.kind) {
		case ACTION_ASK:
			if (ways_ask(m.ways, a.number, a.text, a.length, now,
				now + (s == NULL ? SECOND : s->deadlines.soft)) == -1)
				leave(EXIT_DISK);
			break;
		case ACTION_RUN:
			run(&a);
			break;
		case ACTION_CUT:
			script_cut(&m.script);
			break;
		case ACTION_GUARD:
			tell_guard(&a);
			break;
		case ACTION_PROVE:
			prove_ask(a.number, m.name, a.text, now);
			break;
		case ACTION_CLOSE:
			close_epoch(a.number);
			break;
		case ACTION_HERE:
			here_write(a.number, a.maint);
			break;
		case ACTION_LOG:
			say("%s", a.text);
			break;
		case ACTION_LEAVE:
			leave(a.status);
		}
	}
}

/* ---- what happens ---- */

static void
on_answer(void *arg, uint64_t number, int status, const char *value, size_t n)
{
	(void)arg;
	package_answer(m.package, host_now(), number, status, value, n);
	carry_out();
}

static void
on_proof(void *arg, uint64_t number, const char *boot, uint64_t closed)
{
	(void)arg;
	package_proof(m.package, host_now(), number, boot, closed);
	carry_out();
}

static void
on_guard(const struct guard_said *said)
{
	m.told |= said->word == GUARD_ARMED; /* it has said them before */
	package_guard(m.package, host_now(), said);
	carry_out();
}

static void
on_leave(void)
{
	package_leave(m.package, host_now());
	carry_out();
}

static void
on_line(const char *text)
{
	say("%s", text);
}

static void
on_way(void *arg, const char *text)
{
	(void)arg;
	say("%s", text);
}

static int
on_question(void *arg, const char *word, struct buf *b)
{
	(void)arg;
	if (strcmp(word, "leave") == 0) {
		mate_leave(); /* for those to come */
		on_leave();
		return 1;
	}
	if (strcmp(word, "status") == 0)
		(void)package_show(m.package, host_now(), b);
	else
		(void)buf_str(b, "unknown\n");
	return 0;
}

/* Logs what control scripts have printed, line by line. */
static void
on_output(struct watch *watch)
{
	char *room = buf_room(&m.printed, TEXT);
	const char *newline;
	ssize_t n = room == NULL ? -1 : wire_read(SCRIPT_HEARS, room, TEXT);
	size_t len;

	(void)watch;
	if (n > 0)
		buf_grew(&m.printed, (size_t)n);
	while (m.printed.len > 0) {
		newline = memchr(buf_head(&m.printed), '\n', m.printed.len);
		len = newline == NULL ? m.printed.len :
					(size_t)(newline - buf_head(&m.printed));
		if (newline == NULL && len < TEXT / 2)
			break;
		if (len > TEXT / 2)
			len = TEXT / 2;
		say("%s: %.*s", m.script.pid == 0 ? "package" : m.verb, (int)len,
		    buf_head(&m.printed));
		if (m.script.pid != 0)
			package_said(m.package, buf_head(&m.printed), len);
		buf_eat(&m.printed,
		    len + (newline != NULL && buf_head(&m.printed)[len] == '\n'));
	}
}

static void
script_look(uint64_t now)
{
	int status;

	if (m.script.pid != 0 && m.script.ended)
		on_output(&m.output);
	if (m.never) {
		m.never = 0;
		status = SCRIPT_NEVER;
	} else if (!script_done(&m.script, now, &status)) {
		return;
	} else if (strcmp(m.verb, "start") == 0 && status == 0) {
		(void)resources_tell(); /* what has come about only now */
	}
	package_script(m.package, host_now(), status);
	carry_out();
}

static void
reap(uint64_t now)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!ways_reaped(m.ways, pid) && !mate_reaped(pid, status))
			(void)script_reaped(&m.script, pid, status, now);
}

/* The file that `run` waits for: the store has been read. */
static void
ready_tell(void)
{
	char path[LEASE_NAME + 32];
	int fd;

	if (m.ready || !package_ready(m.package))
		return;
	(void)snprintf(path, sizeof(path), "run/%s/ready", m.name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	m.ready = fd != -1;
	if (fd != -1)
		(void)wire_close(fd);
}

static uint64_t
earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void
loop_run(void)
{
	struct loop_event event;
	uint64_t now, wake;

	for (;;) {
		now = host_now();
		reap(now);
		script_look(now);
		mate_tick(now);
		ways_tick(m.ways, now);
		prove_tick(now);
		now = host_now();
		if (now >= package_wake(m.package)) {
			package_tick(m.package, now, (uint64_t)time(NULL));
			carry_out();
		}
		ready_tell();
		wake = earliest(package_wake(m.package), ways_wake(m.ways, now));
		wake = earliest(wake, earliest(prove_wake(), mate_wake(now)));
		wake = earliest(wake, script_wake(&m.script, now));
		if (m.never)
			wake = now;
		if (m.script.pid != 0)
			wake = earliest(wake, now + LOOK);
		now = host_now();
		if (loop_wait(m.loop, &event, 1,
			wake > now ? earliest(wake - now, SECOND) : 0) == 1)
			((struct watch *)event.arg)->ready(event.arg);
	}
}

/* ---- the beginning ---- */

/* Reads the first line of a file into text: 0, or -1. */
static int
line_read(const char *path, char *text, int size)
{
	FILE *file = fopen(path, "re");
	int r = -1;

	if (file == NULL)
		return -1;
	if (fgets(text, size, file) != NULL) {
		text[strcspn(text, " \t\r\n")] = '\0';
		r = 0;
	}
	(void)fclose(file);
	return r;
}

/* What this host is called among the package's nodes: 0, or an exit status. */
static int
node_name(void)
{
	const char *name = getenv("PKG_NODE");
	struct utsname host;
	char line[256];

	if (name == NULL && line_read("node_name", line, sizeof(line)) == 0)
		name = line;
	if (name == NULL && uname(&host) == 0)
		name = host.nodename;
	if (name == NULL || !lease_name_ok(name, strlen(name))) {
		(void)fprintf(stderr,
		    "monitor: cannot tell this node's name: write it into node_name\n");
		return EXIT_CONF;
	}
	memcpy(m.node, name, strlen(name) + 1);
	return 0;
}

static uint64_t
closed_read(void)
{
	char path[LEASE_NAME + 32], line[32];
	uint64_t epoch;

	(void)snprintf(path, sizeof(path), "run/%s/closed", m.name);
	if (line_read(path, line, sizeof(line)) == -1 ||
	    num_u64(line, strlen(line), UINT64_MAX, &epoch) == -1)
		return 0;
	return epoch;
}

/* What was here last: in this boot, and not in a directory that this one is a copy of. */
static void
here_read(struct package_who *who)
{
	char path[LEASE_NAME + 32], words[HERE_WORDS], mine[HERE_WORDS], *rest;
	size_t n;
	FILE *file;
	int whole;

	(void)snprintf(path, sizeof(path), "run/%s/here", m.name);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	whole = fgets(words, sizeof(words), file) != NULL;
	(void)fclose(file);
	rest = whole ? strchr(words, ' ') : NULL;
	(void)snprintf(mine, sizeof(mine), " %s %s", m.boot, m.mark);
	n = strlen(mine);
	if (rest == NULL || strncmp(rest, mine, n) != 0)
		return;
	rest[strcspn(rest, "\n")] = '\0';
	who->maint = strcmp(rest + n, " maint") == 0;
	if ((!who->maint && rest[n] != '\0') ||
	    num_u64(words, (size_t)(rest - words), UINT64_MAX, &who->here) == -1)
		who->here = 0;
}

/* What control scripts find in their environment: 0, or -1. */
static int
environment_set(void)
{
	char here[TEXT], path[TEXT + LEASE_NAME + 16];

	if (getcwd(here, sizeof(here)) == NULL || setenv("PKG_NODE", m.node, 1) == -1 ||
	    setenv("PKG_NAME", m.name, 1) == -1)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/libexec", here);
	if (setenv("PKG_LIB", path, 1) == -1)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/run/%s", here, m.name);
	return setenv("PKG_RUN", path, 1);
}

/* Everything up to the rules: 0, or an exit status. */
static int
prepare(void)
{
	char path[LEASE_NAME + 32];
	int fd, status;

	for (fd = SCRIPT_GUARD; fd <= SCRIPT_PRINTS; fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) {
			(void)fprintf(stderr, "monitor: is started by guard\n");
			return EXIT_USE;
		}
	if (process_on_signal(SIGCHLD, NULL) == -1 ||
	    process_on_signal(SIGPIPE, NULL) == -1)
		return fail("heed", "signals");
	(void)host_adopt(); /* guard has said it if this is nothing here */
	status = node_name();
	if (status != 0)
		return status;
	if (environment_set() == -1 || kill_mark(m.name, m.mark) == -1)
		return fail("use", "this directory");

	/* The one before may still be killing what it has to. */
	(void)snprintf(path, sizeof(path), "run/%s/monitor", m.name);
	if (lock_hold(path, 1) == -1)
		return fail("lock", path);
	log_begin(m.name);
	(void)snprintf(m.control, sizeof(m.control), "control-scripts/%s", m.name);
	(void)snprintf(path, sizeof(path), "run/%s/ready", m.name);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "run/%s/socket", m.name);
	m.loop = loop_new();
	if (m.loop == NULL || door_open(path, m.loop, on_question, NULL) == -1)
		return fail("listen on", path);
	m.ways = ways_new(m.loop, on_answer, on_way, NULL);
	return m.ways == NULL ? EXIT_DISK : 0;
}

static int
begin(void)
{
	static const struct mate_ears ears = { on_guard, on_leave, on_line };
	struct package_who who = { .name = m.name, .node = m.node, .boot = m.boot };

	(void)snprintf(m.boot, sizeof(m.boot), "-");
	(void)host_boot_id(m.boot);
	(void)word_write("node", m.node);
	who.instance = chance_u64(NULL);
	who.closed = closed_read();
	here_read(&who);
	m.here = who.maint ? 0 : who.here;
	say("the monitor begins: node %s, instance %016" PRIx64, m.node, who.instance);
	m.package = package_begin(&who, host_now(), (uint64_t)time(NULL));
	if (m.package == NULL)
		return EXIT_DISK;
	prove_begin(m.loop, on_proof, NULL);
	m.output.ready = on_output;
	if (wire_nonblock(SCRIPT_HEARS) == -1 ||
	    loop_add(m.loop, SCRIPT_HEARS, LOOP_READ, &m.output) == -1 ||
	    mate_begin(m.loop, m.mark, &ears) == -1)
		return fail("watch", "descriptors");
	return 0;
}

int
main(int argc, char **argv)
{
	static const char usage[] = "usage: monitor NAME\n";
	int status;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage_print(usage, EXIT_YES);
	if (argc != 2 || !lease_name_ok(argv[1], strlen(argv[1])))
		return usage_print(usage, EXIT_USE);
	m.name = argv[1];
	status = prepare();
	if (status == 0)
		status = begin();
	if (status != 0)
		return status;
	loop_run();
}

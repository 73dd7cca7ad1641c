/*
 * os.h - everything that lite-raft asks of the operating system.
 *
 * libexec/os is the one folder that makes system calls.  The first half of
 * this file (disk, clock, chance, note) is what the steps' and the leader's
 * work is made of: tests/sim has a second implementation of it, so that the
 * same object files run over a simulated disk and clock.  The second half
 * (wire, loop, process) is for main() functions only.
 *
 * Functions return 0 or -1 with errno set, unless they say otherwise.
 */
#ifndef LITE_RAFT_OS_H
#define LITE_RAFT_OS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One node's view of its machine: its directory, its clock, its dice. */
struct os;

/* The node's directory at path ("." for the steps); NULL with errno set. */
struct os *os_open(const char *path);
void os_close(struct os *);

/* --- disk: paths are relative to the node's directory --------------------- */

enum {
	DISK_READ = 0,   /* read only */
	DISK_WRITE = 1,  /* read and write, the file exists */
	DISK_CREATE = 2, /* read and write, created (0600) if missing */
	DISK_EXCL = 4    /* with DISK_CREATE: EEXIST if it is there */
};

/* A descriptor (close-on-exec), or -1. */
int disk_open(struct os *, const char *path, int flags);
int disk_close(struct os *, int fd);

/* Reads n bytes at off, fewer only at the end of the file; -1 on an error. */
ssize_t disk_read(struct os *, int fd, void *, size_t n, off_t off);

/* Writes all n bytes at off, or fails: a short write is ENOSPC or EIO. */
int disk_write(struct os *, int fd, const void *, size_t n, off_t off);

/*
 * Makes what was written durable (fdatasync).  When it fails the process must
 * not go on: the kernel may call the page clean although it is not (F43).
 */
int disk_sync(struct os *, int fd);

off_t disk_size(struct os *, int fd); /* in bytes, or -1 */
int disk_remove(struct os *, const char *path);
int disk_rename(struct os *, const char *from, const char *to);
int disk_mkdir(struct os *, const char *path); /* mode 0700 */
int disk_syncdir(struct os *, const char *path);

/*
 * The names in a directory, sorted bytewise, without "." and "..": a
 * NULL-terminated array, to be given to disk_names_free; NULL on an error.
 */
char **disk_names(struct os *, const char *path);
void disk_names_free(char **);

/* A small file whole, NUL-terminated, to be freed; NULL (EFBIG: over max). */
char *disk_slurp(struct os *, const char *path, size_t max, size_t *len);

/*
 * Begins to make path, a file of so many zeros, by a process of its own (zeros)
 * that nobody waits for.  Once it has its name, what is in it is durable, its
 * name perhaps not.  Where it cannot be made it is not there: no error.
 */
void disk_prepare(struct os *, const char *path, uint64_t bytes);

/*
 * fcntl record locks over the whole file: they belong to the process and die
 * with it, and they fall when ANY descriptor of that file is closed in the
 * process.  disk_lock waits; disk_trylock answers EAGAIN.
 */
int disk_lock(struct os *, int fd);
int disk_trylock(struct os *, int fd);
int disk_unlock(struct os *, int fd);

/* The pid that holds the lock of fd's file: 0 nobody, -1 an error. */
pid_t disk_holder(struct os *, int fd);

/* --- clock ---------------------------------------------------------------- */

/* Nanoseconds of CLOCK_MONOTONIC, never 0.  Never wall time. */
uint64_t clock_now(struct os *);

/* --- chance --------------------------------------------------------------- */

uint64_t chance_u64(struct os *); /* from the kernel */

/* --- note ----------------------------------------------------------------- */

/*
 * Appends one line "TIME TERM ROLE EVENT" to message-log/node.log: TIME is
 * UTC (2026-01-31T12:00:00.123Z), TERM is the given one ("-" when it is
 * UINT64_MAX), ROLE is the first word of run/role ("-" when there is none).
 * Control characters in the event become '?'.  At 1 MiB the file is renamed
 * to node.log.1 (one generation).  An error is swallowed: a full disk must
 * not stop a vote.
 */
void note(struct os *, uint64_t term, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* --- wake ----------------------------------------------------------------- */

/* Writes a line to run/wake, for the follower's timer. Nobody waits: no error. */
void wake(struct os *, const char *word);

/* ========================================================================== */
/* Below: for main() functions; not simulated.                                */

/* --- wire ----------------------------------------------------------------- */

/* Reads once; 0 at the end; -1 (EAGAIN when nothing is there). EINTR retried. */
ssize_t wire_read(int fd, void *, size_t);

/* Writes once, as much as goes in; -1 (EAGAIN when nothing does). */
ssize_t wire_write(int fd, const void *, size_t);

/* Writes all, waiting where it must; -1 on an error. */
int wire_write_all(int fd, const void *, size_t);

/*
 * Waits until fd can be read: 1 yes (or at its end), 0 not within timeout
 * (nanoseconds; UINT64_MAX for ever), -1 on an error (EINTR included).
 */
int wire_wait(int fd, uint64_t timeout);

/* The same, until something can be written. */
int wire_wait_room(int fd, uint64_t timeout);

/* 1, and errno, if it is known already that nobody takes what is written there. */
int wire_is_shut(int fd);

int wire_nonblock(int fd); /* sets O_NONBLOCK */
int wire_close(int fd);
int wire_stdio(int fd); /* makes fd stdin and stdout */

/*
 * Opens a FIFO, made first if it is missing, for both directions: who has it
 * open so never sees its end, and writers find a reader.  Non-blocking.
 */
int wire_fifo(const char *path);

/*
 * Unix stream sockets.  The path may be longer than a sockaddr_un: both go to
 * its directory for the call and come back (so: not while threads run).
 * wire_listen removes a stale socket first; mode 0600; non-blocking.
 */
int wire_listen(const char *path);
int wire_accept(int fd);            /* non-blocking, close-on-exec */
int wire_connect(const char *path); /* blocking, close-on-exec; ETIMEDOUT: 5 s */

/*
 * Carries bytes from in to the socket and from the socket to out, until the
 * socket has ended and all that came from it is written.  The end of in is
 * passed on.  in and out are left as they are: no O_NONBLOCK.
 */
int relay(int in, int out, int fd);

/* --- loop: one event loop; epoll, kqueue or poll behind it ---------------- */

struct loop;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

struct loop_event {
	void *arg;
	int what; /* LOOP_READ | LOOP_WRITE; end and error are READ */
};

struct loop *loop_new(void);
void loop_free(struct loop *);
int loop_add(struct loop *, int fd, int what, void *arg);
int loop_mod(struct loop *, int fd, int what, void *arg);
int loop_del(struct loop *, int fd);

/*
 * Fills up to max events; waits at most timeout nanoseconds (0: not at all).
 * Returns their number; a signal ends the wait with 0.
 */
int loop_wait(struct loop *, struct loop_event *, int max, uint64_t timeout);

/* --- process -------------------------------------------------------------- */

/*
 * Starts argv[0] (a path) with a socket pair as its stdin and stdout, its
 * stderr on /dev/null if quiet is set.  Returns this side's descriptor
 * (close-on-exec) and sets *pid.
 */
int process_start(char *const argv[], int quiet, pid_t *pid);

/* The same; its stderr is another pair, whose descriptor on this side is *errors. */
int process_start_heard(char *const argv[], int *errors, pid_t *pid);

/* Starts argv, found in PATH, with this process's descriptors. */
int process_spawn(char *const argv[], pid_t *pid);

/* Becomes argv, found in PATH; returns (-1) only if that fails. */
int process_exec(char *const argv[]);

/*
 * Waits for a child: 1 and its wait status; 0: not within timeout (nanoseconds;
 * UINT64_MAX for ever), or a flag of process_on_signal is set.
 */
int process_wait(pid_t, uint64_t timeout, int *status);

int process_sleep(uint64_t ns); /* all of it, whatever signals come */

/* Sends SIGTERM, after grace nanoseconds SIGKILL, and reaps: its wait status. */
int process_end(pid_t, uint64_t grace);

int process_kill(pid_t, int signo);

/*
 * Sets *flag to the signal's number when it comes; interrupts waits.  With a
 * NULL flag it does no more than that: so a write to a closed pipe is EPIPE.
 * SIGHUP and SIGINT stay ignored where the parent had them ignored.
 */
int process_on_signal(int signo, volatile sig_atomic_t *flag);

/*
 * Says how the program is used, to who has asked for it (EXIT_YES, on stdout), or on
 * stderr: status, or EXIT_DISK where stdout does not take it.
 */
int usage_print(const char *text, int status);

/*
 * Whoever started this may have closed standard descriptors: what is opened next
 * would be taken for them, and a message be written over state/.  In their place
 * comes what can be neither read nor written: 0, or -1.  os_open does it first.
 */
int process_stdio(void);

/* Closes all descriptors but stdin, stdout and stderr. */
void process_close_inherited(void);

/* As disk_lock; -1 with EINTR when a signal comes first. */
int disk_lock_until_signal(struct os *, int fd);

/* Ends this process by SIGALRM in ns nanoseconds; 0: not any more. */
void process_alarm(uint64_t ns);

/* Raises the descriptor limit to the hard limit; returns it. */
size_t process_fd_limit(void);

#endif

/*
 * mate.h - guard, as the monitor sees it; and what stands for it once it is gone.
 */
#ifndef PKG_MATE_H
#define PKG_MATE_H

#include <stdint.h>
#include <sys/types.h>

#include "core/package.h"
#include "os/os.h"

struct mate_ears {
	void (*said)(const struct guard_said *);
	void (*leave)(void);
	void (*log)(const char *text);
};

/*
 * Begins to listen, having waited for guard's greeting: 0, or -1 with errno.  mark: of
 * family.h.
 */
int mate_begin(struct loop *, const char *mark, const struct mate_ears *);

/* Was it armed, when it last said so? */
int mate_is_armed(void);

/* Passes an ACTION_GUARD on; settings: those in force, or NULL. */
void mate_do(const struct action *, const struct settings *);

/* Answers an ACTION_GUARD that is not passed on as an idle guard would that refuses. */
void mate_refuse(void);

/* A person wants this node to leave: the monitors to come are told so. */
void mate_leave(void);

/* The package's resources, all of them, as in kill.h: less than KILL_TOLD bytes. */
void mate_resources(const char *lines);

/* Goes on with what guard would have to do. */
void mate_tick(uint64_t now);
uint64_t mate_wake(uint64_t now);
int mate_reaped(pid_t, int status);

#endif

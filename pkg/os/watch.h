/*
 * watch.h - what the monitor's loop waits for: it stands first in the struct that
 * it belongs to.
 */
#ifndef PKG_WATCH_H
#define PKG_WATCH_H

struct watch {
	void (*ready)(struct watch *);
};

#endif

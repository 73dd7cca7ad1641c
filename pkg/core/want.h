/*
 * want.h - the small values beside the lease, each one line of words name=value:
 *
 *	pkg/NAME/want       up=yes auto=on maint=off off=a,b clear=HEX
 *	pkg/NAME/order      move NODE|- EPOCH.ID
 *	pkg/NAME/node/NODE  state=standby boot=ID fails=1/2 until=0 seen=7.1234 note=
 *
 * want is what the administrators want, and written by them alone (compare-and-set;
 * absent: all as in the line above, with no node off).  clear is drawn anew by
 * `start` and `enable`: whoever sees another one than before forgets its failures.
 * order is removed by the owner before it is carried out.  Words that are
 * not known are passed over; what is missing is as in an absent value.
 */
#ifndef LITE_RAFT_PKG_WANT_H
#define LITE_RAFT_PKG_WANT_H

#include "lease.h"

#define WANT_TEXT 1024u

struct want {
	int up;              /* up=yes|no: halt makes it no, start yes */
	int automatic;       /* auto=on|off: moves and is taken over by itself */
	int maint;           /* maint=on|off */
	char off[WANT_TEXT]; /* nodes that are disabled: a,b */
	char clear[LEASE_BOOT + 1];
};

void want_default(struct want *);
int want_parse(struct want *, const char *text, size_t n); /* 0, or -1 */
int want_is_off(const struct want *, const char *node);

/* An order to move: 0, or -1. */
struct order {
	char to[LEASE_NAME + 1]; /* "-": anywhere else */
	char id[LEASE_BOOT + 1];
	uint64_t epoch; /* of the owner it was given to; 0: it doesn't say */
};

int order_parse(struct order *, const char *text, size_t n);

/*
 * What a node's monitor says of itself, at each change and every 10 s:
 * standby (it could take over), owner, failed (not before its failures expire, or
 * are cleared), unclean (something of the package runs here and can't be
 * stopped), left (its monitor was told to leave).  seen is the epoch and seq of the
 * lease as it knows it: a note is as old as the lease has been renewed since.
 */
enum node_state { NODE_STANDBY, NODE_OWNER, NODE_FAILED, NODE_UNCLEAN, NODE_LEFT };

struct node_note {
	enum node_state state;
	char boot[LEASE_BOOT + 1];
	uint64_t fails;    /* within the window */
	uint64_t restarts; /* how many may be */
	uint64_t until;    /* wall seconds: failed until then; 0 */
	uint64_t epoch;    /* of the lease that it has seen; 0: none */
	uint64_t seq;
	char note[LEASE_NOTE + 1];
};

const char *node_state_name(enum node_state);
int node_parse(struct node_note *, const char *text, size_t n); /* 0, or -1 */
size_t node_print(const struct node_note *, char text[WANT_TEXT]);

/* By how many seq a note may be behind the lease of an owner that renews every so many ns. */
uint64_t node_lag(uint64_t renew);
int node_is_fresh(const struct node_note *, const struct lease *, uint64_t renew);

#endif

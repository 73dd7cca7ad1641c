/*
 * types.h - the numbers that all of lite-raft is written in, and their limits.
 */
#ifndef LITE_RAFT_TYPES_H
#define LITE_RAFT_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* Nodes whose versions are one minor number apart work together. */
#define VERSION "0.1"

/* Terms and indexes are decimal numbers of at most 16 digits. */
#define NUMBER_MAX UINT64_C(9999999999999999)

#define KEY_MAX     1024u           /* bytes; a key has at least one */
#define VALUE_MAX   (1024u * 1024u) /* bytes; a value may have none */
#define NAME_LIMIT  80u             /* bytes of a node's name */
#define MEMBERS_MAX 31u             /* nodes in a cluster */
#define ID_DIGITS   16u             /* hexadecimal digits of a node or cluster id */

/* Exit statuses, project-wide (the rest of sysexits is not used). */
enum {
	EXIT_YES = 0,       /* done, or yes */
	EXIT_NO = 1,        /* answered no: condition false, key absent, vote refused */
	EXIT_USE = 64,      /* usage */
	EXIT_NOLEADER = 69, /* no leader or quorum; nothing was changed */
	EXIT_DISK = 74,     /* disk or system error */
	EXIT_UNKNOWN = 75,  /* sent, outcome unknown */
	EXIT_GATE = 77,     /* refused by the gate */
	EXIT_CONF = 78      /* bad configuration */
};

#endif

/*
 * report.h - answers as people and programs read them.
 *
 * status: the first word says "leader=NAME term=N cluster=ID"; then one word a
 * node: "name=a id=.. role=leader|follower|down term=3 last=120 commit=120
 * match=120 lag=0 heard=0.05" (heard in seconds; "-" is not known), and
 * perhaps "note=WORD": what is wrong with it.
 */
#ifndef LITE_RAFT_REPORT_H
#define LITE_RAFT_REPORT_H

#include "client.h"

/*
 * Appends what is printed for an answer that is yes: nothing for a write.  0, or
 * -1 (ENOMEM; EPROTO: it is no answer to that).
 *
 * JSON strings hold characters, not bytes: what is no UTF-8 is written as
 * \udc80 to \udcff, a half of a pair that no character has, so that it can be
 * told from everything else.
 */
int report_answer(const struct client *, const struct words *answer, struct buf *);

/*
 * Appends what is printed for a line "change INDEX set KEY VALUE" or "change
 * INDEX unset KEY" of a watch: 0, or -1 (ENOMEM; EINVAL: it is none).  *index is
 * its index.
 */
int report_change(int json, const struct words *line, uint64_t *index, struct buf *);

#endif

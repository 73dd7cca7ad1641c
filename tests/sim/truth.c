/*
 * truth.c - what was committed: see truth.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/snapshot.h"
#include "core/store.h"
#include "sim.h"
#include "truth.h"
#include "world.h"

static struct truth *entries;
static uint64_t count, room;

/* The state machine, replayed from index 1 on. */
static struct store *store;
static uint64_t applied;
static uint64_t written; /* what items and requests are of */
static struct buf items, requests;

void
truth_add(const struct record *r, const char *payload, uint64_t term)
{
	struct truth *t;

	if (count == room) {
		room = room > 0 ? 2 * room : 256;
		entries = sim_grow(entries, (size_t)room * sizeof(*entries));
	}
	if (r->index != count + 1)
		sim_die("index %" PRIu64 " is committed behind %" PRIu64, r->index,
		    count);
	t = &entries[count++];
	t->record = *r;
	t->effect = EFFECT_NONE;
	t->config = r->type == RECORD_MEMBERS ? r->index :
	    r->index > 1                      ? entries[r->index - 2].config :
						0;
	t->payload = sim_alloc(r->length + 1);
	memcpy(t->payload, payload, r->length);
	t->in = term;
}

uint64_t
truth_count(void)
{
	return count;
}

const struct truth *
truth_at(uint64_t index)
{
	return &entries[index - 1];
}

int
truth_chain(uint64_t index, uint32_t *chain)
{
	*chain = index > 0 && index <= count ? entries[index - 1].record.chain : 0;
	return index <= count;
}

void
truth_members(uint64_t index, struct members *m)
{
	static struct members last; /* which is asked for again and again */
	const struct truth *t;

	index = index > 0 ? truth_at(index)->config : 0;
	if (index == 0)
		sim_die("no configuration was committed");
	t = truth_at(index);
	if (last.index != index &&
	    members_parse(&last, t->payload, t->record.length) == -1)
		violation("MEMBERS", "index %" PRIu64 " holds no configuration", index);
	last.index = index;
	*m = last;
}

/* --- the state machine ---------------------------------------------------- */

static int
item_add(void *arg, struct bytes key, struct bytes value)
{
	return item_put(arg, key, value);
}

static int
request_add(void *arg, const struct seen *s)
{
	return request_put(arg, s);
}

static void
replay(uint64_t index)
{
	const struct truth *t;
	struct command c;

	if (store == NULL || applied > index) {
		store_free(store);
		store = sim_store_new(STORE_WINDOW);
		applied = 0;
	}
	for (; store != NULL && applied < index; applied++) {
		t = truth_at(applied + 1);
		if (t->record.type != RECORD_COMMAND)
			continue;
		if (command_decode(&c, t->payload, t->record.length) == -1)
			violation("LIN", "index %" PRIu64 " holds no command",
			    t->record.index);
		if (store_apply(store, t->record.index, &t->record.id, &c) == -1)
			sim_die("out of memory");
	}
}

/* What entry t changes, behind all that have been applied to told. */
static enum effect
effect_of(struct store *told, const struct truth *t)
{
	const uint64_t changes = store_changes(told);
	struct command c;
	int outcome;

	if (t->record.type != RECORD_COMMAND)
		return EFFECT_NONE;
	if (command_decode(&c, t->payload, t->record.length) == -1 ||
	    (outcome = store_apply(told, t->record.index, &t->record.id, &c)) == -1)
		sim_die("cannot apply index %" PRIu64, t->record.index);
	if (store_changes(told) > changes)
		return EFFECT_CHANGE;
	return outcome == OUTCOME_YES &&
		(c.verb == VERB_UNSET || c.verb == VERB_IF_UNSET) ?
	    EFFECT_VOID :
	    EFFECT_NONE;
}

enum effect
truth_change(uint64_t index, struct command *c)
{
	static struct store *told;
	static uint64_t last;
	const struct truth *t = truth_at(index);

	if (told == NULL && (told = sim_store_new(STORE_WINDOW)) == NULL)
		sim_die("out of memory");
	for (; last < index; last++)
		entries[last].effect = effect_of(told, &entries[last]);
	memset(c, 0, sizeof(*c));
	if (t->record.type == RECORD_COMMAND)
		(void)command_decode(c, t->payload, t->record.length);
	return t->effect;
}

void
truth_snapshot(uint64_t index, const struct buf **i, const struct buf **r)
{
	if (index != written) {
		replay(index);
		buf_cut(&items, 0);
		buf_cut(&requests, 0);
		if (store == NULL || store_each(store, item_add, &items) != 0 ||
		    store_requests(store, index, request_add, &requests) != 0)
			sim_die("out of memory");
		written = index;
	}
	*i = &items;
	*r = &requests;
}

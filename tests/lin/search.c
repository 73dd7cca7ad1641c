/*
 * search.c - is there an order of one object's operations that explains what they
 * were told?
 *
 * A configuration is how far an order has come: the first return that it has not
 * reached (all that returned before has taken effect), which of the operations
 * under way have taken effect, and the state.  From there any operation under
 * way may be next.  A configuration where the search was before is not looked
 * at again, which is Lowe's memory; and some moves need not be tried:
 *
 * - What only reads, and would be told now what it was told, goes at once: to
 *   wait can't help it, and it stands in nobody's way.
 * - As long as no list is under way, operations on other keys than that of the
 *   one whose return is awaited can wait: the order of the two does not matter.
 * - What has no known outcome never has to take effect.  So where a search has
 *   been, it need not go with more of those used up; nor is one used for nothing,
 *   or while another that does the same was invoked before.
 * - What comes behind one of those must have needed it: without it, something else
 *   would have been told or done.
 *
 * Each such rule turns an order that explains the history into one of no more
 * steps, so what is left out is never all that there is.  But the last keeps what is
 * of no use from being used up: at times an order is found much sooner without it.
 * So the search goes with it for a while, then without, then for longer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc.h"
#include "inside.h"

#define NOBODY  UINT32_MAX
#define WORD    32u
#define AT_ONCE 1024u /* configurations there is room for at first */
#define HELD    8u    /* states to be told of */
#define LOOKS   1024u /* configurations to compare one with, the newest */
#define WHILE   4096u /* configurations, at first */
#define LONGER  16u   /* times as many, then */

struct event {
	uint64_t time;
	uint32_t op;
	int returns;
};

/* A configuration whose moves are being tried. */
struct frame {
	uint32_t config;
	uint32_t next; /* move */
	int any_key;
	int unneeded; /* the last one had no known outcome, and nothing has needed it */
};

/*
 * A configuration is a run of words: the number of the event that it waits for, a
 * bit for each slot that stands for an operation under way, the state, a bit for
 * each operation of unknown outcome, and the next one in the same place.
 */
struct search {
	const struct object *o;
	struct event *event;
	size_t events;
	uint32_t *slot; /* by operation; or the number among the unknown */
	size_t slots;
	uint32_t *unknown; /* by number, the operation */
	uint32_t *twin;    /* the same; 1 + the number of one before like it, or 0 */
	size_t unknowns;
	size_t state_at, unknown_at, link_at, words; /* within a configuration */

	size_t cursor;    /* an event */
	uint32_t *holder; /* of each slot there, or NOBODY */
	size_t opened;    /* unknown operations invoked before */

	uint32_t *config;
	size_t configs, cap;
	uint32_t *table;
	size_t table_size;
	struct frame *stack;
	size_t depth, stack_cap;
	uint32_t *next;  /* the configuration that is being made */
	uint32_t *state; /* to try something in */
	int thrifty;     /* what comes behind must have needed it */
	size_t limit;    /* of configurations */
	size_t memory;
};

enum step { STEP_ON, STEP_DONE, STEP_LATER, STEP_FULL, STEP_FAILED };

static int
bit(const uint32_t *mask, size_t i)
{
	return (mask[i / WORD] >> i % WORD & 1) != 0;
}

static void
bit_flip(uint32_t *mask, size_t i)
{
	mask[i / WORD] ^= UINT32_C(1) << i % WORD;
}

/* --- the history as events -------------------------------------------------------- */

/* Who returns when another is invoked has not returned before. */
static int
earlier(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->returns != y->returns)
		return x->returns - y->returns;
	return x->op < y->op ? -1 : x->op > y->op;
}

static int
events_make(struct search *s)
{
	const struct object *o = s->o;
	size_t i;

	s->event = calloc(2 * o->n + 1, sizeof(*s->event));
	s->slot = calloc(o->n + 1, sizeof(*s->slot));
	s->unknown = calloc(o->n + 1, sizeof(*s->unknown));
	s->twin = calloc(o->n + 1, sizeof(*s->twin));
	if (s->event == NULL || s->slot == NULL || s->unknown == NULL ||
	    s->twin == NULL)
		return -1;
	for (i = 0; i < o->n; i++) {
		s->event[s->events++] = (struct event){ o->op[i]->invoked, (uint32_t)i,
			0 };
		if (o->op[i]->returned != LIN_NEVER)
			s->event[s->events++] = (struct event){ o->op[i]->returned,
				(uint32_t)i, 1 };
	}
	qsort(s->event, s->events, sizeof(*s->event), earlier);
	return 0;
}

/* An operation has its slot from its invocation to its return. */
static int
slots_make(struct search *s)
{
	uint32_t *vacant;
	size_t i, left = 0;
	uint32_t op;

	vacant = calloc(s->o->n + 1, sizeof(*vacant));
	if (vacant == NULL)
		return -1;
	for (i = 0; i < s->events; i++) {
		op = s->event[i].op;
		if (s->event[i].returns)
			vacant[left++] = s->slot[op];
		else if (s->o->op[op]->returned == LIN_NEVER) {
			s->slot[op] = (uint32_t)s->unknowns;
			s->unknown[s->unknowns++] = op;
		} else
			s->slot[op] = left > 0 ? vacant[--left] : (uint32_t)s->slots++;
	}
	free(vacant);
	return 0;
}

static int
search_begin(struct search *s, const struct object *o, size_t memory)
{
	size_t i;

	s->o = o;
	s->memory = memory;
	if (events_make(s) == -1 || slots_make(s) == -1 ||
	    classes_twins(o, s->unknown, s->unknowns, s->twin) == -1)
		return -1;
	s->state_at = 1 + (s->slots + WORD - 1) / WORD;
	s->unknown_at = s->state_at + o->keys;
	s->link_at = s->unknown_at + (s->unknowns + WORD - 1) / WORD;
	s->words = s->link_at + 1;
	s->holder = calloc(s->slots + 1, sizeof(*s->holder));
	s->next = calloc(s->words, sizeof(*s->next));
	s->state = calloc(o->keys + 1, sizeof(*s->state));
	if (s->holder == NULL || s->next == NULL || s->state == NULL)
		return -1;
	for (i = 0; i < s->slots; i++)
		s->holder[i] = NOBODY;
	return 0;
}

static void
search_end(struct search *s)
{
	free(s->event);
	free(s->slot);
	free(s->unknown);
	free(s->twin);
	free(s->holder);
	free(s->config);
	free(s->table);
	free(s->stack);
	free(s->next);
	free(s->state);
}

/* --- where the search stands in it -------------------------------------------------- */

/* Passes one event, forwards (by 1) or backwards (by 0). */
static void
pass(struct search *s, const struct event *e, int forwards)
{
	const struct deed *op = s->o->op[e->op];

	if (op->returned == LIN_NEVER)
		s->opened += forwards ? 1 : (size_t)-1;
	else
		s->holder[s->slot[e->op]] = e->returns == forwards ? NOBODY : e->op;
}

static void
cursor_to(struct search *s, size_t to)
{
	for (; s->cursor < to; s->cursor++)
		pass(s, &s->event[s->cursor], 1);
	for (; s->cursor > to; s->cursor--)
		pass(s, &s->event[s->cursor - 1], 0);
}

/* Passes what the configuration need not wait for. */
static void
pass_events(struct search *s, uint32_t *c)
{
	const struct event *e;

	for (; c[0] < s->events; c[0]++) {
		e = &s->event[c[0]];
		if (!e->returns)
			continue;
		if (!bit(c + 1, s->slot[e->op]))
			break;
		bit_flip(c + 1, s->slot[e->op]);
	}
	cursor_to(s, c[0]);
}

/* Lets all read that would read now what they have read: 1 if any did. */
static int
read_all(struct search *s, uint32_t *c)
{
	const struct deed *op;
	int any = 0;
	size_t i;

	for (i = 0; i < s->slots; i++) {
		if (s->holder[i] == NOBODY || bit(c + 1, i))
			continue;
		op = s->o->op[s->holder[i]];
		if (model_reads(op) && model_step(s->o, op, c + s->state_at)) {
			bit_flip(c + 1, i);
			any = 1;
		}
	}
	return any;
}

/* Is a list under way that has not taken effect? */
static int
list_waits(const struct search *s, const uint32_t *c)
{
	size_t i;

	for (i = 0; i < s->slots; i++)
		if (s->holder[i] != NOBODY && !bit(c + 1, i) &&
		    s->o->op[s->holder[i]]->verb == VERB_LIST)
			return 1;
	return 0;
}

/* --- where it was before -------------------------------------------------------------- */

static size_t
place(const struct search *s, const uint32_t *c)
{
	uint64_t hash = crc32c(0, c, s->unknown_at * sizeof(*c));

	hash *= UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(hash >> 32) & (s->table_size - 1);
}

/* 1 if a is c, with nothing more used up. */
static int
covers(const struct search *s, const uint32_t *a, const uint32_t *c)
{
	size_t i;

	if (memcmp(a, c, s->unknown_at * sizeof(*a)) != 0)
		return 0;
	for (i = s->unknown_at; i < s->link_at; i++)
		if ((a[i] & ~c[i]) != 0)
			return 0;
	return 1;
}

static void
link_in(struct search *s, size_t number)
{
	uint32_t *c = s->config + number * s->words;
	size_t at = place(s, c);

	c[s->link_at] = s->table[at];
	s->table[at] = (uint32_t)number;
}

/* Room for one more configuration, in the table too. */
static enum step
room_make(struct search *s)
{
	size_t cap = s->cap == 0 ? AT_ONCE : 2 * s->cap, i;
	uint32_t *config, *table;

	if (s->configs >= s->limit)
		return STEP_LATER;
	if (s->configs < s->cap)
		return STEP_ON;
	if (cap > s->memory /
		    (s->words * sizeof(*config) + 2 * sizeof(*table) +
			sizeof(*s->stack)) ||
	    cap >= NOBODY)
		return STEP_FULL;
	config = realloc(s->config, cap * s->words * sizeof(*config));
	if (config == NULL)
		return STEP_FAILED;
	s->config = config;
	s->cap = cap;
	table = malloc(2 * cap * sizeof(*table));
	if (table == NULL)
		return STEP_FAILED;
	free(s->table);
	s->table = table;
	s->table_size = 2 * cap;
	for (i = 0; i < s->table_size; i++)
		table[i] = NOBODY;
	for (i = 0; i < s->configs; i++)
		link_in(s, i);
	return STEP_ON;
}

static enum step
stack_push(struct search *s, struct frame frame)
{
	size_t cap = s->stack_cap == 0 ? AT_ONCE : 2 * s->stack_cap;
	struct frame *stack;

	if (s->depth == s->stack_cap) {
		stack = realloc(s->stack, cap * sizeof(*stack));
		if (stack == NULL)
			return STEP_FAILED;
		s->stack = stack;
		s->stack_cap = cap;
	}
	s->stack[s->depth++] = frame;
	return STEP_ON;
}

/* s->next, which an operation has made, goes as far as it can without a choice. */
static enum step
arrive(struct search *s, int unneeded)
{
	enum step step;
	uint32_t at, looks;
	int reads;

	do {
		pass_events(s, s->next);
		reads = s->next[0] < s->events && read_all(s, s->next);
		unneeded &= !reads;
	} while (reads && bit(s->next + 1, s->slot[s->event[s->next[0]].op]));
	if (s->next[0] == s->events)
		return STEP_DONE;
	step = room_make(s);
	if (step != STEP_ON)
		return step;
	at = s->table[place(s, s->next)];
	for (looks = 0; at != NOBODY && looks < LOOKS; looks++) {
		if (covers(s, s->config + at * s->words, s->next))
			return STEP_ON;
		at = s->config[at * s->words + s->link_at];
	}
	memcpy(s->config + s->configs * s->words, s->next, s->words * sizeof(*s->next));
	link_in(s, s->configs);
	return stack_push(s,
	    (struct frame){ (uint32_t)s->configs++, 0, list_waits(s, s->next),
		unneeded });
}

/* --- moves ------------------------------------------------------------------------------ */

/*
 * The frame's next move, an operation: first the one whose return is awaited,
 * then the others under way, then those of unknown outcome.  NOBODY: none is left.
 */
static uint32_t
move_next(struct search *s, struct frame *f, const uint32_t *c)
{
	uint32_t awaited = s->event[c[0]].op, op, n, twin;

	while ((n = f->next++) <= s->slots + s->opened) {
		if (n == 0)
			return awaited;
		if (n <= s->slots) {
			op = s->holder[n - 1];
			if (op == NOBODY || op == awaited || bit(c + 1, n - 1))
				continue;
		} else {
			/* The oldest first: they may well be of no other use. */
			n -= (uint32_t)s->slots + 1;
			op = s->unknown[n];
			twin = s->twin[n];
			if (bit(c + s->unknown_at, n) ||
			    (twin != 0 && !bit(c + s->unknown_at, twin - 1)))
				continue;
		}
		if (f->any_key || s->o->op[op]->local == s->o->op[awaited]->local)
			return op;
	}
	return NOBODY;
}

/* Would s->next's state be the same if the one before had not been used? */
static int
goes_without(struct search *s, const struct deed *op)
{
	const struct frame *below = &s->stack[s->depth - 2];
	const size_t size = s->o->keys * sizeof(*s->state);

	memcpy(s->state, s->config + below->config * s->words + s->state_at, size);
	return model_step(s->o, op, s->state) &&
	    memcmp(s->state, s->next + s->state_at, size) == 0;
}

/* Tries the next move of the configuration on top. */
static enum step
move(struct search *s)
{
	struct frame *f = &s->stack[s->depth - 1];
	const uint32_t *c = s->config + f->config * s->words;
	const struct deed *op;
	uint32_t number;

	cursor_to(s, c[0]);
	number = move_next(s, f, c);
	if (number == NOBODY) {
		s->depth--;
		return STEP_ON;
	}
	op = s->o->op[number];
	memcpy(s->next, c, s->words * sizeof(*c));
	if (!model_step(s->o, op, s->next + s->state_at) ||
	    (s->thrifty && f->unneeded && goes_without(s, op)))
		return STEP_ON;
	if (op->returned != LIN_NEVER)
		bit_flip(s->next + 1, s->slot[number]);
	else if (memcmp(s->next, c, s->link_at * sizeof(*c)) == 0)
		return STEP_ON;
	else
		bit_flip(s->next + s->unknown_at, s->slot[number]);
	return arrive(s, op->returned == LIN_NEVER);
}

/* The furthest that any order came, and the states there. */
static int
trouble_take(struct search *s, struct trouble *t)
{
	size_t size = s->o->keys * sizeof(*t->held), i, k;
	const uint32_t *c, *state;
	uint32_t furthest = 0;

	t->tried = s->configs;
	t->held = malloc(HELD * size);
	if (t->held == NULL)
		return -1;
	for (i = 0; i < s->configs; i++)
		if (s->config[i * s->words] > furthest)
			furthest = s->config[i * s->words];
	t->stuck = s->o->op[s->event[furthest].op];
	for (i = 0; i < s->configs && t->states < HELD; i++) {
		c = s->config + i * s->words;
		state = c + s->state_at;
		for (k = 0; k < t->states; k++)
			if (memcmp(t->held + k * s->o->keys, state, size) == 0)
				break;
		if (c[0] == furthest && k == t->states)
			memcpy(t->held + t->states++ * s->o->keys, state, size);
	}
	return 0;
}

/* A verdict; or *step is STEP_LATER, and there is none yet. */
static int
search_for(const struct object *o, size_t memory, int thrifty, size_t limit,
    struct trouble *t, enum step *step)
{
	struct search s = { .thrifty = thrifty, .limit = limit };
	int verdict = -1;

	*step = STEP_FAILED;
	if (search_begin(&s, o, memory) == 0) {
		*step = arrive(&s, 0);
		while (*step == STEP_ON && s.depth > 0)
			*step = move(&s);
	}
	if (*step == STEP_DONE)
		verdict = LIN_LINEARIZABLE;
	else if (*step == STEP_FULL)
		verdict = LIN_GAVE_UP;
	else if (*step == STEP_ON)
		verdict = LIN_BROKEN;
	if ((*step == STEP_FULL || *step == STEP_ON) && trouble_take(&s, t) == -1)
		verdict = -1;
	search_end(&s);
	return verdict;
}

int
search(const struct object *o, size_t memory, struct trouble *t)
{
	enum step step = STEP_LATER;
	size_t limit;
	int thrifty, verdict = -1;

	memset(t, 0, sizeof(*t));
	for (limit = WHILE; step == STEP_LATER; limit *= LONGER)
		for (thrifty = 1; step == STEP_LATER && thrifty >= 0; thrifty--)
			verdict = search_for(o, memory, thrifty, limit, t, &step);
	return verdict;
}

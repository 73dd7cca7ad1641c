/*
 * store.c - drives core/store: against a model that is too simple to be wrong,
 * at the edges of the request ids' window, and with a million keys.
 */
#include "core/store.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "core/num.h"
#include "must.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define MODEL_KEYS 4096

/* The model: keys in a sorted array. */
struct pair {
	char *key;
	size_t key_len;
	char *value;
	size_t value_len;
};

struct model {
	struct pair pair[MODEL_KEYS];
	size_t n;
};

static int
bytes_order(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int r = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (r != 0)
		return r;
	return a_len < b_len ? -1 : a_len > b_len;
}

/* Where key is, or belongs. */
static size_t
model_find(const struct model *m, struct bytes key, int *there)
{
	size_t i;
	int r;

	*there = 0;
	for (i = 0; i < m->n; i++) {
		r = bytes_order(m->pair[i].key, m->pair[i].key_len, key.at, key.len);
		if (r >= 0) {
			*there = r == 0;
			break;
		}
	}
	return i;
}

static char *
copy_of(struct bytes b)
{
	char *p = malloc(b.len + 1);

	MUST(p != NULL);
	if (b.len > 0)
		memcpy(p, b.at, b.len);
	return p;
}

static int
model_condition(const struct model *m, const struct command *c)
{
	const struct pair *p;
	int64_t x, y;
	size_t at;
	int there;

	at = model_find(m, c->key, &there);
	p = &m->pair[at];
	switch (c->op) {
	case OP_NONE:
		return 1;
	case OP_ABSENT:
		return !there;
	case OP_EXISTS:
		return there;
	default:
		break;
	}
	if (!there)
		return 0;
	if (c->op == OP_EQUAL || c->op == OP_DIFFERS)
		return (bytes_order(p->value, p->value_len, c->operand.at,
			    c->operand.len) == 0) == (c->op == OP_EQUAL);
	if (num_i64(p->value, p->value_len, &x) == -1)
		return 0;
	MUST(num_i64(c->operand.at, c->operand.len, &y) == 0);
	return (c->op == OP_EQ && x == y) || (c->op == OP_NE && x != y) ||
	    (c->op == OP_LT && x < y) || (c->op == OP_LE && x <= y) ||
	    (c->op == OP_GT && x > y) || (c->op == OP_GE && x >= y);
}

static int
model_apply(struct model *m, const struct command *c)
{
	size_t at;
	int there;

	if (!model_condition(m, c))
		return OUTCOME_NO;
	at = model_find(m, c->key, &there);
	if (c->verb == VERB_UNSET || c->verb == VERB_IF_UNSET) {
		if (!there)
			return OUTCOME_YES;
		free(m->pair[at].key);
		free(m->pair[at].value);
		m->n--;
		memmove(&m->pair[at], &m->pair[at + 1],
		    (m->n - at) * sizeof(m->pair[0]));
		return OUTCOME_YES;
	}
	if (c->verb == VERB_NOOP)
		return OUTCOME_YES;
	if (there) {
		free(m->pair[at].value);
	} else {
		MUST(m->n < MODEL_KEYS);
		memmove(&m->pair[at + 1], &m->pair[at],
		    (m->n - at) * sizeof(m->pair[0]));
		m->n++;
		m->pair[at].key = copy_of(c->key);
		m->pair[at].key_len = c->key.len;
	}
	m->pair[at].value = copy_of(c->value);
	m->pair[at].value_len = c->value.len;
	return OUTCOME_YES;
}

static void
model_free(struct model *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		free(m->pair[i].key);
		free(m->pair[i].value);
	}
	m->n = 0;
}

struct walk {
	const struct model *m;
	size_t at;
	size_t stop;
};

static int
count_one(void *n, struct bytes key, struct bytes value)
{
	(void)key;
	(void)value;
	++*(size_t *)n;
	return 0;
}

/* How many keys there are. */
static size_t
count(const struct store *s)
{
	size_t n = 0;

	MUST(store_each(s, count_one, &n) == 0);
	return n;
}

static int
compare_one(void *arg, struct bytes key, struct bytes value)
{
	struct walk *w = arg;
	const struct pair *p = &w->m->pair[w->at];

	MUST(w->at < w->m->n);
	MUST(bytes_order(p->key, p->key_len, key.at, key.len) == 0);
	MUST(bytes_order(p->value, p->value_len, value.at, value.len) == 0);
	return ++w->at == w->stop ? 7 : 0;
}

static void
compare_all(const struct store *s, const struct model *m)
{
	struct walk w = { m, 0, SIZE_MAX };

	MUST(store_each(s, compare_one, &w) == 0);
	MUST(w.at == m->n);
	if (m->n > 0) {
		w.at = 0;
		w.stop = m->n / 2 + 1;
		MUST(store_each(s, compare_one, &w) == 7);
		MUST(w.at == w.stop);
	}
}

static void
compare_list(const struct store *s, const struct model *m, struct bytes prefix)
{
	struct buf list = { 0 }, want = { 0 };
	const struct pair *p;
	size_t i;

	for (i = 0; i < m->n; i++) {
		p = &m->pair[i];
		if (p->key_len < prefix.len ||
		    memcmp(p->key, prefix.at, prefix.len) != 0)
			continue;
		MUST(buf_add(&want, " ", 1) == 0);
		MUST(words_put(&want, p->key, p->key_len) == 0);
	}
	MUST(store_list(s, prefix.at, prefix.len, &list) == 0);
	MUST(list.len == want.len);
	MUST(want.len == 0 || memcmp(buf_head(&list), buf_head(&want), want.len) == 0);
	buf_free(&list);
	buf_free(&want);
}

/* Few letters, so that keys meet often; now and then any byte at all. */
static size_t
random_key(uint64_t *seed, char *key, unsigned letters)
{
	size_t i, len;

	len = 1 + dice(seed) % (dice(seed) % 8 == 0 ? 40 : 5);
	for (i = 0; i < len; i++) {
		if (letters == 256)
			key[i] = (char)(1 + dice(seed) % 255);
		else
			key[i] = (char)("abqrAB\x01\xff"[dice(seed) % letters]);
	}
	return len;
}

static void
against_model(void)
{
	static struct model m;
	static char key[64], value[300], operand[32];
	struct bytes got, prefix;
	struct command c;
	struct store *s;
	uint64_t index, seed;
	unsigned letters;
	size_t at;
	int there, want;

	for (seed = 1; seed <= 60; seed++) {
		uint64_t d = seed * 1000003;

		letters = (unsigned[]){ 1, 2, 4, 8, 256 }[seed % 5];
		s = store_new(100);
		MUST(s != NULL);
		for (index = 1; index < 2500; index++) {
			memset(&c, 0, sizeof(c));
			c.verb = (enum verb)(VERB_NOOP + (int)(dice(&d) % 5));
			/* Phases of growth and of decline. */
			if (index % 700 < 400 && c.verb == VERB_UNSET)
				c.verb = VERB_SET;
			if (c.verb == VERB_IF_SET || c.verb == VERB_IF_UNSET)
				c.op = (enum op)(OP_EQUAL + (int)(dice(&d) % 10));
			c.key.at = key;
			c.key.len = random_key(&d, key, letters);
			c.operand.at = operand;
			if (c.op != OP_NONE && c.op < OP_ABSENT)
				c.operand.len = (size_t)snprintf(operand,
				    sizeof(operand), "%d", (int)(dice(&d) % 4) - 1);
			c.value.at = value;
			if (dice(&d) % 2 == 0) {
				c.value.len = (size_t)snprintf(value, sizeof(value),
				    "%d", (int)(dice(&d) % 4) - 1);
			} else {
				c.value.len = dice(&d) % sizeof(value);
				memset(value, (int)dice(&d), c.value.len);
			}
			want = model_apply(&m, &c);
			MUST(store_apply(s, index, NULL, &c) == want);

			c.key.len = random_key(&d, key, letters);
			at = model_find(&m, c.key, &there);
			MUST(store_get(s, key, c.key.len, &got) == there);
			if (there)
				MUST(bytes_order(got.at, got.len, m.pair[at].value,
					 m.pair[at].value_len) == 0);
			if (index % 16 == 0) {
				prefix = c.key;
				prefix.len = dice(&d) % (prefix.len + 1);
				compare_list(s, &m, prefix);
			}
			if (index % 128 == 0)
				compare_all(s, &m);
		}
		compare_all(s, &m);
		store_free(s);
		model_free(&m);
	}
}

/* Keys that are each other's beginnings, up to the longest key. */
static void
deep_keys(void)
{
	static char key[KEY_MAX];
	struct command c;
	struct bytes got;
	struct store *s;
	size_t i;

	memset(key, 'a', sizeof(key));
	memset(&c, 0, sizeof(c));
	c.verb = VERB_SET;
	c.key.at = key;
	c.value.at = key;
	s = store_new(1);
	MUST(s != NULL);
	for (i = KEY_MAX; i > 0; i--) {
		c.key.len = c.value.len = i;
		MUST(store_apply(s, KEY_MAX - i + 1, NULL, &c) == OUTCOME_YES);
	}
	MUST(count(s) == KEY_MAX);
	for (i = 1; i <= KEY_MAX; i++) {
		MUST(store_get(s, key, i, &got));
		MUST(got.len == i);
	}
	c.verb = VERB_UNSET;
	for (i = 1; i <= KEY_MAX; i += 2) {
		c.key.len = i;
		MUST(store_apply(s, KEY_MAX + i, NULL, &c) == OUTCOME_YES);
	}
	MUST(count(s) == KEY_MAX / 2);
	for (i = 1; i <= KEY_MAX; i++)
		MUST(store_get(s, key, i, &got) == (i % 2 == 0));
	store_free(s);
}

/* One condition on a stored value (NULL: no key), each answer written out. */
static void
condition(const char *stored, enum op op, const char *operand, int want)
{
	struct store *s = store_new(10);
	struct command c;

	MUST(s != NULL);
	memset(&c, 0, sizeof(c));
	c.verb = VERB_SET;
	c.key.at = "k";
	c.key.len = 1;
	if (stored != NULL) {
		c.value.at = stored;
		c.value.len = strlen(stored);
		MUST(store_apply(s, 1, NULL, &c) == OUTCOME_YES);
	}
	c.verb = VERB_IF_UNSET;
	c.op = op;
	c.operand.at = operand;
	c.operand.len = strlen(operand);
	if (store_apply(s, 2, NULL, &c) != want) {
		(void)fprintf(stderr, "%s, operator %d, %s: not %d\n",
		    stored == NULL ? "(absent)" : stored, (int)op, operand, want);
		exit(1);
	}
	MUST(count(s) == (stored != NULL && want == OUTCOME_NO));
	store_free(s);
}

static void
conditions(void)
{
	int op;

	for (op = OP_EQUAL; op <= OP_EXISTS; op++)
		condition(NULL, (enum op)op, op < OP_ABSENT ? "0" : "",
		    op == OP_ABSENT ? OUTCOME_YES : OUTCOME_NO);
	condition("v", OP_ABSENT, "", OUTCOME_NO);
	condition("v", OP_EXISTS, "", OUTCOME_YES);
	condition("", OP_EXISTS, "", OUTCOME_YES);
	condition("v", OP_EQUAL, "v", OUTCOME_YES);
	condition("v", OP_EQUAL, "vv", OUTCOME_NO);
	condition("", OP_EQUAL, "", OUTCOME_YES);
	condition("1", OP_EQUAL, "01", OUTCOME_NO);
	condition("v", OP_DIFFERS, "v", OUTCOME_NO);
	condition("v", OP_DIFFERS, "w", OUTCOME_YES);
	condition("v", OP_DIFFERS, "", OUTCOME_YES);
	condition("1", OP_EQ, "01", OUTCOME_YES);
	condition("1", OP_EQ, "2", OUTCOME_NO);
	condition("1", OP_NE, "2", OUTCOME_YES);
	condition("1", OP_NE, "+1", OUTCOME_NO);
	condition("9", OP_LT, "10", OUTCOME_YES);
	condition("10", OP_LT, "10", OUTCOME_NO);
	condition("10", OP_LE, "10", OUTCOME_YES);
	condition("11", OP_LE, "10", OUTCOME_NO);
	condition("-9223372036854775808", OP_LT, "9223372036854775807", OUTCOME_YES);
	condition("9223372036854775807", OP_GT, "-9223372036854775808", OUTCOME_YES);
	condition("10", OP_GT, "9", OUTCOME_YES);
	condition("9", OP_GT, "9", OUTCOME_NO);
	condition("9", OP_GE, "9", OUTCOME_YES);
	condition("8", OP_GE, "9", OUTCOME_NO);
	for (op = OP_EQ; op <= OP_GE; op++) {
		condition("", (enum op)op, "0", OUTCOME_NO);
		condition("abc", (enum op)op, "0", OUTCOME_NO);
		condition("1 ", (enum op)op, "1", OUTCOME_NO);
		condition("9223372036854775808", (enum op)op, "1", OUTCOME_NO);
	}
}

/* Sets "k" to one letter, if it is absent when absent is set. */
static int
apply(struct store *s, uint64_t index, uint64_t base, uint64_t random, int absent)
{
	struct request_id id = { base, random };
	struct command c;
	char letter = (char)('a' + (int)(index % 26));

	memset(&c, 0, sizeof(c));
	c.verb = absent ? VERB_IF_SET : VERB_SET;
	c.op = absent ? OP_ABSENT : OP_NONE;
	c.key.at = "k";
	c.key.len = 1;
	c.value.at = &letter;
	c.value.len = 1;
	return store_apply(s, index, random == 0 ? NULL : &id, &c);
}

static char
letter_of_k(const struct store *s)
{
	struct bytes value;

	MUST(store_get(s, "k", 1, &value));
	MUST(value.len == 1);
	return *value.at;
}

/* F37, F66: the edges of the window. */
static void
window_edges(void)
{
	struct store *s = store_new(10);

	MUST(s != NULL);
	MUST(apply(s, 26, 20, 1, 0) == OUTCOME_YES); /* "a" */
	MUST(apply(s, 27, 20, 1, 0) == OUTCOME_YES); /* a repeat */
	MUST(letter_of_k(s) == 'a');

	/* A condition's answer is the first one, too, although k is there now. */
	MUST(apply(s, 28, 20, 2, 1) == OUTCOME_NO);
	MUST(apply(s, 29, 20, 2, 0) == OUTCOME_NO);
	MUST(letter_of_k(s) == 'a');

	/* The same random bits with another base are another request. */
	MUST(apply(s, 30, 29, 1, 0) == OUTCOME_YES); /* "e" */
	MUST(letter_of_k(s) == 'e');

	/* The last index at which base 21 is taken, and the one after it. */
	MUST(apply(s, 31, 21, 3, 0) == OUTCOME_YES); /* "f" */
	MUST(letter_of_k(s) == 'f');
	MUST(apply(s, 32, 21, 4, 0) == OUTCOME_UNKNOWN);
	MUST(apply(s, 32, 21, 4, 0) == OUTCOME_UNKNOWN);
	MUST(letter_of_k(s) == 'f');

	/* Remembered for as many entries as the window has, then unknown. */
	MUST(apply(s, 36, 20, 1, 0) == OUTCOME_YES);
	MUST(apply(s, 37, 20, 1, 0) == OUTCOME_UNKNOWN);
	MUST(apply(s, 40, 29, 1, 0) == OUTCOME_YES);
	MUST(apply(s, 41, 29, 1, 0) == OUTCOME_UNKNOWN);
	MUST(letter_of_k(s) == 'f');

	/* A base that is not there yet. */
	MUST(apply(s, 42, 43, 5, 0) == OUTCOME_UNKNOWN);
	MUST(apply(s, 42, UINT64_MAX, 5, 0) == OUTCOME_UNKNOWN);
	MUST(letter_of_k(s) == 'f');
	MUST(apply(s, 43, 43, 5, 0) == OUTCOME_YES); /* "r" */
	MUST(letter_of_k(s) == 'r');

	/* Without an id there are no repeats. */
	MUST(apply(s, 44, 0, 0, 0) == OUTCOME_YES);
	MUST(apply(s, 45, 0, 0, 0) == OUTCOME_YES);
	MUST(letter_of_k(s) == 't');
	store_free(s);

	s = store_new(STORE_WINDOW);
	MUST(s != NULL);
	MUST(apply(s, 1, 0, 9, 0) == OUTCOME_YES);
	MUST(apply(s, 1 + STORE_WINDOW, 0, 9, 0) == OUTCOME_YES);
	MUST(apply(s, 2 + STORE_WINDOW, 0, 9, 0) == OUTCOME_UNKNOWN);
	MUST(letter_of_k(s) == 'b');
	store_free(s);
}

#define REQUESTS 3000

/*
 * Thousands of requests, repeated at random: none is carried out twice, and
 * each answer is what a list of everything that ever was says.
 */
static void
window_model(void)
{
	static struct {
		uint64_t base;
		uint64_t random;
		uint64_t index; /* 0: never carried out */
		int outcome;
	} req[REQUESTS];
	static const uint64_t sizes[] = { 0, 1, 2, 7, 64, 65, 500 };
	char before, after;
	struct store *s;
	uint64_t base, index, seed, size;
	size_t i, n, pick;
	int absent, r, want;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size = sizes[i];
		seed = 99 + i;
		n = 0;
		index = 1000;
		s = store_new(size);
		MUST(s != NULL);
		MUST(apply(s, index, 0, 0, 0) == OUTCOME_YES);
		while (n < REQUESTS) {
			index += 1 + (dice(&seed) % 9 == 0 ? dice(&seed) % 5 : 0);
			if (n == 0 || dice(&seed) % 2 == 0) {
				pick = n++;
				base = index - 1 - dice(&seed) % (size + 3);
				req[pick].base = base;
				/* Few hashes: long chains. */
				req[pick].random = 1 + (dice(&seed) % 4 << 60) +
				    ((uint64_t)pick << 20);
				req[pick].index = 0;
			} else {
				pick = n - 1 -
				    dice(&seed) % (n < 2 * size + 3 ? n : 2 * size + 3);
			}
			if (req[pick].index != 0 && index - req[pick].index <= size)
				want = req[pick].outcome;
			else if (index - req[pick].base > size)
				want = OUTCOME_UNKNOWN;
			else
				want = -2; /* is carried out */

			/* k is there: a condition on its absence answers no. */
			absent = dice(&seed) % 3 == 0;
			before = letter_of_k(s);
			r = apply(s, index, req[pick].base, req[pick].random, absent);
			after = letter_of_k(s);
			if (want != -2) {
				MUST(r == want);
				MUST(before == after);
				continue;
			}
			MUST(req[pick].index == 0); /* never twice */
			MUST(r == (absent ? OUTCOME_NO : OUTCOME_YES));
			MUST(after ==
			    (absent ? before : (char)('a' + (int)(index % 26))));
			req[pick].index = index;
			req[pick].outcome = r;
		}
		store_free(s);
	}
}

/* Bytes of memory in use, or 0 where there is no /proc. */
static size_t
resident(void)
{
	unsigned long pages = 0;
	char line[256], *second;
	FILE *f;

	f = fopen("/proc/self/statm", "r");
	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL) {
		second = strchr(line, ' ');
		if (second != NULL)
			pages = strtoul(second, NULL, 10);
	}
	(void)fclose(f);
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The n-th key of 20 bytes, in no order that an allocator could like. */
static void
key_of(uint64_t n, int hex, char key[32])
{
	uint64_t mixed = n * UINT64_C(0x9e3779b97f4a7c15);

	if (hex)
		(void)snprintf(key, 32, "%016" PRIx64 "abcd", mixed);
	else
		(void)snprintf(key, 32, "%020" PRIu64, mixed % 1000003 * 7 + n % 7);
}

static void
a_million(int hex)
{
	const uint64_t n = SANITIZED ? 50000 : 1000000;
	static char value[200];
	struct request_id id;
	struct command c;
	struct store *s;
	struct bytes got;
	char key[32];
	uint64_t i, index = 0;
	double start, took[4];
	size_t before = resident(), kept, use;

	memset(&c, 0, sizeof(c));
	memset(value, 'v', sizeof(value));
	c.verb = VERB_SET;
	c.key.at = key;
	c.key.len = 20;
	c.value.at = value;
	c.value.len = 100;
	s = store_new(STORE_WINDOW);
	MUST(s != NULL);

	start = seconds();
	for (i = 0; i < n; i++) {
		key_of(i, hex, key);
		MUST(store_apply(s, ++index, NULL, &c) == OUTCOME_YES);
	}
	took[0] = seconds() - start;
	kept = count(s);
	MUST(kept > n / 10 * 9);
	use = resident() - before;

	start = seconds();
	for (i = 0; i < n; i++) {
		key_of((i * 7919) % n, hex, key);
		MUST(store_get(s, key, 20, &got));
	}
	took[1] = seconds() - start;

	start = seconds();
	for (i = 0; i < n; i++) {
		key_of((i * 7919) % n, hex, key);
		id.base = index;
		id.random = i * UINT64_C(0x9e3779b97f4a7c15) + 1;
		MUST(store_apply(s, ++index, &id, &c) == OUTCOME_YES);
	}
	took[2] = seconds() - start;

	/* Values change their lengths: what they leave behind is used again. */
	start = seconds();
	for (i = 0; i < n; i++) {
		key_of((i * 7919) % n, hex, key);
		c.value.len = 90 + i % 20;
		MUST(store_apply(s, ++index, NULL, &c) == OUTCOME_YES);
	}
	took[3] = seconds() - start;
	MUST(count(s) == kept);

	(void)printf("%s keys: %zu of 20 bytes with values of 100: %.1f MB, %.2f times "
		     "their bytes; %.2f with ids and new lengths\n",
	    hex ? "hex" : "decimal", kept, (double)use / 1e6,
	    (double)use / ((double)kept * 120),
	    (double)(resident() - before) / ((double)kept * 120));
	(void)
	    printf("ns each: new %.0f, get %.0f, set with id %.0f, other length %.0f\n",
		took[0] * 1e9 / (double)n, took[1] * 1e9 / (double)n,
		took[2] * 1e9 / (double)n, took[3] * 1e9 / (double)n);
	if (!SANITIZED && use > 0) {
		MUST(use < kept * 120 / 2 * 3);
		MUST(resident() - before < kept * 120 / 4 * 7);
	}
	store_free(s);
}

static void
memory(void)
{
	a_million(1);
}

static void
memory_decimal(void)
{
	a_million(0);
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = { { "against_model", against_model },
		{ "deep_keys", deep_keys }, { "conditions", conditions },
		{ "window_edges", window_edges }, { "window_model", window_model },
		{ "memory", memory }, { "memory_decimal", memory_decimal },
		{ NULL, NULL } };

	return run_cases(cases, argc, argv);
}

/*
 * pkg - what pkg reads of the store, where other hosts and people have written it: an
 * empty byte stands between two values.  The first byte says how what the rules write,
 * and the package itself, fares.
 */
#include "core/package.h"

#include "fuzz.h"

#define STEPS 12

static void
lease(const char *p, size_t n)
{
	char again[LEASE_TEXT], printed[LEASE_TEXT];
	struct lease l, twice;
	size_t len;

	if (lease_parse(&l, p, n) == -1)
		return;
	len = lease_print(&l, printed);
	MUST(len < LEASE_TEXT && printed[len] == '\0' && strlen(printed) == len);
	MUST(lease_parse(&twice, printed, len) == 0);
	MUST(lease_print(&twice, again) == len && strcmp(again, printed) == 0);
	/* Nothing stands behind the end of a word. */
	MUST(memcmp(l.boot, twice.boot, sizeof(l.boot)) == 0);
	MUST(memcmp(l.note, twice.note, sizeof(l.note)) == 0);
	MUST(lease_wait(&l) > l.limit * LEASE_MS);
}

static void
note(const char *p, size_t n)
{
	char again[WANT_TEXT], printed[WANT_TEXT];
	struct node_note s, twice;
	size_t len;

	if (node_parse(&s, p, n) == -1)
		return;
	len = node_print(&s, printed);
	MUST(len < WANT_TEXT && printed[len] == '\0');
	MUST(node_parse(&twice, printed, len) == 0);
	MUST(node_print(&twice, again) == len && strcmp(again, printed) == 0);
	MUST(memcmp(s.boot, twice.boot, sizeof(s.boot)) == 0);
	MUST(memcmp(s.note, twice.note, sizeof(s.note)) == 0);
}

static void
values(const char *p, size_t n)
{
	struct buf why = { 0 };
	struct settings s = { 0 };
	struct order o;
	struct want w;

	lease(p, n);
	note(p, n);
	if (order_parse(&o, p, n) == 0)
		MUST(strcmp(o.to, "-") == 0 || lease_name_ok(o.to, strlen(o.to)));
	if (want_parse(&w, p, n) == 0)
		(void)want_is_off(&w, "b");
	if (settings_parse(&s, p, n, &why) == -1)
		MUST(why.len > 0);
	else {
		MUST(s.nodes <= SETTINGS_NODES && s.renew > 0 && s.poll > 0);
		MUST(settings_fit(&s, UINT64_C(1000000000), &why) == 0 || why.len > 0);
	}
	buf_free(&why);
}

/* What stands for the store: its values in this order, and the same again for later. */
static const char *const keys[] = { "get pkg/web/conf", "get pkg/web/want",
	"get pkg/web/lease", "get pkg/web/order", "get pkg/web/node/",
	"get pkg/web/event/" };

#define KEYS (sizeof(keys) / sizeof(keys[0]))

struct supply {
	const char *p;
	size_t n;
	size_t skip; /* so many values are over */
};

/* The value that is asked for, and its length; 0: it is absent. */
static const char *
value_of(const struct supply *s, const char *asked, size_t *n)
{
	const char *at = s->p, *end = s->p + s->n, *nul;
	size_t i, left = s->skip;

	for (i = 0; i < KEYS && strncmp(asked, keys[i], strlen(keys[i])) != 0; i++)
		left++;
	for (;; at = nul + 1) {
		nul = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
		if (left == 0 || nul == NULL)
			break;
		left--;
	}
	*n = left > 0 ? 0 : (size_t)((nul != NULL ? nul : end) - at);
	return at;
}

/* Carries out what the rules want, until they want nothing. */
static void
carry(struct package *p, uint64_t now, const struct supply *s, unsigned how)
{
	struct guard_said guard = { .word = GUARD_IDLE };
	struct action a;
	const char *value;
	size_t len;
	unsigned i;

	for (i = 0; i < 50 && package_next(p, &a); i++) {
		MUST(a.kind != ACTION_LEAVE);
		if (a.kind == ACTION_ASK) {
			MUST(memchr(a.text, '\n', a.length) == NULL);
			/* A get has a value; a write is done, or is not. */
			value = value_of(s, a.text, &len);
			if (strncmp(a.text, "get ", 4) == 0)
				package_answer(p, now, a.number, len == 0, value, len);
			else
				package_answer(p, now, a.number,
				    (how >> i % 8 & 1) != 0, "", 0);
		} else if (a.kind == ACTION_RUN)
			package_script(p, now,
			    strcmp(a.text, "status") == 0 && (how & 64) != 0 ? 3 : 0);
		else if (a.kind == ACTION_PROVE)
			package_proof(p, now, a.number, "33333333-4444", 0);
		else if (a.kind == ACTION_GUARD) {
			guard.word = a.guard == GUARD_ARM || a.guard == GUARD_RENEWED ?
			    GUARD_ARMED :
			    a.guard == GUARD_KILL ? GUARD_DEAD :
						    GUARD_IDLE;
			guard.epoch = a.epoch;
			guard.t0 = a.t0;
			guard.deadlines = a.deadlines;
			package_guard(p, now, &guard);
		}
	}
}

static void
rules(const char *p, size_t n, unsigned how)
{
	const struct package_who who = { .name = "web",
		.node = "a",
		.boot = "11111111-2222",
		.instance = 7 };
	const struct guard_said idle = { .word = GUARD_IDLE };
	struct supply s = { p, n, 0 };
	struct buf shown = { 0 };
	struct package *pkg;
	uint64_t now = UINT64_C(1000) * 1000000000, wake;
	unsigned i;

	pkg = package_begin(&who, now, 1700000000);
	MUST(pkg != NULL);
	package_guard(pkg, now, &idle);
	for (i = 0; i < STEPS; i++) {
		s.skip = i < STEPS / 2 ? 0 : KEYS;
		carry(pkg, now, &s, how);
		wake = package_wake(pkg);
		now = wake > now && wake - now < UINT64_C(5000000000) ?
		    wake :
		    now + 1000000000;
		package_tick(pkg, now, now / 1000000000 + 1699999000);
	}
	MUST(package_show(pkg, now, &shown) == 0);
	MUST(shown.len > 0 && buf_head(&shown)[shown.len - 1] == '\n');
	MUST(memchr(buf_head(&shown), '\n', shown.len) ==
	    buf_head(&shown) + shown.len - 1);
	buf_free(&shown);
	package_free(pkg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *p;

	if (n < 2)
		return 0;
	p = exact(data + 1, n - 1);
	values(p, n - 1);
	rules(p, n - 1, data[0]);
	free(p);
	return 0;
}

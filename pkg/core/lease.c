/*
 * lease.c - the lease's value, both ways, and for how long it holds others off.
 */
#include "lease.h"

#include <string.h>

#include "core/num.h"
#include "text.h"

/* As in enum lease_state. */
static const char *const state_names[] = { "starting", "running", "degraded",
	"stopping", "released", "halted", "failed", "stuck", "maint" };

#define STATES (sizeof(state_names) / sizeof(state_names[0]))

const char *
lease_state_name(enum lease_state state)
{
	return state_names[state];
}

int
lease_name_ok(const char *name, size_t n)
{
	size_t i;

	if (n == 0 || n > LEASE_NAME || name[0] == '-' || name[0] == '.')
		return 0;
	for (i = 0; i < n; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-'))
			return 0;
	}
	return 1;
}

static int
name_parse(const struct piece *p, char to[LEASE_NAME + 1])
{
	return lease_name_ok(p->at, p->len) ? piece_copy(p, to, LEASE_NAME + 1) : -1;
}

int
lease_parse(struct lease *l, const char *text, size_t n)
{
	struct text t = { text, text + n };
	struct piece v;
	int state;

	memset(l, 0, sizeof(*l));
	if (n >= LEASE_TEXT || text_value(&t, "owner=", &v) == -1 ||
	    name_parse(&v, l->owner) == -1 || text_value(&t, "boot=", &v) == -1 ||
	    piece_copy(&v, l->boot, sizeof(l->boot)) == -1)
		return -1;
	if (text_value(&t, "instance=", &v) == -1 || v.len != 16 ||
	    num_hex(v.at, 16, &l->instance) == -1)
		return -1;
	if (text_value(&t, "epoch=", &v) == -1 ||
	    piece_number(&v, UINT64_MAX - 1, &l->epoch) == -1 ||
	    text_value(&t, "seq=", &v) == -1 ||
	    piece_number(&v, UINT64_MAX - 1, &l->seq) == -1)
		return -1;
	if (text_value(&t, "state=", &v) == -1)
		return -1;
	state = piece_among(&v, state_names, STATES);
	if (state == -1)
		return -1;
	l->state = (enum lease_state)state;

	/* A day at most, so that W is far from where 64 bits end. */
	if (text_value(&t, "limit=", &v) == -1 ||
	    piece_number(&v, UINT64_C(86400000), &l->limit) == -1 || l->limit == 0 ||
	    text_value(&t, "since=", &v) == -1 ||
	    piece_number(&v, UINT64_MAX, &l->since) == -1)
		return -1;
	if (text_value(&t, "to=", &v) == -1 ||
	    (piece_is(&v, "-") ? piece_copy(&v, l->to, sizeof(l->to)) :
				 name_parse(&v, l->to)) == -1)
		return -1;
	if (text_value(&t, "note=", &v) == -1 ||
	    piece_unquote(&v, l->note, sizeof(l->note)) == -1)
		return -1;
	return t.at > t.end ? 0 : -1;
}

size_t
lease_print(const struct lease *l, char text[LEASE_TEXT])
{
	char *p = text;

	p = text_put(text_put(p, "owner="), l->owner);
	p = text_put(text_put(p, " boot="), l->boot);
	p = text_put_hex(text_put(p, " instance="), l->instance);
	p = text_put_number(text_put(p, " epoch="), l->epoch);
	p = text_put_number(text_put(p, " seq="), l->seq);
	p = text_put(text_put(p, " state="), lease_state_name(l->state));
	p = text_put_number(text_put(p, " limit="), l->limit);
	p = text_put_number(text_put(p, " since="), l->since);
	p = text_put(text_put(p, " to="), l->to);
	p = text_put_quoted(text_put(p, " note="), l->note);
	*p = '\0';
	return (size_t)(p - text);
}

uint64_t
lease_wait(const struct lease *l)
{
	return l->limit * LEASE_MS * 11 / 9 + 1 + 100 * LEASE_MS;
}

int
lease_is_held(const struct lease *l)
{
	return l->state == LEASE_STARTING || l->state == LEASE_RUNNING ||
	    l->state == LEASE_DEGRADED || l->state == LEASE_STOPPING;
}

int
lease_needs_proof(const struct lease *l)
{
	return l->state == LEASE_STUCK || l->state == LEASE_MAINT;
}

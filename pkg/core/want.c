/*
 * want.c - what people want, and what a node says of itself.
 */
#include "want.h"

#include <string.h>

#include "text.h"

#define SILENT (UINT64_C(30000) * LEASE_MS)

/* As in enum node_state. */
static const char *const state_names[] = { "standby", "owner", "failed", "unclean",
	"left" };

#define STATES (sizeof(state_names) / sizeof(state_names[0]))

void
want_default(struct want *w)
{
	memset(w, 0, sizeof(*w));
	w->up = 1;
	w->automatic = 1;
}

/* A word that says one of two things: 0, or -1. */
static int
either(const struct piece *v, const char *yes, const char *no, int *out)
{
	*out = piece_is(v, yes);
	return *out || piece_is(v, no) ? 0 : -1;
}

/* Takes one word; what is not known is passed over. */
static int
want_word(struct want *w, struct piece *word)
{
	static const char *const names[] = { "up", "auto", "maint", "off", "clear" };
	const char *equal = memchr(word->at, '=', word->len);
	struct piece name = { word->at, 0 }, v;

	if (equal == NULL)
		return -1;
	name.len = (size_t)(equal - word->at);
	v.at = equal + 1;
	v.len = word->len - name.len - 1;
	switch (piece_among(&name, names, 5)) {
	case 0:
		return either(&v, "yes", "no", &w->up);
	case 1:
		return either(&v, "on", "off", &w->automatic);
	case 2:
		return either(&v, "on", "off", &w->maint);
	case 3:
		return piece_unquote(&v, w->off, sizeof(w->off));
	case 4:
		return piece_unquote(&v, w->clear, sizeof(w->clear));
	default:
		return 0;
	}
}

int
want_parse(struct want *w, const char *text, size_t n)
{
	struct text t = { text, text + n };
	struct piece word;

	want_default(w);
	while (text_word(&t, &word)) {
		if (want_word(w, &word) == -1)
			return -1;
	}
	return 0;
}

int
want_is_off(const struct want *w, const char *node)
{
	const char *p = w->off;
	size_t n, len = strlen(node);

	for (; *p != '\0'; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		if (n == len && memcmp(p, node, n) == 0)
			return 1;
	}
	return 0;
}

int
order_parse(struct order *o, const char *text, size_t n)
{
	struct text t = { text, text + n };
	struct piece v;
	const char *dot;

	if (!text_word(&t, &v) || !piece_is(&v, "move") || !text_word(&t, &v) ||
	    (!piece_is(&v, "-") && !lease_name_ok(v.at, v.len)) ||
	    piece_copy(&v, o->to, sizeof(o->to)) == -1)
		return -1;
	if (!text_word(&t, &v) || piece_copy(&v, o->id, sizeof(o->id)) == -1 ||
	    t.at <= t.end)
		return -1;
	o->epoch = 0;
	dot = memchr(v.at, '.', v.len);
	if (dot == NULL)
		return 0;
	v.len = (size_t)(dot - v.at);
	return piece_number(&v, UINT64_MAX, &o->epoch);
}

const char *
node_state_name(enum node_state state)
{
	return state_names[state];
}

/* Two numbers, and what parts them: 0, or -1. */
static int
either_side(const struct piece *v, char mark, uint64_t max, uint64_t *a, uint64_t *b)
{
	const char *at = memchr(v->at, mark, v->len);
	struct piece left = { v->at, 0 }, right;

	if (at == NULL)
		return -1;
	left.len = (size_t)(at - v->at);
	right.at = at + 1;
	right.len = v->len - left.len - 1;
	return piece_number(&left, max, a) == -1 ? -1 : piece_number(&right, max, b);
}

int
node_parse(struct node_note *s, const char *text, size_t n)
{
	struct text t = { text, text + n };
	struct piece v;
	int state;

	memset(s, 0, sizeof(*s));
	if (text_value(&t, "state=", &v) == -1)
		return -1;
	state = piece_among(&v, state_names, STATES);
	if (state == -1 || text_value(&t, "boot=", &v) == -1 ||
	    piece_copy(&v, s->boot, sizeof(s->boot)) == -1)
		return -1;
	s->state = (enum node_state)state;
	if (text_value(&t, "fails=", &v) == -1)
		return -1;
	if (either_side(&v, '/', UINT32_MAX, &s->fails, &s->restarts) == -1 ||
	    text_value(&t, "until=", &v) == -1 ||
	    piece_number(&v, UINT64_MAX, &s->until) == -1 ||
	    text_value(&t, "seen=", &v) == -1 ||
	    either_side(&v, '.', UINT64_MAX, &s->epoch, &s->seq) == -1)
		return -1;
	return text_value(&t, "note=", &v) == 0 ?
	    piece_unquote(&v, s->note, sizeof(s->note)) :
	    -1;
}

size_t
node_print(const struct node_note *s, char text[WANT_TEXT])
{
	char *p = text;

	p = text_put(text_put(p, "state="), node_state_name(s->state));
	p = text_put(text_put(p, " boot="), s->boot);
	p = text_put_number(text_put(p, " fails="), s->fails);
	p = text_put_number(text_put(p, "/"), s->restarts);
	p = text_put_number(text_put(p, " until="), s->until);
	p = text_put_number(text_put(p, " seen="), s->epoch);
	p = text_put_number(text_put(p, "."), s->seq);
	p = text_put_quoted(text_put(p, " note="), s->note);
	*p = '\0';
	return (size_t)(p - text);
}

/* It says something every 10 s; three renewals more, for changes of state. */
uint64_t
node_lag(uint64_t renew)
{
	return SILENT / renew + 3;
}

int
node_is_fresh(const struct node_note *s, const struct lease *l, uint64_t renew)
{
	uint64_t from = s->epoch == l->epoch ? s->seq : 0;

	return s->epoch > l->epoch || l->seq <= from + node_lag(renew);
}

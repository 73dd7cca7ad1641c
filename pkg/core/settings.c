/*
 * settings.c - a package's settings: read strictly, and checked against each other.
 */
#include "settings.h"

#include <stdint.h>
#include <string.h>

#include "core/num.h"
#include "text.h"

#define SECOND UINT64_C(1000000000)
#define DAY    (86400 * SECOND)

/* What is read of a text before anything of it is put into force. */
struct reading {
	struct settings *s;
	struct buf *why;
	int fast;
	uint64_t renew, soft, grace, kill; /* UINT64_MAX: not set */
};

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct piece
trimmed(struct piece p)
{
	while (p.len > 0 && is_blank(*p.at)) {
		p.at++;
		p.len--;
	}
	while (p.len > 0 && is_blank(p.at[p.len - 1]))
		p.len--;
	return p;
}

/* The next word between any blanks: 1, or 0. */
static int
next_word(struct piece *rest, struct piece *word)
{
	*rest = trimmed(*rest);
	word->at = rest->at;
	for (word->len = 0; word->len < rest->len && !is_blank(rest->at[word->len]);)
		word->len++;
	rest->at += word->len;
	rest->len -= word->len;
	return word->len > 0;
}

static int
refuse(struct reading *r, const struct piece *name, const struct piece *v,
    const char *rule)
{
	(void)buf_fmt(r->why, "%.*s %.*s: %s", (int)name->len, name->at, (int)v->len,
	    v->at, rule);
	return -1;
}

static int
take_nodes(struct settings *s, struct piece v)
{
	struct piece word;
	unsigned i;

	while (next_word(&v, &word)) {
		if (s->nodes == SETTINGS_NODES || !lease_name_ok(word.at, word.len) ||
		    piece_copy(&word, s->node[s->nodes], LEASE_NAME + 1) == -1)
			return -1;
		for (i = 0; i < s->nodes; i++) {
			if (strcmp(s->node[i], s->node[s->nodes]) == 0)
				return -1;
		}
		s->nodes++;
	}
	return 0;
}

/* N/TIME, the time with s, m, h or d behind it. */
static int
take_restarts(struct settings *s, const struct piece *v)
{
	static const char units[] = "smhd";
	static const uint64_t seconds[] = { 1, 60, 3600, 86400 };
	const char *slash = memchr(v->at, '/', v->len), *unit;
	struct piece count = { v->at, 0 }, window;
	uint64_t n, time;

	if (slash == NULL)
		return -1;
	count.len = (size_t)(slash - v->at);
	window.at = slash + 1;
	window.len = v->len - count.len - 1;
	if (window.len < 2 || piece_number(&count, 16, &n) == -1)
		return -1;
	unit = strchr(units, window.at[--window.len]);
	if (unit == NULL || *unit == '\0' ||
	    piece_number(&window, 100000, &time) == -1 || time == 0)
		return -1;
	s->restarts = (unsigned)n;
	s->restart_window = time * seconds[unit - units] * SECOND;
	return 0;
}

/* Two words, the second of which means 1. */
static int
take_word(const struct piece *v, const char *no, const char *yes, int *out)
{
	*out = piece_is(v, yes);
	return *out || piece_is(v, no) ? 0 : -1;
}

/* Where a setting that is a time goes, or NULL. */
static uint64_t *
time_named(struct reading *r, const struct piece *name)
{
	static const char *const names[] = { "start_timeout", "stop_timeout",
		"status_timeout", "status_interval", "renew", "soft", "grace", "kill",
		"poll" };
	uint64_t *where[] = { &r->s->start_timeout, &r->s->stop_timeout,
		&r->s->status_timeout, &r->s->status_interval, &r->renew, &r->soft,
		&r->grace, &r->kill, &r->s->poll };
	int i = piece_among(name, names, sizeof(names) / sizeof(names[0]));

	return i == -1 ? NULL : where[i];
}

static int
take(struct reading *r, const struct piece *name, const struct piece *v)
{
	static const char *const names[] = { "nodes", "failback", "restarts",
		"on_stop_fail", "profile", "watchdog", "reboot" };
	struct settings *s = r->s;
	uint64_t *time = time_named(r, name);

	if (time != NULL)
		return num_seconds(v->at, v->len, time) == 0 && *time > 0 &&
			*time <= DAY ?
		    0 :
		    refuse(r, name, v,
			"it must be seconds, more than 0 and at most a day");
	switch (piece_among(name, names, sizeof(names) / sizeof(names[0]))) {
	case 0:
		return take_nodes(s, *v) == 0 ?
		    0 :
		    refuse(r, name, v, "it must be up to 16 different names of nodes");
	case 1:
		return take_word(v, "manual", "auto", &s->failback) == 0 ?
		    0 :
		    refuse(r, name, v, "it must be manual or auto");
	case 2:
		return take_restarts(s, v) == 0 ?
		    0 :
		    refuse(r, name, v,
			"it must be like 2/10m, up to 16 in a time in s, m, h or d");
	case 3:
		return take_word(v, "block", "fence", &s->fence) == 0 ?
		    0 :
		    refuse(r, name, v, "it must be block or fence");
	case 4:
		return take_word(v, "default", "fast", &r->fast) == 0 ?
		    0 :
		    refuse(r, name, v, "it must be default or fast");
	case 5:
		return piece_copy(v, s->watchdog, sizeof(s->watchdog)) == 0 ?
		    0 :
		    refuse(r, name, v, "the path is too long");
	case 6:
		return take_word(v, "no", "yes", &s->reboot) == 0 ?
		    0 :
		    refuse(r, name, v, "it must be no or yes");
	default:
		return refuse(r, name, v, "there is no such setting");
	}
}

static void
choose(uint64_t *to, uint64_t set, uint64_t otherwise)
{
	*to = set == UINT64_MAX ? otherwise : set;
}

/* What was not set is as the profile says. */
static void
fill(struct reading *r)
{
	struct settings *s = r->s;

	s->soft_set = r->soft != UINT64_MAX;
	choose(&s->renew, r->renew, r->fast ? SECOND : 2 * SECOND);
	choose(&s->deadlines.soft, r->soft, r->fast ? 3 * SECOND : 6 * SECOND);
	choose(&s->deadlines.grace, r->grace, r->fast ? 3 * SECOND / 2 : 3 * SECOND);
	choose(&s->deadlines.kill, r->kill, r->fast ? SECOND / 2 : SECOND);
}

/* What needs no store. */
static int
check(const struct settings *s, struct buf *why)
{
	const struct deadlines *d = &s->deadlines;

	if (s->poll > SECOND / 2)
		return buf_str(why, "poll must be at most 0.5"), -1;
	if (s->poll < SECOND / 100)
		return buf_str(why, "poll must be at least 0.01"), -1;
	if (d->soft < s->renew + s->renew / 2)
		return buf_str(why, "soft must be at least 1.5 times renew"), -1;
	if (d->soft + d->grace + d->kill > DAY)
		return buf_str(why,
			   "soft, grace and kill must be a day at most together"),
		       -1;
	if (s->status_interval < SECOND / 100)
		return buf_str(why, "status_interval must be at least 0.01"), -1;
	return 0;
}

int
settings_parse(struct settings *s, const char *text, size_t n, struct buf *why)
{
	struct reading r = { 0 };
	const char *end = text + n, *newline;
	struct piece line, name;

	memset(s, 0, sizeof(*s));
	r.s = s;
	r.why = why;
	r.renew = r.soft = r.grace = r.kill = UINT64_MAX;
	s->restarts = 2;
	s->restart_window = 600 * SECOND;
	s->start_timeout = s->stop_timeout = 60 * SECOND;
	s->status_timeout = 20 * SECOND;
	s->status_interval = 5 * SECOND;
	s->poll = SECOND / 2;
	for (; text < end; text = newline + 1) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (newline == NULL)
			newline = end;
		line.at = text;
		line.len = (size_t)(newline - text);
		if (!next_word(&line, &name))
			continue;
		line = trimmed(line);
		if (line.len > 0 && take(&r, &name, &line) == -1)
			return -1;
	}
	fill(&r);
	return check(s, why);
}

int
settings_fit(struct settings *s, uint64_t election_timeout, struct buf *why)
{
	uint64_t least = election_timeout + election_timeout / 2 + s->renew +
	    13 * SECOND / 10;

	if (s->deadlines.soft >= least)
		return 0;
	if (!s->soft_set) {
		/* In whole tenths: it is written back as a person would. */
		least = (least + SECOND / 10 - 1) / (SECOND / 10) * (SECOND / 10);
		s->deadlines.soft = least;
		return check(s, why);
	}
	(void)buf_fmt(why,
	    "soft must be at least 1.5 x election_timeout + renew + 1.3 = %.1f, "
	    "or an election of the store's would stop the package",
	    (double)least / (double)SECOND);
	return -1;
}

uint64_t
deadlines_limit(const struct deadlines *d)
{
	return (d->soft + d->grace + d->kill + LEASE_MS - 1) / LEASE_MS;
}

int
settings_place(const struct settings *s, const char *node)
{
	unsigned i;

	if (s->nodes == 0)
		return 0;
	for (i = 0; i < s->nodes; i++) {
		if (strcmp(s->node[i], node) == 0)
			return (int)i;
	}
	return -1;
}

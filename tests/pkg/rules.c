/*
 * rules.c - the formats of pkg/core, and its arithmetic.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/must.h"
#include "core/package.h"

#define SECOND UINT64_C(1000000000)

static const char sample[] =
    "owner=a boot=1-2 instance=00000000000000ff epoch=7 seq=1234 "
    "state=running limit=10000 since=17 to=- note=it%20is%20%25";

static void
leases(void)
{
	static const char *const bad[] = { "", "owner=a",
		"owner=-a boot=- instance=00000000000000ff epoch=7 seq=1 state=running "
		"limit=10000 since=17 to=- note=",
		"owner=a boot=- instance=ff epoch=7 seq=1 state=running limit=1 since=17 to=- "
		"note=",
		"owner=a boot=- instance=00000000000000ff epoch=x seq=1 state=running limit=1 "
		"since=17 to=- note=",
		"owner=a boot=- instance=00000000000000ff epoch=7 seq=1 state=well limit=1 "
		"since=17 to=- note=",
		"owner=a boot=- instance=00000000000000ff epoch=7 seq=1 state=stuck limit=0 "
		"since=17 to=- note=",
		"owner=a boot=- instance=00000000000000ff epoch=7 seq=1 state=stuck limit=1 "
		"since=17 to=- note= x",
		"owner=a boot=- instance=00000000000000ff epoch=7 seq=1 state=stuck limit=1 "
		"since=17 to=- note=%0" };
	struct lease l;
	char text[LEASE_TEXT];
	size_t i, n;

	MUST(lease_parse(&l, sample, strlen(sample)) == 0);
	MUST(l.epoch == 7 && l.seq == 1234 && l.instance == 255 && l.limit == 10000);
	MUST(l.state == LEASE_RUNNING && strcmp(l.note, "it is %") == 0);
	MUST(lease_print(&l, text) == strlen(sample) && strcmp(text, sample) == 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		MUST(lease_parse(&l, bad[i], strlen(bad[i])) == -1);
	/* Cut short anywhere, it is none; but its note is what there is of it. */
	for (n = 0; n < strlen(sample); n++)
		MUST(n >= strlen(sample) - 14 || lease_parse(&l, sample, n) == -1);

	/* The longest there can be has room. */
	memset(&l, 0, sizeof(l));
	memset(l.owner, 'o', LEASE_NAME);
	memset(l.boot, 'b', LEASE_BOOT);
	memset(l.to, 't', LEASE_NAME);
	memset(l.note, ' ', LEASE_NOTE);
	l.instance = l.epoch = l.seq = l.since = UINT64_MAX - 1;
	l.limit = 86400000;
	l.state = LEASE_DEGRADED;
	MUST(lease_print(&l, text) < LEASE_TEXT);
	MUST(lease_parse(&l, text, strlen(text)) == 0 && strlen(l.note) == LEASE_NOTE);
}

/* Two clocks, each off by ten per cent: W of one is never before L of the other. */
static void
waits(void)
{
	struct lease l = { 0 };
	uint64_t limit;

	for (limit = 1; limit <= 86400000; limit = limit * 3 + 1) {
		l.limit = limit;
		MUST((double)lease_wait(&l) / 1.1 > (double)limit * 1e6 / 0.9);
	}
	l.limit = 10000;
	MUST(lease_wait(&l) / 10000000 == 1232);
	l.limit = 5000;
	MUST(lease_wait(&l) / 10000000 == 621);
}

static int
settings_of(struct settings *s, const char *text)
{
	struct buf why = { 0 };
	int r = settings_parse(s, text, strlen(text), &why);

	MUST((r == 0) == (why.len == 0));
	buf_free(&why);
	return r;
}

static void
settings(void)
{
	static const char *const bad[] = { "nodes a a\n", "nodes -x\n", "soft\t0\n",
		"soft x\n", "renew 5\nsoft 6\n", "poll 0.6\n", "restarts 2\n",
		"restarts 2/10\n", "restarts 17/1m\n", "failback maybe\n",
		"on_stop_fail hope\n", "reboot 1\n", "profile slow\n", "colour red\n",
		"grace 0\n", "kill -1\n", "nodes a b c d e f g h i j k l m n o p q\n" };
	struct settings s = { 0 };
	size_t i;

	MUST(settings_of(&s, "") == 0);
	MUST(
	    s.renew == 2 * SECOND && s.deadlines.soft == 6 * SECOND && s.restarts == 2);
	MUST(deadlines_limit(&s.deadlines) == 10000 && !s.soft_set && !s.fence);
	MUST(s.restart_window == 600 * SECOND && settings_place(&s, "any") == 0);
	MUST(settings_of(&s,
		 "  profile\tfast \n\nkill\nnodes b  a\nreboot yes\nrestarts 1/2h") ==
	    0);
	MUST(deadlines_limit(&s.deadlines) == 5000 && s.reboot && s.restarts == 1);
	MUST(s.restart_window == 7200 * SECOND);
	MUST(settings_place(&s, "a") == 1 && settings_place(&s, "c") == -1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		MUST(settings_of(&s, bad[i]) == -1);
}

/* "The store's own failover must not cost a lease." */
static void
fits(void)
{
	struct settings s = { 0 };
	struct buf why = { 0 };

	MUST(settings_of(&s, "") == 0);
	MUST(settings_fit(&s, SECOND, &why) == 0 && s.deadlines.soft == 6 * SECOND);
	MUST(settings_fit(&s, 3 * SECOND, &why) == 0);
	MUST(s.deadlines.soft == 78 * SECOND / 10 && why.len == 0);
	MUST(settings_of(&s, "soft 6\n") == 0);
	MUST(settings_fit(&s, 3 * SECOND, &why) == -1 && why.len > 0);
	buf_free(&why);
}

static void
wishes(void)
{
	struct want w;
	struct order o;
	static const char whole[] =
	    "state=left boot=x fails=1/2 until=0 seen=7.4 note=";
	struct node_note n;
	char text[WANT_TEXT];

	MUST(want_parse(&w, "", 0) == 0 && w.up && w.automatic && !w.maint);
	MUST(want_parse(&w, "up=no off=a,bb new=1 maint=on", 29) == 0);
	MUST(!w.up && w.maint && want_is_off(&w, "a") && want_is_off(&w, "bb"));
	MUST(!want_is_off(&w, "b") && !want_is_off(&w, "") && !want_is_off(&w, "a,bb"));
	MUST(want_parse(&w, "up=maybe", 8) == -1 && want_parse(&w, "up", 2) == -1);
	MUST(order_parse(&o, "move b 12", 9) == 0 && strcmp(o.to, "b") == 0);
	MUST(order_parse(&o, "move - 12", 9) == 0 && strcmp(o.to, "-") == 0);
	MUST(o.epoch == 0 && order_parse(&o, "move b 7.12", 11) == 0 && o.epoch == 7);
	MUST(order_parse(&o, "move b x.12", 11) == -1);
	MUST(order_parse(&o, "move b", 6) == -1 &&
	    order_parse(&o, "move -b 1", 9) == -1);
	MUST(order_parse(&o, "move b 1 2", 10) == -1);
	memset(&n, 0, sizeof(n));
	n.state = NODE_FAILED;
	n.fails = 3;
	n.until = 99;
	n.epoch = 7;
	n.seq = 40;
	memcpy(n.boot, "x", 2);
	memcpy(n.note, "a b", 4);
	MUST(node_parse(&n, text, node_print(&n, text)) == 0);
	MUST(n.state == NODE_FAILED && n.fails == 3 && n.until == 99);
	MUST(strcmp(n.note, "a b") == 0);
	MUST(n.epoch == 7 && n.seq == 40);
	MUST(node_parse(&n, whole, strlen(whole) - 2) == -1); /* no note */
	MUST(node_parse(&n, whole, strlen(whole)) == 0 && n.fails == 1 && n.seq == 4);
	MUST(node_parse(&n, "state=left boot=x fails=1 until=0 seen=7.4 note=", 48) ==
	    -1);
	MUST(node_parse(&n, "state=left boot=x fails=1/2 until=0 seen=7 note=", 48) ==
	    -1);
}

/* A note that is older than some 30 s, as the owner's renewals tell. */
static void
freshness(void)
{
	struct node_note n = { .epoch = 7, .seq = 40 };
	struct lease l = { .epoch = 7, .seq = 40 };

	MUST(node_lag(2 * SECOND) == 18);
	MUST(node_is_fresh(&n, &l, 2 * SECOND));
	l.seq = 58;
	MUST(node_is_fresh(&n, &l, 2 * SECOND));
	l.seq = 59;
	MUST(!node_is_fresh(&n, &l, 2 * SECOND));
	MUST(node_is_fresh(&n, &l, SECOND)); /* its owner renews more often */
	n.epoch = 6; /* of an earlier owner: from when the new one began */
	MUST(!node_is_fresh(&n, &l, 2 * SECOND));
	l.seq = 18;
	MUST(node_is_fresh(&n, &l, 2 * SECOND));
	n.epoch = 8; /* what it has seen is newer */
	l.seq = 1000;
	MUST(node_is_fresh(&n, &l, 2 * SECOND));
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = { { "leases", leases },
		{ "waits", waits }, { "settings", settings }, { "fits", fits },
		{ "wishes", wishes }, { "freshness", freshness }, { NULL, NULL } };

	return run_cases(cases, argc, argv);
}

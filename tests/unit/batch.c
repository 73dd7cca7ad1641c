/*
 * batch.c - drives core/batch: ids that stay, answers in order, and what is said
 * of each line when no leader is left.
 */
#include "core/batch.h"
#include "core/store.h"

#include "must.h"

static struct batch b;
static uint64_t known = 17; /* the leader's commit index */

static void
begin(uint64_t random)
{
	memset(&b, 0, sizeof(b));
	b.random = random;
}

static void
take(const char *line)
{
	MUST(batch_take(&b, line, strlen(line)) == 0);
}

/* What is sent now, with this commit index. */
static const char *
sent(uint64_t commit, size_t max)
{
	static struct buf out;

	buf_free(&out);
	MUST(batch_send(&b, commit, max, &out) == 0);
	MUST(buf_add(&out, "", 1) == 0);
	return buf_head(&out);
}

/* What is printed when this answer comes; NULL: it is to be asked again. */
static const char *
answered(int status, const char *answer)
{
	static struct buf out;
	struct bytes line = { answer, strlen(answer) };

	buf_free(&out);
	if (batch_answer(&b, status, line, known, &out) != 1)
		return NULL;
	MUST(buf_add(&out, "", 1) == 0);
	return buf_head(&out);
}

static const char *
given_up(void)
{
	static struct buf out;

	buf_free(&out);
	MUST(batch_give_up(&b, EXIT_NOLEADER, "gone", &out) == 0);
	MUST(buf_add(&out, "", 1) == 0);
	return buf_head(&out);
}

#define SAME(a, b) MUST(strcmp((a), (b)) == 0)

/* A write's id is drawn when it is first sent, and then it stays. */
static void
ids(void)
{
	begin(UINT64_MAX);
	take("set a 1");
	take("get a");
	take("id=3-00000000000000aa set b 2");
	take("noop");
	SAME(sent(17, 1), "id=17-ffffffffffffffff set a 1\n");
	SAME(sent(18, 1000),
	    "get a\nid=3-00000000000000aa set b 2\nid=18-0000000000000001 noop\n");
	SAME(sent(19, 1000), "");
	batch_again(&b, 0);
	SAME(answered(0, "0") == NULL ? "again" : "", "again");
	SAME(sent(99, 1000),
	    "id=17-ffffffffffffffff set a 1\nget a\n"
	    "id=3-00000000000000aa set b 2\nid=18-0000000000000001 noop\n");
	batch_free(&b);
}

static void
order(void)
{
	struct buf out = { 0 };

	begin(5);
	take("x");
	take("set a 1");
	take("  \t");
	take("set");
	take("set b 2");
	MUST(b.n == 4);
	MUST(batch_settle(&b, &out) == 0 && b.n == 3);
	MUST(out.len > 3 && memcmp(buf_head(&out), "64 ", 3) == 0);
	buf_free(&out);
	SAME(sent(17, 1000),
	    "id=17-0000000000000005 set a 1\nid=17-0000000000000006 set b 2\n");
	batch_free(&b);

	begin(5);
	take("set a 1");
	take("set");
	take("set b 2");
	take("frob");
	(void)sent(17, 1000);
	SAME(answered(0, "0"), "0\n64 \"usage: set KEY VALUE\"\n");
	MUST(b.worst == 64);
	SAME(answered(1, "1 word"), "1 word\n64 \"no such verb (see --help)\"\n");
	MUST(b.n == 0 && b.bytes == 0);
	MUST(answered(0, "0") == NULL);
	batch_free(&b);
}

/* Behind a line may stand anything, or nothing. */
static void
blanks(void)
{
	struct buf out = { 0 };

	begin(5);
	MUST(batch_take(&b, "  \t noop", 4) == 0 && b.n == 0);
	MUST(batch_take(&b, "", 0) == 0 && b.n == 0);
	MUST(batch_refuse(&b, " \tx", 2, "so") == 0 && b.n == 0);
	MUST(batch_take(&b, "noopx", 4) == 0 && b.n == 1);
	SAME(sent(17, 1000), "id=17-0000000000000005 noop\n");
	MUST(batch_refuse(&b, " \tx", 3, "it is so") == 0 && b.n == 2);
	SAME(answered(0, "0"), "0\n64 \"it is so\"\n");
	MUST(batch_settle(&b, &out) == 0 && out.len == 0 && b.n == 0);
	batch_free(&b);
}

/* Who was sent whole may have been heard; who was not, was not. */
static void
unknown(void)
{
	begin(5);
	take("set a 1");
	take("get a");
	take("set b 2");
	take("set c 3");
	(void)sent(17, 1000);
	/* The last, and the last byte of the one before, have not left. */
	batch_again(&b, strlen("id=17-0000000000000007 set c 3\n") + 1);
	SAME(given_up(), "75 gone\n69 gone\n69 gone\n69 gone\n");
	MUST(b.worst == 75 && b.n == 0);
	batch_free(&b);

	begin(5);
	take("set a 1");
	(void)sent(17, 1000);
	batch_again(&b, 1);
	SAME(given_up(), "69 gone\n");
	batch_free(&b);
}

/* An unknown outcome is asked for, while it is worth it; then it stays unknown. */
static void
once_more(void)
{
	begin(5);
	take("set a 1");
	(void)sent(17, 1000);
	MUST(answered(75, "75 so") == NULL);
	batch_again(&b, 0);
	(void)sent(18, 1000);
	MUST(answered(75, "75 so") == NULL);
	batch_again(&b, 0);
	(void)sent(19, 1000);
	known = 17 + STORE_WINDOW;
	MUST(answered(75, "75 so") == NULL);
	batch_again(&b, 0);
	(void)sent(20, 1000);
	known++;
	SAME(answered(75, "75 so"), "75 so\n");
	known = 17;
	take("id=18-00000000000000aa noop");
	(void)sent(17, 1000);
	SAME(answered(75, "75 too new"), "75 too new\n");
	take("set a 1");
	(void)sent(17, 1000);
	MUST(answered(69, "69 not-leader -") == NULL);
	batch_again(&b, 0);
	(void)sent(18, 1000);
	SAME(answered(0, "0"), "0\n");
	MUST(b.worst == 75);
	take("get a");
	(void)sent(17, 1000);
	MUST(answered(75, "75 so") == NULL);
	SAME(given_up(), "69 gone\n");
	batch_free(&b);
}

/* A refusal says nothing of an earlier sending that may have gone through. */
static void
refused_later(void)
{
	begin(5);
	take("set a 1");
	take("get a");
	take("set b 1");
	(void)sent(17, 1000);
	batch_again(&b, strlen("id=17-0000000000000006 set b 1\n"));
	(void)sent(18, 1000);
	SAME(answered(74, "74 \"no room\""), "75 \"no room\"\n");
	SAME(answered(74, "74 \"no room\""), "74 \"no room\"\n");
	SAME(answered(74, "74"), "74\n");
	MUST(b.worst == 75);
	take("set a 1");
	(void)sent(17, 1000);
	batch_again(&b, 0);
	(void)sent(17, 1000);
	SAME(answered(64, "64"), "75\n");
	batch_free(&b);
}

/* Who steps down tells of each line whether it was carried out. */
static void
stepped_down(void)
{
	begin(5);
	take("set a 1");
	take("set b 1");
	take("frob");
	take("set c 1");
	take("set d 1");
	take("set e 1");
	(void)sent(17, 1000);
	MUST(!batch_heard(&b));
	MUST(answered(75, "75 so") == NULL);
	MUST(answered(69, "69 not-leader -") == NULL);
	MUST(answered(69, "69 not-leader -") == NULL);
	MUST(answered(0, "0") == NULL);
	MUST(!batch_heard(&b));
	MUST(answered(69, "69 not-leader -") == NULL);
	MUST(batch_heard(&b));
	MUST(answered(69, "69 not-leader -") == NULL && b.n == 6);
	batch_again(&b, 0);
	SAME(given_up(),
	    "75 gone\n69 gone\n64 \"no such verb (see --help)\"\n69 gone\n75 gone\n69 gone\n");
	batch_free(&b);
}

static void
room(void)
{
	char line[VALUE_MAX + 16] = "set k ";
	size_t i;

	begin(5);
	for (i = 0; i < 5000; i++) {
		MUST(batch_room(&b) == (b.n < BATCH_LINES));
		if (batch_room(&b))
			take("get a");
		if (i % 3 == 0) {
			(void)sent(17, 1000);
			MUST(answered(0, "0") != NULL);
		}
	}
	batch_free(&b);

	begin(5);
	memset(line + 6, 'x', VALUE_MAX);
	for (i = 0; batch_room(&b); i++)
		take(line);
	MUST(i == 4);
	batch_free(&b);
}

int
main(int argc, char **argv)
{
	static const struct test_case cases[] = { { "ids", ids }, { "order", order },
		{ "blanks", blanks }, { "unknown", unknown },
		{ "once_more", once_more }, { "refused_later", refused_later },
		{ "stepped_down", stepped_down }, { "room", room }, { NULL, NULL } };

	return run_cases(cases, argc, argv);
}

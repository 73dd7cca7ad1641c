/*
 * talk - what a client hears of a node, and what it makes of it; the first byte says
 * in which pieces it comes, and what was asked for.
 */
#include "core/talk.h"

#include "core/client.h"
#include "core/report.h"
#include "fuzz.h"

static char *const asked[4][4] = { { "client", "get", "k", NULL },
	{ "client", "list", NULL, NULL }, { "client", "status", NULL, NULL },
	{ "client", "--json", "status", NULL } };
static const int asked_words[4] = { 3, 2, 2, 3 };

static void
answer(const struct client *c, const struct words *w)
{
	struct buf b = { 0 };
	uint64_t index;

	(void)report_answer(c, w, &b);
	(void)report_change(0, w, &index, &b);
	(void)report_change(1, w, &index, &b);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct talk t = { 0 };
	struct ask a = { .talk = &t };
	struct client c;
	struct buf said = { 0 };
	enum ask_state state = ASK_MORE;
	const char *what, *why;
	size_t at, part, step;
	unsigned kind = n > 0 ? data[0] : 0;

	MUST(
	    client_parse(&c, asked_words[kind % 4], asked[kind % 4], &what, &why) == 0);
	c.id.random = 1;
	t.behind_gate = (kind & 4) != 0;
	step = (kind & 8) != 0 ? 1 : 17;
	for (at = 1; at < n && state == ASK_MORE; at += part) {
		part = n - at < step ? n - at : step;
		MUST(buf_add(&t.in, (const char *)data + at, part) == 0);
		MUST(ask_take(&a, &c, &state) == 0);
	}
	if (state == ASK_BROKEN)
		MUST(t.why != NULL);
	if (state == ASK_ANSWER) {
		MUST(t.words.n > 0 && a.status == talk_status(&t));
		(void)talk_line(&t);
		(void)talk_hint(&t);
		MUST(talk_sentence(&t, &said) == 0);
		answer(&c, &t.words);
	}
	buf_free(&said);
	talk_free(&t);
	return 0;
}

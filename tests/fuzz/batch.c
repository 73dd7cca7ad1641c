/*
 * batch - a client's lines, and answers to them: a line that begins with ">" is an
 * answer, "!" ends the conversation, all else is asked.
 */
#include "core/batch.h"

#include "fuzz.h"

/* One that came from the leader. */
static void
answered(struct batch *b, const char *p, size_t n, struct buf *out)
{
	struct bytes line = { p, n };
	const int status = n > 0 ? p[0] & 127 : 0;

	(void)batch_answer(b, status, line, 5, out);
	(void)batch_heard(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct batch b;
	struct buf out = { 0 };
	char *p = exact(data, n), *end;
	size_t at, len, taken = 0;

	memset(&b, 0, sizeof(b));
	for (at = 0; at < n; at += len + 1) {
		end = memchr(p + at, '\n', n - at);
		len = end == NULL ? n - at : (size_t)(end - p) - at;
		if (len > 0 && p[at] == '>')
			answered(&b, p + at + 1, len - 1, &out);
		else if (len > 0 && p[at] == '!')
			batch_again(&b, 0);
		else if (batch_room(&b)) {
			MUST(batch_take(&b, p + at, len) == 0);
			taken++;
		}
		MUST(b.n <= taken && b.sent <= b.n);
		if (len % 3 != 0)
			MUST(batch_send(&b, 7, 1000, &out) == 0);
		MUST(batch_settle(&b, &out) == 0);
	}
	MUST(batch_give_up(&b, 69, "it is over", &out) == 0);
	MUST(b.n == 0);
	batch_free(&b);
	buf_free(&out);
	free(p);
	return 0;
}

/*
 * frame - what comes from a peer: its gate's greeting, and frames (F61).
 */
#include "core/frame.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf b = { 0 };
	struct frame again, f;
	const char *why;
	char *p = exact(data, n);
	size_t skip = 0, used = 0, used_again;

	if (frame_greeting(p, n, &skip) == 1)
		MUST(skip <= n);
	else
		skip = 0;
	switch (frame_parse(p + skip, n - skip, &f, &used, &why)) {
	case 1:
		MUST(used <= n - skip && f.length <= used);
		MUST(f.length == 0 ||
		    (f.body >= p && f.body + f.length <= p + skip + used));
		MUST(frame_encode(&f, &b) == 0);
		MUST(frame_parse(buf_head(&b), b.len, &again, &used_again, &why) == 1);
		MUST(used_again == b.len && again.type == f.type);
		MUST(memcmp(again.arg, f.arg, sizeof(f.arg)) == 0);
		MUST(again.term == f.term && again.seq == f.seq);
		MUST(strcmp(again.from.name, f.from.name) == 0);
		MUST(strcmp(again.to.id, f.to.id) == 0);
		MUST(again.length == f.length &&
		    (f.length == 0 || memcmp(again.body, f.body, f.length) == 0));
		break;
	case 0:
		MUST(used <= FRAME_HEADER_MAX + FRAME_BODY_MAX);
		break;
	default:
		MUST(why != NULL && *why != '\0');
	}
	buf_free(&b);
	free(p);
	return 0;
}

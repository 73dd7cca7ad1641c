/*
 * record - entries of the log as they travel, and what they hold.
 */
#include "core/record.h"

#include "core/members.h"
#include "fuzz.h"

static void
payload(const struct record *r, const char *p)
{
	struct buf b = { 0 };
	struct command c;
	struct members m;

	if (r->type == RECORD_COMMAND && command_decode(&c, p, r->length) == 0) {
		MUST(command_encode(&c, &b) == 0);
		MUST(b.len == r->length && memcmp(buf_head(&b), p, b.len) == 0);
	}
	if (r->type == RECORD_MEMBERS && members_parse(&m, p, r->length) == 0) {
		MUST(members_print(&m, &b) == 0);
		MUST(b.len == r->length && memcmp(buf_head(&b), p, b.len) == 0);
	}
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *p = exact(data, n);
	struct buf b = { 0 };
	struct record again, r;
	size_t at = 0;

	while (record_parse(p + at, n - at, &r) == 1) {
		MUST(record_size(&r) <= RECORD_MAX);
		MUST(record_length(p + at) == r.length);
		if (record_size(&r) > n - at)
			break;
		if (record_intact(&r, p + at)) {
			payload(&r, p + at + RECORD_HEADER);
			buf_cut(&b, 0);
			again = r;
			MUST(record_encode(&again, 0, p + at + RECORD_HEADER, r.length,
				 &b) == 0);
			record_localise(buf_head(&b), &again, r.durable, at);
			MUST(record_parse(buf_head(&b), b.len, &again) == 1);
			MUST(again.index == r.index && again.term == r.term &&
			    again.type == r.type && again.id.base == r.id.base &&
			    again.id.random == r.id.random &&
			    again.durable == r.durable && again.length == r.length);
		}
		at += record_size(&r);
	}
	buf_free(&b);
	free(p);
	return 0;
}

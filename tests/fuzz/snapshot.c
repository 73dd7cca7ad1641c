/*
 * snapshot - its three files, byte for byte, as formats.
 */
#include "core/snapshot.h"

#include "fuzz.h"

static void
manifest(const uint8_t *data, size_t n)
{
	struct buf b = { 0 }, twice = { 0 };
	struct manifest again, m;
	char *p = text(data, n);

	if (manifest_parse(&m, p, n) == 0) {
		(void)manifest_bytes(&m);
		MUST(m.index != 0 && manifest_print(&m, &b) == 0);
		MUST(buf_add(&b, "", 1) == 0);
		MUST(manifest_parse(&again, buf_head(&b), b.len - 1) == 0);
		MUST(members_equal(&again.members, &m.members));
		MUST(again.index == m.index && again.term == m.term &&
		    again.keys == m.keys && again.blocks == m.blocks &&
		    again.offset == m.offset && again.data == m.data &&
		    again.requests == m.requests);
		MUST(manifest_print(&again, &twice) == 0);
	}
	buf_free(&twice);
	buf_free(&b);
	free(p);
}

static void
lists(const char *p, size_t n)
{
	struct buf b = { 0 };
	struct block k, k_again;
	struct bytes key, value, key_again, value_again;
	struct seen s, s_again;
	size_t at, used;

	for (at = 0; (used = item_take(p + at, n - at, &key, &value)) > 0; at += used) {
		MUST(used <= n - at && key.len > 0 && key.len <= KEY_MAX);
		MUST(value.at >= key.at && value.at + value.len < p + at + used);
		buf_cut(&b, 0);
		MUST(item_put(&b, key, value) == 0);
		MUST(item_take(buf_head(&b), b.len, &key_again, &value_again) == b.len);
		MUST(bytes_compare(key, key_again) == 0 &&
		    bytes_compare(value, value_again) == 0);
	}
	for (at = 0; (used = block_take(p + at, n - at, &k)) > 0; at += used) {
		MUST(used <= n - at);
		buf_cut(&b, 0);
		MUST(block_put(&b, &k) == 0);
		MUST(block_take(buf_head(&b), b.len, &k_again) == b.len);
		MUST(k.offset == k_again.offset && k.length == k_again.length &&
		    k.crc == k_again.crc && bytes_compare(k.first, k_again.first) == 0);
	}
	for (at = 0; (used = request_take(p + at, n - at, &s)) > 0; at += used) {
		buf_cut(&b, 0);
		MUST(used == REQUEST_LINE && request_put(&b, &s) == 0);
		MUST(b.len == used && memcmp(buf_head(&b), p + at, used) == 0);
		MUST(request_take(buf_head(&b), b.len, &s_again) == used);
	}
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *p = exact(data, n);

	manifest(data, n);
	lists(p, n);
	free(p);
	return 0;
}

/*
 * store - a snapshot that is read where it lies: its data are these bytes, and its
 * manifest says that they are blocks of so many, as the first byte has it.
 */
#include "node.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	node_here();
	(void)disk_mkdir(os, "state/snapshot");
	(void)disk_mkdir(os, "state/snapshot/0000000000000005.0000000000000001");
	return 0;
}

static int
item(void *n, struct bytes key, struct bytes value)
{
	*(size_t *)n += key.len + value.len;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct manifest m = { .index = 5, .term = 1 };
	struct bytes key = { "k", 1 }, value;
	struct store_base base = { reader_get, reader_seek, reader_next, NULL };
	struct reader *r;
	struct store *s;
	char why[SNAPSHOT_WHY];
	size_t sum = 0;

	if (n < 3)
		return 0;
	m.blocks = data[0] % 4;
	m.keys = data[1] % 8;
	m.data = n - 3;
	m.offset = data[2] < m.data ? data[2] : m.data;
	m.requests = m.data / REQUEST_LINE;
	file_put("state/snapshot/0000000000000005.0000000000000001/data", data + 3,
	    n - 3);
	file_put("state/snapshot/0000000000000005.0000000000000001/requests", data + 3,
	    (size_t)m.requests * REQUEST_LINE);
	if (snapshot_verify(os, &m, "", why) == -1)
		MUST(why[0] != '\0');
	r = reader_open(os, &m, "", why);
	if (r == NULL)
		return 0;
	s = store_new(100);
	base.arg = r;
	MUST(s != NULL && store_begin(s, &base, m.requests) == 0);
	(void)reader_requests(r, store_recall, s);
	(void)store_get(s, "k", 1, &value);
	(void)reader_seek(r, key);
	(void)store_each(s, item, &sum);
	store_free(s);
	reader_close(r);
	return 0;
}

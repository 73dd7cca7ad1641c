/*
 * number - the numbers of settings, options and files.
 */
#include "core/num.h"

#include "core/client.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char digits[NUM_DIGITS], *p = exact(data, n), *line = text(data, n);
	uint64_t again, fixed, ns, u;
	int64_t i;
	size_t len;

	if (num_u64(p, n, UINT64_MAX, &u) == 0) {
		len = num_print(digits, u);
		MUST(len <= n && memcmp(digits, p + n - len, len) == 0);
		MUST(num_u64(digits, len, UINT64_MAX, &again) == 0 && again == u);
		if (n == 16)
			MUST(num_fixed(p, 16, &fixed) == 0 && fixed == u);
	}
	if (n <= 16 && num_hex(p, n, &u) == 0 && n == 16)
		MUST(num_fixed_hex(p, 16, &fixed) == 0 && fixed == u);
	(void)num_i64(p, n, &i);
	if (num_seconds(p, n, &ns) == 0)
		MUST(ns <= UINT64_C(1000000) * 1000000000);
	(void)client_seconds(line);
	free(line);
	free(p);
	return 0;
}

# F45, F42, F24, F27: a small node, some of whose bits are flipped, whose sectors are
# zeroed and whose files are cut short.  make bits takes all of them.

bats_require_minimum_version 1.5.0

@test "F45 F42 F24 F27 whatever a file becomes: mended, or refused by name, and nothing is lost" {
	mkdir "$BATS_TEST_TMPDIR/nodes"
	cd "$BATS_TEST_TMPDIR/nodes"
	run "${BATS_TEST_DIRNAME%/tests/*}/build/tests/bits/bits" 997
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} =~ ^[0-9]{3,4}\ cases,\ 0\ of\ them\ wrong$ ]]
}

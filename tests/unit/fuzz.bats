# What comes from elsewhere, or from a disk that rots, goes through parsers: none of
# them reads too far, and what they understand they can say again.

bats_require_minimum_version 1.5.0

@test "F45 F61 F39 each parser, its corpus and what libFuzzer makes of it" {
	cd "${BATS_TEST_DIRNAME%/tests/*}"
	libexec/sandbox/setup fuzz 2>/dev/null || skip 'clang and its fuzzer are not here'
	make=make
	! command -v gmake || make=gmake
	"$make" -s -j 2 fuzzers
	run tests/fuzz/run 0
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c ': [1-9][0-9]* runs$' <<<"$output")" -eq "$(ls tests/fuzz/corpus | wc -l)" ]
	[ "$(ls tests/fuzz/corpus | wc -l)" -eq "$(ls build/fuzz/fuzz-* | wc -l)" ]
}

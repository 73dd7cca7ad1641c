# mutants: make mutants breaks the product in each of these ways; here only that
# each of them still says what it breaks, and fits the tree.

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
}

@test "every mutant is a patch for this tree, and says what should notice it" {
	command -v patch || skip "no patch here"
	n=0
	for patch in tests/mutants/*.patch; do
		n=$((n + 1))
		sed -n '1p' "$patch" | grep -q '^[A-Z].*\.$' || fail=$patch
		grep -q '^Rows: F[0-9 F]*$' "$patch" || fail=$patch
		grep -q '^Killed by: ' "$patch" || fail=$patch
		patch -p1 -s --dry-run <"$patch" || fail=$patch
		[ -z "${fail:-}" ] || {
			echo "$fail does not fit, or lacks a line"
			false
		}
	done
	[ "$n" -ge 60 ]
}

@test "every mutant of pkg on hosts changes something in this tree, and has a plan" {
	tests/hosts/pkg/mutants/run --check
}

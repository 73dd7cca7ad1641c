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

@test "what should notice a mutant is there, and each row has a mutant" {
	sed -n 's/^Killed by: //p' tests/mutants/*.patch | tr ';' '\n' | sed 's/^ *//' >"$BATS_TEST_TMPDIR/ways"
	while read -r way rest; do
		case $way in
		seeds) [ "$rest" -gt 0 ] ;;
		row) [ "$rest" = all ] || grep -q "^	row $rest\$" tests/sim/sim.bats ;;
		*)
			rest=${rest#-f }
			rest=${rest#\"}
			grep '^@test' "$way" | grep -qE -- "${rest%\"}"
			;;
		esac || {
			echo "nothing is called $way $rest"
			false
		}
	done <"$BATS_TEST_TMPDIR/ways"
	! tests/mutants/run --rows | grep ':$'
	# Those that its README speaks of.
	sed -n 's/^ *\([a-z0-9]*-[a-z0-9-]*\)  .*/\1/p' tests/mutants/README >"$BATS_TEST_TMPDIR/named"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/named")" -ge 30 ]
	while read -r name; do
		[ -f "tests/mutants/$name.patch" ]
	done <"$BATS_TEST_TMPDIR/named"
}

@test "every mutant of pkg on hosts changes something in this tree, and has a plan" {
	tests/hosts/pkg/mutants/run --check
}

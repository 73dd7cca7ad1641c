# mutants: make mutants breaks the product in each of these ways; here only that
# each of them still says what it breaks, and fits the tree, and that the script that
# tries them says what it has seen.

bats_require_minimum_version 1.5.0

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
	tests/mutants/run --rows >"$BATS_TEST_TMPDIR/rows"
	run ! grep ':$' "$BATS_TEST_TMPDIR/rows"
	# Those that its README speaks of.
	sed -n 's/^ *\([a-z0-9]*-[a-z0-9-]*\)  .*/\1/p' tests/mutants/README >"$BATS_TEST_TMPDIR/named"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/named")" -ge 30 ]
	while read -r name; do
		[ -f "tests/mutants/$name.patch" ]
	done <"$BATS_TEST_TMPDIR/named"
}

# tree: a small one, in git, with the script and two mutants; its tests and its simulator
# look for "good" in a file, and for what a test of these wants them to find else.
tree() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p bin tree/tests/mutants tree/tests/unit tree/build/tests/sim
	cp "$BATS_TEST_DIRNAME/../mutants/run" tree/tests/mutants
	cat >bin/bats <<-'EOF'
		#!/bin/sh
		sh "$1"
	EOF
	cat >tree/build/tests/sim/sim <<-'EOF'
		#!/bin/sh
		echo "$*" >>"$LOG"
		grep -q good code || {
			echo 'seed 12 at t=3.004: LM does not hold: 1 is not 2'
			exit 1
		}
	EOF
	cat >tree/tests/unit/a.bats <<-'EOF'
		echo a >>"$LOG"
		! grep -q good code && echo 'not ok 1 F1 what is good'
		! [ -e fails ] || echo 'not ok 2 it is Monday'
		grep -q good code && ! [ -e fails ]
	EOF
	printf 'sim tests:\n' >tree/Makefile
	echo good >tree/code
	mutant bad 'row F1'
	chmod +x bin/bats tree/build/tests/sim/sim
	git -C tree init -q
	keep first
	export LOG=$BATS_TEST_TMPDIR/log PATH=$BATS_TEST_TMPDIR/bin:$PATH
	cd tree || return
}

# mutant NAME WAYS: a patch of the tree's code.
mutant() {
	printf 'Not good any more.\nRows: F1\nKilled by: %s\n\n%s\n%s\n@@ -1 +1 @@\n-good\n+bad\n' \
		"$2" '--- a/code' '+++ b/code' >"$BATS_TEST_TMPDIR/tree/tests/mutants/$1.patch"
}

# keep MESSAGE: all that there is becomes a commit, but for what is built.
keep() {
	git -C "$BATS_TEST_TMPDIR/tree" add code tests
	git -C "$BATS_TEST_TMPDIR/tree" -c user.name=a -c user.email=a@b commit -q -m "$1"
}

@test "a mutant is killed by a test or a seed, which is named" {
	tree
	mutant seeds 'seeds 20'
	mutant tests 'tests/unit/a.bats -f "F1"'
	keep more
	run tests/mutants/run
	[ "$status" -eq 0 ]
	commit=$(git rev-parse --short HEAD)
	echo "$output" | grep "^bad *$commit killed by row F1: LM (Not good any more.)$"
	echo "$output" | grep "^seeds *$commit killed by seeds 20: seed 12: LM ("
	echo "$output" | grep "^tests *$commit killed by tests/unit/a.bats -f \"F1\": F1 what is good ("
	[[ $output != *'other commits'* ]]
}

@test "what fails while nothing is broken can't judge, and each way is asked once" {
	tree
	: >fails
	mutant bad 'tests/unit/a.bats'
	mutant other 'tests/unit/a.bats; row F1'
	run tests/mutants/run
	[ "$status" -eq 1 ]
	echo "$output" | grep 'tests/unit/a.bats fails, and nothing is broken'
	echo "$output" | grep '^bad *NOT JUDGED'
	echo "$output" | grep '^other .*killed by row F1: LM'
	echo "$output" | grep '^1 of 2 survive, were not judged'
	[ "$(grep -c a "$LOG")" -eq 1 ]
	# It isn't known: with the test mended it is tried.
	rm fails
	tests/mutants/run bad | grep 'killed by tests/unit/a.bats'
	# As many seeds or fewer were well already.
	mutant bad 'seeds 20'
	mutant other 'seeds 10'
	: >"$LOG"
	tests/mutants/run
	[ "$(cat "$LOG")" = "$(printf '1 20\n1 20\n1 10\n')" ]
}

@test "a verdict is of the commit that it was found of" {
	tree
	tests/mutants/run
	old=$(git rev-parse --short HEAD)
	echo 'exit 0' >tests/unit/b.bats
	keep second
	new=$(git rev-parse --short HEAD)
	run tests/mutants/run
	[ "$status" -eq 0 ]
	echo "$output" | grep "^bad *$old killed by"
	echo "$output" | grep "^1 of 1 verdicts are of other commits than $new "
	run tests/mutants/run --again
	echo "$output" | grep "^bad *$new killed by"
	[[ $output != *'other commits'* ]]
	# A tree that is no commit's; and lines of before commits were written there.
	echo 'exit 1' >tests/unit/b.bats
	tests/mutants/run --again | grep "^bad *$new-dirty killed by"
	sed -i "s/@[^ ]*//" build/mutants/results
	tests/mutants/run 2>&1 | grep 'copies the tree'
}

@test "what survives, and what fails without a word, is missed" {
	tree
	mutant bad 'tests/unit/b.bats'
	echo 'exit 0' >tests/unit/b.bats
	run tests/mutants/run
	[ "$status" -eq 1 ]
	echo "$output" | grep '^bad .* SURVIVES ('
	echo 'grep -q good code' >tests/unit/b.bats
	run tests/mutants/run --again
	[ "$status" -eq 1 ]
	echo "$output" | grep '^bad .* SURVIVES ('
}

@test "every mutant of pkg on hosts changes something in this tree, and has a plan" {
	tests/hosts/pkg/mutants/run --check
}

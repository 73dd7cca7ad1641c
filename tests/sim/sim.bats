# sim: thousands of clusters in a simulated world of disks, networks and clocks that
# fail.  The rows of FAILURES.md that a seed draws from are in the test's name.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	seeds=10000
	case ${LITE_RAFT_MAKE:-} in
	'') make -s sim || return ;;
	*) seeds=1000 ;; # under ASan each takes ten times as long
	esac
	export SIM_SEEDS=${SIM_SEEDS:-$seeds}
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	sim=build/tests/sim/sim
}

@test "F1 F2 F3 F4 F5 F8 F9 F10 F11 F14 F15 F19 F21 F36 F37 F42 F43 F44 F46 F50 F51 F53 F58 F63 F64 F65 F66: every property holds in every seed" {
	run "$sim" 1 "$SIM_SEEDS"
	printf '%s\n' "$output" | tail -n 60
	[ "$status" -eq 0 ]
}

@test "a seed is always the same run" {
	"$sim" --trace 7 >"$BATS_TEST_TMPDIR/one"
	"$sim" --trace 7 >"$BATS_TEST_TMPDIR/two"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/one")" -gt 100 ]
	# But for the last line, which says how long it took.
	sed '$d' "$BATS_TEST_TMPDIR/one" >"$BATS_TEST_TMPDIR/one.story"
	sed '$d' "$BATS_TEST_TMPDIR/two" | cmp - "$BATS_TEST_TMPDIR/one.story"
}

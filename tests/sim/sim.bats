# sim: clusters in a simulated world of disks, networks and clocks that fail.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	seeds=2500
	case ${LITE_RAFT_MAKE:-} in
	'') make -s sim || return ;;
	*) seeds=250 ;; # under ASan each takes ten times as long
	esac
	export SIM_SEEDS=${SIM_SEEDS:-$seeds}
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	sim=build/tests/sim/sim
}

# row NAME: every case of it, one after the other.
row() {
	"$sim" --row "$1"
}

@test "F2 a vote ends in each of its calls, torn: one vote a term" {
	row F2
}

@test "F3 the up-to-date rule over all pairs of (last term, last index)" {
	row F3
}

@test "F4 votes are counted while another leads, and a newer term comes" {
	row F4
}

@test "F6 a node that was cut off, both ways or one, disturbs nobody" {
	row F6
}

@test "F8 five candidates at once" {
	row F8
}

@test "F9 late and repeated appends and heartbeats cut nothing that matches" {
	row F9
}

@test "F10 F49 F63 a conflict's cut ends in each of its calls, and others go on" {
	row F10
}

@test "F11 the commit index stops at what the request has verified" {
	row F11
}

@test "F12 what is committed is never cut" {
	row F12
}

@test "F13 a batch with a hole or a repeated index is refused" {
	row F13
}

@test "F16 10,000 divergent entries take a few rounds, and few appends" {
	row F16
}

@test "F18 a follower whose append hangs keeps nobody waiting" {
	row F18
}

@test "F23 F29 an install ends in each of its calls, when the members have changed meanwhile" {
	row F23
}

@test "F31 one that enters is elected: it leads its own change to its end" {
	row F31
}

@test "F36 a leader that was stopped and cut off is read from, after another has led" {
	row F36
}

@test "F40 a watcher that reads little by little is told of all, once, by two leaders" {
	row F40
}

@test "a batch of writes and reads, none waited for: each read sees the writes before it" {
	row batch
}

@test "F42 F65 any subset of a batch's sectors: what is left is its beginning" {
	row F42
}

@test "F43 each sync fails once, of a vote and of a cut" {
	row F43
}

@test "F44 no space, after each so many bytes; then space again" {
	row F44
}

@test "F46 F44 a segment that found no room, then its name lost or not" {
	row F46
}

@test "a read that fails at a start is not the end of the log" {
	row read
}

@test "F1 F2 F4 F5 F8 F9 F10 F11 F14 F15 F19 F20 F21 F22 F23 F24 F25 F26 F27 F28 F29 F34 F36 F37 F38 F42 F43 F44 F45 F46 F50 F51 F53 F58 F63 F64 F65 F66 all properties, after every step of every seed" {
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

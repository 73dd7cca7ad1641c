# pkg's rules: their formats and scenes, and hosts in a simulated world.

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	rules=build/tests/pkg/rules scenes=build/tests/pkg/scenes
	sim=build/tests/pkg/sim/sim
}

@test "a lease is read strictly, and written as it was read" { "$rules" leases; }
@test "W is longer than L on any two clocks that are off by ten per cent" { "$rules" waits; }
@test "settings are read strictly, and checked against each other" { "$rules" settings; }
@test "T_soft is raised to what the store's failover needs, or refused" { "$rules" fits; }
@test "what people want, orders and notes are read strictly" { "$rules" wishes; }
@test "what a node said of itself is old once the lease has been renewed for 30 s" { "$rules" freshness; }
@test "a package is started once the lease is acknowledged and guard armed" { "$scenes" starts; }
@test "what guard said longer ago than T_soft starts nothing: it may have killed since" { "$scenes" armed_late; }
@test "deadlines that become longer: others wait for them before guard has them, and the other way round" { "$scenes" longer; }
@test "another watchdog, or reboot, is told to guard while it runs; one that it cannot have, to people" { "$scenes" watched; }
@test "a write whose outcome is unknown is read back" { "$scenes" unknown; }
@test "T_soft without a renewal: it is stopped, and the epoch closed once it is dead" { "$scenes" late; }
@test "a script that no signal ends has failed all the same" { "$scenes" endless; }
@test "what a script says of itself is shown with the lease" { "$scenes" says; }
@test "no event stays for ever, however the answers go" { "$scenes" events; }
@test "another's lease: it is killed, not stopped" { "$scenes" lost; }
@test "a stop that failed keeps the lease until status says down" { "$scenes" leaves; }
@test "who is told to leave while guard is armed starts nothing any more, and leaves" { "$scenes" leaves_arming; }
@test "another directory's monitor of the same node is left alone" { "$scenes" twins; }
@test "what another directory of the same node left to maintenance is not taken, nor gone on with" { "$scenes" twins_in_maintenance; }
@test "who leaves a package in maintenance waits until guard lets it be" { "$scenes" leaves_alone; }
@test "what is left of a guard and monitor that died is killed before anything is asked" { "$scenes" strangers; }
@test "a guard that refuses to arm is a failure: another node's turn" { "$scenes" refuses; }
@test "a move: by the owner it was given to, and only to somebody" { "$scenes" orders; }
@test "nothing moves to a node that has not been heard of for 30 s" { "$scenes" silent; }
@test "a stand-by takes what is old, what is proven, and never what is stuck" { "$scenes" takes; }

@test "never two owners, no takeover on a blip, and it runs again, whatever happens" {
	seeds=3000
	[ -z "${LITE_RAFT_MAKE:-}" ] || seeds=400 # under ASan
	run timeout 300 "$sim" 1 "${PKG_SEEDS:-$seeds}"
	printf '%s\n' "$output" | tail -n 80
	[ "$status" -eq 0 ]
}

@test "a schedule is always the same run" {
	"$sim" --trace 8 | sed '/ a second: /d' >"$BATS_TEST_TMPDIR/one"
	"$sim" --trace 8 | sed '/ a second: /d' >"$BATS_TEST_TMPDIR/two"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/one")" -gt 50 ]
	cmp "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
}

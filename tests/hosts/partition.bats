#!/usr/bin/env bats
# Three hosts, and links that are cut: each of a pair, each way, on and off.

load common

setup_file() {
	cluster_up 3 election_timeout 2
}

# Each test begins with a whole network and equal logs.
setup() {
	skip_or cluster_mended 30
}

# stands HOST: it asks for votes.
stands() {
	[ "$(lab_file "$1" run/role)" = candidate ]
}

@test "F6 a host that was cut off comes back and disturbs nobody" {
	remember_reign
	outsider=$(lab_followers | head -n 1)
	lab_isolate "$outsider"
	lab_client "$reign_leader" set f6 meanwhile
	# It asks for votes that nobody hears.
	wait_for 20 stands "$outsider"
	holds 3 same_reign
	lab_heal
	cluster_settled 30 "$outsider"
	[ "$(lab_client "$outsider" get f6)" = meanwhile ]
	holds 2 same_reign
	[ "$(lab_shows "$outsider" term)" = "$reign_term" ]
	check_safety
}

@test "F53 cut in two: the larger part goes on, the smaller answers nothing" {
	old=$(lab_leader)
	lab_client "$old" set f53 before
	other=$(lab_followers | head -n 1)
	lab_isolate "$old"
	took=$(next_write "$other" f53 after)
	tell "F53 leader cut off: next write after $took ms"
	[ "$took" -lt 25000 ]
	# The old leader has no quorum: neither a write nor a read is answered.
	status=0
	lab_client "$old" --timeout 2 set f53 never || status=$?
	[ "$status" -eq 69 ] || [ "$status" -eq 75 ]
	status=0
	answer=$(lab_client "$old" --timeout 2 get f53) || status=$?
	[ -z "$answer" ]
	[ "$status" -eq 69 ] || [ "$status" -eq 75 ]
	deposed() { [ "$(lab_file "$old" run/role)" != leader ]; }
	wait_for 20 deposed
	lab_heal
	cluster_settled 30 "$old"
	[ "$(lab_client "$old" get f53)" = after ]
	check_safety
}

@test "F53 one-way: a follower that hears nothing and is heard unseats nobody" {
	remember_reign
	deaf=$(lab_followers | head -n 1)
	for other in $(lab_all); do
		[ "$other" = "$deaf" ] || lab_cut "$other" "$deaf" oneway
	done
	writer_start oneway "$reign_leader"
	wait_for 20 stands "$deaf"
	holds 4 same_reign
	wait_for 60 writer_wrote oneway 5
	writer_stop oneway
	tell "F53 one-way, deaf follower: $(writer_count oneway) writes, longest $(writer_worst oneway) ms"
	lab_heal
	cluster_settled 30 "$deaf"
	writer_check oneway "$deaf"
	same_reign
	check_safety
}

@test "F53 one-way: a leader that is heard and hears nobody gives way" {
	old=$(lab_leader)
	other=$(lab_followers | head -n 1)
	for host in $(lab_followers); do
		lab_cut "$host" "$old" oneway
	done
	took=$(next_write "$other" oneway2 yes)
	tell "F53 one-way, deaf leader: next write after $took ms"
	leader_other "$old"
	lab_heal
	cluster_settled 30 "$old"
	[ "$(lab_client "$old" get oneway2)" = yes ]
	check_safety
}

# A and C no longer reach each other: B stands between them.
bridge() { # NAME A C
	remember_reign
	lab_cut "$2" "$3"
	writer_start "$1" "$reign_leader"
	[ "$2" != "$reign_leader" ] || wait_for 20 stands "$3"
	holds 3 same_reign
	wait_for 60 writer_wrote "$1" 5
	writer_stop "$1"
	[ "$(lab_shows "$3" term)" = "$reign_term" ]
	lab_heal
	cluster_settled 30 "$3"
	writer_check "$1" "$3"
	check_safety
}

@test "F53 bridge: the leader at one end, and all goes on in one term" {
	bridge ends "$(lab_leader)" "$(lab_followers | tail -n 1)"
}

@test "F53 bridge: the leader in the middle, and nobody notices" {
	bridge middle "$(lab_followers | head -n 1)" "$(lab_followers | tail -n 1)"
}

@test "F53 flapping: a link that comes and goes does not stop the others" {
	remember_reign
	flapping=$(lab_followers | head -n 1)
	writer_start flapping "$reign_leader"
	for _ in 1 2 3 4 5 6 7 8; do
		lab_cut "$reign_leader" "$flapping"
		sleep 0.4
		lab_heal
		sleep 0.2
	done
	wait_for 60 writer_wrote flapping 8
	writer_stop flapping
	tell "F53 flapping: $(writer_count flapping) writes, longest $(writer_worst flapping) ms"
	cluster_settled 30 "$flapping"
	writer_check flapping "$flapping"
	[ "$(lab_shows "$(lab_leader)" term)" -le "$((reign_term + 2))" ]
	check_safety
}

@test "F53 a slow link: writes go at the pace of the other follower" {
	remember_reign
	slow=$(lab_followers | head -n 1)
	lab_slow "$reign_leader" "$slow" 64kbit
	head -c 200000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/value"
	big=$(took lab_client "$reign_leader" set slow.big - <"$BATS_TEST_TMPDIR/value")
	writer_start slow "$reign_leader"
	holds 4 same_reign
	wait_for 60 writer_wrote slow 5
	writer_stop slow
	tell "F53 slow link: 200 kB in $big ms, then $(writer_count slow) writes, longest $(writer_worst slow) ms"
	[ "$big" -lt 15000 ]
	lab_fast
	wait_for 20 cluster_level
	writer_check slow "$slow"
	[ "$(lab_client "$slow" get slow.big | wc -c)" -eq 200001 ]
	check_safety
}

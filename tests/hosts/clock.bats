#!/usr/bin/env bats
# Three hosts whose wall clocks step, an hour either way, while snapshots are taken
# and leaders elected.  (Clocks that run fast or slow are the simulator's.)

load common

setup_file() {
	LAB_WALL=1 cluster_up 3 election_timeout 2 snapshot_period 20
}

setup() {
	skip_or cluster_mended 40
	for host in $(lab_all); do
		lab_wall "$host" 0
	done
}

# Host I's wall clock steps to SECONDS from the machine's, and the host knows.
steps() { # I SECONDS
	local off
	lab_wall "$1" "$2"
	off=$(($(lab_on "$1" date +%s) - $(date +%s) - $2))
	[ "${off#-}" -lt 60 ]
}

# The snapshots that were ever taken on host I.
taken() { # I
	lab_logs "$1" | grep -c 'snapshot: taken at' || :
}

takes() { # I N
	[ "$(taken "$1")" -gt "$2" ]
}

# Entries that make a snapshot due, through host I.
entries() { # I
	seq 1 40 | sed 's/.*/set due &/' | lab_client "$1" batch >/dev/null
}

@test "F58 wall clocks step an hour either way: nobody stands, and snapshots are taken" {
	remember_reign
	writer_start wall "$reign_leader"
	for step in 3600 -3600 0; do
		for host in $(lab_all); do
			before=$(taken "$host")
			steps "$host" "$step"
			entries "$reign_leader"
			wait_for 30 takes "$host" "$before"
		done
		holds 2 same_reign
	done
	writer_stop wall
	writer_check wall 1
	for host in $(lab_all); do
		lab_on "$host" libexec/step/snapshot check
	done
	# In their logs it is what it was.
	lab_logs 1 | cut -d ' ' -f 1 >"$BATS_TEST_TMPDIR/stamps"
	no sort -c "$BATS_TEST_TMPDIR/stamps"
	check_safety
}

@test "F58 wall clocks step while the leader's host goes: another leads as soon, and it comes back" {
	for step in 3600 -3600; do
		old=$(lab_leader)
		mapfile -t others < <(lab_followers)
		lab_poweroff "$old"
		steps "${others[0]}" "$step"
		steps "${others[1]}" "$((-step))"
		took=$(next_write "${others[0]}" f58 "$step")
		tell "F58 clocks $step and $((-step)) s: next write after $took ms"
		[ "$took" -lt 25000 ]
		lab_wall "$old" "$((2 * step))"
		lab_poweron "$old" start
		wait_for 40 cluster_level
		[ "$(lab_client "$old" get f58)" = "$step" ]
	done
	check_safety
}

#!/usr/bin/env bats
# What clients on all hosts are told, while the leader's host is cut off, half cut
# off, frozen and without power, is linearizable.

load common
load ../lib/lin

ROOT=${BATS_TEST_DIRNAME%/tests/*}

setup_file() {
	cluster_up 3 1
}

setup() {
	skip_or cluster_mended 40
}

teardown() {
	drive_stop || :
	[ -n "${BATS_TEST_COMPLETED:-}" ] || lab_report
}

# The ways in which a leader's host goes; what is left elects another.
leader_isolated() {
	lab_isolate "$1"
}

# It is heard, and hears nobody.
leader_deaf() {
	for deaf_i in $(lab_all); do
		[ "$deaf_i" = "$1" ] || lab_cut "$deaf_i" "$1" oneway
	done
}

# It hears, and nobody hears it.
leader_mute() {
	for mute_i in $(lab_all); do
		[ "$mute_i" = "$1" ] || lab_cut "$1" "$mute_i" oneway
	done
}

leader_frozen() {
	lab_freeze "$1"
}

leader_off() {
	lab_poweroff "$1"
}

# healed I: all is well with host I again.
healed() {
	lab_heal
	if [ -s "$LAB/pid/$1" ]; then
		lab_thaw "$1"
		lab_runs "$1" || lab_on "$1" ./lite-raft start
	else
		lab_poweron "$1" start
	fi
}

@test "leaders are cut off, half cut off, frozen and without power, and all that clients see is linearizable" {
	nodes=() changes=0
	ways=(leader_isolated leader_deaf leader_frozen leader_mute leader_off)
	for host in $(lab_all); do
		nodes+=(". '$LAB_HOME/lab' && lab_on $host \"\$@\"")
	done
	drive_start "${nodes[@]}"
	while drive_lasts 40 || { [ "$changes" -lt 5 ] && drive_lasts 250; }; do
		old=$(lab_leader) || continue
		"${ways[changes % ${#ways[@]}]}" "$old"
		wait_for 40 leader_other "$old"
		changes=$((changes + 1))
		# Who asks the old one goes on for a moment.
		sleep 1
		healed "$old"
		cluster_settled 40
		sleep 1
	done
	drive_end
	tell "$changes leaders were put down"
	[ "$changes" -ge 5 ]
	[ "$(drive_acknowledged)" -ge 200 ]
	check_safety
}

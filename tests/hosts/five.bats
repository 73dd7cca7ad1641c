#!/usr/bin/env bats
# Five hosts: votes that split, and a network that will not rest.

load common

setup_file() {
	cluster_up 5
}

setup() {
	skip_or cluster_mended 40
}

@test "F8 five hosts that hear each other again at once soon have one leader" {
	for round in 1 2; do
		for host in $(lab_all); do
			lab_isolate "$host"
		done
		leaderless() { no lab_leader; }
		wait_for 10 leaderless
		lab_heal
		begun=$(lab_ms)
		cluster_settled 30
		tell "F8 round $round: a leader and a write after $(($(lab_ms) - begun)) ms"
	done
	check_safety
}

@test "F54 a follower's host and then the leader's lose their power: three are enough" {
	old=$(lab_leader)
	first=$(lab_followers | head -n 1)
	witness=$(lab_followers | tail -n 1)
	lab_poweroff "$first"
	lab_poweroff "$old"
	took=$(next_write "$witness" f54 three)
	tell "F54 two of five off: next write after $took ms"
	[ "$took" -lt 25000 ]
	lab_poweron "$old" start
	lab_poweron "$first" start
	cluster_settled 30 "$old"
	[ "$(lab_client "$first" get f54)" = three ]
	check_safety
}

@test "F19 leaders cut off, frozen and powered off in turn: one history, nothing lost" {
	writer_start churn1 1
	writer_start churn2 4
	for round in 1 2 3 4 5; do
		leader=$(lab_leader) || leader=$round
		other=$((leader % 5 + 1))
		case $round in
		1) lab_isolate "$leader" ;;
		2) lab_isolate "$leader" && lab_isolate "$other" ;;
		3) lab_freeze "$leader" ;;
		4) lab_poweroff "$leader" ;;
		5)
			# The leader keeps one follower and goes on with what nobody else hears.
			for host in $(lab_all); do
				[ "$host" = "$leader" ] || [ "$host" = "$other" ] || lab_cut "$leader" "$host"
			done
			;;
		esac
		wait_for 8 leader_other "$leader" || :
		lab_heal
		lab_poweron "$leader" start
		lab_thaw "$leader"
	done
	writer_stop churn1
	writer_stop churn2
	cluster_settled 30
	wait_for 20 cluster_level
	tell "F19 $(writer_count churn1) and $(writer_count churn2) writes acknowledged, term $(lab_shows 1 term)"
	writer_check churn1 5
	writer_check churn2 5
	check_safety
}

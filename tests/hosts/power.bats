#!/usr/bin/env bats
# Three hosts that lose their power: nobody says goodbye.

load common

setup_file() {
	cluster_up 3 election_timeout 2
}

setup() {
	skip_or cluster_mended 40
}

@test "F54 the leader's host loses its power: another leads, and it comes back" {
	old=$(lab_leader)
	other=$(lab_followers | head -n 1)
	writer_start power "$other"
	wait_for 10 test -s "$LAB/power"
	lab_poweroff "$old"
	took=$(next_write "$other" f54 one)
	tell "F54 leader's power off, election_timeout 2: next write after $took ms"
	[ "$took" -lt 25000 ]
	writer_stop power
	lab_poweron "$old" start
	cluster_settled 30 "$old"
	writer_check power "$old"
	[ "$(lab_client "$old" get f54)" = one ]
	check_safety
}

@test "F54 a follower's host loses its power: nobody waits, and it catches up" {
	remember_reign
	gone=$(lab_followers | head -n 1)
	writer_start gone "$reign_leader"
	lab_poweroff "$gone"
	holds 4 same_reign
	wait_for 60 writer_wrote gone 10
	writer_stop gone
	tell "F54 follower's power off: $(writer_count gone) writes, longest $(writer_worst gone) ms"
	lab_poweron "$gone" start
	cluster_settled 30 "$gone"
	writer_check gone "$gone"
	same_reign
	check_safety
}

@test "F54 a connection whose host has vanished hangs no client and leaves no ssh behind" {
	old=$(lab_leader)
	one=$(lab_followers | head -n 1)
	two=$(lab_followers | tail -n 1)
	lab_poweroff "$old"
	# At once, while the master to the old leader still looks alive.
	for host in "$one" "$two"; do
		took=$(next_write "$host" "f54.$host" yes)
		[ "$took" -lt 25000 ]
	done
	status=$(took lab_client "$one" status)
	tell "F54 status with one host gone: $status ms"
	[ "$status" -lt 25000 ]
	# Every ssh that was on a dead connection ends.  (The sshd of one does not: it
	# has nothing to say, and by its default waits two hours for the caller.)
	few() {
		for host in "$one" "$two"; do
			[ -z "$(lab_on "$host" ss -Htn state established "( dst 10.77.0.$old and dport = :22 )")" ] || return 1
		done
	}
	wait_for 30 few
	check_safety
}

@test "F51 the role is killed: what it left ends by itself, and start works again" {
	old=$(lab_leader)
	other=$(lab_followers | head -n 1)
	role=$(lab_on "$old" libexec/os/hold --who state/running)
	lab_on "$old" kill -s KILL "$role"
	took=$(next_write "$other" f51 yes)
	tell "F51 leader's role killed: next write after $took ms"
	left() { [ -z "$(lab_on "$old" ps -e -o args= | grep -v grep | grep -e libexec/lead -e link/stream -e link/links -e link/peer)" ]; }
	wait_for 15 left
	lab_on "$old" ./lite-raft start
	cluster_settled 30 "$old"
	[ "$(lab_client "$old" get f51)" = yes ]
	check_safety
}

@test "F51 every process of the cluster is killed at once: nothing acknowledged is lost" {
	leader=$(lab_leader)
	writer_start killed "$leader"
	wait_for 10 test -s "$LAB/killed"
	sleep 1
	for host in $(lab_all); do
		lab_poweroff "$host" &
	done
	wait
	writer_stop killed
	for host in $(lab_all); do
		lab_poweron "$host"
	done
	for host in $(lab_all); do
		lab_on "$host" ./lite-raft start
	done
	cluster_settled 30
	writer_check killed 1
	tell "F51 all hosts off and on: $(writer_count killed) writes there"
	check_safety
}

#!/usr/bin/env bats
# Three hosts, each node on a small file system of its own, that fills, hangs,
# or turns read-only.

load common

setup_file() {
	LAB_DISKS='1 2 3' cluster_up 3 election_timeout 2
}

setup() {
	skip_or cluster_mended 40
}

# Fills host I's disk to the last block.
fill() { # I
	lab_on "$1" sh -c 'dd if=/dev/zero of=filler bs=64k; dd if=/dev/zero of=filler2 bs=512; sync' >/dev/null 2>&1 || :
}

# Uses up host I's inodes.
litter() { # I
	lab_on "$1" sh -c 'mkdir -p litter && cd litter && seq 1 2000 | xargs touch' >/dev/null 2>&1 || :
}

free() { # I
	lab_on "$1" rm -rf filler filler2 litter
}

# Eighteen writes of half a MiB through host I, keys NAME.1 …: a segment is less.
# Their statuses are in $statuses; each is one that says what became of it.
roll() { # I NAME
	head -c 524288 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/value"
	statuses=
	for roll_n in {1..18}; do
		roll_status=0
		lab_client "$1" --timeout 5 set "$2.$roll_n" - <"$BATS_TEST_TMPDIR/value" || roll_status=$?
		[[ $roll_status == @(0|69|74|75) ]]
		statuses+=" $roll_status"
		[ "$roll_status" -ne 0 ] || [ "$(lab_client "$1" get "$2.$roll_n" | wc -c)" -eq 524289 ]
	done
}

# What host OLD has no room for, another takes in, as asked for through host I.
gives_way() { # OLD I
	wait_for 15 large "$2"
	leader_other "$1"
}

large() { # I
	lab_client "$1" --timeout 5 set large - <"$BATS_TEST_TMPDIR/value"
}

@test "F44 a follower's disk is full: the others go on, and it recovers" {
	remember_reign
	full=$(lab_followers | head -n 1)
	fill "$full"
	roll "$reign_leader" full
	[[ $statuses != *[1-9]* ]]
	same_reign
	lab_runs "$full"
	free "$full"
	wait_for 20 cluster_level
	[ "$(lab_client "$full" get full.18 | wc -c)" -eq 524289 ]
	check_safety
}

@test "F47 a follower's disk hangs: nobody waits for it" {
	remember_reign
	hung=$(lab_followers | head -n 1)
	lab_disk_freeze "$hung"
	writer_start hung "$reign_leader"
	holds 4 same_reign
	wait_for 60 writer_wrote hung 10
	writer_stop hung
	tell "F47 follower's disk hangs: $(writer_count hung) writes, longest $(writer_worst hung) ms"
	lab_disk_thaw "$hung"
	wait_for 20 cluster_level
	writer_check hung "$hung"
	same_reign
	check_safety
}

# Whoever leads does so for ten election timeouts at least, also with a disk that is full.
hasty() {
	local host
	for host in $(lab_all); do
		lab_on "$host" grep -qx 1 conf/election_timeout ||
			lab_on "$host" sh -c 'echo 1 >conf/election_timeout && ./lite-raft restart'
	done
	cluster_settled 30
}

@test "F44 the leader's disk is full: clients are told, another leads, it recovers" {
	hasty
	old=$(lab_leader)
	other=$(lab_followers | head -n 1)
	lab_client "$old" set f44 before
	fill "$old"
	roll "$other" lead
	cluster_settled 20 "$other"
	tell "F44 leader's disk full: h$old led, now h$(lab_leader); statuses$statuses"
	gives_way "$old" "$other"
	lab_client "$other" --timeout 15 set f44 after
	free "$old"
	wait_for 30 cluster_level
	[ "$(lab_client "$old" get f44)" = after ]
	check_safety
}

@test "F44 the leader has no inodes left: the same" {
	hasty
	old=$(lab_leader)
	other=$(lab_followers | head -n 1)
	litter "$old"
	roll "$other" inode
	tell "F44 no inodes: h$old led, now h$(lab_leader); statuses$statuses"
	gives_way "$old" "$other"
	lab_client "$other" --timeout 15 set f44 inodes
	free "$old"
	wait_for 30 cluster_level
	[ "$(lab_client "$old" get f44)" = inodes ]
	check_safety
}

@test "F44 start on a full disk: it starts or says why, and nothing is lost" {
	full=$(lab_followers | head -n 1)
	lab_on "$full" ./lite-raft stop
	fill "$full"
	before=$(lab_shows "$full" last_index)
	status=0
	lab_on "$full" ./lite-raft start || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 74 ]
	free "$full"
	lab_runs "$full" || lab_on "$full" ./lite-raft start
	wait_for 20 cluster_level
	[ "$(lab_shows "$full" last_index)" -ge "$before" ]
	check_safety
}

@test "F47 the leader's disk hangs: it gives way" {
	old=$(lab_leader)
	other=$(lab_followers | head -n 1)
	lab_client "$other" set f47 before
	lab_disk_freeze "$old"
	took=$(next_write "$other" f47 after)
	tell "F47 leader's disk hangs: next write after $took ms"
	[ "$took" -lt 15000 ]
	leader_other "$old"
	[ "$(lab_client "$other" get f47)" = after ]
	lab_disk_thaw "$old"
	cluster_settled 30 "$old"
	wait_for 20 cluster_level
	[ "$(lab_client "$old" get f47)" = after ]
	check_safety
}

@test "F48 state/ on a file system that turned read-only: one line, and the others go on" {
	victim=$(lab_followers | head -n 1)
	lab_on "$victim" sh -c 'mount --bind state state && mount -o remount,bind,ro state'
	lab_client "$victim" --timeout 15 set f48 yes
	lab_on "$victim" ./lite-raft stop || :
	run lab_on "$victim" ./lite-raft start
	[ "$status" -eq 74 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *state* ]]
	lab_on "$victim" umount state
	lab_on "$victim" ./lite-raft start
	wait_for 20 cluster_level
	check_safety
}

@test "F48 state/ is missing: start refuses and makes none" {
	victim=$(lab_followers | head -n 1)
	lab_on "$victim" ./lite-raft stop
	lab_on "$victim" mv state elsewhere
	run lab_on "$victim" ./lite-raft start
	[ "$status" -eq 78 ]
	[ "${#lines[@]}" -eq 1 ]
	lab_on "$victim" test ! -e state
	lab_on "$victim" mv elsewhere state
	lab_on "$victim" ./lite-raft start
	wait_for 20 cluster_level
	check_safety
}

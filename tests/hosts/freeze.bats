#!/usr/bin/env bats
# Three hosts, of which one, or a process of one, stands still and goes on.

load common

setup_file() {
	cluster_up 3 election_timeout 2
}

setup() {
	skip_or cluster_mended 40
}

@test "F18 a frozen follower: writes on the others go on at their pace" {
	remember_reign
	writer_start before "$reign_leader"
	holds 2 same_reign
	writer_stop before
	frozen=$(lab_followers | head -n 1)
	lab_freeze "$frozen"
	writer_start frozen "$reign_leader"
	holds 5 same_reign
	# Its window is filled as well: more than the sockets in between can hold.
	head -c 1000000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/value"
	for n in 1 2 3 4 5 6 7 8; do
		lab_client "$reign_leader" set "big.$n" - <"$BATS_TEST_TMPDIR/value"
	done
	same_reign
	wait_for 60 writer_wrote frozen 10
	writer_stop frozen
	tell "F18 $(writer_count before) writes, longest $(writer_worst before) ms;" \
		"one host frozen: $(writer_count frozen), longest $(writer_worst frozen) ms"
	lab_thaw "$frozen"
	cluster_settled 30 "$frozen"
	wait_for 20 cluster_level
	writer_check frozen "$frozen"
	check_safety
}

@test "F36 the leader is frozen, another elected, the first goes on and is read from" {
	old=$(lab_leader)
	lab_client "$old" set f36 stale
	lab_freeze "$old"
	other=$(lab_followers | head -n 1)
	took=$(next_write "$other" f36 fresh)
	tell "F36 leader frozen: next write after $took ms"
	# Readers on the old leader's host wait, frozen with it, for the moment when it goes on.
	for n in 1 2 3 4 5 6; do
		lab_bg reader "$n"
	done
	sleep 0.3
	lab_thaw "$old"
	all_read() { [ "$(cat "$LAB"/read.[1-6] | wc -l)" -eq 6 ]; }
	wait_for 20 all_read
	run cat "$LAB"/read.[1-6]
	[[ $output != *stale* ]]
	[[ $output == *fresh* ]]
	rm -f "$LAB"/read.*
	check_safety
}

reader() { # N
	printf '%s\n' "$(lab_client "$old" get f36)" >"$LAB/read.$1"
}

@test "F36 reads that race with the leader's thaw are never stale" {
	for round in 1 2; do
		old=$(lab_leader)
		lab_client "$old" set f36 "stale$round"
		mkdir -p "$LAB/writers"
		: >"$LAB/writers/hammer"
		lab_bg hammer "$round"
		wait_for 10 test -s "$LAB/hammer.$round"
		lab_freeze "$old"
		other=$(lab_followers | head -n 1)
		next_write "$other" f36 "fresh$round"
		printf 'written\n' >>"$LAB/hammer.$round"
		lab_thaw "$old"
		fresh() { grep -q "fresh$round" "$LAB/hammer.$round"; }
		wait_for 15 fresh
		rm "$LAB/writers/hammer"
		wait_for 10 test -e "$LAB/hammer.stopped"
		rm "$LAB/hammer.stopped"
		# What was answered behind the write, by a request that was made behind it.
		no sh -c 'sed "1,/^written/d" "$1" | grep "after .*stale"' sh "$LAB/hammer.$round"
	done
	check_safety
}

# One read after another on $old; "after" marks those that began after the write.
hammer() { # ROUND
	while [ -e "$LAB/writers/hammer" ]; do
		hammer_when=before
		! grep -q '^written' "$LAB/hammer.$1" 2>/dev/null || hammer_when=after
		hammer_got=$(lab_client "$old" --timeout 2 get f36) || :
		printf '%s %s\n' "$hammer_when" "${hammer_got:--}" >>"$LAB/hammer.$1"
	done
	: >"$LAB/hammer.stopped"
}

@test "F50 what a frozen follower finds in its pipe afterwards does no harm" {
	old=$(lab_leader)
	late=$(lab_followers | head -n 1)
	other=$(lab_followers | tail -n 1)
	lab_freeze "$late"
	for n in 1 2 3; do
		lab_client "$old" set f50 "$n"
	done
	# Their sender gives up and another takes its place, over its head.
	lab_poweroff "$old"
	lab_thaw "$late"
	next_write "$other" f50 4
	[ "$(lab_client "$late" get f50)" = 4 ]
	lab_poweron "$old" start
	cluster_settled 30 "$old"
	[ "$(lab_client "$old" get f50)" = 4 ]
	wait_for 15 cluster_level
	check_safety
}

@test "F51 each process of a node is stopped and goes on: a leader, and nothing lost" {
	# Who stands still for a second and a half is missed by then.
	for host in $(lab_all); do
		lab_on "$host" sh -c 'echo 1 >conf/election_timeout && ./lite-raft restart'
	done
	cluster_settled 30
	victim=$(lab_leader)
	other=$(lab_followers | head -n 1)
	writer_start stopped "$other"
	for host in "$victim" "$other"; do
		for pid in $(victims "$host"); do
			lab_on "$host" sh -c 'kill -s STOP '"$pid"'; sleep 1.5; kill -s CONT '"$pid" 2>/dev/null || :
		done
	done
	writer_stop stopped
	tell "F51 $(writer_count stopped) writes, longest $(writer_worst stopped) ms"
	cluster_settled 30 "$victim"
	writer_check stopped "$victim"
	wait_for 15 cluster_level
	check_safety
}

# One process of each kind on host I.
victims() { # I
	lab_on "$1" ps -e -o pid=,args= |
		awk '$0 ~ /lite-raft|libexec/ && !/inside|awk|ps -e/ && !seen[$2 " " $3 (/append/ ? "append" : "")]++ { print $1 }'
}

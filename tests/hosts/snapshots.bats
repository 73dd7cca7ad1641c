#!/usr/bin/env bats
# Three hosts that take a snapshot every few entries, each node on a file system of
# its own: hosts that are cut off for so long that the log has gone on without them,
# that lose their power, their room, and bytes of their snapshots.

load common

SIZE=250000 # bytes of a value
BIG=30      # of them in a round: about a segment

setup_file() {
	LAB_DISKS='1 2 3' cluster_up 3 snapshot_period 20
}

setup() {
	skip_or cluster_mended 60
	mapfile -t hosts < <(lab_all)
	for host in "${hosts[@]}"; do
		free "$host"
	done
}

# round I N: a value for each large key, through host I; all are acknowledged.
round() {
	awk -v n="$2" -v size="$SIZE" -v keys="$BIG" 'BEGIN {
		for (value = n "."; length(value) < size;)
			value = value value
		value = substr(value, 1, size)
		for (i = 1; i <= keys; i++)
			printf "set big.%d %s\n", i, value }' | lab_client "$1" batch >"$BATS_TEST_TMPDIR/answers"
	[ "$(grep -c -x 0 "$BATS_TEST_TMPDIR/answers")" -eq "$BIG" ]
}

# The index that host I's log begins with.
begins() { # I
	lab_on "$1" ls state/log | sed -n 's/^0*\([0-9]*\)$/\1/p' | sort -n | head -n 1
}

# leaves_behind I: host I hears nothing, and the others go on, until no log of theirs
# begins where its own ends.
leaves_behind() {
	local end n others
	end=$(lab_shows "$1" last_index)
	mapfile -t others < <(lab_all | grep -v -x "$1")
	lab_isolate "$1"
	cluster_settled 40 "${others[0]}"
	gone() { (($(begins "${others[0]}") > end && $(begins "${others[1]}") > end)); }
	for n in {1..8}; do
		round "${others[0]}" "$n"
		if wait_for $((n < 3 ? 2 : 10)) gone; then
			return 0
		fi
	done
	return 1
}

# How many snapshots have been installed on host I, and bytes of one that is coming.
installed() { # I
	lab_logs "$1" | grep -c 'install: the snapshot of index .* is in' || :
}

installs() { # I N
	[ "$(installed "$1")" -gt "$2" ]
}

arrives() { # I BYTES
	[ "$(lab_on "$1" sh -c 'cat state/snapshot/*.part/[dr]* | wc -c' 2>/dev/null)" -ge "$2" ]
}

# half_way I BYTES: host I is heard again, and so much of a snapshot comes, slowly.
half_way() {
	local other
	for other in "${hosts[@]}"; do
		[ "$other" = "$1" ] || lab_slow_to "$other" "$1" 3mbit
	done
	lab_heal
	wait_for 60 arrives "$1" "$2"
}

# same_stores: all hosts have all, and it is the same; what is read is what was
# written, and every snapshot is whole.
same_stores() {
	local host
	wait_for 90 cluster_level
	for host in "${hosts[@]}"; do
		lab_on "$host" libexec/step/snapshot check
		lab_on "$host" libexec/step/snapshot export --whole | tail -n +2 | cksum
	done >"$BATS_TEST_TMPDIR/sums"
	[ "$(sort -u "$BATS_TEST_TMPDIR/sums" | wc -l)" -eq 1 ]
	check_safety
}

@test "F25 the log has gone on without a host that was cut off: it gets the snapshot, then the log" {
	behind=$(lab_followers | head -n 1)
	before=$(installed "$behind")
	leaves_behind "$behind"
	other=$(lab_leader)
	writer_start f25 "$other"
	lab_heal
	wait_for 60 installs "$behind" "$before"
	wait_for 60 writer_wrote f25 10
	writer_stop f25
	same_stores
	writer_check f25 "$behind"
	[ "$(lab_client "$behind" get "big.$BIG" | wc -c)" -eq $((SIZE + 1)) ]
	# It is no burden to anybody any more.
	no lab_file "$other" "run/behind.h$behind"
}

@test "F23 F46 a host loses its power while it is sent a snapshot: it goes on, or begins anew" {
	behind=$(lab_followers | head -n 1)
	before=$(installed "$behind")
	leaves_behind "$behind"
	# More than one sync's worth, so that some of it stays.
	half_way "$behind" 4500000
	no installs "$behind" "$before"
	lab_poweroff "$behind"
	lab_poweron "$behind"
	# What it had noted need not have been on its disk.
	before=$(installed "$behind")
	lab_on "$behind" ./lite-raft start
	wait_for 60 installs "$behind" "$before"
	tell "F23 went on $(lab_logs "$behind" | sed -n 's/.*takes the snapshot.* \(from byte .*\) on$/\1/p' | tail -n 1)"
	same_stores
}

@test "F23 F46 the leader's host loses its power while it sends a snapshot: the next one sends its own" {
	behind=$(lab_followers | head -n 1)
	before=$(installed "$behind")
	leaves_behind "$behind"
	half_way "$behind" 1000000
	old=$(lab_leader)
	lab_poweroff "$old"
	no installs "$behind" "$before"
	lab_fast
	# The one that is behind is half of what there is: nothing is committed without it.
	cluster_settled 90 "$behind"
	installs "$behind" "$before"
	lab_poweron "$old" start
	same_stores
}

@test "F46 all hosts lose their power while they take snapshots: nothing acknowledged is lost" {
	leader=$(lab_leader)
	writer_start f46 "$leader"
	for n in 1 2; do
		round "$leader" "$n"
	done
	round "$leader" 3 &
	sleep 0.5
	for host in "${hosts[@]}"; do
		lab_poweroff "$host" &
	done
	wait || :
	writer_stop f46
	for host in "${hosts[@]}"; do
		lab_poweron "$host"
	done
	for host in "${hosts[@]}"; do
		lab_on "$host" ./lite-raft start
	done
	same_stores
	writer_check f46 1
	tell "F46 all hosts off and on: $(writer_count f46) writes there"
}

# rots I SNAPSHOT: a bit of its data turns over.
rots() {
	# shellcheck disable=SC2016
	lab_on "$1" sh -c 'byte=$(od -An -tu1 -j 100000 -N 1 "$1" | tr -d " ")
		printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek=100000 conv=notrunc 2>/dev/null' \
		sh "state/snapshot/$2/data"
}

snapshots() { # I
	lab_on "$1" ls state/snapshot | grep -x '[0-9]*\.[0-9]*'
}

# Two snapshots, and none that is just being taken.
two() { # I
	[ "$(snapshots "$1" | wc -l)" -eq 2 ]
}

# Writes until host I has two: where one was just installed, one round is too little.
has_two() { # I
	local n
	for n in 1 2 3; do
		round "$(lab_leader)" 1
		! wait_for 15 two "$1" || return 0
	done
	return 1
}

@test "F27 a host's newest snapshot is rotten: it starts with the older one, and the log" {
	victim=$(lab_followers | head -n 1)
	has_two "$victim"
	before=$(installed "$victim")
	lab_on "$victim" ./lite-raft stop
	newest=$(snapshots "$victim" | tail -n 1)
	rots "$victim" "$newest"
	lab_on "$victim" ./lite-raft start
	lab_logs "$victim" | grep -q "snapshot: state/snapshot/$newest is damaged and set aside"
	same_stores
	no installs "$victim" "$before"
}

@test "F24 F27 all snapshots of a host are rotten: it votes for nobody, and is sent a new one" {
	victim=$(lab_followers | head -n 1)
	has_two "$victim"
	before=$(installed "$victim")
	lab_on "$victim" ./lite-raft stop
	for name in $(snapshots "$victim"); do
		rots "$victim" "$name"
	done
	# First alone: it does nothing by itself.
	lab_isolate "$victim"
	lab_on "$victim" ./lite-raft start
	term=$(lab_shows "$victim" term)
	refused() { lab_logs "$victim" | grep -q 'vote: cannot ask: this node.s log is damaged'; }
	wait_for 30 refused
	[ -z "$(lab_file "$victim" run/ballots)" ]
	[ "$(lab_shows "$victim" term)" = "$term" ]
	lab_heal
	wait_for 60 installs "$victim" "$before"
	same_stores
}

# Fills host I's disk to the last block.
fill() { # I
	lab_on "$1" sh -c 'dd if=/dev/zero of=filler bs=64k; dd if=/dev/zero of=filler2 bs=512; sync' >/dev/null 2>&1 || :
}

free() { # I
	lab_on "$1" rm -f filler filler2
}

# Host I is asked to take a snapshot of something new, with status STATUS.
takes() { # I STATUS
	took_status=0
	lab_client "$1" --timeout 15 set takes "$2" || return 1
	lab_on "$1" libexec/step/snapshot take >"$BATS_TEST_TMPDIR/said" 2>&1 || took_status=$?
	[ "$took_status" -eq "$2" ]
}

@test "F44 the leader has no room for a snapshot: it goes on, and takes one when there is room" {
	full=$(lab_leader)
	round "$full" 1
	# One that is just being taken makes room once it is done.
	no_room() { fill "$full" && takes "$full" 74; }
	wait_for 30 no_room
	[ "$(wc -l <"$BATS_TEST_TMPDIR/said")" -eq 1 ]
	lab_client "$full" set f44 still
	lab_runs "$full"
	no lab_on "$full" sh -c 'ls -d state/snapshot/*.new' 2>/dev/null
	free "$full"
	wait_for 20 takes "$full" 0
	same_stores
}

@test "F44 a host has no room for the snapshot that it is sent: it goes on, and gets it when there is room" {
	behind=$(lab_followers | head -n 1)
	before=$(installed "$behind")
	leaves_behind "$behind"
	fill "$behind"
	lab_heal
	refused() { lab_logs "$behind" | grep -q 'install: cannot .*: No space left on device'; }
	wait_for 60 refused
	lab_runs "$behind"
	lab_client "$behind" --timeout 15 set f44 install
	no installs "$behind" "$before"
	free "$behind"
	wait_for 60 installs "$behind" "$before"
	same_stores
}

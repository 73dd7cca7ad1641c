# A follower that the log has left behind gets a snapshot, over real ssh.

load ../lib/cluster

SIZE=200000 # bytes of a value

setup_file() {
	cluster_up_with 3 3 snapshot_period 1000000
}

teardown_file() { cluster_down; }
teardown() {
	goes # a sender that stands still
	cluster_after
}

# writes TAG COUNT: so many large values, through a node that runs.
writes() {
	awk -v tag="$1" -v n="$2" -v size="$SIZE" 'BEGIN {
		for (value = tag; length(value) < size;)
			value = value value
		value = substr(value, 1, size)
		for (i = 1; i <= n; i++)
			printf "set %s/%d %s\n", tag, i, value }' |
		client "$(another)" batch >/dev/null
}

# compacts I: node I takes two snapshots, so that its log begins behind the first.
compacts() {
	client "$1" noop
	on "$1" libexec/step/snapshot take
	client "$1" noop
	on "$1" libexec/step/snapshot take
}

# begins I: the index that node I's log begins with.
begins() {
	local first
	first=$(ls "$(node_dir "$1")/state/log" | grep '^[0-9]*$' | head -n 1)
	printf '%s\n' "$((10#$first))"
}

# left_behind DOWN: all but that node go on, and their logs begin behind its end.
left_behind() {
	local n
	kill_node "$1"
	await_leader
	writes a 60
	for n in 1 2 3; do
		[ "$n" = "$1" ] || wait_for 10 compacts "$n"
	done
	[ "$(begins "$(leader)")" -gt "$(show "$1" last_index)" ]
}

# incoming I: bytes of a snapshot that node I has of one that is coming.
incoming() {
	cat "$(node_dir "$1")"/state/snapshot/*.part/[dr]* 2>/dev/null | wc -c
}
arrives() { # I BYTES
	[ "$(incoming "$1")" -ge "$2" ]
}

# has_all I: node I has what the others have, and its store says the same.
has_all() {
	wait_for 60 agreed
	client "$1" get a/60 | tr -d a | cmp - <(echo)
	cmp <(on "$1" libexec/step/snapshot export --whole | tail -n +2) \
		<(on "$(another "$1")" libexec/step/snapshot export --whole | tail -n +2)
	[ ! -e "$(node_dir "$(leader)")/run/behind.n$1" ]
	on "$1" libexec/step/snapshot check
	not ls -d "$(node_dir "$1")"/state/snapshot/*.part
}

# slow: from now on a sender stands still behind 3 MB, until there is a file go; it
# breaks off there if there is a file die.
slow() {
	local n dir
	rm -f "$CLUSTER"/go "$CLUSTER"/die "$CLUSTER"/stands
	for n in 1 2 3; do
		dir=$(node_dir "$n")/libexec/step
		[ -e "$dir/snapshot.real" ] || mv "$dir/snapshot" "$dir/snapshot.real"
		cat >"$dir/snapshot" <<-END
			#!/bin/sh
			[ "\$1" = send ] || exec libexec/step/snapshot.real "\$@"
			libexec/step/snapshot.real "\$@" | {
				head -c 3000000
				: >"$CLUSTER/stands"
				until [ -e "$CLUSTER/go" ]; do
					sleep 0.05
				done
				[ -e "$CLUSTER/die" ] || cat
			}
		END
		chmod +x "$dir/snapshot"
	done
}

goes() {
	: >"$CLUSTER/go"
}

# taken_from I: where each of node I's installs began, a line each.
taken_from() {
	sed -n 's/.*install: takes the snapshot of index .* from byte \([0-9]*\) .*/\1/p' \
		"$(node_dir "$1")/message-log/node.log"
}

# caught I: starts node I; sets $lead, whose sender stands still in the midst of it.
caught() {
	slow
	lead=$(leader)
	start "$1"
	wait_for 20 test -e "$CLUSTER/stands"
	wait_for 20 arrives "$1" 2000000
}

@test "a follower that was down while the leader compacted beyond it: the snapshot, then the log" {
	local down before
	down=$(follower)
	left_behind "$down"
	before=$(show "$(leader)" term)
	# Until it is there, nothing is asked of it.
	wait_for 20 grep -qsx 0000000000000000 "$(node_dir "$(leader)")/run/behind.n$down"
	wait_for 20 test -e "$(node_dir "$(leader)")/run/offer.n$down"
	start "$down"
	writes b 10
	has_all "$down"
	[ "$(begins "$down")" -gt 1 ]
	[ "$(show "$down" term)" = "$before" ]
}

# again I: node I has been sent one twice.
again() {
	[ "$(taken_from "$1" | wc -l)" -ge $((installs + 2)) ]
}

@test "F25 the sender is killed midway: the next one goes on where it broke off" {
	local down from installs lead
	down=$(follower)
	installs=$(taken_from "$down" | wc -l)
	left_behind "$down"
	caught "$down"
	: >"$CLUSTER/die"
	goes
	wait_for 20 again "$down"
	rm "$CLUSTER/die"
	has_all "$down"
	from=$(taken_from "$down" | tail -n 1)
	[ "$from" -ge 2000000 ]
}

@test "F25 the leader compacts again, twice, while it sends" {
	local down lead
	down=$(follower)
	left_behind "$down"
	caught "$down"
	writes c 20
	compacts "$lead"
	compacts "$lead"
	writes d 5
	goes
	has_all "$down"
}

@test "F25 the leader dies while it sends: the next one sends its own" {
	local down lead
	down=$(follower)
	left_behind "$down"
	caught "$down"
	kill_node "$lead"
	goes
	await_leader
	start "$lead"
	has_all "$down"
}

@test "F25 the follower dies while it is sent one" {
	local down lead
	down=$(follower)
	left_behind "$down"
	caught "$down"
	kill_node "$down"
	goes
	start "$down"
	has_all "$down"
	[ "$(taken_from "$down" | tail -n 1)" -gt 0 ]
}

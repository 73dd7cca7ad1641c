#!/usr/bin/env bats
# Three hosts whose ssh is not as it should be, or is busy.

load common

setup_file() {
	cluster_up 3 1
}

setup() {
	skip_or cluster_mended 40
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || lab_report
	[ ! -f "$LAB/known_hosts" ] || mend_ssh
}

# Files that are mounted on the hosts are written in place.
mend_ssh() {
	for mend_i in $(lab_all); do
		cat "$LAB/known_hosts" >"$LAB/hosts/$mend_i/home/.ssh/known_hosts"
		cat "$LAB/authorized_keys" >"$LAB/hosts/$mend_i/home/.ssh/authorized_keys"
		cat "$LAB/etc_hosts" >"$LAB/hosts/$mend_i/etc/hosts"
	done
}

# Ends host I's node, and starts it again on a fresh set of connections.
restart() { # I
	lab_on "$1" ./lite-raft stop
	lab_on "$1" ./lite-raft start
}

# Host I's message log says of NODE that WHY, in few lines.
complains() { # I NODE WHY
	lab_logs "$1" | grep -e "$2: .*$3"
}

# Host I has a write accepted although its way to another is barred.
goes_on() { # I KEY
	goes_ms=$(took lab_client "$1" --timeout 15 set "$2" yes)
	tell "$2 on h$1: $goes_ms ms"
	[ "$goes_ms" -lt 8000 ]
}

@test "F57 a host key that changed: one clear line, and the others go on" {
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/key"
	sed "s|^h2,10.77.0.2 .*|h2,10.77.0.2 $(cut -d ' ' -f 1,2 "$BATS_TEST_TMPDIR/key.pub")|" "$LAB/known_hosts" \
		>"$LAB/hosts/1/home/.ssh/known_hosts"
	run lab_on 1 ssh -o BatchMode=yes h2 true
	[ "$status" -ne 0 ]
	restart 1
	wait_for 15 complains 1 h2 'Host key verification failed'
	goes_on 1 f57.hostkey
	[ "$(complains 1 h2 'Host key' | wc -l)" -le 6 ]
	check_safety
}

@test "F57 a key that is refused: one clear line, and the others go on" {
	grep -v root@h1 "$LAB/authorized_keys" >"$LAB/hosts/2/home/.ssh/authorized_keys"
	run lab_on 1 ssh -o BatchMode=yes h2 true
	[ "$status" -ne 0 ]
	restart 1
	wait_for 15 complains 1 h2 'Permission denied'
	goes_on 1 f57.refused
	[ "$(complains 1 h2 'Permission denied' | wc -l)" -le 6 ]
	check_safety
}

@test "F57 a name that does not resolve: one clear line, and the others go on" {
	grep -v h2 "$LAB/etc_hosts" >"$LAB/hosts/1/etc/hosts"
	run lab_on 1 ssh -o BatchMode=yes h2 true
	[ "$status" -ne 0 ]
	restart 1
	wait_for 15 complains 1 h2 'resolve'
	goes_on 1 f57.resolve
	[ "$(complains 1 h2 'resolve' | wc -l)" -le 6 ]
	check_safety
}

@test "F57 a stopped node's client finds the others past a name that does not resolve" {
	grep -v h2 "$LAB/etc_hosts" >"$LAB/hosts/1/etc/hosts"
	lab_on 1 ./lite-raft stop
	goes_on 1 f57.stopped
	[ "$(lab_client 1 get f57.stopped)" = yes ]
	check_safety
}

@test "F55 forty connections that say nothing wait at every sshd: the cluster goes on" {
	remember_reign
	writer_start idle "$reign_leader"
	for host in $(lab_all); do
		lab_bg lab_on "$host" bash -c '
			for i in 1 2 3; do
				for n in {1..14}; do
					exec {fd}<>"/dev/tcp/10.77.0.$i/22"
				done
			done
			sleep 60'
	done
	waiting() {
		[ "$(lab_on 1 sh -c 'ss -Htn state established sport 22 | wc -l')" -ge 30 ]
	}
	wait_for 10 waiting
	tell "F55 $(lab_on 1 sh -c 'ss -Htn state established sport 22 | wc -l') connections at h1's sshd"
	holds 3 same_reign
	writer_stop idle
	tell "F55 $(writer_count idle) writes, longest $(writer_worst idle) ms"
	writer_check idle 2
	[ "$(writer_count idle)" -gt 5 ]
	# A new leader needs new connections; sshd drops about half of them.
	lab_on "$reign_leader" ./lite-raft stop
	goes_on 2 f55.stop
	lab_on "$reign_leader" ./lite-raft start
	cluster_settled 30 "$reign_leader"
	wait_for 30 cluster_level
	check_safety
}

@test "F55 twenty clients at once through a node that does not lead" {
	follower=$(lab_followers | head -n 1)
	begun=$(lab_ms)
	rm -f "$LAB"/many.*
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		lab_bg one_of_many "$n"
	done
	done_all() { [ "$(cat "$LAB"/many.* | wc -l)" -eq 20 ]; }
	wait_for 30 done_all
	tell "F55 twenty clients through one follower: $(($(lab_ms) - begun)) ms"
	[ "$(sort -u "$LAB"/many.*)" = 0 ]
	[ "$(lab_client "$follower" list many. | wc -l)" -eq 20 ]
	check_safety
}

one_of_many() { # N
	many_status=0
	lab_client "$follower" --timeout 20 set "many.$1" yes || many_status=$?
	printf '%s\n' "$many_status" >"$LAB/many.$1"
}

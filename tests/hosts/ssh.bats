#!/usr/bin/env bats
# Three hosts whose ssh is not as it should be, or is busy.

load common

setup_file() {
	cluster_up 3 election_timeout 2
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

# Host A's way to host B is barred by BAR; its node starts anew, as connections that
# are open stay open.  A line says why, not many, and the cluster goes on.
barred() { # A B BAR WHY
	"$3" "$1" "$2"
	no lab_on "$1" ssh -o BatchMode=yes "h$2" true
	lab_on "$1" ./lite-raft stop
	run lab_on "$1" ./lite-raft start
	[ "$status" -eq 0 ]
	[[ $output == *"h$2: "*"$4"* ]]
	wait_for 15 complains "$1" "$2" "$4"
	cluster_settled 30
	other=$(lab_all | grep -v -x -e "$1" -e "$2")
	lab_client "$other" set "$3" yes
	if [ "$(lab_leader)" = "$2" ]; then
		refused "$1" "$2"
	else
		[ "$(lab_client "$1" get "$3")" = yes ]
	fi
	tell "F57 $3: $(complains "$1" "$2" "$4" | wc -l) lines"
	[ "$(complains "$1" "$2" "$4" | wc -l)" -le 6 ]
	check_safety
}

# Host I's message log says of host J that WHY.
complains() { # I J WHY
	lab_logs "$1" | grep -e "h$2: .*$3"
}

# The leader is out of host I's reach: its clients are told, in one line, in time.
refused() { # I LEADER
	refused_begun=$(lab_ms)
	run lab_client "$1" --timeout 3 set never there
	[ "$status" -eq 69 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"h$2"* ]]
	tell "F57 h$1 cannot reach the leader: told after $(($(lab_ms) - refused_begun)) ms"
	[ $(($(lab_ms) - refused_begun)) -lt 25000 ]
}

changed_host_key() { # A B
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/key"
	{
		printf 'h%s,10.77.0.%s %s\n' "$2" "$2" "$(cut -d ' ' -f 1,2 "$BATS_TEST_TMPDIR/key.pub")"
		grep -v "^h$2," "$LAB/known_hosts"
	} >"$LAB/hosts/$1/home/.ssh/known_hosts"
}

refused_key() { # A B
	grep -v "root@h$1\$" "$LAB/authorized_keys" >"$LAB/hosts/$2/home/.ssh/authorized_keys"
}

unknown_name() { # A B
	grep -v "h$2\$" "$LAB/etc_hosts" >"$LAB/hosts/$1/etc/hosts"
}

@test "F57 a host key that changed: one clear line, and the others go on" {
	barred "$(lab_followers | head -n 1)" "$(lab_followers | tail -n 1)" \
		changed_host_key 'Host key verification failed'
}

@test "F57 a key that is refused: one clear line, and the others go on" {
	barred "$(lab_followers | head -n 1)" "$(lab_followers | tail -n 1)" \
		refused_key 'Permission denied'
}

@test "F57 a name that does not resolve: one clear line, and the others go on" {
	barred "$(lab_followers | head -n 1)" "$(lab_followers | tail -n 1)" \
		unknown_name 'resolve'
}

@test "F57 the leader's key is the one that changed: its followers' clients are told" {
	barred "$(lab_followers | head -n 1)" "$(lab_leader)" \
		changed_host_key 'Host key verification failed'
}

@test "F57 a leader that one peer refuses leads on with the other" {
	remember_reign
	barred_peer=$(lab_followers | head -n 1)
	unknown_name "$reign_leader" "$barred_peer"
	# Its streams are cut, and cannot be made again.
	lab_isolate "$barred_peer"
	holds 5 same_reign
	lab_heal
	writer_start refused "$reign_leader"
	holds 3 same_reign
	wait_for 60 writer_wrote refused 5
	writer_stop refused
	complains "$reign_leader" "$barred_peer" resolve
	check_safety
}

@test "F57 a stopped node's client finds the others past a name that does not resolve" {
	stopped=$(lab_followers | head -n 1)
	unknown_name "$stopped" "$(lab_followers | tail -n 1)"
	lab_on "$stopped" ./lite-raft stop
	ms=$(next_write "$stopped" f57.stopped yes)
	tell "F57 a write through a stopped node: $ms ms"
	[ "$ms" -lt 25000 ]
	[ "$(lab_client "$stopped" get f57.stopped)" = yes ]
	check_safety
}

# Connections at host I's sshd that never say a word.
waiting() { # I
	lab_on "$1" ss -Htn state established '( sport = :22 )' | wc -l
}

@test "F55 forty connections that say nothing wait at every sshd: the cluster goes on" {
	remember_reign
	writer_start idle "$reign_leader"
	for host in $(lab_all); do
		lab_bg lab_on "$host" bash -c '
			for i in 1 2 3; do
				for n in {1..26}; do
					exec {fd}<>"/dev/tcp/10.77.0.$i/22"
				done
			done
			sleep 60'
	done
	crowded() { [ "$(waiting 1)" -ge 35 ]; }
	wait_for 10 crowded
	tell "F55 $(waiting 1) connections at h1's sshd"
	holds 3 same_reign
	wait_for 60 writer_wrote idle 5
	writer_stop idle
	tell "F55 $(writer_count idle) writes, longest $(writer_worst idle) ms"
	writer_check idle 2
	# A new leader needs new connections; sshd drops about half of them.
	lab_on "$reign_leader" ./lite-raft stop
	ms=$(next_write "$(lab_all | grep -v -x "$reign_leader" | head -n 1)" f55 yes)
	tell "F55 the leader stopped: next write after $ms ms"
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

# What an ssh may meet on the other side: login shells that are slow, talk, or
# are no Bourne shell; a busy sshd; keys that are refused, names that are none.

load ../lib/cluster
load ../lib/faults

setup_file() {
	cluster_up 3
	ways_keep
}

teardown_file() {
	cluster_down
}

# What each test finds: the users' own login shells, keys that are known and taken,
# and a leader.
setup() {
	ways_mend
	mended
}

teardown() {
	[ -z "${idle-}" ] || send KILL "$idle"
	cluster_after
	[ ! -d "$BATS_TEST_TMPDIR/new nodes" ] || cluster_down
}

# ways_keep: remembers what the tests change of the ways between the hosts.
ways_keep() {
	local node
	for node in $(nodes); do
		mkdir "$BATS_FILE_TMPDIR/n$node"
		(cd "$CLUSTER/n$node" && cp known_hosts authorized_keys lite-raft/conf/ssh_config "$BATS_FILE_TMPDIR/n$node")
	done
}

# ways_mend: makes that what it was.
ways_mend() {
	local node
	for node in $(nodes); do
		(cd "$BATS_FILE_TMPDIR/n$node" && cp known_hosts authorized_keys "$CLUSTER/n$node" && cp ssh_config "$CLUSTER/n$node/lite-raft/conf")
	done
	grep -q ^ForceCommand "$CLUSTER"/n*/sshd_config || return 0
	for node in $(nodes); do
		login "$node"
	done
	restart_all
}

# login NODE COMMAND...: from now on NODE's login shell is COMMAND: what is asked
# of it comes behind, as one word.  Without COMMAND it is the user's own again.
login() {
	local dir=$CLUSTER/n$1
	shift
	sed -i '/^ForceCommand/d' "$dir/sshd_config"
	if [ $# -gt 0 ]; then
		printf '%q ' "$@" >"$dir/login"
		printf "ForceCommand c=\$SSH_ORIGINAL_COMMAND; unset SSH_ORIGINAL_COMMAND; eval \"set -- \$(cat '%s')\"; exec \"\$@\" \"\$c\"\n" \
			"$dir/login" >>"$dir/sshd_config"
	fi
	restart_sshd "${dir##*/n}"
}

# restart_all: every node is stopped, and started again on new connections.
restart_all() {
	local node
	for node in $(nodes); do
		crash "$node"
	done
	start_all
	await_leader
}

# works: each node writes, and reads what another has written; the leader dies
# and another comes.
works() {
	local node
	for node in 1 2 3; do
		client "$node" --timeout 30 set "f56.$node" "$1 $node"
		[ "$(client $((node % 3 + 1)) --timeout 30 get "f56.$node")" = "$1 $node" ]
	done
	node=$(leader)
	send KILL "$(lead_pid "$node")"
	client "$node" --timeout 60 set f56 "$1"
	[ "$(client $((node % 3 + 1)) --timeout 30 get f56)" = "$1" ]
	stop "$node"
	await_leader
	start "$node"
	await_leader
}

# slow SECONDS: the words of a login shell that takes so long and greets, on both
# of its outputs.
slow() {
	printf '%s\n' sh -c 'printf "Welcome to\n\tlite-raft-gate 2\n"; printf "You have mail.\n" >&2; sleep "$1"; exec sh -c "$2"' sh "$1"
}

@test "F56 the first boot where each host has another shell: csh, fish, a slow one that greets" {
	CLUSTER=$BATS_TEST_TMPDIR/new\ nodes
	cluster_up 3 --no-boot
	shells=''
	if command -v tcsh; then
		login 1 tcsh -c
		shells='csh '
	fi
	if command -v fish; then
		login 2 fish -c
		shells=${shells}fish
	fi
	mapfile -t words < <(slow 1)
	login 3 "${words[@]}"
	if [ "$shells" = 'csh fish' ]; then
		# They are what they are said to be.
		run on 3 ssh -F conf/ssh_config -o BatchMode=yes n1 'echo $shell:t'
		[[ $output == *csh ]]
		run -0 on 3 ssh -F conf/ssh_config -o BatchMode=yes n2 'echo $FISH_VERSION; set -q version; echo $status'
		[ "${lines[-1]}" = 0 ]
	fi
	boot_all
	await_leader
	works first
	[ "$shells" = 'csh fish' ] || skip "only with what is here, $shells: tcsh and fish are wanted"
}

@test "F56 every host's login shell is csh" {
	command -v tcsh || skip 'there is no tcsh'
	for node in $(nodes); do
		login "$node" tcsh -c
	done
	restart_all
	works csh
}

@test "F56 every host's login shell is fish" {
	command -v fish || skip 'there is no fish'
	for node in $(nodes); do
		login "$node" fish -c
	done
	restart_all
	works fish
}

@test "F56 every host's login shell takes a second and greets" {
	mapfile -t words < <(slow 1)
	for node in $(nodes); do
		login "$node" "${words[@]}"
	done
	before=$(highest_term)
	restart_all
	works slow
	after=$(highest_term)
	printf 'terms %s to %s\n' "$before" "$after"
	((after - before <= 40))
	one_leader_a_term
}

@test "F56 every host's login shell takes longer than two election timeouts" {
	mapfile -t words < <(slow 2.5)
	for node in $(nodes); do
		login "$node" "${words[@]}"
		crash "$node"
	done
	start_all
	run -0 client 1 --timeout 60 set f56 patience
}

# idle N: N connections to each node's sshd, which say nothing, until $idle dies.
idle() {
	bash -c '
		for port in "${@:2}"; do
			for ((n = 0; n < $1; n++)); do
				exec {fd}<>"/dev/tcp/127.0.0.1/$port"
			done
		done
		: >"$CONNECTED"
		exec sleep 300' bash "$1" "$(cat "$CLUSTER/n1/port")" "$(cat "$CLUSTER/n2/port")" "$(cat "$CLUSTER/n3/port")" 3>&- 4>&- &
	idle=$!
	wait_for 30 test -e "$CONNECTED"
}

@test "F55 forty connections that say nothing wait at each sshd: all goes on" {
	term=$(highest_term)
	export CONNECTED=$BATS_TEST_TMPDIR/connected
	idle 40
	for node in 1 2 3; do
		client "$node" --timeout 30 set f55 "$node"
		[ "$(client $((node % 3 + 1)) --timeout 30 get f55)" = "$node" ]
	done
	# A machine that is busy may have cost the leader its second, but not again and again.
	(($(highest_term) - term <= 2))
	# A new leader, and a node that comes back, need connections.
	it=$(await_leader)
	send KILL "$(lead_pid "$it")"
	client "$it" --timeout 60 set f55 again
	stop "$it"
	for tries in 1 2 3; do
		run start "$it"
		printf 'start %s: %s: %s\n' "$tries" "$status" "$output"
		[ "$status" -eq 0 ]
		stop "$it"
	done
	start "$it"
	[ "$(client "$it" --timeout 60 get f55)" = again ]
	kill "$idle"
	wait_for 60 agreed
}

@test "F55 thirty clients at once through a node that does not lead" {
	node=$(follower)
	jobs=()
	for ((n = 0; n < 30; n++)); do
		client "$node" --timeout 60 set "f55.$n" yes &
		jobs+=("$!")
	done
	for job in "${jobs[@]}"; do
		wait "$job"
	done
	[ "$(client "$node" list f55. | wc -l)" -eq 30 ]
}

# Two followers, of whom $node's way to $other is to be barred.
followers() {
	it=$(leader)
	node=$(follower)
	other=$((6 - it - node))
	log=$CLUSTER/n$node/lite-raft/message-log/node.log
}

# barred WHY: node is restarted where its way to other is barred, WHY being what
# ssh says: one clear line in its log, and it goes on with the third.
barred() {
	local before
	run on "$node" ssh -F conf/ssh_config -o BatchMode=yes "n$other" true
	[ "$status" -eq 255 ]
	before=$(grep -c "n$other: .*$1" "$log") || :
	stop "$node"
	# A stopped node's client finds the one that it can reach.
	client "$node" --timeout 30 set f57 "$1"
	run -0 start "$node"
	printf "%s\n" "$output"
	[[ $output == *"still waits for n$other: "*"$1"* ]]
	wait_for 30 logged "$node" "n$other: .*$1"
	client "$node" --timeout 30 set f57 "$1, still"
	[ "$(client "$node" --timeout 30 get f57)" = "$1, still" ]
	# One line, not one a try; the links', the streams' and the votes' own.
	[ "$(grep -c "n$other: .*$1" "$log")" -le $((before + 6)) ]
	# Without the third, one line says so, soon.
	crash "$it"
	began=$(milliseconds)
	run client "$node" --timeout 5 get f57
	printf '%s: %s, %s ms\n' "$status" "$output" "$(($(milliseconds) - began))"
	[ "$status" -eq 69 ]
	said_once
	[[ $output == *"n$other cannot be reached (try: ssh n$other true)"* ]]
	(($(milliseconds) - began < 20000))
	start "$it"
}

@test "F57 a host key that has changed" {
	followers
	ssh-keygen -q -t ed25519 -N '' -C new -f "$BATS_TEST_TMPDIR/new"
	read -r type key _ <"$BATS_TEST_TMPDIR/new.pub"
	sed -i "s,^n$other .*,n$other $type $key," "$CLUSTER/n$node/known_hosts"
	barred 'Host key verification failed'
}

@test "F57 a key that is refused" {
	followers
	sed -i "/ n$node\$/d" "$CLUSTER/n$other/authorized_keys"
	barred 'Permission denied'
}

@test "F57 a name that does not resolve" {
	followers
	sed -i "/^Host n$other\$/,/Port/s/HostName .*/HostName nowhere.invalid/" \
		"$CLUSTER/n$node/lite-raft/conf/ssh_config"
	barred 'Could not resolve'
}

@test "F57 a node that cannot reach itself does not start, and says what to do" {
	stop 1
	sed -i '/ n1$/d' "$CLUSTER/n1/authorized_keys"
	began=$(milliseconds)
	run -78 start 1
	printf '%s\n' "$output"
	said_once
	[[ $output == *'cannot reach this node as n1 through ssh: '*'Permission denied'*'n1 true'* ]]
	(($(milliseconds) - began < 25000))
	[ "$(role 1)" = stopped ]
	ways_mend
	run -0 start 1
}

# The sandbox and the demo: nodes with their own sshds on loopback, by anybody.

load ../lib/cluster
load ../lib/faults

setup() {
	CLUSTER=$BATS_TEST_TMPDIR/two\ words
}

teardown() {
	cluster_after
	cluster_down
}

# by_user DIR COMMAND...: runs it as a user who is not root, with the home DIR;
# root borrows one whom only this command's name space knows.
by_user() {
	local home=$1
	shift
	if [ "$(id -u)" -ne 0 ]; then
		env HOME="$home" TMPDIR="$home" "$@"
		return
	fi
	{
		grep -v '^lr:' /etc/passwd
		printf 'lr:x:54321:54321::%s:/bin/sh\n' "$home"
	} >"$home.passwd"
	chmod 644 "$home.passwd"
	chown -R 54321:54321 "$home"
	cat >"$home.borrow" <<-END
		mount --bind "$home.passwd" /etc/passwd
		exec setpriv --reuid 54321 --regid 54321 --clear-groups env HOME="$home" TMPDIR="$home" "\$@"
	END
	out unshare -m sh "$home.borrow" "$@"
}

# shared_dir: sets dir to a new directory that any user can pass through.
shared_dir() {
	dir=$(mktemp -d /tmp/lr.XXXXXX)
	chmod 755 "$dir"
}

@test "nodes reach each other by name, and nothing outside is touched" {
	mkdir "$BATS_TEST_TMPDIR/home"
	HOME=$BATS_TEST_TMPDIR/home run -0 cluster_up 2 --no-boot
	for n in 1 2; do
		for m in 1 2; do
			run -0 on "$n" ssh -F conf/ssh_config -o BatchMode=yes "n$m" printenv SSH_CONNECTION
			[[ $output == "127.0.0.1 "*" 127.0.0.1 $(cat "$CLUSTER/n$m/port")" ]]
		done
	done
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/home")" ]
	run -0 sandbox list
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[2]} == "n2 "*" $(cat "$CLUSTER/n2/port") "*"$CLUSTER/n2/lite-raft" ]]
}

@test "up again mends what is missing and changes nothing else" {
	cluster_up 2 --no-boot
	cp "$CLUSTER/n1/sshd.pid" "$CLUSTER/n2/lite-raft/conf/ssh_config" "$BATS_TEST_TMPDIR"
	kill "$(cat "$CLUSTER/n2/sshd.pid")"
	sandbox up --no-boot
	cmp "$CLUSTER/n1/sshd.pid" "$BATS_TEST_TMPDIR/sshd.pid"
	on 1 ssh -F conf/ssh_config -o BatchMode=yes n2 true
	run -64 sandbox up -n 3 --no-boot
	[[ $output == *"it has 2"* ]]
}

@test "a port that is taken is left to its owner" {
	cluster_up 2 --no-boot
	kill "$(cat "$CLUSTER/n2/sshd.pid")"
	cp "$CLUSTER/n1/port" "$CLUSTER/n2/port"
	sandbox up --no-boot
	not cmp "$CLUSTER/n1/port" "$CLUSTER/n2/port"
	run -0 on 1 ssh -F conf/ssh_config -o BatchMode=yes n2 printenv SSH_CONNECTION
	[[ $output == *" $(cat "$CLUSTER/n2/port")" ]]
}

@test "down ends only what is its own: a pid that has passed to another is left alone" {
	cluster_up 2 --no-boot
	old=$(cat "$CLUSTER/n1/sshd.pid")
	sleep 60 3>&- 4>&- &
	other=$!
	printf '%s\n' "$other" >"$CLUSTER/n1/sshd.pid"
	sandbox down
	[ ! -e "$CLUSTER" ]
	kill "$other"
	# Its own sshd it knows without the pid file.
	wait_for 30 not test -e "/proc/$old/cwd"
}

@test "F51 down: an sshd that is frozen does not keep it" {
	cluster_up 2 --no-boot
	frozen=$(cat "$CLUSTER/n1/sshd.pid")
	kill -s STOP "$frozen"
	sandbox down
	[ ! -e "$CLUSTER" ]
	wait_for 30 gone "$frozen"
}

@test "several sandboxes stand side by side, made from anywhere" {
	cluster_up 2 --no-boot
	another=$BATS_TEST_TMPDIR/another
	cd /
	out "$ROOT/lite-raft" sandbox up --dir "$another" -n 2 --no-boot
	out "$ROOT/lite-raft" sandbox exec --dir "$another" 1 ssh -F conf/ssh_config -o BatchMode=yes n2 true
	out "$ROOT/lite-raft" sandbox down --dir "$another"
	on 1 ssh -F conf/ssh_config -o BatchMode=yes n2 true
}

@test "what makes no sense is refused, and changes nothing" {
	run -64 sandbox up -n 0
	run -64 sandbox up -n three
	run -64 sandbox up extra
	run -64 "$ROOT/lite-raft" sandbox
	run -64 "$ROOT/lite-raft" sandbox up --dir "$BATS_TEST_TMPDIR/it's"
	run -64 sandbox list
	[[ $output == *"sandbox up"* ]]
	run -0 sandbox down
	mkdir "$CLUSTER"
	: >"$CLUSTER/mine"
	run -64 sandbox up
	run -64 sandbox down
	[ -f "$CLUSTER/mine" ]
	[ "$(ls "$CLUSTER")" = mine ]
}

@test "exec runs a command in a node's directory" {
	cluster_up 1 --no-boot
	run -0 sandbox exec 1 pwd
	[ "$output" = "$CLUSTER/n1/lite-raft" ]
	run -0 sandbox exec 1 printf '<%s>' 'a  b' "it's"
	[ "$output" = "<a  b><it's>" ]
	run -7 sandbox exec n1 sh -c 'exit 7'
	run -64 sandbox exec 2 true
	SHELL=$(command -v true) run -0 sandbox exec 1
	run -64 sandbox exec
	# Down from there ends everything but itself.
	run -0 sh -c 'cd "$1/n1/lite-raft" && exec "$2" sandbox down --dir "$1" --kill' sh "$CLUSTER" "$ROOT/lite-raft"
	[ ! -e "$CLUSTER" ]
}

@test "a cluster that was put down with --keep comes up with its data" {
	cluster_up 3
	run -0 client 1 set kept 'a value'
	sandbox down --keep
	[ "$(role 1) $(role 2) $(role 3)" = "stopped stopped stopped" ]
	sandbox up
	run -0 client 2 get kept
	[ "$output" = 'a value' ]
	# Who has voted may have been about to stand itself.
	listed() { [ "$(sandbox list | awk 'NR > 1 { print $4 }' | sort | tr '\n' ' ')" = 'follower follower leader ' ]; }
	wait_for 10 listed
}

@test "down ends frozen and orphaned processes too, and every sshd with its sessions" {
	cluster_up 3
	# Those of an sshd's processes that end with the one before them are gone
	# when their turn comes.
	for n in 1 2 3; do
		on 2 ssh -n -F conf/ssh_config n1 'exec sleep '6$$ 3>&- &
	done
	wait_for 20 eval '[ "$(pgrep -c -f "^sleep 6$$")" -ge 3 ]'
	freeze 1
	kill -9 "$(role_pid 2)"
	before=$(for n in 1 2 3; do node_pids "$n"; done)
	listening=$(cat "$CLUSTER"/n*/sshd.pid)
	sandbox down --kill
	# On its way out a process has no name any more, but its pid for a moment.
	wait_for 20 gone $listening
	for pid in $before; do
		# A dead process that nobody has waited for has no directory.
		[ ! -e "/proc/$pid/cwd" ]
	done
}

@test "an sshd that is gone when its turn comes keeps none of the others alive" {
	sleep 0 &
	wait "$!"
	cd "$BATS_TEST_TMPDIR"
	# It is listed, and has ended since.
	env -i PATH="$PATH" sh -e -c '
		root=$1 ended=$2
		. "$root/libexec/sandbox/nodes.sh"
		. "$root/libexec/sandbox/sshd.sh"
		sshd_pids() {
			[ -e listed ] || printf "%s\n" "$ended"
			: >listed
		}
		stop_sshd 1' sh "${BATS_TEST_DIRNAME%/tests/*}" "$!"
}

@test "an ordinary user needs no root" {
	shared_dir
	mkdir "$dir/home" "$dir/tree"
	copy_tree "$dir/tree/lite raft"
	chmod -R a+rX "$dir/tree"
	cat >"$dir/script" <<-END
		cd "$dir/tree/lite raft" &&
			./lite-raft sandbox up --dir "$dir/home/sb" -n 3 &&
			./lite-raft sandbox exec --dir "$dir/home/sb" 2 ./lite-raft-client set who "\$(id -u)" &&
			./lite-raft sandbox exec --dir "$dir/home/sb" 3 ./lite-raft-client get who
		./lite-raft sandbox down --dir "$dir/home/sb"
	END
	run by_user "$dir/home" sh "$dir/script"
	left=$(ls -A "$dir/home")
	rm -rf "$dir"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" != 0 ]
	[ -z "$left" ]
}

@test "the demo shows what it does, measures the failover and leaves nothing" {
	mkdir "$BATS_TEST_TMPDIR/t"
	TMPDIR=$BATS_TEST_TMPDIR/t run -0 out "$ROOT/lite-raft" demo
	[[ $output == *'$ ./lite-raft sandbox up'* ]]
	[[ $output == *'$ ./lite-raft-client set colour green'* ]]
	[[ $output == *'$ kill -9 '* ]]
	[[ ${lines[-2]} =~ ^package:\ [0-9]+\.[0-9]{3}\ s ]]
	[[ ${lines[-1]} =~ ^failover:\ [0-9]+\.[0-9]{3}\ s ]]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/t")" ]
}

@test "a demo that is interrupted leaves nothing" {
	mkdir "$BATS_TEST_TMPDIR/t"
	for until in 'sandbox up' 'kill -9'; do
		# SIGTERM, since a job of a shell without a terminal ignores SIGINT.
		TMPDIR=$BATS_TEST_TMPDIR/t "$ROOT/lite-raft" demo >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- 4>&- &
		demo=$!
		wait_for 60 grep -q "$until" "$BATS_TEST_TMPDIR/said"
		kill -TERM "$demo"
		wait "$demo" || [ "$?" -eq 130 ]
		[ -z "$(ls -A "$BATS_TEST_TMPDIR/t")" ]
	done
}

# How nodes become a cluster, and what stands against it: conf/ that is wrong,
# hosts that are down, directories that were moved, copied or wiped.

load ../lib/cluster
load ../lib/faults

# Five hosts; each test makes clusters of some of them.
setup_file() {
	cluster_up 5 --no-boot
}

teardown_file() {
	cluster_down
}

setup() {
	local node
	for node in $(nodes); do
		reset "$node" n1 n2 n3
	done
}

teardown() {
	cluster_after
}

# reset NODE NAME...: NODE as it is before its first boot, with these names in
# its conf/cluster_nodes.
reset() {
	local dir
	dir=$CLUSTER/n$1/lite-raft
	if [ -e "$dir/state" ]; then
		crash "$1"
		rm -rf "$dir/state" "$dir/run" "$dir/message-log"
	fi
	names "$@"
}

# names NODE NAME...: what NODE's conf/cluster_nodes says from now on.
names() {
	local file=$CLUSTER/n$1/lite-raft/conf/cluster_nodes
	shift
	[ ! -e "$file" ] || chmod u+rw "$file"
	rm -rf "$file"
	printf '%s\n' "$*" >"$file"
}

# boot NODE...: their first boots, all at once; their words are in said.NODE.
boot() {
	local node jobs=()
	for node; do
		on "$node" ./lite-raft first-boot >"$BATS_TEST_TMPDIR/said.$node" 2>&1 &
		jobs+=("$!")
	done
	wait_all "${jobs[@]}"
}

# formed NODE...: are they members, all of the same cluster?
formed() {
	local node cluster=''
	for node; do
		[ "$(show "$node" formed) $(show "$node" joiner)" = 'yes no' ] || return 1
		[ "${cluster:=$(show "$node" cluster)}" = "$(show "$node" cluster)" ] || return 1
	done
}

is_joiner() {
	[ "$(show "$1" joiner)" = yes ]
}

# waits NODE ERE: does it say that it waits so, in its status too?
waits() {
	grep -q -E -e "$2" "$CLUSTER/n$1/lite-raft/run/waits" &&
		on "$1" ./lite-raft status | grep -q -E -e "^waits .*$2" &&
		logged "$1" " waits: .*$2"
}

# refuses NODE COMMAND WORDS: one line that names the file and says WORDS, 78;
# no state is made, nothing runs.
refuses() {
	run on "$1" ./lite-raft "$2"
	printf '%s: %s\n' "$status" "$output"
	[ "$status" -eq 78 ]
	said_once
	[[ $output == "lite-raft: cannot "*"conf/cluster_nodes"*"$3"* ]]
	[ "$(role "$1")" = stopped ]
}

# wrong NODE COMMAND: what conf/cluster_nodes may say, and each time COMMAND is
# refused.
wrong() {
	local file=$CLUSTER/n$1/lite-raft/conf/cluster_nodes
	names "$1" n1 n2 'n3;n4'
	refuses "$1" "$2" 'n3;n4 is no name of a host'
	names "$1" n1 n2 n3 n2
	refuses "$1" "$2" 'names a host twice; write: n1 n2 n3'
	printf 'n1 n2 n3\r\n' >"$file"
	refuses "$1" "$2" CRLF
	printf '# n1 n2 n3\n\n' >"$file"
	refuses "$1" "$2" 'it is empty'
	: >"$file"
	refuses "$1" "$2" 'it is empty'
	rm "$file"
	refuses "$1" "$2" 'it is missing'
	mkdir "$file"
	refuses "$1" "$2" 'it is no file'
	if [ "$(id -u)" -ne 0 ]; then
		names "$1" n1 n2 n3
		chmod 000 "$file"
		refuses "$1" "$2" 'not permitted'
	fi
	names "$1" n1 n2 n3
}

@test "F59 first-boot with a cluster_nodes that cannot be used: one line, 78, no state" {
	wrong 1 first-boot
	names 1 n2 n3
	run -78 on 1 ./lite-raft first-boot
	said_once
	[[ $output == *'n1 is not in conf/cluster_nodes (n2 n3)' ]]
	[ ! -e "$CLUSTER/n1/lite-raft/state" ]
	# Without conf/node_name none of the names is this host's.
	mv "$CLUSTER/n1/lite-raft/conf/node_name" "$BATS_TEST_TMPDIR"
	names 1 n1 n2 n3
	refuses 1 first-boot 'printf'
	[[ $output == *conf/node_name* ]]
	mv "$BATS_TEST_TMPDIR/node_name" "$CLUSTER/n1/lite-raft/conf"
	[ ! -e "$CLUSTER/n1/lite-raft/state" ]
}

@test "F59 start with a cluster_nodes that cannot be used: the same, and nothing is lost" {
	names 1 n1
	boot 1
	client 1 --timeout 20 set f59 kept
	stop 1
	wrong 1 start
	names 1 n1
	run -0 start 1
	[ "$(client 1 --timeout 20 get f59)" = kept ]
}

@test "F59 F67 hosts whose lists differ say so, and form once they agree" {
	names 2 n1 n2
	boot 1 2 3
	wait_for 40 waits 1 'n2: its conf/cluster_nodes lists other nodes'
	wait_for 40 waits 2 'n1: its conf/cluster_nodes lists other nodes'
	not formed 1
	not formed 2
	names 2 n3 n2 n1
	wait_for 60 formed 1 2 3
	await_leader
}

@test "F59 a list with a host that is none: the others are told, and what is waited for is named" {
	names 1 n1 n2 n33
	names 2 n1 n2 n33
	boot 1 2
	grep 'still waits for n33: .*resolve' "$BATS_TEST_TMPDIR/said.1"
	wait_for 40 waits 1 'n33: does not answer \(.*resolve'
	# Where it is mended on one host only, the other is told.
	names 2 n1 n2 n3
	wait_for 40 waits 1 'n2: its conf/cluster_nodes lists other nodes'
	run client 1 --timeout 2 get f59
	[ "$status" -eq 69 ]
	said_once
}

@test "F60 two clusters whose nodes list each other by mistake stay two" {
	for node in 1 2; do names "$node" n1 n2; done
	for node in 3 4; do names "$node" n3 n4; done
	boot 1 2 3 4
	wait_for 60 formed 1 2
	wait_for 60 formed 3 4
	client 1 --timeout 30 set whose first
	client 3 --timeout 30 set whose second
	for node in 1 2 3 4; do
		crash "$node"
		names "$node" n1 n2 n3 n4
	done
	start_all 1 2 3 4
	for node in 1 2 3 4; do
		await_word "$node"
		[ "$(show "$node" members)" -eq 2 ]
	done
	[ "$(client 1 --timeout 30 get whose) $(client 2 --timeout 30 get whose)" = 'first first' ]
	[ "$(client 3 --timeout 30 get whose) $(client 4 --timeout 30 get whose)" = 'second second' ]
	run -0 on 1 ./lite-raft status
	[[ $output == *'cluster_nodes names n3, which is no member'* ]]
	# What one cluster asks of the other is refused, with a sentence.
	run gate 3 vote < <(ballot 1 3 1000)
	[ "$status" -eq 77 ]
	[[ $output == *'another cluster'* ]]
	run gate 3 append < <(frame append 1 3 1000 0 0 0 0 9 0)
	[ "$status" -eq 77 ]
	[[ $output == *'another cluster'* ]]
	[ "$(show 3 term)" -lt 1000 ]
	wait_for 20 one_leader_in 1 2
	wait_for 20 one_leader_in 3 4
}

# await_word NODE: until it answers a read.
await_word() {
	wait_for 40 client "$1" --timeout 5 get whose
}

# one_leader_in NODE...: one of them leads.
one_leader_in() {
	local node found=0
	for node; do
		[ "$(role "$node")" != leader ] || found=$((found + 1))
	done
	[ "$found" -eq 1 ]
}

@test "F62 a directory that was moved while stopped starts where conf/directories says so" {
	boot 1 2 3
	wait_for 60 formed 1 2 3
	client 3 --timeout 30 set f62 kept
	stop 3
	mv "$CLUSTER/n3/lite-raft" "$CLUSTER/n3/moved here"
	cd "$CLUSTER/n3/moved here"
	run out ./lite-raft start
	[ "$status" -eq 78 ]
	said_once
	[[ $output == *'cannot reach this node as n3'* ]]
	for dir in "$CLUSTER/n1/lite-raft" "$CLUSTER/n2/lite-raft" .; do
		cp "$dir/conf/directories" "$BATS_TEST_TMPDIR/directories"
		sed -i "s,^n3 .*,n3 $CLUSTER/n3/moved here," "$dir/conf/directories"
	done
	run -0 out ./lite-raft start
	[ "$(out ./lite-raft-client --timeout 30 get f62)" = kept ]
	follows_there() { [ "$(libexec/os/node show last_index)" = "$(show 1 last_index)" ]; }
	wait_for 30 follows_there
	out ./lite-raft stop
	cd /
	mv "$CLUSTER/n3/moved here" "$CLUSTER/n3/lite-raft"
	for node in 1 2 3; do
		cp "$BATS_TEST_TMPDIR/directories" "$CLUSTER/n$node/lite-raft/conf"
	done
	start 3
	[ "$(client 3 --timeout 30 get f62)" = kept ]
}

@test "F62 a directory that was copied with its state does not start" {
	boot 1 2 3
	wait_for 60 formed 1 2 3
	client 2 --timeout 30 set f62 kept
	for original in runs stopped; do
		[ "$original" = runs ] || stop 2
		cp -Rp "$CLUSTER/n2/lite-raft" "$CLUSTER/n2/copy"
		cd "$CLUSTER/n2/copy"
		run out ./lite-raft start
		printf '%s: %s: %s\n' "$original" "$status" "$output"
		[ "$status" -eq 78 ]
		said_once
		[[ $output == *'another directory'*conf/directories* ]]
		run ! out libexec/os/hold --who state/running
		# Nor does it vote or follow for those who ask.
		run gate_of_copy vote < <(ballot 1 2 1000)
		[ "$status" -eq 69 ]
		cd /
		rm -rf "$CLUSTER/n2/copy"
		[ "$(show 2 term)" -lt 1000 ]
	done
	start 2
	[ "$(client 2 --timeout 30 get f62)" = kept ]
}

gate_of_copy() {
	out env -u SSH_ORIGINAL_COMMAND "$CLUSTER/n2/copy/libexec/link/gate" "$1"
}

@test "F62 a directory that is started twice, under two names" {
	boot 1 2 3
	wait_for 60 formed 1 2 3
	client 1 --timeout 30 set f62 kept
	ln -s "$CLUSTER/n1/lite-raft" "$CLUSTER/n1/another name"
	cd "$CLUSTER/n1/another name"
	pid=$(role_pid 1)
	run -1 out ./lite-raft start
	[[ $output == *"running already (pid $pid)"* ]]
	run -78 out ./lite-raft first-boot
	out ./lite-raft stop
	[ "$(role 1)" = stopped ]
	run -0 out ./lite-raft start
	run -1 start 1
	[[ $output == *"running already"* ]]
	[ "$(out ./lite-raft-client --timeout 30 get f62)" = kept ]
	[ "$(client 1 --timeout 30 get f62)" = kept ]
	cd /
	rm "$CLUSTER/n1/another name"
}

@test "F67 a listed host is down at the first boot: the others wait, say so, and form when it comes" {
	kill "$(cat "$CLUSTER/n3/sshd.pid")"
	boot 1 2
	grep 'still waits for n3: .*refused' "$BATS_TEST_TMPDIR/said.1"
	wait_for 40 waits 1 'n3: does not answer \(.*refused'
	not formed 1
	run client 2 --timeout 2 set f67 v
	[ "$status" -eq 69 ]
	# Stopped and started meanwhile, it waits on.
	stop 2
	start 2
	sandbox up --no-boot
	wait_for 40 waits 1 'n3: does not answer \(.*first boot'
	boot 3
	wait_for 60 formed 1 2 3
	client 2 --timeout 30 set f67 v
}

@test "F67 a host that is wiped half-way comes in under its new id" {
	boot 1 2
	wait_for 40 waits 1 'n3: does not answer'
	old=$(show 2 id)
	reset 2 n1 n2 n3
	boot 2
	[ "$(show 2 id)" != "$old" ]
	boot 3
	wait_for 60 formed 1 2 3
	for node in 1 3; do
		grep -q "member n2 $(show 2 id)" "$CLUSTER/n$node/lite-raft/state/members"
	done
	client 2 --timeout 30 set f67 v
}

@test "F67 F20 a member that was wiped is a joiner: it says so, and is counted nowhere" {
	boot 1 2 3
	wait_for 60 formed 1 2 3
	client 1 --timeout 30 set f67 kept
	old=$(show 2 id)
	reset 2 n1 n2 n3
	boot 2
	wait_for 60 is_joiner 2
	run -0 on 2 ./lite-raft status
	[[ $output =~ joiner\ +yes ]]
	logged 2 'formed without this node.s id: it waits to be added'
	# It is asked, and uses the store.
	[ "$(client 2 --timeout 30 get f67)" = kept ]
	client 2 --timeout 30 set f67 on
	# The two that are left are a majority, one of them with it is none.
	it=$(await_leader)
	[ "$it" != 2 ]
	crash $((4 - it))
	run client "$it" --timeout 5 set f67 alone
	[[ $status == 69 || $status == 75 ]]
	said_once
	[ "$(role 2)" = follower ]
	[ "$(show 2 term) $(show 2 last_index)" = '0 0' ]
	start $((4 - it))
	client "$it" --timeout 30 set f67 again
	# After a restart it is a joiner still.
	run -0 on 2 ./lite-raft restart
	is_joiner 2
	# A ballot under its name and old id is not its own.
	run gate 1 vote < <(ballot 2 1 1000)
	[ "$status" -eq 77 ]
}

@test "F67 a host that lists a formed cluster becomes a joiner there" {
	for node in 1 2; do names "$node" n1 n2; done
	boot 1 2
	wait_for 60 formed 1 2
	client 1 --timeout 30 set f67 theirs
	cluster=$(show 1 cluster)
	names 4 n4 n1 n2
	boot 4
	wait_for 60 is_joiner 4
	[ "$(show 4 cluster)" = "$cluster" ]
	logged 4 "cluster $cluster has formed without this node.s id"
	run -0 on 4 ./lite-raft status
	[[ $output =~ joiner\ +yes ]]
	[ "$(client 4 --timeout 30 get f67)" = theirs ]
	[ "$(show 1 members) $(show 2 members)" = '2 2' ]
	# One that lists a joiner and others waits for nothing that could be.
	names 5 n5 n4
	boot 5
	wait_for 60 waits 5 'n4: waits to be added to a cluster itself'
}

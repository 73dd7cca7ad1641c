# Members that come and go while the cluster works: the tests go on from where the
# one before has come to.

load ../lib/cluster
load ../lib/faults

# Five hosts, of which the first is the cluster; the others were never booted.
setup_file() {
	local node
	cluster_up 5 3 --no-boot
	for node in 1 2 3 4 5; do
		printf 'n1\n' >"$(node_dir "$node")/conf/cluster_nodes"
	done
	on 1 ./lite-raft first-boot
}

teardown_file() {
	cluster_down
}

teardown() {
	cluster_after
}

# nodes: those that were booted.
nodes() {
	local node
	for node in 1 2 3 4 5; do
		[ ! -e "$(node_dir "$node")/state/node" ] || [ -e "$(node_dir "$node")/gone" ] || printf '%s\n' "$node"
	done
}

# members NODE: who they are, and in which part, as NODE has it.
members() {
	tail -n +2 "$(node_dir "$1")/state/members" | cut -d ' ' -f 1,2 | tr '\n' ' '
}

# all_members NODE...: is that what each of them has that runs, all of them plain
# members?
all_members() {
	local node want
	want=$(printf 'member n%s ' "$@")
	for node; do
		has_role "$node" stopped || [ "$(members "$node")" = "$want" ] || return 1
	done
}

# refused STATUS WORDS CMD...: one line that says so, in no long time.
refused() {
	local status_wanted=$1 words=$2 began=$SECONDS
	shift 2
	run --separate-stderr "$@"
	printf '%s: %s\n' "$status" "$stderr"
	[ "$status" -eq "$status_wanted" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr = *"$words"* ]]
	((SECONDS - began < 30))
}

# row NODE: what status says of it: role and note.
row() {
	client "$(another)" status | awk -v n="n$1" '$1 == n { print $2, $10 }'
}

# forget NODE: it is as before its first boot.
forget() {
	crash "$1"
	rm -rf "$(node_dir "$1")"/{state,run,message-log}
}

# listed NODE NAME...: are these the words of its conf/cluster_nodes?
listed() {
	local node=$1
	shift
	[ "$(grep -v '^#' "$(node_dir "$node")/conf/cluster_nodes")" = "$*" ]
}

@test "F31 one, two, three members: each node's files follow, and what was written is everywhere" {
	run -0 client 1 set k before
	run -0 --separate-stderr client 1 add-member n2
	[[ $output = *'n2 is a member' ]]
	[ -z "$stderr" ]
	run -0 client 2 add-member n3
	run -0 client 3 get k
	[ "$output" = before ]
	local node
	for node in 1 2 3; do
		wait_for 10 listed "$node" n1 n2 n3
	done
	wait_for 10 all_members 1 2 3
	# Two of the three are enough now, whichever they are.
	kill_node 1
	run -0 client 2 --timeout 20 set k after
	start 1
	run -0 client 1 get k
	[ "$output" = after ]
}

@test "F34 restored from an old backup: refused by name with the way back, which works" {
	local dir line
	dir=$(node_dir 3)
	stop 3
	cp -a "$dir/state" "$dir/state.copy"
	start 3
	wait_for 30 has_role 3 follower
	run -0 client 3 --timeout 20 set f34 here
	stop 3
	rm -r "$dir/state"
	mv "$dir/state.copy" "$dir/state"
	# A start that is killed while nobody answers does not make up for the forgotten one.
	cp "$dir/conf/ssh_config" "$BATS_TEST_TMPDIR/config"
	printf '#!/bin/sh\ncd "%s" && kill -9 "$(libexec/os/hold --who state/running)"\n' "$dir" >"$BATS_TEST_TMPDIR/kills"
	chmod +x "$BATS_TEST_TMPDIR/kills"
	{ printf 'Host n1 n2\n\tProxyCommand %s\n' "$BATS_TEST_TMPDIR/kills" && cat "$BATS_TEST_TMPDIR/config"; } >"$dir/conf/ssh_config"
	run ! start 3
	has_role 3 stopped
	cp "$BATS_TEST_TMPDIR/config" "$dir/conf/ssh_config"
	refused 78 "this node's state is older than what n" start 3
	[[ $stderr = *'mv state state.old, then on another node: ./lite-raft-client del-member n3, and add-member n3' ]]
	has_role 3 stopped
	refused 78 'older than what its peers have seen' start 3
	# One from when it was to join knows of nobody yet but those that conf/ names.
	line="lite-raft-node 1 n3 $(show 3 id) $(show 3 cluster) joiner 0"
	on 3 mv state state.old
	on 3 libexec/os/node init n3
	on 3 "$ROOT/build/tests/member" seal "$line" >"$BATS_TEST_TMPDIR/node"
	cp "$BATS_TEST_TMPDIR/node" "$dir/state/node"
	refused 78 "this node's state is older than what n" start 3
	rm -r "$dir/state"
	run -0 client 1 del-member n3
	run -0 client 1 add-member n3
	wait_for 30 all_members 1 2 3
	run -0 client 3 get f34
	[ "$output" = here ]
	rm -r "$dir/state.old"
}

@test "who is not to be missed is not removed: the rest that is heard has to be a majority" {
	kill_node 3
	await_leader
	unheard() { [[ $(row 3) = down* ]]; }
	wait_for 20 unheard
	refused 1 'first del-member one that is down' client 1 del-member n2
	refused 1 'first del-member one that is down' client 2 del-member n1
	run -0 client 1 set missed none
	start 3
	await_leader
}

@test "F35 add-member of a member, of no node, of one that does not answer, of another cluster's, of one with state" {
	refused 1 'n2: it is a member already' client 1 add-member n2
	refused 1 'n2: it is a member already' client 1 --timeout 20 -- add-member n2
	refused 69 'nowhere' client 1 add-member nowhere
	refused 64 'no name' client 1 add-member -x
	refused 64 'usage: lite-raft-client [--timeout SECONDS] add-member NODE' client 1 --json add-member n4
	refused 1 'n4: it is no member' client 1 --timeout 5 del-member n4
	refused 64 '--timeout' client 1 --timeout x transfer n2
	refused 1 'n4: it is no member' client 1 del-member n4
	refused 1 'n4: it is no member' client 1 transfer n4
	# Its sshd is there, but never says a word.
	local sshd
	sshd=$(cat "$CLUSTER/n4/sshd.pid")
	kill -STOP "$sshd"
	refused 69 'n4' client 1 add-member n4
	kill -CONT "$sshd"
	# Another version, another name.
	sed -i 's/VERSION "[0-9.]*"/VERSION "7.3"/' "$(node_dir 4)/libexec/core/types.h"
	refused 78 'of version 7.3' client 2 add-member n4
	cp "$ROOT/libexec/core/types.h" "$(node_dir 4)/libexec/core/types.h"
	printf 'else\n' >"$(node_dir 4)/conf/node_name.new"
	mv "$(node_dir 4)/conf/node_name" "$(node_dir 4)/conf/node_name.old"
	mv "$(node_dir 4)/conf/node_name.new" "$(node_dir 4)/conf/node_name"
	refused 78 'conf/node_name says else' client 2 add-member n4
	mv "$(node_dir 4)/conf/node_name.old" "$(node_dir 4)/conf/node_name"
	[ ! -e "$(node_dir 4)/state" ]
	# A cluster of its own.
	printf 'n4\n' >"$(node_dir 4)/conf/cluster_nodes"
	on 4 ./lite-raft first-boot --wait
	client 4 set theirs 1
	refused 1 'belongs to another cluster' client 1 add-member n4
	on 4 ./lite-raft stop
	refused 1 'belongs to another cluster' client 1 add-member n4
	start 4
	run -0 client 4 get theirs
	[ "$output" = 1 ]
	forget 4
	wait_for 10 all_members 1 2 3
}

@test "without a quorum each verb says in its own name that no leader answers" {
	kill_node 2
	kill_node 3
	local verb
	for verb in 'add-member n4' 'del-member n2' 'transfer n2'; do
		refused 69 "lite-raft-client: cannot $verb: no leader answers: " client 1 --timeout 1 $verb
	done
	[ -z "$(ls "$(node_dir 1)/run" | grep '^change')" ]
	start 2
	start 3
	await_leader
}

@test "F59 a slip in conf/cluster_nodes is no obstacle to a change, which mends it" {
	local node
	for node in 1 2 3; do
		printf 'n1 n2, n/3\n' >"$(node_dir "$node")/conf/cluster_nodes"
	done
	run -0 --separate-stderr client 1 transfer n2
	run -0 --separate-stderr client 3 add-member n4
	[ -z "$stderr" ]
	for node in 1 2 3 4; do
		wait_for 10 listed "$node" n1 n2 n3 n4
	done
	printf 'n1 n2, n/3\n' >"$(node_dir 1)/conf/cluster_nodes"
	run -0 --separate-stderr client 1 del-member n4
	[ -z "$stderr" ]
	wait_for 10 listed 1 n1 n2 n3
	wait_for 20 has_role 4 stopped
	forget 4
	wait_for 10 all_members 1 2 3
}

@test "a client's key changes nothing" {
	local words it
	it=$(leader)
	for words in 'del-member n2' 'add-member n4 0123456789abcdef' 'transfer n2'; do
		run -0 on "$it" env SSH_ORIGINAL_COMMAND=client sh -c '{ printf "%s\n" "$1"; sleep 0.5; } | libexec/link/gate client' sh "$words"
		[[ $output = *'77 "this host may use the store, and no more"'* || $output = *'77 this\ host'* || $output = *"77 'this host"* ]]
	done
	wait_for 10 all_members 1 2 3
}

@test "transfer: the one that was named leads; who can't is refused" {
	local it other
	it=$(leader)
	other=$(another "$it")
	run -0 client "$other" transfer "n$other"
	[[ $output = *"n$other leads" ]]
	wait_for 10 is_leader "$other"
	kill_node "$it"
	heard_no_more() { [[ $(row "$it") = 'down '* ]]; }
	wait_for 10 heard_no_more
	refused 1 'has not been heard' client "$other" transfer "n$it"
	start "$it"
	run -0 client "$it" transfer "n$other"
}

@test "F30 the command is interrupted, a second change is refused, the leader dies in the joint phase: it is finished" {
	local it command dir node
	it=$(await_leader)
	dir=$(node_dir 4)
	# The fourth joins, but takes nothing yet.
	mv "$dir/libexec/step/append" "$dir/libexec/step/append.real"
	printf '#!/bin/sh\nprintf "%%s\\n" $$ >>run/sleeps\nexec sleep 600\n' >"$dir/libexec/step/append"
	chmod +x "$dir/libexec/step/append"
	(cd "$(node_dir "$it")" && exec ./lite-raft-client add-member n4 >/dev/null 2>"$BATS_TEST_TMPDIR/said" 3>&- 4>&-) &
	command=$!
	entered() { [[ $(members "$it") = *'entering n4'* ]]; }
	wait_for 20 entered
	kill -TERM "$command"
	status=0
	wait "$command" || status=$?
	[ "$status" -eq 75 ]
	[[ $(wc -l <"$BATS_TEST_TMPDIR/said") -eq 1 && $(cat "$BATS_TEST_TMPDIR/said") = *'interrupted; what has begun goes on'* ]]
	# What is taken back stays so, and who has asked for it hears of it.
	client "$it" add-member n4 >"$BATS_TEST_TMPDIR/said" 2>&1 &
	command=$!
	# Not only begun: its words are on their way to the leader.
	asks() {
		awk '$1 == "wchar:" && $2 > 0 { asked = 1 } END { exit !asked }' /dev/null \
			$(processes "$it" 'link/call .*add-member n4' | sed 's,.*,/proc/&/io,')
	}
	wait_for 20 asks
	run -0 client "$(another "$it")" del-member n4
	status=0
	wait "$command" || status=$?
	[ "$status" -eq 1 ]
	grep -q 'n4 was taken back by del-member' "$BATS_TEST_TMPDIR/said"
	wait_for 10 all_members 1 2 3
	client "$it" add-member n4 >"$BATS_TEST_TMPDIR/said" 2>&1 &
	command=$!
	wait_for 20 entered
	wait_for 20 asks
	send KILL $(processes "$it" 'add-member n4')
	wait "$command" || :
	refused 1 'another change is under way' client "$it" add-member n5
	[[ $(row 4) = *entering ]]
	# It catches up while no entry reaches the others: the joint configuration is in the
	# log of the leader, and is not committed, when that dies.
	for node in 1 2 3; do
		[ "$node" = "$it" ] || lose_entries "$node"
	done
	mv "$dir/libexec/step/append.real" "$dir/libexec/step/append"
	wait_for 5 test -s "$dir/run/sleeps"
	kill -KILL $(cat "$dir/run/sleeps") || : # one that has no stream any more, too
	joint() { [[ $(members "$it") = *'joining n4'* ]]; }
	wait_for 20 joint
	kill_node "$it"
	for node in 1 2 3; do
		[ "$node" = "$it" ] || restore_entries "$node"
	done
	wait_for 30 all_members 1 2 3 4
	start "$it"
	wait_for 20 all_members 1 2 3 4
	wait_for 10 listed "$it" n1 n2 n3 n4
}

@test "F20 F33 a learner follows, counts nowhere and never leads; then it is a member" {
	run -0 client 2 add-member n5 --learner
	[[ $output = *'n5 is a learner' ]]
	[[ $(row 5) = 'learner '* ]]
	client 1 set for the_learner
	caught_up() { [ "$(show 5 last_index)" = "$(show "$(leader)" last_index)" ]; }
	wait_for 10 caught_up
	# With two of the four voters nothing is committed, whatever the learner has.
	local it node one two
	it=$(leader)
	one=$(another "$it" 5)
	two=$(another "$it" "$one" 5)
	kill_node "$one"
	kill_node "$two"
	run client "$it" --timeout 3 set too few
	[ "$status" -eq 75 ] || [ "$status" -eq 69 ]
	start "$one"
	start "$two"
	await_leader
	# However long it heard no leader, it has asked nobody for a vote.
	for node in $(nodes); do
		run ! logged "$node" 'vote: .* from n5, '
	done
	[ "$(show 5 stands)" = no ]
	run -0 client 5 add-member n5
	[[ $output = *'n5 is a member' ]]
	wait_for 10 all_members 1 2 3 4 5
	[ "$(show 5 stands)" = yes ]
}

@test "F34 a member that was wiped is somebody else: refused by name, with the way back" {
	forget 5
	printf 'n1 n2 n3 n4 n5\n' >"$(node_dir 5)/conf/cluster_nodes"
	on 5 ./lite-raft first-boot
	joins() { [ "$(show 5 joiner)" = yes ]; }
	wait_for 20 joins
	run -0 on 5 ./lite-raft status
	[[ $output = *'waits '*'first: ./lite-raft-client del-member n5'* ]]
	refused 1 'under another id: its state was lost' client 1 add-member n5
	[[ $stderr = *'first: ./lite-raft-client del-member n5' ]]
	[ "$(show 5 stands) $(show 5 term)" = 'no 0' ]
	run -0 client 1 del-member n5
	run -0 client 1 add-member n5
	wait_for 10 all_members 1 2 3 4 5
}

@test "F31 the leader is removed, and one that is dead, down to one: who goes stops and says why" {
	local it dead node left
	it=$(leader)
	run -0 client "$it" del-member "n$it"
	wait_for 20 has_role "$it" stopped
	grep -q 'stops: this node is no member of the cluster any more' "$(node_dir "$it")/message-log/node.log"
	refused 1 'was removed from the cluster' on "$it" ./lite-raft start
	[[ $stderr = *"./lite-raft-client add-member n$it" ]]
	: >"$(node_dir "$it")/gone"
	await_leader
	# A dead one.
	dead=$(another "$(leader)")
	kill_node "$dead"
	run -0 client "$(leader)" del-member "n$dead"
	: >"$(node_dir "$dead")/gone"
	left=$(nodes)
	wait_for 10 all_members $left
	for node in $left; do
		wait_for 10 listed "$node" $(printf 'n%s ' $left)
	done
	# A follower, and the one before the last.
	node=$(another "$(leader)")
	run -0 client "$node" del-member "n$node"
	wait_for 20 has_role "$node" stopped
	: >"$(node_dir "$node")/gone"
	node=$(leader)
	run -0 client "$node" del-member "n$node"
	wait_for 20 has_role "$node" stopped
	: >"$(node_dir "$node")/gone"
	node=$(nodes)
	wait_for 20 all_members "$node"
	await_leader
	refused 1 'is the last member that votes' client "$node" del-member "n$node"
	run -0 client "$node" get k
	[ "$output" = after ]
	# And one comes back under its own id.
	run -0 client "$node" add-member "n$it"
	rm "$(node_dir "$it")/gone"
	wait_for 10 all_members $(nodes)
	run -0 client "$it" get k
	[ "$output" = after ]
}

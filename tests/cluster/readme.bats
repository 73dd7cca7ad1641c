# What the README tells one to type works as it stands there.

load ../lib/cluster

setup_file() {
	# No blank: the README's paths are not quoted.
	CLUSTER=$BATS_FILE_TMPDIR/nodes
	cluster_up 3 --no-boot
}

teardown_file() {
	CLUSTER=$BATS_FILE_TMPDIR/nodes
	cluster_down
}

setup() {
	CLUSTER=$BATS_FILE_TMPDIR/nodes
}

teardown() {
	# The playground is a test's own.
	[ ! -f "$BATS_TEST_TMPDIR/tree/sandbox/nodes" ] || CLUSTER=$BATS_TEST_TMPDIR/tree/sandbox
	cluster_after
	[ "$CLUSTER" = "$BATS_FILE_TMPDIR/nodes" ] || cluster_down
}

# commands HEADING: prints the commands under a heading of the README, as they
# are typed on hosts that are called n1, n2 ... and share a file system.
commands() {
	awk -v heading="$1" '
		/^---/ { inside = (last == heading) }
		inside && sub(/^    \$ /, "")
		{ last = $0 }
	' "$ROOT/README" |
		sed -e "s,host\([0-9]\):/srv,n\1:$CLUSTER/n\1,g" -e 's/host\([0-9]\)/n\1/g'
}

# type_on I FILE: types the lines of FILE on node I; the first that fails is
# shown, and ends it.
type_on() {
	local line
	while IFS= read -r line <&5; do
		printf '$ %s\n' "$line"
		(cd "$CLUSTER/n$1/lite-raft" && PATH=$BATS_FILE_TMPDIR/bin:$PATH out eval "$line") || return
	done 5<"$2"
}

@test "the README names no file that is not there, and is short" {
	[ "$(wc -l <"$ROOT/README")" -le 200 ]
	grep -o -E '\b(libexec|conf|tests|bin)/[a-z_/]*' "$ROOT/README" | while IFS= read -r name; do
		[ -e "$ROOT/$name" ] || [ "$name" = conf/directories ]
	done
}

@test "the two first commands are there and run" {
	run -0 commands 'Try it'
	[ "${#lines[@]}" -eq 2 ]
	# sandbox.bats runs the demo; the other runs this, so that it runs but one
	# test here, in an environment where no bats is yet.
	[ "${lines[0]}" = './lite-raft demo' ]
	[ "${lines[1]}" = tests/run ]
	run -0 out env -i PATH="${PATH//$BATS_LIBEXEC:/}" TMPDIR="$BATS_TEST_TMPDIR" "$ROOT/tests/run" unit \
		-f 'lines are split as they are meant'
	[ "${lines[-1]}" = '1 passed, 0 failed, 0 skipped' ]
}

@test "the tutorial sets up a cluster" {
	# What real hosts have by themselves: names of their own, and ssh that
	# knows them.
	mkdir "$BATS_FILE_TMPDIR/bin"
	for tool in ssh scp; do
		printf '#!/bin/sh\nexec %s -F %s "$@"\n' "$(command -v "$tool")" "$CLUSTER/n1/lite-raft/conf/ssh_config" \
			>"$BATS_FILE_TMPDIR/bin/$tool"
		chmod 755 "$BATS_FILE_TMPDIR/bin/$tool"
	done
	rm -r "$CLUSTER/n2/lite-raft" "$CLUSTER/n3/lite-raft"
	cp "$ROOT/conf/cluster_nodes" "$CLUSTER/n1/lite-raft/conf"
	commands 'Set up a cluster' >"$BATS_TEST_TMPDIR/all"
	sed '/first-boot/,$d' "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/once"
	sed -n '/first-boot/p' "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/each"
	sed '1,/first-boot/d' "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/then"
	type_on 1 "$BATS_TEST_TMPDIR/once"
	for n in 1 2 3; do
		printf 'n%s\n' "$n" >"$CLUSTER/n$n/lite-raft/conf/node_name"
	done
	for n in 1 2 3; do
		type_on "$n" "$BATS_TEST_TMPDIR/each"
	done
	await_leader
	for n in 1 2 3; do
		type_on "$n" "$BATS_TEST_TMPDIR/then"
	done
	await_leader
	commands 'Use it' >"$BATS_TEST_TMPDIR/use"
	for n in 1 2 3; do
		type_on "$n" "$BATS_TEST_TMPDIR/use"
	done
}

@test "the cluster is changed and saved as it is shown" {
	# The fourth host is the third, with nothing but its directory.
	client 1 del-member n3
	wait_for 20 has_role 3 stopped
	rm -r "$(node_dir 3)/state"
	commands 'Change it, save it' | sed 's/n4/n3/' >"$BATS_TEST_TMPDIR/change"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/change")" -eq 4 ]
	type_on 1 "$BATS_TEST_TMPDIR/change"
	[ "$(leader)" = 2 ]
	[[ $(tail -n 1 "$(node_dir 1)/monday.backup") == '# end '* ]]
	wait_for 20 has_role 3 stopped
	run -0 client 2 status
	[[ $output != *n3* ]]
}

@test "the sandbox works as it is shown" {
	tree=$BATS_TEST_TMPDIR/tree
	copy_tree "$tree"
	commands 'A cluster to play with' >"$BATS_TEST_TMPDIR/play"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/play")" -eq 5 ]
	cd "$tree"
	while IFS= read -r line <&5; do
		printf '$ %s\n' "$line"
		out eval "$line" 5<&-
	done 5<"$BATS_TEST_TMPDIR/play"
	[ ! -e sandbox ]
}

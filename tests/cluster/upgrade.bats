# One node after the other gets the next version, while the cluster works.

load ../lib/cluster

setup_file() {
	# Who is to lead has an election timeout for it, however slow the machine is.
	cluster_up_with 3 3 snapshot_period 20
	local node
	for node in 1 2 3; do # what is built here is built soon
		sed -i 's/^CFLAGS = .*/CFLAGS = -O0/' "$(node_dir "$node")/Makefile"
	done
}

teardown_file() { cluster_down; }
teardown() { cluster_after; }

# upgrade NODE: its tree becomes the next minor version's, built anew.
upgrade() {
	local dir
	dir=$(node_dir "$1")
	stop "$1"
	sed -i 's/^#define VERSION .*/#define VERSION "0.2"/' "$dir/libexec/core/types.h"
	if [ ! -d "$BATS_FILE_TMPDIR/built" ]; then
		(cd "$dir" && out make -s -j2)
		mkdir "$BATS_FILE_TMPDIR/built"
		cp -Rp "$dir/libexec" "$BATS_FILE_TMPDIR/built"
	fi
	# What others ask of the node may be running yet.
	cp -Rpf "$BATS_FILE_TMPDIR/built/libexec" "$dir"
	start "$1"
}

# all_heard: the leader hears all three, and not from before the last one was stopped;
# and none of them is about to stand, for it would miss that another hands over to it.
all_heard() {
	local node
	for node in 1 2 3; do
		[[ $(role "$node") = @(leader|follower) ]] || return
	done
	client 1 status | awk '$2 ~ /^(leader|follower)$/ && $8 < 0.3 { n++ } END { exit n != 3 }'
}

# works: whoever leads, of whichever version, all nodes write, read and take part.
works() {
	local heir node
	for heir in 1 2 3; do
		# Nobody hands over to who has just been started and was not heard of yet.
		wait_for 20 all_heard
		run -0 client "$heir" transfer "n$heir"
		for node in 1 2 3; do
			client "$node" set "by$node" "under $heir"
			[ "$(client "$heir" get "by$node")" = "under $heir" ]
		done
		seq 30 | sed 's/.*/set many &/' | client "$heir" batch >"$BATS_TEST_TMPDIR/answers"
		wait_for 20 agreed
	done
}

@test "F7 old and new versions side by side, each of them leading, until all are new" {
	[ "$(on 3 ./lite-raft --version)" = 'lite-raft 0.1' ]
	upgrade 3
	[ "$(on 3 ./lite-raft --version)" = 'lite-raft 0.2' ]
	works
	# One that is new to the cluster may be one version apart.
	stop 3
	client 1 del-member n3
	rm -r "$(node_dir 3)/state"
	run -0 client 1 add-member n3
	wait_for 20 agreed
	upgrade 2
	works
	upgrade 1
	works
	[ "$(client 1 get by3)" = 'under 3' ]
}

@test "F7 what is further apart does not join, and hears why" {
	stop 3
	client 1 del-member n3
	rm -r "$(node_dir 3)/state"
	sed -i 's/^#define VERSION .*/#define VERSION "0.4"/' "$(node_dir 3)/libexec/core/types.h"
	theirs=$(on 1 ./lite-raft --version)
	run --separate-stderr client 1 add-member n3
	[ "$status" -eq 78 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr = *' 0.4,'*" ${theirs##* };"* ]]
}

@test "a node whose programs are missing builds them when it is started" {
	stop 2
	rm "$(node_dir 2)/libexec/os/hold" "$(node_dir 2)/libexec/lead/lead"
	run -78 on 2 ./lite-raft status
	[[ ${lines[-1]} = *'./lite-raft start builds them' ]]
	run -0 on 2 ./lite-raft start
	[[ $output = *'builds the programs'* ]]
	run -0 client 2 --timeout 20 noop
}

@test "programs that a loss of power has emptied, and what they were made of, are built anew" {
	stop 2
	cp -R "$ROOT"/{build,Makefile} "$(node_dir 2)"
	for file in "$(node_dir 2)"/{build/liblite.a,build/step/timer.o,libexec/step/timer}; do
		: >"$file"
	done
	run -0 on 2 ./lite-raft start
	[[ $output = *'builds the programs'* ]]
	run -0 client 2 --timeout 20 noop
}

@test "status of a node whose state cannot be read: one line, 74" {
	stop 2
	printf 'rotten\n' >"$(node_dir 2)/state/term"
	run -74 --separate-stderr on 2 ./lite-raft status
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr = *state/term* ]]
}

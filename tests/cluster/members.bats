# Members that come and go while the cluster works.

load ../lib/cluster
load ../lib/faults

# Five hosts, of which the first is the cluster; the others were never booted.
setup_file() {
	local node
	cluster_up 5 --no-boot
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
		wait_for 10 test "$(members "$node")" = 'member n1 member n2 member n3 '
	done
	# Two of the three are enough now, whichever they are.
	kill_node 1
	run -0 client 2 --timeout 20 set k after
	start 1
	run -0 client 1 get k
	[ "$output" = after ]
}

# cluster.bash - a real cluster on this machine for a file of tests:
#
#	load ../lib/cluster
#	setup_file() { cluster_up 3; }
#	teardown_file() { cluster_down; }
#	teardown() { cluster_after; }
#	@test "F18 ..." { run -0 client 2 get k; [ "$output" = v ]; }
#
# One cluster serves all tests of a file: use a key of your own in each, and end
# with cluster_heal where you stopped, killed or froze something.  Nodes are
# numbers from 1; node I is called nI.  bats waits for all that holds its
# descriptors 3 and 4, so whatever may leave a process behind goes through out.
# And "run -0" of bats 1.8 changes the variable i: loop over n.

bats_require_minimum_version 1.5.0

ROOT=${BATS_TEST_DIRNAME%/tests/*}
load ../lib/wait
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL=C

# The cluster's directory: with a blank in it, as everywhere.
CLUSTER=$BATS_FILE_TMPDIR/the\ nodes

# out CMD...: CMD without bats' descriptors.
out() {
	"$@" 3>&- 4>&-
}

# sandbox VERB ARG...: lite-raft sandbox on this file's cluster.
sandbox() {
	local verb=$1
	shift
	out "$ROOT/lite-raft" sandbox "$verb" --dir "$CLUSTER" "$@"
}

# cluster_up [N [ELECTION_TIMEOUT]] [OPTION...]: N nodes (3), 1 s; they have a
# leader when this returns.  OPTIONs are those of sandbox up (--no-boot).
cluster_up() {
	local n=3 t=1
	[[ ${1-} != [0-9]* ]] || { n=$1 && shift; }
	[[ ${1-} != [0-9]* ]] || { t=$1 && shift; }
	sandbox up -n "$n" -t "$t" "$@"
}

# cluster_up_with N [ELECTION_TIMEOUT] NAME VALUE: the same, with conf/NAME.
cluster_up_with() {
	local n t=1
	[ $# -eq 3 ] || { t=$2 && set -- "$1" "$3" "$4"; }
	sandbox up -n "$1" -t "$t" --no-boot
	for n in $(nodes); do
		printf '%s\n' "$3" >"$(node_dir "$n")/conf/$2"
	done
	boot_all --wait
}

# boot_all [WORD...]: the first boot of all nodes at once, each with these words.
boot_all() {
	local n pids=()
	for n in $(nodes); do
		on "$n" ./lite-raft first-boot "$@" &
		pids+=("$!")
	done
	wait_all "${pids[@]}"
}

# wait_all PID...: for all of them; 1 if one has failed.
wait_all() {
	local pid failed=0
	for pid; do
		wait "$pid" || failed=1
	done
	return "$failed"
}

# cluster_down: ends and removes everything, without farewells.
cluster_down() {
	[ ! -f "$CLUSTER/nodes" ] || sandbox down --kill
}

# cluster_after: to be called from teardown: after a failure shows what each node
# last noted, and mends the cluster for the next test.
cluster_after() {
	[ -z "${BATS_TEST_COMPLETED-}" ] && [ -f "$CLUSTER/nodes" ] || return 0
	local i
	for i in $(nodes); do
		printf 'n%s: %s\n' "$i" "$(role "$i") $(show "$i" term 2>&1)"
		tail -n 12 "$(node_dir "$i")/message-log/node.log"
	done
	cluster_heal >/dev/null 2>&1 || :
}

# nodes: the nodes' numbers.
nodes() {
	seq 1 "$(cat "$CLUSTER/nodes")"
}

# node_dir I: node I's directory.
node_dir() {
	printf '%s\n' "$CLUSTER/n$1/lite-raft"
}

# on I CMD...: CMD in node I's directory.
on() {
	local i=$1
	shift
	(cd "$CLUSTER/n$i/lite-raft" && out exec "$@")
}

# client I ARG...: lite-raft-client on node I.
client() {
	local i=$1
	shift
	on "$i" ./lite-raft-client "$@"
}

# show I KEY: one value of `node show`: term, last_index, commit_index ...
show() {
	on "$1" libexec/os/node show "$2"
}

# role_pid I: the pid of node I's role; 1 if the node does not run.
role_pid() {
	on "$1" libexec/os/hold --who state/running
}

# role I: follower, candidate or leader; "stopped" if the node does not run.
role() {
	local word rest
	role_pid "$1" >/dev/null 2>&1 || { printf 'stopped\n' && return; }
	read -r word rest <"$CLUSTER/n$1/lite-raft/run/role"
	printf '%s\n' "$word"
}

# has_role I ROLE: is that its role now?
has_role() {
	[ "$(role "$1")" = "$2" ]
}

# leader: the number of the node that leads, by the newest of what the nodes know
# (one that was cut off or frozen may still call itself a leader); 1 and nothing
# if there is none.
leader() {
	local i name term best=-1 found=
	for i in $(nodes); do
		read -r name term <"$CLUSTER/n$i/lite-raft/run/leader" || continue
		((term <= best)) || best=$term found=${name#n}
	done 2>/dev/null
	[ -n "$found" ] && has_role "$found" leader && printf '%s\n' "$found"
}

# is_leader I: does node I lead?
is_leader() {
	[ "$(leader)" = "$1" ]
}

# another [THAN...]: the number of a node that runs and is none of these.
another() {
	local i
	for i in $(nodes); do
		[[ " $* " != *" $i "* ]] || continue
		has_role "$i" stopped || { printf '%s\n' "$i" && return; }
	done
	return 1
}

# await_leader: until a write goes through, 20 s; prints the leader's number.
await_leader() {
	local i
	for i in $(nodes); do
		[ "$(role "$i")" != stopped ] || continue
		client "$i" --timeout 20 noop && wait_for 5 leader && leader
		return
	done
	return 1
}

# follower: the number of a node that runs as a follower now.
follower() {
	local i polls
	# A node that has lost an election follows a moment later.
	for polls in $(seq 200); do
		for i in $(nodes); do
			has_role "$i" follower && printf '%s\n' "$i" && return
		done
		sleep 0.1
	done
	return 1
}

# node_pids I: all processes of node I, wherever they were started: those that
# stand in its directory.
node_pids() {
	local dir=$CLUSTER/n$1/lite-raft
	(cd / && find /proc/[0-9]*/cwd -maxdepth 0 \( -lname "$dir" -o -lname "$dir/*" \) 2>/dev/null) |
		cut -d / -f 3
}

# signal NAME I: sends it to all processes of node I.
signal() {
	local pid
	for pid in $(node_pids "$2"); do
		kill -s "$1" "$pid" 2>/dev/null || : # it may have ended by now
	done
	return 0
}

# kill_node I: kill -9 of all of node I's processes, as a crash does.
kill_node() {
	signal KILL "$1"
	wait_for 5 not role_pid "$1"
}

# kill_leader: the same with the leader; prints its number.
kill_leader() {
	local it
	it=$(leader) && kill_node "$it" && printf '%s\n' "$it"
}

# freeze I, thaw I: SIGSTOP and SIGCONT to all of node I's processes.
freeze() { signal STOP "$1"; }
thaw() { signal CONT "$1"; }

# start I, stop I: lite-raft start and stop.
start() { on "$1" ./lite-raft start; }
stop() { on "$1" ./lite-raft stop; }

# not CMD...: 0 if CMD fails.
not() { ! "$@"; }

# cluster_heal: all nodes run and have a leader; prints its number.
cluster_heal() {
	local i
	for i in $(nodes); do
		thaw "$i"
		role_pid "$i" >/dev/null || start "$i" >/dev/null || return 1
	done
	await_leader
}

# agreed: do all nodes have the same last entry, and has each seen it committed?
agreed() {
	local i seen='' index term commit
	for i in $(nodes); do
		read -r index term commit < <(on "$i" libexec/os/node show |
			awk '$1 ~ /^(last_|commit_)/ { printf "%s ", $2 } END { print "" }')
		[ -n "$commit" ] && [ "$index" = "$commit" ] && [ "${seen:=$index $term}" = "$index $term" ] || return 1
	done
}

# milliseconds: of a clock that only goes forward, good to ten.
milliseconds() {
	local up rest
	read -r up rest </proc/uptime
	printf '%s\n' "$((${up%.*} * 1000 + 10#${up#*.} * 10))"
}

# copy_tree DIR: a copy of the built tree, without anything of a node's.
copy_tree() {
	local part
	mkdir -p "$1"
	for part in README LICENSE Makefile lite-raft lite-raft-client bin libexec conf; do
		[ ! -e "$ROOT/$part" ] || cp -Rp "$ROOT/$part" "$1" || return 1
	done
}

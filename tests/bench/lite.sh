# lite.sh - lite-raft's cluster of three, a sandbox; sourced by run, which sets root
# and work.

root=${root:?} work=${work:-} bench=${bench:?}
export leader follower socket # of the one who leads, and another's number

# lite_up: three nodes that have a leader, and an election timeout that a failover
# does not wait for.
lite_up() {
	"$root/lite-raft" sandbox up --dir "$work/nodes" -n 3 -t 3 >"$work/said" && lite_look
}

lite_down() {
	[ ! -f "$work/nodes/nodes" ] || "$root/lite-raft" sandbox down --dir "$work/nodes" --kill
}

# node I: node I's directory.
node() {
	printf '%s/n%s/lite-raft\n' "$work/nodes" "$1"
}

# client I ARG...: lite-raft-client on node I.
client() (
	cd "$(node "$1")" || exit
	shift
	exec ./lite-raft-client "$@"
)

# leads I: does node I run, and lead?
leads() (
	cd "$(node "$1")" && libexec/os/hold --who state/running >/dev/null 2>&1 &&
		read -r lite_role <run/role && [ "$lite_role" = leader ]
)

# lite_look: sets leader, follower (numbers) and socket (the leader's).
lite_look() {
	leader='' follower=''
	client 1 --timeout 30 noop || return 1
	for i in 1 2 3; do
		if leads "$i"; then
			leader=$i
		else
			follower=$i
		fi
	done
	[ -n "$leader" ] || return 1
	socket=$(node "$leader")/run/client.sock
}

# lite_processes I: the pids of node I's processes, those that stand in its
# directory, as lines "PID KIND": kind is node, or ssh.
lite_processes() {
	lite_at=$(node "$1")
	find /proc/[0-9]*/cwd -maxdepth 0 \( -lname "$lite_at" -o -lname "$lite_at/*" \) 2>/dev/null |
		while IFS=/ read -r _ _ lite_pid _; do
			case $(ps -o comm= -p "$lite_pid") in
			'') ;;
			ssh*) printf '%s ssh\n' "$lite_pid" ;;
			*) printf '%s node\n' "$lite_pid" ;;
			esac
		done
	# sshd and its sessions stand elsewhere.
	for lite_sshd in $(sshd_pids "$1"); do
		printf '%s ssh\n' "$lite_sshd"
		for lite_pid in $(family "$lite_sshd"); do
			[ "$(ps -o comm= -p "$lite_pid")" != sshd ] || printf '%s ssh\n' "$lite_pid"
		done
	done
}

# lite_victims: prints the pids of the leader's role and of all that it started.
lite_victims() {
	lite_pid=$(cd "$(node "$leader")" && libexec/os/hold --who state/running) || return 1
	printf '%s %s' "$lite_pid" "$(family "$lite_pid" | tr '\n' ' ')"
}

# lite_failover NAME SECONDS [FILE]: kills the leader, a second after one connection
# has begun to ask whoever leads; the longest time without an answer is noted as
# NAME, the timeline in FILE.  Then the node is started again.
lite_failover() {
	lite_look && victims=$(lite_victims) || return 1
	"$bench/load" -w 0 -s "$2" ${3:+-t "$3"} "$(node 1)/run/client.sock" "$(node 2)/run/client.sock" \
		"$(node 3)/run/client.sock" >"$work/said" 2>>"$work/errors" &
	lite_job=$!
	busy "$lite_job"
	sleep 1
	for lite_pid in $victims; do
		kill -s KILL "$lite_pid" 2>/dev/null
	done
	wait "$lite_job"
	busy
	result "$1" "$(cat "$work/said")"
	(cd "$(node "$leader")" && exec ./lite-raft start) >>"$work/errors" 2>&1
}

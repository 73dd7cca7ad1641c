# rows.sh - what is measured for the table; sourced by run.

root=${root:?} work=${work:-} bench=${bench:?} results=${results:-}
socket=${socket:-} leader=${leader:-} follower=${follower:-} without_etcd=${without_etcd:-}

# etcd_load NAME OPTION...: measures etcd, if there is one, at its leader.
etcd_load() {
	[ -z "$without_etcd" ] || return 0
	etcd_name=$1
	shift
	measure "$etcd_name" "$root/build/bench/etcd-load" "$@" "$etcd_leads"
}

# both NAME OPTION...: lite-raft, then etcd, by the same options.
both() {
	name=$1
	shift
	measure "lite.$name" "$bench/load" "$@" "$socket"
	etcd_load "etcd.$name" "$@"
}

# echo_once: 100 bytes through an open ssh channel to another node and back.
echo_once() (
	cd "$(node "$leader")" || exit
	exec "$bench/probe" echo 0.7 "$(command -v ssh)" -F conf/ssh_config -o BatchMode=yes "n$follower" cat
)

# three_syncs: the same sync, where three do it at the same time, as three nodes on
# one disk do.
three_syncs() {
	"$bench/probe" sync 0.9 "$work/second" >/dev/null &
	three_second=$!
	"$bench/probe" sync 0.9 "$work/third" >/dev/null &
	three_third=$!
	"$bench/probe" sync 0.7 "$work/first"
	wait "$three_second" "$three_third"
}

# remote_exec: a command through a connection that is open already.
remote_exec() (
	cd "$(node "$leader")/run" || exit
	exec "$bench/probe" spawn 20 ssh -F ../conf/ssh_config -o BatchMode=yes -o ControlMaster=no \
		-o "ControlPath=m.n$follower" -o ProxyCommand=false "n$follower" true
)

lite_set() (
	cd "$(node "$leader")" || exit
	exec "$bench/probe" spawn 25 ./lite-raft-client set key value
)

etcd_set() {
	ETCDCTL_API=3 "$bench/probe" spawn 25 etcdctl --endpoints "$etcd_leads" put key value
}

# usage_of: "PID KIND" lines in, "KIND MICROSECONDS" out: the processor's time.
usage_of() {
	while read -r of_pid of_kind; do
		sed "s/^.*) /$of_kind /" "/proc/$of_pid/stat" 2>/dev/null
	done | awk -v hz="$(getconf CLK_TCK)" '{ ticks[$1] += $13 + $14 + $15 + $16 }
		END { for (kind in ticks) printf "%s %d\n", kind, ticks[kind] * 1000000 / hz }'
}

# memory_of: "PID KIND" lines in; prints "KIND=KILOBYTES KIND_anon=..." of PSS.
memory_of() {
	while read -r of_pid of_kind; do
		sed -n "s/^Pss:/$of_kind/p; s/^Pss_Anon:/${of_kind}_anon/p" "/proc/$of_pid/smaps_rollup" 2>/dev/null
	done | awk '{ kb[$1] += $2 } END { for (kind in kb) printf " %s=%d", kind, kb[kind] }'
}

# lead_pid: the pid of the leader's lead.
lead_pid() {
	lite_processes "$leader" | while read -r of_pid of_kind; do
		[ "$(ps -o comm= -p "$of_pid")" != lead ] || printf '%s %s\n' "$of_pid" "$of_kind"
	done
}

# idle: what the nodes cost when nothing is asked of them.
idle() {
	[ -r /proc/self/smaps_rollup ] || return 0
	tell 'idle, 10 s'
	for i in 1 2 3; do
		lite_processes "$i" >"$work/pids.$i"
		result "lite.idle.memory" "$(memory_of <"$work/pids.$i")"
		usage_of <"$work/pids.$i" >"$work/usage.$i"
	done
	idle_began=$(date +%s)
	sleep 10
	idle_took=$(($(date +%s) - idle_began))
	for i in 1 2 3; do
		lite_processes "$i" | usage_of | cat "$work/usage.$i" - |
			awk -v s="$idle_took" '$1 in was { printf " %s=%.2f", $1, ($2 - was[$1]) / s / 1e4 } { was[$1] = $2 }' >"$work/said"
		result lite.idle.cpu "$(cat "$work/said")"
	done
}

# etcd_idle: its memory, before it has done much.
etcd_idle() {
	[ -z "$without_etcd" ] || return 0
	for i in 1 2 3; do
		result etcd.idle.memory "$(printf '%s node\n' "$(cat "$work/etcd/$i.pid")" | memory_of)"
	done
}

# turn: everything that is compared, once.
turn() {
	measure echo echo_once
	measure sync "$bench/probe" sync 0.7 "$work/preallocated"
	measure sync.three three_syncs
	both write.1 -s 1.5
	both write.100 -c 100 -s 2
	both write.1000 -c 1000 -s 2
	measure lite.batch "$bench/load" -d 1000 -s 2 "$socket"
	both read.1 -g -s 1.5
	both read.100 -g -c 100 -s 2
	measure lite.set lite_set
	[ -n "$without_etcd" ] || measure etcd.set etcd_set
}

# costs NAME: what a write costs, beside what an echo and a sync take just then.
costs() {
	for _ in 1 2 3; do
		measure "lite.$1.echo" echo_once
		measure "lite.$1.sync" "$bench/probe" sync 0.7 "$work/preallocated"
		measure "lite.$1.write.1" "$bench/load" -k 1000000 -s 1.5 "$socket"
		measure "lite.$1.batch" "$bench/load" -k 1000000 -d 1000 -s 2 "$socket"
	done
}

# million: a million keys of 100 bytes, and what a write costs then.
million() {
	tell 'a million keys'
	lite_look
	measure lite.fill "$bench/load" -d 1000 -k 1000000 -n 1000000 "$socket"
	result lite.million.memory "$(lead_pid | memory_of)"
	costs million
	if [ "${BENCH:-}" = full ]; then
		tell 'ten million entries'
		measure lite.fill "$bench/load" -d 1000 -k 1000000 -n 9000000 "$socket"
		costs long
	fi
	client "$leader" status >"$work/said" &&
		result lite.log "last=$(cd "$(node "$leader")" && libexec/os/node show last_index)"
}

# rows: measures all of it, prints the table.
rows() {
	read -r load_before rest </proc/loadavg 2>/dev/null || load_before='?'
	: "$rest"
	idle
	tell 'failovers'
	for i in 1 2 3 4 5; do
		lite_failover lite.failover 4 || break
	done
	lite_look
	measure exec remote_exec
	tell 'etcd'
	if etcd_up; then
		etcd_leads=$(etcd_leader)
		etcd_idle
	else
		tell "no etcd: $without_etcd"
	fi
	for i in 1 2 3 4 5; do
		tell "writes and reads, turn $i of 5"
		turn
	done
	[ -n "$without_etcd" ] || for i in 1 2 3; do
		etcd_failover
	done
	etcd_down
	million
	snapshots
	tell 'failovers with a million keys'
	for i in 1 2; do
		lite_failover lite.million.failover 12 || break
	done
	if lite_look; then
		restart
		catch_up
	fi
	tell "the leader's host is cut off"
	"$root/tests/bench/cut" "$work" >"$work/cut" 2>>"$work/errors"
	cat "$work/cut" >>"$results"
	[ -z "$without_etcd" ] || printf 'no.etcd %s\n' "$without_etcd" >>"$results"
	mkdir -p "$root/build/bench" && cp "$results" "$root/build/bench/results"
	print_header
	awk -f "$root/tests/bench/table.awk" "$results"
}

# print_header: on what it was measured.
print_header() {
	printf 'lite-raft %s beside etcd %s, three nodes each on this machine (%s, %s cores, %s).\n' \
		"$(cd "$root" && git rev-parse --short HEAD 2>/dev/null)" \
		"$(etcd --version 2>/dev/null | sed -n 's/^etcd Version: //p')" \
		"$(uname -sr)" "$(getconf _NPROCESSORS_ONLN)" "$(df -PT "$work" 2>/dev/null | awk 'NR == 2 { print $2 }')"
	printf 'Every write is synced; 100-byte values; closed loops; the warm-up is not counted.\nMedians of the turns; a ratio is the median of each turn\047s own.\n'
	printf 'Load of the machine: %s before, %s after. ' "$load_before" "$(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null)"
	printf 'All numbers: build/bench/results.\n\n'
}

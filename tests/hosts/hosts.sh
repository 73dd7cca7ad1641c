# hosts.sh - one host of the lab: power, commands, frozen and thawed; sourced by lab.

# The numbers of all hosts, and of those that are powered on.
lab_all() {
	seq 1 "$(cat "$LAB/count")"
}

lab_powered() {
	for powered_i in $(lab_all); do
		[ ! -s "$LAB/pid/$powered_i" ] || printf '%s\n' "$powered_i"
	done
}

# lab_boot I: host I's namespaces, link and sshd.
lab_boot() {
	rm -f "$LAB/hosts/$1/up" "$LAB/pid/$1"
	lab_bg nsenter -t "$(cat "$LAB/pid/hub")" -p unshare -n -p -m -u -f --kill-child sh "$LAB/inside" host "$1"
	wait_for 10 test -s "$LAB/hosts/$1/up" || lab_die "h$1 does not come up; see $LAB/bg.out" || return 1
	mv "$LAB/hosts/$1/up" "$LAB/pid/$1" || return 1
	boot_pid=$(cat "$LAB/pid/$1")
	lab_hub ip link add "v$1" type veth peer name eth0 netns "$boot_pid" || return 1
	lab_hub ip addr add 10.77.0.254/32 dev "v$1" || return 1
	lab_hub ip link set "v$1" up || return 1
	lab_hub ip route replace "10.77.0.$1/32" dev "v$1" || return 1
	nsenter -t "$boot_pid" -n sh "$LAB/inside" net "$1" || return 1
	lab_rule del 300 "$1" all
	lab_rule del 300 all "$1"
	lab_sshd "$1"
}

# lab_sshd I: starts host I's sshd.
lab_sshd() {
	# It reads no file before somebody has logged in.
	lab_on "$1" env -u LD_PRELOAD "$(command -v sshd)"
}

# lab_on I CMD…: runs CMD on host I, in its copy of the tree, with its stdin,
# stdout, stderr and exit status.  The shell in between stays outside of the pid
# namespace, so that it is not frozen with the host.
lab_on() {
	on_pid=$(cat "$LAB/pid/$1" 2>/dev/null) || lab_die "h$1 is off" || return 1
	on_rate=$(cat "$LAB/hosts/$1/rate")
	shift
	[ ! -f "$LAB/rate.so" ] || set -- env LD_PRELOAD="$LAB/rate.so" HOST_RATE="$on_rate" "$@"
	[ ! -f "$LAB/wall.so" ] || set -- env LD_PRELOAD="$LAB/wall.so" WALL_STEP="$LAB/host/wall" "$@"
	nsenter -t "$on_pid" -m -u -n -p -F env -i PATH="$PATH" HOME="$LAB/host/home" USER=root LOGNAME=root \
		SHELL=/bin/sh LC_ALL=C sh "$LAB/inside" run "$@" 3>&- 4>&-
}

# lab_bg CMD…: runs CMD in the background, nobody's child, with none of the
# caller's descriptors: a test is over only when those of bats are closed.  What
# it prints goes to $LAB/bg.out.
lab_bg() {
	("$@" </dev/null >>"$LAB/bg.out" 2>&1 3>&- 4>&- &)
}

# lab_client I ARGS…: lite-raft-client on host I.
lab_client() {
	client_i=$1
	shift
	lab_on "$client_i" ./lite-raft-client "$@"
}

# lab_file I PATH: prints a file of host I's tree.
lab_file() {
	file_pid=$(cat "$LAB/pid/$1" 2>/dev/null) || return 1
	cat "/proc/$file_pid/root$LAB/host/lite-raft/$2" 2>/dev/null
}

# lab_freeze I, lab_thaw I: SIGSTOP and SIGCONT to every process of host I but
# its first, which only waits.
lab_freeze() {
	lab_on "$1" sh -c 'kill -STOP -1'
}

lab_thaw() {
	lab_on "$1" sh -c 'kill -CONT -1'
}

# lab_poweroff I: the link goes first, so that no farewell leaves the host; then
# all its processes end.  Its directory stays; of what is on a file system of its
# own only that which has been synced.
lab_poweroff() {
	[ -s "$LAB/pid/$1" ] || return 0
	lab_rule add 300 "$1" all && lab_rule add 300 all "$1" || return 1
	lab_disk_thaw "$1" || :
	lab_hub ip link del "v$1" || :
	off_pid=$(cat "$LAB/pid/$1")
	if [ -f "$LAB/hosts/$1/disk" ]; then
		lab_on "$1" "$LAB/unplug" . || return 1
	fi
	rm -f "$LAB/pid/$1"
	lab_kill "$off_pid"
}

# lab_poweron I [start]: the host comes back with its directory; the node is
# started only if asked.
lab_poweron() {
	[ ! -s "$LAB/pid/$1" ] || return 0
	lab_boot "$1" || return 1
	[ "${2:-}" != start ] || lab_on "$1" ./lite-raft start
}

# lab_wall I SECONDS: host I's wall clock is so far from the machine's.
lab_wall() {
	printf '%s\n' "$2" >"$LAB/hosts/$1/wall.new" && mv "$LAB/hosts/$1/wall.new" "$LAB/hosts/$1/wall"
}

# lab_rate I THOUSANDTHS: so fast runs host I's clock once its power comes on.
lab_rate() {
	printf '%s\n' "$2" >"$LAB/hosts/$1/rate" || return 1
	[ -f "$LAB/rate.so" ] || return 0
	rate_config=$LAB/hosts/$1/etc/ssh/sshd_config
	sed '/^SetEnv/d' "$rate_config" >"$rate_config.new" &&
		printf 'SetEnv LD_PRELOAD=%s HOST_RATE=%s\n' "$LAB/rate.so" "$2" >>"$rate_config.new" &&
		mv "$rate_config.new" "$rate_config"
}

# lab_disk_freeze I [DIR]: every write to host I's disk (the one that DIR there lies on)
# hangs, until lab_disk_thaw.
lab_disk_freeze() {
	printf '%s\n' "${2:-.}" >"$LAB/pid/$1.frozen"
	lab_on "$1" fsfreeze -f "${2:-.}"
}

lab_disk_thaw() {
	[ -e "$LAB/pid/$1.frozen" ] || return 0
	thaw_dir=$(cat "$LAB/pid/$1.frozen")
	rm -f "$LAB/pid/$1.frozen"
	lab_on "$1" fsfreeze -u "$thaw_dir"
}

# lab_kill PID: ends a first process, if it is (still) one of this lab, and with it
# all of its namespace.
lab_kill() {
	grep -q -s -a -F "$LAB/inside" "/proc/$1/cmdline" || return 0
	kill -KILL "$1" || :
	wait_for 20 lab_gone "$1"
}

lab_gone() {
	! kill -0 "$1" 2>/dev/null
}

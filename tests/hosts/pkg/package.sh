# package.sh - a package on hosts of the lab, with a record by one clock that lies outside
# of them; sourced behind lab.
#
# Sets and reads: STORE (numbers of lite-raft's hosts), HOSTS (of pkg's), PACKAGE (its
# name), RECORD ($LAB/record/$PACKAGE).  LAB_BUILD is where beat, dog and check are.

LAB_BUILD=$LAB_TREE/build/tests/hosts

# package_lab five|seven|both: lite-raft on three hosts, pkg on two or three others, or on the same three.
package_lab() {
	STORE='1 2 3'
	case $1 in
	five) HOSTS='4 5' lab_n=5 ;;
	six) HOSTS='4 5 6' lab_n=6 ;;
	both) HOSTS='1 2 3' lab_n=3 ;;
	esac
	mkdir -p "$LAB/record" || return 1
	for lab_i in $HOSTS; do
		package_disk "$lab_i" || return 1
	done
	LAB_RATES=1 lab_up "$lab_n" cluster_nodes 'h1 h2 h3' election_timeout 0.4 || return 1
	cp "$LAB_BUILD/beat" "$LAB_HOME/pkg/here" "$LAB" || return 1
	for lab_i in $HOSTS; do
		mkdir -p "$LAB/hosts/$lab_i/knob" "$LAB/hosts/$lab_i/bin" "$LAB/hosts/$lab_i/lite-raft/pkg/control-scripts" &&
			cp "$LAB_HOME/pkg/ssh" "$LAB/hosts/$lab_i/bin/ssh" &&
			printf 'h1 h2 h3\n' >"$LAB/hosts/$lab_i/lite-raft/pkg/lite-raft-remote" || return 1
	done
	for lab_i in $STORE; do
		(lab_on "$lab_i" ./lite-raft first-boot >"$LAB/boot.$lab_i" 2>&1 || :) &
	done
	wait
	wait_for 40 store noop
}

# A small disk for host I's package alone, where there are disks to be had.
package_disk() {
	losetup -f >/dev/null 2>&1 || return 0
	mkdir -p "$LAB/hosts/$1/data" && truncate -s 8M "$LAB/hosts/$1/data.img" &&
		mkfs.ext4 -q "$LAB/hosts/$1/data.img"
}

# store ARGS...: lite-raft-client on the first host of the store that has an answer; its
# input is asked for only once.
store() {
	store_status=69
	for store_i in $STORE; do
		[ -s "$LAB/pid/$store_i" ] || continue
		store_status=0
		lab_client "$store_i" --timeout 3 "$@" || store_status=$?
		case $store_status in
		0 | 1 | 64) break ;;
		esac
	done
	return "$store_status"
}

# note WORD...: a line in the record.
note() {
	"$LAB/beat" "$RECORD" note "$@"
}

# package_new NAME [LINE...]: what pkg init does: its settings are in the store, and its control
# script on the hosts.  Times are those of the profile fast, whose ratios are pkg's.
package_new() {
	PACKAGE=$1 RECORD=$LAB/record/$1
	shift
	: >"$RECORD" || return 1
	for new_i in $HOSTS; do
		rm -rf "$LAB/hosts/$new_i/knob" && mkdir "$LAB/hosts/$new_i/knob" &&
			cp "$LAB_HOME/pkg/control" "$LAB/hosts/$new_i/lite-raft/pkg/control-scripts/$PACKAGE" || return 1
	done
	package_conf 'status_interval 1' "$@"
}

# package_settings LINE...: what the control script says of itself on each host.
package_settings() {
	settings_nodes=
	for settings_i in $HOSTS; do
		settings_nodes="$settings_nodes h$settings_i"
	done
	for settings_i in $HOSTS; do
		printf '%s\n' "nodes$settings_nodes" 'profile fast' 'restarts 3/1m' 'start_timeout 3' \
			'stop_timeout 3' 'status_timeout 2' "$@" >"$LAB/hosts/$settings_i/settings" || return 1
	done
}

# package_conf LINE...: the same, and it is in the store at once.
package_conf() {
	package_settings "$@" && store set "pkg/$PACKAGE/conf" "$(cat "$LAB/hosts/${HOSTS%% *}/settings")"
}

# package_init I: as an administrator does on that host.
package_init() {
	lab_on "$1" pkg/pkg init "$PACKAGE"
}

# guard_start I: what pkg run does.
guard_start() {
	lab_on "$1" "$LAB/here" guard "$PACKAGE"
}

# The pid of guard, and of monitor, on host I, as that sees it.
guard_pid() {
	lab_on "$1" libexec/os/hold --who "pkg/run/$PACKAGE/lock" 2>/dev/null
}

monitor_pid() {
	monitor_guard=$(guard_pid "$1") || return 1
	lab_on "$1" ps -e -o pid=,ppid=,comm= | awk -v guard="$monitor_guard" '$2 == guard && $3 == "monitor" { print $1 }' | grep .
}

# Prints the host that has the package: who has beaten last, and not long ago.
package_owner() {
	owner_last=$(tail -n 50 "$RECORD" | awk '$2 == "beat" { at = $1; host = $3 } END { if (at) print int(at / 1000000), host }')
	[ -n "$owner_last" ] && [ $(($(lab_ms) - ${owner_last% *})) -lt 700 ] && printf '%s\n' "${owner_last#* h}"
}

package_runs_on() { # I
	[ "$(package_owner)" = "$1" ]
}

# Who leaves that to another.
package_runs_off() { # I
	off_owner=$(package_owner) && [ "$off_owner" != "$1" ]
}

package_lease() {
	store get "pkg/$PACKAGE/lease"
}

# One word of the lease.
package_says() { # WORD
	package_lease | sed "s/^\"//; s/\"\$//" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

package_check() {
	"$LAB_BUILD/check" "$RECORD"
}

# A watchdog on host I, which takes its power away.
dog_start() { # I MS
	mkfifo "$LAB/hosts/$1/watchdog" || return 1
	lab_bg "$LAB_BUILD/dog" "$LAB/hosts/$1/watchdog" "$2" \
		"$LAB/here" bite "$(cat "$LAB/pid/$1")" "$RECORD" "h$1"
}

# On host I somebody else starts the package when the control script asks for it; pkg
# does not find it, and so can't kill it.
package_apart() { # I
	: >"$LAB/hosts/$1/knob/apart"
	lab_bg lab_on "$1" "$LAB/here" apart "$PACKAGE" "$RECORD" "h$1"
}

# host_off I, host_on I: its power goes, and comes back, with its node where it has one.
host_off() {
	rm -f "$LAB/hosts/$1/watchdog"
	lab_poweroff "$1"
}

host_on() {
	lab_poweron "$1" || return 1
	case " $STORE " in
	*" $1 "*) lab_on "$1" ./lite-raft start >/dev/null || : ;;
	esac
}

# package_on I: the package stands by on host I, if that is one of pkg's; where WATCHDOG
# is not empty with a watchdog that waits for so many milliseconds.
package_on() {
	case " $HOSTS " in
	*" $1 "*) ;;
	*) return 0 ;;
	esac
	[ -z "${WATCHDOG:-}" ] || [ -e "$LAB/hosts/$1/watchdog" ] || dog_start "$1" "$WATCHDOG" || return 1
	guard_start "$1"
}

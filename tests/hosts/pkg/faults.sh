# faults.sh - what can happen to hosts and packages; sourced behind cuts.sh.
#
# fault_KIND HOST begins it, mend_KIND HOST ends it where it does not end by itself.

# The store's leader, or two of its hosts.  The power of a host that pkg runs on, too,
# goes for it as well.
fault_leader_off() {
	leader_gone=$(lab_leader) || return 0
	host_off "$leader_gone"
}

mend_leader_off() {
	[ -z "${leader_gone:-}" ] || host_on "$leader_gone" && package_on "$leader_gone"
	leader_gone=
}

fault_leader_kill() {
	kill_leader=$(lab_leader) || return 0
	kill_role=$(lab_on "$kill_leader" libexec/os/hold --who state/running) || return 0
	lab_on "$kill_leader" kill -s KILL "$kill_role" || :
	lab_bg lab_on "$kill_leader" ./lite-raft start
}

# monitor, guard and the whole host.
signal() { # SIGNAL I PID [PID]
	[ -z "$3" ] || lab_on "$2" kill -s "$1" "$3" ${4:+"$4"} || :
}

fault_stop_monitor() {
	stopped_monitor=$(monitor_pid "$1") || stopped_monitor=
	signal STOP "$1" "$stopped_monitor"
}

mend_stop_monitor() { signal CONT "$1" "$stopped_monitor"; }

# Both that could end the package; it goes on.
fault_freeze_guard() {
	frozen_monitor=$(monitor_pid "$1") || frozen_monitor=
	frozen_guard=$(guard_pid "$1") || frozen_guard=
	signal STOP "$1" "$frozen_guard" "$frozen_monitor"
}

mend_freeze_guard() { signal CONT "$1" "$frozen_guard" "$frozen_monitor"; }

fault_freeze_host() { lab_freeze "$1"; }

mend_freeze_host() { lab_thaw "$1"; }

fault_kill_monitor() { signal KILL "$1" "$(monitor_pid "$1" || :)"; }

fault_kill_guard() { signal KILL "$1" "$(guard_pid "$1" || :)"; }

# So that nothing is left that could start anything; a person runs it again.  Without
# a watchdog nothing can help a person who does so late.
fault_kill_both() {
	kill_begun=$(lab_ms)
	kill_monitor=$(monitor_pid "$1") || kill_monitor=
	kill_guard=$(guard_pid "$1") || kill_guard=
	signal KILL "$1" "$kill_guard" "$kill_monitor"
	wait_for 3 guard_gone "$1" || return 0
	guard_start "$1"
	[ $(($(lab_ms) - kill_begun)) -le 1000 ] || [ -n "$WATCHDOG" ] || note gap "h$1"
}

guard_gone() { ! guard_pid "$1"; }

# The package's own process.
fault_kill_package() {
	lab_on "$1" "$LAB/here" kill "$PACKAGE" || :
}

# What the control script does wrong.
knob() { : >"$LAB/hosts/$2/knob/$1"; }
unknob() { rm -f "$LAB/hosts/$2/knob/$1"; }
fault_hang_start() { knob hang-start "$1"; }
mend_hang_start() { unknob hang-start "$1"; }
fault_hang_stop() { knob hang-stop "$1"; }
mend_hang_stop() { unknob hang-stop "$1"; }
fault_hang_status() { knob hang-status "$1"; }
mend_hang_status() { unknob hang-status "$1"; }
fault_fail_start() { knob fail-start "$1"; }
mend_fail_start() { unknob fail-start "$1"; }
fault_fail_stop() { knob fail-stop "$1"; }
mend_fail_stop() { unknob fail-stop "$1"; }
fault_slow_stop() { printf '10\n' >"$LAB/hosts/$1/knob/slow-stop"; }
mend_slow_stop() { unknob slow-stop "$1"; }

# Its process waits for a disk that does not answer, and so does not die; while it is
# there it counts as one that acts.
fault_undead() {
	lab_disk_freeze "$1" "$LAB/host/data" || return 1
	lab_bg lab_on "$1" "$LAB/here" undead "$PACKAGE" "$RECORD" "h$1"
}

mend_undead() { lab_disk_thaw "$1"; }

fault_off() { host_off "$1"; }
mend_off() { host_on "$1" && package_on "$1"; }
fault_reboot() { host_off "$1"; }
mend_reboot() { mend_off "$1"; }

# Orders, and new settings.
fault_move() { store set "pkg/$PACKAGE/order" "move - $(lab_ms)" || :; }

fault_init() {
	package_settings 'status_interval 2' 'grace 1.4'
	package_init "$(others_of "$1" "$HOSTS" | head -n 1)" >/dev/null || :
}

fault_halt() {
	store set "pkg/$PACKAGE/want" 'up=no' || :
}

mend_halt() {
	store set "pkg/$PACKAGE/want" 'up=yes' || :
}

# A time in which nothing may happen to the package, see check.
fault_hold() { note hold "h$1"; }
mend_hold() { note free "h$1"; }

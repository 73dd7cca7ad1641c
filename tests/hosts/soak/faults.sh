# faults.sh - what can happen to the hosts of a soak; sourced by run, behind lab.
#
# fault_KIND I begins it on host I, mend_KIND I ends it.  Whatever one of them begins
# another may begin on another host meanwhile: each takes back only what is its own.

# One kind, by chance.
pick() {
	set -- power all isolate deaf mute pair flap slow freeze hang full role process restart stop \
		wall member wipe
	shift "$(chance $#)"
	printf '%s\n' "$1"
}

# Those that take the majority, or the cluster's shape, from under another.
alone() { # KIND
	case $1 in all | member | wipe) return 0 ;; esac
	return 1
}

others() { # I
	for others_i in $(lab_all); do
		[ "$others_i" = "$1" ] || printf '%s\n' "$others_i"
	done
}

# Host I comes back, with another clock, up to a tenth fast or slow.
comes_on() { # I
	lab_rate "$1" "$((900 + $(chance 201)))" && lab_poweron "$1" start
}

fault_power() { lab_poweroff "$1"; }
mend_power() { comes_on "$1"; }

fault_all() {
	for all_i in $(lab_all); do
		lab_poweroff "$all_i"
	done
}

mend_all() {
	for all_i in $(lab_all); do
		lab_poweron "$all_i"
	done
	for all_i in $(lab_all); do
		mend_role "$all_i"
	done
}

fault_isolate() { lab_isolate "$1"; }

mend_isolate() {
	lab_rule del 200 "$1" all
	lab_rule del 200 all "$1"
}

# It is heard, and hears nobody; or the other way round.
fault_deaf() {
	for cut_i in $(others "$1"); do
		lab_cut "$cut_i" "$1" oneway
	done
}

fault_mute() {
	for cut_i in $(others "$1"); do
		lab_cut "$1" "$cut_i" oneway
	done
}

mend_deaf() {
	for cut_i in $(others "$1"); do
		lab_heal "$1" "$cut_i"
	done
}

mend_mute() { mend_deaf "$1"; }

# The next host: those two no longer reach each other, a third reaches both.
fault_pair() { lab_cut "$1" "$(others "$1" | head -n 1)"; }
mend_pair() { lab_heal "$1" "$(others "$1" | head -n 1)"; }

fault_flap() {
	for flap_n in 1 2 3 4 5; do
		lab_isolate "$1"
		sleep "0.$((flap_n + $(chance 4)))"
		mend_isolate "$1"
		sleep 0.2
	done
}

mend_flap() { :; }

fault_slow() {
	for slow_i in $(others "$1"); do
		[ ! -s "$LAB/pid/$slow_i" ] || lab_slow "$1" "$slow_i" 128kbit
	done
}

mend_slow() { lab_fast; }

fault_freeze() { lab_freeze "$1"; }
mend_freeze() { lab_thaw "$1"; }

fault_hang() { lab_disk_freeze "$1"; }
mend_hang() { lab_disk_thaw "$1"; }

# Not `sync`: that waits for every disk, and another may hang.
fault_full() {
	lab_on "$1" sh -c 'dd if=/dev/zero of=filler bs=64k; dd if=/dev/zero of=filler2 bs=512; sync -f .' >/dev/null 2>&1 || :
}

mend_full() {
	lab_on "$1" rm -f filler filler2
	mend_role "$1"
}

# kill_one I PID: without a word where it has just gone.
kill_one() {
	lab_on "$1" kill -s KILL "$2" 2>/dev/null || :
}

fault_role() {
	role_pid=$(lab_on "$1" libexec/os/hold --who state/running) || return 0
	kill_one "$1" "$role_pid"
}

mend_role() {
	lab_runs "$1" || lab_on "$1" ./lite-raft start
}

# Any one of its processes: lead, append, a loop, a timer, an ssh, a sshd.
fault_process() {
	process_pid=$(lab_on "$1" ps -e -o pid=,args= |
		awk '/lite-raft|libexec|ssh/ && !/inside|awk|ps -e|sshd -D|listener/ { print $1 }' |
		awk -v at="$(chance 1000)" '{ pid[NR] = $1 } END { if (NR) print pid[at % NR + 1] }')
	[ -z "$process_pid" ] || kill_one "$1" "$process_pid"
}

mend_process() { mend_role "$1"; }

fault_restart() { lab_on "$1" ./lite-raft restart; }
mend_restart() { mend_role "$1"; }
fault_stop() { lab_on "$1" ./lite-raft stop; }
mend_stop() { mend_role "$1"; }

fault_wall() { lab_wall "$1" "$(($(chance 7200) - 3600))"; }
mend_wall() { :; }

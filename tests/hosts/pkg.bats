#!/usr/bin/env bats
# A package on hosts of its own, and who owned it, by one clock: what the original
# did wrong, and what a lease alone can't help.  (Many more by seeds: make pkg-hosts.)

load common
. "$LAB_HOME/pkg/package.sh"
. "$LAB_HOME/pkg/cuts.sh"
. "$LAB_HOME/pkg/faults.sh"
. "$LAB_HOME/pkg/schedule.sh"

setup_file() {
	lab_missing >"$BATS_FILE_TMPDIR/missing"
	[ -s "$BATS_FILE_TMPDIR/missing" ] || package_lab five
}

# Each test has hosts of pkg that are fresh, and a package of its own.
setup() {
	skip_or :
	STORE='1 2 3' HOSTS='4 5' WATCHDOG=
	lab_heal_all
	for host in $HOSTS; do
		host_off "$host"
		host_on "$host"
	done
	wait_for 60 store noop
}

teardown() {
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		lab_report
		cat "$LAB/check.out"
		for host in $HOSTS; do
			lab_file "$host" "pkg/message-log/$PACKAGE.log"
		done
	fi
}

# begins NAME [LINE...]: it stands by everywhere, and runs on $owner; $other is the other one.
begins() {
	package_new "$@"
	for host in $HOSTS; do
		package_on "$host"
	done
	owns() { owner=$(package_owner); }
	wait_for 60 owns
	other=$(others_of "$owner" "$HOSTS")
}

# one_owner: never two; what else the checker says is in $LAB/check.out.
one_owner() {
	package_check >"$LAB/check.out"
}

told() { # WORD
	awk -v word="$1" '$1 == word { print $NF; exit }' "$LAB/check.out"
}

@test "the owner loses its power, and comes back" {
	begins power
	note fault off "h$owner"
	host_off "$owner"
	wait_for 60 package_runs_on "$other"
	host_on "$owner"
	package_on "$owner"
	note hold "h$other"
	wait_for 20 guard_pid "$owner"
	sleep 2
	note free "h$other"
	one_owner
	tell "power off, profile fast: the other one starts after $(told takeover) ms"
	[ "$(told takeover)" -lt 25000 ]
}

@test "the owner is cut off and its stop takes ten seconds: no two owners for the rest of it" {
	begins slow
	fault_slow_stop "$owner"
	note fault cut "h$owner"
	lab_isolate "$owner"
	wait_for 60 package_runs_on "$other"
	lab_heal
	wait_for 30 lab_on "$owner" sh -c 'grep -q killed pkg/message-log/slow.log'
	one_owner
	tell "cut off, a slow stop: the other one starts after $(told takeover) ms"
}

@test "status hangs for ever on an owner that is cut off: no two owners without end" {
	begins hung
	fault_hang_status "$owner"
	sleep 1
	note fault cut "h$owner"
	lab_isolate "$owner"
	wait_for 60 package_runs_on "$other"
	lab_heal
	sleep 2
	one_owner
	tell "cut off, status hangs: the other one starts after $(told takeover) ms"
}

@test "init on a package that runs leaves it alone, also with other settings" {
	begins live
	note hold "h$owner"
	package_init "$other"
	package_init "$owner"
	package_settings 'status_interval 2' 'grace 1.2'
	package_init "$other"
	lease=$(package_says seq)
	later() { [ "$(package_says seq)" -ge "$((lease + 3))" ]; }
	wait_for 30 later
	note free "h$owner"
	one_owner
	[ "$(package_says epoch)" = 1 ]
	[ "$(package_says limit)" = 4700 ]
}

@test "what a crash leaves behind keeps nothing from starting" {
	begins crash
	# Either of them would begin the other anew.
	both="$(monitor_pid "$owner") $(guard_pid "$owner")"
	lab_on "$owner" kill -s STOP $both
	lab_on "$owner" kill -s KILL $both
	note fault kill "h$owner"
	wait_for 10 guard_gone "$owner"
	lab_on "$owner" test -e pkg/run/crash/lock
	guard_start "$owner"
	wait_for 30 guard_pid "$owner"
	wait_for 60 package_owner
	one_owner
	host_off 4
	host_off 5
	host_on 4
	host_on 5
	package_on 4
	wait_for 60 package_runs_on 4
	one_owner
}

# frozen HOW: guard can't do anything; the other one has the package then.
frozen() {
	note fault "$1" "h$owner"
	"fault_$1" "$owner"
	wait_for 60 package_runs_on "$other"
}

@test "guard is frozen: never two owners with a watchdog" {
	WATCHDOG=2000
	begins dog "watchdog $LAB/host/watchdog"
	frozen freeze_guard
	grep -q 'fault watchdog' "$RECORD"
	one_owner
	tell "freeze_guard, a watchdog: the other one starts after $(told takeover) ms"
}

# Not that this was good: it is what pkg(1) says of a lease alone.
@test "guard is frozen, without a watchdog: two owners until it goes on, and no longer" {
	begins frozen
	note gap "h$owner"
	frozen freeze_guard
	package_runs_twice() { package_check | grep -q '^gap'; }
	wait_for 10 package_runs_twice
	mend_freeze_guard "$owner"
	gone() { ! lab_on "$owner" pkg/control-scripts/frozen status; }
	wait_for 20 gone
	package_runs_on "$other"
	one_owner
	tell "freeze_guard, no watchdog: two owners for $(awk '$1 == "gap" && $4 > most { most = $4 } END { print most + 0 }' "$LAB/check.out") ms"
}

# needs_disk: the package has one of its own that can be made to hang.
needs_disk() {
	[ -d "$LAB/hosts/4/data" ] || skip "needs a kernel with loop devices"
}

@test "a process that does not die: the package stays where it is" {
	needs_disk
	begins undead
	fault_undead "$owner"
	fault_move "$owner"
	stuck() { [ "$(package_says state)" = stuck ]; }
	wait_for 30 stuck
	holds 7 stuck
	mend_undead "$owner"
	wait_for 60 package_runs_on "$other"
	one_owner
}

@test "a process that does not die, cut off: never two owners with a watchdog" {
	needs_disk
	WATCHDOG=2000
	begins watched "watchdog $LAB/host/watchdog"
	fault_undead "$owner"
	frozen cut_all
	grep -q 'fault watchdog' "$RECORD"
	one_owner
	tell "a process that does not die, cut off, a watchdog: the other one starts after $(told takeover) ms"
}

@test "what happens to a package by two seeds" {
	for seed in 9 11; do
		schedule_run "$seed" >"$LAB/said"
		tell "$(cat "$LAB/said")"
	done
}

#!/usr/bin/env bats
# The lab itself: what the other tests here stand on.  No node is started.

load common

setup_file() {
	[ -n "$(lab_missing)" ] || lab_traces >"$BATS_FILE_TMPDIR/before"
	LAB_DISKS=3 hosts_up 3
}

# What a lab could leave on the machine.
lab_traces() {
	printf 'mounts\n'
	sort /proc/self/mounts
	printf 'links\n'
	ip -o link | sed 's/^[0-9]*: //'
	printf 'loops and processes of this lab\n'
	losetup -a | grep -F "$LAB/" || true
	grep -l -s -a -F "$LAB/" /proc/[0-9]*/cmdline || true
}

# Prints what host B is called, as asked by host A; unreached: it does not answer.
sshs() { # A B
	lab_on "$1" timeout 60 ssh -o BatchMode=yes -o ConnectTimeout=30 "h$2" hostname
}

unreached() { # A B
	no lab_on "$1" timeout 3 ssh -o BatchMode=yes -o ConnectTimeout=1 "h$2" hostname
}

# The IPv4 packets that host I has received.
heard() {
	lab_on "$1" cat /proc/net/snmp | awk '/^Ip: [0-9]/ { print $4 }'
}

@test "each host reaches each by name over ssh, and sees its own tree at one path" {
	for a in 1 2 3; do
		for b in 1 2 3; do
			[ "$(sshs "$a" "$b")" = "h$b" ]
		done
		lab_on "$a" sh -c 'hostname >here'
	done
	for a in 1 2 3; do
		[ "$(lab_file "$a" here)" = "h$a" ]
	done
	[ "$(lab_on 1 pwd)" = "$(lab_on 2 pwd)" ]
}

@test "a host sees no process of another, and writes nothing outside of its directory" {
	# That of a login which is over ends a moment later.
	alone() { [ "$(lab_on 1 sh -c 'pgrep -c sshd')" -le 2 ]; }
	wait_for 10 alone
	run lab_on 1 sh -c 'touch /etc/x'
	[ "$status" -ne 0 ]
}

@test "a cut between two hosts leaves the third alone; heal heals" {
	lab_cut 1 2
	unreached 1 2
	unreached 2 1
	sshs 1 3
	sshs 2 3
	lab_heal 1 2
	sshs 1 2
	sshs 2 1
}

@test "a one-way cut lets the other way through" {
	lab_cut 1 2 oneway
	# h2's question reaches h1, h1's answer does not reach h2.
	before=$(heard 1)
	unreached 2 1
	[ "$(heard 1)" -gt "$before" ]
	# h1's question does not reach h2.
	before=$(heard 2)
	unreached 1 2
	[ "$(heard 2)" -eq "$before" ]
	lab_heal
	sshs 1 2
}

@test "an isolated host reaches nobody" {
	lab_isolate 3
	unreached 3 1
	unreached 1 3
	sshs 1 2
	lab_heal
	sshs 1 3
}

@test "a frozen host answers nothing, and goes on where it was" {
	lab_bg lab_on 2 sh -c 'while :; do date +%s >tick; sleep 0.1; done'
	wait_for 5 lab_file 2 tick
	lab_freeze 2
	# The kernel still takes the connection; nobody reads it.
	unreached 1 2
	before=$(lab_file 2 tick)
	sleep 1.2
	[ "$(lab_file 2 tick)" = "$before" ]
	lab_thaw 2
	[ "$(sshs 1 2)" = h2 ]
	ticks() { [ "$(lab_file 2 tick)" != "$before" ]; }
	wait_for 5 ticks
}

@test "a host that loses its power sends no farewell, and keeps what its disk had" {
	lab_bg lab_on 1 ssh -o BatchMode=yes h3 'touch mark; sleep 60'
	wait_for 5 lab_on 1 sh -c 'ss -Htn state established dst 10.77.0.3 | grep -q .'
	lab_on 3 sh -c 'hostname >mark && sync mark . && hostname >unsynced'
	lab_poweroff 3
	no lab_on 3 true
	unreached 1 3
	# The peer's end of the connection knows nothing yet.
	lab_on 1 sh -c 'ss -Htn state established dst 10.77.0.3 | grep -q .'
	lab_poweron 3
	[ "$(sshs 1 3)" = h3 ]
	[ "$(lab_file 3 mark)" = h3 ]
	no lab_file 3 unsynced
}

@test "a slow pair is slow, the others are not" {
	lab_slow 1 2 400kbit
	slow=$(took lab_on 1 sh -c 'head -c 100000 /dev/zero | ssh h2 "cat >/dev/null"')
	# Two seconds and more of it are the wire's, never the machine's.
	quick() { fast=$(took lab_on 1 sh -c 'head -c 100000 /dev/zero | ssh h3 "cat >/dev/null"') && [ "$fast" -lt 1500 ]; }
	wait_for 30 quick
	lab_fast
	tell "100 kB at 400 kbit/s: $slow ms, unshaped $fast ms"
	[ "$slow" -gt 1500 ]
}

@test "a frozen disk hangs writes, not reads" {
	lab_disk_freeze 3
	lab_on 3 sh -c 'ls >/dev/null'
	lab_bg lab_on 3 touch frozen
	sleep 0.5
	[ -z "$(lab_on 3 sh -c 'ls frozen 2>/dev/null')" ]
	lab_disk_thaw 3
	wait_for 5 lab_on 3 sh -c 'ls frozen'
}

@test "down leaves nothing behind, whatever is frozen, cut or running" {
	lab_bg lab_on 1 sleep 100
	lab_cut 1 2
	lab_freeze 2
	lab_disk_freeze 3
	lab_bg lab_on 3 touch hung
	lab_down
	[ ! -e "$LAB" ]
	same() {
		lab_traces >"$BATS_FILE_TMPDIR/after"
		cmp "$BATS_FILE_TMPDIR/before" "$BATS_FILE_TMPDIR/after"
	}
	wait_for 5 same || diff "$BATS_FILE_TMPDIR/before" "$BATS_FILE_TMPDIR/after"
}

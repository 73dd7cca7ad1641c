#!/usr/bin/env bats
# What judges the tests on hosts: records that are known to be good or bad, a clock
# that runs fast, a watchdog.

load ../unit/unit

hosts=${BATS_TEST_DIRNAME%/*}/hosts
built=$ROOT/build/tests/hosts

# It is all Linux'.
[ "$(uname)" = Linux ] || skip=1

setup() {
	[ -z "${skip-}" ] || skip 'needs Linux'
	mkdir "$BATS_TEST_TMPDIR/a node"
	cd "$BATS_TEST_TMPDIR/a node"
	started=
}

# beats HOST INSTANCE FROM TO: in ms, one each 5 ms.
beats() {
	seq "$3" 5 "$4" | sed "s/\(.*\)/\1000000 beat $1 $2/"
}

# at MS WORD...
at() {
	printf '%s000000' "$1"
	shift
	printf ' %s' "$@"
	printf '\n'
}

# good [LINE...], bad [LINE...]: what the checker says of the record on stdin.
good() {
	run -0 "$built/check"
	[ "$output" = "$(printf '%s\n' "$@")" ]
}

bad() {
	run -1 "$built/check"
	[ "$output" = "$(printf '%s\n' "$@")" ]
}

@test "one owner after the other, in any order of the lines" {
	{
		beats b 2 1300 2000
		at 1200 start b
		beats a 1 100 1000
		at 90 start a
	} | good
}

@test "two owners at once, for so long, since then" {
	{ beats a 1 100 1000; beats b 2 800 2000; } | bad 'overlap a b 200 800000000'
	{ beats a 1 100 3000; beats b 2 800 1000; } | bad 'overlap a b 200 800000000'
	{ beats a 1 100 1000; beats b 2 1000 1000; } | bad 'overlap a b 0 1000000000'
	{ beats a 1 100 1000; beats b 2 1005 2000; } | good
	# A third one, long after the first pair, is found as well.
	{ beats a 1 100 200; beats b 2 300 2000; beats a 3 2005 4000; beats c 4 3000 3005; } |
		bad 'overlap a c 5 3000000000'
}

@test "a start is an owner, too; but one where it runs already is not another" {
	{ beats a 1 100 1000; at 998 start b; beats b 2 1100 2000; } | bad 'overlap a b 0 998000000'
	{ beats a 1 100 1000; at 500 start a; } | good
}

@test "two processes on one host are two owners" {
	{ beats a 1 100 1000; beats a 2 900 2000; } | bad 'overlap a a 100 900000000'
	{ beats a 1 100 1000; beats a 2 1001 2000; } | good
}

@test "who was frozen is an owner again when it goes on, and not before" {
	{ beats a 1 100 1000; beats b 2 5000 9000; beats a 1 8000 8010; } | bad 'overlap b a 10 8000000000'
	{ beats a 1 100 1000; beats b 2 5000 9000; beats a 1 9005 9010; } | good
}

@test "what a lease can't help is measured, and only of that host, from then on" {
	{ beats a 1 100 1000; at 50 gap a; beats b 2 800 2000; } | good 'gap a b 200 800000000'
	{ beats a 1 100 1000; at 50 gap c; beats b 2 800 2000; } | bad 'overlap a b 200 800000000'
	{ beats a 1 100 1000; at 801 gap a; beats b 2 800 2000; } | bad 'overlap a b 200 800000000'
}

@test "a package that is held stays where it is, as the same process" {
	{ beats a 1 100 1000; at 150 hold a; at 900 free a; } | good
	{ beats a 1 100 1000; at 150 hold a; at 900 free a; beats b 2 1005 2000; } | good
	{ beats a 1 100 500; at 150 hold a; at 900 free a; at 600 start b; } | bad 'moved a b 600000000'
	{ beats a 1 100 500; at 150 hold a; beats a 2 600 700; at 900 free a; } | bad 'moved a a 600000000'
}

@test "a takeover and a restart are counted from the last fault of who had it" {
	{
		beats a 1 0 1000
		at 500 fault slow a
		at 1000 fault off a
		at 1100 fault off c
		at 4000 start b
		beats b 2 4010 5000
		at 5000 fault kill b
		at 5100 start b
		beats b 3 5110 6000
		at 6000 fault quorum -
		at 6600 start a
		beats a 4 6610 7000
		at 7001 start b
	} | good 'takeover off a b 3000' 'restart kill b b 100' 'takeover quorum b a 600'
}

@test "no owner at all is not good, and what is no record is said to be none" {
	bad nobody </dev/null
	for line in 'x beat a 1' '5 beat a' '5 beat a 0' '5 start' '5 start a b' '5 fault a' '5 sing a' ''; do
		{ beats a 1 0 10; printf '%s\n' "$line"; } >record
		run -64 "$built/check" record
		[ "$output" = 'check: cannot read line 4: it is no line of a record' ]
	done
	run -74 "$built/check" there-is-none
	run -64 "$built/check" record record
}

@test "beats are written down by the kernel's clock, whatever this host's own is" {
	"$built/beat" record note fault off a
	start env LD_PRELOAD="$built/rate.so" HOST_RATE=1900 "$built/beat" record run a
	soon grep -q beat record
	kill "$pid"
	"$built/beat" record note start b
	awk '{ at = $1 } NR > 1 && at < last { exit 1 } { last = at } END { if (NR < 3) exit 1 }' record
	run -0 "$built/check" record
}

@test "beats for a process that can't do anything, in its name, until it is gone" {
	start sleep 100
	sleeper=$pid
	kill -STOP "$sleeper"
	start "$built/beat" record for a "$sleeper" 7
	soon grep -q ' beat a 7$' record
	kill -KILL "$sleeper"
	wait "$sleeper" || :
	ended
	[ "$status" -eq 0 ]
}

@test "a clock that runs fast or slow, and waits by it" {
	for n in 1 2 3; do # a slow machine may take longer to begin, and end, than is gained
		real=$( { time -p env LD_PRELOAD="$built/rate.so" HOST_RATE=2000 sleep 3; } 2>&1 | awk '$1 == "real" { print $2 * 1000 }')
		[ "${real%.*}" -ge 1500 ]
		[ "${real%.*}" -ge 3000 ] || return 0
	done
	return 1
}

@test "a watchdog bites when it is no longer kicked, not after a V, nor when its FIFO is gone" {
	mkfifo kicks
	exec 9<>kicks
	start "$built/dog" kicks 300 touch bitten
	printf k >&9
	soon test -e bitten
	rm bitten
	start "$built/dog" kicks 300 touch bitten
	printf kkV >&9
	sleep 0.6
	[ ! -e bitten ]
	rm kicks
	printf k >&9
	ended
	[ "$status" -eq 0 ]
	[ ! -e bitten ]
	exec 9>&-
}

@test "a schedule is its seed's, and each kind of fault is in some" {
	schedule() { awk -v seed="$1" -f "$hosts/pkg/schedule.awk"; }
	for seed in $(seq 1 400); do
		schedule "$seed"
	done >all
	[ "$(schedule 7)" = "$(schedule 7)" ]
	[ "$(schedule 7)" != "$(schedule 8)" ]
	awk '$2 == "fault" { print $4 }' all | sort -u >kinds
	for kind in $(sed -n 's/^fault_\([a-z_]*\)().*/\1/p' "$hosts/pkg/faults.sh" | tr _ -); do
		grep -q -x "$kind" kinds
	done
	# What begins, ends.
	[ "$(grep -c " fault " all)" -eq "$(grep -c " mend " all)" ]
}

#!/usr/bin/env bats
# What a soak says of itself; whole it is make soak HOURS=n.

setup() {
	cd "$BATS_TEST_DIRNAME/soak" || return
}

@test "how long it lasts is a number of hours, and its seed a number" {
	for words in '' 0 x 1.5.1 -1 '1 x' '1 2 3' 100000; do
		run ./run $words
		[ "$status" -eq 64 ]
		[ "$output" = 'usage: run HOURS [SEED]' ]
	done
	run ./run --help
	[ "$status" -eq 0 ]
	[ "$output" = 'usage: run HOURS [SEED]' ]
}

@test "the longest time without an acknowledged write around each fault, and behind it" {
	printf '%s\n' 'power 1000 2000' 'wall 4000 4100' 'hang 9000 9500' >"$BATS_TEST_TMPDIR/faults"
	# Reads, what was refused and what nobody knows are no writes that were acknowledged.
	printf '%s\t%s\n' \
		'1 800000000 900000000 set k v' 0 \
		'2 900000000 1500000000 get k' '0 v' \
		'1 1300000000 1600000000 set k v' 69 \
		'2 1600000000 - set k v' '' \
		'1 2900000000 3100000000 if k = v set w' 1 \
		'1 3900000000 4050000000 noop' 0 \
		'2 3500000000 3900000000 unset k' 0 \
		'1 4150000000 4200000000 set k v' 0 \
		>"$BATS_TEST_TMPDIR/history"
	run awk -f tell.awk "$BATS_TEST_TMPDIR/faults" "$BATS_TEST_TMPDIR/history"
	[ "$output" = 'power 2200 1100
wall 150 100
hang 0 0' ]
}

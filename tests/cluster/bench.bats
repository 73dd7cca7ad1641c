# What measures (make bench) measures: for seconds, on one node.

load ../lib/cluster

setup_file() { cluster_up 1; }
teardown_file() { cluster_down; }
teardown() { cluster_after; }

# load OPTION...: the generator, at the only node.
load_node() {
	out "$ROOT/build/tests/bench/load" "$@" "$(node_dir 1)/run/client.sock"
}

# said NAME: its value in the line of results, which is the last.
said() {
	[[ " ${output##*$'\n'} " =~ " $1="([0-9.]+)" " ]] && printf '%s\n' "${BASH_REMATCH[1]}"
}

@test "writes from many connections: all are counted, and are there" {
	run -0 load_node -c 20 -d 3 -k 50 -n 1000
	[ "$(said n)" = 1000 ]
	[ "$(said bad)" = 0 ]
	[ "$(client 1 list key | wc -l)" = 50 ]
	value=$(client 1 get key000000007)
	[ "${#value}" = 100 ]
}

@test "latencies are in order, within the time" {
	run -0 load_node -s 2 -w 0.1
	awk "BEGIN { exit !($(said p50_us) > 0 && $(said p50_us) <= $(said p99_us) &&
		$(said p99_us) <= $(said max_us) && $(said s) >= 2) }"
}

@test "reads, and a timeline that has every answer" {
	run -0 load_node -g -s 2 -w 0 -t "$BATS_TEST_TMPDIR/line"
	[ "$(said n)" -gt 0 ]
	[ "$(said n)" = "$(awk '{ n += $2 } END { print n }' "$BATS_TEST_TMPDIR/line")" ]
}

@test "a connection that ends is made again" {
	local socket=$BATS_TEST_TMPDIR/socket
	"$ROOT/build/tests/fake" "$socket" say 'hello 1 7' hear say '0' ... >/dev/null 3>&- 4>&- &
	fake=$!
	wait_for 10 test -S "$socket"
	run -0 out "$ROOT/build/tests/bench/load" -n 5 "$socket"
	kill "$fake"
	[ "$(said n) $(said bad)" = '5 0' ]
}

@test "a leader that stays away leaves a gap up to the end" {
	local socket=$BATS_TEST_TMPDIR/socket
	out "$ROOT/build/tests/fake" "$socket" say 'hello 1 7' hear say '0' hang >/dev/null &
	wait_for 10 test -S "$socket"
	run -0 out "$ROOT/build/tests/bench/load" -s 2 -w 0 "$socket"
	awk "BEGIN { exit !($(said n) == 1 && $(said gap_ms) > 300) }"
}

@test "an answer that is neither yes nor no is counted as bad" {
	local socket=$BATS_TEST_TMPDIR/socket
	out "$ROOT/build/tests/fake" "$socket" say 'hello 1 7' hear say '0' hear say '74 full' hang >/dev/null &
	wait_for 10 test -S "$socket"
	run -1 out "$ROOT/build/tests/bench/load" -n 2 "$socket"
	[ "$(said n) $(said bad)" = '1 1' ]
	[[ $output == *"load: an answer: 74 full"* ]]
}

@test "the probes" {
	run -0 out "$ROOT/build/tests/bench/probe" echo 0.2 /bin/cat
	[ "$(said n)" -gt 0 ]
	run -0 out "$ROOT/build/tests/bench/probe" sync 0.2 "$BATS_TEST_TMPDIR/file"
	[ "$(said n)" -gt 0 ]
	run -0 out "$ROOT/build/tests/bench/probe" spawn 3 false
	[ "$(said n) $(said bad)" = '3 3' ]
	run -64 out "$ROOT/build/tests/bench/probe"
	run -64 load_node -x
}

# Snapshots, beside the work of a real cluster: one every fifty entries.

load ../lib/cluster
load ../lib/faults

setup_file() {
	cluster_up_with 3 3 snapshot_period 50
}

teardown_file() { cluster_down; }
teardown() { cluster_after; }

# writes TAG COUNT: so many, with request ids, through node 1; each is done.
writes() {
	awk -v tag="$1" -v n="$2" 'BEGIN { for (i = 1; i <= n; i++)
		printf "id=1-%08x%08x if %s/%d absent set %d-%s\n", n, i, tag, i, i, tag }' >"$BATS_TEST_TMPDIR/batch"
	again "$1"
}

# again TAG: sends the same requests, under the same ids.
again() {
	client 1 batch <"$BATS_TEST_TMPDIR/batch" >"$BATS_TEST_TMPDIR/answers"
	[ "$(sort "$BATS_TEST_TMPDIR/answers" | uniq -c | tr -d ' ')" = "$(wc -l <"$BATS_TEST_TMPDIR/batch")0" ]
}

# snapshot_index I: of node I's newest snapshot.
snapshot_index() {
	on "$1" libexec/step/snapshot show | tail -n 1 | cut -d ' ' -f 2
}

# compacted I INDEX: node I has a snapshot not before that, whole, and no more than
# one beside it.
compacted() {
	[ "$(snapshot_index "$1")" -ge "$2" ] &&
		[ "$(find "$(node_dir "$1")/state/snapshot" -mindepth 1 -type d | wc -l)" -le 2 ] &&
		on "$1" libexec/step/snapshot check
}

@test "F37 logs and snapshots stay short; a new leader has everything, and knows every request" {
	local before dead n
	writes one 500
	writes two 1500
	for n in 1 2 3; do
		before=$(($(show "$n" commit_index) - 400))
		wait_for 20 compacted "$n" "$before"
	done
	dead=$(leader)
	[ "$dead" != 1 ] || dead=
	kill_leader >/dev/null
	[ -n "$dead" ] || start 1
	await_leader
	# Carried out before the snapshots: the key is there, and the answer is yes.
	again two
	for n in 1 2 3; do
		! has_role "$n" stopped || continue
		client "$n" list one/ >"$BATS_TEST_TMPDIR/list"
		[ "$(wc -w <"$BATS_TEST_TMPDIR/list")" -eq 500 ]
		[ "$(client "$n" list two/ | wc -w)" -eq 1500 ]
		[ "$(client "$n" get two/1234)" = 1234-two ]
	done
	run -1 client 1 if two/7 absent set other
	# Whoever is dead knows what it knew.
	for n in 1 2 3; do
		run -0 --separate-stderr client "$n" --local get one/77
		[[ $output = 77-one && $stderr = *'as of index '[0-9]* ]]
	done
	cluster_heal
	writes three 300
	wait_for 20 agreed
	for n in 1 2 3; do
		wait_for 20 compacted "$n" 2000
	done
}

@test "a watch goes on with the next leader, and tells what a snapshot holds by now" {
	local dead from it n last
	cluster_heal
	it=$(follower)
	from=$(($(show "$it" last_index) + 1))
	client "$it" --timeout 60 watch w. >"$BATS_TEST_TMPDIR/live" 2>"$BATS_TEST_TMPDIR/why" &
	n=0
	until [ -s "$BATS_TEST_TMPDIR/live" ]; do
		n=$((n + 1))
		client "$it" set w.first "$n"
		sleep 0.2
	done
	printf 'set w.a 1\nif w.a = 2 set 3\nif w.a = 1 set 2\nif w.none exists unset\nunset w.a\nnoop\n' |
		client "$it" batch >/dev/null || [ "$?" -eq 1 ]
	writes four 400
	last=$(show "$it" commit_index)
	for n in 1 2 3; do
		wait_for 20 compacted "$n" "$((last - 400))"
	done
	dead=$(kill_leader)
	[ "$dead" != "$it" ]
	await_leader
	client "$it" set w.last 1
	client "$it" --from "$from" watch w. >"$BATS_TEST_TMPDIR/again" &
	ends() { tail -n 1 "$1" | grep -q 'set w.last 1'; }
	wait_for 30 ends "$BATS_TEST_TMPDIR/again"
	wait_for 30 ends "$BATS_TEST_TMPDIR/live"
	send TERM $(processes "$it" 'link/call.*watch')
	wait || :
	for n in live again; do
		grep -v w.first "$BATS_TEST_TMPDIR/$n" | cut -d ' ' -f 2- >"$BATS_TEST_TMPDIR/changes"
		printf 'set w.a 1\nset w.a 2\nunset w.a\nset w.last 1\n' | cmp - "$BATS_TEST_TMPDIR/changes"
	done
	[ ! -s "$BATS_TEST_TMPDIR/why" ]
	cluster_heal
}

@test "the log before the older snapshot goes" {
	local n value
	value=$(head -c 60000 /dev/zero | tr '\0' v)
	for n in 1 2 3 4; do
		awk -v v="$value" -v n="$n" 'BEGIN { for (i = 0; i < 200; i++) printf "set big%d %d%s\n", i % 20, n, v }' |
			client 1 batch | sort -u | grep -qx 0
	done
	# However much came behind it while the newest was taken.
	log_short() {
		local segments snapshots
		segments=($(find "$(node_dir "$1")/state/log" -name '0*' | sed 's,.*/,,' | sort)) &&
			snapshots=($(find "$(node_dir "$1")/state/snapshot" -mindepth 1 -maxdepth 1 -name '*[0-9]' | sed 's,.*/,,' | sort)) &&
			[ "${#snapshots[@]}" -ge 2 ] &&
			[ "${segments[0]}" != 0000000000000001 ] &&
			[[ ${segments[1]-none} > ${snapshots[-2]%.*} ]]
	}
	# Where few were taken, as on a slow machine, the older one is in the first segment yet.
	shortens() {
		log_short "$1" && return
		awk -v v="$value" 'BEGIN { for (i = 0; i < 200; i++) printf "set big%d 5%s\n", i % 20, v }' |
			client 1 batch && log_short "$1"
	}
	for n in 1 2 3; do
		wait_for 60 shortens "$n"
	done
	# A node that starts with nothing before its snapshots takes part as before.
	for n in 1 2 3; do
		stop "$n" && start "$n"
	done
	await_leader
	[ "$(client 2 get big7 | wc -c)" -eq 60002 ]
}

@test "F51 what takes the snapshots comes back, ends with its node, and is there once" {
	local n pid
	n=$(follower)
	taker() { on "$n" libexec/os/hold --who run/compact.lock; }
	wait_for 20 taker
	pid=$(taker)
	kill -KILL "$pid"
	another() { new=$(taker) && [ "$new" != "$pid" ]; }
	wait_for 20 another
	pid=$new
	kill -KILL "$(role_pid "$n")"
	wait_for 10 not kill -0 "$pid"
	start "$n"
	wait_for 20 taker
	stop "$n"
	run -1 taker
	start "$n"
	cluster_heal
}

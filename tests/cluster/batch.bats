# batch and watch, and very many clients, on real nodes.

load ../lib/cluster
load ../lib/faults

TURN=15000 # lines of each of three batches: fewer than any log keeps

setup_file() {
	cluster_up_with 3 3 snapshot_period 50000
}

teardown_file() {
	cluster_down
}

setup() {
	beside=()
	it=$(mended)
}

# clients_end: ends all clients, which otherwise bats would wait for.
clients_end() {
	for n in 1 2 3; do
		send TERM $(processes "$n" 'link/call|tests/crowd')
	done
}

teardown() {
	clients_end
	beside_end
	cluster_after
}

# counts KEY: lines that count KEY from 0 on, one at a time, so many for each line in
# turns, until there is a file enough; how far goes into a file.
counts() {
	local done=0
	printf 'set %s 0\n' "$1"
	until [ -e "$BATS_TEST_TMPDIR/enough" ]; do
		((done < TURN * $(wc -l <"$BATS_TEST_TMPDIR/turns"))) || { sleep 0.05 && continue; }
		awk -v key="$1" -v i="$done" 'BEGIN { for (n = i + 500; i < n; i++) printf "if %s -eq %d set %d\n", key, i, i + 1 }'
		done=$((done + 500))
	done
	printf '%s\n' "$done" >"$BATS_TEST_TMPDIR/$1"
}

# counting I: node I's client counts; its answers and its status are kept.
counting() {
	local status=0
	counts "count.$1" | client "$1" --timeout 60 batch >"$BATS_TEST_TMPDIR/answers.$1" || status=$?
	printf '%s\n' "$status" >"$BATS_TEST_TMPDIR/status.$1"
}

# watching I: what node I's client is told of counts, from the first entry on.
watching() {
	client "$1" --timeout 60 --from 1 watch count. >"$BATS_TEST_TMPDIR/watched.$1" || :
}

# counted I FILE: is the last of count.I's changes in it?
counted() {
	grep -q "^[0-9]* set count\\.$1 $(cat "$BATS_TEST_TMPDIR/count.$1")\$" "$2"
}

# all_told N: do all who watch know that all have counted so far?
all_told() {
	local n key
	for n in 1 2 3; do
		for key in 1 2 3; do
			grep -q "^[0-9]* set count\\.$key $1\$" "$BATS_TEST_TMPDIR/watched.$n" || return 1
		done
	done
}

# turn: once all that was counted is known, all count on, and this returns in its midst.
turn() {
	local had
	wait_for 60 all_told $((TURN * $(wc -l <"$BATS_TEST_TMPDIR/turns")))
	had=$(wc -l <"$BATS_TEST_TMPDIR/answers.1")
	printf 'one\n' >>"$BATS_TEST_TMPDIR/turns"
	answers_more() { [ "$(wc -l <"$BATS_TEST_TMPDIR/answers.1")" -gt "$had" ]; }
	wait_for 60 answers_more
}

@test "F37 batches on all nodes, leaders that die: each line is carried out once, in order, and watched" {
	# While they begin to watch, the log still has its first entry.
	client "$it" set count.0 watched
	for n in 1 2 3; do
		watching "$n" &
		watches[n]=$!
	done
	for n in 1 2 3; do
		wait_for 30 test -s "$BATS_TEST_TMPDIR/watched.$n"
	done
	: >"$BATS_TEST_TMPDIR/turns"
	for n in 1 2 3; do
		: >"$BATS_TEST_TMPDIR/answers.$n"
		counting "$n" &
		batches[n]=$!
	done
	old=$it
	for n in 1 2 3; do
		turn
		send KILL "$(lead_pid "$old")"
		old=$(await_leader)
	done
	turn
	stop "$old"
	await_leader
	: >"$BATS_TEST_TMPDIR/enough"
	wait "${batches[@]}"
	for n in 1 2 3; do
		last=$(cat "$BATS_TEST_TMPDIR/count.$n")
		[ "$(cat "$BATS_TEST_TMPDIR/status.$n")" = 0 ]
		[ "$(sort "$BATS_TEST_TMPDIR/answers.$n" | uniq -c | tr -s ' ')" = " $((last + 1)) 0" ]
		[ "$(client "$n" get "count.$n")" = "$last" ]
	done
	for n in 1 2 3; do
		for key in 1 2 3; do
			wait_for 60 counted "$key" "$BATS_TEST_TMPDIR/watched.$n"
			sed -n "s/^[0-9]* set count\\.$key //p" "$BATS_TEST_TMPDIR/watched.$n" >"$BATS_TEST_TMPDIR/seen"
			seq 0 "$(cat "$BATS_TEST_TMPDIR/count.$key")" | cmp - "$BATS_TEST_TMPDIR/seen"
		done
	done
	# Those behind ssh and those beside the leader were told the same.
	cmp "$BATS_TEST_TMPDIR/watched.1" "$BATS_TEST_TMPDIR/watched.2"
	cmp "$BATS_TEST_TMPDIR/watched.1" "$BATS_TEST_TMPDIR/watched.3"
	clients_end
	wait "${watches[@]}"
}

@test "a batch sees what it has written, and every byte comes back" {
	cat >"$BATS_TEST_TMPDIR/lines" <<-'END'
		set batch.a 1
		get batch.a
		set batch.b "\x00\n\"\\ *\xff"
		get batch.b
		set batch.c 1
		unset batch.c
		get batch.c
		set "-batch key" -
		get "-batch key"
		if batch.a = 2 set 3
		list batch.
	END
	for n in 1 2 3; do
		run -1 client "$n" batch <"$BATS_TEST_TMPDIR/lines"
		[ "$output" = $'0\n0 1\n0\n0 "\\x00\\n\\"\\\\ *\xff"\n0\n0\n1\n0\n0 -\n1\n0 batch.a batch.b' ]
	done
}

@test "watch tells what has changed a key, and nothing else, live or from the log" {
	# As lite-raft-client(1) has it.
	from=$(client "$it" status | awk '$2 == "leader" { print $5 + 1 }')
	base=$(commit_known "$it")
	other=$(follower)
	client "$other" --from "$from" watch real. >"$BATS_TEST_TMPDIR/live" &
	watches=("$!")
	{
		printf 'set real.a 1\nif real.a = 2 set 3\nif real.a = 1 set 1\nunset real.none\nset other 1\nnoop\n'
		printf 'id=%s-00000000000000d1 set real.b 1\nunset real.b\n' "$base"
		printf 'id=%s-00000000000000d1 set real.b 1\nif real.a exists unset\nset real 1\n' "$base"
	} | client "$it" batch | tr '\n' ' ' >"$BATS_TEST_TMPDIR/answers"
	[ "$(cat "$BATS_TEST_TMPDIR/answers")" = '0 1 0 0 0 0 0 0 0 0 0 ' ]
	told() { [ "$(wc -l <"$1")" -ge 5 ]; }
	wait_for 20 told "$BATS_TEST_TMPDIR/live"
	client "$it" --from "$from" watch real. >"$BATS_TEST_TMPDIR/again" &
	watches+=("$!")
	wait_for 20 told "$BATS_TEST_TMPDIR/again"
	cut -d ' ' -f 2- "$BATS_TEST_TMPDIR/live" >"$BATS_TEST_TMPDIR/changes"
	printf 'set real.a 1\nset real.a 1\nset real.b 1\nunset real.b\nunset real.a\n' | cmp - "$BATS_TEST_TMPDIR/changes"
	cmp "$BATS_TEST_TMPDIR/live" "$BATS_TEST_TMPDIR/again"
	send TERM $(processes "$it" 'link/call.*watch') $(processes "$other" 'link/call.*watch')
	wait "${watches[@]}"
}

@test "the log's next segment is made beside the work, on each node" {
	spare() { [ -s "$(node_dir "$1")/state/log/spare" ]; }
	spares() { spare 1 && spare 2 && spare 3; }
	# The newest; old ones go where a snapshot has what is in them.
	segment() { ls "$(node_dir "$1")/state/log" | grep '^[0-9]*$' | tail -n 1; }
	for n in 1 2 3; do
		had[n]=$(segment "$n")
	done
	head -c 400 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/value"
	for n in $(seq 24); do
		awk -v value="$(cat "$BATS_TEST_TMPDIR/value")" \
			'BEGIN { for (i = 0; i < 2000; i++) print "set segment." i % 10 " " value }' |
			client "$it" --timeout 60 batch | sort | uniq -c | tr -s ' ' >"$BATS_TEST_TMPDIR/answers"
		[ "$(cat "$BATS_TEST_TMPDIR/answers")" = ' 2000 0' ]
		# A disk that is slow has it ready only later.
		spares || { ((n >= 12)) && wait_for 5 spares; } && seen=1
		((n < 12)) || [ -z "${seen-}" ] || break
	done
	[ -n "${seen-}" ]
	wait_for 20 agreed
	for n in 1 2 3; do
		[[ $(segment "$n") > ${had[n]} ]]
	done
}

@test "a batch of an hour ago: its ids are of today" {
	mkfifo "$BATS_TEST_TMPDIR/lines"
	client "$it" --timeout 30 batch <"$BATS_TEST_TMPDIR/lines" >"$BATS_TEST_TMPDIR/answers" &
	exec 7>"$BATS_TEST_TMPDIR/lines"
	printf 'set old 1\n' >&7
	answers() { [ "$(wc -l <"$BATS_TEST_TMPDIR/answers")" -eq "$1" ]; }
	wait_for 20 answers 1
	# More than the window of request ids goes by.
	yes noop | head -n 300000 | client "$it" --timeout 60 batch | sort | uniq -c | tr -s ' ' >"$BATS_TEST_TMPDIR/others"
	[ "$(cat "$BATS_TEST_TMPDIR/others")" = ' 300000 0' ]
	printf 'set old 2\n' >&7
	wait_for 20 answers 2
	exec 7>&-
	wait "$!"
	[ "$(cat "$BATS_TEST_TMPDIR/answers")" = $'0\n0' ]
	[ "$(client "$it" get old)" = 2 ]
}

@test "F40 a watch that nobody reads is cut off with a word, and slows nobody" {
	term=$(show "$it" term)
	mkfifo "$BATS_TEST_TMPDIR/told"
	client "$it" --from "$(($(show "$it" last_index) + 1))" watch >"$BATS_TEST_TMPDIR/told" 2>"$BATS_TEST_TMPDIR/why" &
	watch=$!
	exec 7<"$BATS_TEST_TMPDIR/told"
	client "$it" set watched first
	read -r _ word <&7
	[ "$word" = 'set watched first' ]
	before=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$(lead_pid "$it")/status")
	awk 'BEGIN { for (i = 0; i < 300000; i++) print "set watched " i }' |
		client "$it" --timeout 60 batch | sort | uniq -c | tr -s ' ' >"$BATS_TEST_TMPDIR/answers"
	[ "$(cat "$BATS_TEST_TMPDIR/answers")" = ' 300000 0' ]
	after=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$(lead_pid "$it")/status")
	printf 'lead takes %s kB, before %s\n' "$after" "$before"
	[ "$((after - before))" -lt 65536 ]
	[ "$(show "$it" term)" = "$term" ]
	# What it is told has no gap, and then there is the word.
	cat <&7 >"$BATS_TEST_TMPDIR/rest"
	exec 7<&-
	status=0
	wait "$watch" || status=$?
	cat "$BATS_TEST_TMPDIR/why"
	[ "$status" -eq 1 ]
	grep -q '^lite-raft-client: cannot watch: the changes before [0-9]* are no longer known' "$BATS_TEST_TMPDIR/why"
	sed 's/.* //' "$BATS_TEST_TMPDIR/rest" >"$BATS_TEST_TMPDIR/seen"
	seq 0 "$(($(wc -l <"$BATS_TEST_TMPDIR/seen") - 1))" | cmp - "$BATS_TEST_TMPDIR/seen"
	run -1 client "$it" --from 1 watch
	[[ $output == *'no longer known: watch anew, then list'* ]]
}

# crowd N: that many clients of the leader at once, each of which adds a key.
crowd() {
	on "$it" "$ROOT/build/tests/crowd" run/client.sock "$1" 'set crowd yes'
}

@test "F41 10,000 clients at once, or as many as there are descriptors for" {
	term=$(show "$it" term)
	most=$(($(ulimit -Hn) - 200))
	count=$((most < 10000 ? most : 10000))
	mkfifo "$BATS_TEST_TMPDIR/hold"
	crowd "$count" <"$BATS_TEST_TMPDIR/hold" >"$BATS_TEST_TMPDIR/crowd" &
	exec 7>"$BATS_TEST_TMPDIR/hold"
	said() { [ -s "$BATS_TEST_TMPDIR/crowd" ]; }
	wait_for 120 said
	[ "$(cat "$BATS_TEST_TMPDIR/crowd")" = "$count answered, $count yes, 0 broken, of $count" ]
	# They are all there still, and others are served.
	for n in 1 2 3; do
		[ "$(client "$n" get crowd)" = yes ]
	done
	printf 'lead takes %s kB with %s clients\n' \
		"$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$(lead_pid "$it")/status")" "$count"
	exec 7>&-
	wait "$!"
	[ "$(show "$it" term)" = "$term" ]
}

# few I: node I starts anew, and no process of it may have more than 64 descriptors.
few() {
	stop "$1"
	(ulimit -n 64 && start "$1")
}

@test "F41 descriptors run out: who is served goes on, others wait for their turn, followers keep theirs" {
	for n in 1 2 3; do
		few "$n"
	done
	it=$(await_leader)
	term=$(show "$it" term)
	mkfifo "$BATS_TEST_TMPDIR/hold"
	crowd 200 <"$BATS_TEST_TMPDIR/hold" >"$BATS_TEST_TMPDIR/crowd" &
	jobs=$!
	exec 7>"$BATS_TEST_TMPDIR/hold"
	# They hold all that there are; the log and the followers have theirs.
	full() { [ "$(ls "/proc/$(lead_pid "$it")/fd" | wc -l)" -ge 32 ]; }
	wait_for 20 full
	run client "$it" --timeout 2 get crowd
	[[ $status = 0 || $status = 69 ]]
	# Each follower's stream that breaks now has a successor, again and again.
	streams() { logs "$other" | grep -c "append: n$it leads"; }
	more() { [ "$(streams)" -gt "$before" ]; }
	for other in 1 2 3 1 2 3; do
		[ "$other" -ne "$it" ] || continue
		before=$(streams) || : # none yet
		end_streams "$other"
		wait_for 20 more
	done
	[ "$(show "$it" term)" = "$term" ]
	exec 7>&-
	send KILL "$(processes "$it" tests/crowd)"
	wait "$jobs" || :
	[ "$(client "$it" --timeout 30 get crowd)" = yes ]
	[ "$(show "$it" term)" = "$term" ]
	for n in 1 2 3; do
		stop "$n"
		start "$n"
	done
}

# noops N: so many entries go by.
noops() {
	[ "$(yes noop | head -n "$1" | client "$it" --timeout 60 batch | sort | uniq -c | tr -s ' ')" = " $1 0" ]
}

# watchers N REQUEST: so many clients of the leader ask for this, and stay until
# descriptor 7 is closed.
watchers() {
	rm -f "$BATS_TEST_TMPDIR/hold" "$BATS_TEST_TMPDIR/crowd"
	mkfifo "$BATS_TEST_TMPDIR/hold"
	on "$it" "$ROOT/build/tests/crowd" run/client.sock "$1" "$2" <"$BATS_TEST_TMPDIR/hold" >"$BATS_TEST_TMPDIR/crowd" &
	watches=("$!")
	exec 7>"$BATS_TEST_TMPDIR/hold"
	watching_all() { [ -s "$BATS_TEST_TMPDIR/crowd" ]; }
	wait_for 60 watching_all
	[ "$(cat "$BATS_TEST_TMPDIR/crowd")" = "$1 answered, $1 yes, 0 broken, of $1" ]
}

watchers_end() {
	exec 7>&-
	wait "${watches[@]}"
}

@test "F41 hundreds of watches that have to catch up: the leader stays, and others are served" {
	noops 30000
	term=$(show "$it" term)
	for back in 5 20000; do
		watchers 400 "watch none. $(($(show "$it" last_index) - back))"
		for n in 1 2 3; do
			client "$n" set watched.beside "$n"
		done
		watchers_end
		[ "$(show "$it" term)" = "$term" ]
	done
	# All of them fall behind at one entry: what they are told is large.
	watchers 400 'watch large'
	head -c 300000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/value"
	client "$it" set large - <"$BATS_TEST_TMPDIR/value"
	client "$it" set large small
	client "$it" set watched.beside last
	[ "$(show "$it" term)" = "$term" ]
	watchers_end
}

@test "a watch of what is quiet outlives the window and its leader" {
	other=$(follower)
	client "$other" --timeout 60 watch quiet. >"$BATS_TEST_TMPDIR/told" 2>"$BATS_TEST_TMPDIR/why" &
	watches=("$!")
	told() { [ "$(wc -l <"$BATS_TEST_TMPDIR/told")" -ge "$1" ]; }
	asked=0
	until told 1; do
		asked=$((asked + 1))
		client "$it" set quiet.first "$asked"
		sleep 0.2
	done
	noops 280000
	stop "$it"
	await_leader
	start "$it"
	client "$other" set quiet.second 2
	last() { [ "$(tail -n 1 "$BATS_TEST_TMPDIR/told" | cut -d ' ' -f 2-)" = 'set quiet.second 2' ]; }
	wait_for 60 last
	send TERM $(processes "$other" 'link/call.*watch')
	wait "${watches[@]}"
	[ ! -s "$BATS_TEST_TMPDIR/why" ]
}

@test "F40 a client that writes without end while no follower answers does not fill the leader's memory" {
	lead=$(lead_pid "$it")
	peak() { awk '$1 == "VmHWM:" { print $2 }' "/proc/$lead/status" 2>/dev/null; }
	before=$(peak)
	appends() {
		for n in 1 2 3; do
			[ "$n" = "$it" ] || processes "$n" step/append
		done
	}
	send STOP $(appends)
	beside "$it" libexec/link/dial run/client.sock sh -c 'yes noop | head -c 200000000'
	# Until it gives up its leadership, for want of answers; a stream that has just been
	# made anew gets none either.
	most=$before
	end=$((SECONDS + 60))
	while now=$(peak) && [ -n "$now" ] && [ "$SECONDS" -le "$end" ]; do
		most=$now
		send STOP $(appends)
	done
	send CONT $(appends)
	[ -z "$now" ]
	printf 'lead took at most %s kB, before %s\n' "$most" "$before"
	[ "$((most - before))" -lt 65536 ]
}

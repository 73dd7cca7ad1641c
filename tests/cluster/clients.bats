# What clients may send, what they get, and what becomes of it when leaders
# change.

load ../lib/cluster
load ../lib/faults

setup_file() {
	cluster_up 3 3
}

teardown_file() {
	cluster_down
}

setup() {
	beside=()
	it=$(mended)
}

teardown() {
	beside_end
	cluster_after
}

# last: the index of the leader's last entry.
last() {
	show "$(leader)" last_index
}

# reader FILE: reads f36 on node $old, as clients do.
reader() {
	client "$old" --timeout 60 get f36 >"$1" 2>&1 || :
}

# others_go_on: clients on all nodes are served, by the same leader.
others_go_on() {
	local n node
	for n in 1 2 3 4; do
		for node in 1 2 3; do
			client "$node" --timeout 10 set "f40.$node" "$n"
			[ "$(client "$node" --timeout 10 get "f40.$node")" = "$n" ]
		done
	done
	[ "$(leader) $(show "$it" term)" = "$it $term" ]
}

# The first of all: the leader has nothing to spare yet.
@test "memory that a watch would need and that there is not ends this watch only" {
	command -v prlimit >/dev/null || skip 'there is no prlimit here'
	term=$(show "$it" term)
	mkfifo "$BATS_TEST_TMPDIR/ask"
	for n in 1 2 3; do
		client "$it" set f40.watched "$n"
	done
	beside "$it" libexec/link/dial run/client.sock sh -c 'cat "$1" & exec cat >"$2"' sh "$BATS_TEST_TMPDIR/ask" "$BATS_TEST_TMPDIR/told"
	exec 7>"$BATS_TEST_TMPDIR/ask"
	printf 'get f40.watched\n' >&7
	greeted() { [ "$(sed -n '$p' "$BATS_TEST_TMPDIR/told")" = '0 3' ]; }
	wait_for 10 greeted
	lead=$(lead_pid "$it")
	size=$(awk '$1 == "VmSize:" { print $2 }' "/proc/$lead/status")
	prlimit --pid "$lead" --as="$((size * 1024 + 65536)):"
	printf 'watch f40.watched 1\n' >&7
	exec 7>&-
	ended() { not kill -0 "${beside[@]}"; }
	wait_for 10 ended
	prlimit --pid "$lead" --as=unlimited:
	others_go_on
	[ "$(lead_pid "$it")" = "$lead" ]
}

@test "F36 the leader is frozen, another elected, the first goes on and is read from" {
	old=$it
	client "$old" set f36 stale
	other=$(follower)
	term=$(show "$old" term)
	mapfile -t frozen < <(processes "$old")
	send STOP "${frozen[@]}"
	client "$other" --timeout 30 set f36 fresh
	(($(show "$other" term) > term))
	# They wait at its socket for the moment when it goes on.
	for n in 1 2 3 4 5; do
		reader "$BATS_TEST_TMPDIR/$n" &
	done
	{ printf 'get f36\n' && sleep 1; } | on "$old" timeout 30 libexec/link/call --gate >"$BATS_TEST_TMPDIR/raw" &
	raw=$!
	asked() { [ "$(processes "$old" link/call | wc -l)" -ge 6 ]; }
	wait_for 20 asked
	send CONT "${frozen[@]}"
	wait_for 40 gone "$raw"
	wait
	cat "$BATS_TEST_TMPDIR"/*
	not grep -r stale "$BATS_TEST_TMPDIR"
	for n in 1 2 3 4 5; do
		[ "$(cat "$BATS_TEST_TMPDIR/$n")" = fresh ]
	done
	[ "$(client "$old" get f36)" = fresh ]
	one_leader_a_term
}

@test "F37 a request that is repeated is carried out once, its answer stays the same" {
	base=$(commit_known "$it")
	one="id=$base-00000000000000a1 set f37 1"
	run -0 ask "$it" "$one" 'set f37 2' "$one" 'get f37'
	[ "$output" = $'0\n0\n0\n0 2' ]
	no="id=$base-00000000000000a2 if f37 = 3 set 4"
	yes="id=$base-00000000000000a3 if f37 = 2 set 3"
	run -0 ask "$it" "$no" "$yes" "$no" "$yes" 'get f37'
	[ "$output" = $'1\n0\n1\n0\n0 3' ]
	# Another connection, the same request; another id, another request.
	run -0 ask "$it" "$one" "${one/a1/a4}" 'get f37'
	[ "$output" = $'0\n0\n0 1' ]
}

@test "F37 across a new leader and a restart" {
	base=$(commit_known "$it")
	one="id=$base-00000000000000b1 set f37b 1"
	no="id=$base-00000000000000b2 if f37b = 3 set 4"
	run -0 ask "$it" "$one" "$no" 'set f37b 3'
	[ "$output" = $'0\n1\n0' ]
	crash "$it"
	new=$(await_leader)
	run -0 ask "$new" "$one" "$no" 'get f37b'
	[ "$output" = $'0\n1\n0 3' ]
	for node in $(nodes); do
		crash "$node"
	done
	start_all
	new=$(await_leader)
	run -0 ask "$new" "$one" "$no" 'get f37b'
	[ "$output" = $'0\n1\n0 3' ]
}

@test "F37 an id that no client can have is refused, nothing is carried out" {
	run -0 ask "$it" 'id=999999999-00000000000000c1 set f37c 1' 'get f37c'
	[[ ${lines[0]} == 75\ * && ${lines[1]} = 1 ]]
	for id in '' x 1 1-2 01-00000000000000c1 1-0000000000000000 1-00000000000000c1-; do
		run -0 ask "$it" "id=$id set f37c 1" 'get f37c'
		printf '%s: %s\n' "$id" "$output"
		[[ ${lines[0]} == 64\ * && ${lines[1]} = 1 ]]
	done
}

# attempt I N FILE: one of those who race for turn N; its status goes into FILE.
attempt() {
	local status=0
	client "$1" --timeout 30 if f38 = "$2" set "$(($2 + 1))" 2>>"$3.said" || status=$?
	printf '%s %s\n' "$2" "$status" >>"$3"
}

@test "F38 of those who race from all nodes one wins each round" {
	# The first are about a key that is not there.
	for node in 1 2 3; do
		{ client "$node" if f38 absent set 0 && printf 'won\n' >>"$BATS_TEST_TMPDIR/absent"; } &
	done
	wait
	[ "$(cat "$BATS_TEST_TMPDIR/absent")" = won ]
	run -1 client 1 if f38 absent set 7
	run -1 client 2 if f38.none = '' set 7
	run -1 client 3 if f38.none -lt 7 set 7
	run -1 client 3 if f38.none exists set 7
	run -1 client 3 if f38.none exists unset
	run -1 client 1 get f38.none
	for ((n = 0; n < 6; n++)); do
		for node in 1 2 3 1; do
			attempt "$node" "$n" "$BATS_TEST_TMPDIR/round" &
		done
		wait
	done
	sort "$BATS_TEST_TMPDIR/round" | uniq -c
	[ "$(wc -l <"$BATS_TEST_TMPDIR/round")" -eq 24 ]
	[ "$(grep -c ' 0$' "$BATS_TEST_TMPDIR/round")" -eq 6 ]
	[ "$(grep ' 0$' "$BATS_TEST_TMPDIR/round" | sort -u | wc -l)" -eq 6 ]
	[ "$(grep -c ' 1$' "$BATS_TEST_TMPDIR/round")" -eq 18 ]
	[ "$(client 2 get f38)" = 6 ]
}

# increments I FILE: adds to f38.sum ten times if nobody comes between; a line
# for each that was done.
increments() {
	local n=0 seen
	while [ "$n" -lt 10 ]; do
		n=$((n + 1))
		seen=$(client "$1" --timeout 30 get f38.sum)
		client "$1" --timeout 30 if f38.sum -eq "$seen" set "$((seen + 1))" && printf 'done\n' >>"$2"
	done
	return 0
}

@test "F38 a counter that all nodes add to is the number of those that were told yes" {
	client 1 set f38.sum 0
	for node in 1 2 3; do
		increments "$node" "$BATS_TEST_TMPDIR/sum" &
	done
	# And two who send all at once.
	for n in 1 2; do
		for ((k = 0; k < 60; k++)); do
			printf 'if f38.sum = %s set %s\n' "$k" "$((k + 1))"
		done | talk "$it" | grep -c '^0$' >"$BATS_TEST_TMPDIR/raw.$n" &
	done
	wait
	sum=$(($(wc -l <"$BATS_TEST_TMPDIR/sum") + $(cat "$BATS_TEST_TMPDIR/raw.1") + $(cat "$BATS_TEST_TMPDIR/raw.2")))
	printf '%s were told yes\n' "$sum"
	[ "$(client 3 get f38.sum)" = "$sum" ]
	[ "$sum" -gt 0 ]
}

@test "F39 every byte goes through the command line and comes back, in keys and values" {
	all=''
	for ((byte = 1; byte < 256; byte += 17)); do
		some=''
		for ((b = byte; b < byte + 17 && b < 256; b++)); do
			printf -v char %b "\\x$(printf %02x "$b")"
			some=$some$char
		done
		all=$all$some
		client $((byte % 3 + 1)) set "f39.$some" "$some"
		client $(((byte + 1) % 3 + 1)) --raw get "f39.$some" >"$BATS_TEST_TMPDIR/got"
		printf '%s' "$some" | cmp - "$BATS_TEST_TMPDIR/got"
	done
	[ "${#all}" -eq 255 ]
	[ "$(client 1 list f39. | wc -l)" -eq 15 ]
	client 1 set "$all" -- <<<nothing
	[ "$(client 2 get "$all")" = -- ]
	client 1 unset "$all"
	run -1 client 3 get "$all"
}

@test "F39 values of every byte, of none, and of 1 MiB, from standard input" {
	for ((byte = 0; byte < 256; byte++)); do
		printf '%b' "\\x$(printf %02x "$byte")"
	done >"$BATS_TEST_TMPDIR/bytes"
	[ "$(wc -c <"$BATS_TEST_TMPDIR/bytes")" -eq 256 ]
	for ((size = 256; size < 1048576; size *= 2)); do
		cat "$BATS_TEST_TMPDIR/bytes" "$BATS_TEST_TMPDIR/bytes" >"$BATS_TEST_TMPDIR/twice"
		mv "$BATS_TEST_TMPDIR/twice" "$BATS_TEST_TMPDIR/bytes"
	done
	for size in 0 256 1048575 1048576; do
		head -c "$size" "$BATS_TEST_TMPDIR/bytes" >"$BATS_TEST_TMPDIR/value"
		client 1 set f39.value - <"$BATS_TEST_TMPDIR/value"
		client 2 --raw get f39.value | cmp - "$BATS_TEST_TMPDIR/value"
		client 3 get f39.value >"$BATS_TEST_TMPDIR/got"
		printf '\n' | cat "$BATS_TEST_TMPDIR/value" - | cmp - "$BATS_TEST_TMPDIR/got"
	done
	client 2 set f39.value ''
	run -0 client 1 get f39.value
	[ -z "$output" ]
	client 3 if f39.value = '' set -
	[ "$(client 1 --raw get f39.value | wc -c)" -eq 0 ]
}

@test "F39 what a shell, a path or an option could be taken for" {
	words=("it's" '"two"' $'two\nlines' $'\n' '*' '?' '[a-z]*' ../outside ../../../lr-outside /etc/lr-outside . .. /
		'$(touch touched)' '`touch touched`' ';touch touched;' '|touch touched' '&touch touched' '$HOME' '~' '%s%n' '\' '\n'
		'#' '!' '!!' ' ' '  a  b  ' $'\t' - -- -n --raw --json --timeout -x '=' set get 'id=1-00000000000000d1' $'\r' $'\033[31m')
	had=$(client 1 list | wc -l)
	for word in "${words[@]}"; do
		# A value - would mean standard input.
		client 1 set "$word" "${word/#-/--}"
	done
	[ "$(client 2 list | wc -l)" -eq "$((had + ${#words[@]}))" ]
	for word in "${words[@]}"; do
		client 3 --raw get "$word" >"$BATS_TEST_TMPDIR/got"
		printf '%s' "${word/#-/--}" | cmp - "$BATS_TEST_TMPDIR/got"
		run -0 client 2 if "$word" = "${word/#-/--}" unset
	done
	[ "$(client 3 list | wc -l)" -eq "$had" ]
	[ -z "$(find "$CLUSTER" "$BATS_TEST_TMPDIR" -name 'touched*' -o -name 'lr-outside*' -o -name outside)" ]
	[ ! -e touched ]
	[ ! -e /etc/lr-outside ]
}

@test "list quotes what is no plain word, a line for each key, in byte order" {
	for key in 'l b' l la $'l\n' 'l"' 'l\' l.1 lB; do
		client 2 set "$key" ''
	done
	run -0 client 1 list l
	printf '%s\n' l '"l\n"' '"l b"' '"l\""' l.1 lB '"l\\"' la | diff - <(printf '%s\n' "$output")
	run -0 client 1 --json list l.
	[ "$output" = '{"keys":["l.1"]}' ]
	run -0 client 3 list nothing.begins.so
	[ -z "$output" ]
}

@test "F39 what is over the limits is refused, and nothing is changed" {
	at_most=$(printf '%1024s' '' | tr ' ' k)
	client 1 set "$at_most" v
	[ "$(client 2 get "$at_most")" = v ]
	client 1 unset "$at_most"
	before=$(last)
	run -64 client 1 set "${at_most}k" v
	said_once
	run -64 client 2 get "${at_most}k"
	said_once
	head -c 1048577 /dev/zero >"$BATS_TEST_TMPDIR/large"
	run -64 client 3 set large - <"$BATS_TEST_TMPDIR/large"
	said_once
	# From those who do without the command.
	for line in "set ${at_most}k v" "set large $(tr '\0' v <"$BATS_TEST_TMPDIR/large")" 'set "a\x00b" v' 'set "" v'; do
		run -0 ask "$(leader)" "$line"
		printf '%s\n' "$output"
		[[ $output == 64\ * ]]
	done
	[ "$(last)" = "$before" ]
	run -1 client 1 get large
}

@test "bad input: one line, 64, and nothing is changed" {
	client 1 set bad.text word
	client 1 set bad.number 5
	before=$(last)
	while IFS= read -r line; do
		words=()
		[ -z "$line" ] || eval "words=($line)"
		run -64 client 1 "${words[@]}"
		printf '%s: %s\n' "$line" "$output"
		said_once
		[[ $output == lite-raft-client:\ cannot\ * ]]
	done <<-'END'

		''
		frobnicate
		SET bad v
		-x
		--nothing status
		--timeout
		--timeout x get k
		--timeout 0 get k
		--timeout -1 get k
		--json set bad v
		--raw list
		--raw --json get k
		set
		set bad
		set bad v more
		set '' v
		get
		get ''
		get bad more
		unset
		unset ''
		unset bad more
		list bad more
		noop more
		status more
		if
		if bad
		if bad =
		if bad = v
		if bad = v set
		if bad = v set w more
		if bad = v get
		if bad = v unset more
		if bad == v set w
		if bad -z v set w
		if bad '<' v set w
		if bad '' v set w
		if bad '= 1 -o 1' 1 set w
		if '' = v set w
		if '' absent set w
		if bad absent v set w
		if bad.number -lt x set w
		if bad.number -eq '' set w
		if bad.number -eq 1x set w
		if bad.number -eq ' 1' set w
		if bad.number -eq 1.5 set w
		if bad.number -eq 0x5 set w
		if bad.number -eq 9223372036854775808 set w
	END
	[ "$(last)" = "$before" ]
	run -1 client 1 get bad
	# A stored value that is no number answers no, a number of 64 bits is one.
	run -1 client 2 if bad.text -eq 5 set w
	run -1 client 2 if bad.text -ne 5 set w
	run -0 client 2 if bad.number -gt -9223372036854775808 set 5
	run -0 client 2 if bad.number -le 9223372036854775807 set 5
	[ "$(client 3 get bad.text) $(client 3 get bad.number)" = 'word 5' ]
}

@test "bad lines of the protocol: 64 each, and nothing is changed" {
	before=$(last)
	run -0 ask "$(leader)" frobnicate set 'set bad' 'set bad v more' 'set "" v' 'get "bad' 'get "\q"' 'get a;b' 'if bad == v set w' \
		'if bad -lt x set w' 'id=1-00000000000000e1' 'id=x set bad v' 'set bad $(touch touched)'
	printf '%s\n' "$output"
	[ "${#lines[@]}" -eq 13 ]
	for line in "${lines[@]}"; do
		[[ $line == 64\ * ]]
	done
	[ "$(last)" = "$before" ]
}

# memory: what the leader's lead takes, in kB.
memory() {
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$(lead_pid "$it")/status"
}

# deaf N LINE: a client of the leader that sends LINE N times, and reads nothing.
deaf() {
	printf -v lines "%$1s" ''
	printf '%s' "${lines// /$2$'\n'}" >"$BATS_TEST_TMPDIR/${#beside[@]}"
	beside "$it" libexec/link/dial run/client.sock sh -c 'cat "$1"; exec sleep 300' sh "$BATS_TEST_TMPDIR/${#beside[@]}"
}

@test "F40 clients that read nothing, that stop half-way, that never close: nobody else suffers" {
	term=$(show "$it" term)
	client "$it" set f40 "$(head -c 1024 /dev/zero | tr '\0' x)"
	before=$(memory)
	for n in 1 2 3; do
		deaf 20000 'get f40'
		deaf 20000 "set f40.deaf $n"
	done
	for n in 1 2 3 4 5 6 7 8 9 10; do
		beside "$it" libexec/link/dial run/client.sock sh -c 'printf "set f40.half \"a"; exec sleep 300'
		beside "$it" libexec/link/dial run/client.sock sleep 300
		beside "$it" libexec/link/dial run/client.sock sh -c 'head -c 1000000 /dev/zero; exec sleep 300'
	done
	others_go_on
	printf 'lead takes %s kB, before %s\n' "$(memory)" "$before"
	[ "$(($(memory) - before))" -lt 131072 ]
	beside_end
	others_go_on
	run -1 client 1 get f40.half
}

@test "F40 large answers that nobody reads do not fill the leader's memory" {
	term=$(show "$it" term)
	head -c 1048576 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/value"
	client "$it" set f40.large - <"$BATS_TEST_TMPDIR/value"
	before=$(memory)
	for n in 1 2 3 4; do
		deaf 100 'get f40.large'
	done
	others_go_on
	printf 'lead takes %s kB, before %s\n' "$(memory)" "$before"
	[ "$(($(memory) - before))" -lt 131072 ]
	beside_end
	others_go_on
}

# peak: what the leader's lead took at most since peak_anew, in kB.
peak() {
	awk '$1 == "VmHWM:" { print $2 }' "/proc/$(lead_pid "$it")/status"
}

peak_anew() {
	printf '5\n' >"/proc/$(lead_pid "$it")/clear_refs"
	peak
}

# cut_off: has the leader said that it cut somebody off since descriptor 8 was opened?
cut_off() {
	grep -q 'lead: clients that stood still' <&8
}

@test "F40 many who stop half-way through a long request: all together have a bound, and long ones still go through" {
	term=$(show "$it" term)
	head -c 1048576 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/value"
	exec 8<"$(node_dir "$it")/message-log/node.log"
	cat <&8 >/dev/null
	before=$(peak_anew)
	for n in $(seq 16); do
		beside "$it" libexec/link/dial run/client.sock sh -c '{
			printf "set f40.half \""
			head -c 8000000 /dev/zero | tr "\0" x
		} && exec cat >"$1"' sh "$BATS_TEST_TMPDIR/said.$n"
	done
	client 1 --timeout 60 set f40.long - <"$BATS_TEST_TMPDIR/value"
	others_go_on
	wait_for 60 cut_off
	exec 8<&-
	printf 'lead took at most %s kB, before %s\n' "$(peak)" "$before"
	[ "$(($(peak) - before))" -lt 98304 ]
	told() { grep -q '^74 "too many unfinished requests' "$BATS_TEST_TMPDIR"/said.*; }
	wait_for 30 told
	beside_end
	others_go_on
	run -1 client 1 get f40.half
	client 1 get f40.long | head -c 1048576 | cmp - "$BATS_TEST_TMPDIR/value"
}

@test "F40 many who do not read long answers: all together have a bound, and long ones still go through" {
	term=$(show "$it" term)
	head -c 1048576 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/value"
	# Older changes may have gone from the log: who asks for those is refused.
	from=$(($(last) + 1))
	client "$it" set f40.large - <"$BATS_TEST_TMPDIR/value"
	exec 8<"$(node_dir "$it")/message-log/node.log"
	cat <&8 >/dev/null
	before=$(peak_anew)
	for n in $(seq 24); do
		deaf 10 'get f40.large'
		deaf 1 "watch f40.large $from"
	done
	client 1 --timeout 60 set f40.large - <"$BATS_TEST_TMPDIR/value"
	client 2 --timeout 60 get f40.large | head -c 1048576 | cmp - "$BATS_TEST_TMPDIR/value"
	client 3 --timeout 60 list f40. | grep -q '^f40.large$'
	others_go_on
	# Who has come to watch only now is told of what comes now.
	more() {
		cut_off || { client 1 --timeout 60 set f40.large - <"$BATS_TEST_TMPDIR/value" && cut_off; }
	}
	wait_for 60 more || {
		printf 'nobody was cut off: lead takes %s kB, at most %s, and before %s; %s connections\n' "$(memory)" "$(peak)" \
			"$before" "$(grep -c 'run/client.sock' /proc/net/unix)"
		return 1
	}
	exec 8<&-
	printf 'lead took at most %s kB, before %s\n' "$(peak)" "$before"
	[ "$(($(peak) - before))" -lt 98304 ]
	beside_end
	others_go_on
}

@test "F40 a request that comes in pieces, and many in one, are answered in order" {
	{
		for piece in 's' 'et f40' '.piece "on' 'e' $'"\nget f40.pie' $'ce\nnoop\n\n\nget f40.none\n'; do
			printf '%s' "$piece"
			sleep 0.05
		done
	} | talk "$it" >"$BATS_TEST_TMPDIR/answers"
	[ "$(sed 1d "$BATS_TEST_TMPDIR/answers")" = $'0\n0 one\n0\n1' ]
	for ((n = 0; n < 3000; n++)); do
		printf 'set f40.many %s\nget f40.many\n' "$n"
	done >"$BATS_TEST_TMPDIR/many"
	talk "$it" <"$BATS_TEST_TMPDIR/many" >"$BATS_TEST_TMPDIR/answers"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/answers")" -eq 6001 ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/answers")" = '0 2999' ]
	not grep -v -E '^(hello 1 [0-9]+|0|0 [0-9]+)$' "$BATS_TEST_TMPDIR/answers"
}

# The door: forced commands for a whole cluster and for a host that is only a
# client, and what does not belong there.

load ../lib/cluster
load ../lib/faults

# Each node's key opens "gate peer" on each node and nothing else; one more
# opens "gate client".
setup_file() {
	cluster_up 3 5 --no-boot
	mkdir "$CLUSTER/client"
	ssh-keygen -q -t ed25519 -N '' -C client -f "$CLUSTER/client/id"
	sed "s,/n1/id\",/client/id\"," "$CLUSTER/n1/lite-raft/conf/ssh_config" >"$CLUSTER/client/ssh_config"
	for node in 1 2 3; do
		gate="'$CLUSTER/n$node/lite-raft/libexec/link/gate'"
		{
			sed "s,^,restrict\,command=\"$gate peer\" ," "$CLUSTER/n$node/authorized_keys"
			sed "s,^,restrict\,command=\"$gate client\" ," "$CLUSTER/client/id.pub"
		} >"$BATS_FILE_TMPDIR/keys"
		mv "$BATS_FILE_TMPDIR/keys" "$CLUSTER/n$node/authorized_keys"
	done
	boot_all
}

teardown_file() {
	cluster_down
}

setup() {
	it=$(mended)
	wait_for 20 agreed
	other=$(follower)
	before=$(standing)
}

teardown() {
	cluster_after
}

# by WHO I COMMAND: over ssh to node I with the key of n1 (peer) or of the client.
by() {
	local config=$CLUSTER/client/ssh_config
	[ "$1" = client ] || config=$CLUSTER/n1/lite-raft/conf/ssh_config
	out timeout 30 ssh -F "$config" -o BatchMode=yes "n$2" "${@:3}"
}

# standing: what no stranger may change.
standing() {
	local node
	for node in $(nodes); do
		printf '%s %s %s %s %s\n' "$(show "$node" term)" "$(show "$node" voted_for)" "$(show "$node" last_index)" \
			"$(show "$node" members)" "$(show "$node" damaged)"
	done
	leader
}

# unchanged: all stands as it did before the test.
unchanged() {
	[ "$(standing)" = "$before" ]
}

# refused STATUS: what run did ended so, with a line.
refused() {
	printf '%s: %s\n' "$status" "$output"
	[ "$status" -eq "$1" ]
	[ -n "$output" ]
}

@test "with restrict and a forced command for each peer the whole cluster works" {
	run by peer 2 true
	refused 77
	for node in 1 2 3; do
		run -0 client "$node" set "by$node" "n$node"
		[ "$(client $((node % 3 + 1)) get "by$node")" = "n$node" ]
	done
	# Handed over, and taken by a crash.
	run -0 on "$it" ./lite-raft stop
	new=$(await_leader)
	start "$it"
	crash "$new"
	await_leader
	run -0 start "$new"
	[ "$(client "$new" get by1)" = n1 ]
	wait_for 20 agreed
	logs | grep -q 'hands over to'
}

@test "a client's key uses the store, in the protocol's lines" {
	run -0 by client "$it" client <<<$'set guest "a value"\nget guest\nif guest = x set y\nlist gues'
	[ "${lines[0]}" = 'lite-raft-gate 1' ] || [ "${lines[1]}" = 'lite-raft-gate 1' ]
	[[ $output == *$'\n0\n0 "a value"\n1\n0 guest' ]]
	# What comes before the last word is ignored.
	run -0 by client "$it" "'/any where/libexec/link/gate' client" <<<'get guest'
	[ "${lines[-1]}" = '0 "a value"' ]
	run -0 by client "$it" "vote; append client" <<<'get guest'
	[ "${lines[-1]}" = '0 "a value"' ]
	run by client "$other" client <<<'get guest'
	[ "${lines[-1]}" = "69 not-leader n$it" ]
}

@test "F61 a client's key opens nothing that is for peers" {
	for command in vote append handover hello check peer 'client vote' 'x hello' ' ' 'client ' $'client\nvote' $'vote\tclient' \
		'client;vote' '$(client)' CLIENT '../client' '*' "'/x/gate' 'client'" sh; do
		printf '%q ' "$command"
		run by client "$other" "$command" < <(ballot 1 "$other" 1000)
		refused 77
	done
	unchanged
}

@test "F61 what is no verb is refused, forced or plain" {
	ballot 1 "$other" 1000 >"$BATS_TEST_TMPDIR/ballot"
	# Without a command ssh asks for a shell.
	run by peer "$other" -T <"$BATS_TEST_TMPDIR/ballot"
	refused 77
	for verb in ' ' 'vote ' $'vote\nappend' 'vote;append' '$(vote)' 'step/vote --help' "$(printf '%9000s' x)"; do
		printf '%.40q ' "$verb"
		run by peer "$other" "$verb" <"$BATS_TEST_TMPDIR/ballot"
		refused 77
	done
	for verb in '' ' ' VOTE votes 'vote ' ' vote x' 'vote -h' $'vote\n' $'\nvote' 'vote;append' '$(vote)' '`vote`' '*' '../step/vote' \
		--help -c -- answer peer "hello'" snapshots join "$(printf '%100000s' x)"; do
		printf '%.40q ' "$verb"
		# Plain, it is the one argument; forced, it is the last word.
		if [ "$verb" != --help ]; then
			run gate "$other" "$verb" <"$BATS_TEST_TMPDIR/ballot"
			refused 77
		fi
		case $verb in
		*' vote' | *append*) ;;
		*)
			run on "$other" env "SSH_ORIGINAL_COMMAND=$verb" libexec/link/gate peer <"$BATS_TEST_TMPDIR/ballot"
			refused 77
			;;
		esac
	done
	run on "$other" env -u SSH_ORIGINAL_COMMAND libexec/link/gate
	refused 77
	run on "$other" env -u SSH_ORIGINAL_COMMAND libexec/link/gate vote answer
	refused 77
	# An original command without a role that is known.
	run on "$other" env SSH_ORIGINAL_COMMAND=vote libexec/link/gate vote
	refused 77
	run on "$other" env SSH_ORIGINAL_COMMAND= libexec/link/gate vote
	refused 77
	run on "$other" env SSH_ORIGINAL_COMMAND=vote libexec/link/gate client
	refused 77
	unchanged
}

@test "F61 garbage to vote, append, handover, hello and check: refused soon, nothing is changed" {
	head -c 300000 /dev/urandom >"$BATS_TEST_TMPDIR/random"
	head -c 300000 /dev/zero >"$BATS_TEST_TMPDIR/zero"
	tr '\0' x <"$BATS_TEST_TMPDIR/zero" >"$BATS_TEST_TMPDIR/long"
	yes 'lr1 vote' | head -c 300000 >"$BATS_TEST_TMPDIR/words"
	: >"$BATS_TEST_TMPDIR/nothing"
	printf '\n\n\n' >"$BATS_TEST_TMPDIR/lines"
	for verb in vote append handover hello check; do
		for what in random zero long words lines nothing; do
			printf '%s %s ' "$verb" "$what"
			run by peer "$other" "$verb" <"$BATS_TEST_TMPDIR/$what"
			# A stream of no frames has come to its end.
			[ "$verb $what" != 'append nothing' ] || status=77
			refused 77
		done
	done
	unchanged
}

# to VERB FRAME: what the follower says to it.
to() {
	run gate "$other" "$1" <<<"$2"
}

@test "F61 frames that are whole and make no sense: refused, nothing is changed" {
	cluster=$(show 1 cluster)
	id=$(show "$it" id) other_id=$(show "$other" id)
	term=$(show "$it" term)
	last=$(show "$other" last_index)
	head="lr1 append $cluster n$it $id n$other $other_id"
	for words in \
		"lr2 append $cluster n$it $id n$other $other_id 99 1 0 0 0 0 0 0 0 00000000" \
		"lr1 append 0123456789abcdef n$it $id n$other $other_id 99 1 0 0 0 0 0 0 0 00000000" \
		"lr1 append - n$it $id n$other $other_id 99 1 0 0 0 0 0 0 0 00000000" \
		"lr1 append $cluster n$it $id n$it $id 99 1 0 0 0 0 0 0 0 00000000" \
		"lr1 append $cluster n$it $id n$other 0123456789abcdef 99 1 0 0 0 0 0 0 0 00000000" \
		"lr1 append $cluster n$it 0123456789abcdef n$other $other_id 99 1 0 0 0 0 0 0 0 00000000" \
		"lr1 append $cluster ../n$it $id n$other $other_id 99 1 0 0 0 0 0 0 0 00000000" \
		"lr1 appended $cluster n$it $id n$other $other_id 99 1 0 0 0 0 0 0 0 00000000" \
		"lr1 hello $cluster n$it $id n$other $other_id 99 1 0 0 0 0 0 0 0 00000000" \
		"lr1 nothing $cluster n$it $id n$other $other_id 99 1 0 0 0 0 0 0 0 00000000" \
		"$head 99 1 0 0 0 0 0 0 1000000000 00000000" \
		"$head 99 1 0 0 0 0 0 0 4194305 00000000" \
		"$head 99 1 0 0 0 0 0 0 18446744073709551616 00000000" \
		"$head 18446744073709551615 1 0 0 0 0 0 0 0 00000000" \
		"$head -1 1 0 0 0 0 0 0 0 00000000" \
		"$head 99 1 0 0 0 0 0 0 -1 00000000" \
		"$head 99 1 0 0 0 0 0 1 0 00000000" \
		"$head 99 1 0 0 0 0 0 0 0" \
		"$head 99 1 0 0 0 0 0 0 0 00000000 00000000" \
		"$head  99 1 0 0 0 0 0 0 0 00000000"; do
		printf 'append: %s\n' "$words"
		to append "$(sealed "$words")"
		refused 77
		# A ballot has no records that could be too many.
		[[ $words != *' 1 0 00000000' ]] || continue
		to vote "$(sealed "${words/ append / vote }")"
		refused 77
	done
	# The same without a fault, but for its CRC.
	sound=$(frame append "$it" "$other" "$term" 0 0 0 0 "$last" 0)
	to append "${sound%?}z"
	refused 77
	to vote "$(ballot "$it" "$other" 1000 | tr 1 2)"
	refused 77
	# A ballot that brings a body, a handover of another term.
	to vote "$(sealed "lr1 vote $cluster n$it $id n$other $other_id 1000 1 1 0 0 0 0 0 4 00000000")$(printf '\nbody')"
	refused 77
	to handover "$(frame handover "$it" "$other" 1000)"
	[ "$status" -ne 0 ]
	unchanged
}

@test "F61 an append that does not fit the log cuts and adds nothing" {
	term=$(show "$it" term)
	last=$(show "$other" last_index)
	# Beyond its end; with another term there; from a term that has passed.
	for words in "$((last + 5)) $term 7" "$last $((term + 5)) 7" "1 $((term + 5)) 0"; do
		read -r index at chain <<<"$words"
		to append "$(frame append "$it" "$other" "$term" "$index" "$at" "$chain" 0 "$last" 0)"
		[ "$status" -eq 0 ]
		read -ra reply <<<"${lines[-1]}"
		[ "${reply[1]} ${reply[9]}" = 'appended 1' ]
		await_leader
		[ "$(show "$other" last_index)" -ge "$last" ]
	done
	wait_for 20 agreed
}

@test "F61 garbage to client: an answer each, and others go on" {
	{
		head -c 200000 /dev/urandom
		printf '\n\0\0\0\n'
		printf 'get garbage\n'
	} >"$BATS_TEST_TMPDIR/garbage"
	out timeout 60 ssh -F "$CLUSTER/client/ssh_config" -o BatchMode=yes "n$it" client \
		<"$BATS_TEST_TMPDIR/garbage" >"$BATS_TEST_TMPDIR/answers"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/answers")" = 1 ]
	not grep -v -a -E '^(|lite-raft-gate 1|hello 1 [0-9]+|64 .*|1)$' "$BATS_TEST_TMPDIR/answers"
	client 1 set garbage over
	[ "$(client 2 get garbage)" = over ]
}

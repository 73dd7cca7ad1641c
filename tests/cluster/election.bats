# Who leads: terms, votes and storms, and what a leader may not do yet.

load ../lib/cluster
load ../lib/faults

setup_file() {
	cluster_up 5 3
}

teardown_file() {
	cluster_down
}

setup() {
	it=$(mended)
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || for node in $(nodes); do restore_entries "$node"; done
	cluster_after
}

# new_leader OLD: another node than OLD leads.
new_leader() {
	local it
	it=$(leader) && [ "$it" != "$1" ]
}

# reigns I TERM: I leads still, in the same term.
reigns() {
	[ "$(leader)" = "$1" ] && [ "$(show "$1" term)" = "$2" ]
}

@test "F5 a leader that grants a vote in a higher term steps down" {
	it=$(await_leader)
	other=$(follower)
	term=$(show "$it" term)
	wait_for 20 agreed
	run -0 gate "$it" vote < <(ballot "$other" "$it" $((term + 1)))
	read -ra reply <<<"${lines[-1]}"
	[ "${reply[1]} ${reply[7]} ${reply[10]}" = "voted $((term + 1)) 1" ]
	wait_for 10 logged "$it" " $term [a-z]* lead: steps down: this node is in term $((term + 1))"
	await_leader
	[ "$(highest_term)" -gt "$term" ]
	one_leader_a_term
}

@test "F5 a leader that has to refuse a vote in a higher term steps down too" {
	it=$(await_leader)
	other=$(follower)
	term=$(show "$it" term)
	run -1 gate "$it" vote < <(ballot "$other" "$it" $((term + 1)) 1@0)
	read -ra reply <<<"${lines[-1]}"
	[ "${reply[1]} ${reply[10]}" = 'voted 0' ]
	wait_for 10 logged "$it" " $term [a-z]* lead: steps down"
	await_leader
	one_leader_a_term
}

# all_wait LEADER: all others sleep, and hear what is written to run/wake.
all_wait() {
	local node
	for node in $(nodes); do
		[ "$node" = "$1" ] || [ -n "$(processes "$node" 'timer wait')" ] || return 1
	done
}

@test "F8 all stand for election at once, PreVote or not" {
	before=$(highest_term)
	for word in timeout handover handover; do
		it=$(await_leader)
		term=$(show "$it" term)
		wait_for 20 all_wait "$it"
		for node in $(nodes); do
			printf '%s\n' "$word" 1<>"$CLUSTER/n$node/lite-raft/run/wake"
		done
		await_leader
		# Who is heard is not voted away.
		[ "$word" = handover ] || reigns "$it" "$term"
	done
	after=$(highest_term)
	printf 'terms %s to %s\n' "$before" "$after"
	((after > before && after - before <= 30))
	one_leader_a_term
}

@test "F8 leaders killed in a row" {
	before=$(highest_term)
	client 1 set f8 first
	for word in second third; do
		old=$(leader)
		crash "$old"
		it=$(await_leader)
		client "$it" set f8 "$word"
	done
	after=$(highest_term)
	printf 'terms %s to %s\n' "$before" "$after"
	((after - before <= 20))
	start_all
	await_leader
	wait_for 20 agreed
	one_leader_a_term
}

@test "F8 F15 all killed and started again at once: a leader, and all that was acknowledged" {
	client 2 set f15 acknowledged
	before=$(highest_term)
	for node in $(nodes); do
		crash "$node"
	done
	start_all
	it=$(await_leader)
	[ "$(client "$it" get f15)" = acknowledged ]
	[ "$(client "$it" get f8)" = third ]
	after=$(highest_term)
	printf 'terms %s to %s\n' "$before" "$after"
	((after - before <= 20))
	one_leader_a_term
}

@test "F14 heartbeats that are answered acknowledge no entry" {
	it=$(await_leader)
	client "$it" set f14 before
	wait_for 20 agreed
	term=$(show "$it" term)
	# One follower has the next entry, the others only heartbeats.
	kept=$(follower)
	for node in $(nodes); do
		[ "$node" = "$it" ] || [ "$node" = "$kept" ] || lose_entries "$node"
	done
	run -75 client "$it" --timeout 4 set f14 after
	said_once
	reigns "$it" "$term"
	(($(show "$it" commit_index) < $(show "$it" last_index)))
	for node in $(nodes); do
		restore_entries "$node"
	done
	await_leader
	[ "$(client "$kept" get f14)" = after ]
	wait_for 20 agreed
}

@test "F21 no read is answered before the first entry of the term is committed" {
	it=$(await_leader)
	client "$it" set f21 there
	wait_for 20 agreed
	term=$(show "$it" term)
	for node in $(nodes); do
		lose_entries "$node"
	done
	crash "$it"
	wait_for 30 new_leader "$it"
	for tries in 1 2 3; do
		new=$(leader) || new=$(another "$it")
		# Asked before it has greeted, and as clients do.
		run ask_unbidden "$new"
		printf 'try %s, n%s, unbidden: %s\n' "$tries" "$new" "$output"
		[[ $output != *there* && ! $output =~ (^|$'\n')[01]($|\ |$'\n') ]]
		run client "$new" --timeout 1 get f21
		printf 'try %s, n%s: %s %s\n' "$tries" "$new" "$status" "$output"
		[ "$status" -eq 69 ]
		said_once
	done
	# There was somebody who might have answered.
	might() { new=$(leader) && (($(show "$new" term) > term && $(show "$new" commit_index) < $(show "$new" last_index))); }
	wait_for 30 might
	for node in $(nodes); do
		restore_entries "$node"
	done
	start "$it"
	new=$(await_leader)
	[ "$(client "$new" get f21)" = there ]
	one_leader_a_term
}

# ask_unbidden I: a get without waiting for the leader's hello; what comes within
# two seconds.
ask_unbidden() {
	{ printf 'get f21\n' && sleep 2; } | on "$1" timeout 2 libexec/link/call --gate
}

@test "F50 an append that runs late, behind a new leader's, does no harm" {
	it=$(await_leader)
	late=$(follower)
	wait_for 20 agreed
	mapfile -t held < <(processes "$late" step/append)
	((${#held[@]} > 0))
	send STOP "${held[@]}"
	# These lie in its pipe; the other four go on.
	client "$it" set f50 one
	client "$it" set f50 two
	crash "$it"
	new=$(await_leader)
	client "$new" set f50 three
	wait_for 20 same_term "$late" "$new"
	term=$(show "$new" term)
	send CONT "${held[@]}"
	wait_for 20 gone "${held[@]}"
	client "$new" set f50 four
	reigns "$new" "$term"
	start "$it"
	wait_for 20 agreed
	[ "$(client "$late" get f50)" = four ]
	one_leader_a_term
}

@test "F50 ballots and appends that arrive after their term change nothing" {
	it=$(await_leader)
	other=$(follower)
	witness=$(another "$it" "$other")
	old=$(show "$it" term)
	old_ballot=$(ballot "$other" "$witness" "$old")
	old_append=$(knock "$it" "$witness")
	[[ $old_append == "lr1 append "* ]]
	# Twice in its own term is no harm either.
	run -0 gate "$witness" append <<<"$old_append"
	[[ ${lines[-1]} == "lr1 appended "* ]]
	await_leader
	reigns "$it" "$old"
	crash "$it"
	new=$(await_leader)
	# A majority that has all there is may be one without it.
	wait_for 20 caught_up "$new" "n$witness"
	before="$(show "$witness" term) $(show "$witness" voted_for) $(show "$witness" last_index)"
	run -1 gate "$witness" vote <<<"$old_ballot"
	read -ra reply <<<"${lines[-1]}"
	[ "${reply[1]} ${reply[7]} ${reply[10]}" = "voted $(show "$new" term) 0" ]
	run -0 gate "$witness" append <<<"$old_append"
	read -ra reply <<<"${lines[-1]}"
	# A is 2: the sender's term has passed.
	[ "${reply[1]} ${reply[7]} ${reply[9]}" = "appended $(show "$new" term) 2" ]
	[ "$(show "$witness" term) $(show "$witness" voted_for) $(show "$witness" last_index)" = "$before" ]
	[ "$(leader)" = "$new" ]
	start "$it"
	wait_for 20 agreed
}

# caught_up LEADER NAME: the leader's status says that NAME lacks nothing.
caught_up() {
	client "$1" --json status | tr -d '\n' |
		grep -Eq "\"name\":\"$2\"[^}]*\"lag\":0,"
}

@test "F17 a follower that lost what it had acknowledged is named, and does not loop" {
	it=$(await_leader)
	other=$(follower)
	wait_for 20 agreed
	term=$(show "$it" term)
	stop "$other"
	cp -Rp "$CLUSTER/n$other/lite-raft/state" "$BATS_TEST_TMPDIR/old"
	start "$other"
	for n in 1 2 3 4 5; do
		client "$it" set "lost$n" "$n"
	done
	wait_for 20 caught_up "$it" "n$other"
	stop "$other"
	# A whole copy would be known by its state/node (F34).
	cp -p "$CLUSTER/n$other/lite-raft/state/node" "$BATS_TEST_TMPDIR/old"
	rm -r "$CLUSTER/n$other/lite-raft/state"
	cp -Rp "$BATS_TEST_TMPDIR/old" "$CLUSTER/n$other/lite-raft/state"
	start "$other"
	wait_for 20 logged "$it" "n$other lost acknowledged entries"
	wait_for 20 caught_up "$it" "n$other"
	client "$it" set lost6 6
	run -0 client "$other" get lost5
	[ "$output" = 5 ]
	[ "$(on "$it" grep -c "n$other lost acknowledged entries" message-log/node.log)" -eq 1 ]
	[[ $(client "$it" status | grep "^n$other ") = *lost* ]]
	[ "$(show "$it" term)" = "$term" ]
}

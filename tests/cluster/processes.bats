# A node's processes: stopped, killed, started twice, started by hand; what was
# acknowledged stays.

load ../lib/cluster
load ../lib/faults

setup_file() {
	cluster_up 3
	client 1 set f51 kept
}

teardown_file() {
	cluster_down
}

setup() {
	it=$(mended)
}

teardown() {
	rm -f "$BATS_TEST_TMPDIR/on"
	cluster_after
}

# kinds I: a process of each kind on node I, a line each: its pid, and what it is.
kinds() {
	local pid words
	for pid in $(processes "$1"); do
		words=$(ps -ww -o args= -p "$pid" | sed -n \
			-e 's,.*libexec/role/.*,role,p' -e 's,.*libexec/lead/lead.*,lead,p' \
			-e 's,.*link/links.*,links,p' -e 's,.*link/stream.*,stream,p' \
			-e 's,.*timer limit.*peer -M.*,limit,p' -e 's,.*timer wait.*,wait,p' \
			-e 's,^ssh.*ControlMaster=yes.*,master,p' -e 's,^ssh.*ControlPath=none.*append.*,ssh,p' \
			-e 's,.*step/append.*,append,p')
		[ -z "$words" ] || printf '%s %s\n' "$pid" "$words"
	done | sort -k 2 -u
}

# has_kinds I KIND...: has node I a process of each?  A leader's streams begin
# with the connection that is there, and move to an ssh of their own later.
has_kinds() {
	local now kind
	now=$(kinds "$1") || return 1
	shift
	for kind; do
		[[ $now == *" $kind"* ]] || return 1
	done
}

# goes_on I: for an election timeout and a half, and then until a write is taken,
# node I's clients write.
goes_on() {
	local until=$(($(milliseconds) + 1500)) status=1
	while [ "$(milliseconds)" -lt "$until" ] || [ "$status" -ne 0 ]; do
		status=0
		client "$1" --timeout 20 set goes.on "$(milliseconds)" || status=$?
		[ "$status" -eq 0 ] || [ "$(milliseconds)" -lt "$((until + 30000))" ] || return 1
		sleep 0.1
	done
}

# stop_each I: each kind of node I's processes in turn stands still, while node J
# writes, and goes on.
stop_each() {
	local pid kind
	while read -r pid kind <&5; do
		printf 'n%s: %s (%s) is stopped\n' "$1" "$kind" "$pid"
		send STOP "$pid"
		untraced goes_on "$2"
		send CONT "$pid"
	done 5< <(kinds "$1")
	mended >/dev/null
	wait_for 20 agreed
	one_leader_a_term
}

@test "F51 each process of a leader stands still for a while, and goes on" {
	# Whichever it is by then.
	leads_whole() { it=$(leader) && has_kinds "$it" role lead links stream limit master ssh; }
	wait_for 20 leads_whole
	other=$(follower)
	stop_each "$it" "$other"
	[ "$(client "$it" get f51)" = kept ]
}

@test "F51 each process of a follower stands still for a while, and goes on" {
	# Whoever leads by then, it is another that writes.
	follows_whole() {
		it=$(leader) && other=$(follower) && [ "$other" -ne "$it" ] &&
			has_kinds "$other" role links limit master wait append
	}
	wait_for 20 follows_whole
	stop_each "$other" "$it"
	[ "$(client "$other" get f51)" = kept ]
}

# nothing_left I: none of node I's processes lives.
nothing_left() {
	[ -z "$(processes "$1")" ]
}

@test "F51 the role is killed: nothing of the node is left after a while, and it starts again" {
	other=$(follower)
	for victim in "$it" "$other"; do
		send KILL "$(role_pid "$victim")"
		wait_for 30 nothing_left "$victim"
		[ "$(role "$victim")" = stopped ]
		await_leader
		run -0 start "$victim"
		[ "$(client "$victim" get f51)" = kept ]
	done
	wait_for 20 agreed
}

@test "F51 only lead is killed: another leads, or this one again, and the node is whole" {
	role=$(role_pid "$it")
	term=$(show "$it" term)
	send KILL "$(lead_pid "$it")"
	new=$(await_leader)
	[ "$(show "$new" term)" -gt "$term" ]
	[ "$(role_pid "$it")" = "$role" ]
	wait_for 10 logged "$it" ' leads no more: lead ended with 137'
	client "$it" set f51.lead yes
	wait_for 20 agreed
}

@test "F51 only the links, a stream's ssh, a master or an append are killed: all is made anew" {
	other=$(follower)
	for what in 'ssh .*ControlPath=none .*append' 'ssh .*ControlMaster=yes' link/stream link/links; do
		# Without any stream the followers may choose another.
		has_some() { it=$(leader) && mapfile -t pids < <(processes "$it" "$what") && ((${#pids[@]} > 0)); }
		wait_for 20 has_some
		send KILL "${pids[@]}"
		# Of the scripts none may be left: one that is killed alone comes back with
		# the next reign only, and that would not come.
		while [[ $what == link/* ]] && mapfile -t pids < <(processes "$it" "$what") && ((${#pids[@]} > 0)); do
			send KILL "${pids[@]}"
		done
		client "$other" --timeout 30 set f51.killed "$what"
		[ "$(client "$it" --timeout 30 get f51.killed)" = "$what" ]
	done
	for node in $(nodes); do
		end_streams "$node"
	done
	client "$other" --timeout 30 set f51.killed append
	wait_for 30 agreed
	[ "$(client "$other" get f51.killed)" = append ]
	# A new reign brings back what nobody else does.
	send KILL "$(lead_pid "$(leader)")"
	await_leader
	for node in $(nodes); do
		has_masters() { [ "$(processes "$node" 'ssh .*ControlMaster=yes' | wc -l)" -ge 2 ]; }
		wait_for 20 has_masters
	done
}

@test "F51 links is killed, and there is one connection to each peer after it" {
	has_links() { links=$(on "$it" libexec/os/hold --who run/links.lock); }
	wait_for 20 has_links
	send KILL "$links" "$(lead_pid "$it")"
	await_leader
	links_anew() { [ "$(on "$it" libexec/os/hold --who run/links.lock)" != "$links" ]; }
	wait_for 20 links_anew
	two_masters() { [ "$(processes "$it" 'ssh .*ControlMaster=yes' | wc -l)" -eq 2 ]; }
	wait_for 20 two_masters
	client "$it" set f51.links yes
	two_masters
}

# begin_node I FILE: lite-raft start, its words and its status into FILE.
begin_node() {
	local status=0
	start "$1" >"$2" 2>&1 || status=$?
	printf 'status %s\n' "$status" >>"$2"
}

@test "F52 start, five times at once: one starts it, the others say that it runs" {
	client "$it" set f52 kept
	stop "$it"
	for n in 1 2 3 4 5; do
		begin_node "$it" "$BATS_TEST_TMPDIR/$n" &
	done
	wait
	cat "$BATS_TEST_TMPDIR"/*
	[ "$(grep -l 'status 0' "$BATS_TEST_TMPDIR"/* | wc -l)" -eq 1 ]
	[ "$(grep -l 'running already' "$BATS_TEST_TMPDIR"/* | wc -l)" -eq 4 ]
	[ "$(grep -l 'status 1' "$BATS_TEST_TMPDIR"/* | wc -l)" -eq 4 ]
	[ "$(processes "$it" libexec/role/ | wc -l)" -ge 1 ]
	one_links() { [ "$(processes "$it" 'peer -M' | wc -l)" -eq 2 ]; }
	wait_for 20 one_links
	[ "$(client "$it" get f52)" = kept ]
}

@test "F52 stop while it starts: it is one or the other, and nothing is lost" {
	other=$(follower)
	id=$(show "$other" id)
	for n in 1 2 3 4; do
		stop "$other"
		rm -f "$CLUSTER/n$other/lite-raft/run"/{votes,nonce}
		begin_node "$other" "$BATS_TEST_TMPDIR/start.$n" &
		began=$!
		case $n in
		2) wait_for 10 role_pid "$other" ;;
		3) wait_for 10 test -p "$CLUSTER/n$other/lite-raft/run/votes" ;;
		4) wait_for 10 test -e "$CLUSTER/n$other/lite-raft/run/nonce" ;;
		esac
		run -0 stop "$other"
		wait "$began"
		cat "$BATS_TEST_TMPDIR/start.$n"
		# The start may have come behind the stop.
		run -0 stop "$other"
		wait_for 20 nothing_left "$other"
	done
	run -0 start "$other"
	[ "$(show "$other" id)" = "$id" ]
	[ "$(client "$other" get f52)" = kept ]
}

@test "F52 first-boot on a node that runs, and on one that is stopped: refused, nothing is lost" {
	other=$(follower)
	for how in runs stopped; do
		[ "$how" = runs ] || stop "$other"
		cksum "$CLUSTER/n$other/lite-raft/state/node" >"$BATS_TEST_TMPDIR/before"
		role_before=$(role_pid "$other") || :
		run -78 on "$other" ./lite-raft first-boot
		said_once
		[[ $output == *'./lite-raft start'* ]]
		cksum "$CLUSTER/n$other/lite-raft/state/node" | cmp - "$BATS_TEST_TMPDIR/before"
		[ "$(role_pid "$other")" = "$role_before" ]
	done
	start "$other"
	[ "$(client "$other" get f52)" = kept ]
}

# holders FILE: the pids of those that have it open.
holders() {
	find /proc -maxdepth 3 -path '/proc/[0-9]*/fd/*' -lname "$1" 2>/dev/null | cut -d / -f 3 | sort -u
}

@test "start holds on to nothing of the one who starts it" {
	stop "$it"
	(
		exec 7>"$BATS_TEST_TMPDIR/held" 10>&7 200>&7
		start "$it"
	)
	[ -z "$(holders "$BATS_TEST_TMPDIR/held")" ]
}

@test "F64 lead that is started again by hand in its term refuses" {
	term=$(show "$it" term)
	# Nobody else may take over meanwhile.
	send STOP "$(role_pid "$it")"
	frozen=()
	for node in $(nodes); do
		[ "$node" = "$it" ] || mapfile -t -O "${#frozen[@]}" frozen < <(processes "$node")
	done
	send STOP "${frozen[@]}"
	lead=$(lead_pid "$it") && send KILL "$lead"
	last=$(show "$it" last_index)
	[ "$(show "$it" term) $(show "$it" last_term)" = "$term $term" ]
	for n in 1 2; do
		run -1 on "$it" timeout 20 libexec/lead/lead "$term"
		[ "$output" = 'lead: cannot lead: it has led in this term before' ]
	done
	[ "$(show "$it" term) $(show "$it" last_index)" = "$term $last" ]
	send CONT "${frozen[@]}" "$(role_pid "$it")"
	it=$(await_leader)
	[ "$(show "$it" term)" -gt "$term" ]
	# Who was not elected is refused too.
	other=$(follower)
	run -1 on "$other" timeout 20 libexec/lead/lead "$term"
	[[ $output == 'lead: cannot lead: '* ]]
	[ "$(leader)" = "$it" ]
	one_leader_a_term
}

# writer I: as long as the file "on" is there, node I's client writes one key
# after the other; what was acknowledged is in the file I, what is unknown in
# I.unknown.
writer() {
	local n=0 status
	while [ -e "$BATS_TEST_TMPDIR/on" ]; do
		n=$((n + 1)) status=0
		client "$1" --timeout 20 set "w$1.$n" "$1-$n" 2>>"$BATS_TEST_TMPDIR/$1.said" || status=$?
		case $status in
		0) printf 'w%s.%s\n' "$1" "$n" >>"$BATS_TEST_TMPDIR/$1" ;;
		75) printf 'w%s.%s\n' "$1" "$n" >>"$BATS_TEST_TMPDIR/$1.unknown" ;;
		69) ;;
		*) printf 'w%s.%s: %s\n' "$1" "$n" "$status" >>"$BATS_TEST_TMPDIR/odd" ;;
		esac
	done
}

# wrote N: has each of the writers written N more than before?
wrote() {
	local node
	for node in 1 2 3; do
		[ "$(wc -l <"$BATS_TEST_TMPDIR/$node")" -ge $((had[node] + $1)) ] || return 1
	done
}

@test "what was acknowledged survives the leaders' deaths, one after the other" {
	: >"$BATS_TEST_TMPDIR/on"
	writers=() had=(0 0 0 0)
	for node in 1 2 3; do
		: >"$BATS_TEST_TMPDIR/$node"
		untraced writer "$node" &
		writers+=("$!")
	done
	for n in 1 2 3 4 5; do
		wait_for 60 wrote 4
		old=$(await_leader)
		send KILL "$(role_pid "$old")" "$(lead_pid "$old")"
		for node in 1 2 3; do
			had[node]=$(wc -l <"$BATS_TEST_TMPDIR/$node")
		done
		wait_for 20 not role_pid "$old"
		start "$old"
	done
	wait_for 60 wrote 2
	rm "$BATS_TEST_TMPDIR/on"
	wait "${writers[@]}"
	[ ! -e "$BATS_TEST_TMPDIR/odd" ]
	it=$(await_leader)
	sort "$BATS_TEST_TMPDIR"/[123] >"$BATS_TEST_TMPDIR/acknowledged"
	cat "$BATS_TEST_TMPDIR"/[123] "$BATS_TEST_TMPDIR"/*.unknown 2>/dev/null | sort >"$BATS_TEST_TMPDIR/sent"
	client "$it" list w | sort >"$BATS_TEST_TMPDIR/there"
	printf '%s acknowledged, %s sent, %s there\n' "$(wc -l <"$BATS_TEST_TMPDIR/acknowledged")" \
		"$(wc -l <"$BATS_TEST_TMPDIR/sent")" "$(wc -l <"$BATS_TEST_TMPDIR/there")"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/acknowledged")" -ge 60 ]
	[ -z "$(comm -23 "$BATS_TEST_TMPDIR/acknowledged" "$BATS_TEST_TMPDIR/there")" ]
	# And nothing is there that was said to have changed nothing.
	[ -z "$(comm -13 "$BATS_TEST_TMPDIR/sent" "$BATS_TEST_TMPDIR/there")" ]
	sed 's/^/get /' "$BATS_TEST_TMPDIR/acknowledged" | talk "$it" | sed 1d >"$BATS_TEST_TMPDIR/values"
	sed 's/^w\(.\)\./0 \1-/' "$BATS_TEST_TMPDIR/acknowledged" | cmp - "$BATS_TEST_TMPDIR/values"
	wait_for 20 agreed
	one_leader_a_term
}

@test "the message log: time, term, role, event, a line each; a new file at 1 MiB" {
	run ! grep -v -E -H '^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]{3}Z ([0-9]+|-) (follower|candidate|leader|-) [^ ].*$' \
		"$CLUSTER"/n?/lite-raft/message-log/node.log
	[ -z "$output" ]
	log=$CLUSTER/n$it/lite-raft/message-log/node.log
	# Over 1 MiB; the node may note something meanwhile, or not even that it stops.
	yes '2026-01-01T00:00:00.000Z 1 leader filler' | head -n 27000 >>"$log"
	on "$it" libexec/os/node note 'the test looks on'
	on "$it" ./lite-raft stop
	[ "$(cat "$log" "$log.1" | wc -l)" -gt 27000 ]
	[ "$(grep -c filler "$log.1")" -eq 27000 ]
	not grep -q filler "$log"
	[ "$(wc -c <"$log")" -lt 1048576 ]
	start "$it"
	# What has grown again replaces the old one: two files at most.
	yes '2026-01-01T00:00:00.000Z 1 leader again' | head -n 27000 >>"$log"
	await_leader
	on "$it" libexec/os/node note 'the test looks on'
	stop "$it"
	not grep -q filler "$log.1"
	grep -q again "$log.1"
	[ "$(find "${log%/*}" -name 'node.log*' | wc -l)" -eq 2 ]
}

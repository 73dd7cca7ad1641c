#!/usr/bin/env bats
# What clients on all hosts are told, while the leader's host is cut off, half cut
# off, frozen, without power, and loses its state, and every node takes a snapshot
# every few entries, is linearizable.

load common
load ../lib/lin

ROOT=${BATS_TEST_DIRNAME%/tests/*}

setup_file() {
	cluster_up 3 snapshot_period 20
}

setup() {
	skip_or cluster_mended 40
}

teardown() {
	drive_stop || :
	[ -n "${BATS_TEST_COMPLETED:-}" ] || lab_report
}

# The ways in which a leader's host goes; what is left elects another.
leader_isolated() {
	lab_isolate "$1"
}

# It is heard, and hears nobody.
leader_deaf() {
	for deaf_i in $(lab_all); do
		[ "$deaf_i" = "$1" ] || lab_cut "$deaf_i" "$1" oneway
	done
}

# It hears, and nobody hears it.
leader_mute() {
	for mute_i in $(lab_all); do
		[ "$mute_i" = "$1" ] || lab_cut "$1" "$mute_i" oneway
	done
}

leader_frozen() {
	lab_freeze "$1"
}

leader_off() {
	lab_poweroff "$1"
}

# It is taken out, loses its state, and comes back as a new member.
leader_wiped() {
	local asked
	asked=$(lab_followers | head -n 1)
	wait_for 40 taken_out "$1" "$asked"
	lab_on "$1" ./lite-raft stop || :
	lab_on "$1" rm -rf state
}

# taken_out I ASKED, comes_back I ASKED: also where it has come about already.
taken_out() {
	lab_client "$2" del-member "h$1" || ! lab_on "$2" cat state/members | grep -q " h$1 "
}

comes_back() {
	lab_client "$2" add-member "h$1" || lab_on "$1" cat state/members | grep -q "^member h$1 "
}

# healed I: all is well with host I again.
healed() {
	lab_heal
	if [ -s "$LAB/pid/$1" ] && ! lab_on "$1" test -e state; then
		wait_for 60 comes_back "$1" "$(lab_leader)"
	elif [ -s "$LAB/pid/$1" ]; then
		lab_thaw "$1"
		lab_runs "$1" || lab_on "$1" ./lite-raft start
	else
		lab_poweron "$1" start
	fi
}

# clients_begin: they ask on all hosts.
clients_begin() {
	nodes=()
	for host in $(lab_all); do
		nodes+=(". '$LAB_HOME/lab' && lab_on $host \"\$@\"")
	done
	drive_start "${nodes[@]}"
}

@test "leaders are cut off, half cut off, frozen, without power and without their state, and all that clients see is linearizable" {
	changes=0
	ways=(leader_isolated leader_deaf leader_wiped leader_frozen leader_mute leader_off)
	clients_begin
	while drive_lasts 40 || { [ "$changes" -lt 6 ] && drive_lasts 250; }; do
		old=$(lab_leader) || continue
		"${ways[changes % ${#ways[@]}]}" "$old"
		wait_for 40 leader_other "$old"
		changes=$((changes + 1))
		# Who asks the old one goes on for a moment.
		sleep 1
		healed "$old"
		cluster_settled 40
		sleep 1
	done
	drive_end
	tell "$changes leaders were put down"
	[ "$changes" -ge 6 ]
	for host in $(lab_all); do
		lab_on "$host" libexec/step/snapshot check
		[ -n "$(lab_on "$host" libexec/step/snapshot show)" ]
	done
	[ "$(drive_acknowledged)" -ge 200 ]
	check_safety
}

# hands_over TO: whoever leads stops, until host TO leads.
hands_over() {
	! is_leader "$1" || return 0
	over=$(lab_leader) || return 1
	lab_on "$over" ./lite-raft stop
	leader_other "$over" || wait_for 20 leader_other "$over"
	lab_on "$over" ./lite-raft start
	cluster_settled 20
	is_leader "$1"
}

# patience SECONDS: host $patient's election timeout.
patience() {
	lab_on "$patient" sh -c "echo $1 >conf/election_timeout"
	lab_on "$patient" ./lite-raft restart
}

is_leader() {
	[ "$(lab_leader)" = "$1" ]
}

# Nothing that is safe rests on a clock: this one takes long to find out that it is
# alone, and its clients ask it meanwhile.
@test "a leader that believes in itself for long is cut off, and all that clients see is linearizable" {
	patient=$(lab_followers | head -n 1)
	patience 12
	# Nobody who waits there for a write and reads behind it holds up the others.
	drive_options+=(-b 0 -c 7 -d 5)
	clients_begin
	wait_for 90 hands_over "$patient"
	sleep 3
	lab_isolate "$patient"
	wait_for 20 leader_other "$patient"
	tell "two lead: $([ "$(lab_file "$patient" run/role)" != leader ] || echo yes)"
	deposed() { [ "$(lab_file "$patient" run/role)" != leader ]; }
	wait_for 40 deposed
	lab_heal
	cluster_settled 40
	sleep 2
	drive_end
	patience 1
	[ "$(drive_acknowledged)" -ge 100 ]
	check_safety
}

#!/usr/bin/env bats
# Three hosts that are a cluster, and a fourth that comes and goes, while hosts are
# cut off, and vanish.

load common

setup_file() {
	hosts_up 4 election_timeout 2 cluster_nodes 'h1 h2 h3'
	[ ! -s "$BATS_FILE_TMPDIR/missing" ] || return 0
	# The fourth is there, and belongs to nobody.
	printf '3\n' >"$LAB/count"
	cluster_boot
}

setup() {
	skip_or fourth_out
	remember_reign
	mapfile -t followers < <(lab_followers)
}

# The three are a cluster, and the fourth host has no state.
fourth_out() {
	lab_poweron 4
	cluster_mended 60
	wait_for 60 taken_out
	lab_on 4 ./lite-raft stop >/dev/null 2>&1 || :
	lab_on 4 rm -rf state
	cluster_mended 60
}

taken_out() {
	lab_client "$(lab_leader)" del-member h4 || ! members 1 | grep -q h4
}

# The configuration that host I has: "member h1 member h2 ...".
members() { # I
	lab_on "$1" sed -n '2,$s/ [^ ]*$//p' state/members | tr '\n' ' '
}

# All who are members have the same configuration, which is this one.
all_have() { # NAME...
	local have host
	have=$(printf 'member %s ' "$@")
	for host in "$@"; do
		[ "$(members "${host#h}")" = "$have" ] || return 1
	done
}

# What became of a change that was answered with STATUS: it has come about, or not,
# everywhere, and nothing of it is half done.
became() { # STATUS AFTER BEFORE
	case $1 in
	0) wait_for 30 all_have $2 ;;
	1 | 69) wait_for 30 all_have $3 ;;
	75) wait_for 30 all_have $2 || wait_for 1 all_have $3 ;;
	*) return 1 ;;
	esac
}

@test "F32 add-member asked on the smaller side of a partition: all of it, or nothing" {
	for other in "${followers[@]}"; do
		lab_cut "$reign_leader" "$other"
		lab_cut 4 "$other"
	done
	status=0
	lab_client "$reign_leader" add-member h4 || status=$?
	tell "F32 add-member without a majority: status $status"
	[[ $status == @(1|69|75) ]]
	lab_client "${followers[0]}" --timeout 20 set f32 majority
	lab_heal_all
	wait_for 60 cluster_level
	became "$status" 'h1 h2 h3 h4' 'h1 h2 h3'
	[ "$(lab_client "$reign_leader" get f32)" = majority ]
	check_safety
}

@test "F32 F29 del-member asked on the smaller side, while the larger adds one: only that is done" {
	lab_isolate "$reign_leader"
	status=0
	lab_on "$reign_leader" libexec/link/call --timeout 8 del-member "h${followers[0]}" || status=$?
	tell "F32 del-member without a majority: status $status"
	[[ $status == @(1|69|75) ]]
	adds() { lab_client "${followers[0]}" add-member h4 || members "${followers[0]}" | grep -q 'member h4'; }
	wait_for 60 adds
	lab_heal
	wait_for 60 cluster_level
	wait_for 30 all_have h1 h2 h3 h4
	check_safety
}

# Host I is in the joint configuration that lets host 4 go.
joint() { # I
	members "$1" | grep -q 'leaving h4'
}

# That change is over, on the hosts that go on.
over() {
	local host first
	for host in "$@"; do
		[[ "$(members "$host")" == @('member h1 member h2 member h3 '|'member h1 member h2 member h3 member h4 ') ]] || return 1
	done
	first=$(members "$1") && [ "$(members "$2")" = "$first" ]
}

@test "F30 the leader is cut off in the joint phase: the next one finishes the change, or it never was" {
	lab_client "$reign_leader" add-member h4
	# Host 4 alone hears of its end: that is no majority.
	for _ in 1 2 3 4 5; do
		remember_reign
		mapfile -t followers < <(lab_followers)
		for other in "${followers[@]}"; do
			lab_cut "$reign_leader" "$other"
		done
		lab_bg lab_on "$reign_leader" libexec/link/call --timeout 8 del-member h4
		! wait_for 4 joint "$reign_leader" || break
		lab_heal_all
		cluster_settled 60
	done
	joint "$reign_leader"
	lab_isolate "$reign_leader"
	wait_for 60 lab_client "${followers[0]}" --timeout 3 set f30 done
	wait_for 60 over "${followers[@]}"
	tell "F30 the next leader's members: $(members "${followers[0]}")"
	lab_heal_all
	wait_for 60 cluster_level
	wait_for 30 over 1 2
	wait_for 30 over 2 3
	[ "$(lab_client "$reign_leader" get f30)" = done ]
	check_safety
}

@test "F31 the leader's host is cut off, and removed: it disturbs nobody, and comes back as a new one" {
	old=$reign_leader
	lab_isolate "$old"
	wait_for 60 leader_other "$old"
	wait_for 60 lab_client "${followers[0]}" --timeout 3 noop
	lab_client "${followers[0]}" del-member "h$old"
	rest=("h${followers[0]}" "h${followers[1]}")
	wait_for 10 all_have "${rest[@]}"
	remember_reign
	lab_heal
	holds 5 same_reign
	[ "$(lab_file "$old" run/role)" != leader ]
	lab_on "$old" ./lite-raft stop || :
	lab_on "$old" rm -rf state
	lab_client "$reign_leader" add-member "h$old"
	wait_for 60 cluster_level
	wait_for 30 all_have h1 h2 h3
	check_safety
}

# Some megabytes through host I.
fills() { # I
	head -c 1000000 /dev/zero | tr '\0' m >"$BATS_TEST_TMPDIR/value"
	for n in 1 2 3 4; do
		lab_client "$1" set "much.$n" - <"$BATS_TEST_TMPDIR/value"
	done
}

# Host 4 has entered, slowly, and loses its power.
vanishes() {
	fills "$reign_leader"
	lab_slow_to "$reign_leader" 4 2mbit
	lab_bg vanishes_add "$reign_leader"
	enters() { members "$reign_leader" | grep -q 'entering h4'; }
	wait_for 60 enters
	lab_poweroff 4
	enters
}

vanishes_add() {
	added=0
	lab_client "$1" add-member h4 || added=$?
	printf '%s\n' "$added" >"$LAB/added"
}

@test "F30 a host loses its power while it enters: it comes back, and becomes a member" {
	rm -f "$LAB/added"
	vanishes
	lab_client "$reign_leader" set entering yes
	lab_poweron 4 start
	wait_for 90 test -s "$LAB/added"
	became "$(cat "$LAB/added")" 'h1 h2 h3 h4' 'h1 h2 h3'
	[ "$(cat "$LAB/added")" -eq 0 ]
	[ "$(lab_client 4 get much.4 | wc -c)" -eq 1000001 ]
	wait_for 60 cluster_level
	check_safety
}

@test "F30 a host loses its power while it enters, for good: del-member, and the next change can begin" {
	rm -f "$LAB/added"
	vanishes
	status=0
	lab_client "${followers[0]}" del-member h4 || status=$?
	[ "$status" -eq 0 ]
	wait_for 30 all_have h1 h2 h3
	wait_for 60 test -s "$LAB/added"
	[ "$(cat "$LAB/added")" -eq 1 ]
	lab_poweron 4
	lab_on 4 rm -rf state
	lab_client "$reign_leader" add-member h4
	wait_for 30 all_have h1 h2 h3 h4
	check_safety
}

@test "F33 F20 a learner that has more than the voters wins nothing" {
	lab_client "$reign_leader" add-member h4 --learner
	logged=$(lab_logs 4 | wc -l)
	for other in "${followers[@]}"; do
		lab_cut "$reign_leader" "$other"
	done
	status=0
	lab_client "$reign_leader" --timeout 1 set f33 nobody || status=$?
	[[ $status == @(69|75) ]]
	lab_isolate "$reign_leader"
	more=$(lab_shows 4 last_index)
	tell "F33 the learner's log ends at $more, a voter's at $(lab_shows "${followers[0]}" last_index)"
	wait_for 60 lab_client "${followers[0]}" --timeout 3 set f33 voters
	lab_heal_all
	wait_for 60 cluster_level
	[ "$(lab_client 4 get f33)" = voters ]
	follows() {
		learner=$(lab_logs 4 | tail -n "+$((logged + 1))")
		[[ $learner == *' append: '* ]]
	}
	wait_for 60 follows
	[[ $learner != *'stands for election'* && $learner != *'lead: leads'* ]]
	check_safety
}

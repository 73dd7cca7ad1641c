# What clients are told, all at once, while leaders come and go and every node takes
# a snapshot every few entries, is linearizable.

load ../lib/cluster
load ../lib/faults
load ../lib/lin

setup_file() {
	cluster_up_with 3 snapshot_period 20
}

teardown_file() {
	cluster_down
}

teardown() {
	drive_stop || :
	cluster_after
}

# leads_instead OLD: another node than OLD leads, or OLD in a newer term.  A node that
# is frozen may hold its lock, so that nothing that needs it is asked.
leads_instead() {
	local name now newer
	now=$(leader) && { [ "$now" != "$1" ] ||
		{ read -r name newer <"$(node_dir "$now")/run/leader" && ((newer > term)); }; }
}

# The ways in which a leader goes, and what brings its node back.

# Killed with all that it has not sent: nothing leaves it for a while, shorter than
# the election timeout, in which nobody may be told that a write is done.
leader_killed() {
	send STOP $(processes "$1" '^([^ ]*/)?ssh ')
	sleep 0.5
	kill_node "$1"
	wait_for 40 leads_instead "$1"
	wait_for 40 start "$1"
}

leader_frozen() {
	freeze "$1"
	wait_for 40 leads_instead "$1"
	thaw "$1"
}

leader_restarted() {
	stop "$1" || kill_node "$1"
	wait_for 40 leads_instead "$1"
	wait_for 40 start "$1"
}

# Only lead itself: the role follows, and its clients are told that nobody knows.
lead_killed() {
	kill -s KILL "$(lead_pid "$1")"
	wait_for 40 leads_instead "$1"
}

@test "leaders are killed, frozen and restarted, and all that clients see is linearizable" {
	local nodes=() ways=(leader_killed leader_frozen lead_killed leader_restarted) changes=0 n
	for n in $(nodes); do
		nodes+=("cd '$(node_dir "$n")' && exec \"\$@\"")
	done
	await_leader
	drive_start "${nodes[@]}"
	while drive_lasts 30 || { ((changes < 4)) && drive_lasts 200; }; do
		it=$(leader) || continue
		term=$(show "$it" term)
		"${ways[changes % ${#ways[@]}]}" "$it"
		changes=$((changes + 1))
		# Whoever leads now has time to do something.
		wait_for 40 client "$(another)" --timeout 5 noop
		sleep 1
	done
	drive_end
	printf '# %s leaders were put down\n' "$changes" >&3
	((changes >= 4))
	two_snapshots() { [ "$(on "$1" libexec/step/snapshot show | wc -l)" -eq 2 ]; }
	for n in $(nodes); do
		on "$n" libexec/step/snapshot check
		wait_for 20 two_snapshots "$n" # a third one may be in the making
	done
	[ "$(drive_acknowledged)" -ge 200 ]
	one_leader_a_term
}

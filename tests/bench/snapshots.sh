# snapshots.sh - what snapshots cost, and what they save; sourced by run.

root=${root:?} work=${work:-} bench=${bench:?} results=${results:-}
socket=${socket:-} leader=${leader:-} follower=${follower:-}

# seconds_since MILLISECONDS: how many have passed, with a fraction.
seconds_since() {
	awk -v was="$1" '{ printf "%.2f", $1 - was }' /proc/uptime
}

now() {
	cut -d ' ' -f 1 /proc/uptime
}

# show I KEY: as node show.
show() (
	cd "$(node "$1")" && exec libexec/os/node show "$2"
)

# take I: a snapshot of node I, by force, as its own loop takes them.
take() (
	cd "$(node "$1")" && exec nice -n 19 libexec/step/snapshot take >>"$work/errors" 2>&1
)

# newest I: its newest snapshot's directory.
newest() {
	find "$(node "$1")/state/snapshot" -mindepth 1 -maxdepth 1 -name '*.????????????????' | sort | tail -n 1
}

# snapshots: writes, one after another, while nothing else goes on, and while all
# three nodes take a snapshot of a million keys.
snapshots() {
	tell 'writes while snapshots are taken'
	lite_look
	for _ in 1 2 3; do
		measure lite.calm "$bench/load" -k 1000000 -s 3 "$socket"
		snapshots_began=$(now)
		take 1 &
		take 2 &
		take 3 &
		measure lite.taking "$bench/load" -k 1000000 -w 0.2 -s 3 "$socket"
		wait
		result lite.take "s=$(seconds_since "$snapshots_began")"
	done
	result lite.snapshot "bytes=$(du -sk "$(newest "$leader")" | awk '{ print $1 * 1024 }')"
}

# restart: a follower is stopped and started, with all that it has.
restart() {
	tell 'a restart with a million keys'
	for _ in 1 2 3; do
		(cd "$(node "$follower")" && ./lite-raft stop) >"$work/said" || return
		restart_began=$(now)
		(cd "$(node "$follower")" && ./lite-raft start) >"$work/said" || return
		result lite.restart "s=$(seconds_since "$restart_began")"
	done
}

# caught_up I: has node I all that the leader has?
caught_up() {
	[ "$(show "$1" last_index)" -ge "$(show "$leader" last_index)" ]
}

# catch_up: a follower misses so much that the leader's log no longer has it; beside
# it, the same bytes through ssh.
catch_up() {
	tell 'a follower catches up by a snapshot'
	for _ in 1 2 3; do
		catch_up_once || return
	done
}

# taken I: has node I a snapshot of all that it has?  Takes one if not.
taken() {
	take "$1"
	case $(newest "$1") in
	*"$(show "$1" last_index)".*) ;;
	*) return 1 ;;
	esac
}

catch_up_once() {
	(cd "$(node "$follower")" && ./lite-raft stop) >"$work/said" || return
	for _ in 1 2; do
		measure lite.fill "$bench/load" -d 1000 -k 1000000 -n 150000 "$socket"
		for i in 1 2 3; do
			[ "$i" -eq "$follower" ] || wait_until 20 taken "$i"
		done
	done
	catch_snapshot=$(newest "$leader")
	set -- "$catch_snapshot/data" "$catch_snapshot/requests" "$catch_snapshot/manifest"
	catch_bytes=$(cat "$@" | wc -c)
	catch_began=$(now)
	(cd "$(node "$leader")" && cat "$@" | ssh -F conf/ssh_config "n$follower" "cat >'$work/copy' && sync '$work/copy'")
	result lite.cat "bytes=$catch_bytes s=$(seconds_since "$catch_began")"
	catch_began=$(now)
	(cd "$(node "$follower")" && ./lite-raft start) >"$work/said" || return
	catch_started=$(seconds_since "$catch_began")
	wait_until 120 caught_up "$follower" || return
	result lite.catch "bytes=$catch_bytes s=$(seconds_since "$catch_began") start_s=$catch_started"
}

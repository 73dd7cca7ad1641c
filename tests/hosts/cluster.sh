# cluster.sh - what the tests ask of a cluster on the lab; sourced by lab.

# First boot on every host at once; each one's output stays in $LAB/boot.I.
cluster_boot() {
	for boot_i in $(lab_all); do
		(lab_on "$boot_i" ./lite-raft first-boot >"$LAB/boot.$boot_i" 2>&1 3>&- 4>&- || :) &
	done
	wait
	cluster_settled 30
}

# Until a write is accepted by a majority.
cluster_settled() { # SECONDS [HOST]
	if [ $# -eq 2 ]; then
		wait_for "$1" lab_client "$2" --timeout 1 noop
	else
		wait_for "$1" cluster_writes
	fi
}

cluster_writes() {
	for writes_i in $(lab_powered); do
		! lab_client "$writes_i" --timeout 1 noop || return 0
	done
	return 1
}

# What an earlier test left behind: a host whose node is stopped or dead is started,
# all that is cut, slow, frozen or off comes back; until all hosts have the same log, all committed.
cluster_mended() { # SECONDS
	rm -rf "$LAB/writers"
	lab_heal_all
	lab_fast
	for mended_i in $(lab_all); do
		lab_poweron "$mended_i"
		lab_disk_thaw "$mended_i"
		lab_thaw "$mended_i"
	done
	for mended_i in $(lab_all); do
		lab_runs "$mended_i" || lab_on "$mended_i" ./lite-raft start >/dev/null || :
	done
	wait_for "$1" cluster_level
}

cluster_level() {
	cluster_writes || return 1
	level_first=
	for level_i in $(lab_all); do
		level_this=$(lab_on "$level_i" libexec/os/node show last_index) || return 1
		[ "$level_this" = "${level_first:=$level_this}" ] || return 1
	done
}

# True while host I's node runs.
lab_runs() { # I
	lab_on "$1" libexec/os/hold --who state/running >/dev/null 2>&1
}

# One value of `node show` on host I.
lab_shows() { # I KEY
	lab_on "$1" libexec/os/node show "$2"
}

# Prints the number of the host that leads: of those who say so of themselves,
# the one in the newest term.  1 if there is none.
lab_leader() {
	leader_best=
	leader_term=-1
	for leader_i in $(lab_powered); do
		[ "$(lab_file "$leader_i" run/role)" = leader ] || continue
		leader_this=$(lab_file "$leader_i" run/leader | awk -v name="h$leader_i" '$1 == name { print $2 }')
		if [ "${leader_this:--1}" -gt "$leader_term" ]; then
			leader_best=$leader_i
			leader_term=$leader_this
		fi
	done
	[ -n "$leader_best" ] && printf '%s\n' "$leader_best"
}

# Prints the numbers of the hosts with power that do not lead, one a line.
lab_followers() {
	followers_leader=$(lab_leader) || :
	lab_powered | grep -v -x "${followers_leader:-none}"
}

# True when another host than I leads.
leader_other() { # I
	other_leader=$(lab_leader) && [ "$other_leader" != "$1" ]
}

# Writes one key after another in the background, NAME.1, NAME.2 …, through host
# I, while $LAB/writers/NAME is there.  Each gives a line "N STATUS MILLISECONDS"
# in $LAB/NAME.
writer_start() { # NAME I
	mkdir -p "$LAB/writers"
	: >"$LAB/$1"
	: >"$LAB/writers/$1"
	lab_bg writer_loop "$1" "$2"
}

writer_loop() { # NAME I
	loop_n=0
	while [ -e "$LAB/writers/$1" ]; do
		loop_n=$((loop_n + 1))
		loop_begun=$(lab_ms)
		loop_status=0
		lab_client "$2" --timeout 3 set "$1.$loop_n" "$loop_n" || loop_status=$?
		# The host lost its power meanwhile: it says nothing of the client.
		[ "$loop_status" -ne 137 ] && [ -s "$LAB/pid/$2" ] || loop_status=off
		printf '%s %s %s\n' "$loop_n" "$loop_status" "$(($(lab_ms) - loop_begun))" >>"$LAB/$1" || break
		sleep 0.05
	done
	: >"$LAB/$1.stopped"
}

writer_stop() { # NAME
	rm -f "$LAB/writers/$1"
	wait_for 10 test -e "$LAB/$1.stopped"
	rm -f "$LAB/$1.stopped"
}

# The number of writes of NAME that were acknowledged, and the longest in ms.
writer_count() { # NAME
	awk '$2 == 0 { n++ } END { print n + 0 }' "$LAB/$1"
}

# Has NAME's writer done more than N writes?
writer_wrote() { # NAME N
	[ "$(writer_count "$1")" -gt "$2" ]
}

writer_worst() { # NAME
	awk '$2 == 0 && $3 > worst { worst = $3 } END { print worst + 0 }' "$LAB/$1"
}

# Every acknowledged write of NAME is there, as seen from host I, and every
# status was one that the manual knows.
writer_check() { # NAME I
	lab_client "$2" list "$1." >"$LAB/$1.list" || return 1
	awk -v name="$1" '
	FNR == NR { there[$0] = 1; next }
	$2 == "off" { next }
	$2 == 0 && !((name "." $1) in there) { print "lost: " name "." $1; bad = 1 }
	$2 != 0 && $2 != 69 && $2 != 75 { print "status " $2 " for " name "." $1; bad = 1 }
	END { exit bad }' "$LAB/$1.list" "$LAB/$1"
}

# One leader a term: in no message log is there another who led in it or was heard.
check_terms() {
	for terms_i in $(lab_all); do
		lab_logs "$terms_i" | awk -v host="h$terms_i" '
		$4 == "append:" && $6 == "leads" { print $2, $5 }
		$4 == "lead:" && $5 == "leads," { print $2, host }'
	done | sort -u | awk '
	$1 == term { print "term " term " had " leader " and " $2; bad = 1 }
	{ term = $1; leader = $2; n++ }
	END { exit bad || n == 0 }'
}

# The lines of host I's message log.
lab_logs() { # I
	lab_on "$1" sh -c 'cat message-log/node.log*'
}

# Logs that agree at an index and a term agree before it, and the records that
# are there with the same index and term are the same: the chain says so.
check_chains() {
	for chains_i in $(lab_all); do
		lab_on "$chains_i" sh -c 'cat state/log/*' | LC_ALL=C grep -a -o '^e1 [0-9]* [0-9]* .*' |
			awk 'NF == 11 { print $2, $3, $10 }'
	done | sort -u | awk '
	$1 == at && $2 == term { print "index " at " of term " term " differs"; bad = 1 }
	{ at = $1; term = $2; n++ }
	END { exit bad || n == 0 }'
}

# What must hold after every test.
check_safety() {
	check_terms && check_chains
}

# schedule.sh - what happens to a package by a seed, and what came of it; sourced
# behind faults.sh.

# schedule_run SEED [KIND]: a new package on fresh hosts, what schedule.awk says, and
# what must be so afterwards.  Prints one line of words:
#
#	seed=N verdict=good|overlap|moved|down|setup watchdog=yes|no kinds=A,B...
#	gap=MS [takeover=KIND:MS...] [restart=KIND:MS...]
#
# setup: it could not even be started.  down: it was running nowhere 40 s after all was
# well again.  The record stays in $RECORD.  1 unless it is good.
schedule_run() {
	awk -v seed="$1" -v only="${2:-}" -f "$LAB_HOME/pkg/schedule.awk" >"$LAB/schedule.$1" || return 1
	schedule_carry "$1"
}

# schedule_plan NAME FILE: the same for lines that stand in FILE, in any order, instead
# of a seed's; those that begin with # say why.  "set conf LINE" is a setting, "set apart
# yes": somebody else than pkg starts the package there.
schedule_plan() {
	sed '/^#/d' "$2" | sort -s -n >"$LAB/schedule.$1" || return 1
	schedule_carry "$1"
}

schedule_carry() { # SEED
	schedule=$LAB/schedule.$1
	schedule_verdict=good
	if ! schedule_begin "$1"; then
		schedule_verdict=setup
	else
		schedule_play
		schedule_well
		wait_for 40 package_owner || schedule_verdict=down
	fi
	schedule_tell "$1"
	[ "$schedule_verdict" = good ]
}

# Fresh hosts whose clocks are this seed's, and a package that runs.
schedule_begin() {
	WATCHDOG=
	! grep -q '^set watchdog yes' "$schedule" || WATCHDOG=2000
	for begin_i in $HOSTS; do
		host_off "$begin_i"
		lab_rate "$begin_i" "$(sed -n "s/^set rate $begin_i //p" "$schedule")"
	done
	for begin_i in $HOSTS; do
		host_on "$begin_i" || return 1
	done
	wait_for 40 store noop || return 1
	begin_conf=$(sed -n 's/^set conf //p' "$schedule")
	package_new "s$1" ${WATCHDOG:+"watchdog $LAB/host/watchdog"} ${begin_conf:+"$begin_conf"} || return 1
	for begin_i in $HOSTS; do
		! grep -q '^set apart yes' "$schedule" || package_apart "$begin_i" || return 1
		package_on "$begin_i" || return 1
	done
	wait_for 20 package_owner
}

# Carries out the schedule, a line at a time, at its time or when it can.
schedule_play() {
	play_begun=$(lab_ms)
	while read -r play_at play_verb play_id play_kind play_where <&5; do
		[ "$play_at" != set ] || continue
		play_left=$((play_at + play_begun - $(lab_ms)))
		[ "$play_left" -le 0 ] || sleep "$(printf '%d.%03d' $((play_left / 1000)) $((play_left % 1000)))"
		"schedule_$play_verb" "$play_id" "$play_kind" "$play_where" </dev/null || :
	done 5<"$schedule"
}

# The host that an end belongs to is in $LAB/fault.ID.
schedule_where() { # WHERE
	at_owner=$(package_owner) || at_owner=${at_last:-${HOSTS%% *}}
	at_last=$at_owner
	[ "$1" = other ] || {
		printf '%s\n' "$at_owner"
		return
	}
	others_of "$at_owner" "$HOSTS" | head -n 1
}

schedule_fault() { # ID KIND WHERE
	fault_host=$(schedule_where "$3")
	printf '%s\n' "$fault_host" >"$LAB/fault.$1"
	# Without power only that comes back.
	[ -s "$LAB/pid/$fault_host" ] || return 0
	fault_call=fault_$(printf '%s\n' "$2" | tr - _)
	# What is well with a watchdog can't be helped without one.
	case $2:$WATCHDOG in
	freeze-guard: | freeze-host:) note gap "h$fault_host" ;;
	undead:) ! grep -q ' cut-' "$schedule" || note gap "h$fault_host" ;;
	esac
	case $2 in
	quorum | leader-off | leader-kill) note fault "$2" - ;;
	hold) ;;
	*) note fault "$2" "h$fault_host" ;;
	esac
	"$fault_call" "$fault_host"
}

schedule_mend() { # ID KIND
	mend_host=$(cat "$LAB/fault.$1") || return 0
	mend_call=mend_$(printf '%s\n' "$2" | tr - _)
	! command -v "$mend_call" >/dev/null || "$mend_call" "$mend_host" || :
	[ "$2" = hold ] || note mend "$2" "h$mend_host"
}

# All that was cut, off, slow or frozen is well again, and pkg runs on all hosts.
schedule_well() {
	lab_heal_all
	lab_fast
	for well_i in $(lab_all); do
		schedule_lives "$well_i" || host_off "$well_i"
		if [ -s "$LAB/pid/$well_i" ]; then
			lab_thaw "$well_i"
		else
			host_on "$well_i" && package_on "$well_i"
		fi
	done
	for well_i in $HOSTS; do
		rm -f "$LAB/hosts/$well_i/knob/"*
		guard_pid "$well_i" >/dev/null || guard_start "$well_i"
	done
	for well_i in $STORE; do
		lab_runs "$well_i" || lab_on "$well_i" ./lite-raft start >/dev/null || :
	done
	store set "pkg/$PACKAGE/want" 'up=yes' || :
}

# Has host I not been bitten by its watchdog?
schedule_lives() {
	lives_pid=$(cat "$LAB/pid/$1" 2>/dev/null) && kill -0 "$lives_pid" 2>/dev/null
}

schedule_tell() { # SEED
	package_check >"$LAB/check.out" 2>&1 || {
		[ "$schedule_verdict" != good ] || schedule_verdict=moved
		! grep -q '^overlap' "$LAB/check.out" || schedule_verdict=overlap
	}
	printf 'seed=%s verdict=%s watchdog=%s kinds=%s' "$1" "$schedule_verdict" "$(sed -n 's/^set watchdog //p' "$schedule")" \
		"$(awk '$2 == "fault" { k = k (k == "" ? "" : ",") $4 } END { print k }' "$schedule")"
	awk '$1 == "gap" && $4 > most { most = $4 }
	$1 == "takeover" || $1 == "restart" { said = said " " $1 "=" $2 ":" $5 }
	$1 == "overlap" || $1 == "moved" || $1 == "nobody" { said = said " " $1 "=" $2 ":" $3 ":" $4 }
	END { printf " gap=%d%s\n", most, said }' "$LAB/check.out"
}

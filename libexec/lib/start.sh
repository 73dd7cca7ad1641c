# start.sh - a node's processes: whether they run, their start, their end.
#
# The caller sets $prog, and $foreground and $wait, empty or not.

. libexec/lib/conf.sh

# The pid of the node that runs in this directory: 0; 1 when none does.
running() {
	[ -d state ] || return 1
	[ -x libexec/os/hold ] || die 78 'cannot tell whether this node runs: the programs are missing;' \
		'./lite-raft start builds them'
	libexec/os/hold --who state/running
}

# Ends if a recover was cut short here: there is no state, but what it kept.
lost_check() { # VERB
	[ ! -e state/node ] || return 0
	lost=
	set +f
	for lost_file in state.lost.*.backup; do
		[ ! -f "$lost_file" ] || lost=$lost_file
	done
	set -f
	[ -z "$lost" ] || die 78 "cannot $1: there is no state here, but $lost, of a recover that was cut" \
		"short: ./lite-raft first-boot --from $lost goes on with it; else move it away"
}

start() {
	lost_check start
	[ -f state/node ] || die 78 'cannot start: this node has not had its first boot;' \
		'use: ./lite-raft first-boot'
	. libexec/lib/boot.sh
	programs_build
	! pid=$(running) || die 1 "is running already (pid $pid)"
	if [ -n "$foreground" ]; then
		exec libexec/os/hold state/running libexec/lib/begin --foreground
	fi
	begin_detached | begin_relay || exit
	pid=$(running) || die 74 'was started, and has ended; see message-log/stderr'
	waits_say
	[ -z "$wait" ] || leader_wait
}

# Nothing of the node may hold on to the terminal, or to the ssh, or to a lock or
# a pipe of whoever starts it.
begin_detached() {
	trap '' HUP
	exec </dev/null 2>&1
	set -- libexec/os/hold -c state/running libexec/lib/begin --detached
	! command -v setsid >/dev/null || set -- setsid "$@"
	"$@" &
}

# Passes on what begin says, until it lets go; returns the status it ended with.
begin_relay() {
	relay_status=0
	while read -r line; do
		case $line in
		'status '*) relay_status=${line#status } ;;
		'hold: state/running is held by '*)
			relay_status=1
			printf '%s\n' "${prog:=lite-raft}: is running already (${line##* by })" >&2
			;;
		'hold: '*)
			relay_status=74
			printf '%s\n' "$prog: cannot start: ${line#hold: }" >&2
			;;
		*) printf '%s\n' "$line" >&2 ;;
		esac
	done
	return "$relay_status"
}

# Says which peers do not answer, and why, asking all at once.
waits_say() {
	conf_nodes
	self=$(libexec/os/node show name)
	say "$self takes part (pid $pid)"
	if [ "$(libexec/os/node show formed)" = yes ]; then
		conf_differs "$conf"
		conf=$(libexec/os/node show peers)
	fi
	for name in $conf; do
		[ "$name" = "$self" ] || peer_say "$name" &
	done
	wait
}

peer_say() { # NODE
	# begin has called it before, and most often it has heard what came of it.
	if [ -s "run/greeted.$1" ]; then
		read -r status <"run/greeted.$1"
		[ "$status" -ne 0 ] || return
	else
		[ ! -s "run/heard.$1" ] || return
		libexec/os/node greet "$1" |
			libexec/step/timer limit 5 libexec/link/peer "$1" hello \
				>/dev/null 2>"run/start.$1" && return
	fi
	last_line "run/start.$1"
	say "still waits for $1: ${last:-no answer came}"
}

# Until a leader is known here, a minute or ten election timeouts.
leader_wait() {
	timeout_load
	polls=$((seconds > 6 ? seconds * 100 : 600))
	while [ ! -s run/leader ]; do
		running >/dev/null || die 69 'has ended while it waited for a leader'
		polls=$((polls - 1))
		[ "$polls" -gt 0 ] || die 69 'there is no leader yet; the node goes on'
		libexec/step/timer sleep 0.1
	done
	read -r leader term <run/leader
	say "$leader leads in term $term"
}

# True while there is more of a process group than what has ended, and init has not
# taken away yet.
group_lives() { # PID
	kill -0 "-$1" 2>/dev/null || return
	group=$(ps -A -o pgid= -o args= 2>/dev/null) || return 0
	printf '%s\n' "$group" | awk -v group="$1" '
		$1 == group && $NF != "<defunct>" { lives = 1 }
		END { exit !lives }'
}

# Ends the role; it ends the rest.  A signal may come just when one role becomes
# the next, so it is sent again.
stop() {
	pid=$(running)
	case $? in
	0) ;;
	1)
		say 'not running'
		return
		;;
	*) exit 74 ;; # it has said why
	esac
	polls=0
	while [ "$(running)" = "$pid" ]; do
		case $polls in
		*0) kill -s TERM "$pid" 2>/dev/null ;;
		esac
		polls=$((polls + 1))
		[ "$polls" -ne 40 ] || say "waits for pid $pid to end"
		[ "$polls" -le 600 ] || die 74 "cannot stop: pid $pid does not end; kill -9 $pid" \
			'ends it, and what it started ends by itself'
		libexec/step/timer sleep 0.05
	done

	# What a role leaves that was ended between two others, or by force, goes soon.
	# A node that was detached is a process group of its own.
	polls=0
	while group_lives "$pid" && [ "$polls" -lt 60 ]; do
		polls=$((polls + 1))
		libexec/step/timer sleep 0.05
	done
	say 'stopped'
}

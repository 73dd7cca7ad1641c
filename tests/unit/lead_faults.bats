# F49 F43 F44 F15: a leader is killed at each of its calls in turn, and has each of them
# fail, while a client has it write, and a follower is sent what it writes; then the node
# is started again, and leads again.  What the client was told is done is there; and what
# the leader could not write or sync, it does not say is done.

load member
load peers
load faults

LEAD=$ROOT/libexec/lead/lead
declare -gA VALUE=([k1]=v1 [k2]=$(printf '%070000d' 7) [k3]=v3)

# talks LINE...: a client asks the leader of this directory, one after the other; leaves
# "LINE ANSWER" of each in ./answers, of LINE the first 6 bytes.  "do CMD" is done here.
talks() {
	: >answers
	# The line by which dial greets is answered, too.
	dials client bash -c '
		read -r -t 20 hello && read -r -t 20 refused || exit 0
		for line; do
			case $line in
			do\ *) eval "${line#do }" >/dev/null; continue ;;
			esac
			printf "%s\n" "$line" && IFS= read -r -t 20 answer || exit 0
			printf "%s %s\n" "${line:0:6}" "$answer" >>answers
		done' sh "$@" || :
}

# dials NAME CMD...: dial, once somebody listens there, unless $lead ends before.
dials() {
	local r=69
	until [ "$r" -ne 69 ] || ! kill -0 "$lead" 2>/dev/null; do
		r=0
		dial "run/$1.sock" "${@:2}" 2>/dev/null || r=$?
		[ "$r" -ne 69 ] || sleep 0.01
	done
	return "$r"
}

# led_by TALK CMD...: $cmd, a leader, under CMD, until TALK is over; leaves ./err.
led_by() {
	local talk=$1 lead follower= r=0
	shift
	"$@" "${cmd[@]}" >reply 2>err </dev/null 3>&- 4>&- 5<&- &
	lead=$!
	"$talk"
	kill -TERM "$(hold --who run/lead.lock)" 2>/dev/null || :
	wait "$lead" || r=$?
	[ -z "$follower" ] || wait "$follower" || :
	return "$r"
}

# elected: this node is, now, and $cmd leads, for so long that its heartbeats hardly come
# in between.
elected() {
	mkdir -p run
	printf '10\n' >run/election_timeout
	vote ask --handover >/dev/null
	cmd=(hold run/lead.lock "$LEAD" "$(shows term)")
}

# denied: where a write to state/, or its sync, was made to fail, the request that was
# being written then was not answered with yes.
denied() {
	local nth=
	case $fate in
	error=*) nth=$(awk '/^(pwrite|fdatasync|fsync).*\/state[\/>].*INJECTED/ { print said + 1 }
		{ said += /^write\([0-9]+<socket:.*"0\\n", 2/ }' met) ;;
	esac
	[ -z "$nth" ] || [[ $(sed -n "${nth}p" answers) != *' 0' ]]
}

# kept TALK: by what TALK left of a leader that was elected anew, what was said to be done
# is there, and more can be.
kept() {
	local cmd key told
	mv answers told
	rm -rf run
	elected
	led_by "$1" env
	[ "$(tail -n 1 answers)" = 'set k9 0' ]
	for key in "${!VALUE[@]}"; do
		told=$(sed -n "s/^get $key //p" answers)
		case $(grep "^set $key" told || :) in
		"set $key 0") [ "$told" = "0 ${VALUE[$key]}" ] ;;
		*) [ "$told" = 1 ] || [ "$told" = "0 ${VALUE[$key]}" ] ;;
		esac
	done
}

gets() {
	talks 'get k1' 'get k2' 'get k3' 'set k9 v9'
}

alone_begin() {
	node_up -s 4096 a
	truncate -s 8M state/log/spare
	elected
}
alone_talks() {
	talks 'set k1 v1' "set k2 ${VALUE[k2]}" 'set k3 v3' \
		'do dial run/client.sock printf "add-member d 00000000000000dd learner\n"'
}
alone_run() {
	led_by alone_talks "$@"
}
alone_holds() {
	denied
	[ "$(shows term) $(shows voted_for)" = '1 a' ]
}
alone_again() {
	kept gets
	[ "$(shows term) $(shows voted_for)" = '2 a' ]
}
@test "F49 F43 F44 F15 a leader of one writes" { each alone; }

# follows: b does, until the leader has gone.
follows() {
	dials peer sh -c 'printf "\nlite-raft-gate 1\n"; cd ../b && exec append' b append 2>/dev/null 3>&- 4>&- &
	follower=$!
}

pair_begin() {
	mkdir ../b
	in_dir ../b member form -s 4096 b a c
	in_dir ../b keep before
	hold ../b/state/running sleep 600 3>&- 4>&- &
	started="$started $!"
	soon hold --who ../b/state/running >/dev/null
	node_up -s 4096 a b c
	elected
}
pair_talks() {
	follows
	talks 'set k1 v1' 'do (cd ../b && member ballot c 3 1@0 kind=handover | vote answer)' 'set k3 v3'
}
pair_run() {
	rm -rf ../b/run
	in_dir ../b back before
	led_by pair_talks "$@"
}
pair_holds() {
	denied
	[[ $(<answers) != *'set k3 0'* ]]
	case $(shows term):$(shows voted_for) in
	1:a) [ "$status" -ne 1 ] || grep -q 'no majority was heard' message-log/node.log ;;
	3:-) ;;
	*) false ;;
	esac
}
pair_gets() {
	follows
	gets
}
pair_again() {
	local cmd
	until [ "$(shows term)" -ge 3 ]; do
		elected
	done
	kept pair_gets
	[ "$(in_dir ../b member log)" = "$(member log)" ]
}
@test "F49 F43 F44 F15 F5 a leader writes for a follower, and hears of a newer term" { each pair; }

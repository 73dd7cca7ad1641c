# faults.bash - what tests do to a cluster, for those that load cluster.bash
# before.

# processes I [PATTERN]: the pids of those of node I's processes whose command
# line PATTERN (an ERE) fits; quicker than node_pids.
processes() {
	untraced processes_of "$@" 2>/dev/null
}

processes_of() {
	local at=$CLUSTER/n$1/lite-raft pid words
	find /proc/[0-9]*/cwd -maxdepth 0 \( -lname "$at" -o -lname "$at/*" \) | while IFS=/ read -r _ _ pid _; do
		mapfile -d '' words <"/proc/$pid/cmdline" || continue
		[[ $pid != "$BASHPID" && ${#words[@]} -gt 0 && "${words[*]} " =~ ${2-} ]] || continue
		printf '%s\n' "$pid"
	done
}

# send SIGNAL PID...: those that are gone are no error.
send() {
	local name=$1 pid
	shift
	for pid in "$@"; do
		kill -s "$name" "$pid" 2>/dev/null || :
	done
}

# crash I: kill -9 of all of node I's processes, of which none is left then.
crash() {
	local left
	while mapfile -t left < <(processes "$1") && ((${#left[@]} > 0)); do
		send KILL "${left[@]}"
	done
}

# beside I CMD...: starts CMD on node I and goes on; its words are thrown away,
# its pid is added to $beside, which beside_end ends.
beside() {
	local i=$1
	shift
	(cd "$CLUSTER/n$i/lite-raft" && exec "$@" </dev/null >/dev/null 2>&1 3>&- 4>&-) &
	beside+=("$!")
}

beside_end() {
	send KILL "${beside[@]}"
	wait "${beside[@]}" 2>/dev/null || :
	beside=()
}

# mended: all nodes run and have a leader, whose number is printed; for setup.
mended() {
	local i
	for i in $(nodes); do
		role_pid "$i" >/dev/null || {
			crash "$i"
			start "$i" >/dev/null || return
		}
	done
	await_leader
}

# lead_pid I: the pid of node I's lead.
lead_pid() {
	on "$1" libexec/os/hold --who run/lead.lock
}

# start_all [I...]: lite-raft start on these nodes, or all, at once; those that
# do not start are no error.
start_all() {
	local i jobs=() who=("$@")
	((${#who[@]} > 0)) || mapfile -t who < <(nodes)
	for i in "${who[@]}"; do
		start "$i" >/dev/null 2>&1 &
		jobs+=("$!")
	done
	wait "${jobs[@]}" || :
}

# highest_term: of all nodes.
highest_term() {
	local i
	for i in $(nodes); do
		show "$i" term
	done | sort -n | tail -n 1
}

# logs [I]: node I's message log, or all of them.
logs() {
	local i
	for i in ${1:-$(nodes)}; do
		cat "$CLUSTER/n$i/lite-raft/message-log"/node.log*
	done
}

# logged I ERE: is there such a line in node I's message log?
logged() {
	logs "$1" | grep -q -E -e "$2"
}

# one_leader_a_term: nobody has noted that it leads in a term that another led.
one_leader_a_term() {
	[ -z "$(logs | sed -n 's/^[^ ]* \([0-9]*\) [a-z]* lead: leads,.*/\1/p' | sort | uniq -d)" ]
}

# gate I VERB: node I's door, without ssh before it.
gate() {
	on "$1" env -u SSH_ORIGINAL_COMMAND libexec/link/gate "$2"
}

# talk I: the client protocol with node I: lines in, answers out.
talk() {
	on "$1" libexec/link/call --gate
}

# ask I LINE...: what node I, which leads, answers to these lines.
ask() {
	local i=$1
	shift
	printf '%s\n' "$@" | talk "$i" | sed 1d
}

# commit_known I: the commit index that node I, which leads, greets with.
commit_known() {
	local hello version commit
	read -r hello version commit < <(talk "$1" </dev/null)
	[ "$hello $version" = 'hello 1' ] && printf '%s\n' "$commit"
}

# sealed WORD...: a frame's header line, which ends in its CRC.
sealed() {
	"$ROOT/build/tests/member" seal "$*"
}

# frame TYPE FROM TO TERM [A B C D E F]: a frame without a body, from node FROM
# to node TO, as libexec/core/frame.h says.
frame() {
	local type=$1 from=$2 to=$3 term=$4
	shift 4
	sealed lr1 "$type" "$(show "$from" cluster)" "n$from" "$(show "$from" id)" \
		"n$to" "$(show "$to" id)" "$term" "$term" \
		"${1:-0}" "${2:-0}" "${3:-0}" "${4:-0}" "${5:-0}" "${6:-0}" 0 00000000
}

# ballot FROM TO TERM [INDEX@TERM]: FROM asks TO for its vote; its log ends as
# FROM's does, or there.
ballot() {
	local last=${4-}
	[ -n "$last" ] || last="$(show "$1" last_index)@$(show "$1" last_term)"
	frame vote "$1" "$2" "$3" 1 "${last%@*}" "${last#*@}"
}

# knock LEADER NODE: a real frame that LEADER sends to NODE now, an append of
# nothing.
knock() {
	on "$1" libexec/link/dial run/peer.sock sh -c \
		'printf "\nlite-raft-gate 1\n"; head -n 1 >&5' sh "n$2" append 5>&1
}

# lose_entries I, restore_entries I: from now on node I takes the leaders'
# heartbeats, but nothing that carries an entry reaches it.
lose_entries() {
	local step=$CLUSTER/n$1/lite-raft/libexec/step
	mv "$step/append" "$step/append.whole"
	cat >"$step/append" <<-'SH'
		#!/usr/bin/env bash
		while IFS= read -r line; do
			read -ra word <<<"$line"
			if ((word[15] > 0)); then
				head -c "${word[15]}" >/dev/null
			else
				printf '%s\n' "$line"
			fi
		done | libexec/step/append.whole
	SH
	chmod 755 "$step/append"
	end_streams "$1"
}

restore_entries() {
	local step=$CLUSTER/n$1/lite-raft/libexec/step
	[ ! -e "$step/append.whole" ] || mv -f "$step/append.whole" "$step/append"
	end_streams "$1"
}

# end_streams I: kills node I's appends; the leaders' streams begin anew.
end_streams() {
	local pids
	mapfile -t pids < <(processes "$1" step/append)
	send KILL "${pids[@]}"
}

# restart_sshd I: node I's sshd reads its configuration again, and takes
# connections.
restart_sshd() {
	kill -s HUP "$(cat "$CLUSTER/n$1/sshd.pid")"
	wait_for 20 listens "$1"
}

listens() {
	local greeting
	read -r -t 5 greeting <"/dev/tcp/127.0.0.1/$(cat "$CLUSTER/n$1/port")" && [[ $greeting == SSH-* ]]
}

# said_once: what run printed is one line.
said_once() {
	[[ -n ${output-} && $output != *$'\n'* ]]
}

# same_term I J: are they in the same term?
same_term() {
	local term
	term=$(show "$1" term) && [ "$(show "$2" term)" = "$term" ]
}

# gone PID...: none of them lives.
gone() {
	local pid
	for pid; do
		case $(ps -o stat= -p "$pid") in
		'' | Z*) ;;
		*) return 1 ;;
		esac
	done
}

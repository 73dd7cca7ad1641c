# The roles: who becomes what, and that nothing is left behind.  hold and timer
# are the real ones; the steps, the leader's half and ssh are scripts here.
# bats file_tags=shells

bats_require_minimum_version 1.5.0
load ../lib/wait

setup() {
	ROOT=${BATS_TEST_DIRNAME%/tests/*}
	HERE=$BATS_TEST_TMPDIR/a\ tree
	mkdir -p "$HERE"/libexec/{link,os,step,lead} "$HERE"/{bin,state,run,message-log,conf}
	cd "$HERE" || return
	cp -R "$ROOT"/libexec/{lib,role} libexec
	cp "$ROOT"/libexec/link/{links,form,stream} libexec/link
	cp "$ROOT/libexec/os/hold" libexec/os
	cp "$ROOT/libexec/step/timer" libexec/step
	mkfifo run/votes
	printf '0.2\n' >run/election_timeout
	printf 'yes\n' >formed
	printf 'yes\n' >votes.here
	peers_are n2 n3
	printf 'lite-raft-node 1 n1 id cluster member crc\n' >state/node
	printf '0\n' >tally
	stub os/node <<-'END'
		case "$1 $2" in
		'show peers') [ "$(cat formed)" = no ] || cat peers ;;
		'show formed') cat formed ;;
		'show stands') cat votes.here ;;
		'show damaged') printf 'no\n' ;;
		'show name') printf 'n1\n' ;;
		'show removed') cat removed 2>/dev/null || printf 'no\n' ;;
		note*) printf '%s\n' "$2" >>notes ;;
		esac
	END
	stub step/vote <<-'END'
		printf '%s\n' "$*" >>votes
		case $1 in
		ask)
			[ ! -e ask ] || exit "$(cat ask)"
			while read -r peer; do
				printf 'lr1 vote - n1 id %s id 7 7 1 rest of it\n' "$peer"
			done <peers
			;;
		tally) # which has an end whatever becomes of those who ask
			exec libexec/step/timer limit 20 sh -c 'while IFS= read -r line && [ "$line" != "over 7 1" ]; do
				[ -z "$line" ] || printf "%s\n" "$line"
			done >answers
			[ ! -e hang ] || exec libexec/step/timer sleep 60
			echo 7
			exit "$(cat tally)"'
			;;
		esac
	END
	# Stands until it is told to end, more than once maybe, or its node has ended.
	stub lead/lead <<-'END'
		trap 'trap "" TERM; printf "lr1 handover - n1 id n3 rest\n"; exit 0' TERM
		role=$PPID
		perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) &&
			bind(S, pack_sockaddr_un("run/peer.sock")) || die'
		printf '%s\n' $$ >lead.pid
		while [ ! -s lead ] && [ "$(libexec/os/hold --who state/running)" = "$role" ]; do
			libexec/step/timer sleep 0.05 &
			wait $!
		done
		[ ! -s lead ] || exit "$(cat lead)"
	END
	# A connection: it lasts.
	stub link/dial <<-'END'
		printf '%s\n' "$*" >>dialled
		exec libexec/step/timer sleep "$(cat dial 2>/dev/null || printf 60)"
	END
	stub link/peer <<-'END'
		case "$*" in
		-M*) exec libexec/step/timer sleep 60 ;;
		*' vote') read -r frame && printf '%s: %s\n' "$1" "$frame" ;;
		*' handover') printf '%s: ' "$1" >handed && cat >>handed ;;
		esac
	END
}

teardown() {
	[ -z "${node-}" ] || kill -KILL "$node" 2>/dev/null || :
	soon nothing_left || {
		processes
		local pid
		for pid in $(pids); do
			kill -KILL "$pid"
		done
		return 1
	}
	[ -n "$BATS_TEST_COMPLETED" ] || cat notes votes || :
}

# peers_are NAME...: and n1 itself.
peers_are() {
	printf '%s\n' "$@" >peers
	{
		printf 'lite-raft-members 1 %s\n' "$*"
		printf 'member %s id\n' n1 "$@"
	} >state/members.new
	mv state/members.new state/members
}

# stub PROGRAM: a script, whose body is on stdin.
stub() {
	{
		printf '#!/bin/sh\n'
		cat
	} >"libexec/$1"
	chmod +x "libexec/$1"
}

# begin [ROLE ARG...]: the node runs; its pid is $node.
begin() {
	[ $# -gt 0 ] || set -- follower
	libexec/os/hold state/running "libexec/role/$1" "${@:2}" 3>&- 4>&- >stdout 2>stderr &
	node=$!
}

role_is() {
	[ "$(cat run/role 2>/dev/null)" = "$1" ]
}

# leads: it does, and the leader's half has got so far that it can be stopped.
leads() {
	role_is leader && [ -s lead.pid ] &&
		[ "$(cat lead.pid)" = "$(libexec/os/hold --who run/lead.lock)" ]
} 2>/dev/null

noted() {
	grep -q "$1" notes 2>/dev/null
}

# What runs in this tree, apart from the test itself: pids.
pids() {
	untraced pids_there 2>/dev/null
}

pids_there() {
	local pid words
	(cd / && exec find /proc/[0-9]*/cwd -maxdepth 0 -lname "$HERE") |
		while IFS=/ read -r _ _ pid _; do
			mapfile -d '' words <"/proc/$pid/cmdline" || continue
			[[ ${words[*]} == *bats-exec-test* ]] || printf '%s\n' "$pid"
		done
}

# The same, a line each: pid and command.
processes() {
	local all
	mapfile -t all < <(pids)
	((${#all[@]} == 0)) || ps -ww -o pid=,args= -p "$(IFS=, && printf '%s' "${all[*]}")" || :
}

nothing_left() {
	[ -z "$(pids)" ]
}

# nothing_stays: the same, once the connections are ended, which do not know that all is over.
nothing_stays() {
	local pid
	for pid in $(processes | awk '/timer sleep 60/ { print $1 }'); do
		kill "$pid" 2>/dev/null || :
	done
	nothing_left
}

# masters: a connection to each peer is kept.
masters() {
	[ "$(processes | grep -c 'limit .*peer -M n[23]$')" -eq 2 ]
}

# stopped: SIGTERM ends all, and the lock falls.
stopped() {
	kill -TERM "$node"
	soon nothing_left
	run -1 libexec/os/hold --who state/running
}

@test "a role's successors are Figure 4's" {
	run grep -h '\bexec libexec/role/' libexec/role/follower
	[[ $output = *candidate* && $output != *leader* ]]
	run grep -h '\bexec libexec/role/' libexec/role/candidate
	[[ $output = *leader*follower* ]]
	run grep -h '\bexec libexec/role/' libexec/role/leader
	[[ $output = *follower* && $output != *candidate* ]]
}

@test "silence, PreVote, ballot, leader: under one pid" {
	begin
	soon leads
	[ "$(libexec/os/hold --who state/running)" = "$node" ]
	[ "$(cat votes)" = "ask --pre
tally --pre 5
ask
tally 5" ]
	# Every peer got its own ballot.
	[ "$(sort answers)" = "n2: lr1 vote - n1 id n2 id 7 7 1 rest of it
n3: lr1 vote - n1 id n3 id 7 7 1 rest of it" ]
	soon grep -qs 'peer -o n2 append' dialled
	soon grep -qs 'peer -o n3 append' dialled
	stopped
}

@test "a leader that is stopped hands over" {
	begin
	soon leads
	stopped
	[ "$(cat handed)" = "n3: lr1 handover - n1 id n3 rest" ]
}

@test "leadership handed over needs no PreVote" {
	printf '30\n' >run/election_timeout
	begin
	soon test -p run/wake
	printf 'handover\n' >run/wake
	soon leads
	[ "$(cat votes)" = "ask --handover
tally --handover 5" ]
	stopped
}

asked_twice() {
	[ "$(grep -c 'ask --pre' votes)" -ge 2 ]
}

@test "lost: it follows again, and tries again after a while" {
	printf '1\n' >tally
	begin
	soon noted 'stands for election'
	sleep 1
	soon grep -qx -e follower -e candidate run/role
	soon asked_twice
	[ "$(grep -c 'ask --pre' votes)" -le 15 ]
	run ! grep -qx ask votes
	[ "$(grep -c 'stands for election' notes)" -eq 1 ]
	printf '0\n' >tally
	soon leads
	stopped
}

@test "a joiner does not campaign, nor spin" {
	printf '1\n' >ask
	printf 'no\n' >votes.here
	begin
	soon test -s votes
	sleep 2
	[ "$(wc -l <votes)" -le 2 ]
	rm ask
	printf 'yes\n' >votes.here
	soon leads
	stopped
}

@test "F51 the role is killed: all else ends by itself" {
	begin
	soon leads
	soon grep -qs 'peer -o n2 append' dialled
	kill -KILL "$node"
	soon nothing_stays
}

# lives_with_role: a leader's half that lives as long as the role does.
lives_with_role() {
	stub lead/lead <<-'END'
		trap 'exit 0' TERM
		perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) &&
			bind(S, pack_sockaddr_un("run/peer.sock")) || die'
		printf '%s\n' $$ >lead.pid
		while kill -0 "$PPID"; do
			sleep 0.1
		done
	END
}

# unasked: hold is gone, and was missed: lead's lock is asked for each second.
unasked() {
	mv libexec/os libexec/os.new
	mkdir libexec/os
	printf '#!/bin/sh\n: >missed\nexit 127\n' >libexec/os/hold
	chmod +x libexec/os/hold
	soon test -e missed
}

# removed WHAT: beneath a leader, and then the rest: all ends by itself.
removed() {
	lives_with_role
	begin
	soon leads
	soon grep -qs 'peer -o n2 append' dialled
	case $1 in
	libexec/os) unasked ;;
	run) rm -r run && sleep 1.5 ;;
	esac
	rm -rf libexec run
	soon gone "$node"
	soon nothing_stays
}

@test "F62 the directory is removed beneath a leader: all ends by itself" { removed libexec; }
@test "F62 the same, what it could be asked with first" { removed libexec/os; }
@test "F62 the same, run/ first" { removed run; }

@test "F7 hold is gone for a moment, as it is replaced: a leader tends its peers as before" {
	lives_with_role
	begin
	soon leads
	soon several 2
	unasked
	rm -r libexec/os
	mv libexec/os.new libexec/os
	stream_killed
	stopped
}

@test "F51 lead is slow to have its lock, which is there from before: a leader tends its peers as ever" {
	lives_with_role
	mv libexec/os/hold libexec/os/hold.now
	stub os/hold <<-'END'
		[ "$1" != run/lead.lock ] || sleep 3
		exec libexec/os/hold.now "$@"
	END
	: >run/lead.lock
	begin
	soon leads
	soon several 2
	stream_killed
	stopped
}

@test "F7 a role that can't be asked for just now is not taken for dead" {
	local shell is
	shell=$(head -n 1 libexec/role/follower | cut -c 3-)
	is() { "$shell" -c '. libexec/lib/lite.sh; held 17'; }
	printf '#!/bin/sh\ncat said\nexit "$(cat ends)"\n' >libexec/os/hold
	printf '17\n' >said
	printf '0\n' >ends
	is
	printf '18\n' >said
	run -1 is
	: >said
	for is in 74 126 127; do
		printf '%s\n' "$is" >ends
		is
	done
	printf '1\n' >ends
	run -1 is
	rm libexec/os/hold
	is
}

@test "F51 lead is killed, and the file of its lock is gone: the role follows" {
	lives_with_role
	begin
	soon leads
	rm run/lead.lock
	kill -KILL "$(cat lead.pid)"
	soon noted 'leads no more: lead ended with 137'
	stopped
}

# gone PID: there is no such process, or it waits to be buried.
gone() {
	case $(ps -o stat= -p "$1") in
	'' | Z*) ;;
	*) return 1 ;;
	esac
}

# begins_to_count: there are the role, and shells of it.
begins_to_count() {
	[ "$(processes | grep -c role/candidate)" -ge 2 ]
}

@test "F51 a candidate that is killed as it begins to count leaves nobody waiting" {
	mkfifo run/won # whoever opens it goes no further
	begin
	soon begins_to_count
	kill -KILL "$node"
	exec 8<>run/won
	soon nothing_left
	exec 8>&-
}

@test "F51 lead is killed, or steps down: the role follows" {
	begin
	soon leads
	printf '1\n' >tally
	kill -KILL "$(libexec/os/hold --who run/lead.lock)"
	soon noted 'leads no more: lead ended with 137'
	printf '0\n' >tally
	soon leads
	printf '1\n' >lead
	soon noted 'leads no more: lead ended with 1$'
	[ "$(libexec/os/hold --who state/running)" = "$node" ]
	stopped
}

@test "F44 a leader whose disk fails does not spin" {
	printf '74\n' >lead
	begin
	soon noted 'lead ended with 74'
	sleep 1.5
	[ "$(grep -c 'lead ended with 74' notes)" -le 2 ]
	stopped
}

@test "stopped while it waits for votes, or follows, or forms" {
	: >hang
	begin
	soon grep -q tally votes
	stopped
	rm hang
	printf '30\n' >run/election_timeout
	rm -f run/wake
	begin
	soon test -p run/wake
	stopped
	printf 'no\n' >formed
	rm state/members
	printf 'n1 n2 n3\n' >conf/cluster_nodes
	begin
	soon test -e run/hello.n2
	stopped
}

@test "connections to the peers outlive the roles" {
	begin
	soon leads
	links=$(libexec/os/hold --who run/links.lock)
	printf '1\n' >lead
	printf '1\n' >tally
	soon noted 'leads no more'
	soon role_is follower
	[ "$(libexec/os/hold --who run/links.lock)" = "$links" ]
	soon masters
	stopped
}

@test "a stream that ends is made anew, what ssh says is noted once" {
	printf '0.01\n' >dial
	stub link/dial <<-'END'
		printf 'dialled\n' >>dialled
		printf 'ssh: connect to host n2 port 22: Connection refused\r\n' >&2
		exit 255
	END
	peers_are n2
	begin
	soon leads
	sleep 2
	[ "$(wc -l <dialled)" -le 8 ]
	anew() { [ "$(wc -l <dialled)" -ge 3 ]; }
	soon anew
	[ "$(grep -c 'n2: ssh: connect to host n2 port 22: Connection refused$' notes)" -eq 1 ]
	stopped
}

@test "a node that is stopped is asked again soon, through the connection that is open alone" {
	stub link/peer <<-'END'
		case "$*" in
		'-M n2') exec perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) &&
			bind(S, pack_sockaddr_un("run/m.n2")) || die; sleep 60' ;;
		*' vote') read -r frame && printf '%s: %s\n' "$1" "$frame" ;;
		esac
	END
	stub link/dial <<-'END'
		printf '%s\n' "$*" >>dialled
		[ -e up ] || exit 69
		exec libexec/step/timer sleep 60
	END
	peers_are n2
	begin
	soon leads
	# Where the first has not ended within half a second another begins, as it should.
	in_a_row() { awk '/ -o / { n = 0; next } ++n == 5 { found = 1 } END { exit !found }' dialled; }
	own() { grep -c -e ' -o ' dialled; }
	soon in_a_row
	before=$(own || :)
	: >up
	more() { [ "$(own || :)" -gt "$before" ]; }
	soon more
	stopped
}

# streams: the pids of the scripts that keep up a stream.
streams() {
	processes | awk '/link\/stream n[0-9]/ { print $1 }'
}

several() { # N
	[ "$(streams | wc -w)" -eq "$1" ]
}

# stream_killed: one is, alone, and is there again soon.
stream_killed() {
	local before left
	before=$(streams | head -n 1)
	stands() { left=$(ps -o pid=,args= --ppid "$before" | awk '/timer sleep 60/ { print $1 }') && [ -n "$left" ]; }
	soon stands
	kill -KILL "$before"
	again() { several 2 && ! streams | grep -qx "$before"; }
	soon again
	# As lead does with a connection in whose place another has come.
	kill -TERM $left
}

@test "F51 a stream that is killed alone, or a connection's keeper, is there again soon" {
	begin
	soon leads
	soon several 2
	soon masters
	stream_killed
	# The one who keeps a connection, and, as its successor does by ssh, that connection.
	local keeper link
	keeps() { link=$(processes | awk '/limit .*peer -M n2$/ { print $1 }') && keeper=$(ps -o ppid= -p "$link"); }
	soon keeps
	kill -KILL $keeper
	kill -TERM "$link"
	kept() { gone "$link" && masters; }
	soon kept
	stopped
}

@test "F51 what takes the snapshots is killed: it comes back" {
	printf '30\n' >run/election_timeout
	begin
	was=
	another() { taker=$(libexec/os/hold --who run/compact.lock) && [ "$taker" != "$was" ]; }
	for n in 1 2 3; do
		soon another
		was=$taker
		kill -KILL "$taker"
	done
	soon another
	stopped
}

@test "peers come and go: each has its stream while it is one, and what sends it a snapshot when it is behind" {
	cat >libexec/link/send <<-'END'
		#!/bin/sh
		printf '%s\n' "$*" >>sent
		exec libexec/step/timer sleep 60
	END
	chmod +x libexec/link/send
	printf '0.3\n' >dial
	begin
	soon leads
	soon several 2
	peers_are n2 n3 n4
	soon several 3
	: >run/behind.n4
	soon grep -qsx "n4 $node" sent
	# lead ends the stream of one that has left.
	peers_are n3 n4
	soon several 2
	left=$(processes)
	[[ $left != *'link/stream n2 '* ]]
	sleep 1.5
	[ "$(wc -l <sent)" -eq 1 ]
	soon several 2 # what a stream has just forked has its words for a moment
	stopped
}

@test "a node that was removed stops, and says so" {
	printf '30\n' >run/election_timeout
	begin
	soon test -p run/wake
	# It was added again before it looked.
	printf 'removed\n' >run/wake
	sleep 1
	run ! nothing_left
	printf 'yes\n' >removed
	printf 'removed\n' >run/wake
	soon nothing_left
	grep -q 'stops: this node is no member of the cluster any more' notes
}

@test "what is being started when the signal comes is not left behind" {
	mkdir libexec/test
	stub test/parent <<-'END'
		. libexec/lib/lite.sh
		. libexec/lib/child.sh
		trap 'answer leave' TERM
		await libexec/test/child
	END
	stub test/child <<-'END'
		kill -s TERM "$PPID"
		exec libexec/step/timer sleep 60
	END
	sed -i "1s,.*,$(head -n 1 libexec/role/follower)," libexec/test/parent
	for n in {1..20}; do
		libexec/test/parent 3>&- 4>&-
	done
	nothing_left
}

# timer: silence, deadlines and short sleeps.

load member

# stamp NS: writes run/stamp as append does.
stamp() {
	mkdir -p run
	printf '%020d %016x %016d\n' "$1" 7 3 >run/stamp.new
	mv run/stamp.new run/stamp
}

# clock [SECONDS]: the clock that stamps are of, that many seconds ago.
clock() {
	printf '%s' "$(($(os now) - ${1:-0} * 1000000000))"
}

# at_least MICROSECONDS CMD...: it takes that long.
at_least() {
	local least=$1 began
	shift
	began=$(now)
	"$@"
	[ "$(($(now) - began))" -ge "$least" ]
}

# says TEXT CMD...
says() {
	local want=$1
	shift
	[ "$(timeout 60 "$@")" = "$want" ]
}

# node_lives: a process that holds the node's lock; sets $node.
node_lives() {
	mkdir -p state
	hold state/running sleep 60 3>&- 4>&- &
	node=$!
	started="$started $node"
	soon hold --who state/running >/dev/null
}

@test "wait: without a stamp it counts from its own beginning" {
	mkdir run
	at_least 200000 says timeout timer wait 0.2
	[ -p run/wake ]
}

@test "wait: an expired stamp is a timeout at once" {
	stamp 0
	says timeout timer wait 100000
}

@test "wait: an old stamp is a timeout at once" {
	stamp "$(clock 3)"
	says timeout timer wait 1
}

@test "wait: a stamp that is half as old as it may be leaves half of the time" {
	local heard
	heard=$(clock 1)
	stamp "$heard"
	says timeout timer wait 2
	[ "$(($(clock) - heard))" -ge 2000000000 ]
}

@test "wait: a fresh stamp postpones the timeout" {
	local first heard tries=0
	while :; do
		first=$(clock)
		stamp "$first"
		start timer wait 1
		soon asleep
		sleep 0.2
		heard=$(clock)
		stamp "$heard"
		[ "$(($(clock) - first))" -ge 1000000000 ] || break
		# A machine that is too slow to refresh it in time is given other tries.
		ended
		tries=$((tries + 1))
		[ "$tries" -lt 5 ]
	done
	ended
	[ "$status" -eq 0 ]
	[ "$output" = timeout ]
	[ "$(($(clock) - heard))" -ge 1000000000 ]
}

@test "wait: a stamp that cannot be read is none" {
	local bad
	mkdir run
	for bad in '' garbage 0 "$(printf '%020d %016x %016d' 0 7 3)" \
		"$(printf '%020d %016x %016d\nx' 0 7 3)" \
		"$(printf '%020d %016d %16d\n' 0 7 3)" \
		"$(printf '%020d %016X %016d\n' 0 171 3)"; do
		printf '%s' "$bad" >run/stamp
		at_least 100000 says timeout timer wait 0.1
	done
	stamp "$(clock -1000)"
	at_least 100000 says timeout timer wait 0.1
	rm run/stamp
	mkdir run/stamp
	at_least 100000 says timeout timer wait 0.1
}

@test "wait: what is written to run/wake ends it and is printed" {
	mkdir run
	start timer wait 1000
	soon asleep
	printf 'handover\n' >run/wake
	ended
	[ "$status" -eq 0 ]
	[ "$output" = handover ]
}

@test "wait: of two lines the first is printed, and none waits for the next" {
	mkdir run
	start timer wait 1000
	soon asleep
	printf 'one thing\nanother\n' >lines
	cat lines >run/wake # in one piece
	ended
	[ "$output" = 'one thing' ]
	at_least 100000 says timeout timer wait 0.1
}

@test "wait: a stamp that expires is seen when the timer is woken" {
	stamp "$(clock)"
	start timer wait 1000
	soon asleep
	stamp 0
	printf 'ended\n' >run/wake
	ended
	[ "$output" = ended ]
}

@test "wait: the election timeout is the default" {
	mkdir run
	printf '0.2\n' >run/election_timeout
	at_least 200000 says timeout timer wait
}

@test "wait: it sleeps all the while" {
	[ -r /proc/self/status ] || skip 'no /proc'
	local before
	mkdir run
	start timer wait 1000
	soon asleep
	before=$(grep ctxt "/proc/$pid/status")
	sleep 1
	[ "$(grep ctxt "/proc/$pid/status")" = "$before" ]
}

@test "wait: times are drawn, from the timeout to one and a half of it" {
	local i least most
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		mkdir -p "$i/run"
		(
			cd "$i"
			began=$(now)
			[ "$(timer wait 1)" = timeout ] && printf '%s\n' "$(($(now) - began))" >took
		) 3>&- 4>&- &
	done
	wait
	sort -n ./*/took >took
	cat took
	[ "$(wc -l <took)" -eq 12 ]
	read -r least <took
	most=$(tail -n 1 took)
	[ "$least" -ge 1000000 ]
	# Twelve of half a second fall within a tenth of one once in five million.
	[ "$((most - least))" -ge 100000 ]
}

# Whatever the machine is busy with: what it asks the kernel to wait, where it need not.
@test "wait: each time another one is drawn" {
	local i
	need_strace
	mkdir run
	mkfifo run/wake
	exec 8<>run/wake
	for i in 1 2 3 4 5 6; do
		printf 'x\n' >&8
		strace -qq -o trace -e trace=poll,ppoll timer wait 100 >said
		sed -n 's/^poll(.*, \([0-9]*\)).*/\1/p; s/^ppoll(.*tv_sec=\([0-9]*\), .*/\1000/p' trace | head -n 1
	done | sort -n >asked
	exec 8>&-
	cat asked
	[ "$(wc -l <asked)" -eq 6 ]
	# Six of 50 s fall within two once in a million.
	[ "$(($(tail -n 1 asked) - $(head -n 1 asked)))" -ge 2000 ]
}

@test "wait: a run/wake that is no FIFO, or no run/, is an error" {
	run -74 timer wait 1
	[ "$output" = 'timer: cannot open run/wake: No such file or directory' ]
	mkdir run
	: >run/wake
	run -74 timer wait 1
	[ "$output" = 'timer: cannot open run/wake: File exists' ]
	rm run/wake
	run -74 sh -c 'timer wait 0 >/dev/full'
	[ "$output" = 'timer: cannot write the answer: No space left on device' ]
}

@test "limit: the command's words, input, output and status pass through" {
	run -7 timer limit 60 sh -c 'cat; printf "<%s>" "$@"; exit 7' sh 'two words' '' '*' <<<hello
	[ "$output" = $'hello\n<two words><><*>' ]
	run -0 timer limit 0 true
	run -143 timer limit 60 sh -c 'kill -TERM $$'
}

# overdue CMD...: it has said in ./child who it is, goes on when its time is up, and is ended.
overdue() {
	local seconds
	for seconds in 0.3 1 10; do
		run -75 timer limit "$seconds" "$@"
		[ ! -s child ] || break
	done
	[ -s child ]
	gone "$(cat child)"
}

@test "limit: when time is up the command is ended" {
	overdue sh -c 'printf "%s\n" "$$" >child; exec sleep 60'
	at_least 200000 run -75 timer limit 0.2 sleep 60
}

@test "limit: a command that ignores SIGTERM is killed" {
	overdue sh -c 'trap "" TERM; printf "%s\n" "$$" >child; while :; do sleep 0.1; done'
}

@test "limit: whatever the command says when time is up, the outcome is unknown" {
	run -75 timer limit 0.2 sh -c 'trap "exit 0" TERM; while :; do sleep 0.02; done'
}

@test "limit: none is 0" {
	start timer limit 0 sh -c 'touch here; while ! [ -e enough ]; do sleep 0.02; done; exit 4'
	soon test -e here
	touch enough
	ended
	[ "$status" -eq 4 ]
}

@test "limit: who ends the timer ends the command" {
	local signal
	for signal in TERM HUP INT; do
		# What began with it ignored keeps it so: then there is nothing to see.
		! sh -c 'kill "-$1" "$$"' sh "$signal" || continue
		rm -f child
		set -m # without it, & has SIGINT ignored
		start timer limit 60 sh -c 'trap "exit 9" "$1"; printf "%s\n" "$$" >child; while :; do sleep 0.02; done' sh "$signal"
		set +m
		soon test -s child
		kill "-$signal" "$pid"
		ended
		[ "$status" -eq 9 ]
		gone "$(cat child)"
	done
}

@test "limit: the timer waits for a command that ends slowly" {
	start timer limit 60 sh -c 'trap "touch told; while ! [ -e enough ]; do sleep 0.02; done; exit 3" TERM; touch here; while :; do sleep 0.02; done'
	soon test -e here
	kill -TERM "$pid"
	soon test -e told
	kill -0 "$pid"
	touch enough
	ended
	[ "$status" -eq 3 ]
}

@test "limit -w: while the node runs, so does the command" {
	node_lives
	start timer limit -w "$node" 0 sh -c 'printf "%s\n" "$$" >child; exec sleep 60'
	soon test -s child
	sleep 1.2
	kill -0 "$(cat child)"
	kill -KILL "$node"
	ended
	[ "$status" -eq 69 ]
	gone "$(cat child)"
}

@test "limit -w: another process that holds the lock is another node" {
	node_lives
	run -69 timer limit -w "$$" 0 sleep 60
	kill -KILL "$node"
	wait "$node" || :
	run -69 timer limit -w "$node" 0 sleep 60
	rm -r state
	run -69 timer limit -w "$node" 0 sleep 60
}

@test "limit -w: the deadline and the status are as ever" {
	node_lives
	run -75 timer limit -w "$node" 0.2 sleep 60
	run -5 timer limit -w "$node" 60 sh -c 'exit 5'
}

@test "limit: a command that cannot be run is an error" {
	run -74 timer limit 1 ./nonesuch
	[ "$output" = 'timer: cannot run ./nonesuch: No such file or directory' ]
}

@test "sleep: as long as it says, or not longer" {
	at_least 100000 timer sleep 0.1
	timer sleep 0
	timer sleep --random 0.01
	timer sleep --random 0
}

@test "usage" {
	run -0 --separate-stderr timer --help
	[[ $output = usage:* ]]
	[ "$stderr" = '' ]
	for words in '' nonesuch 'wait x' 'wait 1 2' 'wait -1' 'wait 1000001' limit 'limit 1' \
		'limit x true' 'limit -w' 'limit -w 1' 'limit -w 1 1' 'limit -w x 1 true' \
		'limit -w 0 1 true' 'limit -w -1 1 true' sleep 'sleep x' 'sleep 1 2' \
		'sleep --random' 'sleep --random x' 'sleep --random 1 2' 'sleep 1 --random'; do
		run -64 --separate-stderr timer $words
		[ "$output" = '' ]
		[[ $stderr = usage:* ]]
	done
}

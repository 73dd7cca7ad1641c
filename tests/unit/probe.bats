# probe and measure: what check measures, and what it does not wait for.

load unit

# A gate is a shell here: its words are the first argument.
ask() {
	run -0 probe ask "${2:-self}" "${3:-20}" /bin/sh -c "$1"
}

# took SECONDS: has less than that passed since $began?
took() {
	[ $(($(now) - began)) -lt $(($1 * 1000000)) ]
}

@test "ask: the greeting, what stood before it, the trips, the report" {
	ask "printf 'Welcome\n\nlite-raft-gate 1\n'; probe answer && printf 'all\n'; printf 'name n2\nend\nmore\n'" all
	[[ ${lines[0]} =~ ^'> login '[0-9]+' 8'$ ]]
	[[ ${lines[1]} =~ ^'> trip '[0-9]+$ ]]
	[ "${lines[2]} ${lines[3]} ${lines[4]} ${lines[5]}" = '> all > name n2 > end > ended 0' ]
	[ "${#lines[@]}" -eq 6 ]
	ask "printf '\nlite-raft-gate 1\n'; probe answer || printf 'self\n'; printf 'end\n'"
	[[ ${lines[0]} =~ ^'> login '[0-9]+' 0'$ ]]
	[ "${lines[2]} ${lines[3]}" = '> self > end' ]
}

@test "ask: a node that does not answer pings may report" {
	ask "printf '\nlite-raft-gate 1\nprograms missing\nend\n'"
	[ "${lines[1]} ${lines[2]}" = '> programs missing > end' ]
}

@test "ask: what ssh says, and how it ended" {
	ask "printf 'first\r\n\033[31msecond\n' >&2; exit 255"
	[ "$output" = '! first
! ?[31msecond
> ended 255' ]
	run -74 probe ask self 5 "$PWD/none such"
	[[ $output == 'probe: cannot ask: '* ]]
	run -64 probe ask self 5
	run -64 probe ask some 5 true
	run -64 probe ask self x true
	run -64 probe answer more
}

# late LINES COMMAND: the same, where a gate of so many lines goes on without end; a slow
# machine is given more time for those.
late() {
	local began seconds
	for seconds in 1 20; do
		began=$(now)
		ask "$2" self "$seconds"
		took $((seconds + 7))
		[ "${#lines[@]}" -ne "$(($1 + 1))" ] || [ "${lines[$1]}" != '> late' ] || return 0
	done
	return 1
}

@test "ask: nothing hangs it: silence, a child that will not go, endless words" {
	late 1 "trap '' TERM; printf 'x' >&2; exec sleep 300"
	[ "${lines[0]}" = '! x' ]
	late 1 "printf '\nlite-raft-gate 1\n'; exec sleep 300"
	began=$(now)
	# What it has left behind holds on to its stdout and stderr.
	ask "sleep 300 3>&- 4>&- & printf '%s\n' \$! >left; printf '\nlite-raft-gate 1\nend\n'"
	kill "$(cat left)"
	[ "${lines[1]}" = '> end' ]
	took 15
	began=$(now)
	ask 'exec yes' self 60
	[[ ${lines[-1]} == "> ended "* ]]
	ask "printf '\nlite-raft-gate 1\n'; exec yes '$(printf '%2000s' x)'" self 60
	[ "${#lines[2]}" -eq 402 ]
	[ "${#output}" -lt 300000 ]
	ask "exec yes >&2" self 2
	[ "${#output}" -lt 300000 ]
	took 50
}

# answers STATUS TEXT: what answer says to TEXT.
answers() {
	run "-$1" probe answer < <(printf "$2")
}

@test "F61 answer: pings come back, one of two words ends it, all else is refused" {
	answers 0 'ping\nping\nall\n'
	[ "$output" = $'ping\nping' ]
	answers 1 'self\nvote\n'
	[ -z "$output" ]
	for words in '' 'ping' 'pong\n' 'ping \n' 'ALL\n' 'all' 'all \n' '\n' '\0\n' 'ping\0\n' 'self all\n' '$(id)\n' "$(printf '%9000s' x)"; do
		answers 77 "$words"
		[[ $output == 'probe: cannot answer: '* ]]
	done
	run -77 probe answer < <(yes ping | head -n 100000)
	[ "$(grep -c ping <<<"$output")" -le 65 ]
	run -77 probe answer < <(head -c 100000 /dev/urandom)
}

@test "measure: the clock runs, a sync takes time, and nothing is left" {
	run -0 "$ROOT/libexec/os/measure"
	[ "${lines[0]}" = 'clock runs' ]
	[[ ${lines[1]} =~ ^'disk '[1-9][0-9]*$ ]]
	mkdir state
	run -0 "$ROOT/libexec/os/measure"
	[[ ${lines[1]} =~ ^'disk '[1-9][0-9]*$ ]]
	[ "$(find . | sort)" = $'.\n./state' ]
	[ "$(id -u)" -eq 0 ] || {
		chmod 500 state
		run -0 "$ROOT/libexec/os/measure"
		[ "${lines[1]}" = 'nodisk Permission denied' ]
		chmod 700 state
	}
	rmdir state
	: >state
	run -0 "$ROOT/libexec/os/measure"
	[ "${lines[1]}" = 'nodisk Not a directory' ]
	run -64 "$ROOT/libexec/os/measure" more
}

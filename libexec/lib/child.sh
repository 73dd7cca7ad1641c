# child.sh - what a script starts beside itself, and ends before it goes; sourced
# behind lite.sh.

# What this shell has started in the background and will have to end: pids.
child=     # what await waits for
started=   # the others
deferring= # not empty from defer to heed
deferred=  # the handler of a signal that came there

# Between these two no signal is answered: whatever is started there is known by
# its pid before somebody is to end it.
defer() {
	deferring=1
}

heed() {
	deferring=
	[ -z "$deferred" ] || "$deferred"
}

# What a trap does: HANDLER, now or at heed.
answer() { # HANDLER
	if [ -n "$deferring" ]; then
		deferred=$1
	else
		"$1"
	fi
}

# Begins a shell in the background, which has nothing to end yet.
apart() {
	child=
	started=
	deferring=
	deferred=
	trap 'answer leave' TERM
}

# Ends processes, and waits until they are gone.  A shell loses a signal that
# comes before it has set its trap: it is sent again.
end() { # PIDS
	for end_pid in $1; do
		kill -s TERM "$end_pid" 2>/dev/null
	done
	for end_pid in $1; do
		end_polls=0
		while [ "$end_polls" -lt 400 ] && kill -s TERM "$end_pid" 2>/dev/null; do
			end_polls=$((end_polls + 1))
			[ "$end_polls" -ne 300 ] || kill -s KILL "$end_pid" 2>/dev/null
			libexec/step/timer sleep 0.01
		done
	done
}

# Sets $outcome to STATUS, that of a command, as most shells have it: 128 + N where
# signal N killed it.  ksh93 says 256 + N, yash 384 + N.
outcome_take() { # STATUS
	outcome=$(($1 > 384 ? $1 - 256 : $1 > 256 ? $1 - 128 : $1))
}

# Runs a command so that signals are answered while it lasts: a shell that waits
# in the foreground runs no traps.  Sets $child meanwhile; returns its status.  Where
# the directory has been removed, with all that could be waited for, this shell ends.
await() { # COMMAND...
	defer
	"$@" &
	child=$!
	heed
	wait "$child"
	outcome_take $?
	child=
	[ "$outcome" -ne 127 ] || [ -x libexec/step/timer ] || exit 78
	return "$outcome"
}

# Become COMMAND with FILE as its stdin, its stdout, or its stderr: for what is
# run in the background.  With a redirection right there, yash would keep a shell
# above the command, and $! would be that shell.
reading() { # FILE COMMAND...
	file=$1
	shift
	exec "$@" <"$file"
}

writing() { # FILE COMMAND...
	file=$1
	shift
	exec "$@" >"$file"
}

complaining() { # FILE COMMAND...
	file=$1
	shift
	exec "$@" 2>"$file"
}

# What a SIGTERM means to a script that is no role.
leave() {
	trap : TERM INT
	end "$child $started"
	exit 0
}

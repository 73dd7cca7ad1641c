# wait.bash - waiting until it is so; for the files beside it, and for tests.

# untraced CMD...: CMD, of which bats follows no command: following one costs a
# multiple of what most of them do.
untraced() {
	local -
	set +T
	"$@"
}

# wait_for SECONDS CMD...: until CMD succeeds; 1 if it has not within SECONDS.
# CMD's output is thrown away.  Mind that "$(role 1)" in it is read only once:
# wait_for 10 has_role 1 follower.
wait_for() {
	untraced wait_until "$@" >/dev/null 2>&1
}

wait_until() {
	local wait_end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS <= wait_end)) || return 1
		sleep 0.05
	done
}

# soon CMD...: half a minute, for machines that have much to do.
soon() {
	wait_for 30 "$@"
}

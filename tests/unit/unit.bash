# unit.bash - what the tests of single programs share.

bats_require_minimum_version 1.5.0

ROOT=${BATS_TEST_DIRNAME%/tests/*}
PATH=$ROOT/libexec/os:$ROOT/libexec/step:$ROOT/libexec/link:$ROOT/build/tests:$PATH
export LC_ALL=C
load ../lib/wait

# Each test works in a directory of its own, with a blank in its name.
setup() {
	mkdir "$BATS_TEST_TMPDIR/a node"
	cd "$BATS_TEST_TMPDIR/a node"
	started=
}

teardown() {
	[ -z "$started" ] || { kill -KILL $started; wait; } 2>/dev/null || :
}

# start CMD...: in the background, its stdout in ./out, its stderr in ./err; sets
# $pid.  bats waits for whoever holds its descriptors 3 and 4.
start() {
	: >out >err # nobody is to take for its words what was there before
	"$@" >out 2>err 3>&- 4>&- &
	pid=$!
	started="$started $pid"
}

# ended: waits for $pid; sets $status, prints what it printed.
ended() {
	status=0
	wait "$pid" || status=$?
	output=$(cat out)
}

# gone PID: there is no such process, or only its zombie.
gone() {
	case $(ps -o stat= -p "$1") in
	'' | Z*) ;;
	*) return 1 ;;
	esac
}

# now: microseconds, by the clock that timer goes by: the one on the wall is set now and
# then.
now() {
	printf '%s' "$(($(os now) / 1000))"
}

# What the monitor does where its guard takes nothing, and where nobody can be sent for
# a proof.

load ../unit/unit

mate=$ROOT/build/tests/pkg/mate

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

@test "a guard that is frozen does not block its monitor: it is as good as dead" { "$mate" deaf; }
@test "guard has died: who is known is killed before others are looked for" { "$mate" known; }
@test "guard has died: orphans of what another guard left are looked for, whatever cgroup that one ran in" { "$mate" strangers; }
@test "the path of a watchdog is looked up here before guard is told of it: a disk may hang" { "$mate" sought_first; }
@test "a proof that nobody can be sent for is answered" { "$mate" nobody; }

# common.bash - what each file of tests here begins and ends with.

export LAB=$BATS_FILE_TMPDIR/lab LAB_HOME=$BATS_TEST_DIRNAME
. "$LAB_HOME/lab"
load ../lib/wait # the lab's own is for sh

# For setup_file: a lab for this file's tests, or the word why there is none.
hosts_up() { # N [SETTING VALUE]...
	lab_missing >"$BATS_FILE_TMPDIR/missing"
	[ -s "$BATS_FILE_TMPDIR/missing" ] || lab_up "$@"
}

# As hosts_up, and a cluster that has a leader.  Where a test asks that one leads on,
# its election_timeout is 2: a busy machine may stand still for a second.
cluster_up() { # N [SETTING VALUE]...
	hosts_up "$@"
	[ -s "$BATS_FILE_TMPDIR/missing" ] || cluster_boot
}

# For setup: skips where there is no lab, else runs CMD.
skip_or() { # CMD...
	[ ! -s "$BATS_FILE_TMPDIR/missing" ] || skip "$(cat "$BATS_FILE_TMPDIR/missing")"
	"$@"
}

setup() {
	skip_or :
}

# After a failure: what a person would look at first.
teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || lab_report
}

teardown_file() {
	lab_down
}

# Who each host thinks leads, and what it last noted.
lab_report() {
	[ -d "$LAB/pid" ] || return 0
	for report_i in $(lab_powered); do
		printf '%s\n' "-- h$report_i: $(lab_file "$report_i" run/role), leader $(lab_file "$report_i" run/leader)"
		lab_logs "$report_i" 2>/dev/null | tail -n 12
	done
}

# 0 when CMD fails.
no() { # CMD...
	if "$@"; then
		return 1
	fi
}

# A measured number, for whoever reads the results.
tell() { # WORD...
	printf '# %s\n' "$*" >&3
}

# Milliseconds that CMD takes.
took() { # CMD...
	took_begun=$(lab_ms)
	"$@" >/dev/null || return 1
	printf '%s\n' "$(($(lab_ms) - took_begun))"
}

# 0 when CMD succeeds again and again for SECONDS.
holds() { # SECONDS CMD...
	holds_end=$(($(lab_ms) + $1 * 1000))
	shift
	while [ "$(lab_ms)" -lt "$holds_end" ]; do
		"$@" || return 1
		sleep 0.2
	done
}

# Remembers who leads, in which term; same_reign: that is still so.
remember_reign() {
	reign_leader=$(lab_leader) || return 1
	reign_term=$(lab_shows "$reign_leader" term)
}

same_reign() {
	[ "$(lab_leader)" = "$reign_leader" ] && [ "$(lab_shows "$reign_leader" term)" = "$reign_term" ]
}

# Milliseconds until a write through host I is acknowledged.
next_write() { # I KEY VALUE
	took wait_for 30 lab_client "$1" set "$2" "$3"
}

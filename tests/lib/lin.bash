# lin.bash - clients that ask a cluster all at once while a test harms it, and the
# checker for what they were told; for cluster tests and hosts tests.

# Options for drive: its clients leave the others something of the machine.
drive_options=(-p 60)

# drive_start NODE...: they begin, with a seed of their own (LITE_RAFT_SEED, or
# drawn); NODE is what a shell does to run "$@" on it.
drive_start() {
	drive_seed=${LITE_RAFT_SEED:-$((RANDOM + 1))}
	drive_history=$BATS_TEST_TMPDIR/history
	printf '# seed %s\n' "$drive_seed" | tee "$drive_history" >&3
	"$ROOT/build/tests/lin/drive" "${drive_options[@]}" "$drive_seed" 300 "$drive_history" "$@" \
		</dev/null >"$BATS_TEST_TMPDIR/drive.out" 2>&1 3>&- 4>&- &
	drive_pid=$!
	drive_begun=$SECONDS
}

# drive_lasts SECONDS: have they asked for less than that?
drive_lasts() {
	kill -0 "$drive_pid" && ((SECONDS - drive_begun < $1))
}

# drive_end: they end; what they were told is linearizable, or is kept.
drive_end() {
	local status=0 keep=$ROOT/build/tests/lin/failed.$drive_seed
	drive_stop || status=$?
	cat "$BATS_TEST_TMPDIR/drive.out" >&2
	[ "$status" -eq 0 ]
	sed 's/^/# /' "$BATS_TEST_TMPDIR/drive.out" >&3
	timeout 200 "$ROOT/build/tests/lin/check" "$drive_history" || status=$?
	[ "$status" -eq 0 ] || {
		cp "$drive_history" "$keep" && printf 'the history is kept: %s\n' "$keep"
	}
	return "$status"
}

# drive_stop: they end; for teardown too.
drive_stop() {
	[ -n "${drive_pid-}" ] || return 0
	local pid=$drive_pid
	drive_pid=
	kill -s TERM "$pid" 2>/dev/null || :
	wait "$pid"
}

# drive_acknowledged: the writes that were answered.
drive_acknowledged() {
	sed -n 's/.* \([0-9]*\) writes answered.*/\1/p' "$BATS_TEST_TMPDIR/drive.out"
}

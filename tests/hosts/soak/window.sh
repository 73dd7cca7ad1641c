# window.sh - what is done in one window of a soak; sourced by run, behind lab.
#
# Reads what run sets: WORK, ROOT, SEED, WINDOWS, STOPPING.

ledgers=10 # windows whose writes are looked for
mended=120 # seconds until all is in step again

clients_begin() {
	clients_seed=$(((SEED * 1000 + WINDOWS) % 4294967295))
	set --
	for clients_i in $(lab_all); do
		set -- "$@" ". '$LAB_HOME/lab' && lab_on $clients_i \"\$@\""
	done
	printf '# seed %s\n' "$clients_seed" >"$WORK/history"
	: >"$WORK/faults"
	"$ROOT/build/tests/lin/drive" -c 2 -d 4 -b 1 -p 50 "$clients_seed" 86400 "$WORK/history" "$@" \
		</dev/null >"$WORK/drive" 2>&1 &
	drive_pid=$!
	writer_start "ledger.$WINDOWS" "$(($(chance "$(cat "$LAB/count")") + 1))"
}

clients_end() {
	[ -n "$drive_pid" ] || return 0
	writer_stop "ledger.$WINDOWS"
	kill -s TERM "$drive_pid"
	wait "$drive_pid"
	clients_status=$?
	drive_pid=
	return "$clients_status"
}

# A host: the leader half of the time.
target() {
	target_i=$(lab_leader) || target_i=
	[ "$(chance 2)" -eq 0 ] && [ -n "$target_i" ] || target_i=$(($(chance "$(cat "$LAB/count")") + 1))
	printf '%s\n' "$target_i"
}

# One fault, or a second one on another host during the first.
harm() {
	kind=$(pick) victim=$(target) other='' name=$kind
	if [ "$(chance 4)" -eq 0 ] && ! alone "$kind"; then
		other=$(pick)
		second=$(others "$victim" | head -n 1)
		if alone "$other"; then other=''; else name=two; fi
	fi
	begun=$(lab_ms)
	printf '%s h%s %s%s\n' "$begun" "$victim" "$kind" "${other:+, h$second $other}" >>"$WORK/said"
	"fault_$kind" "$victim" >>"$WORK/said" 2>&1 || :
	lasts "$((100 + $(chance 5000)))"
	if [ -n "$other" ]; then
		"fault_$other" "$second" >>"$WORK/said" 2>&1 || :
		lasts "$((100 + $(chance 3000)))"
		"mend_$other" "$second" >>"$WORK/said" 2>&1 || :
	fi
	"mend_$kind" "$victim" >>"$WORK/said" 2>&1 || :
	printf '%s %s %s\n' "$name" "$begun" "$(lab_ms)" >>"$WORK/faults"
}

# Every write of a window that was acknowledged is there: how many.
ledger_check() { # WINDOW I
	lab_client "$2" --timeout 20 list "ledger.$1." >"$WORK/list" || return 1
	awk -v name="ledger.$1" '
	FNR == NR { there[$0] = 1; next }
	$2 == 0 && !((name "." $1) in there) { print "lost: " name "." $1; lost = 1 }
	$2 == 0 { n++ }
	END { if (!lost) print n + 0; exit lost }' "$WORK/list" "$LAB/ledger.$1"
}

ledgers_check() {
	ledgers_at=$(lab_powered | head -n 1)
	ledgers_n=$((WINDOWS > ledgers ? WINDOWS - ledgers : 1))
	while [ "$ledgers_n" -le "$WINDOWS" ]; do
		ledgers_said=$(ledger_check "$ledgers_n" "$ledgers_at") || wrong "writes are missing: $ledgers_said"
		[ "$ledgers_n" -ne "$WINDOWS" ] || looked_for=$((looked_for + ledgers_said))
		ledgers_n=$((ledgers_n + 1))
	done
	ledgers_n=$((WINDOWS - ledgers))
	[ -f "$LAB/ledger.$ledgers_n" ] || return 0
	awk -v name="ledger.$ledgers_n" '{ print "unset " name "." $1 }' "$LAB/ledger.$ledgers_n" |
		lab_client "$ledgers_at" --timeout 60 batch >/dev/null || :
	rm -f "$LAB/ledger.$ledgers_n"
}

# All is well again, or it is wrong.
mend() {
	printf '%s\n' "$((HOSTS - 1))" >"$LAB/count"
	mend_rest_of_all >>"$WORK/said" 2>&1
	cluster_mended "$mended" >>"$WORK/said" 2>&1 || wrong 'the nodes do not come in step'
	members_settle >>"$WORK/said" 2>&1 || wrong 'a change of the members does not end'
	cluster_mended "$mended" >>"$WORK/said" 2>&1 || wrong 'the nodes do not come in step'
}

# What no mend has ended: a signal may have come in its midst.
mend_rest_of_all() {
	lab_heal_all
	for mend_i in $(seq 1 "$HOSTS"); do
		lab_disk_thaw "$mend_i"
		[ ! -s "$LAB/pid/$mend_i" ] || lab_thaw "$mend_i"
		[ ! -s "$LAB/pid/$mend_i" ] || lab_on "$mend_i" rm -f filler filler2
		# One that was to lose its state has lost it, and is not back.
		[ "$mend_i" -eq "$HOSTS" ] || lab_on "$mend_i" test -e state || mend_wipe "$mend_i"
	done
}

# counted WHAT: how many of these the clients of this window say.
counted() {
	sed -n "s/.*[ ,] *\([0-9][0-9]*\) $1.*/\1/p" "$WORK/drive"
}

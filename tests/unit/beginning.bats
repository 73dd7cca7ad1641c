# The log has a beginning: it stands behind a snapshot, and may be empty.

load member

LOG=1x4:300,2x20:300 # of it, some 20 records lie in several segments

# behind [INDEX]: a node whose log begins in a segment before the snapshot at INDEX
# (12), or with it.
behind() {
	node_up -s 2048
	mkdir -p run
	printf '1\n' >run/election_timeout
	segments
	member snap "$LOG" "${1:-12}"
	member forget "${1:-12}"
}

# segments: writes it, four records a segment.
segments() {
	local n
	for n in 1 2 3 4 5 6; do
		member write "$LOG" 4 2048
	done
}

# ends INDEX TERM: where the log ends, after a look at all of it.
ends() {
	node verify
	printf 'ends %s@%s\n' "$(shows last_index)" "$(shows last_term)"
	[ "$(shows last_index)@$(shows last_term)" = "$1@$2" ]
}

# noted TEXT: message-log has a line with it.
noted() {
	grep -q -- "$1" message-log/node.log
}

# newest: the directory of the newest snapshot.
newest() {
	local all=(state/snapshot/*[0-9])
	printf '%s\n' "${all[-1]}"
}

# taken_back LOG: the log ends before what the snapshot holds, as LOG does.
taken_back() {
	rm state/log/*
	(
		mkdir ../other
		cd ../other
		member form -s 2048 a b c
		member write "$1" 99 2048
	)
	cp ../other/state/log/* state/log
	cp ../other/state/lock state/lock
	rm -r ../other
}

@test "a log that begins behind index 1 is found again, whole and after each step" {
	behind
	[[ $(member log) = from\ [0-9]* ]]
	ends 25 2
	whole
	takes b 2 "$LOG,2x5" 25 5
	ends 30 2
	[ "$(shows members)" -eq 3 ]
}

@test "an empty log behind a snapshot: the next entry makes its first segment" {
	behind
	rm state/log/*
	member snap "$LOG" 25
	ends 25 2
	whole
	[ -z "$(ls state/log)" ]
	granted c 3 25@2
	takes b 3 "$LOG,3x2" 25 2
	[ -f state/log/0000000000000026 ]
	ends 27 3
	whole
	member cut 26
	ends 25 2
	takes b 3 "$LOG,3x2" 25 2
	ends 27 3
}

@test "F12 prev below the snapshot: what it holds is known to match" {
	behind
	keep before
	for prev in 0 1 5 11 12 13 20 25; do
		sends b 2 "$LOG" "$prev" 0
		says_yes "$prev" 25
		sends b 2 "$LOG" "$prev" $((25 - prev > 8 ? 8 : 25 - prev))
		says_yes $((prev + (25 - prev > 8 ? 8 : 25 - prev))) 25
	done
	same before
	# From before the snapshot to beyond the log.
	takes b 2 "$LOG,2x3" 3 25
	ends 28 2
	# A conflict behind the snapshot cuts, no further.
	takes c 3 "1x4:300,2x12:300,3x2" 8 11
	ends 19 3
	[[ $(member log) = from*,3x2 ]]
	whole
}

says_yes() { # VERIFIED LAST
	printf '%s: %s\n' "$status" "$output"
	[ "$status" -eq 0 ] && [[ $output = *" yes $1 last $2" ]]
}

@test "F12 an entry that would replace what the snapshot holds is refused" {
	behind
	keep before
	for at in "9 12" "11 3" "12 0"; do
		member append c 3 1x4:300,2x5:300,3x20 ${at% *} ${at#* } >frame
		sends_frames
		printf '%s: %s %s\n' "$at" "$status" "$(<err)"
		[ "$status" -eq 74 ]
		[[ $(<err) = *'would replace a committed entry'* || $(<err) = *'does not continue the log'* ]]
		rm -rf state/log && cp -r before/log state/log
		cp before/lock state/lock
		cp before/term state/term
	done
}

@test "F12 prev beyond an empty log behind a snapshot: the hint is the snapshot" {
	node_up
	member snap "$LOG" 25
	node verify
	sends b 2 "$LOG,2x9" 30 2
	[[ $output = *' no hint 25@2 last 25' ]]
	sends c 3 "$LOG,3x9" 30 2
	[[ $output = *' no hint 25@2 last 25' ]]
}

@test "F12 what follows the snapshot is another leader's: the hint is the snapshot" {
	node_up
	member snap "$LOG" 12
	node verify
	takes b 4 "1x4:300,2x7:300,4x5" 12 5
	sends c 5 "1x4:300,2x7:300,3x9" 15 0
	[[ $output = *' no hint 12@2 last 17' ]]
}

@test "a cut goes no further than the snapshot" {
	behind
	run ! member cut 12
	behind_ends_at 25
	member cut 13
	ends 12 2
	whole
}

behind_ends_at() {
	[ "$(shows last_index)" = "$1" ]
}

@test "start: the log ends before the snapshot, an install was cut short: it goes" {
	behind 25
	taken_back 1x4:300,2x6:300
	ends 25 2
	whole
	noted 'begins behind index 25 anew'
	[ -z "$(ls state/log)" ]
	takes b 2 "$LOG,2x5" 25 5
	ends 30 2
}

@test "F23 start: the log goes only when the snapshot in its place is durable" {
	need_strace
	behind 25
	taken_back 1x4:300,2x6:300
	trace node verify
	story
	[[ $(story) = *'d:snapshot '*'-:'[0-9]* ]]
	[[ $(story) != *'-:'[0-9]*'d:snapshot '* ]]
	ends 25 2
}

@test "start: the log has another term where the snapshot ends: it goes" {
	behind 25
	taken_back 1x4:300,2x6:300,3x30:300
	printf '%s\n' "$(member log)"
	member append c 3 "1x4:300,2x6:300,3x30:300" 3 0 >frame
	sends_frames
	ends 25 2
	whole
	[ -z "$(ls state/log)" ]
}

@test "start: the log ends before the snapshot, but it had gone beyond it: damage" {
	behind
	rm state/log/*
	ends 12 2
	damaged
	# A leader's log mends it.
	takes b 2 "$LOG" 12 13
	whole
	ends 25 2
}

@test "F24 a gap between snapshot and log: refused, nothing of it goes" {
	local kept
	behind
	member forget 18
	kept=$(ls state/log)
	ends 12 2
	damaged
	[ "$(ls state/log)" = "$kept" ]
	noted 'index 13 in state/log is missing'
	answer b 9 99@9
	[ "$status" -eq 1 ]
	run -1 vote ask --pre
	# The leader sends what is missing.
	takes b 9 "$LOG" 12 13
	whole
	ends 25 2
}

@test "F27 the newest snapshot is rotten: the older one serves where the log covers the gap" {
	behind
	member snap "$LOG" 20
	poke "$(newest)/data" 1000
	ends 25 2
	whole
	noted 'is damaged and set aside'
	[ -d state/snapshot/0000000000000020.0000000000000002.bad ]
	takes b 2 "$LOG,2x1" 25 1
	ends 26 2
}

@test "F27 a sector of the newest snapshot can't be read: set aside as a rotten one is" {
	need_strace
	for file in data manifest; do
		behind
		member snap "$LOG" 20
		# As the disk says it of that one file.
		strace -qq -o /dev/null -P "$(newest)/$file" -e trace=pread64 \
			-e inject=pread64:error=EIO node verify
		ends 25 2
		whole
		noted 'is damaged and set aside'
		[ -d state/snapshot/0000000000000020.0000000000000002.bad ]
		rm -r state
	done
}

@test "F27 the newest snapshot is rotten, and the log does not cover the gap: damage" {
	behind
	member snap "$LOG" 20
	member forget 20
	keep before
	for file in data requests manifest; do
		rm -r state/snapshot
		cp -r before/snapshot state
		cp before/lock state/lock
		poke "$(newest)/$file" 10
		ends 12 2
		damaged
		[ "$(cd state/log && ls)" = "$(cd before/log && ls)" ]
	done
	sends b 2 "$LOG" 25 0
	[[ $output = *' no hint 12@2 last 12 damaged' ]]
	run -1 vote ask --pre
}

@test "F27 the only snapshot is rotten: damaged from its beginning, the hint is 0" {
	behind
	poke "$(newest)/manifest" 30
	ends 0 0
	damaged
	sends b 2 "$LOG" 25 0
	[[ $output = *' no hint 0@0 last 0 damaged' ]]
	answer b 9 99@9
	[ "$status" -eq 1 ]
	# A leader that has all of it sends that.
	takes b 9 "$LOG" 0 25
	whole
	ends 25 2
}

@test "F27 what a rotten snapshot held was acknowledged, whatever the lock file knows" {
	node_up -s 2048
	cp state/lock lock # as it comes back after a loss of power
	segments
	member snap "$LOG" 25
	keep before
	rm state/log/*
	cp before/log/0000000000000001 state/log
	cp lock state/lock
	poke "$(newest)/data" 10
	node verify
	damaged
	run -1 vote ask --pre
}

@test "F27 a log that ends before both: what the rotten one held is lost, so nothing goes" {
	behind
	member snap "$LOG" 20
	poke "$(newest)/data" 10
	taken_back 1x4:300
	kept=$(ls state/log)
	ends 12 2
	damaged
	[ "$(ls state/log)" = "$kept" ]
}

@test "F45 what rots before the snapshot is not needed: the log begins later" {
	behind
	member snap "$LOG" 20
	first=$(ls state/log | head -n 1)
	[ "$(ls state/log | wc -l)" -ge 2 ]
	poke "state/log/$first" 200
	ends 25 2
	whole
	noted 'the log begins with index [0-9]* now'
	[ ! -e "state/log/$first" ]
}

@test "F45 a damaged log behind a snapshot is repaired from the snapshot on" {
	local last
	behind
	last=$(ls state/log | tail -n 1)
	poke "state/log/$last" 200
	node verify
	damaged
	at=$(shows last_index)
	[ "$at" -ge 12 ]
	takes b 2 "$LOG" "$at" $((25 - at))
	whole
	ends 25 2
}

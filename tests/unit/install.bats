# snapshot offer, send, install: a follower that is behind gets what stands in the
# log's place (InstallSnapshot).

load member
load peers

# wants N: a's answer was that it has so many of the bytes.
wants() {
	[ "$(tail -n 1 have | cut -d ' ' -f 10-14)" = "0 $INDEX 2 $(total) $1" ]
}

# total: bytes of the leader's newest snapshot, without the manifest.
total() {
	cat "$(snapshot_of ../leader)"/[dr]* | wc -c
}

ends() { # INDEX@TERM
	printf 'ends %s@%s\n' "$(shows last_index)" "$(shows last_term)"
	[ "$(shows last_index)@$(shows last_term)" = "$1" ]
}

INDEX=30

@test "a snapshot is offered, sent, and stands in the log's place" {
	follower
	leader 30 2000
	offers
	wants 0
	bytes
	installs
	[ "$status" -eq 0 ]
	has_it
	ends 30@2
	[ "$(shows term)" -eq 3 ]
	[ "$(shows commit_index)" -eq 30 ]
	[ "$(shows members)" -eq 3 ]
	[ -z "$(ls state/log)" ]
	whole
	takes b 3 "$LOG" 30 11
	node verify
	ends 41@2
	whole
	has_it
}

@test "F22 an older snapshot never replaces newer entries: ignored, and 0" {
	follower 40
	leader 30 100
	commit_is 35
	keep before
	offers
	[ "$(tail -n 1 have | cut -d ' ' -f 10)" = 1 ]
	(cd ../leader && snapshot send a) <have >bytes
	[ ! -s bytes ]
	# One that was asked for before that is ignored as well.
	commit_is 4
	offers
	bytes
	commit_is 35
	installs
	[ "$status" -eq 0 ]
	rm -rf state/snapshot
	sed -i '1d' before/lock state/lock
	rm -f before/term state/term # the leader's term is known now
	diff -r before state
}

@test "F22 an older snapshot than the newest here, and no commit index is known" {
	follower
	leader 30 100
	offers
	bytes
	installs
	leader 20 100
	rm run/commit_index
	offers
	[ "$(tail -n 1 have | cut -d ' ' -f 10)" = 1 ]
	node verify
	ends 30@2
}

@test "the log that has the snapshot's last entry is kept behind it" {
	follower 40
	leader 30 100
	offers
	bytes
	installs
	[ "$status" -eq 0 ]
	ends 41@2
	has_it
	[ "$(member log)" = "$LOG" ]
	node verify
	ends 41@2
}

@test "a log that has another entry there goes as a whole" {
	node_up -s 4096
	mkdir -p run
	member write 1x38:300 38 4096
	leader 30 100
	offers
	bytes
	installs
	[ "$status" -eq 0 ]
	ends 30@2
	[ -z "$(ls state/log)" ]
	node verify
	ends 30@2
	whole
}

@test "F25 broken off at every block and resumed: only what is missing is sent" {
	local have=0 n size
	follower
	leader 30 400
	offers
	wants 0
	bytes
	size=$(total)
	for n in 1 5000 4096 12288 20000 1 30000; do
		[ $((have + n)) -lt "$size" ] || break
		offers
		wants "$have"
		bytes
		[ "$(wc -c <bytes)" -eq "$(($(head -n 1 bytes | wc -c) + $(wc -c <"$(snapshot_of ../leader)/manifest") + size - have))" ]
		head -c "$(($(wc -c <bytes) - size + have + n))" bytes >some
		installs some
		[ "$status" -eq 1 ]
		[[ $(<err) = *"broke off at byte $((have + n)) of $size, and will go on from there" ]]
		have=$((have + n))
		[ ! -d state/snapshot/0000000000000030.0000000000000002 ]
		ends 5@1
	done
	[ "$(printf '%s' "$(hello)" | grep -a -o 'incoming.*')" = "incoming $have $size" ]
	# Also across a start.
	node verify
	offers
	wants "$have"
	bytes
	installs
	[ "$status" -eq 0 ]
	has_it
	! hello | grep -a incoming
}

# hello: what the node tells of itself.
hello() {
	(cd ../leader && node greet a) | node hello
}

@test "F25 the leader compacts while it sends: another snapshot begins anew" {
	follower
	leader 30 400
	offers
	bytes
	head -c 20000 bytes >some
	installs some
	(cd ../leader && member snap "$LOG" 35 500)
	INDEX=35
	# What was asked for is still there; and then it is not.
	(cd ../leader && snapshot send a) <have >again
	cmp bytes again
	rm -r ../leader/state/snapshot/*30.*
	run -1 --separate-stderr sh -c 'cd ../leader && snapshot send a <../"a node"/have'
	[[ $stderr = *'a newer one has taken its place' ]]
	offers
	wants 0
	[ "$(ls -d state/snapshot/*.part | wc -l)" -eq 1 ]
	bytes
	installs
	[ "$status" -eq 0 ]
	has_it
	ends 35@2
}

@test "F25 another leader has another one of that very index: it begins anew" {
	follower
	leader 30 400
	offers
	bytes
	head -c 20000 bytes >some
	installs some
	leader 30 401
	offers
	wants 0
	bytes
	installs
	[ "$status" -eq 0 ]
	has_it
}

@test "what has come of one that nobody waits for any more goes at the next start" {
	follower
	leader 30 400
	offers
	bytes
	head -c 20000 bytes >some
	installs some
	node verify
	[ -d state/snapshot/*30.*.part ]
	takes b 3 "$LOG" 5 36
	node verify
	[ ! -d state/snapshot/*30.*.part ]
	ends 41@2
}

@test "the leader's term passes while it sends: refused" {
	follower
	leader 30 400
	offers
	bytes
	begins_with 20000
	answer c 4 99@2
	goes_on 20000
	[ "$status" -eq 1 ]
	[[ $(<err) = *"the sender's term has passed"* ]]
	ends 5@1
	installs
	[ "$status" -eq 1 ]
	[[ $(<err) = *"the sender's term has passed"* ]]
	offers
	[ "$(tail -n 1 have | cut -d ' ' -f 10)" = 2 ]
	run -1 --separate-stderr sh -c 'cd ../leader && snapshot send a <../"a node"/have'
	[[ $stderr = *'newer term' ]]
}

@test "F22 the log comes further while it is sent: ignored" {
	follower
	leader 30 400
	offers
	bytes
	begins_with 20000
	takes b 3 "$LOG" 5 36 commit=40
	goes_on 20000
	[ "$status" -eq 0 ]
	ends 41@2
	[ -z "$(ls -d state/snapshot/*30*)" ]
}

# begins_with N: an install has so many of the bytes, and waits for more.
begins_with() {
	mkfifo pipe
	exec 8<>pipe
	start sh -c 'exec snapshot install <pipe'
	head -c "$1" bytes >&8
	soon test -s state/snapshot/0000000000000030.0000000000000002.part/data
}

# goes_on N: the bytes behind these; sets $status.
goes_on() {
	tail -c "+$(($1 + 1))" bytes >&8
	exec 8>&-
	ended
}

@test "two at once: the second one is told to come later" {
	follower
	leader 30 400
	offers
	bytes
	begins_with 20000
	offers
	[ "$(tail -n 1 have | cut -d ' ' -f 10)" = 3 ]
	installs
	[ "$status" -eq 1 ]
	[[ $(<err) = *'another snapshot is being taken or installed' ]]
	goes_on 20000
	[ "$status" -eq 0 ]
	has_it
}

@test "a silent sender is not waited for: what has come is kept" {
	follower
	printf '0.05\n' >run/election_timeout
	leader 30 400
	offers
	bytes
	mkfifo pipe
	exec 8<>pipe
	start sh -c 'exec snapshot install <pipe'
	head -c 20000 bytes >&8
	ended
	exec 8>&-
	[ "$status" -eq 1 ]
	[[ $(<err) = *'broke off at byte'* ]]
	offers
	! wants 0
}

@test "F61 garbage: a bit of what comes, another length, other frames" {
	local at header
	follower
	leader 30 60
	offers
	cp have good
	bytes
	cp bytes all
	header=$(($(wc -c <all) - $(total)))
	keep before
	for at in 3 60 "$((header - 30))" "$header" "$((header + 200))" "$(($(wc -c <all) - 1))"; do
		cp all bytes
		poke bytes "$at"
		installs
		case $at in
		3 | 60 | "$((header - 30))") [ "$status" -eq 77 ] ;;
		*) [ "$status" -eq 1 ] ;;
		esac
		[ ! -d state/snapshot/0000000000000030.0000000000000002 ]
		ends 5@1
	done
	{ cat all && printf x; } >bytes
	installs
	[ "$status" -eq 1 ]
	[[ $(<err) = *'more has come than the snapshot has' ]]
	member append b 3 "$LOG" 5 2 >bytes
	installs
	[ "$status" -eq 77 ]
	[[ $(<err) = *'it is no snapshot' ]]
	head -c 100000 /dev/zero >bytes
	installs
	[ "$status" -eq 77 ]
	: >bytes
	installs
	[ "$status" -eq 1 ]
	# And what was asked for still comes in.
	offers
	bytes
	installs
	[ "$status" -eq 0 ]
	has_it
}

@test "what is rotten is not sent" {
	follower
	leader 30 60
	offers
	poke "$(snapshot_of ../leader)/data" 300
	run -74 --separate-stderr sh -c 'cd ../leader && snapshot send a <../"a node"/have'
	[[ $stderr = 'snapshot: cannot send: '* ]]
	[ -z "$output" ]
}

@test "nobody needs one, or there is none: said so" {
	leader 30 60
	rm ../leader/run/behind.a
	run -1 sh -c 'cd ../leader && snapshot offer a'
	[ "$output" = 'snapshot: cannot offer: no leader here says that it needs one' ]
	printf '3\n' >../leader/run/behind.x
	run -1 sh -c 'cd ../leader && snapshot offer x'
	[ "$output" = 'snapshot: cannot offer: it is no member' ]
	rm -r ../leader/state/snapshot
	run -1 sh -c 'cd ../leader && snapshot offer a'
	[ "$output" = 'snapshot: cannot offer: there is no snapshot' ]
	run -1 sh -c 'cd ../leader && snapshot send a </dev/null'
	[ "$output" = 'snapshot: cannot send: no answer came to the offer' ]
}

@test "one that does not answer its leader is offered none until it does" {
	follower
	leader 30 60
	printf '%016d\n' 0 >../leader/run/behind.a
	(cd ../leader && exec snapshot offer a) >offer 3>&- &
	sleep 0.2
	kill -0 $!
	[ ! -s offer ]
	printf '%016d\n' 3 >../leader/run/behind.a
	wait $!
	[ -s offer ]
	# Nobody needs it any more.
	printf '%016d\n' 0 >../leader/run/behind.a
	(cd ../leader && exec snapshot offer a) >offer 2>err 3>&- &
	sleep 0.1
	rm ../leader/run/behind.a
	status=0
	wait $! || status=$?
	[ "$status" -eq 1 ]
	[ ! -s offer ]
}

@test "a damaged node takes one, and is whole when it has the leader's log" {
	follower 40
	commit_is 40
	poke state/log/0000000000000001 1000
	node verify
	damaged
	leader 30 100
	offers
	bytes
	installs
	[ "$status" -eq 0 ]
	ends 30@2
	damaged
	run -1 vote ask --pre
	takes b 3 "$LOG" 30 11
	whole
	node verify
	whole
	ends 41@2
}

@test "a stopped node takes none; nor one that was started anew meanwhile" {
	follower
	leader 30 100
	offers
	bytes
	export LITE_RAFT_RUNNING=1
	installs
	[ "$status" -eq 1 ]
	[[ $(<err) = *'the node has stopped or was started anew' ]]
	unset LITE_RAFT_RUNNING
	kill -KILL "$node"
	soon gone "$node"
	installs
	[ "$status" -eq 69 ]
	ends 5@1
}

# tried: after what became of an install of bytes the node is as it was, or has the
# snapshot; and takes it the next time.
tried() {
	local is
	# What was left is mended by a step, or by a start.
	[[ $1 = *,4 ]] || node verify
	whole
	is=$(shows last_index)@$(shows last_term)
	printf '%s: %s\n' "$1" "$is"
	case $is in
	"$BEFORE") [ ! -d "state/snapshot/0000000000000030.0000000000000002" ] || kept ;;
	30@2) has_it && [ -z "$(ls state/log)" ] && configured "${1##*,}" ;;
	*) false ;;
	esac
	offers
	bytes
	if [ -s bytes ]; then
		installs
		[ "$status" -eq 0 ]
	fi
	has_it
	node verify
	whole
	[ "$(shows members)" -eq 3 ]
	configured "${1##*,}"
}

# configured INDEX: the members are those of that entry.
configured() {
	[ "$(cut -d ' ' -f 3 state/members | head -n 1)" = "$1" ]
}

# kept: the log has the snapshot's last entry.
kept() {
	[ "$BEFORE" = 41@2 ] && [ "$(member log)" = "$LOG" ]
}

# at_each HOW [MEMBERS]: meets HOW at each of them, from the state in ./before on;
# the entry that holds the members in force is that in the end.
at_each() {
	local at
	for at in "${point[@]}"; do
		rm -rf state/snapshot state/members run/commit_index
		back before
		cp asked bytes
		status=0
		at "$at" "$1" snapshot install <bytes >reply 2>err || status=$?
		[[ $1 != error=* ]] || [ "$status" -ne 0 ] || [ "$(shows last_index)@$(shows last_term)" != "$BEFORE" ] || kept
		tried "$1 at $at,${2:-1}"
	done
}

# asked: the bytes of a whole one in ./asked, the state before in ./before, and
# each call of an install in $point.
asked() {
	BEFORE=$(shows last_index)@$(shows last_term)
	keep before
	offers
	bytes
	cp bytes asked
	rm -rf state/snapshot
	trace snapshot install <bytes >/dev/null
	points
	story
}

@test "F23 F49 killed at each of its calls, with a log that goes" {
	need_strace
	follower
	leader 30 30 100 4
	asked
	at_each signal=KILL 4
}

@test "F23 F49 killed at each of its calls, with a log that is kept" {
	need_strace
	follower 40
	leader 30 30
	asked
	at_each signal=KILL
}

@test "F23 F44 no space at each of its calls: nothing is lost, and it comes in later" {
	need_strace
	follower
	leader 30 30
	asked
	at_each error=ENOSPC
}

@test "F27 one that can't be read once it is in: the log does not end where there is none" {
	need_strace
	follower
	leader 30 30
	offers
	bytes
	status=0
	strace -qq -o /dev/null -P "$PWD/state/snapshot/0000000000000030.0000000000000002/manifest" \
		-e trace=pread64 -e inject=pread64:error=EIO snapshot install <bytes >reply 2>err || status=$?
	cat err
	[ "$status" -eq 74 ]
	grep -q 'Input/output error' err
	[ "$(mark)" = dirty ]
	takes b 3 "$LOG" 30 11
	ends 41@2
	has_it
}

@test "F23 the snapshot is durable before the log goes" {
	local story
	need_strace
	follower
	leader 30 30
	asked
	story=$(story)
	printf '%s\n' "$story"
	[[ $story = *'s:requests '*'s:data '*'d:0000000000000030.0000000000000002.part '*'d:snapshot '*'-:0000000000000001 '*'d:log '* ]]
	[[ ${story%%d:snapshot*} != *-:* ]]
}

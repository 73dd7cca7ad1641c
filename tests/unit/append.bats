# append: the follower's half of AppendEntries, one directory at a time.

load member

LOG=0000000000000001

# with_run: the node remembers what may vanish: stamp, leader, commit index.
with_run() {
	mkdir -p run
	printf '10\n' >run/election_timeout
}

# committed: what run/commit_index says.
committed() {
	local index
	read -r index _ <run/commit_index
	printf '%d' "$((10#$index))"
}

# says TEXT: the step's answer and its exit status.
says() {
	printf '%s %s %s\n' "$status" "$output" "$(<err)"
	[ "$status $output" = "0 appended to $1" ]
}

# refuses REASON: the frames in ./frame end the stream; nothing changes.
refuses() {
	local said
	keep before
	status=0
	append <frame >reply 2>err || status=$?
	said=$(<err)
	printf '%s: %s %s\n' "$1" "$status" "$said"
	[ "$status" -eq 77 ]
	[ ! -s reply ]
	[[ $said = 'append: cannot go on: '*"$1"* && $said != *$'\n'* ]]
	same before
}

@test "entries are written, once, and acknowledged up to the last of them" {
	node_up
	sends b 2 1x1,2x3 1 4 seq=77
	says 'b term 2 seq 77 yes 5 last 5'
	log_is 1x1,2x3
	sends b 2 1x1,2x3 5 0
	says 'b term 2 seq 2 yes 5 last 5'
	sends c 3 1x1,2x3,3x2:70000 5 2
	says 'c term 3 seq 3 yes 7 last 7'
	log_is 1x1,2x3,3x2:70000
	[ "$(shows last_index) $(shows last_term) $(shows term)" = '7 3 3' ]
	node verify
	log_is 1x1,2x3,3x2:70000
}

@test "frames that come in pieces, and several at once: one sync, one reply" {
	need_strace
	node_up
	member append b 2 2x40 1 20 >frame
	{ head -c 200 frame && sleep 0.05 && tail -c +201 frame | head -c 900 &&
		sleep 0.05 && tail -c +1101 frame; } | append | member replies >said
	[ "$(<said)" = 'appended to b term 2 seq 2 yes 21 last 21' ]
	for i in 21 25 27; do
		member append b 2 2x40 "$i" 4 seq="$i"
	done >frame
	trace append <frame >reply
	story
	[ "$(story | grep -o "s:$LOG" | wc -l)" -eq 1 ]
	[ "$(member replies <reply)" = 'appended to b term 2 seq 27 yes 31 last 31' ]
	log_is 2x30
}

@test "F9 late and repeated appends and heartbeats cut nothing that matches" {
	local prev
	node_up
	takes b 2 1x3,2x7 1 10
	keep all
	for prev in 0 1 2 5 9 10; do
		sends b 2 1x3,2x7 "$prev" 0
		says "b term 2 seq 2 yes $prev last 11"
		sends b 2 1x3,2x7 "$prev" 1
		says "b term 2 seq 2 yes $((prev + 1)) last 11"
	done
	sends b 2 1x3,2x7 0 6
	says 'b term 2 seq 2 yes 6 last 11'
	same all
	# All of them in one go, the latest first.
	for prev in 9 4 0 7 2; do
		member append b 2 1x3,2x7 "$prev" 2
	done >frame
	sends_frames
	says 'b term 2 seq 2 yes 11 last 11'
	same all
	# Half known, half new.
	takes b 2 1x3,2x9 8 5
	log_is 1x3,2x9
	# From the next leader, whose log is shorter.
	takes c 3 1x3,2x2 3 3
	log_is 1x3,2x9
}

@test "F10 a conflict takes the whole suffix with it" {
	node_up
	takes b 2 1x2,2x10 1 12
	takes c 3 1x2,3x1 3 1
	log_is 1x2,3x1
	takes b 4 1x2,3x1,4x9 4 9
	# In the middle of a frame.
	takes c 5 1x2,3x1,4x2,5x3 1 8
	log_is 1x2,3x1,4x2,5x3
	node verify
	whole
	log_is 1x2,3x1,4x2,5x3
}

@test "F10 the cut is durable before anything is appended" {
	need_strace
	node_up
	takes b 2 1x2,2x10 1 12
	takes c 3 1x2,2x10 1 0
	member append c 3 1x2,3x1 3 1 >frame
	trace append <frame >reply
	story
	# The mark, the cut, its end; and then the new entry.
	[ "$(story)" = "w:lock w:lock s:lock d:log w:$LOG s:$LOG w:lock s:lock w:$LOG s:$LOG w:lock reply " ]
	log_is 1x2,3x1
}

@test "F49 F10 killed at each system call of an append that cuts: old or new, never less" {
	local at is want=1x1,3x3:600
	need_strace
	node_up
	takes b 2 1x1,2x4:700 1 5
	keep before
	member append c 3 "$want" 1 4 >frame
	trace append <frame >/dev/null
	points
	for at in "${point[@]}"; do
		back before
		at "$at" signal=KILL append <frame >reply || :
		node verify
		is=$(member log)
		printf 'killed at %s: %s\n' "$at" "$is"
		case $is in
		1x1,2x4:700 | 1x1 | 1x1,3x[123]:600) ;;
		*) false ;;
		esac
		[ ! -s reply ] || [ "$is" = "$want" ]
		whole
		sends_frames
		says 'c term 3 seq 3 yes 5 last 5'
		log_is "$want"
	done
}

@test "F49 killed while a segment is made: the rest of the log is there" {
	local at is have=2x3 want=2x3,2x3:70000
	need_strace
	node_up -s 1000
	takes b 2 "$have" 1 3
	keep before
	member append b 2 "$want" 4 3 >frame
	trace append <frame >/dev/null
	points
	for at in "${point[@]}"; do
		# Before a sync there is what there is before the write behind it.
		[[ $at != f*sync* ]] || continue
		back before
		at "$at" signal=KILL append <frame >reply || :
		node verify
		whole
		is=$(member log)
		printf 'killed at %s: %s\n' "$at" "$is"
		[ "$is" = "$have" ] || [ "$is" = "$want" ]
		[ ! -s reply ] || [ "$is" = "$want" ]
	done
	sends_frames
	says 'b term 2 seq 2 yes 7 last 7'
	log_is "$want"
}

@test "F11 the commit index stays within what this request verified" {
	node_up
	with_run
	sends b 2 2x10 1 3 commit=9
	says 'b term 2 seq 2 yes 4 last 4'
	[ "$(committed)" -eq 4 ]
	takes b 2 2x10 4 7 commit=6
	[ "$(committed)" -eq 6 ]
	# The suffix is not this leader's; it has verified up to 8 only.
	takes c 3 2x7 8 0 commit=11
	[ "$(committed)" -eq 8 ]
	takes c 3 2x7 3 0 commit=11
	[ "$(committed)" -eq 8 ]
	# Neither what is refused nor what is old says anything.
	member append c 3 2x7,2x5 12 0 commit=13 >frame
	sends_frames
	says 'c term 3 seq 3 no hint 11@2 last 11'
	sends b 2 2x10 11 0 commit=11
	says 'b term 3 seq 2 stale last 11'
	[ "$(committed)" -eq 8 ]
	# It does not go back either.
	takes c 3 2x7,3x1 8 1 commit=2
	[ "$(committed)" -eq 8 ]
	[ "$(shows commit_index)" -eq 8 ]
}

@test "F11 F14 two leaders on one stream: each is answered for itself" {
	node_up
	# b's nine entries, of which the new leader keeps two.
	{ member append b 2 2x9 1 9 && member append c 3 2x2,3x1 3 1 seq=8; } >frame
	sends_frames
	says 'c term 3 seq 8 yes 4 last 4'
	log_is 2x2,3x1
}

@test "F12 prev below the commit index: what is committed stays" {
	node_up
	with_run
	takes b 2 1x2,2x8 1 10 commit=9
	keep before
	sends c 3 1x2,2x3 2 4 commit=9
	says 'c term 3 seq 3 yes 6 last 11'
	log_is 1x2,2x8
	[ "$(committed)" -eq 9 ]
	keep before
	sends c 4 1x2,2x3,4x1 2 5
	printf '%s %s\n' "$status" "$(<err)"
	[ "$status $output" = '74 ' ]
	grep -q 'would replace a committed entry' err
	log_is 1x2,2x8
	# The first that is not may go.
	takes c 4 1x2,2x6,4x1 2 8
	log_is 1x2,2x6,4x1
}

@test "F13 holes, repetitions, and what else is no run of entries: nothing is written" {
	node_up
	takes b 2 1x1,2x2 1 3
	member append b 3 1x1,2x2,3x5 4 5 skip=2 F=4 >frame
	refuses 'do not follow one another'
	member append b 3 1x1,2x2,3x5 4 5 skip=1 F=4 >frame
	refuses 'do not follow one another'
	member append b 3 1x1,2x2,3x5 4 5 twice=2 F=6 >frame
	refuses 'do not follow one another'
	member append b 3 1x1,2x2,3x5 4 5 twice=5 F=6 >frame
	refuses 'do not follow one another'
	member append b 3 1x1,2x2,3x5 4 5 F=4 >frame
	refuses 'not as many as it says'
	member append b 3 1x1,2x2,3x5 4 5 F=6 >frame
	refuses 'not as many as it says'
	member append b 3 1x1,2x2,3x5 4 5 skip=5 >frame
	refuses 'not as many as it says'
	member append b 3 1x1,2x2,3x5 4 5 A=3 >frame
	refuses 'do not follow one another'
	member append b 3 1x1,2x2,3x5 4 5 C=1234 >frame
	refuses 'do not follow one another'
	# Terms that fall, and terms to come.
	member append b 5 1x1,2x2,5x1,4x1 4 2 >frame
	refuses 'do not follow one another'
	member append b 2 1x1,2x2,3x1 4 1 >frame
	refuses 'do not follow one another'
	# What came before it on the stream stands, and is acknowledged.
	{ member append b 3 1x1,2x2,3x5 4 1 && member append b 3 1x1,2x2,3x5 5 4 skip=1 F=3; } >frame
	sends_frames
	[ "$status $output" = '77 appended to b term 3 seq 3 yes 5 last 5' ]
	log_is 1x1,2x2,3x1
}

@test "no entry at prev: the hint says what both could hold" {
	node_up
	takes b 4 1x3,2x3,4x3 1 9
	sends c 5 1x3,2x3,4x3,5x9 14 2
	says 'c term 5 seq 5 no hint 10@4 last 10'
	sends c 5 1x3,2x1,3x9 9 1
	says 'c term 5 seq 5 no hint 7@2 last 10'
	sends c 5 1x9 9 0
	says 'c term 5 seq 5 no hint 4@1 last 10'
	log_is 1x3,2x3,4x3
	# At one index and term there is one entry: something is very wrong.
	member append c 5 1x3:99,2x3,4x3 10 0 >frame
	sends_frames
	[ "$status $output" = '74 ' ]
	grep -q 'the logs have been changed' err
	log_is 1x3,2x3,4x3
}

@test "F5 a newer leader: the term is raised and the vote cleared, durably, before the reply" {
	need_strace
	node_up
	granted c 5 1@0
	member append b 6 6x1 1 0 >frame
	trace append <frame >reply
	[ "$(story)" = 'w:lock s:term w:term s:term w:term s:term w:lock reply ' ]
	[ "$(shows term) $(shows voted_for)" = '6 -' ]
	granted b 6 1@0
	# The term's own leader takes no vote away.
	takes b 6 6x1 1 1
	[ "$(shows term) $(shows voted_for)" = '6 b' ]
	refused c 6 9@9
}

@test "F5 an older leader is told the term, and nothing else happens" {
	node_up
	with_run
	granted c 5 1@0
	keep before
	rm -r run
	with_run
	sends b 4 4x1 1 1 commit=2
	says 'b term 5 seq 4 stale last 1'
	same before
	[ ! -e run/leader ]
	[ ! -s run/stamp ]
	[ ! -s run/commit_index ]
}

@test "F15 an append is acknowledged when it is durable, and the commit index then too" {
	need_strace
	node_up
	with_run
	takes b 2 2x1 1 1
	member append b 2 2x5 2 4 commit=5 >frame
	trace append <frame >reply
	story
	[[ $(story) = *"w:lock w:$LOG s:$LOG w:lock "*'w:commit_index '*'reply '* ]]
	[[ $(story) != *w:commit_index*s:* ]]
	[ "$(member replies <reply)" = 'appended to b term 2 seq 2 yes 6 last 6' ]
}

@test "F43 a sync that fails ends the step: no reply, and the next one writes again first" {
	local at nth file
	need_strace
	node_up
	takes b 2 2x1 1 1
	rm -rf run
	keep before
	# The term's two slots, then the log.
	member append c 3 2x1,3x4 2 4 commit=5 >frame
	trace append <frame >/dev/null
	points
	for at in "${point[@]}"; do
		case $at in
		fdatasync*) ;;
		*) continue ;;
		esac
		back before
		with_run
		status=0
		at "$at" error=EIO append <frame >reply 2>err || status=$?
		printf '%s: %s %s\n' "$at" "$status" "$(<err)"
		[ "$status" -eq 74 ]
		[ ! -s reply ]
		[ ! -s run/commit_index ]
		[ "$(mark)" != clean ]
		rm -r run
		file=w:term
		[ "$at" != 'fdatasync 3' ] || file=w:$LOG
		trace append <frame >reply
		story
		# All that can be read is written and synced, then looked at.
		[[ $(story) = *"$file s:${file#w:} "*reply* ]]
		[[ $(story) = 'w:lock '*'w:term s:term w:term s:term '*'reply ' ]]
		[ "$(member replies <reply)" = 'appended to c term 3 seq 3 yes 6 last 6' ]
		log_is 2x1,3x4
	done
}

@test "F63 killed between write and sync: the tail is written again before it is answered for" {
	need_strace
	node_up
	takes b 2 2x1 1 1
	member append b 2 2x5 2 4 >frame
	at 'fdatasync 1' signal=KILL append <frame >reply || :
	[ ! -s reply ]
	[ "$(mark)" = dirty ]
	log_is 2x5
	keep written
	# Whoever comes next, whatever it asks: a vote, the same once more, nothing new.
	member ballot c 3 6@2 >ballot
	trace vote answer <ballot >reply
	[ "$(essence)" = "s:term w:term s:term w:term s:term w:$LOG s:$LOG s:term w:term s:term w:term s:term reply" ]
	[[ $(member replies <reply) = *' yes' ]]
	back written
	trace append <frame >reply
	[ "$(essence)" = "s:term w:term s:term w:term s:term w:$LOG s:$LOG reply" ]
	[ "$(member replies <reply)" = 'appended to b term 2 seq 2 yes 6 last 6' ]
	back written
	member append b 2 2x5 6 0 >frame
	trace append <frame >reply
	[ "$(essence)" = "s:term w:term s:term w:term s:term w:$LOG s:$LOG reply" ]
	[ "$(mark)" = clean ]
}

@test "F63 two leaders on one stream: what the first one sent is durable before the term is called so" {
	need_strace
	node_up
	takes b 2 2x1 1 1
	{ member append b 2 2x5 2 4 && member append c 3 2x5 6 0; } >frame
	keep before
	trace append <frame >reply
	[ "$(story)" = "w:lock w:$LOG s:$LOG s:term w:term s:term w:term s:term w:lock reply " ]
	[ "$(member replies <reply)" = 'appended to c term 3 seq 3 yes 6 last 6' ]
	back before
	at 'fdatasync 1' signal=KILL append <frame >reply || :
	[ "$(mark)" = dirty ]
}

@test "F44 no space at each write: no space or no answer, and nothing is lost" {
	local at is have=2x3 want=2x3,2x3:70000
	need_strace
	node_up -s 1000
	takes b 2 "$have" 1 3
	keep before
	member append b 2 "$want" 4 3 >frame
	trace append <frame >/dev/null
	points
	for at in "${point[@]}"; do
		case $at in
		write*) continue ;;
		esac
		back before
		status=0
		at "$at" error=ENOSPC append <frame >reply 2>err || status=$?
		output=$(member replies <reply)
		printf '%s: %s %s %s\n' "$at" "$status" "$output" "$(<err)"
		case "$status $output" in
		'0 appended to b term 2 seq 2 full last 4') is=$have ;;
		'0 appended to b term 2 seq 2 yes 7 last 7') is=$want ;; # only a note
		'74 ') is= ;;
		*) false ;;
		esac
		[ -z "$is" ] || [ "$(mark)" = clean ]
		[ -z "$is" ] || log_is "$is"
		node verify
		whole
		case $(member log) in
		"$have" | "$want") ;;
		*) false ;;
		esac
		# There is space again.
		sends_frames
		says 'b term 2 seq 2 yes 7 last 7'
		log_is "$want"
	done
}

@test "F44 no room for a segment: it says so, stays a follower, and goes on later" {
	local nth
	need_strace
	node_up -s 1000
	takes b 2 2x3 1 3
	keep before
	for nth in 2 3 20; do # the first is of state/lock
		member append b 2 2x3,2x3:70000 4 3 >frame
		status=0
		at "pwrite64 $nth" error=ENOSPC append <frame >reply 2>err || status=$?
		output=$(member replies <reply)
		says 'b term 2 seq 2 full last 4'
		log_is 2x3
		is=(state/log/*)
		[ "${#is[@]}" -eq 1 ]
		granted c $((nth + 1)) 4@2
		granted c $((nth + 1)) 4@2
		back before
	done
	member append b 2 2x3,2x3:70000 4 3 >frame
	sends_frames
	says 'b term 2 seq 2 yes 7 last 7'
}

@test "F44 no room for state/members where a segment was made: the log goes on in the one before" {
	need_strace
	node_up -s 1000
	takes b 2 2x3 1 3
	{ sed 1d state/members && printf 'member n%s 00000000000000%s\n' 10 10 11 11 12 12 13 13 14 14 15 15 16 16; } >lines
	status=0
	strace -qq -o /dev/null -P state/members.new -e trace=openat \
		-e inject=openat:error=ENOSPC member configure 2 <lines 2>err || status=$?
	cat err
	[ "$status" -eq 69 ]
	grep -q 'make room for state/members' err
	log_is 2x3
	is=(state/log/0*)
	[ "${#is[@]}" -eq 1 ]
	takes b 2 2x6 4 3
	node verify
	whole
	log_is 2x6
}

@test "F45 a damaged log is repaired by its leader, and votes again" {
	node_up
	takes b 2 2x3,2x4:300 1 7
	poke state/log/$LOG 900
	node verify
	damaged
	sends b 2 2x3,2x4:300 8 0
	says 'b term 2 seq 2 no hint 4@2 last 4 damaged'
	answer c 3 99@99
	[ "$status" -eq 1 ]
	# Not before it has all that the leader has.
	sends c 3 2x3,2x4:300 4 2 last=9
	says 'c term 3 seq 3 yes 6 last 6 damaged'
	damaged
	node verify
	damaged
	answer b 4 99@99
	[ "$status" -eq 1 ]
	sends c 4 2x3,2x4:300,4x1 6 3 last=9
	says 'c term 4 seq 4 yes 9 last 9'
	whole
	node verify
	whole
	log_is 2x3,2x4:300,4x1
	granted b 5 9@4
}

@test "F29 F45 F49 a configuration that a repair does not bring back is in force no more" {
	local at
	need_strace
	node_up
	takes b 2 2x3 1 3
	# Another entry is there; or none is.
	member append c 3 2x3,3x2 4 2 last=6 >other
	member append c 3 2x3 4 0 last=4 >none
	tail -n +2 state/members >lines
	printf 'learner d 00000000000000dd\n' >>lines
	member configure 2 <lines
	poke state/log/$LOG "$(member log -v | sed -n 's/^5 .* at [0-9]* \([0-9]*\) durable.*/\1/p')"
	node verify
	damaged
	# What it still knows may be all that it has.
	[ "$(shows members)" -eq 4 ]
	keep before
	for at in none other; do
		back before
		cp "$at" frame
		sends_frames
		[ "$status" -eq 0 ]
		whole
		[ "$(shows members)" -eq 3 ]
	done
	back before
	trace append <frame >/dev/null
	points
	for at in "${point[@]}"; do
		[[ $at != f*sync* ]] || continue
		back before
		at "$at" signal=KILL append <frame >reply || :
		printf 'killed at %s: %s\n' "$at" "$(node show damaged)"
		damaged || [ "$(shows members)" -eq 3 ]
		sends_frames
		whole
		[ "$(shows members)" -eq 3 ]
	done
}

@test "F45 a bit behind the end of the log is no damage that comes back" {
	node_up
	takes b 2 2x3 1 3
	poke state/log/$LOG 700
	node verify
	log_is_or_bad 2x3
	takes b 2 2x3 4 0
	whole
	node verify
	whole
	log_is 2x3
}

# log_is_or_bad LOG: there are these entries, whatever lies behind them.
log_is_or_bad() {
	[[ $(member log) = "$1"* ]]
}

@test "F50 an old leader's stream goes on after a new leader's has begun" {
	node_up
	with_run
	mkfifo old new
	exec 8<>old 9<>new
	start sh -c 'exec append <old >out.old 8<&- 9<&-'
	one=$pid
	member append b 2 2x3 1 3 >&8
	soon test -s out.old
	[ "$(member replies <out.old)" = 'appended to b term 2 seq 2 yes 4 last 4' ]
	start sh -c 'exec append <new >out.new 8<&- 9<&-'
	member append c 3 2x1,3x1 2 1 >&9
	soon test -s out.new
	[ "$(member replies <out.new)" = 'appended to c term 3 seq 3 yes 3 last 3' ]
	[ "$(<run/leader)" = 'c 3' ]
	keep before
	# b does not know; what a's first append remembers of the log is old, too.
	member append b 2 2x3 4 0 seq=9 >&8
	more() { [ "$(member replies <out.old | wc -l)" -eq 2 ]; }
	soon more
	[ "$(member replies <out.old | tail -n 1)" = 'appended to b term 3 seq 9 stale last 3' ]
	same before
	[ "$(<run/leader)" = 'c 3' ]
	log_is 2x1,3x1
	# The same leader on two streams: the older one ends.
	member append c 3 2x1,3x2 3 1 >&8
	pid=$one
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 77 ]
	[ "$(grep -c 'another stream of a leader has begun' message-log/node.log)" -eq 1 ]
	log_is 2x1,3x1
	exec 8>&- 9>&-
}

@test "F50 what a stream remembers of the log is read again when another has changed it" {
	node_up
	mkfifo old
	exec 8<>old
	start sh -c 'exec append <old 8<&-'
	member append b 2 2x3 1 3 >&8
	soon test -s out
	cp out first
	takes b 2 2x9 4 6
	takes c 3 2x2,3x5 3 5
	member append c 3 2x2,3x6 8 1 seq=9 >&8
	more() { [ "$(member replies <out | wc -l)" -eq 2 ]; }
	soon more
	[ "$(member replies <out | tail -n 1)" = 'appended to c term 3 seq 9 yes 9 last 9' ]
	log_is 2x2,3x6
	exec 8>&-
}

@test "F50 a node that has stopped, or was started anew, takes no more" {
	node_up
	mkfifo old
	exec 8<>old
	start sh -c 'exec append <old 8<&-'
	member append b 2 2x3 1 3 >&8
	soon test -s out
	kill -KILL "$node"
	wait "$node" || :
	keep before
	member append b 2 2x4 4 1 >&8
	ended
	[ "$status" -eq 77 ]
	exec 8>&-
	same before
	member append b 2 2x4 4 1 >frame
	run -69 append <frame
	[ "$output" = 'append: cannot start: the node does not run' ]
	node_runs
	LITE_RAFT_RUNNING=1 run -77 append <frame
	same before
	LITE_RAFT_RUNNING=$node run -0 append <frame
	log_is 2x4
}

@test "the leader is noted, and the end of its stream expires the stamp and wakes the timer" {
	node_up
	with_run
	start timer wait 1000
	soon asleep
	takes b 2 2x1 1 1
	[ "$(<run/leader)" = 'b 2' ]
	[[ $(<run/stamp) = '00000000000000000000 '* ]]
	ended
	[ "$output" = ended ]
	# Not if another stream of a leader, or another term, has begun by then.
	mkfifo old
	exec 8<>old
	start sh -c 'exec append <old 8<&-'
	member append b 2 2x2 2 1 >&8
	soon test -s out
	printf '%020d %016x %016d\n' 5 7 2 >run/stamp
	exec 8>&-
	ended
	[ "$status" -eq 0 ]
	[ "$(<run/stamp)" = '00000000000000000005 0000000000000007 0000000000000002' ]
}

@test "F61 frames that are none, or for others: refused with a sentence" {
	local good header
	node_up
	takes b 1 1x1 1 1
	member append b 5 1x1 2 0 cluster=0123456789abcdef >frame
	refuses 'another cluster'
	member append b 5 1x1 2 0 to=c >frame
	refuses 'another node'
	member append b 5 1x1 2 0 toid=0123456789abcdef >frame
	refuses 'state was lost'
	member append b 5 1x1 2 0 fromid=0123456789abcdef last=1 >frame
	refuses "its sender's id has changed"
	member ballot b 5 2@1 >frame
	refuses 'no append'
	good=$(member append b 5 1x1 2 0)
	header=${good% *}
	member seal "lr2 ${header#lr1 }" >frame
	refuses 'no frame of this version'
	printf '%s\n' "${good%?}x" >frame
	refuses 'damaged'
	member seal "${header/ append / appendix }" >frame
	refuses 'makes no sense'
	member seal "$header 7" >frame
	refuses 'makes no sense'
	# A gigabyte, which is not waited for, and more.
	mkfifo endless
	exec 8<>endless
	for length in 1073741824 4194305 9999999999999999; do
		member seal "${header/ 0 00000000/ $length 00000000}" >frame
		refuses 'too long'
		cat frame >&8
		run -77 append <endless 8<&-
	done
	exec 8>&-
	member seal "${header/ 0 00000000/ 99999999999999999 00000000}" >frame
	refuses 'makes no sense'
	head -c 1024 /dev/zero | tr '\0' x >frame
	refuses 'no end'
	head -c 300000 /dev/urandom >frame
	refuses ''
	head -c 5000 /dev/zero >frame
	refuses 'no end'
	printf '\0\n' >frame
	refuses 'no frame'
	# A body that is not what its header says.
	member append b 5 1x1,5x1 2 1 >frame
	poke frame $(($(wc -c <frame) - 5))
	refuses 'body is damaged'
	# What ends too early is no error: its sender is gone.
	keep before
	member append b 5 1x1,5x1 2 1 | head -c 200 >frame
	sends_frames
	[ "$status $output" = '0 ' ]
	same before
	sends b 5 1x1,5x1 2 1
	says 'b term 5 seq 5 yes 3 last 3'
}

@test "F48 append and vote where state/ is not what it should be" {
	node_up
	member append b 5 5x1 1 1 >frame
	member ballot b 5 1@0 >ballot
	kill -KILL "$node"
	for file in lock term node running; do
		mv "state/$file" elsewhere
		run -74 append <frame
		[ "${#lines[@]}" -eq 1 ]
		[[ $output = *"state/$file"*'No such file'* ]]
		run -74 vote answer <ballot
		[[ $output = *"state/$file"*'No such file'* ]]
		[ ! -e "state/$file" ]
		mkdir "state/$file"
		run -74 vote answer <ballot
		[ "${#lines[@]}" -eq 1 ]
		rmdir "state/$file"
		mv elsewhere "state/$file"
	done
	mv state elsewhere
	run -74 vote answer <ballot
	[ "${#lines[@]}" -eq 1 ]
	: >state
	run -74 vote answer <ballot
	[ "${#lines[@]}" -eq 1 ]
	[[ $output = *'Not a directory'* ]]
	rm state
	mv elsewhere state
	granted b 5 1@0
}

# vote: the voter's answer, the candidate's ballots, the count.

load member

# stamp STREAM SECONDS: a leader was heard that long ago, by that stream (0: a
# vote was granted); the election timeout is 10.
stamp() {
	mkdir -p run
	printf '10\n' >run/election_timeout
	printf '%020d %016x %016d\n' "$(($(os now) - $2 * 1000000000))" "$1" 1 >run/stamp
}

# tally WORDS...: counts the replies in ./replies; sets $status.
tally() {
	status=0
	vote tally "$@" <replies 2>err || status=$?
}

@test "F1 one vote a term: asked twice, out of order, across a restart" {
	node_up
	granted b 5 1@0
	keep voted
	refused c 5 1@0
	granted b 5 1@0
	refused c 4 1@0 5
	refused b 4 1@0 5
	same voted
	node verify
	granted b 5 1@0
	refused c 5 1@0
	node verify
	[ "$(shows term) $(shows voted_for)" = '5 b' ]
	granted c 6 1@0
	refused b 6 1@0
	refused b 5 1@0 6
	granted c 6 1@0
	node verify
	refused b 6 1@0
	[ "$(shows term) $(shows voted_for)" = '6 c' ]
}

@test "F1 two candidates at the same moment" {
	local i term yes
	node_up
	for term in 1 2 3; do
		for i in b c; do
			member ballot "$i" "$term" 1@0 >"frame.$i"
		done
		for i in b c b c b c b c; do
			vote answer <"frame.$i" 2>/dev/null 3>&- 4>&- &
		done >replies
		soon answered 8
		member replies <replies >said
		yes=$(grep ' yes$' said | sort -u)
		[ "$(grep -c ' yes$' said)" -eq 4 ]
		[ "$yes" = "voted real to $(shows voted_for) term $term seq $term yes" ]
	done
}

# answered N: so many lines are in ./replies.
answered() {
	[ "$(wc -l <replies)" -eq "$1" ]
}

@test "F1 a vote is for a member under its id, not for a name" {
	node_up
	granted z 5 1@0 # not in this configuration, but perhaps in a newer one
	refused b 5 1@0
	granted z 5 1@0
	refused() { # of z under another id
		answer z 5 1@0 fromid=0123456789abcdef
		[ "$status" -eq 1 ]
	}
	refused
	answer b 6 1@0 fromid=0123456789abcdef
	[ "$status" -eq 77 ]
	grep -q 'its state was lost or copied' err
	[ "$(shows term)" -eq 5 ]
}

@test "F2 killed at each system call of a vote: never two" {
	local at i=0
	need_strace
	node_up
	keep fresh
	member ballot b 5 1@0 >frame.b
	member ballot c 5 1@0 >frame.c
	trace vote answer <frame.b >/dev/null
	points
	for at in "${point[@]}"; do
		i=$((i + 1))
		back fresh
		at "$at" signal=KILL vote answer <frame.b >reply.b || :
		[ $((i % 2)) -eq 0 ] || node verify
		vote answer <frame.c >reply.c || :
		vote answer <frame.b >reply.again || :
		cat reply.b reply.c reply.again | member replies >said
		printf 'killed at %s:\n%s\n' "$at" "$(cat said)"
		# Yes is for one of them, and that is who is written down.
		[ "$(grep ' yes$' said | sort -u | wc -l)" -eq 1 ]
		grep -qx "voted real to $(shows voted_for) term 5 seq 5 yes" said
	done
}

@test "F2 F43 a vote that could not be written or synced is not given" {
	local at
	need_strace
	node_up
	keep fresh
	member ballot b 5 1@0 >frame.b
	trace vote answer <frame.b >/dev/null
	points
	for at in "${point[@]}"; do
		case $at in
		fdatasync*) set -- EIO ;;
		pwrite*) set -- EIO ENOSPC ;;
		*) continue ;;
		esac
		for error; do
			back fresh
			status=0
			at "$at" "error=$error" vote answer <frame.b >reply 2>err || status=$?
			printf '%s at %s: %s\n' "$error" "$at" "$(cat err)"
			[ "$status" -eq 74 ]
			[ ! -s reply ]
			[ "$(grep -c '^vote: cannot answer: ' err)" -eq 1 ]
			# Written or not: from now on it is one and durable, or the other.
			trace vote answer <frame.b >reply
			[[ "$(member replies <reply)" = *' yes' ]]
			[[ $(story) = *'w:term s:term w:term s:term '*'reply ' ]]
			refused c 5 1@0
		done
	done
}

@test "F15 F63 a vote is answered when it is durable, in both slots" {
	need_strace
	node_up
	member ballot b 5 1@0 >frame
	trace vote answer <frame >reply
	[ "$(story)" = 'w:lock s:term w:term s:term w:term s:term w:lock reply ' ]
	# Once more: nothing is left to be written.
	trace vote answer <frame >reply
	[ "$(story)" = 'reply ' ]
	[[ "$(member replies <reply)" = *' yes' ]]
}

@test "F63 killed between write and sync: what the next one reads it makes durable first" {
	local nth
	need_strace
	node_up
	member ballot b 5 1@0 >frame
	member ballot c 5 1@0 >frame.c
	keep fresh
	for nth in 2 3; do
		back fresh
		at "fdatasync $nth" signal=KILL vote answer <frame >reply || :
		[ ! -s reply ]
		[ "$(mark)" = dirty ]
		keep written
		trace vote answer <frame >reply
		[[ $(story) = *'w:term s:term w:term s:term '*'reply ' ]]
		[[ "$(member replies <reply)" = *' yes' ]]
		back written
		trace vote answer <frame.c >reply || :
		[[ $(story) = *'w:term s:term w:term s:term '*'reply ' ]]
		[[ "$(member replies <reply)" = *' no' ]]
	done
}

@test "F3 the last term decides, then the length" {
	node_up
	takes b 2 1x3,2x2 1 5 # the log ends at 6@2
	refused c 3 6@1
	refused c 4 99@1
	refused c 5 5@2
	granted c 6 6@2
	granted c 7 7@2
	granted c 8 1@3
	refused c 9 5@2
	granted b 9 2@3 # that term's vote was still free
}

@test "F5 a newer term is taken over, and the old vote forgotten, in one record" {
	node_up
	takes b 2 2x2 1 2
	granted b 5 3@2
	refused c 7 1@0
	[ "$(shows term) $(shows voted_for)" = '7 -' ]
	grep -aqx 'lite-raft-term 1 [0-9]* 7 - - [0-9a-f]*' state/term
	granted b 7 3@2
}

@test "F6 PreVotes: nothing changes, not while a leader is heard, not for an old term" {
	node_up
	granted b 5 1@0
	keep voted
	answer c 6 1@0 kind=pre
	[ "$status $output" = '0 voted pre to c term 6 seq 6 yes' ]
	answer c 5 1@0 kind=pre # the term's vote is given
	[ "$status $output" = '1 voted pre to c term 5 seq 5 no' ]
	answer c 4 1@0 kind=pre
	[ "$status $output" = '1 voted pre to c term 5 seq 4 no' ]
	answer c 6 0@0 kind=pre
	[ "$status $output" = '1 voted pre to c term 5 seq 6 no' ]
	stamp 7 4
	answer c 6 1@0 kind=pre
	[ "$status $output" = '1 voted pre to c term 5 seq 6 no hears' ]
	same voted
	# A ballot is not a PreVote: its sender has a majority's leave to ask.
	answer c 6 1@0
	[ "$status $output" = '0 voted real to c term 6 seq 6 yes hears' ]
	stamp 7 4
	answer b 7 1@0 kind=handover
	[ "$status $output" = '0 voted handover to b term 7 seq 7 yes hears' ]
	# Long silence is none; a vote that was granted counts for a short while.
	stamp 7 11
	answer c 8 1@0 kind=pre
	[ "$status $output" = '0 voted pre to c term 8 seq 8 yes' ]
	stamp 0 4
	answer c 8 1@0 kind=pre
	[ "$status $output" = '0 voted pre to c term 8 seq 8 yes' ]
	stamp 0 0
	printf '1000\n' >run/election_timeout
	answer c 8 1@0 kind=pre
	[ "$status $output" = '1 voted pre to c term 7 seq 8 no hears' ]
}

@test "ask: the term is raised and its own vote given before a ballot is out" {
	need_strace
	node_up
	takes b 2 2x2 1 2
	trace vote ask >ballots
	[ "$(story)" = 'w:lock s:term w:term s:term w:term s:term w:lock reply ' ]
	[ "$(shows term) $(shows voted_for)" = '3 a' ]
	[ "$(member replies <ballots)" = 'ballot real to b term 3 seq 3 last 3@2
ballot real to c term 3 seq 3 last 3@2' ]
	[ "$(cut -d ' ' -f 6 ballots | tr '\n' ' ')" = 'b c ' ]
	refused b 3 9@9
	keep asked
	vote ask --pre >ballots
	[ "$(member replies <ballots | head -n 1)" = 'ballot pre to b term 4 seq 4 last 3@2' ]
	same asked
	vote ask --handover >ballots
	[ "$(member replies <ballots | tail -n 1)" = 'ballot handover to c term 4 seq 4 last 3@2' ]
	[ "$(shows term) $(shows voted_for)" = '4 a' ]
}

@test "ask: nobody stands who hears a leader, whose log is damaged, or who is no member" {
	node_up
	stamp 7 4
	keep before
	run -1 --separate-stderr vote ask
	[ "$output$stderr" = 'vote: cannot ask: a leader is being heard' ]
	run -1 vote ask --pre
	same before
	run -0 vote ask --handover
	rm -r run
	takes b 2 2x2 1 2
	poke state/log/0000000000000001 400
	node verify
	damaged
	keep before
	run -1 vote ask
	[[ $output = *damaged* ]]
	run -1 vote ask --pre
	run -1 vote ask --handover
	same before
	rm -r state
	node init a
	run -1 vote ask
	[ "$output" = 'vote: cannot ask: the cluster has not formed yet' ]
}

@test "F8 of two that grant each other a PreVote the one with the lower id goes on" {
	node_up b a c
	mkdir run
	printf '100\n' >run/election_timeout
	answer c 1 1@0 kind=pre
	[ "$status" -eq 0 ]
	vote ask
	[ "$(shows term)" -eq 1 ]
	answer a 2 1@0 kind=pre
	[ "$status" -eq 0 ]
	vote ask --pre
	run -1 --separate-stderr vote ask
	[ "$output$stderr" = 'vote: cannot ask: another stands too, and goes first' ]
	[ "$(shows term)" -eq 1 ]
	# It is not waited for when leadership was handed over, nor in another term, nor
	# long: it may have died since.
	vote ask --handover
	[ "$(shows term)" -eq 2 ]
	vote ask
	[ "$(shows term)" -eq 3 ]
	answer a 4 1@0 kind=pre
	[ "$status" -eq 0 ]
	run -1 vote ask
	printf '%020d 1111111111111111 %016d\n' "$(($(os now) - 11000000000))" 4 >run/prevote
	vote ask
	[ "$(shows term)" -eq 4 ]
	# One that was refused is not waited for at all.
	answer a 5 0@0 kind=pre
	[ "$status" -eq 1 ]
	vote ask
	[ "$(shows term)" -eq 5 ]
}

@test "ask: a ballot that could not be made durable is not sent" {
	local nth
	need_strace
	node_up
	keep fresh
	for nth in 1 2; do
		back fresh
		status=0
		at "fdatasync $nth" error=EIO vote ask >ballots 2>err || status=$?
		[ "$status" -eq 74 ]
		[ ! -s ballots ]
		[ "$(mark)" = dirty ]
	done
}

@test "tally: a majority's yes, a majority's no, or neither" {
	node_up
	vote ask >/dev/null
	member voted b 1 yes >replies
	tally 5
	[ "$status" -eq 0 ]
	: >replies
	tally 5
	[ "$status" -eq 69 ]
	member voted b 1 no >replies
	tally 5
	[ "$status" -eq 69 ]
	member voted c 1 no >>replies
	tally 5
	[ "$status" -eq 1 ]
	{ member voted b 1 no && member voted c 1 yes; } >replies
	tally 5
	[ "$status" -eq 0 ]
	# What gates and login shells say stands in between.
	{ printf 'Welcome!\n\nlite-raft-gate 1\nlr1 voted\n' && cat replies; } >chatter
	mv chatter replies
	tally 5
	[ "$status" -eq 0 ]
}

# tally_silence: counts what comes by ./silence, which has no end; within half a minute.
tally_silence() {
	status=0
	timeout 30 vote tally 60 <silence || status=$?
}

@test "tally: a cluster of one has won, time ends the wait" {
	node_up a
	: >replies
	run -0 vote ask
	[ "$output" = '' ]
	tally 5
	[ "$status" -eq 0 ]
	[ "$(shows term) $(shows voted_for)" = '1 a' ]
	rm -r state
	node_up
	vote ask >/dev/null
	mkfifo silence
	exec 8<>silence
	status=0
	vote tally 0.2 <silence || status=$?
	[ "$status" -eq 69 ]
	# So does the word that no more replies will come: after a reply, and in its stead.
	{ member voted b 1 no && printf '\nover 1 1\n'; } >&8
	tally_silence
	[ "$status" -eq 69 ]
	# That of another ballot is none.
	{ printf 'over 1 0\nover\nover 2 1\nover 1 11\n' && member voted b 1 yes && printf '\nover 1 1\n'; } >&8
	tally_silence
	[ "$status" -eq 0 ]
	printf '\nover 1 1\n' >&8
	tally_silence
	exec 8>&-
	[ "$status" -eq 69 ]
}

@test "F4 what is no vote for this ballot is not counted" {
	local words
	node_up
	vote ask >/dev/null
	vote ask >/dev/null # term 2
	for words in 'b 2 yes seq=1' 'b 1 yes seq=1' 'b 1 yes' 'b 2 yes seq=3' \
		'b 2 yes kind=pre' 'z 2 yes' 'b 2 yes fromid=0123456789abcdef' \
		'b 2 yes to=c' 'b 2 yes toid=0123456789abcdef' \
		'b 2 yes cluster=0123456789abcdef' 'b 2 yes cluster=-' 'b 1 no seq=1' \
		'z 2 no' 'z 9 no seq=2' 'b 9 no seq=2 cluster=0123456789abcdef'; do
		member voted $words >replies
		cat replies replies >>all
		tally 5
		printf '%s: %s\n' "$words" "$status"
		[ "$status" -eq 69 ]
	done
	mv all replies
	tally 5
	[ "$status" -eq 69 ]
	{ member ballot b 2 1@0 && member handover c 2; } >replies
	tally 5
	[ "$status" -eq 69 ]
	[ "$(shows term) $(shows voted_for)" = '2 a' ]
}

@test "F4 one voter has one vote" {
	node_up a b c d e
	vote ask >/dev/null
	member voted b 1 yes >replies
	cat replies replies replies >twice
	mv twice replies
	tally 5
	[ "$status" -eq 69 ]
	member voted c 1 yes >>replies
	tally 5
	[ "$status" -eq 0 ]
	{ member voted b 1 no && member voted b 1 no && member voted b 1 no; } >replies
	tally 5
	[ "$status" -eq 69 ]
}

@test "F4 a newer term ends the count, and is recorded" {
	need_strace
	node_up
	vote ask >/dev/null
	{ member voted b 9 no seq=1 && member voted c 1 yes; } >replies
	status=0
	trace vote tally 5 <replies || status=$?
	[ "$status" -eq 1 ]
	[[ $(story) = *'w:term s:term w:term s:term '* ]]
	[ "$(shows term) $(shows voted_for)" = '9 -' ]
}

@test "F4 yes comes after the candidate has stepped down" {
	node_up
	vote ask >/dev/null
	member voted b 1 yes >replies
	granted c 2 1@0
	tally 5
	[ "$status" -eq 69 ]
	[ "$(shows term) $(shows voted_for)" = '2 c' ]
	# And while the votes are being counted.
	vote ask >/dev/null
	member voted b 3 yes >replies
	mkfifo late
	exec 8<>late
	start sh -c 'exec vote tally 30 <late'
	soon counting
	granted c 4 1@0
	cat replies >&8
	exec 8>&-
	ended
	[ "$status" -eq 1 ]
	[ "$(shows term) $(shows voted_for)" = '4 c' ]
}

# counting: the tally waits for replies.
counting() {
	[[ $(ps -o comm= -o stat= -p "$pid") = vote*S* ]]
}

@test "tally --pre: asks for the next term, records one that it did not know" {
	node_up
	granted b 4 1@0
	keep before
	member voted b 5 yes kind=pre >replies
	tally --pre 5
	[ "$status" -eq 0 ]
	same before
	member voted b 5 yes >replies # not asked for
	tally --pre 5
	[ "$status" -eq 69 ]
	{ member voted b 4 no kind=pre seq=5 && member voted c 3 no kind=pre seq=5; } >replies
	tally --pre 5
	[ "$status" -eq 1 ]
	same before
	{ member voted b 5 no kind=pre && member voted c 4 no kind=pre seq=5; } >replies
	tally --pre 5
	[ "$status" -eq 1 ]
	[ "$(shows term) $(shows voted_for)" = '5 -' ]
	member voted b 9 no kind=pre seq=6 >replies
	tally --pre 5
	[ "$status" -eq 1 ]
	[ "$(shows term) $(shows voted_for)" = '9 -' ]
}

@test "handover: wakes the timer, if it is of this term and for this node" {
	local words
	node_up
	granted b 5 1@0
	mkdir run
	start timer wait 1000
	soon asleep
	for words in 'b 4' 'b 6' 'b 5 cluster=0123456789abcdef' 'b 5 to=c' \
		'b 5 toid=0123456789abcdef' 'b 5 fromid=0123456789abcdef'; do
		run ! eval "member handover $words | vote handover"
		[ "${#lines[@]}" -eq 1 ]
	done
	run -1 eval 'member ballot b 5 1@0 | vote handover'
	run -77 eval 'printf "handover\n" | vote handover'
	[ ! -s out ]
	member handover b 5 | vote handover
	ended
	[ "$status $output" = '0 handover' ]
}

@test "F45 a damaged log: its node votes for nobody, and remembers the term" {
	node_up
	takes b 2 2x5 1 5
	poke state/log/0000000000000001 400
	node verify
	damaged
	answer b 5 9@9
	[ "$status $output" = '1 voted real to b term 5 seq 5 no damaged' ]
	answer b 6 9@9 kind=pre
	[ "$status $output" = '1 voted pre to b term 5 seq 6 no damaged' ]
	[ "$(shows term) $(shows voted_for)" = '5 -' ]
}

# refuses REASON: the frame in ./frame is not for this node; nothing changes.
refuses() {
	local said
	status=0
	vote answer <frame >reply 2>err || status=$?
	said=$(<err)
	printf '%s: %s %s\n' "$1" "$status" "$said"
	[ "$status" -eq 77 ]
	[ ! -s reply ]
	[[ $said = 'vote: cannot answer: '*"$1"* && $said != *$'\n'* ]]
	same before
}

@test "F61 ballots that are none, or for others: refused with a sentence" {
	local good header
	node_up
	takes b 1 1x1 1 1
	keep before
	member ballot b 5 2@1 cluster=0123456789abcdef >frame
	refuses 'another cluster'
	member ballot b 5 2@1 cluster=- >frame
	refuses 'another cluster'
	member ballot b 5 2@1 to=c >frame
	refuses 'another node'
	member ballot b 5 2@1 toid=0123456789abcdef >frame
	refuses 'state was lost'
	member ballot b 5 2@1 A=3 >frame
	refuses 'no ballot'
	member voted b 5 yes >frame
	refuses 'no ballot'
	member append b 5 1x1 1 0 >frame
	refuses 'no ballot'
	member append b 5 1x1,5x1 1 2 >frame
	refuses 'has a body'
	good=$(member ballot b 5 2@1)
	header=${good% *}
	printf '%s\n' "${good#lr1 }" >frame
	refuses 'no frame of this version'
	member seal "lr2 ${header#lr1 }" >frame
	refuses 'no frame of this version'
	printf '%s\n' "${good%?}x" >frame
	refuses 'damaged'
	printf '%s\n' "${good/ 5 / 6 }" >frame
	refuses 'damaged'
	printf '%s\r\n' "$good" >frame
	refuses 'damaged'
	member seal "${header/ vote / veto }" >frame
	refuses 'makes no sense'
	member seal "${header/ 0 00000000/ 00000000}" >frame
	refuses 'makes no sense'
	member seal "$header 7" >frame
	refuses 'makes no sense'
	member seal "${header/ b / b;reboot }" >frame
	refuses 'makes no sense'
	member seal "${header/ 5 5 / 99999999999999999999 5 }" >frame
	refuses 'makes no sense'
	member seal "${header/ 5 5 / -5 5 }" >frame
	refuses 'makes no sense'
	member seal "${header/ 0 00000000/ 1073741824 00000000}" >frame
	refuses 'too long'
	printf '%s' "$good" >frame
	refuses 'ends too early'
	: >frame
	refuses 'ends too early'
	head -c 1024 /dev/zero | tr '\0' x >frame
	refuses 'no end'
	{ printf '%s' "$good" && head -c 5000 /dev/zero; } >frame
	refuses 'no end'
	printf '%s\0\n' "$good" >frame
	refuses 'damaged'
	printf '\0\n' >frame
	refuses 'no frame'
	answer b 5 2@1
	[ "$status" -eq 0 ]
}

# configure LINE...: the log's last entry, of term 2, is this configuration.
configure() {
	printf '%s\n' "$@" >lines
	member configure 2 <lines
}

# id_of NAME: as the first configuration has it.
id_of() {
	sed -n "s/^[a-z]* $1 //p" first
}

# counts_not_itself: of a and b, b alone is the majority.
counts_not_itself() {
	vote ask --pre >ballots
	[ "$(cut -d ' ' -f 6 ballots)" = b ]
	vote ask >ballots
	: >replies
	tally 0.3
	[ "$status" -ne 0 ]
	member voted b "$(shows term)" yes >replies
	tally 5
	[ "$status" -eq 0 ]
}

@test "F31 one that is leaving stands until the configuration without it is committed" {
	node_up a b
	cp state/members first
	configure "leaving a $(id_of a)" "member b $(id_of b)"
	run -0 vote ask --pre
	# Nobody else has this entry: b needs a vote of this node, and can't get it.
	configure "member b $(id_of b)"
	[ "$(shows stands)" = yes ]
	counts_not_itself
	# Who was never in it does not stand: a learner, or one that has none.
	configure "learner a $(id_of a)" "member b $(id_of b)"
	[ "$(shows stands)" = no ]
	run -1 vote ask --pre
}

@test "F31 one that enters stands: its vote may count elsewhere, and its log be newer" {
	node_up a b
	cp state/members first
	configure "entering a $(id_of a)" "member b $(id_of b)"
	[ "$(shows votes) $(shows stands)" = 'no yes' ]
	counts_not_itself
}

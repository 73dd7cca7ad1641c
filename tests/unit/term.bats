# state/term: current_term and voted_for, in one record, in two slots.

load member

@test "F2 a change of the term, cut off at each byte of each slot" { log term_torn; }
@test "F45 a bit of state/term is not what it was: either slot will do, both must not" { log rotten_term; }

# spoil SLOT: makes slot 0 or 1 of state/term no record.
spoil() {
	poke state/term $(($1 * 4096 + 20))
}

# slot N: the line that is there.
slot() {
	tail -c +$(($1 * 4096 + 1)) state/term | head -n 1 | tr -d '\0'
}

# both: the two slots say the same.
both() {
	[ -n "$(slot 0)" ] && [ "$(slot 0)" = "$(slot 1)" ]
}

@test "the term and the vote are one line, and there are two of them" {
	node_up
	granted b 5 1@0
	[[ $(slot 0) =~ ^'lite-raft-term 1 '[0-9]+' 5 b '[0-9a-f]{16}' '[0-9a-f]{8}$ ]]
	both
	[ "$(stat -c %a state state/term 2>/dev/null | tr '\n' ' ')" = '700 600 ' ] ||
		[ "$(uname)" != Linux ]
}

@test "F2 each slot damaged alone is enough, and start mends it" {
	local n
	node_up
	granted b 5 1@0
	keep voted
	for n in 0 1; do
		back voted
		spoil "$n"
		refused c 5 1@0
		granted b 5 1@0
		[ "$(shows term) $(shows voted_for)" = '5 b' ]
		node verify
		both
		back voted
		spoil "$n"
		granted c 6 1@0
		both
	done
}

@test "F2 what another did not live to sync is durable before the other slot is touched" {
	need_strace
	node_up
	member ballot b 5 1@0 >frame
	trace vote answer <frame >reply
	[[ $(story) = *' s:term w:term s:term w:term s:term '* ]]
}

@test "F2 the newer of two slots counts, whichever it is" {
	local n
	node_up
	granted b 5 1@0
	cp state/term old
	granted c 6 1@0
	keep voted
	for n in 0 1; do
		back voted
		dd if=old of=state/term bs=4096 skip="$n" seek="$n" count=1 conv=notrunc status=none
		[ "$(slot 0)" != "$(slot 1)" ]
		refused b 6 1@0
		granted c 6 1@0
		node verify
		both
		[ "$(shows term) $(shows voted_for)" = '6 c' ]
	done
}

# first_written: where the first write of ./trace to state/term went.
first_written() {
	sed -n 's/^pwrite64([0-9]*<.*\/state\/term>.*, \([0-9]*\)) *= .*/\1/p' trace | head -n 1
}

@test "F2 F44 the copy that counts is written last, for a write may be cut short" {
	local n
	need_strace
	node_up
	granted b 5 1@0
	cp state/term old
	granted c 6 1@0
	keep voted
	member ballot b 7 1@0 >frame
	for n in 0 1; do
		for it in spoilt older; do
			back voted
			case $it in
			spoilt) spoil "$n" ;;
			older) dd if=old of=state/term bs=4096 skip="$n" seek="$n" count=1 conv=notrunc status=none ;;
			esac
			trace vote answer <frame >reply
			[ "$(first_written)" -eq "$((n * 4096))" ]
			both
		done
	done
}

# refused_all WORD: no step works on this, and none changes it.
refused_all() {
	local cmd
	keep bad
	for cmd in 'vote answer' 'vote ask' 'vote tally 1' append 'node verify' 'node show'; do
		status=0
		$cmd <"frame.${cmd%% *}" >said 2>err || status=$?
		printf '%s, %s: %s %s\n' "$1" "$cmd" "$status" "$(<err)"
		[ "$status" -eq 74 ]
		[ ! -s said ]
		[ "$(wc -l <err)" -eq 1 ]
		grep -q 'state/term' err
		rm -f bad/lock state/lock.copy
		cp state/lock bad/lock # its counter moves
		same bad
	done
}

@test "F2 F45 both slots damaged: refused, never term 0" {
	node_up
	granted b 5 1@0
	member ballot c 6 1@0 >frame.vote
	member append c 6 6x1 1 1 >frame.append
	: >frame.node
	keep voted
	spoil 0
	spoil 1
	refused_all 'both spoilt'
	for cut in 0 1 33 4095; do
		back voted
		head -c "$cut" voted/term >state/term
		[ "$cut" -ne 4095 ] || spoil 0
		refused_all "cut at $cut"
	done
	back voted
	head -c 8192 /dev/zero >state/term
	refused_all zeros
	head -c 8192 /dev/urandom >state/term
	refused_all noise
	back voted
	rm state/term
	run -74 vote answer <frame.vote
	[ ! -e state/term ]
	run ! node verify
	[ ! -e state/term ]
	# Half a file is one slot.
	head -c 4096 voted/term >state/term
	refused c 5 1@0
	node verify
	both
}

@test "F2 the term only grows, over restarts, whatever the log says" {
	node_up
	takes b 7 1x1,7x1 1 2
	granted c 9 3@7
	node verify
	[ "$(shows term) $(shows voted_for)" = '9 c' ]
	# A state/term from before the log's last entry is a copy, or a lost write.
	keep good
	rm -r state
	member form -s 65536 a b c
	cp state/term old
	rm -r state
	cp -r good state
	cp old state/term
	run -74 node verify
	[[ $output = *'state/term'* ]]
	[ "${#lines[@]}" -eq 1 ]
}

# lite-raft fsck: what is wrong with a stopped node, and what it does about it.

load member

# stopped NAME...: this directory is the node a of a cluster of these, and has keys, a
# snapshot or two, and a log of several segments; nothing of it runs.
stopped() {
	ln -s "$ROOT/bin" "$ROOT/libexec" .
	member form -s 8192 "$@"
	mkdir run
	replay write 60
	snapshot take
	replay write 30
	snapshot take
	replay write 40
	rm -rf run
	keep before
}

fsck() {
	run --separate-stderr bin/lite-raft fsck "$@"
	printf 'fsck %s: %s\n%s\n%s\n' "$*" "$status" "$output" "$stderr"
	[ -z "$stderr" ] && [ ! -e fsck.trial ]
}

# A segment that is made beside the work may come to its name, or go, a moment later.
same() {
	diff -r -x 'spare*' "$1" state
}

# found STATUS WORD TEXT: one thing is, and nothing is changed by saying so.
found() {
	keep rotten
	fsck
	[ "$status" -eq "$1" ]
	[ "${#lines[@]}" -eq 2 ] || [ "$2" = refuses ]
	[[ ${lines[0]} =~ ^$2\ +$3 ]]
	same rotten
}

# mends: --repair does, keeps what it changes, and then all is well.
mends() {
	local file
	fsck --repair
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} = 'lite-raft: mended; what was changed is kept in state.before.'* ]]
	for file in "$@"; do
		cmp state.before.*/"$file" "${file/#state/rotten}"
	done
	fsck
	[ "$status" -eq 0 ]
	[[ $output = 'lite-raft: all is well, up to index 13'[1-4] ]]
	rm -r state.before.*
	back before
	rm -f state/seen.*
}

# last: the newest segment.
last() {
	ls state/log/[0-9]* | tail -n 1
}

@test "nothing is wrong: it says so, and changes nothing" {
	stopped a b c
	fsck
	[ "$status $output" = '0 lite-raft: all is well, up to index 131' ]
	same before
	fsck --repair
	[ "$status $output" = '0 lite-raft: all is well, up to index 131' ]
	same before
	[ ! -e state.before* ]
}

@test "what cannot be said is 74, and nothing is mended unsaid" {
	stopped a b c
	run -74 sh -c 'exec bin/lite-raft fsck >/dev/full'
	[ "${lines[-1]}" = 'lite-raft: cannot write standard output' ]
	poke state/term 20
	keep rotten
	run -74 sh -c 'exec bin/lite-raft fsck --repair >/dev/full'
	[ "${lines[-1]}" = 'lite-raft: cannot write standard output' ]
	same rotten
}

@test "refused where there is nothing, and while the node runs" {
	ln -s "$ROOT/bin" "$ROOT/libexec" .
	run -78 bin/lite-raft fsck
	[[ $output = *'has not had its first boot' ]]
	rm bin libexec
	stopped a b c
	node_runs
	run -1 bin/lite-raft fsck --repair
	[ "$output" = "lite-raft: cannot look at state/: this node runs (pid $node); first: ./lite-raft stop" ]
	same before
	run -64 bin/lite-raft fsck --more
}

@test "F45 what a start mends: named with its place, mended, and what it was is kept" {
	stopped a b c
	poke state/term 20
	found 1 mends 'term: the copy in state/term at byte 0 is damaged'
	mends state/term
	poke state/term 4116
	found 1 mends 'term: the copy in state/term at byte 4096 is damaged'
	mends state/term
	poke state/members 30
	found 1 mends 'members: state/members is damaged'
	mends state/members
	printf 'lite-raft-seen 1 0000000000000009 01234567\n' >state/seen.0123456789abcdef
	found 1 mends 'boots: state/seen.0123456789abcdef is damaged'
	mends state/seen.0123456789abcdef
}

@test "F42 a torn end is cut, and what was there is kept" {
	stopped a b c
	cp state/lock lock
	replay write 12
	cp lock state/lock
	dd if=/dev/zero of="$(last)" bs=512 seek="$(($(cut -d ' ' -f 10 lock | sed 's/^0*//') / 512 + 1))" count=1 conv=notrunc status=none
	found 1 mends "log: torn behind index 13[1-4], cut there: $(last) at byte [0-9]+"
	mends "$(last)"
}

@test "F27 F45 a snapshot that is damaged is set aside, and the log has what it held" {
	local newest
	stopped a b c
	newest=$(ls -d state/snapshot/*[0-9] | tail -n 1)
	poke "$newest/data" 100
	found 1 mends "snapshot: $newest is damaged and set aside: cannot read $newest/data: damaged at byte 0"
	mends "$newest/data"
	poke "$newest/requests" 60
	found 1 mends "snapshot: $newest is damaged and set aside: cannot read $newest/requests: damaged at byte 53"
	mends "$newest/requests"
	rm "$newest/manifest"
	found 1 mends "snapshot: $newest is damaged and set aside: its manifest is damaged"
}

@test "F24 F45 what was acknowledged and is lost: named, kept, and for a leader to send" {
	local last
	stopped a b c
	last=$(last)
	poke "$last" 200
	found 1 waits "log: index [0-9]+ in $last at byte [0-9]+ is damaged; start it, and a leader sends what is missing"
	fsck --repair
	[ "$status" -eq 1 ]
	cmp "$last" "rotten/${last#state/}"
	damaged
	# It is known by now, and still so.
	found 1 waits "log: index [0-9]+ in $last at byte [0-9]+ is damaged"
	back before
	: >state/lock
	keep rotten
	fsck
	[[ $status = 1 && ${lines[0]} = 'mends   lock: state/lock is damaged'* && ${lines[1]} = 'waits   log: index 132 '* ]]
	back before
	rm "$last"
	found 1 waits "log: index $((10#${last##*/})) in $(last) at byte [0-9]+ is missing; start it"
	rm state/log/[0-9]*
	found 1 waits 'log: index [0-9]+ in state/log is missing; start it'
}

@test "F45 a node that can't start says what is wrong, and names the way back" {
	local file
	stopped a b c
	for file in state/node state/term; do
		poke "$file" 20
		[ "$file" != state/term ] || poke "$file" 4116
		found 1 refuses ".*$file.*(del-member.*add-member|first-boot it anew)"
		fsck --repair
		[ "$status" -eq 1 ]
		same rotten
		back before
	done
	rm state/lock
	found 1 refuses 'cannot open state/lock: No such file.*del-member'
	back before
	# A term from before the log's end: a file that was put back.
	(mkdir ../old && cd ../old && member form a b c)
	cp ../old/state/term state/term
	found 1 refuses 'cannot use state/: the log is of term 1, state/term of term 0.*del-member'
}

@test "F45 a node that is alone: the way back is a backup, or recover" {
	stopped a
	poke state/node 20
	found 1 refuses '.*state/node.*first-boot --from'
	back before
	poke "$(last)" 200
	found 1 waits 'log: index .* is damaged; there is no other node that has it: ./lite-raft recover'
}

@test "F44 a copy that can't be made: 74, and nothing is changed" {
	stopped a b c
	: >rotten
	poke state/term 20
	mkdir fsck.trial # of one that was killed
	(ulimit -f 4 && trap '' XFSZ && run bin/lite-raft fsck && printf '%s %s\n' "$status" "$output" >said)
	cat said
	[[ $(<said) = '74 lite-raft: cannot copy state/'*' to fsck.trial: '* ]]
	[ ! -e fsck.trial ]
}

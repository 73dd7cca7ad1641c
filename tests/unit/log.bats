# state/log: many segments, cuts, and a disk that tears and rots.

load member

@test "records of any size in segments of any number are found and read" { log segments_roll; }
@test "what is kept of the log in memory is what lies on the disk" { log recent; }
@test "a segment that was made beforehand is used, if it is large enough" { log spare; }
@test "F16 the last entry within a term, for every index and term" { log searches; }
@test "F10 a cut removes a suffix, across segments, and nothing else" { log cuts; }
@test "F42 torn at each sector of the last batch, with holes, or one alone" { log torn_at_each_sector; }
@test "F42 F65 any sectors of the last batch missing" { log torn_anyhow; }
@test "F42 the file ends early" { log torn_short; }
@test "F42 F44 a segment was made, and nothing written to it" { log torn_new_segment; }
@test "F42 F45 sectors that were durable are gone: damage, however torn it looks" { log durable_sectors_lost; }
@test "F45 the last records rotten: never cut" { log rotten_end; }
@test "F45 earlier records rotten: never cut" { log rotten_middle; }
@test "F45 a bit behind the end of the log: nothing is lost" { log rotten_zeros; }
@test "F45 a segment is missing: what is left is kept" { log segment_lost; }
@test "F45 a log that is not the one that was shut down" { log segment_replaced; }
@test "F45 state/lock rotten: nobody can say where the log ended" { log rotten_lock; }
@test "F45 state/lock and the cache of the members missing" { log lock_and_members_lost; }
@test "F45 state/lock missing where there is no other node" { log lock_lost_alone; }
@test "F45 state/members rotten: written anew from the log" { log rotten_members; }

# segments LOG: writes 18 entries to as many small segments as it takes.
segments() {
	local i
	for i in 1 2 3 4 5 6; do
		member write "$1" 3 2048
	done
	log_is "$1"
	i=(state/log/*)
	[ "${#i[@]}" -ge 5 ]
}

@test "F10 a cut is noted durably, then made: newest segments first, then zeros" {
	need_strace
	node_up -s 2048
	segments 1x8:500,2x10:200
	trace member cut 5
	story
	[[ $(story) =~ ^'w:lock w:lock s:lock '('-:'[0-9]+' '){3,}'d:log w:'[0-9]+' s:'[0-9]+' w:lock s:lock w:lock '$ ]]
	[ "$(story | grep -o -- '-:[0-9]*' | tr -d :-)" = \
		"$(story | grep -o -- '-:[0-9]*' | tr -d :- | sort -r)" ]
	log_is 1x3:500
}

@test "F10 F49 killed at each system call of a cut: all is there, or all of it goes" {
	local at
	need_strace
	node_up -s 2048
	segments 1x8:500,2x10:200
	keep before
	trace member cut 5
	points
	for at in "${point[@]}"; do
		back before
		at "$at" signal=KILL member cut 5 || :
		printf 'killed at %s, the mark is %s\n' "$at" "$(mark)"
		case $(mark) in
		cut) want=1x3:500 ;;
		*) want=$(member log) ;;
		esac
		case $want in
		1x8:500,2x10:200 | 1x3:500) ;;
		*) false ;;
		esac
		node verify
		whole
		log_is "$want"
		[ "$(shows last_term)" -gt 0 ]
	done
}

# leader LOG: the directory ../leader is that of b, who has that log.
leader() {
	mkdir ../leader
	(
		cd ../leader
		member form -s 1000000 b a c
		member write "$1" 99999 1000000
	)
}

@test "F16 ten thousand divergent entries take a few rounds" {
	node_up -s 1000000
	member write 1x50,2x5000:10,3x5000:10 99999 1000000
	leader 1x50,4x9000:10,5x1000:10
	rounds=$(backtrack "$(command -v append)" ../leader 6)
	printf '%s rounds\n' "$rounds"
	[ "$rounds" -le 3 ]
	log_is 1x50,4x9000:10,5x1000:10
	whole
}

@test "F16 a log that is far behind, or far ahead, takes one round" {
	node_up -s 1000000
	leader 1x50,2x3000:10
	[ "$(backtrack "$(command -v append)" ../leader 6)" -le 1 ]
	log_is 1x50,2x3000:10
	rm -r ../leader
	leader 1x50,2x10:10
	[ "$(backtrack "$(command -v append)" ../leader 7)" -le 1 ]
	# What is behind is no conflict yet.
	log_is 1x50,2x3000:10
	rm -r ../leader
	leader 1x50,2x10:10,8x1
	[ "$(backtrack "$(command -v append)" ../leader 8)" -le 2 ]
	log_is 1x50,2x10:10,8x1
}

@test "F65 a hole in the last batch, on every node at once: cut, and they vote on" {
	local file=state/log/0000000000000001
	node_up
	takes b 2 2x3 1 3
	keep before
	takes b 2 2x3,2x4:700 4 4
	log_is 2x3,2x4:700
	# The third of the four did not reach the disk, and the last one did.
	dd if=/dev/zero of="$file" bs=512 seek=5 count=1 conv=notrunc status=none
	cp before/lock state/lock
	node verify
	whole
	log_is 2x3,2x2:700
	granted c 3 6@2
}

@test "F43 an older line of state/lock is back: what it does not know of is found, and stays" {
	local i all=1x8:500,2x10:200
	node_up -s 2048
	for i in 0 1 2 3 4 5; do
		cp state/lock "line.$i"
		member write "$all" 3 2048
	done
	keep whole
	# Before the first record, within a segment, at the end of one.
	for i in 0 1 2 3 4 5; do
		back whole
		cat "line.$i" >state/lock
		takes b 3 "$all,3x1" 19 1
		log_is "$all,3x1"
		grep -q "goes on behind index $((i * 3 + 1))\$" message-log/node.log
		# It is known now, and not looked for again.
		takes b 3 "$all,3x2" 20 1
		[ "$(grep -c 'is older' message-log/node.log)" -eq $((i + 1)) ]
	done
}

@test "F43 an older line of state/lock is back: from before what the log has no more" {
	node_up -s 2048
	mkdir older
	(cd older && node init a)
	for i in 0 1 2 3 4 5; do
		member write 1x8:500,2x10:200 3 2048
	done
	member snap 1x8:500,2x10:200 12
	member forget 12
	cat older/state/lock >state/lock
	refused b 3 2@1
	[ "$(shows last_index)" -eq 19 ]
}

@test "F43 an older line of state/lock is back: no counter comes twice" { log counter_once; }

@test "F43 a mark that could not be synced is written again: the page may be forgotten" {
	need_strace
	node_up
	takes b 2 1x2 1 2
	# What a step leaves that was killed.
	member append b 2 1x3 3 1 >frame
	at 'fdatasync 1' signal=KILL append <frame >/dev/null || :
	[ "$(mark)" = dirty ]
	strace -qq -y -o trace -e trace="$CALLS" -e inject=fdatasync:error=EIO:when=1 \
		append <frame >reply 2>err || status=$?
	[ "$status" -eq 74 ]
	[ "$(story)" = 'w:lock s:lock w:lock ' ]
}

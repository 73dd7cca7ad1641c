# snapshot: takes one, finds what is wrong with one; what a store makes of it.

load member

# taken COUNT...: a node that has taken a snapshot behind each of so many entries.
taken() {
	local n
	node_up -s 8192
	for n; do
		replay write "$n"
		snapshot take
	done
}

# tidy: nothing is left half done.
tidy() {
	[ -z "$(find state -name '*.new' -o -name '*.old')" ]
	[ "$(find state/snapshot -mindepth 1 -type d | wc -l)" -le 2 ]
}

@test "F26 take after take is what the entries make: keys, members, request ids" {
	node_up -s 8192
	replay takes
	snapshot check
	tidy
}

@test "F37 what a window gives away, the next one knows" {
	node_up
	replay window
}

@test "F45 every bit of a snapshot: what is read is right, or the fault is seen" {
	taken 300
	replay flips
	snapshot check
	poke state/snapshot/*/data 700
	run -74 --separate-stderr snapshot check
	[[ ${#stderr_lines[@]} -eq 1 && $stderr = *"state/snapshot/"*"data: damaged at byte "[0-9]* ]]
}

@test "F45 an item that is cut short is none" {
	node_up
	replay cut
}

@test "take: nothing committed, nothing new, two at a time" {
	node_up
	run -1 snapshot take
	[ "${#lines[@]}" -eq 1 ]
	[ -z "$(snapshot show)" ]
	replay write 10
	start hold state/snapshot/lock sleep 600
	soon hold --who state/snapshot/lock
	run -1 snapshot take
	[[ $output = *'another snapshot is on its way' ]]
	kill "$pid"
	ended
	snapshot take
	[[ $(snapshot show) = 'index 11 term 1 keys '[0-9]*' members 3' ]]
	run -1 snapshot take
	[[ $output = *'nothing is committed behind index 11' ]]
	replay write 10
	commit_is 15
	snapshot take
	[[ $(snapshot show) = *'index 15 '* ]]
	replay same
}

@test "the commit index that is read while it is written is not known" {
	local torn
	taken 10
	replay write 10
	# Bytes of 10, and of 9 that was there before: not 19.
	for torn in '0000000000000019 0000000000000009' '0000000000000010 0000000000000019' \
		'0000000000000019 000000000000001' 0000000000000019; do
		printf '%s\n' "$torn" >run/commit_index
		[ "$(shows commit_index)" -eq 11 ]
		run -1 snapshot take
		[[ $output = *'nothing is committed behind index 11' ]]
	done
	commit_is 19
	[ "$(shows commit_index)" -eq 19 ]
	replay write 1
	[ "$(wc -c <run/commit_index)" -eq 34 ]
	[ "$(shows commit_index)" -eq 22 ]
}

@test "wait: so many entries, and a quarter of the snapshot's bytes; ends with the node" {
	taken 400
	mkdir -p run
	echo 50 >run/snapshot_period
	replay write 49
	run timeout 2 "$(command -v snapshot)" wait "$node"
	[ "$status" -eq 124 ]
	start snapshot wait "$node"
	replay write 1
	ended
	[ "$status" -eq 0 ]
	echo 1 >run/snapshot_period
	snapshot take
	replay write 3
	run timeout 2 "$(command -v snapshot)" wait "$node"
	[ "$status" -eq 124 ]
	replay write 100
	snapshot wait "$node"
	start snapshot wait "$((node + 1))"
	ended
	[ "$status" -eq 1 ]
}

@test "due: 100,000 entries are enough, where they have a quarter of the snapshot's bytes" {
	node_up -s 8388608
	replay due
}

@test "wait: behind more than a megabyte, twice the snapshot's bytes" {
	node_up
	mkdir -p run
	echo 50 >run/snapshot_period
	replay write 40000 8388608
	snapshot wait "$node"
	snapshot take
	replay write 9000 8388608
	run timeout 2 "$(command -v snapshot)" wait "$node"
	[ "$status" -eq 124 ]
	replay write 15000 8388608
	snapshot wait "$node"
}

@test "F23 killed at each system call of a take: the next one takes it, and nothing is lost" {
	local at
	need_strace
	taken 100 100
	replay write 150
	keep before
	trace snapshot take
	tidy
	points
	[ "${#point[@]}" -gt 20 ]
	for at in "${point[@]}"; do
		[[ $at != f*sync* ]] || continue
		back before
		commit_is 351
		at "$at" signal=KILL snapshot take || :
		printf 'killed at %s: %s\n' "$at" "$(ls state/snapshot)"
		snapshot check
		replay same
		node verify
		whole
		replay same
		replay write 20
		snapshot take
		tidy
		replay same
		[ "$(snapshot show | tail -n 1 | cut -d ' ' -f 2)" -eq 371 ]
	done
}

@test "F44 no room at any write of a take: the old one stays in force, none of its room is kept" {
	local at
	need_strace
	taken 100 100
	replay write 150
	keep before
	trace snapshot take
	points
	for at in "${point[@]}"; do
		case $at in
		pwrite* | openat* | mkdirat*) ;;
		*) continue ;;
		esac
		back before
		commit_is 351
		status=0
		at "$at" error=ENOSPC snapshot take 2>err || status=$?
		printf 'no room at %s: %s %s\n' "$at" "$status" "$(cat err)"
		[ -z "$(find state/snapshot -name '*.new')" ]
		[ "$status" -eq 0 ] || [ "$(wc -l <err)" -eq 1 ]
		replay same
		replay write 20
		snapshot take
		replay same
		tidy
	done
}

@test "get: what this node knows of a key, as of when, and nobody is asked" {
	local key
	taken 100 100
	replay write 150
	snapshot export | tr -d '\0' >all
	for key in k5 k11 k17 k23 k29 k41 k47 k53; do
		status=0
		snapshot get "$key" >value 2>err || status=$?
		grep -q 'as of index 351' err && [ "$(wc -l <err)" -eq 1 ]
		[ "$status" -eq "$(($(grep -a -c "^set $key " all) == 0))" ]
		[ "$status" -eq 1 ] || cmp value <(snapshot get --raw "$key" 2>/dev/null && echo)
	done
	run -64 snapshot get ''
	run -64 snapshot get -x key
	commit_is 300
	snapshot get k5 2>&1 >value | grep -q '^lite-raft-client: as of index 300'
}

@test "a snapshot that can't be read just now is not removed for it" {
	local second
	need_strace
	taken 10 10
	second=$(printf '%s\n' state/snapshot/0* | tail -n 1)
	replay write 10
	strace -qq -o /dev/null -P "$second/manifest" -e trace=pread64 \
		-e inject=pread64:error=EIO snapshot take
	[ "$(ls -d state/snapshot/0* | wc -l)" -eq 3 ]
	snapshot check
	replay write 10
	snapshot take
	tidy
}

@test "F22 the newest one can't be read: none is taken that is older, or stands in its place" {
	local newest
	need_strace
	taken 10 10
	newest=$(printf '%s\n' state/snapshot/0* | tail -n 1)
	cp -r state/snapshot before
	for commit in 21 20 15; do
		commit_is "$commit"
		run -1 strace -qq -o /dev/null -P "$newest/manifest" -e trace=pread64 \
			-e inject=pread64:error=EIO snapshot take
		[[ $output = *'nothing is committed behind index'* ]]
		diff -r before state/snapshot
	done
}

@test "F22 the newest one can't be read, and the log begins behind it: nothing goes by an older one" {
	local newest
	need_strace
	taken 10 10
	newest=$(printf '%s\n' state/snapshot/0* | tail -n 1)
	rm state/log/0*
	run -74 strace -qq -o /dev/null -P "$newest/manifest" -e trace=pread64 \
		-e inject=pread64:error=EIO snapshot take
	[[ $output = *'cannot read the newest of state/snapshot, and the log begins behind it'* ]]
}

# The ways back: backup, load, first-boot --from, recover.

load ../lib/cluster

setup_file() {
	cluster_up 3
}

teardown_file() {
	[ ! -f "$BATS_FILE_TMPDIR/new/nodes" ] || out "$ROOT/lite-raft" sandbox down --kill --dir "$BATS_FILE_TMPDIR/new"
	cluster_down
}

teardown() {
	cluster_after
}

# alone: another sandbox, of one node that has had no boot; its directory.
alone() {
	local dir=$BATS_FILE_TMPDIR/new
	[ ! -f "$dir/nodes" ] || out "$ROOT/lite-raft" sandbox down --kill --dir "$dir" >/dev/null
	out "$ROOT/lite-raft" sandbox up --dir "$dir" -n 1 -t 0.3 --no-boot >/dev/null
	printf '%s\n' "$dir/n1/lite-raft"
}

# in_dir DIR CMD...
in_dir() {
	local dir=$1
	shift
	(cd "$dir" && out exec "$@")
}

# all_keys DIR: every key and value that a node's cluster has, a line each.
all_keys() {
	local key
	in_dir "$1" ./lite-raft-client --json list | tr -d '[]\n' | tr , '\n' | sort | cksum
	in_dir "$1" ./lite-raft-client list | sed 's/^/get /' | in_dir "$1" ./lite-raft-client batch | cksum
}

@test "a backup has what was acknowledged before it, from every node, every byte of it" {
	every=$(printf '\\x%02x' {0..255})
	printf 'set "b %s" "%s"\n' "$(printf '\\x%02x' {1..255})" "$every" | client 1 batch
	head -c 1048576 /dev/urandom >"$BATS_FILE_TMPDIR/big"
	client 2 set b-big - <"$BATS_FILE_TMPDIR/big"
	client 2 set b-empty ''
	client 2 set -b $'# no comment\nset x y'
	it=$(leader)
	for n in 1 2 3; do
		client "$it" set b-last "before $n"
		run -0 on "$n" ./lite-raft backup "$BATS_FILE_TMPDIR/$n"
		[[ $output == *" 5 keys"* ]]
		grep -qx "set b-last \"before $n\"" "$BATS_FILE_TMPDIR/$n"
	done
	new=$(alone)
	run -0 in_dir "$new" ./lite-raft first-boot --from "$BATS_FILE_TMPDIR/3"
	[[ $output == *"5 keys"* ]]
	[ "$(all_keys "$new")" = "$(all_keys "$(node_dir 1)")" ]
	in_dir "$new" ./lite-raft-client --raw get b-big | cmp - "$BATS_FILE_TMPDIR/big"
	# It is another cluster, whatever it has.
	[ "$(in_dir "$new" libexec/os/node show cluster)" != "$(show 1 cluster)" ]
	[ "$(in_dir "$new" libexec/os/node show id)" != "$(show 1 id)" ]
}

@test "a backup that was cut short, changed, is of another version or is none is not loaded" {
	file=$BATS_FILE_TMPDIR/file
	client 1 set c value
	on 1 ./lite-raft backup "$file"
	new=$(alone)
	sed '$d' "$file" >"$file.short"
	head -c -1 "$file" >"$file.cut"
	sed 's/^set c value$/set c valve/' "$file" >"$file.changed"
	sed '2d' "$file" >"$file.less"
	sed '1s/backup 1/backup 2/' "$file" >"$file.later"
	printf 'set a b\n' >"$file.none"
	: >"$file.empty"
	for kind in short changed less later none empty; do
		run -78 in_dir "$new" ./lite-raft first-boot --from "$file.$kind"
		[[ ${lines[0]} == "lite-raft: cannot "*"file.$kind"* ]]
		[ ! -e "$new/state" ]
	done
	run -78 in_dir "$new" ./lite-raft first-boot --from "$file.missing"
	[[ $output = "lite-raft: cannot read "*"file.missing: there is no such file" ]]
	run -0 in_dir "$new" ./lite-raft first-boot --from "$file"
	run -0 in_dir "$new" ./lite-raft-client get c
	[ "$output" = value ]
}

@test "a store that has keys is not loaded over, but with --over" {
	new=$(alone)
	client 1 set d 2
	on 1 ./lite-raft backup "$BATS_FILE_TMPDIR/over"
	run -78 in_dir "$new" ./lite-raft load "$BATS_FILE_TMPDIR/over"
	[[ ${#lines[@]} -eq 1 && $output == *'first-boot --from'* ]]
	in_dir "$new" ./lite-raft first-boot --wait
	in_dir "$new" ./lite-raft-client set mine 1
	run -1 in_dir "$new" ./lite-raft load "$BATS_FILE_TMPDIR/over"
	[[ $output == *--over* ]]
	run -1 in_dir "$new" ./lite-raft-client get d
	run -0 in_dir "$new" ./lite-raft load --over "$BATS_FILE_TMPDIR/over"
	run -0 in_dir "$new" ./lite-raft-client get d
	run -0 in_dir "$new" ./lite-raft-client get mine
	[ "$output" = 1 ]
}

@test "a load of which a part is refused says so in one line, and what was taken stays" {
	local new file=$BATS_FILE_TMPDIR/part real
	client 1 set part 1
	on 1 ./lite-raft backup "$file"
	new=$(alone)
	in_dir "$new" ./lite-raft first-boot --wait
	real=$new/lite-raft-client
	mv "$real" "$real.real"
	# The first answer is true, the second is not.
	cat >"$real" <<-'END'
		#!/bin/sh
		[ "$1" = batch ] || exec bin/lite-raft-client "$@"
		head -n 1 | bin/lite-raft-client batch
		printf '74 "the disk is full"\n'
		exit 74
	END
	chmod +x "$real"
	run -75 --separate-stderr in_dir "$new" ./lite-raft load "$file"
	[[ -z $output && ${#stderr_lines[@]} -eq 1 ]]
	[[ $stderr = "lite-raft: cannot load all of $file: "*'the disk is full'*"./lite-raft load --over $file" ]]
	mv "$real.real" "$real"
	[ -n "$(in_dir "$new" ./lite-raft-client list)" ]
}

@test "without a majority there is no backup but --local, and what is there stays" {
	file=$BATS_FILE_TMPDIR/local
	client 1 set e 1
	on 1 ./lite-raft backup "$file"
	cp "$file" "$file.before"
	client 1 set e 2
	wait_for 20 agreed
	stop 2
	stop 3
	run -69 on 1 ./lite-raft backup "$file"
	[ "${#lines[@]}" -eq 1 ]
	cmp "$file" "$file.before"
	run -0 on 1 ./lite-raft backup --local "$file"
	grep -qx 'set e 2' "$file"
	run -74 on 1 ./lite-raft backup --local "$BATS_FILE_TMPDIR/no such/file"
	[ "${#lines[@]}" -eq 1 ]
	run -64 on 1 ./lite-raft backup --local "$BATS_FILE_TMPDIR"
	# No more is known after a start without the others.
	cp "$file" "$file.before"
	on 1 ./lite-raft restart
	run -69 on 1 ./lite-raft backup --local "$file"
	[[ ${#lines[@]} -eq 1 && $output = *'leader is heard'*recover* ]]
	# Nothing is loaded, and that is sure.
	for over in '' --over; do
		run -69 --separate-stderr on 1 ./lite-raft load $over "$file"
		[[ -z $output && ${#stderr_lines[@]} -eq 1 && $stderr = 'lite-raft'*': no leader answers: '* ]]
	done
	cmp "$file" "$file.before"
	[ ! -e "$file.new" ]
	cluster_heal
}

@test "a backup of a node that was started without the others: as of its snapshot, and how much more there is" {
	local file=$BATS_FILE_TMPDIR/behind index last
	client 1 set f 1
	wait_for 20 agreed
	knows() { (($(show 1 commit_index) == $(show 1 last_index))); }
	wait_for 20 knows
	on 1 libexec/step/snapshot take
	index=$(on 1 libexec/step/snapshot show | awk 'END { print $2 }')
	client 1 set f 2
	wait_for 20 agreed
	for n in 2 3 1; do
		stop "$n"
	done
	start 1
	last=$(show 1 last_index)
	[ "$(show 1 commit_index)" -eq "$index" ]
	run -0 --separate-stderr on 1 ./lite-raft backup --local "$file"
	[[ $output = *"as of index $index" ]]
	[[ ${#stderr_lines[@]} -eq 1 && $stderr = *"as of index $index: the $((last - index)) entries behind it, up to $last, are not known"* ]]
	grep -qx 'set f 1' "$file"
	cluster_heal
}

@test "a backup that fails says why in a line, and leaves nothing behind" {
	local file=$BATS_FILE_TMPDIR/fails real
	real=$(node_dir 1)/libexec/step/snapshot
	client 1 set g 1
	on 1 ./lite-raft backup "$file"
	cp "$file" "$file.before"
	mv "$real" "$real.real"
	for what in 'echo "snapshot: cannot export: No space left on device" >&2' 'kill -s TERM "$BACKUP"'; do
		printf '#!/bin/sh\necho half\n%s\nexit 74\n' "$what" >"$real"
		chmod +x "$real"
		run -74 on 1 sh -c 'BACKUP=$$ exec ./lite-raft backup "$1"' sh "$file"
		[ "${#lines[@]}" -le 1 ]
		[[ $what = kill* || $output = *"$file: cannot export: No space left on device" ]]
		[ ! -e "$file.new" ]
		cmp "$file" "$file.before"
	done
	mv "$real.real" "$real"
}

@test "recover: not while a majority answers, not without --yes; then all that the node has, in a new cluster" {
	for key in {1..40}; do
		printf 'set r%s "value %s"\n' "$key" "$key"
	done | client 1 batch
	wait_for 20 agreed
	was=$(all_keys "$(node_dir 1)")
	old=$(show 1 cluster)
	run -1 on 1 ./lite-raft recover --members n1
	[[ $output == *"runs"* ]]
	for n in 1 2 3; do
		stop "$n"
	done
	# Stopped nodes answer still: their disks are there.
	run -1 on 1 ./lite-raft recover --members n1 --yes
	[[ $output == *"n1 n2 n3 answer"* ]]
	run -64 on 1 ./lite-raft recover --members n2 --yes
	for n in 2 3; do
		mv "$(node_dir "$n")/state" "$(node_dir "$n")/state.gone"
	done
	run -1 on 1 ./lite-raft recover --members "n1 n2"
	[[ $output == *"log ends at index $(show 1 last_index)"* ]]
	[[ $output == *"carried out a second time"* ]]
	[[ $output != *"Up to index 0"* ]]
	[[ $output == *--yes* ]]
	[ "$(show 1 cluster)" = "$old" ]
	run -0 on 1 ./lite-raft recover --members "n1 n2" --yes
	[ "$(show 1 cluster)" != "$old" ]
	[ "$(all_keys "$(node_dir 1)")" = "$was" ]
	set -- "$(node_dir 1)"/state.lost.*Z
	[ -f "$1/node" ]
	[ -s "$1.backup" ]
	[ "$(cat "$(node_dir 1)/conf/cluster_nodes")" = n1 ]
	[ "$(tr -d '\n' <"$(node_dir 1)/conf/cluster_nodes.old")" != n1 ]
	# One with state of before is not taken.
	mv "$(node_dir 2)/state.gone" "$(node_dir 2)/state"
	run -1 client 1 add-member n2
	[[ ${#lines[@]} -eq 1 && $output = *'belongs to another cluster'*'mv state state.old' ]]
}

@test "recover that is cut short: every verb names what it left, and how it goes on" {
	local dir lost verb was
	dir=$(node_dir 3)
	mv "$(node_dir 2)/state" "$(node_dir 2)/state.gone"
	mv "$dir/state.gone" "$dir/state"
	was=$(show 3 last_index)
	# n1 answers, of its new cluster, and does not count.
	printf 'else\n' >"$dir/conf/node_name"
	run -78 on 3 ./lite-raft recover --members n3 --yes
	printf 'n3\n' >"$dir/conf/node_name"
	set -- "$dir"/state.lost.*Z
	[ -f "$1/node" ]
	[ ! -e "$dir/state" ]
	lost=${1##*/}.backup
	[[ ${lines[-1]} = *"to go on: ./lite-raft first-boot --from $lost" ]]
	for verb in start first-boot 'recover --members n3'; do
		run -78 on 3 ./lite-raft $verb
		[[ ${#lines[@]} -eq 1 && $output = *"./lite-raft first-boot --from $lost goes on"* ]]
		[ ! -e "$dir/state" ]
	done
	run -0 on 3 ./lite-raft first-boot --from "$lost"
	[[ $output = *"as they were at index $was of"* ]]
	run -0 client 3 get r7
	[ "$output" = 'value 7' ]
}

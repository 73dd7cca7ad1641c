# The way in, to the letter, on five hosts (three for lite-raft, two for pkg), each a
# directory with a sshd of its own; and on three that are both.

load ../lib/cluster

setup_file() {
	CLUSTER=$BATS_FILE_TMPDIR/nodes # what the README types has no quotes
	cluster_up 5 --no-boot
	local n pids=()
	for n in 1 2 3; do
		printf 'n1 n2 n3\n' >"$(node_dir "$n")/conf/cluster_nodes"
	done
	for n in 1 2 3; do
		on "$n" ./lite-raft first-boot --wait &
		pids+=("$!")
	done
	wait_all "${pids[@]}"
	# What real hosts have by themselves: names of their own, ssh that knows them; and
	# an administrator who edits.
	for n in 1 2 3 4 5; do
		printf 'n%s\n' "$n" >"$(node_dir "$n")/pkg/node_name"
		cp "$(node_dir "$n")/conf/ssh_config" "$(node_dir "$n")/pkg"
	done
	mkdir "$BATS_FILE_TMPDIR/bin"
	cat >"$BATS_FILE_TMPDIR/bin/vi" <<-'END'
		#!/bin/sh
		sed -e 's/^nodes=.*/nodes="n4 n5" profile=fast/' -e 's/^prog .*/prog it "exec sleep 100000"/' "$1" >"$1.new" && cat "$1.new" >"$1" && rm "$1.new"
	END
	chmod +x "$BATS_FILE_TMPDIR/bin/vi"
}

teardown_file() {
	CLUSTER=$BATS_FILE_TMPDIR/nodes
	cluster_down
}

setup() {
	CLUSTER=$BATS_FILE_TMPDIR/nodes
}

teardown() {
	local n
	if [ -z "${BATS_TEST_COMPLETED-}" ]; then
		for n in 1 2 3 4 5; do
			tail -n 8 "$(node_dir "$n")"/pkg/message-log/*.log 2>/dev/null || :
		done
	fi
	cluster_after
}

# type_on I LINE: types it in pkg's directory on host I, over ssh.
type_on() {
	printf 'n%s$ %s\n' "$1" "$2"
	out timeout 90 ssh -F "$(node_dir 1)/conf/ssh_config" "n$1" "cd '$(node_dir "$1")/pkg' && PATH=$BATS_FILE_TMPDIR/bin:\$PATH && $2"
}

# commands: those of the README's section, as they are typed on these hosts.
commands() {
	awk '/^---/ { inside = (last == "Keep a service up") } inside && sub(/^    \$ /, "") { last = $0; print; next } { last = $0 }' \
		"$ROOT/README" | sed "s,host\([123]\),n\1=$CLUSTER/n\1/lite-raft,g"
}

# shows I NAME STATE OWNER: does status on host I say so?
shows() {
	[[ $(type_on "$1" "./pkg status -f $2") == *"$2 $3 owner=$4 "* ]]
}

# program I NAME: the pid of the package's program on host I.
program() {
	local pid rest
	read -r pid rest <"$(node_dir "$1")/pkg/run/$2/prog.it" && kill -0 "$pid" && printf '%s\n' "$pid"
}

# pids_of I: what runs in host I's pkg directory.
pids_of() {
	(cd / && find /proc/[0-9]*/cwd -maxdepth 0 -lname "$(node_dir "$1")/pkg" 2>/dev/null) | cut -d / -f 3
}

@test "the tutorial, on five hosts" {
	commands >"$BATS_TEST_TMPDIR/all"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/all")" -eq 7 ]
	sed '/pkg run/,$d' "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/first"
	# pkg alone, without a server beside it.
	for n in 4 5; do
		(cd "$(node_dir "$n")" && find . -mindepth 1 -maxdepth 1 ! -name pkg -exec rm -r {} +)
	done
	while IFS= read -r line <&5; do
		type_on 4 "$line" 5<&-
	done 5<"$BATS_TEST_TMPDIR/first"
	# Copied, with what was edited; a host has its own name.
	cp -r "$(node_dir 4)/pkg/." "$(node_dir 5)/pkg"
	printf 'n5\n' >"$(node_dir 5)/pkg/node_name"
	rm -rf "$(node_dir 5)/pkg/run"
	for n in 4 5; do
		type_on "$n" "$(sed -n '/pkg run/p' "$BATS_TEST_TMPDIR/all")"
	done
	wait_for 20 shows 5 testpkg1 running n4
	program 4 testpkg1
	run ! program 5 testpkg1
	for n in 4 5; do
		type_on "$n" "$(sed -n '/pkg status/p' "$BATS_TEST_TMPDIR/all")"
	done
	run -0 type_on 4 "$(sed -n '/pkg stop/p' "$BATS_TEST_TMPDIR/all")"
	[[ $output == *'n4 leaves testpkg1, and n5 takes over'*'./pkg halt testpkg1'* ]]
	run ! program 4 testpkg1
	wait_for 20 shows 4 testpkg1 running n5
	program 5 testpkg1
}

@test "it goes back and forth, down and up; its events can be read anywhere" {
	type_on 4 './pkg run testpkg1'
	run -0 type_on 4 './pkg run testpkg1'
	[[ $output == *'runs on n4 already' ]]
	wait_for 20 shows 5 testpkg1 running n5
	run -0 type_on 4 './pkg move testpkg1'
	[[ $output == *'testpkg1 runs on n4' ]]
	run -0 type_on 5 './pkg halt testpkg1'
	[[ $output == *'is down, and stays so until: ./pkg start testpkg1' ]]
	run ! program 4 testpkg1
	run -3 type_on 5 './pkg status testpkg1'
	run -0 type_on 5 './pkg start testpkg1'
	[[ $output == *'testpkg1 runs on n'[45] ]]
	run -0 type_on 4 './pkg log testpkg1'
	[ "$(grep -c ' is up' <<<"$output")" -ge 4 ]
	type_on 5 './pkg check testpkg1'
}

@test "init on a package that runs leaves it alone, and what it changes takes effect" {
	local it n pid
	for n in 4 5; do
		! program "$n" testpkg1 || it=$n
	done
	pid=$(program "$it" testpkg1)
	sed -i 's/^restarts=.*/restarts=7\/10m/' "$(node_dir "$it")/pkg/control-scripts/testpkg1"
	type_on "$it" './pkg init testpkg1'
	wait_for 20 eval "[[ \$(type_on $it './pkg status -f testpkg1') == *fails=0/7* ]]"
	[ "$(program "$it" testpkg1)" = "$pid" ]
}

@test "the original: what a crash left behind blocked the start" {
	local it n other pid
	for n in 4 5; do
		! program "$n" testpkg1 || it=$n
	done
	other=$((9 - it))
	# All of it, as when the power goes; the program too.
	for pid in $(pids_of "$it"); do
		kill -KILL "$pid" || :
	done
	[ -e "$(node_dir "$it")/pkg/run/testpkg1/ready" ]
	wait_for 30 shows "$other" testpkg1 running "n$other"
	type_on "$it" './pkg run testpkg1'
	wait_for 10 test -S "$(node_dir "$it")/pkg/run/testpkg1/socket"
	type_on "$other" './pkg stop testpkg1'
	wait_for 20 shows "$it" testpkg1 running "n$it"
	type_on "$it" './pkg stop testpkg1'
}

@test "three hosts that are both" {
	local n
	for n in 1 2 3; do
		sed 's/^nodes=.*/nodes="n1 n2 n3" profile=fast/' "$ROOT/pkg/control-scripts/template" | sed 's/^prog .*/prog it "exec sleep 100000"/' \
			>"$(node_dir "$n")/pkg/control-scripts/testpkg2"
		chmod +x "$(node_dir "$n")/pkg/control-scripts/testpkg2"
	done
	type_on 1 './pkg init testpkg2'
	for n in 1 2 3; do
		type_on "$n" './pkg run testpkg2'
	done
	wait_for 20 shows 3 testpkg2 running n1
	run -0 type_on 1 './pkg stop testpkg2'
	wait_for 20 shows 3 testpkg2 running n2
	for n in 1 2 3; do
		type_on "$n" './pkg stop testpkg2'
	done
}

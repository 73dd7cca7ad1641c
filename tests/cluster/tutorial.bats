# The tutorial, to the letter: conf edited, the directory copied to each host,
# first-boot on each.  The hosts are a sandbox's sshds; they share one machine,
# so that node_name and directories, which need nothing on real hosts, are
# written too.

load ../lib/cluster

setup_file() {
	cluster_up 3 --no-boot
	copy=$BATS_FILE_TMPDIR/my\ copy
	copy_tree "$copy"
	cd "$copy" || return 1
	printf '# the hosts that form the cluster\nn1 n2 n3\n' >conf/cluster_nodes
	printf '1\n' >conf/election_timeout
	printf '10000\n' >conf/snapshot_period
	cp "$CLUSTER/n1/lite-raft/conf/directories" "$CLUSTER/n1/lite-raft/conf/ssh_config" conf
	for n in 1 2 3; do
		rm -r "$CLUSTER/n$n/lite-raft"
	done
	cp -r "$copy" "$CLUSTER/n1/lite-raft"
	mkdir "$CLUSTER/n2/lite-raft"
	tar -cf - . | ssh -F conf/ssh_config n2 "cd '$CLUSTER/n2/lite-raft' && tar -xf -"
	scp -q -r -F conf/ssh_config . "n3:$CLUSTER/n3/lite-raft"
	for n in 1 2 3; do
		printf 'n%s\n' "$n" >"$CLUSTER/n$n/lite-raft/conf/node_name"
	done
}

teardown_file() {
	cluster_down
}

teardown() {
	cluster_after
}

@test "before its first boot a node does not start, and says what to do" {
	run -78 on 1 ./lite-raft start
	[[ $output == *first-boot* ]]
	run -0 on 1 ./lite-raft stop
	[ ! -e "$(node_dir 1)/state" ]
}

@test "first-boot on one host after the other gives one leader" {
	run -0 on 1 ./lite-raft first-boot
	[[ $output == *"waits for n2"* ]]
	[[ $output == *"waits for n3"* ]]
	run -0 on 2 ./lite-raft first-boot
	[[ $output == *"waits for n3"* ]]
	run -0 on 3 ./lite-raft first-boot --wait
	[[ $output == *" leads in term "* ]]
	await_leader
	# Who has voted may have been about to stand itself.
	one_leads() { [ "$(for n in 1 2 3; do role "$n"; done | sort | tr '\n' ' ')" = "follower follower leader " ]; }
	wait_for 10 one_leads
}

@test "every command works on every node" {
	for n in 1 2 3; do
		run -0 client "$n" set "key$n" value
		[ -z "$output" ]
		for m in 1 2 3; do
			run -0 client "$m" get "key$n"
			[ "$output" = value ]
		done
		run -0 client "$n" if "key$n" = value set "a new one"
		run -1 client "$n" if "key$n" = value set other
		run -0 client "$n" get "key$n"
		[ "$output" = "a new one" ]
		run -0 client "$n" noop
		run -0 client "$n" list
		[ "$output" = "key$n" ]
		run -0 client "$n" unset "key$n"
		run -1 client "$n" get "key$n"
		run -0 client "$n" list
		[ -z "$output" ]
		run -0 client "$n" status
		[[ $output == *n1*n2*n3* ]]
	done
}

@test "status shows this node, and the cluster as a table and as JSON" {
	it=$(leader)
	run -0 on 2 ./lite-raft status
	[[ $output == *n2* ]]
	run -0 client 1 --json status
	[[ $output == *'"leader"'*"\"n$it\""* ]]
	[[ $output == *'"term"'* && $output == *'"nodes"'* ]]
	run -0 client 3 status --json
}

@test "stop and start, one node after the other, leader or not" {
	client 1 set lasting yes
	for n in 1 2 3; do
		run -0 on "$n" ./lite-raft stop
		has_role "$n" stopped
		run -0 on "$n" ./lite-raft stop
		# Through the others.
		run -0 client "$n" get lasting
		[ "$output" = yes ]
		run -0 client "$n" set "while" "$n was away"
		run -0 on "$n" ./lite-raft start
		not has_role "$n" stopped
		run -0 client "$n" get "while"
		[ "$output" = "$n was away" ]
	done
}

@test "all stopped and started again: nothing is lost" {
	client 2 set lasting "yes, still"
	for n in 1 2 3; do
		stop "$n"
	done
	none_left() { [ -z "$(for n in 1 2 3; do node_pids "$n"; done)" ]; }
	wait_for 10 none_left # what others ask of a node comes and goes
	run -69 client 1 --timeout 2 get lasting
	for n in 1 2 3; do
		start "$n"
	done
	run -0 client 3 get lasting
	[ "$output" = "yes, still" ]
}

@test "restart is a stop and a start" {
	before=$(role_pid 1)
	SSH_AUTH_SOCK=$BATS_TEST_TMPDIR/agent run -0 on 1 ./lite-raft restart
	[ "$(role_pid 1)" != "$before" ]
	run -0 client 1 noop
	# Whoever typed it may leave, with the keys of their ssh-agent.
	[ ! -r "/proc/$(role_pid 1)/environ" ] || run ! grep -q SSH_AUTH_SOCK "/proc/$(role_pid 1)/environ"
	# What could not start again is not stopped.
	before=$(role_pid 1)
	printf '1s\n' >"$(node_dir 1)/conf/election_timeout"
	run -78 on 1 ./lite-raft restart
	[[ ${#lines[@]} -eq 1 && $output == *conf/election_timeout* ]]
	printf '1\n' >"$(node_dir 1)/conf/election_timeout"
	[ "$(role_pid 1)" = "$before" ]
}

@test "what cannot be printed is an error" {
	for verb in status check 'check --json'; do
		for to in '>/dev/full' '>&-'; do
			run -74 on 1 sh -c "exec ./lite-raft $verb $to"
			[ "$output" = 'lite-raft: cannot write standard output' ]
		done
	done
	# What was done is done.
	run -0 on 1 sh -c 'exec ./lite-raft stop >&-'
	has_role 1 stopped
	run -0 on 1 sh -c 'exec ./lite-raft start <&- >&- 2>&-'
	not has_role 1 stopped
}

@test "F52 first-boot and start are refused where they would do harm" {
	before=$(role_pid 1)
	run -78 on 1 ./lite-raft first-boot
	[[ $output == *"start"* ]]
	run -1 on 1 ./lite-raft start
	[[ $output == *"running already"* ]]
	[ "$(role_pid 1)" = "$before" ]
	stop 1
	run -78 on 1 ./lite-raft first-boot
	start 1
	run -0 client 1 get lasting
}

@test "one node alone needs no ssh" {
	alone=$BATS_TEST_TMPDIR/alone
	copy_tree "$alone"
	cd "$alone"
	printf 'alone\n' >conf/cluster_nodes
	printf 'alone\n' >conf/node_name
	printf '1\n' >conf/election_timeout
	bin=$BATS_TEST_TMPDIR/bin
	mkdir "$bin"
	printf '#!/bin/sh\nprintf "ssh was called\\n" >&2\nexit 255\n' >"$bin/ssh"
	chmod 755 "$bin/ssh"
	export PATH=$bin:$PATH
	out ./lite-raft first-boot --wait
	run -0 out ./lite-raft-client set k v
	run -0 out ./lite-raft-client get k
	[ "$output" = v ]
	out ./lite-raft restart
	run -0 out ./lite-raft-client get k
	run -0 out ./lite-raft stop
	[[ $output != *"ssh was called"* ]]
	not grep -r "ssh was called" message-log
}

@test "first-boot builds the programs where they are missing, and takes a shell" {
	fresh=$BATS_TEST_TMPDIR/fresh
	copy_tree "$fresh"
	cd "$fresh"
	make -s clean
	sed -i 's/^CFLAGS = .*/CFLAGS = -O0/' Makefile # soon
	printf 'fresh\n' | tee conf/cluster_nodes >conf/node_name
	run -0 out ./lite-raft first-boot "$(command -v bash)"
	[ "$(grep -c -i 'build' <<<"$output")" -eq 1 ]
	run -0 out ./lite-raft-client --timeout 20 noop
	[[ $(ps -o args= -p "$(libexec/os/hold --who state/running)") == *bash* ]]
	run -0 out ./lite-raft stop
}

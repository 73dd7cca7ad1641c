# A cluster whose scripts run under each of the POSIX shells: its first boot, which
# takes the shell, a failover, a way back, and an end that leaves nothing.

load ../lib/cluster
load ../lib/faults
. "$ROOT/tests/lib/shells.sh"

setup_file() {
	cluster_up 3 --no-boot
}

teardown_file() {
	cluster_down
}

teardown() {
	cluster_after
}

# first_boots SHELL: of all nodes at once, as if there had been none before.
first_boots() {
	local node
	for node in $(nodes); do
		crash "$node"
		on "$node" rm -rf state run message-log
	done
	boot_all "$1"
}

# scripts_name SHELL I: no script of node I names another; where the shell would lose
# bytes on the client's command line, the client's may.
scripts_name() {
	local others
	others=$(cd "$CLUSTER/n$2/lite-raft" && find lite-raft lite-raft-client bin libexec -type f -perm -u+x |
		if [ "${1##*/}" = yash ]; then grep -v 'lite-raft-client$'; else cat; fi |
		while IFS= read -r file; do head -n 1 "$file"; done | grep -a '^#!' | grep -v -x -e "#!$1") || :
	[ -z "$others" ]
}

# runs_under SHELL I: its role does, the first one by its whole path.
runs_under() {
	[[ $(ps -ww -o args= -p "$(role_pid "$2")") == "$1 "*libexec/role/* ]]
}

# nothing_left I: no process of node I is; what others ask of it comes and goes.
nothing_left() {
	[ -z "$(node_pids "$1")" ]
}

# fails_over SHELL: through all that a cluster does, and no shell that complains.
fails_over() {
	local it node shell
	shell=$(shell_find "$1" "$BATS_FILE_TMPDIR/shells") || skip "there is no $1 here"
	first_boots "$shell"
	it=$(await_leader)
	node=$(another "$it")
	scripts_name "$shell" "$node"
	wait_for 5 runs_under "$shell" "$node"
	client "$node" set 'a key' $'\377'
	[ "$(client "$it" get 'a key')" = $'\377' ]
	client "$node" set 'a key' "of $1"

	# It dies, and another comes; it comes back; it hands over.
	crash "$it"
	client "$node" --timeout 20 if 'a key' = "of $1" set 'it died'
	start "$it"
	[ "$(client "$it" --timeout 20 get 'a key')" = 'it died' ]
	it=$(await_leader)
	stop "$it"
	wait_for 10 nothing_left "$it"
	logged "$it" ' leader hands over to n'
	client "$(another)" --timeout 20 set 'a key' 'handed over'
	on "$it" ./lite-raft start --wait
	[ "$(client "$it" --timeout 20 get 'a key')" = 'handed over' ]
	run -0 on "$it" ./lite-raft status
	[[ $output == *$'\nmembers '*3$'\n'* ]]

	for node in $(nodes); do
		stop "$node"
		wait_for 10 nothing_left "$node"
		# What a shell says that does not understand a script.
		on "$node" cat message-log/stderr
		run -1 on "$node" grep -i -E 'not found|syntax|unexpected|invalid|bad |parameter|unknown' message-log/stderr
	done
}

@test "dash" {
	fails_over dash
}

@test "bash" {
	fails_over bash
}

@test "ksh93" {
	fails_over ksh93
}

@test "mksh" {
	fails_over mksh
}

@test "busybox ash" {
	fails_over ash
}

@test "yash" {
	fails_over yash
}

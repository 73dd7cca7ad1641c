# lite-raft check: what is wrong with one node or one way is said in one line,
# with the way out; nothing is changed, nothing hangs.

load ../lib/cluster
load ../lib/faults

# An election timeout of ten seconds: a busy machine is no slow login.
setup_file() {
	cluster_up 3 10 --no-boot
	cc -shared -fPIC -o "$BATS_FILE_TMPDIR/odd.so" "$BATS_TEST_DIRNAME/odd.c"
	for node in 1 2 3; do
		rm -rf "$CLUSTER/n$node/lite-raft/message-log"
		cp -Rp "$CLUSTER/n$node" "$BATS_FILE_TMPDIR/n$node"
	done
}

teardown_file() {
	cluster_down
}

# Whatever a test made wrong is right again.
teardown() {
	local node
	[ -z "${listener-}" ] || send KILL "$listener"
	for node in 1 2 3; do
		cp -Rp "$BATS_FILE_TMPDIR/n$node/." "$CLUSTER/n$node"
		if [ -e "$CLUSTER/n$node/restart" ]; then
			rm "$CLUSTER/n$node/restart"
			restart_sshd "$node"
		fi
	done
	cluster_after
}

# sshd NODE LINE: a line more in its sshd's configuration.
sshd() {
	: >"$CLUSTER/n$1/restart"
	printf '%s\n' "$2" >>"$CLUSTER/n$1/sshd_config"
	restart_sshd "$1"
}

# odd NODE HOW: it is so from now on (odd.c).  LD_PRELOAD takes no blanks.
odd() {
	: >"$CLUSTER/n$1/restart"
	sed -i "s,^SetEnv .*,& ODD=$2 LD_PRELOAD=\"$BATS_FILE_TMPDIR/odd.so\"," "$CLUSTER/n$1/sshd_config"
	restart_sshd "$1"
}

# login NODE COMMAND: what its login shell does first.
login() {
	sshd "$1" "ForceCommand $2; c=\$SSH_ORIGINAL_COMMAND; unset SSH_ORIGINAL_COMMAND; eval \"\$c\""
}

# edit NODE FILE SED: NODE's conf/FILE.
edit() {
	sed -i "$3" "$CLUSTER/n$1/lite-raft/conf/$2"
}

# finds LINE...: check on n1 ends with 1, and all that it has to mend are these
# lines (patterns), each once.
finds() {
	local line mends
	run on 1 ./lite-raft check
	printf '%s\n' "$status" "$output"
	[ "$status" -eq 1 ] || return
	mapfile -t mends < <(grep '^mend  ' <<<"$output")
	[ "${#mends[@]}" -eq $# ] || return
	for line; do
		[ "$(grep -c -E -e "^mend  $line\$" <<<"$output")" -eq 1 ] || {
			printf 'not once: %s\n' "$line"
			return 1
		}
	done
	[ "$#" -eq 1 ] || [ "${lines[-1]}" = "$# things are to be mended" ]
}

# none NODE PATTERN: no process of its with such words is left.
none() {
	[ -z "$(processes "$1" "$2")" ]
}

# all_files: what there is of the three nodes, but for what sshd notes.
all_files() {
	find "$CLUSTER" ! -name sshd.log ! -name job ! -name out -printf '%P %y %m %s %T@\n' | sort
}

@test "before the first boot: a line for each node and each way, all is well, nothing has changed" {
	touch -d '1 hour ago' "$CLUSTER"/n*/lite-raft
	before=$(all_files)
	run -0 on 1 ./lite-raft check
	printf '%s\n' "$output"
	[ "${#lines[@]}" -eq 13 ]
	[ "${lines[-1]}" = 'all is well' ]
	for node in 1 2 3; do
		grep -q -E "^ok    n$node: lite-raft [0-9.]+ in $CLUSTER/n$node/lite-raft, a sync takes [0-9.]+ ms\$" <<<"$output"
		for other in 1 2 3; do
			grep -q -E "^ok    n$node to n$other: a login takes [0-9.]+ m?s, a round trip [0-9.]+ ms\$" <<<"$output"
		done
	done
	# A file that had a name for a moment has touched the directory.
	diff <(sed -E 's,^(n./lite-raft) .*,\1,' <<<"$before") <(all_files | sed -E 's,^(n./lite-raft) .*,\1,')
}

@test "--json is JSON, says the same, and can be told from a script" {
	run -0 on 1 ./lite-raft check --json
	printf '%s\n' "$output"
	awk -f "$ROOT/tests/lib/json.awk" <<<"$output"
	[[ $output == *'"ok":true}' ]]
	grep -q '"ok":true,"what":"way","node":"n2","to":"n3"' <<<"$output"
	# Whatever stands in it; yash reads no bytes that are no text.
	[[ $(head -n 1 "$ROOT/libexec/link/gate") == *yash* ]] || odd=$'\303\251'
	printf 'n3 /no "where\\"\t%s\n' "${odd-}" >>"$CLUSTER/n1/lite-raft/conf/directories"
	run -1 on 1 ./lite-raft check --json
	awk -f "$ROOT/tests/lib/json.awk" <<<"$output"
	[[ $output == *'"ok":false}' ]]
	grep -q '"ok":false,"what":"nowhere","node":"n1","to":"n3"' <<<"$output"
	run -64 on 1 ./lite-raft status --json
	run -64 on 1 ./lite-raft check n2
}

@test "conf/ that cannot be read: 78, one line, and nobody is asked" {
	edit 1 cluster_nodes 's/n3/n2/'
	run -78 on 1 ./lite-raft check
	said_once
	[[ $output == *'names a host twice'* ]]
	edit 1 cluster_nodes 's/ n2//'
	printf 'n3 nowhere\n' >>"$CLUSTER/n1/lite-raft/conf/directories"
	edit 1 cluster_nodes 's/n2/n2 n3/'
	run -78 on 1 ./lite-raft check --json
	[[ $output == *conf/directories* ]]
	printf 'soon\n' >"$CLUSTER/n1/lite-raft/conf/election_timeout"
	run -78 on 1 ./lite-raft check
	said_once
}

@test "F57 a name that resolves to nothing, from here or from there" {
	edit 1 ssh_config '/^Host n2$/,/Port/s/HostName .*/HostName nowhere.invalid/'
	edit 3 ssh_config '/^Host n1$/,/Port/s/HostName .*/HostName nowhere.invalid/'
	finds 'n1 to n2: the name resolves to nothing; write it into .*conf/ssh_config' \
		'n3 to n1: the name resolves to nothing; on n3: write it into .*conf/ssh_config'
}

@test "F57 a host key that is unknown, or has changed, is told apart" {
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/new"
	read -r type key _ <"$BATS_TEST_TMPDIR/new.pub"
	sed -i "s,^n3 .*,n3 $type $key," "$CLUSTER/n1/known_hosts"
	sed -i '/^n1 /d' "$CLUSTER/n2/known_hosts"
	finds "n1 to n3: its host key is another than the one in $CLUSTER/n1/known_hosts; .*\./lite-raft keys --hosts" \
		'n2 to n1: its host key is not known; on n2: \./lite-raft keys --hosts'
	cp -p "$BATS_FILE_TMPDIR/n2/known_hosts" "$CLUSTER/n2"
	cp -p "$BATS_FILE_TMPDIR/n1/known_hosts" "$CLUSTER/n1"
	sed 's/^n3 /@revoked n3 /' "$BATS_FILE_TMPDIR/n1/known_hosts" >"$CLUSTER/n1/known_hosts"
	finds 'n1 to n3: its host key is marked as revoked; make that host a new one \(ssh-keygen -A there\), and then: \./lite-raft keys --hosts'
}

@test "F57 a private key that others may read" {
	chmod 644 "$CLUSTER/n2/id"
	why="ssh does not use a private key that others may read; on n2: chmod 600 '$CLUSTER/n2/id'"
	finds "n2 to n1: $why" "n2 to n2: $why" "n2 to n3: $why"
}

@test "F57 a key that is refused, a sshd that does not listen" {
	sed -i '/ n1$/d' "$CLUSTER/n2/authorized_keys"
	edit 3 ssh_config '/^Host n1$/,/Port/s/Port .*/Port 1/'
	finds 'n1 to n2: permission denied; on n2: \./lite-raft keys --install.*' \
		"n3 to n1: nobody listens at its ssh port; start its sshd.*"
}

@test "another directory: none there, or another node's" {
	edit 1 directories "s,^n3 .*,n3 $CLUSTER/n3/else where,"
	finds "n1 to n3: there is no lite-raft in $CLUSTER/n3/else where; .*conf/directories: n3 DIRECTORY"
	edit 1 directories "s,^n3 .*,n3 $CLUSTER/n3/lite-raft,"
	# The forced command of n1's key leads elsewhere.
	sed -i "/ n1\$/s,^,restrict\,command=\"'$CLUSTER/n2/lite-raft/libexec/link/gate' peer\" ," "$CLUSTER/n3/authorized_keys"
	finds "n3: the gate that answers is in $CLUSTER/n2/lite-raft, not in $CLUSTER/n3/lite-raft; see the forced command.*"
	cp -p "$BATS_FILE_TMPDIR/n3/authorized_keys" "$CLUSTER/n3"
	# Another host by that name, from n2 alone and from here.
	edit 2 ssh_config "/^Host n3$/,/HostKeyAlias/{s/Port .*/Port $(cat "$CLUSTER/n1/port")/;s/HostKeyAlias .*/HostKeyAlias n1/}"
	edit 2 directories "s,^n3 .*,n3 $CLUSTER/n1/lite-raft,"
	finds 'n2 to n3: the node that answers is called n1; let n3 lead to the same host everywhere'
	printf 'n1\n' >"$CLUSTER/n3/lite-raft/conf/node_name"
	finds 'n3: the node that answers there is called n1; let n3 lead to the right host, or .*conf/node_name.*'
}

@test "another version: other programs, an older gate, none that are built" {
	printf '# new\n' >>"$CLUSTER/n2/lite-raft/libexec/role/leader"
	sed -i 's/ | peer:check / /' "$CLUSTER/n3/lite-raft/libexec/link/gate"
	finds 'n2: its programs are others \(0.1 .*\) than here \(0.1 .*\); copy bin/ and libexec/ there.*: make' \
		"n1 to n3: its gate refuses to be checked; another version is there, or .*" \
		"n2 to n3: its gate refuses to be checked; another version is there, or .*"
	cp -Rp "$BATS_FILE_TMPDIR"/n[23] "$CLUSTER"
	rm "$CLUSTER/n3/lite-raft/libexec/step/vote"
	finds "n3: its programs are not built, so nothing was measured there; in $CLUSTER/n3/lite-raft there: make"
}

@test "lists and timeouts that differ, names that are in no list" {
	edit 2 cluster_nodes 's/ n3//'
	edit 2 election_timeout 's/.*/20/'
	printf 'n4\n' >"$CLUSTER/n3/lite-raft/conf/node_name"
	finds 'n2: its conf/cluster_nodes says n1 n2 and the one here says n1 n2 n3; let both say the same' \
		'n2: its conf/election_timeout says 20 and the one here says 10; let both say the same' \
		'n3: cannot use conf/node_name: n4 is not in conf/cluster_nodes \(n1 n2 n3\)'
	printf 'n9\n' >"$CLUSTER/n1/lite-raft/conf/node_name"
	edit 1 election_timeout 's/.*/none/'
	run -78 on 1 ./lite-raft check
	edit 1 election_timeout 's/.*/10/'
	run -1 on 1 ./lite-raft check
	grep -q -x 'mend  here: cannot use conf/node_name: n9 is not in .*' <<<"$output"
	printf 'n2\n' >"$CLUSTER/n1/lite-raft/conf/node_name"
	run -1 on 1 ./lite-raft check
	printf '%s\n' "$output"
	grep -q 'the node that answers.* is called n2' <<<"$output"
}

@test "a long list is the same on all nodes, and is said to be" {
	local long
	long=$(printf 'n%059d.invalid ' 1 2 3 4 5 6)
	for node in 1 2 3; do
		edit "$node" cluster_nodes "s/n3/& $long/"
	done
	run -1 on 1 ./lite-raft check
	printf '%s\n' "$output"
	grep -q '^ok    n2: ' <<<"$output"
	not grep -q 'conf/cluster_nodes says' <<<"$output"
}

@test "F56 a login shell that prints, and one that takes its time" {
	login 2 'echo "Welcome to n2"; echo mail >&2'
	login 3 'sleep 6'
	finds 'n2: a login shell there prints 14 bytes before it does what it is told; its start-up files.*' \
		'n3: a login there takes ([6-9]|1[0-4])\.[0-9] s, longer than half an election timeout; see .* echo [0-9.]+ >conf/election_timeout'
}

@test "F54 a host that swallows all, and a login shell that never ends: said in time" {
	perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 9, LocalAddr => "127.0.0.1") or die;
		$| = 1; print $s->sockport, "\n"; sleep 300' >"$BATS_TEST_TMPDIR/port" 3>&- 4>&- &
	listener=$!
	wait_for 20 test -s "$BATS_TEST_TMPDIR/port"
	edit 1 ssh_config "/^Host n2\$/,/Port/s/Port .*/Port $(cat "$BATS_TEST_TMPDIR/port")/"
	login 3 'sleep 300'
	began=$(milliseconds)
	finds 'n1 to n2: that host does not answer; is it up, is a packet filter between\? ssh .* n2 true' \
		'n1 to n3: nothing comes from its login shell within 15 s; .*'
	(($(milliseconds) - began < 60000))
	# Nothing of it is left here.
	wait_for 20 none 1 'conf/ssh_config.* check'
}

@test "a clock that stands still, here or there" {
	odd 2 still
	finds 'n2: its monotonic clock stands still, .*'
	began=$(milliseconds)
	run -1 on 1 env ODD=still LD_PRELOAD="$BATS_FILE_TMPDIR/odd.so" ./lite-raft check
	printf '%s\n' "$output"
	[ "${lines[0]%%;*}" = 'mend  n1: its monotonic clock stands still, so that nothing is ever noticed to be late' ]
	[ "${#lines[@]}" -eq 2 ]
	(($(milliseconds) - began < 20000))
}

@test "F47 a disk that is slow, one that hangs, one that cannot be written to" {
	odd 2 sync
	odd 3 hang
	run -1 on 1 ./lite-raft check
	printf '%s\n' "$output"
	grep -q -E '^mend  n2: a sync of its disk takes [1-9]\.[0-9] s, longer than a tenth of the election timeout; .* echo [2-9]0 >conf/election_timeout$' <<<"$output"
	grep -q -E '^mend  n3: cannot sync its disk: its syncs did not end within 5 s; see to .*/n3/lite-raft there$' <<<"$output"
	not grep -q -E '^mend  n1: .*sync' <<<"$output"
	# The hanging one is not left behind.
	wait_for 20 none 3 'os/measure sync'
}

@test "an election timeout that is too short for the round trips" {
	odd 3 far
	for node in 1 2 3; do
		edit "$node" election_timeout 's/.*/3/'
	done
	run -1 on 1 ./lite-raft check
	printf '%s\n' "$output"
	for node in 1 2; do
		grep -q -E "^mend  n$node to n3: a round trip takes ([4-9][0-9]+ ms|[0-9.]+ s), longer than a tenth of the election timeout; on each node: echo [1-9][05]? >conf/election_timeout\$" <<<"$output"
	done
	not grep -q -E "^mend  n[12] to n[12]: a round trip" <<<"$output"
}

@test "after the first boot: the same, whether the nodes run or not; nothing has changed" {
	boot_all
	await_leader
	before=$(for node in 1 2 3; do show "$node" id && show "$node" cluster; done)
	run -0 on 2 ./lite-raft check
	printf '%s\n' "$output"
	[ "${#lines[@]}" -eq 13 ]
	stop 3
	files=$(find "$CLUSTER"/n3/lite-raft/{state,run} | sort) # the others work
	run -0 on 3 ./lite-raft check
	[ "$(find "$CLUSTER"/n3/lite-raft/{state,run} | sort)" = "$files" ]
	[ "$(for node in 1 2 3; do show "$node" id && show "$node" cluster; done)" = "$before" ]
	# conf/ that no longer names the members.
	for node in 1 2 3; do
		edit "$node" cluster_nodes 's/ n3//'
	done
	run -1 on 1 ./lite-raft check
	printf '%s\n' "$output"
	grep -q 'mend  n1: conf/cluster_nodes does not name the member n3; ' <<<"$output"
	grep -q 'ok    n1 to n3: ' <<<"$output"
	for node in 1 2 3; do
		crash "$node"
		rm -rf "$CLUSTER/n$node/lite-raft/state" "$CLUSTER/n$node/lite-raft/run"
	done
}

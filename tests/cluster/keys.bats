# lite-raft keys: keys of the cluster's own, on a cluster that has no others; what
# they open, and what an attacker who has one of them is refused.

load ../lib/cluster
load ../lib/faults

# Nodes that know the way to each other, but neither keys nor hosts' keys.
setup_file() {
	cluster_up 3 10 --no-boot
	for node in 1 2 3; do
		sed -i '/^Host \*/,$d' "$CLUSTER/n$node/lite-raft/conf/ssh_config"
		: >"$CLUSTER/n$node/authorized_keys"
		rm -f "$CLUSTER/n$node"/{known_hosts,id,id.pub}
	done
	mkdir "$BATS_FILE_TMPDIR/home"
}

teardown_file() {
	cluster_down
}

setup() {
	export HOME=$BATS_FILE_TMPDIR/home
	CONF=$CLUSTER/n1/lite-raft/conf
}

teardown() {
	cluster_after
}

# keys I WORD...: on node I.
keys() {
	local i=$1
	shift
	on "$i" ./lite-raft keys "$@"
}

# fingerprint I: of node I's host key.
fingerprint() {
	ssh-keygen -lf "$CLUSTER/n$1/host_key.pub" | cut -d ' ' -f 2
}

# spread: n1's keys and what it knows of the hosts goes to the others, as scp would
# take it there.
spread() {
	local node
	for node in 2 3; do
		cp -p "$CONF"/{peer,client}_key{,.pub} "$CONF/known_hosts" "$CLUSTER/n$node/lite-raft/conf"
	done
}

@test "two pairs are made, nobody else reads them, and the lines are shown" {
	run -0 keys 1
	printf '%s\n' "$output"
	for role in peer client; do
		[ "$(stat -c %a "$CONF/${role}_key")" = 600 ]
		read -r type blob comment <"$CONF/${role}_key.pub"
		grep -q -x -F "restrict,command=\"'$CLUSTER/n1/lite-raft/libexec/link/gate' $role\" $type $blob $comment" <<<"$output"
	done
	not cmp "$CONF/peer_key" "$CONF/client_key"
	run -74 on 1 sh -c 'exec ./lite-raft keys >/dev/full'
	[ "${lines[-1]}" = 'lite-raft: cannot write standard output' ]
	run -0 on 1 ssh -G -F conf/ssh_config n2
	grep -q -x "identityfile $CONF/peer_key" <<<"$output"
	grep -q "^userknownhostsfile $CONF/known_hosts" <<<"$output"
	grep -q -x 'hostname 127.0.0.1' <<<"$output"
	grep -q -E '^stricthostkeychecking (ask|true)$' <<<"$output"
}

@test "nothing that is there is overwritten" {
	cp -Rp "$CONF" "$BATS_TEST_TMPDIR"
	run -0 keys 1
	diff -r "$CONF" "$BATS_TEST_TMPDIR/conf"
	# The public half can be made again, the other one not.
	rm "$CONF/peer_key.pub"
	run -0 keys 1
	[ "$(cut -d ' ' -f 1,2 "$CONF/peer_key.pub")" = "$(cut -d ' ' -f 1,2 "$BATS_TEST_TMPDIR/conf/peer_key.pub")" ]
	rm "$CONF/peer_key"
	run -78 keys 1
	said_once
	[[ $output == *'conf/peer_key.pub is there without it'* ]]
	cp -p "$BATS_TEST_TMPDIR/conf"/peer_key* "$CONF"
	# One that cannot be made leaves nothing that is taken for it.
	rm "$CONF/peer_key.pub"
	: >"$CONF/peer_key"
	for _ in 1 2; do
		run -78 keys 1
		[[ $output == *'cannot make conf/peer_key.pub out of conf/peer_key'* ]]
		[ ! -e "$CONF/peer_key.pub" ]
	done
	cp -p "$BATS_TEST_TMPDIR/conf"/peer_key* "$CONF"
	chmod 644 "$CONF/client_key"
	run -78 keys 1
	[[ ${lines[-1]} == *'others may read it'*': chmod 600 conf/client_key' ]]
	chmod 600 "$CONF/client_key"
	rm -f "$CONF/peer_key.pub.new"
}

@test "a person's lines in conf/ssh_config stay; a directory that has moved is wired anew" {
	{
		printf '# mine\nHost far\n\tHostName far.example.org\n'
		cat "$CONF/ssh_config"
	} >"$BATS_TEST_TMPDIR/config"
	cp "$BATS_TEST_TMPDIR/config" "$CONF/ssh_config"
	mv "$CLUSTER/n1/lite-raft" "$CLUSTER/n1/moved here"
	cd "$CLUSTER/n1/moved here"
	# Its bytes are durable before they have the name, and the name is then.
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nprintf "%%s\\n" "sync $(cd conf && ls | grep new)" >>"%s"\n' "$BATS_TEST_TMPDIR/synced" \
		>"$BATS_TEST_TMPDIR/bin/sync"
	chmod +x "$BATS_TEST_TMPDIR/bin/sync"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run -0 out ./lite-raft keys
	[ "$(cat "$BATS_TEST_TMPDIR/synced")" = $'sync ssh_config.new\nsync ' ]
	[ "$(grep -c '^# lite-raft keys: ' conf/ssh_config)" -eq 2 ]
	diff <(sed "s,/n1/lite-raft/,/n1/moved here/,g" "$BATS_TEST_TMPDIR/config") conf/ssh_config
	cd /
	mv "$CLUSTER/n1/moved here" "$CLUSTER/n1/lite-raft"
	run -0 keys 1
	diff "$BATS_TEST_TMPDIR/config" "$CONF/ssh_config"
	# What could be quoted nowhere.
	mv "$CLUSTER/n1/lite-raft" "$CLUSTER/n1/a\$(b)"
	cd "$CLUSTER/n1/a\$(b)"
	run -78 out ./lite-raft keys --install "$BATS_TEST_TMPDIR/none"
	[ ! -e "$BATS_TEST_TMPDIR/none" ]
	cd /
	mv "$CLUSTER/n1/a\$(b)" "$CLUSTER/n1/lite-raft"
	keys 1
}

@test "a conf/ssh_config that cannot be read whole, or not written, stays as it is" {
	cp -p "$CONF/ssh_config" "$BATS_TEST_TMPDIR"
	sed -i -e '/^# lite-raft keys: end$/d' -e 's,/n1/lite-raft/,/elsewhere/,' "$CONF/ssh_config"
	printf '# mine\n' >>"$CONF/ssh_config"
	cp "$CONF/ssh_config" "$BATS_TEST_TMPDIR/cut"
	run -78 keys 1
	[[ ${lines[-1]} == *'# lite-raft keys: end' ]]
	cmp "$CONF/ssh_config" "$BATS_TEST_TMPDIR/cut"
	printf '# lite-raft keys: end\n' >>"$CONF/ssh_config"
	cp "$CONF/ssh_config" "$BATS_TEST_TMPDIR/cut"
	ln -sf /dev/full "$CONF/ssh_config.new"
	run -74 keys 1
	cmp "$CONF/ssh_config" "$BATS_TEST_TMPDIR/cut"
	rm "$CONF/ssh_config.new"
	cp -p "$BATS_TEST_TMPDIR/ssh_config" "$CONF"
}

@test "--install writes both lines, once, behind what is there" {
	file=$BATS_TEST_TMPDIR/keys
	printf '# theirs\nssh-ed25519 AAAA theirs' >"$file"
	run -0 keys 1 --install "$file"
	[[ ${lines[-1]} == *'the way back: '*"$CLUSTER/n1/lite-raft/libexec/link/gate"* ]]
	run -0 keys 1 --install "$file"
	[ "$(wc -l <"$file")" -eq 4 ]
	[ "$(head -n 2 "$file")" = $'# theirs\nssh-ed25519 AAAA theirs' ]
	[ "$(grep -c '^restrict,command=' "$file")" -eq 2 ]
	# The same key with more rights is not passed over in silence.
	cat "$CONF/peer_key.pub" >"$file"
	cp "$file" "$file.before"
	run -1 keys 1 --install "$file"
	said_once
	[[ $output == *'with other words in line 1; take that line out first' ]]
	cmp "$file" "$file.before"
	# Without a file it is the user's own, which nobody else may write.
	run -0 keys 1 --install
	[ "$(stat -c %a "$HOME/.ssh") $(stat -c %a "$HOME/.ssh/authorized_keys")" = '700 600' ]
	rm -r "$HOME/.ssh"
	run -64 keys 1 --install a b
	run -64 keys 1 install
	run -0 keys 1 --help
	[[ $output == *'The way back:'* ]]
}

@test "--hosts shows fingerprints, and pins only what is agreed to" {
	run -1 keys 1 --hosts
	printf '%s\n' "$output"
	for node in 1 2 3; do
		grep -q "^n$node  *$(fingerprint "$node") ssh-ed25519 (new)" <<<"$output"
	done
	[[ ${lines[-1]} == *'nothing was pinned'*--accept* ]]
	[ ! -e "$CONF/known_hosts" ]
	run -1 keys 1 --hosts --accept SHA256:none
	[ ! -s "$CONF/known_hosts" ]
	run -64 keys 1 --hosts --accept
	run -64 keys 1 --hosts --accept -
	run -64 keys 1 --hosts --yes more
	run -1 keys 1 --hosts --accept "$(fingerprint 2)"
	[[ ${lines[-1]} == *'no key is pinned that these show: n1 n3' ]]
	[ "$(cut -d ' ' -f 1 "$CONF/known_hosts")" = n2 ]
	# What cannot be shown is not pinned.
	for to in '>/dev/full' '>&-'; do
		run -74 on 1 sh -c "exec ./lite-raft keys --hosts --yes $to"
		[ "${lines[-1]}" = 'lite-raft: cannot write standard output' ]
		[ "$(cut -d ' ' -f 1 "$CONF/known_hosts")" = n2 ]
	done
	# What is pinned outlives a full disk.
	cp "$CONF/known_hosts" "$BATS_TEST_TMPDIR"
	ln -s /dev/full "$CONF/known_hosts.new"
	run -74 keys 1 --hosts --yes
	cmp "$CONF/known_hosts" "$BATS_TEST_TMPDIR/known_hosts"
	rm "$CONF/known_hosts.new"
	run -0 keys 1 --hosts --accept "$(fingerprint 1)" "$(fingerprint 3)"
	[ "$(cut -d ' ' -f 1 "$CONF/known_hosts" | sort | tr '\n' ' ')" = 'n1 n2 n3 ' ]
	cp "$CONF/known_hosts" "$BATS_TEST_TMPDIR"
	run -0 keys 1 --hosts
	[ "$(grep -c '(known)' <<<"$output")" -eq 3 ]
	cmp "$CONF/known_hosts" "$BATS_TEST_TMPDIR/known_hosts"
	# Where ssh does not look they are of no use yet, and that is said.
	cp "$CONF/ssh_config" "$BATS_TEST_TMPDIR"
	sed -i '/UserKnownHostsFile/d' "$CONF/ssh_config"
	run -1 keys 1 --hosts
	[[ ${lines[-1]} == *'ssh looks elsewhere'*': ./lite-raft keys' ]]
	cp "$BATS_TEST_TMPDIR/ssh_config" "$CONF"
}

@test "--hosts asks at a terminal, and no is no" {
	command -v script || skip 'there is no script(1)'
	mv "$CONF/known_hosts" "$BATS_TEST_TMPDIR"
	for answer in '' n no x; do
		printf '%s\n' "$answer" | out script -qec "cd '$CLUSTER/n1/lite-raft' && ./lite-raft keys --hosts" /dev/null >"$BATS_TEST_TMPDIR/said" || :
		grep -q 'Pin them? \[y/N\]' "$BATS_TEST_TMPDIR/said"
		[ ! -e "$CONF/known_hosts" ]
	done
	# Who has not seen them is not asked.
	printf 'y\n' | out script -qec "cd '$CLUSTER/n1/lite-raft' && ./lite-raft keys --hosts >'$BATS_TEST_TMPDIR/shown'" /dev/null >"$BATS_TEST_TMPDIR/said" || :
	grep -q 'nothing was pinned' "$BATS_TEST_TMPDIR/said"
	not grep -q 'Pin them' "$BATS_TEST_TMPDIR/said"
	[ ! -e "$CONF/known_hosts" ]
	printf 'y\n' | out script -qec "cd '$CLUSTER/n1/lite-raft' && ./lite-raft keys --hosts" /dev/null
	diff <(sort "$CONF/known_hosts") <(sort "$BATS_TEST_TMPDIR/known_hosts")
}

@test "F57 a key that has changed is never taken for the old one, not even with --yes" {
	cp "$CONF/known_hosts" "$BATS_TEST_TMPDIR"
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/new"
	read -r type key _ <"$BATS_TEST_TMPDIR/new.pub"
	sed -i "s,^n2 .*,n2 $type $key," "$CONF/known_hosts"
	cp "$CONF/known_hosts" "$BATS_TEST_TMPDIR/wrong"
	for how in '' --yes "--accept $(fingerprint 2)"; do
		run -1 keys 1 --hosts $how
		grep -q '^n2 .*(changed)' <<<"$output"
		grep -q 'n2 shows another key than conf/known_hosts has' <<<"$output"
		[[ ${lines[-1]} == *'these show: n2' ]]
		cmp "$CONF/known_hosts" "$BATS_TEST_TMPDIR/wrong"
	done
	# Nor one that was revoked.
	sed 's,^n2 ,@revoked n2 ,' "$BATS_TEST_TMPDIR/known_hosts" >"$CONF/known_hosts"
	run -1 keys 1 --hosts --yes
	grep -q '^n2 .*(revoked)' <<<"$output"
	not grep -q '^n2 .*(known)' <<<"$output"
	grep -q 'n2 shows a key that conf/known_hosts calls revoked' <<<"$output"
	[[ ${lines[-1]} == *'these show: n2' ]]
	cp "$BATS_TEST_TMPDIR/known_hosts" "$CONF"
	# A host has several, of one of which it is known; the others are no reason to
	# be afraid, and not pinned for a yes.
	ssh-keygen -q -t ecdsa -N '' -f "$CLUSTER/n2/other_key"
	cp "$CLUSTER/n2/sshd_config" "$BATS_TEST_TMPDIR"
	printf 'HostKey "%s"\n' "$CLUSTER/n2/other_key" >>"$CLUSTER/n2/sshd_config"
	restart_sshd 2
	run -0 keys 1 --hosts --yes
	printf '%s\n' "$output"
	grep -q '^n2 .* ssh-ed25519 (known)' <<<"$output"
	grep -q '^n2 .* ecdsa-sha2-nistp256 (other)' <<<"$output"
	[[ $output != *changed* ]]
	cmp "$CONF/known_hosts" "$BATS_TEST_TMPDIR/known_hosts"
	cp "$BATS_TEST_TMPDIR/sshd_config" "$CLUSTER/n2"
	restart_sshd 2
	# One that shows none, one that ssh reaches through another.
	cp "$CONF/ssh_config" "$BATS_TEST_TMPDIR"
	sed -i '/^Host n3$/,/Port/s/Port .*/Port 1/' "$CONF/ssh_config"
	sed -i '/^Host n2$/a\	ProxyCommand nc %h %p' "$CONF/ssh_config"
	run -1 keys 1 --hosts --yes
	grep -q 'n3 does not show a key' <<<"$output"
	grep -q 'n2 is reached through a proxy' <<<"$output"
	cp "$BATS_TEST_TMPDIR/ssh_config" "$CONF"
}

@test "with these keys alone the cluster is checked, boots, and works" {
	run -1 on 1 ./lite-raft check
	[ "$(grep -c '^mend  n1 to n[123]: permission denied; on n[123]: ./lite-raft keys --install' <<<"$output")" -eq 3 ]
	spread
	for node in 1 2 3; do
		keys "$node" --install "$CLUSTER/n$node/authorized_keys"
	done
	run -0 on 1 ./lite-raft check
	printf '%s\n' "$output"
	[ "${lines[-1]}" = 'all is well' ]
	boot_all
	await_leader
	client 1 set keys work
	[ "$(client 2 get keys) $(client 3 get keys)" = 'work work' ]
}

# attack: the keys as a thief has them, by themselves.
attack() {
	options=()
	it=$(await_leader)
	wait_for 20 agreed # one that lags will be in another term
	other=$(follower)
	for role in peer client; do
		cp -p "$CONF/${role}_key" "$BATS_FILE_TMPDIR/$role"
	done
	# Without conf/peer_key, which ssh_config names.
	sed "s,^\tIdentityFile.*,\tIdentityFile none," "$CONF/ssh_config" >"$BATS_TEST_TMPDIR/config"
	before=$(for node in 1 2 3; do show "$node" term && show "$node" voted_for && show "$node" members; done)
}

# by ROLE I [WORD...]: ssh to node I with ROLE's key and no other.
by() {
	local role=$1 i=$2
	shift 2
	out timeout 30 ssh -F "$BATS_TEST_TMPDIR/config" -o BatchMode=yes -i "$BATS_FILE_TMPDIR/$role" "${options[@]}" "n$i" "$@"
}

# refused: 77, and nothing but a sentence.
refused() {
	printf '%s: %.300s\n' "$status" "$output"
	[ "$status" -eq 77 ]
	[[ $output == *'gate: refused: '* ]]
}

unchanged() {
	[ "$(for node in 1 2 3; do show "$node" term && show "$node" voted_for && show "$node" members; done)" = "$before" ]
	[ "$(leader)" = "$it" ]
}

@test "F61 a peer's key opens no shell, no file, no port, no terminal" {
	attack
	run by peer "$other" hello </dev/null
	[[ $output == *'lite-raft-gate 1'* ]]
	for words in 'sh' 'id' "sh -c 'id; hello; id'" 'scp -t /tmp' "$CLUSTER/n1/lite-raft/libexec/link/gate peer" 'gate client;id'; do
		run by peer "$other" "$words" </dev/null
		refused
	done
	# The words before the last one are run by nobody.
	run by peer "$other" "touch '$BATS_TEST_TMPDIR/touched'; hello" </dev/null
	run by peer "$other" "\$(touch '$BATS_TEST_TMPDIR/touched') hello" </dev/null
	run by peer "$other" $'touch\t'"'$BATS_TEST_TMPDIR/touched'"$'\nhello' </dev/null
	refused
	[ ! -e "$BATS_TEST_TMPDIR/touched" ]
	# sshd passes on no stderr of a subsystem.
	options=(-s)
	run -77 by peer "$other" sftp </dev/null
	[ -z "$output" ]
	options=(-tt)
	run by peer "$other" hello </dev/null
	[[ $output == *'PTY allocation request failed'* ]]
	options=(-o ExitOnForwardFailure=yes -R 0:127.0.0.1:1)
	run by peer "$other" hello </dev/null
	[ "$status" -eq 255 ]
	# What is forwarded from here is refused when it is used.
	options=(-W "127.0.0.1:$(cat "$CLUSTER/n1/port")")
	run by peer "$other" </dev/null
	[ "$status" -eq 255 ]
	[[ $output == *'administratively prohibited'* ]]
	options=(-N -o StreamLocalBindUnlink=yes -o ExitOnForwardFailure=yes -R "$BATS_TEST_TMPDIR/socket:127.0.0.1:1")
	run by peer "$other"
	[ "$status" -eq 255 ]
	unchanged
}

@test "F61 a client's key is no peer's, whatever is asked, and however" {
	attack
	run by client "$it" client <<<'get keys'
	[ "${lines[-1]}" = '0 work' ]
	long=$(printf '%60000s' '' | tr ' ' x)
	# Where nothing is asked for it is the same: the store, and no members.
	for words in client ''; do
		run by client "$it" ${words:+"$words"} <<<'del-member n9'
		printf '%s\n' "$output"
		[[ ${lines[-1]} == *'this host may use the store, and no more'* ]]
	done
	for words in vote append handover hello check admin peer survey 'client hello' $'client\nhello' $'hello\n' $'\nhello' $'hello\r' 'client	vote' \
		'*' '?lient' '[c]lient' 'c*' '{client,vote}' '~' '$IFS' '${SSH_ORIGINAL_COMMAND##* }' 'client ' $'client\x01' $'\xff\xfe' $'cli\xc3ent' \
		"$long" "client $long" "$long vote" "$(printf 'vote %.0s' {1..9000})"; do
		# yash has no variable of bytes that are no text: nothing was asked for.
		[[ $(head -n 1 "$ROOT/libexec/link/gate"):$words != *yash*:*[$'\xff'$'\xc3']* ]] || continue
		run by client "$other" "$words" < <(ballot 1 "$other" 1000)
		refused
	done
	# Longer than a kernel passes on: nothing of it is run at all.
	run by client "$other" "$long$long$long client" </dev/null
	[ "$status" -ne 0 ]
	[[ $output != *'hello 1'* ]]
	# Without a command it is the store's door, and no more.
	run by client "$other" -T < <(ballot 1 "$other" 1000)
	[[ $output != *'lr1 '* ]]
	options=(-s)
	run -77 by client "$other" sftp </dev/null
	[ -z "$output" ]
	unchanged
}

@test "F61 what comes in the environment opens nothing, even where sshd takes all of it" {
	attack
	printf 'AcceptEnv *\n' >>"$CLUSTER/n$other/sshd_config"
	restart_sshd "$other"
	mkdir "$BATS_TEST_TMPDIR/libexec"
	options=(-o 'SendEnv=*')
	for set in SSH_ORIGINAL_COMMAND=vote SSH_ORIGINAL_COMMAND='client vote' IFS=cli CDPATH="$BATS_TEST_TMPDIR" LITE_RAFT_RUNNING=1 \
		LC_ALL=nowhere LANG=xx_YY.UTF-8 ENV=/etc/passwd role=peer verb=vote PWD=/ OLDPWD=/ 'PS4=$(touch touched)' POSIXLY_CORRECT=1; do
		for words in vote hello check 'client hello'; do
			export "${set?}"
			run by client "$other" "$words" < <(unset CDPATH && ballot 1 "$other" 1000)
			unset "${set%%=*}"
			IFS=$' \t\n'
			printf '%s ' "$set"
			refused
		done
	done
	unchanged
	sed -i '/^AcceptEnv/d' "$CLUSTER/n$other/sshd_config"
	restart_sshd "$other"
}

@test "the way back: what is taken out of authorized_keys opens nothing more" {
	attack
	sed -i "\,$CLUSTER/n$other/lite-raft/libexec/link/gate,d" "$CLUSTER/n$other/authorized_keys"
	for role in peer client; do
		run by "$role" "$other" client </dev/null
		[ "$status" -eq 255 ]
		[[ $output == *'Permission denied'* ]]
	done
	run -1 on "$it" ./lite-raft check
	grep -q -E "^mend  n$it to n$other: permission denied; on n$other: \./lite-raft keys --install" <<<"$output"
	keys "$other" --install "$CLUSTER/n$other/authorized_keys"
	run -0 on "$it" ./lite-raft check
}

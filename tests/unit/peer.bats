# The way out: what ssh is asked to do.  ssh is a script here that says so.
# bats file_tags=shells

bats_require_minimum_version 1.5.0

setup() {
	HERE=$BATS_TEST_TMPDIR/a\ tree
	mkdir -p "$HERE"/libexec/{link,lib} "$HERE"/{conf,run} "$BATS_TEST_TMPDIR/bin"
	cp "${BATS_TEST_DIRNAME%/tests/*}/libexec/lib/lite.sh" "$HERE/libexec/lib"
	cp "${BATS_TEST_DIRNAME%/tests/*}/libexec/link/peer" "$HERE/libexec/link"
	printf '#!/bin/sh\nprintf "%%s\\n" "in ${PWD##*/}" "$@"\n' >"$BATS_TEST_TMPDIR/bin/ssh"
	chmod +x "$BATS_TEST_TMPDIR/bin/ssh"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	cd "$HERE" || return
	printf '1\n' >run/election_timeout
}

# master NODE: makes the socket of an open connection.
master() {
	(cd run && perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) &&
		bind(S, pack_sockaddr_un($ARGV[0])) || die' "m.$1")
}

# has OPTION...: each is among what ssh was given.
has() {
	local option
	for option; do
		grep -qxF -- "$option" <<<"$output" || {
			printf 'no %s in:\n%s\n' "$option" "$output"
			return 1
		}
	done
}

@test "the command is the peer's gate, quoted, and one verb" {
	run -0 libexec/link/peer n2 vote
	has "in run" n2 "'$HERE/libexec/link/gate' vote"
	[ "${lines[-1]}" = "'$HERE/libexec/link/gate' vote" ]
	[ "${lines[-2]}" = n2 ]
	[ "${lines[-3]}" = -- ]
}

@test "host keys are checked, nothing is asked, nothing is forwarded" {
	run -0 libexec/link/peer n2 vote
	has StrictHostKeyChecking=yes BatchMode=yes ClearAllForwardings=yes \
		ForwardAgent=no ForwardX11=no PermitLocalCommand=no EscapeChar=none \
		RequestTTY=no ControlPersist=no LogLevel=ERROR
	run ! grep -qx -- -F <<<"$output"
	: >conf/ssh_config
	run -0 libexec/link/peer n2 vote
	has -F "$HERE/conf/ssh_config"
}

@test "conf/directories says where another node lies" {
	printf '# places\nn2 /srv/lite raft/x\nn3 /other\r\n' >conf/directories
	run -0 libexec/link/peer n2 vote
	has "'/srv/lite raft/x/libexec/link/gate' vote"
	run -0 libexec/link/peer n3 hello
	has "'/other/libexec/link/gate' hello"
	run -0 libexec/link/peer n4 hello
	has "'$HERE/libexec/link/gate' hello"
}

@test "a directory that no shell could quote is refused" {
	local dir
	for dir in "/a'b" '/a!b'; do
		printf 'n2 %s\n' "$dir" >conf/directories
		run -78 libexec/link/peer n2 vote
		[ "$output" = "peer: cannot use the directory $dir: its name has a ' or a ! in it" ]
	done
}

@test "the open connection is used if there is one, and no other after it" {
	run -0 libexec/link/peer n2 vote
	has ControlPath=none
	run ! grep -q ProxyCommand <<<"$output"
	master n2
	run -0 libexec/link/peer n2 vote
	has ControlMaster=no ControlPath=m.n2 ProxyCommand=false
	run -0 libexec/link/peer n3 vote
	has ControlPath=none
	run -0 libexec/link/peer -o n2 append
	has ControlMaster=no ControlPath=none "'$HERE/libexec/link/gate' append"
	run ! grep -q ProxyCommand <<<"$output"
}

@test "before the first boot there is no run/, and a connection of its own is all" {
	rmdir run || rm -r run
	run -0 libexec/link/peer -o n2 check
	has "in a tree" ControlPath=none StrictHostKeyChecking=yes "'$HERE/libexec/link/gate' check"
	for words in 'n2 vote' '-M n2' '-X n2'; do
		run -69 libexec/link/peer $words
		[[ $output = *'never started' ]]
	done
	[ ! -e run ]
}

@test "-M is a connection for others to use, -X ends it" {
	run -0 libexec/link/peer -M n2
	has ControlMaster=yes ControlPath=m.n2 -N n2
	[ "${lines[-1]}" = n2 ]
	run -0 libexec/link/peer -X n2
	has -O exit ControlPath=m.n2
	run -0 libexec/link/peer -M 'fe80::1%eth%0'
	has 'ControlPath=m.fe80::1%%eth%%0' 'fe80::1%eth%0'
}

@test "how soon a connection counts as dead follows the election timeout" {
	run -0 libexec/link/peer n2 vote
	has ConnectTimeout=3 ServerAliveInterval=1 ServerAliveCountMax=2
	printf '0.05\n' >run/election_timeout
	run -0 libexec/link/peer n2 vote
	has ConnectTimeout=3 ServerAliveInterval=1
	printf '9.5\n' >run/election_timeout
	run -0 libexec/link/peer n2 vote
	has ConnectTimeout=10 ServerAliveInterval=5
	printf '3600\n' >run/election_timeout
	run -0 libexec/link/peer n2 vote
	has ConnectTimeout=10 ServerAliveInterval=10
	rm run/election_timeout
	run -0 libexec/link/peer n2 vote
	has ConnectTimeout=10 ServerAliveInterval=5
}

@test "usage: 64, and ssh is not run" {
	local words
	for words in '' n2 'n2 vote more' '-o n2' '-M n2 vote' '-M' '-q n2 vote' '../n2 vote' '-- vote'; do
		run -64 libexec/link/peer $words
		[[ $output = "usage: peer "* ]]
	done
	run -64 libexec/link/peer '' vote
}

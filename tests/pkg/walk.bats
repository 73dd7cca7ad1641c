# An administrator's walk through all verbs, right and wrong, under each shell, with a real
# store and a real package.
# bats file_tags=shells

load ../lib/cluster

CLUSTER=$BATS_FILE_TMPDIR/nodes # a server's directory has no blank in it
PKG=$BATS_FILE_TMPDIR/a\ host/pkg

setup_file() {
	CLUSTER=$BATS_FILE_TMPDIR/nodes
	cluster_up 1
	mkdir "${PKG%/pkg}"
	cp -Rp "$ROOT/pkg" "$PKG"
	cp "$(node_dir 1)/conf/ssh_config" "$PKG"
	printf 'n1=%s\n' "$(node_dir 1)" >"$PKG/lite-raft-remote"
	printf 'a\n' >"$PKG/node_name"
}

teardown_file() {
	CLUSTER=$BATS_FILE_TMPDIR/nodes
	cluster_down
}

setup() {
	cd "$PKG" || return
	export PKG_NODE=a
	unset PKG_LIB PKG_NAME PKG_RUN
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 30 message-log/*.log || :
	out timeout 20 ./pkg stop web || :
}

# pkg WORD...: as it is typed; nothing that is typed takes forever.
pkg() {
	out timeout 60 ./pkg "$@" </dev/null
}

# script NAME LINE...: a control script of these settings, and a program.
script() {
	local name=$1
	shift
	{
		head -n 1 pkg
		printf '%s\n' "$@" '. "${PKG_LIB:-$(dirname -- "$0")/../libexec}/resources.sh"' \
			'prog it "exec sleep 1000"' 'pkg_main "$@"'
	} >"control-scripts/$name"
	chmod +x "control-scripts/$name"
}

# refused STATUS TEXT WORD...: one line, on stderr, that begins so.
refused() {
	run "-$1" --separate-stderr pkg "${@:3}"
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "pkg: $2"* ]]
}

# soon_says PATTERN: does status say so, soon?
soon_says() {
	wait_for 20 says "$1"
}
says() {
	[[ $(pkg status -f web) == $1 ]]
}

@test "all verbs, on a package that runs" {
	script web 'nodes="a b"' 'profile=fast' 'soft=10'
	run -0 pkg init web
	run -0 pkg init web
	[ "$output" = 'pkg: web is in the store as it is here' ]
	run -3 pkg status web
	run -0 pkg run web
	[ "$output" = 'pkg: web is watched on a' ]
	soon_says 'web running owner=a *'
	run -0 pkg run web
	[ "$output" = 'pkg: web runs on a already' ]
	run -0 pkg status
	[[ ${lines[0]} == 'PACKAGE STATE '* && ${lines[1]} == 'web '*' running a '* && ${lines[2]} == 'raft: quorum 1/1'* ]]
	pkg status --json >json
	awk -f "$ROOT/tests/lib/json.awk" json
	run -0 pkg check web
	[[ $output == *'a node that is cut off has stopped it after 12 s; another takes over after 14.77 s'* ]]
	[[ $output == *"b can't be asked for proof"* ]]
	refused 1 'cannot move web: no other node stands by' move web
	refused 1 'cannot move web to a: it is there' move web a
	refused 1 'cannot move web to b: it does not stand by there' move web b
	refused 1 'cannot move web to c: it is none of its nodes (a b)' move web c
	refused 1 'cannot disable web on c: it is none of its nodes (a b)' disable web c
	pkg disable web b
	refused 1 'cannot move web to b: it may not run there; the way back: ./pkg enable web b' move web b
	pkg enable web b
	pkg maint web on
	soon_says 'web maint owner=a * maint=on *'
	run -0 pkg status web
	run -0 pkg why web
	[[ ${lines[0]} == 'it is left alone'* && $output == *'its state is maint, its owner a'* ]]
	pkg maint web off
	soon_says 'web running owner=a * maint=- *'
	run -0 pkg halt web
	run -3 pkg status web
	run -0 pkg confirm-dead web
	[[ $output == *'is not held by anybody: its state is halted' ]]
	run -0 pkg start web
	[ "$output" = 'pkg: web runs on a' ]
	run -0 pkg stop web
	[[ ${lines[0]} == 'pkg: a leaves web, and nobody takes over: '* ]]
	run -0 pkg stop web
	[ "$output" = 'pkg: web is not run on a' ]
	run -0 pkg log web
	[[ ${lines[0]} == *' a starts, epoch 1' && $output == *' a is released here: a has left' ]]
}

@test "what can't be done is said in one line, with its status" {
	for verb in init run check; do
		run -78 pkg "$verb" nix
		[[ ${lines[-1]} == 'pkg: cannot find control-scripts/nix; begin with: '* ]]
	done
	for verb in status halt start move enable disable log why confirm-dead; do
		refused 78 'cannot find nix: the store does not know it; use: ./pkg init nix' "$verb" nix
	done
	refused 78 'cannot find nix' maint nix on
	refused 64 'cannot use the name ../a' run ../a
	for words in '' run 'run a b' 'run -x a' 'maint web' 'maint web maybe' 'nothing web' 'log -f'; do
		run -64 --separate-stderr pkg $words
		[[ -z $output && $stderr == 'usage: pkg init'* ]]
	done
	for verb in init run stop status halt start move enable disable maint check log why confirm-dead; do
		run -0 --separate-stderr pkg "$verb" --help
		[[ -z $stderr && $output == 'usage: pkg init'* ]]
	done
}

@test "a control script that the shell can't read, or that nothing runs, is not believed" {
	script broken 'nodes="a b"'
	pkg init broken
	script broken 'nodes="a b"' 'if then'
	for verb in init run; do
		refused 78 'cannot use control-scripts/broken: ' "$verb" broken
	done
	run -78 pkg check broken
	[[ ${lines[-1]} == 'pkg: cannot use control-scripts/broken: '* ]]
	[ "$(client 1 get pkg/broken/conf)" = 'nodes a b' ]
	printf '#!/no/such/sh\n' >control-scripts/broken
	refused 78 'cannot run control-scripts/broken: its first line names /no/such/sh' init broken
	printf 'case $1 in start) sleep 1000 & ;; esac\n' >control-scripts/broken
	refused 78 'cannot use control-scripts/broken: its first line must name what runs it' run broken
	printf '#!/bin/sh\r\nexit 0\r\n' >control-scripts/broken
	refused 78 'cannot use control-scripts/broken: its lines end as those of DOS do' init broken
	# Root can read all.
	as=()
	[ "$(id -u)" -ne 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chmod 111 control-scripts/broken
	run -78 "${as[@]}" "$(head -n 1 pkg | cut -c 3-)" -c '. libexec/lib.sh; prog=pkg; script_check broken'
	[ "$output" = 'pkg: cannot read control-scripts/broken, nor could what runs it; use: chmod +r control-scripts/broken' ]
	chmod 755 control-scripts/broken
	script broken 'case $1 in status) sleep 1000 ;; esac' 'nodes="a b"'
	echo 'script_patience=1' >>libexec/lib.sh
	run pkg check broken
	[[ $output == *'pkg: its status does not end'* ]]
	script broken '[ "$1" != echo ] || sleep 1000'
	refused 78 'cannot use control-scripts/broken: its echo does not end' init broken
	cp "$ROOT/pkg/libexec/lib.sh" libexec
}

@test "a monitor that says nothing, a stop that does not end: a line, and no hang" {
	script web 'nodes="a b"' 'profile=fast' 'soft=10' 'stop_timeout=7'
	pkg init web
	pkg run web
	soon_says 'web running owner=a *'
	cp libexec/local "$BATS_TEST_TMPDIR"
	printf '#!/bin/sh\n[ "$2" = leave ] || exit 0\nexec sleep 1000\n' >libexec/local
	echo 'stop_patience=-6' >>libexec/verb/run.sh
	run -1 pkg stop web
	cp "$ROOT/pkg/libexec/verb/run.sh" libexec/verb
	[[ ${lines[-1]} == 'pkg: cannot stop web so far, and goes on with it on a; see: ./pkg why web' ]]
	cp "$BATS_TEST_TMPDIR/local" libexec
	pkg stop web
	script other 'nodes="b"'
	pkg init other
	pkg run other # none of its nodes: nothing is armed here
	monitor=$("$ROOT/libexec/os/hold" --who run/other/monitor)
	kill -STOP "$monitor"
	refused 74 'cannot reach the monitor of other, which says nothing' stop other
	run -1 pkg run other
	[[ ${lines[-1]} == 'pkg: cannot run other: guard: other runs here already'* ]]
	kill -CONT "$monitor"
	run -0 pkg stop other
}

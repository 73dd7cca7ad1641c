# What an administrator types, against a real store: what is asked of it, what is
# told, the exit status, and what two of them do at once.

load ../lib/cluster

CLUSTER=$BATS_FILE_TMPDIR/nodes # a server's directory has no blank in it

setup_file() {
	CLUSTER=$BATS_FILE_TMPDIR/nodes
	cluster_up 1
	host one
}

teardown_file() {
	CLUSTER=$BATS_FILE_TMPDIR/nodes
	cluster_down
}

setup() {
	CLUSTER=$BATS_FILE_TMPDIR/nodes
	PKG=$BATS_FILE_TMPDIR/a\ host\ one/pkg
	export PKG_NODE=a
	name=p$BATS_TEST_NUMBER
}

# host NAME: a host with nothing of lite-raft but its pkg.
host() {
	local dir=$BATS_FILE_TMPDIR/a\ host\ $1
	mkdir "$dir"
	cp -Rp "$ROOT/pkg" "$dir"
	cp "$(node_dir 1)/conf/ssh_config" "$dir/pkg"
	printf 'n1=%s\n' "$(node_dir 1)" >"$dir/pkg/lite-raft-remote"
}

# pkg WORD...: as it is typed there.
pkg() {
	(cd "$PKG" && out timeout 60 ./pkg "$@")
}

# script LINE...: a control script of these settings, and a program.
script() {
	{
		head -n 1 "$ROOT/pkg/pkg"
		printf '%s\n' "$@" '. "${PKG_LIB:-$(dirname -- "$0")/../libexec}/resources.sh"' \
			'prog it "exec sleep 1000"' 'pkg_main "$@"'
	} >"$PKG/control-scripts/$name"
	chmod +x "$PKG/control-scripts/$name"
}

# lease STATE [WORD]: a's, in the store.
lease() {
	client 1 set "pkg/$name/lease" "owner=a boot=ID instance=ff epoch=7 seq=${2:-10} state=$1 limit=1000 since=1700000000 to=- note=why%20not"
}

@test "status of no package at all is JSON, too" {
	run -0 --separate-stderr pkg status --json
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/json"
	awk -f "$ROOT/tests/lib/json.awk" "$BATS_TEST_TMPDIR/json"
	[[ $output == '{"packages":[],"raft":'* ]]
}

@test "init writes what the control script says, once" {
	script 'nodes="a b"' 'restarts=3/5m' 'stop_timeout=7'
	run -0 pkg init "$name"
	[[ ${lines[0]} == "pkg: $name is in the store; now, on each of its nodes: ./pkg run $name" ]]
	[ "$(client 1 get "pkg/$name/conf")" = 'nodes a b
restarts 3/5m
stop_timeout 7' ]
	run -0 pkg init "$name"
	[ "${lines[0]}" = "pkg: $name is in the store as it is here" ]
	script 'nodes="b a"' 'restarts=3/5m'
	run -0 pkg init "$name"
	[[ ${lines[0]} == *"has been changed; a package that runs goes on" ]]
	[ "$(client 1 get "pkg/$name/conf")" = 'nodes b a
restarts 3/5m' ]
}

@test "the original: init on a package that runs caused an outage" {
	script 'nodes="a b"'
	pkg init "$name"
	lease running
	before=$(client 1 get "pkg/$name/lease")
	script 'nodes="a b"' 'poll=0.4'
	run -0 pkg init "$name"
	# Nothing but the settings has been written.
	[ "$(client 1 list "pkg/$name/")" = "pkg/$name/conf
pkg/$name/lease" ]
	[ "$(client 1 get "pkg/$name/lease")" = "$before" ]
}

@test "settings that are not safe are refused, with the rule; where they are not set, they are raised" {
	script 'soft=3'
	run -78 pkg init "$name"
	[[ $output == *"soft must be at least 1.5 x election_timeout + renew + 1.3 = 4.8"* ]]
	run -1 client 1 get "pkg/$name/conf"
	script 'profile=fast'
	run -0 pkg init "$name"
	[[ $output == *"soft is 3.8 s, for the store's election_timeout is 1 s"* ]]
	[[ $(client 1 get "pkg/$name/conf") == *'soft 3.8' ]]
	for line in 'poll=0.6' 'grace=0' 'renew=x' 'restarts=2' 'failback=maybe' 'nodes="a b/c"'; do
		script "$line"
		run -78 pkg init "$name"
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == "pkg: cannot use control-scripts/$name: "* ]]
	done
}

@test "a plain script is a control script, with no settings; one that answers anything is believed nothing" {
	printf '#!/bin/sh\ncase $1 in start|stop|status) exit 0 ;; esac\necho "usage: start stop"\nexit 2\n' >"$PKG/control-scripts/$name"
	chmod +x "$PKG/control-scripts/$name"
	pkg init "$name"
	[ -z "$(client 1 get "pkg/$name/conf")" ]
	printf '#!/bin/sh\necho "usage: start stop"\n' >"$PKG/control-scripts/$name"
	pkg init "$name"
	[ -z "$(client 1 get "pkg/$name/conf")" ]
}

@test "nothing of the caller's environment is taken for a setting" {
	script
	soft=99 kill=77 nodes=x pkg init "$name"
	[ -z "$(client 1 get "pkg/$name/conf")" ]
}

@test "the original: run printed its usage, with status 0" {
	for words in '' run 'run a b' 'run -x a' 'init' 'status -x' 'maint p1' 'maint p1 maybe' 'nothing p1' \
		'stop' '-x' 'move' 'init a/b' 'run ../a' 'log -f' 'status --json -f' 'enable p1 b c'; do
		run -64 --separate-stderr pkg $words
		[ -z "$output" ]
		[[ $stderr == 'usage: pkg init'* || $stderr == 'pkg: cannot use the name '* ]]
	done
	run -0 pkg help
	[[ $output == 'usage: pkg init'* ]]
	run -0 pkg run --help
}

@test "who has no control script, or no package, is told what to type" {
	run -78 pkg init "$name"
	[[ $output == *"begin with: cp control-scripts/template control-scripts/$name" ]]
	run -78 pkg run "$name"
	script
	chmod -x "$PKG/control-scripts/$name"
	run -78 pkg init "$name"
	[[ $output == *"chmod +x control-scripts/$name" ]]
	for verb in halt start move enable disable log why status; do
		run -78 pkg "$verb" "$name"
		[[ $output == *"use: ./pkg init $name" ]]
	done
	run -0 pkg stop "$name"
	[ "$output" = "pkg: $name is not run on a" ]
}

@test "halt, start, enable, disable and maint: what is wanted, and nothing else" {
	script 'nodes="a b c"'
	pkg init "$name"
	lease halted
	run -0 pkg halt "$name"
	[ "$output" = "pkg: $name is down, and stays so until: ./pkg start $name" ]
	[ "$(client 1 get "pkg/$name/want")" = 'up=no auto=on maint=off off= clear=' ]
	lease running
	pkg start "$name"
	[[ $(client 1 get "pkg/$name/want") =~ ^'up=yes auto=on maint=off off= clear='[0-9a-f]{16}$ ]]
	pkg disable "$name" b
	pkg disable "$name" c
	pkg disable "$name" b
	[[ $(client 1 get "pkg/$name/want") == *' off=c,b clear='* ]]
	pkg enable "$name" c
	pkg disable "$name"
	pkg maint "$name" on
	[[ $(client 1 get "pkg/$name/want") == 'up=yes auto=off maint=on off=b clear='* ]]
	run -0 pkg why "$name"
	[[ $output == *"./pkg maint $name off ends that"*"./pkg enable $name ends that"* ]]
	pkg enable "$name"
	pkg enable "$name" b
	pkg maint "$name" off
	[[ $(client 1 get "pkg/$name/want") == 'up=yes auto=on maint=off off= clear='* ]]
}

@test "two administrators at once: both are heeded" {
	script
	pkg init "$name"
	pids=()
	for node in b c d e; do
		pkg disable "$name" "$node" &
		pids+=("$!")
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	want=$(client 1 get "pkg/$name/want")
	for node in b c d e; do
		[[ $want =~ off=[a-e,]*$node ]]
	done
}

@test "move asks only what can be, and once" {
	script 'nodes="a b"'
	pkg init "$name"
	run -1 pkg move "$name"
	lease stopping
	run -1 pkg move "$name"
	[[ $output == *'its state is stopping, on a' ]]
	lease running
	run -1 pkg move "$name" a
	run -1 pkg move "$name" b
	[[ $output == *'it does not stand by there'* ]]
	# Without a node: not where nobody would take it.
	run -1 pkg move "$name"
	[[ $output == *'no other node stands by'* ]]
	client 1 set "pkg/$name/node/b" 'state=standby boot=X fails=0/2 until=0 seen=7.1 note='
	for want in 'auto=off' 'off=b' 'auto=on off=c,b'; do
		client 1 set "pkg/$name/want" "up=yes $want"
		run -1 pkg move "$name"
		[[ $output == *'no other node stands by'* ]]
	done
	client 1 unset "pkg/$name/want"
	client 1 set "pkg/$name/node/c" 'state=standby boot=X fails=0/2 until=0 seen=7.1 note='
	client 1 unset "pkg/$name/node/b"
	run -1 pkg move "$name"
	run -1 client 1 get "pkg/$name/order"
	# Nor where nobody has been heard of for some time: long ago, or before this owner's.
	for seen in 7.9 6.5000; do
		client 1 set "pkg/$name/node/b" "state=standby boot=X fails=0/2 until=0 seen=$seen note="
		lease running 50
		run -1 pkg move "$name"
		[[ $output == *'no other node stands by'* ]]
		run -1 pkg move "$name" b
		[[ $output == *'it does not stand by there'* ]]
	done
	client 1 set "pkg/$name/node/b" 'state=standby boot=X fails=0/2 until=0 seen=7.40 note='
	# Whoever owns it moves it; also where the order's first answer is lost.
	mv "$PKG/libexec/session" "$PKG/libexec/session.real"
	cat >"$PKG/libexec/session" <<-'END'
		#!/bin/sh
		[ "$1" != --list ] || exec "$0.real" "$@"
		cat >asked
		"$0.real" "$@" <asked >told
		if grep -q '^if .*/order ' asked && [ ! -e again ]; then
			"$0.real" "$@" <asked >told
			: >again
		fi
		cat told
	END
	chmod +x "$PKG/libexec/session"
	out "$BASH" -c 'until [ -e "$3/again" ] && [[ $(cd "$1" && ./lite-raft-client get "pkg/$2/order" 2>/dev/null) == "move b "* ]]; do sleep 0.1; done
		cd "$1" && ./lite-raft-client unset "pkg/$2/order" &&
			./lite-raft-client set "pkg/$2/lease" "owner=b boot=X instance=fe epoch=8 seq=1 state=running limit=1000 since=1 to=- note="' \
		move "$(node_dir 1)" "$name" "$PKG" &
	run -0 pkg move "$name" b
	[ "$output" = "pkg: $name runs on b" ]
	mv "$PKG/libexec/session.real" "$PKG/libexec/session"
	wait
	# No ban is left behind.
	run -1 client 1 get "pkg/$name/want"
	run -1 client 1 get "pkg/$name/order"
}

@test "halt, start and move end with 1 where it did not happen; degraded is up, failed is down" {
	sed -i 's/await_end=.*/await_end=$(($(date +%s) + 1))/' "$PKG/libexec/verb/want.sh"
	script 'nodes="a b"'
	pkg init "$name"
	client 1 set "pkg/$name/node/b" 'state=standby boot=X fails=0/2 until=0 seen=7.1 note='
	for state in running failed released degraded; do
		lease "$state"
		case $state in
		failed | released) status=0 ;;
		*) status=1 ;;
		esac
		run "-$status" pkg halt "$name"
		run "-$((1 - status))" pkg start "$name"
	done
	run -1 pkg move "$name"
	[[ $output == *'has not moved yet: its state is degraded, on a'* ]]
	cp "$ROOT/pkg/libexec/verb/want.sh" "$PKG/libexec/verb"
}

@test "stop says what becomes of it, maintenance and all" {
	script 'nodes="a b"'
	pkg init "$name"
	cp "$PKG/libexec/local" "$BATS_TEST_TMPDIR"
	printf '#!/bin/sh\n' >"$PKG/libexec/local"
	client 1 set "pkg/$name/node/b" 'state=standby boot=X fails=0/2 until=0 seen=7.1 note='
	while IFS=: read -r state text; do
		lease "$state"
		run -0 pkg stop "$name"
		[[ $output == *"${text/\%s/$name}"* ]]
	done <<-'END'
		running:a leaves %s, and b takes over if it still can
		maint:in maintenance: nobody looks after it, nor takes over, until: ./pkg maint
		stuck:a cannot stop %s: nobody takes over until
		halted:a no longer stands by
		failed:a no longer stands by
	END
	lease degraded
	client 1 set "pkg/$name/want" 'auto=off'
	run -0 pkg stop "$name"
	[[ $output == *"a leaves $name, and nobody takes over: "* ]]
	# Dead for an hour, b is no successor.
	client 1 unset "pkg/$name/want"
	lease running 1800
	run -0 pkg stop "$name"
	[[ $output == *"a leaves $name, and nobody takes over: "* ]]
	cp "$BATS_TEST_TMPDIR/local" "$PKG/libexec/local"
}

@test "who can't ask the store, or write, is told so, and leaves all the same" {
	script 'nodes="b"' # nothing is to start here
	pkg init "$name"
	cp -Rp "$PKG" "$BATS_TEST_TMPDIR/away"
	PKG=$BATS_TEST_TMPDIR/away
	printf 'store_patience=0\n' >>"$PKG/libexec/store.sh"
	sed -i 's/polls=300/polls=50/' "$PKG/libexec/verb/run.sh"
	mkdir -p "$PKG/run/$name/socket/full"
	run -74 pkg run "$name"
	[[ ${lines[-1]} == "pkg: $name is not watched so far, and tries again: monitor: cannot listen on run/$name/socket: "* ]]
	sed -i 's/polls=50/polls=10/' "$PKG/libexec/verb/run.sh"
	rm -r "$PKG/run/$name/socket"
	wait_for 20 pkg run "$name"
	wait_for 20 test -S "$PKG/run/$name/socket"
	mv "$PKG/ssh_config" "$PKG/ssh_away"
	run -0 pkg stop "$name"
	[[ ${lines[0]} == "pkg: a leaves $name; who takes over can't be told without the store: n1="* ]]
	lists() { "$PKG/libexec/session" --list >/dev/full; }
	run -74 lists
	[[ $output == 'session: cannot write the list of servers: '* ]]
	# Nor has a monitor the keys of whoever ran it, who may leave.
	SSH_AUTH_SOCK=$PKG/agent run -69 pkg run "$name"
	[[ ${lines[-1]} == "pkg: $name waits for the store (n1="*'); it goes on by itself: '* ]]
	cd "$PKG"
	wait_for 20 "$ROOT/libexec/os/hold" --who "run/$name/monitor"
	guard=$("$ROOT/libexec/os/hold" --who "run/$name/lock") monitor=$("$ROOT/libexec/os/hold" --who "run/$name/monitor")
	grep -q PKG_NODE "/proc/$monitor/environ"
	run ! grep -q SSH_AUTH_SOCK "/proc/$monitor/environ"
	kill -KILL "$guard" "$monitor"
}

@test "an owner leaves whatever becomes of the question who takes over" {
	script 'nodes="a b"'
	pkg init "$name"
	lease running
	cp -Rp "$PKG" "$BATS_TEST_TMPDIR/ill"
	PKG=$BATS_TEST_TMPDIR/ill
	cd "$PKG"
	printf 'store_patience=0\n' >>libexec/store.sh
	printf '#!/bin/sh\nprintf "%%s\\n" "$2" >>asked\n' >libexec/local
	# stops STATUS WORDS: it does, and says so.
	stops() {
		rm -f asked
		run -0 pkg stop "$name"
		[ "${lines[-1]}" = "pkg: a leaves $name; who takes over can't be told" ]
		[[ $output == *"$1"* ]]
		[ "$(cat asked)" = "$(printf 'status\nleave')" ]
	}
	# The store answers once, or has had enough of us.
	mv libexec/session libexec/session.real
	cat >libexec/session <<-'END'
		#!/bin/sh
		[ "$1" != --list ] || exec "$0.real" "$@"
		[ ! -e once ] || exit
		: >once
		exec "$0.real" "$@"
	END
	chmod +x libexec/session
	stops "pkg: cannot ask the store: n1="
	printf '%s\n' '#!/bin/sh' '[ "$1" != --list ] || exec echo n1' \
		'cat >/dev/null; printf "%s\n" "lite-raft-gate 1" "77 no" "77 no"' >libexec/session
	stops 'pkg: cannot ask the store: no'
	mv libexec/session.real libexec/session
	: >lite-raft-remote
	stops 'pkg: cannot find a server: '
	# A full disk, in short.
	rm -r run
	: >run
	stops 'pkg: cannot make '
}

@test "what no monitor would read is not written" {
	script
	pkg init "$name"
	client 1 set "pkg/$name/want" "up=yes auto=on maint=off off=$(printf '%0960d' 0) clear="
	run -1 pkg disable "$name" "$(printf '%064d' 0)"
	[[ $output == *"cannot change $name: "*" more than 1024 bytes"* ]]
	run -0 client 1 get "pkg/$name/want"
	[[ $output == *" off=$(printf '%0960d' 0) "* ]]
}

@test "what was ended for its time says nothing about what runs next" {
	run -0 "$(head -n 1 "$ROOT/pkg/pkg" | cut -c 3-)" -c '. "$1/libexec/lib.sh"; work=$2; status=
		for it in "1 trap \"kill \\\$!; sleep 1; exit\" TERM; sleep 30 & wait" "30 sleep 3; exit 7"; do
			bounded "${it%% *}" sh -c "${it#* }"
			status="$status $?"
		done
		echo "$status"; ls "$work"' sh "$PKG" "$BATS_TEST_TMPDIR"
	[ "${lines[0]}" = ' 75 7' ]
}

@test "a package is run, and left, whatever it is called, where ps is not what it is elsewhere" {
	name=server
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nexit 1\n' >"$BATS_TEST_TMPDIR/bin/ps"
	chmod +x "$BATS_TEST_TMPDIR/bin/ps"
	script 'nodes="a"'
	pkg init "$name"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	run -0 pkg run "$name"
	[ "${lines[-1]}" = "pkg: $name is watched on a" ]
	run -0 pkg start "$name"
	# A monitor that says nothing, or is just being started again, is there.
	monitor=$(cd "$PKG" && "$ROOT/libexec/os/hold" --who "run/$name/monitor")
	kill -STOP "$monitor"
	run -74 pkg stop "$name"
	[[ $output == *"cannot reach the monitor of $name, which says nothing"* ]]
	kill -KILL "$monitor"
	run -0 pkg stop "$name"
	[[ $output == *"a leaves $name"* ]]
	run -0 pkg stop "$name"
	[ "$output" = "pkg: $name is not run on a" ]
}

@test "a host outside of its nodes is told so, and check believes nobody who says nothing" {
	script 'nodes="b nowhere"'
	pkg init "$name"
	cp "$PKG/libexec/guard" "$BATS_TEST_TMPDIR"
	printf '#!/bin/sh\nexit 1\n' >"$PKG/libexec/guard"
	run -1 pkg run "$name"
	[[ $output == *"$name will not run on a, which is none of its nodes (b nowhere)"* ]]
	cp "$BATS_TEST_TMPDIR/guard" "$PKG/libexec"
	script 'nodes="a nowhere"'
	pkg init "$name"
	run pkg check "$name"
	[[ $output == *"nowhere can't be asked for proof"* ]]
}

@test "check asks with the keys that a monitor would have, and none of whoever types it" {
	script 'nodes="a n1"'
	pkg init "$name"
	cp -Rp "$PKG" "$BATS_TEST_TMPDIR/keys"
	PKG=$BATS_TEST_TMPDIR/keys
	cd "$PKG"
	for program in session prove; do
		mv "libexec/$program" "libexec/$program.real"
		printf '%s\n' '#!/bin/sh' 'printf "%s\n" "${0##*/} ${SSH_AUTH_SOCK-none}" >>found' 'exec "$0.real" "$@"' >"libexec/$program"
		chmod +x "libexec/$program"
	done
	SSH_AUTH_SOCK=$PKG/agent run -0 pkg check "$name"
	[ "$(sort -u found)" = "$(printf '%s\n' 'prove none' 'session none')" ]
}

@test "check: settings that no longer fit the store, a plain script whose children may not be its own" {
	script 'nodes=a'
	pkg init "$name"
	run -0 pkg check "$name"
	[[ $output != *'election_timeout'* && $output != *'resources'* && $output != *'watchdog'* ]]
	client 1 set "pkg/$name/conf" "watchdog $PKG/none"
	client 1 set "pkg/$name/node/nowhere" 'state=standby boot=B fails=0/2 until=0 seen=0.0 note='
	run -78 pkg check "$name"
	[[ $output == *"its watchdog, $PKG/none, is not there"*"nowhere can't be asked for proof"* ]]
	client 1 set "pkg/$name/conf" 'soft 3.1'
	run -78 pkg check "$name"
	[[ $output == *"its settings in the store cannot be used: soft must be at least 1.5 x election_timeout "*"; the way out: ./pkg init $name"* ]]
	client 1 set "pkg/$name/conf" 'profile fast'
	run -78 pkg check "$name"
	[[ $output == *"its settings do not fit the store's election_timeout, 1 s, any more; the way out: ./pkg init $name"* ]]
	# An older store tells no election_timeout.
	mv "$PKG/libexec/session" "$PKG/libexec/session.real"
	printf '%s\n' '#!/bin/sh' '"$0.real" "$@" | sed "s/ election_timeout=[0-9.]*//"' >"$PKG/libexec/session"
	chmod +x "$PKG/libexec/session"
	run -0 pkg check "$name"
	client 1 set "pkg/$name/conf" 'soft 1'
	run -78 pkg check "$name"
	[[ $output == *"its settings in the store cannot be used: soft must be at least 1.5 times renew; "* ]]
	mv "$PKG/libexec/session.real" "$PKG/libexec/session"
	client 1 set "pkg/$name/conf" "$(printf 'profile fast\nsoft 60')"
	printf '#!/bin/sh\ncase $1 in start|stop|status) exit 0 ;; esac\nexit 2\n' >"$PKG/control-scripts/$name"
	run -0 pkg check "$name"
	[[ $output == *'must be named by its verb resources: see control-script(5)'* ]]
}

@test "status: a table, JSON, a line; and its own status says how it is" {
	script 'nodes="a b"' 'on_stop_fail=fence' 'watchdog=/dev/watchdog'
	pkg init "$name"
	run -3 pkg status "$name"
	[[ ${lines[1]} == "$name "*" none "* && ${lines[1]} == *'! nobody runs it' ]]
	[[ ${lines[2]} =~ ^'raft: quorum 1/1, leader n1, term '[0-9]+$ ]]
	for pair in failed:1 stuck:1 halted:3 released:3 maint:0; do
		lease "${pair%:*}" "$RANDOM"
		run "-${pair#*:}" pkg status -f "$name"
		if [ "${pair%:*}" != stuck ]; then
			[[ $output == "$name ${pair%:*} owner=a "*' guard=lease+wd+fence fails=- note=why not' ]]
		fi
	done
	run -0 --separate-stderr pkg status --json "$name"
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/json"
	awk -f "$ROOT/tests/lib/json.awk" "$BATS_TEST_TMPDIR/json"
	[[ $output == '{"packages":[{"package":"'"$name"'","state":"maint",'* ]]
	# What guard has not is not said to guard.
	client 1 set "pkg/$name/lease" "owner=a boot=ID instance=ff epoch=7 seq=9 state=maint limit=1000 since=1 to=- note=no%20watchdog:%20/dev/watchdog"
	run -0 pkg status -f "$name"
	[[ $output == *' guard=lease+fence '*' note=no watchdog: /dev/watchdog' ]]
}

@test "what somebody left who was ended by a signal is removed, and no more" {
	mkdir -p "$PKG/run/.2147483647" "$PKG/run/.$$" "$PKG/run/7"
	: >"$PKG/run/.2147483647/ask"
	run pkg status # whatever the other packages here are
	[ ! -e "$PKG/run/.2147483647" ]
	rmdir "$PKG/run/.$$" "$PKG/run/7"
	# Who has the pid now has another's directory, and may not look into all that is there.
	cd "$PKG"
	run "$BASH" -c 'mkdir "run/.$$" && : >"run/.$$/ask" && exec ./pkg status'
	[[ $output == *'raft: quorum 1/1'* || $output == *'the store knows no package'* ]]
	mkdir -p "$BATS_TEST_TMPDIR/mine/run/.2147483647" "$BATS_TEST_TMPDIR/mine/run/7"
	cp -Rp libexec "$BATS_TEST_TMPDIR/mine"
	cd "$BATS_TEST_TMPDIR/mine"
	chmod 000 run/7
	as=()
	if [ "$(id -u)" -eq 0 ]; then
		as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
		chown -R 65534 .
		chmod -R a+rX libexec
	fi
	run -0 "${as[@]}" "$(head -n 1 "$ROOT/pkg/pkg" | cut -c 3-)" -c '. libexec/lib.sh; . libexec/store.sh; store_sweep'
	[ -z "$output" ]
	[ ! -e run/.2147483647 ]
	chmod 700 run/7
}

@test "status: a lease that nobody renews is not called running" {
	script 'nodes="a b"'
	pkg init "$name"
	lease running
	run -4 pkg status "$name"
	[[ ${lines[1]} == "$name "*silent*'! a has not renewed its lease; why not' ]]
	# Somebody does.
	"$BASH" -c 'n=10; while [ -e "$3" ]; do n=$((n + 1)); (cd "$1" && ./lite-raft-client set "pkg/$2/lease" \
		"owner=a boot=ID instance=ff epoch=7 seq=$n state=degraded limit=8000 since=1 to=- note=fs%3a%2fdata%20ro"); sleep 0.3; done' \
		renew "$(node_dir 1)" "$name" "$BATS_TEST_TMPDIR" 3>&- 4>&- &
	wait_for 10 client 1 if "pkg/$name/lease" != x set "owner=a boot=ID instance=ff epoch=7 seq=10 state=degraded limit=8000 since=1 to=- note=fs%3a%2fdata%20ro"
	run -2 pkg status "$name"
	kill "$!"
	wait || :
	[[ ${lines[1]} == "$name "*degraded*' 8.0s '*'! fs:/data ro' ]]
}

# watches FILE PATTERN: has a line of it that?
watches() {
	local line
	while IFS= read -r line; do
		[[ $line != $2 ]] || return 0
	done <"$1"
	return 1
}

@test "status -w and log -f see what is new, and go on when the store is back" {
	script 'nodes="a b"'
	cp -Rp "$PKG" "$BATS_TEST_TMPDIR/watch"
	printf 'store_patience=0\n' >>"$BATS_TEST_TMPDIR/watch/libexec/store.sh"
	cd "$BATS_TEST_TMPDIR/watch"
	run -78 timeout 20 ./pkg status -w "$name"
	[[ $output == *"cannot find $name: the store does not know it"* ]]
	pkg init "$name"
	./pkg status -w -f "$name" >../shown 2>&1 3>&- 4>&- &
	shows=$!
	./pkg log -f "$name" >../told 2>&1 3>&- 4>&- &
	tells=$!
	wait_for 20 watches ../shown "$name none *"
	lease halted
	wait_for 20 watches ../shown "$name halted owner=a *"
	mv ssh_config away
	wait_for 20 watches ../shown 'pkg: cannot ask the store*'
	wait_for 20 watches ../told 'pkg: cannot ask the store, and goes on to try: n1=*'
	client 1 set "pkg/$name/event/000001" '1700000007 a an event'
	client 1 set "pkg/$name/event/last" 1
	lease failed 11
	mv away ssh_config
	wait_for 20 watches ../shown "$name failed owner=a *"
	wait_for 20 watches ../told '2023-11-14T22:13:27Z a an event'
	kill "$shows" "$tells"
	wait "$shows" "$tells" || :
	[ "$(grep -c 'an event' ../told)" -eq 1 ]
}

@test "log -f ends where what it works in has gone" {
	script
	pkg init "$name"
	client 1 set "pkg/$name/event/000001" '1700000007 a an event'
	cp -Rp "$PKG" "$BATS_TEST_TMPDIR/gone"
	printf 'store_patience=0\n' >>"$BATS_TEST_TMPDIR/gone/libexec/store.sh"
	cd "$BATS_TEST_TMPDIR/gone"
	(exec timeout 60 ./pkg log -f "$name" >../told 2>&1 3>&- 4>&-) &
	tells=$!
	wait_for 20 watches ../told '* an event'
	mv run away
	status=0
	wait "$tells" || status=$?
	[ "$status" -eq 74 ]
	[[ $(tail -n 1 ../told) == *"cannot write $PWD/run/."* ]]
}

@test "no quorum: status says 4, the others 69, in a line that names each server" {
	cp -Rp "$PKG" "$BATS_TEST_TMPDIR/away"
	printf 'n9\nn1=/nowhere\n' >"$BATS_TEST_TMPDIR/away/lite-raft-remote"
	printf 'store_patience=1\n' >>"$BATS_TEST_TMPDIR/away/libexec/store.sh"
	PKG=$BATS_TEST_TMPDIR/away
	run -4 pkg status
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *'cannot ask the store'*'n9: '*'n1=/nowhere: '* ]]
	script
	printf 'store_patience=0\n' >>"$PKG/libexec/store.sh"
	for words in "init $name" "halt $name" "start $name" "move $name" "enable $name" "disable $name b" \
		"maint $name on" "log $name" "why $name" "confirm-dead $name"; do
		run -69 pkg $words
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == 'pkg: cannot ask the store: '* ]]
	done
	run -78 pkg check
	[[ $output == *'n9: '* && $output == *'no server leads'* ]]
	: >"$PKG/lite-raft-remote"
	run -78 pkg status
	[[ $output == *'cannot find a server: write them into '*/lite-raft-remote ]]
	printf 'n1=here\n' >"$PKG/lite-raft-remote"
	run -4 pkg status
	[[ $output == *'write an absolute path behind the ='* ]]
}

@test "log and why: what the store remembers, whoever saw it" {
	script 'nodes="a b"'
	pkg init "$name"
	for n in 7 8 9 10; do
		client 1 set "pkg/$name/event/00000$n" "170000000$((n % 10)) a event $n of \$(touch ran)"
	done
	client 1 set "pkg/$name/event/last" 10
	run -0 pkg log "$name"
	[ "${lines[0]}" = '2023-11-14T22:13:27Z a event 7 of $(touch ran)' ]
	[ "${#lines[@]}" -eq 4 ]
	[[ ${lines[3]} == *'event 10 of'* ]]
	lease failed
	run -0 pkg why "$name"
	[[ ${lines[0]} == 'its state is failed, its owner a: why not' ]]
	[[ ${lines[-1]} == *'event 10 of'* ]]
}

@test "confirm-dead: not of one that renews, not without being asked, and then at once" {
	script 'nodes="a b"'
	pkg init "$name"
	run -1 pkg confirm-dead "$name"
	lease released
	run -0 pkg confirm-dead "$name"
	lease stuck 20
	run -64 pkg confirm-dead "$name"
	[[ $output == *'./pkg confirm-dead --yes'* ]]
	[[ $(client 1 get "pkg/$name/lease") == *' seq=20 state=stuck '* ]]
	run -0 pkg confirm-dead --yes "$name"
	[ "$(client 1 get "pkg/$name/lease")" = 'owner=a boot=ID instance=ff epoch=7 seq=21 state=released limit=1000 since=1700000000 to=- note=why%20not' ]
	lease stuck 30
	pkg confirm-dead --yes "$name" >"$BATS_TEST_TMPDIR/told" 2>&1 &
	wait_for 20 watches "$BATS_TEST_TMPDIR/told" '*whether a renews the lease*' # it has read that
	lease stuck 31
	status=0
	wait "$!" || status=$?
	[ "$status" -eq 1 ]
	watches "$BATS_TEST_TMPDIR/told" '*cannot call a dead: it has renewed its lease just now*'
	[[ $(client 1 get "pkg/$name/lease") == *' seq=31 state=stuck '* ]]
}

@test "a client's key that opens nothing but the store is enough" {
	ssh-keygen -q -t ed25519 -N '' -f "$PKG/client_key"
	printf "restrict,command=\"'%s/libexec/link/gate' client\" %s\n" "$(node_dir 1)" "$(cat "$PKG/client_key.pub")" \
		>>"$CLUSTER/n1/authorized_keys"
	cp "$PKG/ssh_config" "$BATS_TEST_TMPDIR"
	sed -i '/IdentityFile/d' "$PKG/ssh_config"
	script
	run -0 pkg init "$name"
	rm "$PKG/client_key"
	cp "$BATS_TEST_TMPDIR/ssh_config" "$PKG"
}

@test "on a host that is a server itself, its own node is asked, and no list is needed" {
	name=own
	PKG=$(node_dir 1)/pkg
	script 'nodes="a b"'
	mv "$PKG/lite-raft-remote" "$BATS_TEST_TMPDIR"
	run -0 pkg init "$name"
	[ "$(client 1 get "pkg/own/conf")" = 'nodes a b' ]
	run -3 pkg status own
	[ "$(cat "$PKG/run/.server")" = . ]
}

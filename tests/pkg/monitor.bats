# monitor: packages on hosts with a real store, by real ssh.

load monitor

setup_file() {
	cluster_up 3
	hosts_up a b
}

teardown_file() {
	hosts_down a b
	cluster_down
}

teardown() {
	local log
	[ ! -e "$HOSTS/a/list" ] || mv "$HOSTS/a/list" "$HOSTS/a/pkg/lite-raft-remote"
	if [ -z "${BATS_TEST_COMPLETED-}" ]; then
		for log in "$HOSTS"/*/pkg/message-log/*.log; do
			printf '%s\n' "$log"
			tail -n 40 "$log"
		done
		client 1 --timeout 5 list pkg/ | while read -r key; do
			printf '%s = %s\n' "$key" "$(client 1 get "$key")"
		done
	fi
	hosts_down a b
	[ ! -d "$HOSTS/twin" ] || hosts_down twin
	cluster_after
}

# sessions HOST: its ssh's.
sessions() {
	local pid
	for pid in $(host_pids "$1"); do
		[ "$(cat "/proc/$pid/comm")" != ssh ] || printf '%s\n' "$pid"
	done 2>/dev/null
}

# keeps_session HOST NAME: one that was there is there after renewals.
keeps_session() {
	local before n
	before=$(sessions "$1")
	for n in 1 2; do
		was=$(lease "$2")
		wait_for 10 renewed "$2" "$was"
	done
	[ -n "$before" ] && sessions "$1" | grep -q -x -F -e "$before"
}

@test "take, run, renew; a stand-by waits; stop: the other takes over at once" {
	plain one a b
	settings one
	guard_run a one
	wait_for 20 runs_on a one
	guard_run b one
	was=$(lease one)
	wait_for 10 lease_says one 'owner=a * epoch=1 * state=running *'
	wait_for 10 renewed one "$was"
	wait_for 20 keeps_session a one
	leave a one
	wait_for 20 runs_on b one
	lease_says one 'owner=b * epoch=2 *'
	one_owner one
	grep -q 'a start' "$RECORD.one"
	[ "$(grep -c start "$RECORD.one")" -eq 2 ]
	[ "$(last_beat a one)" -lt "$(first_beat b one)" ]
}

@test "a monitor that is killed: the next one has renewed within 3 s, the package untouched" {
	plain two a
	settings two
	guard_run a two
	wait_for 20 runs_on a two
	beat=$(cat "$HOSTS/a/pkg/run/two/beat")
	took=3000
	for n in 1 2 3; do # its ssh, and the clients that look, may have been late
		[ "$took" -ge 3000 ] || break
		was=$(lease two)
		at=$(milliseconds)
		kill -KILL "$(pid_of a two monitor)"
		wait_for 10 renewed_anew two "$was"
		took=$(($(milliseconds) - at))
		printf 'renewed within %s ms\n' "$took"
	done
	[ "$took" -lt 3000 ]
	sleep 1
	kill -0 "$beat"
	[ "$(grep -c start "$RECORD.two")" -eq 1 ]
	lease_says two 'owner=a * epoch=1 * state=running *'
	leave a two
	lease_says two 'state=released *'
	wait_for 5 dead "$beat"
}

@test "guard is killed: the package is dead at once, given back, and comes up again" {
	plain three a
	settings three
	guard_run a three
	wait_for 20 runs_on a three
	beat=$(cat "$HOSTS/a/pkg/run/three/beat")
	guard=$(pid_of a three lock)
	kill -KILL "$guard"
	wait_for 5 dead "$beat"
	wait_for 20 lease_says three 'owner=a * epoch=2 * state=running *'
	wait_for 20 runs_on a three
	[ "$(cat "$HOSTS/a/pkg/run/three/closed")" = 1 ]
	[ "$(pid_of a three lock)" != "$guard" ]
	one_owner three
}

@test "a package that fails is started again in place, and then moves" {
	plain four a b
	settings four 'restarts 1/10m'
	guard_run a four
	wait_for 20 runs_on a four
	guard_run b four
	kill -KILL "$(cat "$HOSTS/a/pkg/run/four/beat")"
	wait_for 20 started four a 2
	wait_for 20 runs_on a four
	kill -KILL "$(cat "$HOSTS/a/pkg/run/four/beat")"
	wait_for 20 runs_on b four
	one_owner four
	wait_for 20 node_says four a state=failed
}

@test "the owner's host dies: the stand-by has it after W, and never before" {
	plain five a b
	settings five 'soft 4'
	guard_run a five
	wait_for 20 runs_on a five
	guard_run b five
	wait_for 20 node_says five b state=standby
	hosts_down a
	died=$(last_beat a five)
	wait_for 30 runs_on b five
	took=$(($(first_beat b five) - died))
	printf 'up after %s ms\n' "${took}0"
	# More than L, 6 s: the lease was renewed up to half a second before, and W, 7.4 s, is
	# waited for from when it was last seen to change.
	[ "$took" -ge 600 ]
	one_owner five
}

@test "an owner that is cut off from the store: dead by L, before the stand-by starts" {
	plain six a b
	settings six 'soft 4'
	guard_run a six
	wait_for 20 runs_on a six
	guard_run b six
	wait_for 20 node_says six b state=standby
	mv "$HOSTS/a/pkg/ssh_config" "$HOSTS/a/ssh_config" # then no name means anything
	cut_off a
	wait_for 40 runs_on b six
	[ "$(last_beat a six)" -lt "$(first_beat b six)" ]
	one_owner six
	mv "$HOSTS/a/ssh_config" "$HOSTS/a/pkg/ssh_config"
	wait_for 20 node_says six a state=standby
	lease_says six 'owner=b *'
}

@test "a session that ends, or a server that is silent: the next server, and the lease stays" {
	plain seven a
	settings seven
	guard_run a seven
	wait_for 20 runs_on a seven
	cut_off a
	was=$(lease seven)
	wait_for 10 renewed seven "$was"
	it=$(await_leader)
	freeze "$it" # its sshd takes what is asked, and says nothing
	sleep 1.5
	thaw "$it"
	await_leader
	was=$(lease seven)
	wait_for 10 renewed seven "$was"
	[ "$(grep -c start "$RECORD.seven")" -eq 1 ]
}

@test "a program that prints without end, into its monitor's pipe: the lease stays, and it lives, whatever becomes of that monitor" {
	control fifteen a <<'END'
case $1 in
start) record start; lives || { begin; yes 'a line' & echo "$!" >"$PKG_RUN/yes"; } ;;
stop) end; kill "$(cat "$PKG_RUN/yes")"; : ;;
status) lives || exit 1 ;;
*) exit 64 ;;
esac
END
	settings fifteen
	guard_run a fifteen
	wait_for 20 runs_on a fifteen
	yes=$(cat "$HOSTS/a/pkg/run/fifteen/yes")
	for i in 1 2 3; do
		was=$(lease fifteen)
		wait_for 10 renewed fifteen "$was"
	done
	monitor=$(pid_of a fifteen monitor)
	kill -STOP "$monitor" # the pipe is full
	sleep 0.5
	was=$(lease fifteen)
	kill -KILL "$monitor"
	wait_for 10 renewed_anew fifteen "$was"
	wait_for 20 lease_says fifteen 'owner=a * epoch=1 * state=running *'
	not dead "$yes"
	[ "$(grep -c start "$RECORD.fifteen")" -eq 1 ]
	leave a fifteen
	wait_for 5 dead "$yes"
}

@test "a list of servers that is emptied while it is read: those that are known are gone on with" {
	plain fourteen a
	settings fourteen
	list=$HOSTS/a/pkg/lite-raft-remote
	cp "$list" "$HOSTS/a/list"
	# Who leads stands last: behind it the list is read again.
	it=$(await_leader)
	{ grep -v "^n$it=" "$HOSTS/a/list"; grep "^n$it=" "$HOSTS/a/list"; } >"$list"
	guard_run a fourteen
	wait_for 20 runs_on a fourteen
	monitor=$(pid_of a fourteen monitor)
	: >"$list"
	for i in 1 2 3 4 5; do
		was=$(lease fourteen)
		cut_off a
		wait_for 10 renewed fourteen "$was"
		! grep -q 'no server' "$HOSTS/a/pkg/message-log/fourteen.log" || break
	done
	wait_for 10 grep -q 'no server is listed' "$HOSTS/a/pkg/message-log/fourteen.log"
	mv "$HOSTS/a/list" "$list"
	[ "$(pid_of a fourteen monitor)" = "$monitor" ]
	[ "$(grep -c start "$RECORD.fourteen")" -eq 1 ]
}

@test "both killed, guard and monitor: what they left is killed at once, and starts anew in its place" {
	plain eight a
	settings eight
	guard_run a eight
	wait_for 20 runs_on a eight
	beat=$(cat "$HOSTS/a/pkg/run/eight/beat")
	guard=$(pid_of a eight lock) monitor=$(pid_of a eight monitor)
	kill -STOP "$monitor"
	kill -KILL "$guard" "$monitor"
	wait_for 5 not pid_of a eight lock
	read -r boot </proc/sys/kernel/random/boot_id
	[[ "$(cat "$HOSTS/a/pkg/run/eight/here")" == "1 $boot pkg-eight-"* ]]
	kill -0 "$beat"
	guard_run a eight
	wait_for 5 dead "$beat"
	wait_for 20 lease_says eight 'owner=a * epoch=2 * state=running *'
	[ "$(grep -c start "$RECORD.eight")" -eq 2 ]
	[[ "$(cat "$HOSTS/a/pkg/run/eight/here")" == "2 $boot pkg-eight-"* ]]
	leave a eight
	[ ! -e "$HOSTS/a/pkg/run/eight/here" ]
}

@test "the owner's host says over ssh which boot it runs under and what it has closed" {
	plain nine b
	settings nine
	guard_run b nine
	wait_for 20 runs_on b nine
	read -r boot </proc/sys/kernel/random/boot_id
	run -0 --separate-stderr "$HOSTS/a/pkg/libexec/prove" nine b
	[ "$output" = "boot $boot" ]
	leave b nine
	run -0 --separate-stderr "$HOSTS/a/pkg/libexec/prove" nine b
	[ "$output" = "boot $boot"$'\nclosed 1' ]
	# Another host under that name proves nothing, and nobody is silent.
	printf 'c\n' >"$HOSTS/b/pkg/run/nine/node"
	run -0 --separate-stderr "$HOSTS/a/pkg/libexec/prove" nine b
	[ "$output" = '' ]
	run -0 --separate-stderr "$HOSTS/a/pkg/libexec/prove" nine nowhere
	[ "$output" = '' ]
	run -64 "$HOSTS/a/pkg/libexec/prove" 'x;id' b
	run -64 "$HOSTS/a/pkg/libexec/prove" nine -oProxyCommand=id
}

@test "what status says of a package is shown with it" {
	control said a <<'EOF'
case $1 in
start) record start; lives || begin ;;
stop) end; : ;;
status)
	lives || exit 1
	[ ! -e "$RECORD.ro" ] || { echo "fs:/data ro"; exit 2; }
	;;
*) exit 64 ;;
esac
EOF
	settings said
	guard_run a said
	wait_for 20 runs_on a said
	: >"$RECORD.ro"
	wait_for 20 lease_says said 'state=degraded * note=fs:/data%20ro'
	rm "$RECORD.ro"
	wait_for 20 lease_says said 'state=running * note='
	grep -q 'is degraded: fs:/data ro' "$HOSTS/a/pkg/message-log/said.log"
}

@test "a package that cannot say what it is made of is not started" {
	control ten a <<'EOF'
case $1 in
start) record start; begin ;;
stop) end; : ;;
status) lives || exit 1 ;;
resources) [ -e "$RECORD.good" ] || { sleep 1; exit 1; } ;; # nine of them take long enough
*) exit 64 ;;
esac
: <<'NOT'
	pkg_main "$@"
NOT
EOF
	settings ten 'restarts 9/10m'
	guard_run a ten
	wait_for 20 grep -q 'cannot tell what the package is made of' "$HOSTS/a/pkg/message-log/ten.log"
	wait_for 20 grep -q 'start could not be run' "$HOSTS/a/pkg/message-log/ten.log"
	[ ! -e "$RECORD.ten" ]
	: >"$RECORD.good"
	wait_for 20 runs_on a ten
}

@test "nothing is started while it can't be said that it may be here, and that is tried again" {
	plain eleven a
	settings eleven 'restarts 9/10m'
	mkdir -p "$HOSTS/a/pkg/run/eleven/here.new" # no file can be made there
	guard_run a eleven
	wait_for 20 grep -q 'cannot write run/eleven/here' "$HOSTS/a/pkg/message-log/eleven.log"
	wait_for 20 grep -q 'guard refuses to be armed' "$HOSTS/a/pkg/message-log/eleven.log"
	[ ! -e "$RECORD.eleven" ]
	rmdir "$HOSTS/a/pkg/run/eleven/here.new"
	wait_for 20 runs_on a eleven
	lease_says eleven 'owner=a * epoch=1 *'
}

# knows_twin HOST NAME: has its monitor noticed the other directory?
knows_twin() {
	wait_for 20 grep -q 'is pkg in two directories here' "$HOSTS/$1/pkg/message-log/$2.log"
}

@test "F62 a copy of the directory on the same host: what runs, or is left to maintenance, is not its own" {
	plain twelve a
	settings twelve
	guard_run a twelve
	wait_for 20 runs_on a twelve
	beat=$(cat "$HOSTS/a/pkg/run/twelve/beat")
	mkdir "$HOSTS/twin"
	cp -Rp "$HOSTS/a/pkg" "$HOSTS/twin/pkg"
	[ -s "$HOSTS/twin/pkg/run/twelve/here" ]
	rm "$HOSTS/twin/pkg/run/twelve/ready" "$HOSTS/twin/pkg/message-log/twelve.log"
	guard_run twin twelve
	knows_twin twin twelve
	client 1 set pkg/twelve/want maint=on
	wait_for 20 lease_says twelve 'epoch=1 * state=maint *'
	leave a twelve
	leave twin twelve
	rm "$HOSTS/twin/pkg/message-log/twelve.log"
	guard_run twin twelve
	knows_twin twin twelve

	# It has 2 s to go wrong before the monitor whose it is comes to it.
	client 1 set pkg/twelve/want maint=off
	guard_run a twelve
	wait_for 20 lease_says twelve 'epoch=1 * state=running *'
	grep -q 'maintenance\|is up' "$HOSTS/a/pkg/message-log/twelve.log"
	not grep 'maintenance is over\|takes over\|kill\|starts\|stops\|is up' "$HOSTS/twin/pkg/message-log/twelve.log"
	kill -0 "$beat"
	[ "$(grep -c start "$RECORD.twelve")" -eq 1 ]
	leave a twelve
	wait_for 20 dead "$beat"
	leave twin twelve
}

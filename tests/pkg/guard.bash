# guard.bash - guard with a monitor that does what the test says.

load ../unit/unit

FEIGN=$ROOT/build/tests/pkg/feign
SOFT=700 GRACE=400 KILL=400 # ms

# Seven processes: each writes the time into beats/PID as long as it lives.
export PACKAGE='exec sh ./package'

setup() {
	PLACE=$(mktemp -d /tmp/lr-guard.XXXXXX)
	chmod 777 "$PLACE"
	cd "$PLACE" || return
	mkdir -p 'a pkg/libexec' 'a pkg/beats'
	cd 'a pkg' || return
	cp "$ROOT/pkg/libexec/guard" libexec/guard
	cp "$FEIGN" libexec/monitor
	chmod -R 777 .
	mkfifo -m 666 orders
	PATH=$PWD/libexec:$PATH
	guard='' foreign='' reader='' become=env
	[ "$(id -u)" -eq 0 ] || KILL=4000 # on a busy host it has to wait for its turn then
	cat >package <<'END'
sh ./beat &
(sh ./beat &)
setsid sh ./beat &
(setsid sh -c 'sh ./beat & exit' &)
(env -i PATH="$PATH" setsid sh -c 'sh ./beat & exit' &)
(nohup sh ./beat >/dev/null 2>&1 &)
sh ./beat &
until [ -s "beats/$!" ]; do
	sleep 0.01
done
kill -STOP "$!"
END
	cat >beat <<'END'
trap '' TERM HUP
while :; do
	read -r up _ </proc/uptime
	echo "$up" >>beats/$$
	sleep 0.02
done
END
}

teardown() {
	[ -z "$foreign" ] || kill -KILL "$foreign" 2>/dev/null || :
	[ -z "$guard" ] || kill -KILL "$guard" 2>/dev/null || :
	for it in $(cat feign.pid 2>/dev/null) $reader $(pids) $(cat script.pid 2>/dev/null); do
		kill -KILL "$it" 2>/dev/null || :
	done
	[ -z "${loop-}" ] || losetup -d "$loop" || :
	[ ! -d run/web ] || find /sys/fs/cgroup -name "$(mark)" -exec rmdir {} + 2>/dev/null || :
	[ -z "${rmdir-}" ] || rmdir "$rmdir" || :
	cd /
	rm -rf "$PLACE"
}

# What guard is to run under becomes it, so that its pid is known.
unprivileged() {
	exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# apart CMD: in namespaces of its own, whose processes are ours.
apart() {
	exec unshare -nm --propagation private "$@"
}

# netadmin CMD: the same, as one who may have addresses, and kill none but its own.
netadmin() {
	exec unshare -nm --propagation private setpriv --reuid=65534 --regid=65534 --clear-groups \
		--inh-caps=+net_admin --ambient-caps=+net_admin "$@"
}

has_address() {
	inside ip -o addr | grep -q ' 10\.9\.8\.7/'
}

inside() {
	nsenter -n -m -t "$guard" sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
}

begin() {
	$become guard web >err 2>&1 3>&- 4>&- 8>&- 9>&- &
	guard=$!
	soon was_said '*'
}

# ended STATUS: guard ends with it.
ended() {
	local status=0
	wait "$guard" || status=$?
	[ "$status" -eq "$1" ]
}

# stranger [WORD...]: sets $foreign to a process that leads a group of its own.
stranger() {
	setsid "$@" sleep 1000 3>&- 4>&- &
	foreign=$!
	stands_apart() { [ "$(ps -o comm= -o pgid= -p "$foreign" | tr -s ' ')" = "sleep $foreign" ]; }
	soon stands_apart
}

# What guard's marks are made of.
mark() {
	printf 'pkg-web-%x-%x' "$(stat -c %d run/web)" "$(stat -c %i run/web)"
}

order() {
	printf '%s\n' "$*" >orders
}

said() {
	cat said
}

# was_said PATTERN [N]: on N lines at least.
was_said() {
	local line n=0
	while read -r line; do
		[[ $line != $1 ]] || n=$((n + 1))
	done <said
	[ "$n" -ge "${2:-1}" ]
} 2>/dev/null

# not CMD...: 0 if CMD fails.
not() { ! "$@"; }

feigned() {
	tail -n 1 feign.pid
}

lease() {
	printf '%s' "${SOFT}000000 ${GRACE}000000 ${KILL}000000"
}

pids() {
	ls beats
}

# living N: so many beat, or are stopped.
living() {
	local it n=0
	for it in $(pids); do
		n=$((n + 1))
		! gone "$it" || return
	done
	[ "$n" -eq "$1" ]
}

# armed_at: sets $armed to T0, in hundredths of a second.
armed_at() {
	local word
	read -r word word armed word < <(grep armed said | tail -n 1)
	armed=$((armed / 10000000))
}

# beats_end: not one of them lives.
beats_end() {
	local it
	for it in $(pids); do
		gone "$it" || return
	done
}

# dead_in_time: nobody beat after L; /proc/uptime counts as guard does.
dead_in_time() {
	local it last
	for it in beats/*; do
		last=$(tail -n 1 "$it")
		[ "$((10#${last/./}))" -le $((armed + (SOFT + GRACE + KILL) / 10)) ] || return
	done
}

started_script() {
	[ -s script.pid ]
}

script_pid() {
	tail -n 1 script.pid
}

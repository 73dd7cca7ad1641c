# monitor.bash - hosts of a package on this machine, each a directory with a copy of
# pkg, beside a real cluster whose first sshd is theirs, too.
#
# The control script writes into the file `record`: TIME NODE WHAT; what it starts
# writes a line each 50 ms.  TIME is in hundredths of a second of one clock.

load ../lib/cluster

HOSTS=$BATS_FILE_TMPDIR/the\ hosts
RECORD=$BATS_FILE_TMPDIR/record

# hosts_up NAME...: makes them.
hosts_up() {
	local host n
	for n in $(nodes); do
		ln -s "$(node_dir "$n")" "$BATS_FILE_TMPDIR/n$n" # a list of servers takes no blank
	done
	for host; do
		mkdir -p "$HOSTS/$host"
		cp -Rp "$ROOT/pkg" "$HOSTS/$host/pkg"
		host_config "$host" "$@"
	done
}

# host_config NAME ALL...: what its administrator would write.
host_config() {
	local host=$1 pkg=$HOSTS/$1/pkg n
	shift
	printf '%s\n' "$host" >"$pkg/node_name"
	for n in $(nodes); do
		printf 'n%s=%s\n' "$n" "$BATS_FILE_TMPDIR/n$n"
	done >"$pkg/lite-raft-remote"
	for n; do
		printf 'Host %s\n\tHostName 127.0.0.1\n\tPort %s\n\tHostKeyAlias n1\n' "$n" "$(cat "$CLUSTER/n1/port")"
	done | cat - "$(node_dir 1)/conf/ssh_config" >"$pkg/ssh_config"
	for n; do
		printf '%s %s\n' "$n" "$HOSTS/$n/pkg"
	done >"$pkg/directories"
	mkdir -p "$pkg/control-scripts"
}

# control NAME HOST...: the control script on stdin becomes package NAME's there.
control() {
	local name=$1 host text
	shift
	text=$(cat)
	for host; do
		{
			printf '#!/bin/sh\nRECORD="%s"\n' "$RECORD"
			cat <<'END'
record() {
	read -r up _ </proc/uptime
	printf '%s %s %s\n' "${up%.*}${up#*.}" "$PKG_NODE" "$1" >>"$RECORD.$PKG_NAME"
}
beat() {
	trap '' HUP
	while :; do
		record beat
		sleep 0.05
	done
}
begin() {
	beat >/dev/null 2>&1 &
	echo "$!" >"$PKG_RUN/beat"
}
lives() {
	[ -s "$PKG_RUN/beat" ] && kill -0 "$(cat "$PKG_RUN/beat")" 2>/dev/null
}
end() {
	kill -KILL "$(cat "$PKG_RUN/beat" 2>/dev/null)" 2>/dev/null
	rm -f "$PKG_RUN/beat"
}
END
			printf '%s\n' "$text"
		} >"$HOSTS/$host/pkg/control-scripts/$name"
		chmod +x "$HOSTS/$host/pkg/control-scripts/$name"
	done
}

# plain NAME HOST...: one that does what it should.
plain() {
	control "$@" <<'END'
case $1 in
start) record start; lives || begin ;;
stop) record stop; end; : ;;
status) lives || exit 1 ;;
*) exit 64 ;;
esac
END
}

# settings NAME LINE...: writes the package's settings into the store; these are slow
# enough for a busy machine.  Where the end of the lease is waited for it is "soft 4":
# L = 6 s, W = 7.4.
settings() {
	local name=$1
	shift
	printf '%s\n' 'nodes a b' 'renew 0.5' 'soft 10' 'grace 1' 'kill 1' 'poll 0.2' 'status_interval 0.5' "$@" |
		client 1 set "pkg/$name/conf" -
}

# guard_run HOST NAME: as `run` does it.
guard_run() {
	(cd "$HOSTS/$1/pkg" && exec setsid libexec/guard "$2" </dev/null >"$HOSTS/$1/$2.err" 2>&1 3>&- 4>&-) &
	wait_for 20 test -e "$HOSTS/$1/pkg/run/$2/ready" || {
		cat "$HOSTS/$1/$2.err" "$HOSTS/$1/pkg/message-log/$2.log"
		return 1
	}
}

# pid_of HOST NAME lock|monitor: of guard, or of the monitor.
pid_of() {
	(cd "$HOSTS/$1/pkg" && exec "$ROOT/libexec/os/hold" --who "run/$2/$3")
}

# leave HOST NAME: this node's monitor is to end, and does.
leave() {
	local guard
	guard=$(pid_of "$1" "$2" lock) && kill -TERM "$guard" && wait_for 20 not pid_of "$1" "$2" lock
}

# lease NAME: its value.
lease() {
	client 1 get "pkg/$1/lease"
}

# lease_says NAME PATTERN: does it match now?
lease_says() {
	local pattern="* $2 *"
	[[ " $(lease "$1") " == $pattern ]]
}

# renewed NAME VALUE: is it another one now?
renewed() {
	local value
	value=$(lease "$1") && [ "$value" != "$2" ]
}

# renewed_anew NAME VALUE: by another monitor?
renewed_anew() {
	local value
	value=$(lease "$1") && [ "$(instance "$value")" != "$(instance "$2")" ]
}

instance() {
	local rest=${1#* instance=}
	printf '%s\n' "${rest%% *}"
}

# node_says NAME HOST WORD: what the host's monitor says of itself.
node_says() {
	[[ " $(client 1 get "pkg/$1/node/$2") " == *" $3 "* ]]
}

# started NAME HOST N: has it been, so often?
started() {
	[ "$(grep -c "$2 start" "$RECORD.$1")" -ge "$3" ]
}

# dead PID: it is gone, or a zombie that nobody has looked after.
dead() {
	[[ "$(cat "/proc/$1/stat" 2>/dev/null)" != *') '[!ZX]' '* ]]
}

# cut_off HOST: ends its sessions with the store.
cut_off() {
	local pid
	for pid in $(host_pids "$1"); do
		case $(tr '\0' ' ' <"/proc/$pid/cmdline") in
		ssh*) kill -KILL "$pid" ;;
		esac
	done 2>/dev/null
	return 0
}

# runs_on HOST NAME: is it up there, by its own record of the last moment?
runs_on() {
	[ "$(tail -n 1 "$RECORD.$2" | cut -d ' ' -f 2,3)" = "$1 beat" ] && lease_says "$2" "owner=$1 * state=running *"
}

# host_pids HOST NAME: all processes of the package there.
host_pids() {
	local host=$HOSTS/$1/pkg
	(cd / && find /proc/[0-9]*/cwd -maxdepth 0 \( -lname "$host" -o -lname "$host/*" \) 2>/dev/null) |
		cut -d / -f 3
}

# host_signal NAME HOST: to everything that runs there.
host_signal() {
	local pid
	for pid in $(host_pids "$2"); do
		kill -s "$1" "$pid" 2>/dev/null || :
	done
}

# hosts_down HOST...: ends everything, without farewells; a monitor whose guard died
# first may have become another.
hosts_down() {
	local host
	for host; do
		wait_for 20 host_down "$host"
	done
}

host_down() {
	host_signal KILL "$1"
	[ -z "$(host_pids "$1")" ]
}

# one_owner NAME: no two hosts' beats are mixed: each owner's first is behind the last
# of the owner before.
one_owner() {
	sort -n -s -k 1,1 "$RECORD.$1" | awk '
	$3 == "beat" && $2 != owner { turns[$2]++; owner = $2; changes++ }
	$3 == "start" { starts[$2]++ }
	END {
		for (node in turns)
			if (turns[node] > starts[node])
				exit 1
	}'
}

# last_beat HOST NAME, first_beat: their times.
last_beat() {
	awk -v node="$1" '$2 == node && $3 == "beat" { at = $1 } END { print at }' "$RECORD.$2"
}
first_beat() {
	awk -v node="$1" '$2 == node && $3 == "beat" { print $1; exit }' "$RECORD.$2"
}

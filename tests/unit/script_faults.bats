# F49 F43 F44: what the scripts themselves create, write, rename and remove, and what
# cp, mv, sed and mkdir do for them, is killed at each of these calls in turn, and each
# of them fails; then the node is started again as a person would, and nothing of what
# was said is forgotten.
#
# All is real but ssh: a call of a peer goes straight to its gate.  A few of the
# calls, spread over all of them; make faults takes each.

load member

SCRIPT_CALLS='?open,openat,write,?rename,?renameat,?renameat2,?unlink,?unlinkat,?rmdir,?mkdir,?mkdirat,?mknod,?mknodat,?ftruncate,fsync'

teardown() {
	local pid
	for pid in $(pids); do
		kill -KILL "$pid" 2>/dev/null || :
	done
	wait 2>/dev/null || :
}

# pids: what runs in the trees of this test.
pids() {
	(cd / && exec find /proc/[0-9]*/cwd -maxdepth 0 \
		-lname "$BATS_TEST_TMPDIR/a node/n*" 2>/dev/null) | cut -d / -f 3 | grep -vx "$BASHPID"
}

none_left() {
	[ -z "$(pids)" ]
}

# tree NAME NODE...: NAME's copy, before its first boot.
tree() {
	local name=$1 file
	shift
	mkdir -p "$name/conf" bin
	cp -R "$ROOT"/{lite-raft,lite-raft-client,bin,libexec} "$name"
	printf '%s\n' "$*" >"$name/conf/cluster_nodes"
	printf '%s\n' "$name" >"$name/conf/node_name"
	printf '0.2\n' >"$name/conf/election_timeout"
	printf '1000\n' >"$name/conf/snapshot_period"
	cat >"$name/libexec/link/peer" <<-'END'
		#!/bin/sh
		while :; do
			case $1 in
			-M) exec sleep 600 ;;
			-X) exit ;;
			-o) shift ;;
			*) break ;;
			esac
		done
		exec "../$1/libexec/link/gate" "$2"
	END
	# A name that has the time in it has to be the same one each time.
	printf '#!/bin/sh\nprintf "now\\n"\n' >bin/date
	chmod +x "$name/libexec/link/peer" bin/date
	PATH=$PWD/bin:$PATH
}

# script_calls [PATTERN]: "NAME NTH FILE" of each call in ./trace by which a script, or
# what it has run, changes a node's file; the C programs, which have a directory open, do
# so in other tests.  It is the NTH call of that name with that file in its process.
script_calls() {
	awk -v top="$PWD/" '
		{ pid = $1; sub(/^[0-9]+ +/, ""); name = $0; sub(/\(.*/, "", name) }
		name !~ /^[a-z0-9]+$/ { next }
		{
			file = $0
			opened = name == "write" || name == "fsync"
			sub(opened ? "^[^<]*<" : "^[^\"]*\"", "", file)
			sub(opened ? ">.*" : "\".*", "", file)
			if (index(file, top) == 1)
				file = substr(file, length(top "n1/") + 1)
			nth = ++count[pid, name, file]
		}
		name == "write" && !/^write\([12]</ { next }
		/^[a-z]+at2?\(/ && !/AT_FDCWD/ || /^open/ && !/O_CREAT|O_TRUNC/ { next }
		file ~ /^\/|^\.\.|:|^state\// || seen[name, nth, file]++ { next }
		{ print name, nth, file }' trace | grep -E -e "${1:-.}" || :
}

# durable: in ./trace each node's file got its name, but for those that may vanish, after its
# bytes were synced, and its directory was synced after that, all by one process.  (state/
# moves as it is; what changes in it is for other tests.)
durable() {
	awk -v top="$PWD/" '
		{ pid = $1; sub(/^[0-9]+ +/, "") }
		/^fsync\(/ {
			sub(/^[^<]*</, "")
			sub(/>.*/, "")
			if (index($0, top) == 1)
				$0 = substr($0, length(top "n1/") + 1)
			synced[pid, $0] = 1
			for (name in named)
				if (named[name] == pid " " $0)
					delete named[name]
		}
		/^rename/ && split($0, word, "\"") >= 4 && word[2] !~ /^(\/|run\/|message-log\/|state$|state\/)/ {
			dir = word[4]
			if (!sub(/\/[^\/]*$/, "", dir))
				dir = ""
			named[word[4]] = (pid, word[2]) in synced ? pid " " dir : "never"
			delete synced[pid, word[2]]
		}
		END {
			for (name in named) {
				printf "%s is not durable: %s\n", name, named[name] == "never" ? "its bytes" : "its name"
				bad = 1
			}
			exit bad
		}' trace
}

script_fates() { # NAME
	printf 'signal=KILL\nerror=EIO\n'
	case $1 in
	unlink* | rmdir) ;;
	*) printf 'error=ENOSPC\n' ;;
	esac
}

# carry_out STRACE-OPTION...: $cmd under strace, in n1; its words are in ./said, and once
# it is over its status in ./over.
carry_out() {
	rm -f over
	(cd n1 && exec strace -f -qqq "$@" sh -c '"$@"; printf "%s\n" "$?" >../over' sh "${cmd[@]}" \
		<../in >../said 2>&1 3>&- 4>&- 5<&-) 2>/dev/null &
}

over() { [ -s over ]; }
leads() { [ -s "$1/run/leader" ] && (cd "$1" && hold --who run/ready) >/dev/null 2>&1; }

# calm: no node runs any more; one whose role was killed ends by itself, and one that is
# only on its way to run is stopped when it does.
calm() {
	: >unstopped
	wait_for 120 stopped || {
		ps -o pid=,args= -p "$(pids | paste -sd ,)" || :
		return 1
	}
	cat unstopped
	[ ! -s unstopped ]
	rm -f n?/run/leader
}

stopped() {
	local name
	! none_left || return 0
	for name in n?; do
		! (cd "$name" && hold --who state/running) ||
			(cd "$name" && timeout 60 ./lite-raft stop) 2>stopping || cat stopping >>unstopped
	done
	return 1
}

# each SCENE [PATTERN]: SCENE_begin makes the trees and $cmd, SCENE_goes is true as soon as
# there is nothing more to wait for; SCENE_again is what a person does then, and sees to it
# that nothing is lost.  Of the files, those that fit PATTERN.
each() {
	local name nth file fate n=0 tried=0 every=1
	need_strace
	: >in
	"$1_begin"
	calm
	rm -rf before
	mkdir before
	cp -Rp n? before
	carry_out -y -s 8 -o ../trace -e trace="$SCRIPT_CALLS"
	wait_for 60 "$1_goes"
	calm
	durable
	script_calls "${2-}" >all
	[ "$(wc -l <all)" -ge 3 ]
	[ -n "${LITE_RAFT_FAULTS-}" ] || every=$(($(wc -l <all) * 3 / 2 - 1))
	while read -r name nth file <&5; do
		for fate in $(script_fates "$name"); do
			n=$((n + 1))
			[ $((n % every)) -eq 0 ] || continue
			tried=$((tried + 1))
			rm -rf n?
			cp -Rp before/n? .
			printf '%s: %s at %s %s %s\n' "$1" "$fate" "$name" "$nth" "$file"
			carry_out -o /dev/null -P "$file" -P "$PWD/n1/$file" -P "$PWD/n2/$file" -e trace="$name" \
				-e "inject=$name:$fate:when=$nth"
			wait_for "${WAIT:-3}" "$1_goes" || printf '(it does not come so far)\n'
			calm
			cat said
			"$1_again"
			calm
		done
	done 5<all
	printf '%s: %s of them\n' "$1" "$tried"
	[ "$tried" -ge 1 ]
}

# on NAME CMD...: there.
on() {
	local name=$1
	shift
	(cd "$name" && exec timeout 60 "$@" </dev/null 3>&- 4>&- 5<&-)
}

# has VALUE: n1 takes part, has the key, and takes another.
has() {
	on n1 ./lite-raft start --wait
	[ "$(on n1 ./lite-raft-client get k)" = "$1" ]
	on n1 ./lite-raft-client set k2 "$1"
}

long() {
	[ -n "${LITE_RAFT_FAULTS-}" ] || skip 'make faults does it'
}

# one: n1 is a cluster, and has a key.
one() {
	tree n1 n1
	on n1 ./lite-raft first-boot --wait
	on n1 ./lite-raft-client set k "it's here"
}

# two: n1 and n2 are.
two() {
	tree n1 n1 n2
	tree n2 n1 n2
	printf '1\n' | tee n1/conf/election_timeout >n2/conf/election_timeout # each needs the other
	on n2 ./lite-raft first-boot
	on n1 ./lite-raft first-boot --wait
}

start_begin() {
	one
	cmd=(libexec/os/hold state/running libexec/lib/begin --foreground)
}
start_goes() { over || leads n1; }
start_again() { has "it's here"; }
@test "F49 F43 F44 F51 a start, and the roles up to a leader" { each start; }

boot_begin() {
	tree n1 n1
	cmd=(./lite-raft first-boot --wait)
}
boot_goes() { over; }
boot_again() {
	[ -e n1/state/node ] || on n1 ./lite-raft first-boot --wait
	on n1 ./lite-raft start --wait || [ $? -eq 1 ]
	on n1 ./lite-raft-client set k 1
	[ "$(on n1 ./lite-raft-client get k)" = 1 ]
}
@test "F49 F43 F44 F52 a first boot" { each boot; }

shell_begin() {
	tree n1 n1
	cmd=(./lite-raft first-boot "$(command -v dash || printf /bin/sh)")
}
shell_goes() { over; }
shell_again() {
	local script
	for script in lite-raft bin/lite-raft libexec/lib/begin libexec/role/leader libexec/link/gate; do
		[ -x "n1/$script" ]
		diff <(sed 1d "$ROOT/$script") <(sed 1d "n1/$script")
	done
	boot_again
}
@test "F49 F43 F44 a first boot that gives the scripts another shell" {
	long
	each shell '(begin|leader|gate|bin/lite-raft|run_none)(\.new)?$'
}

nodes_begin() {
	one
	cp n1/conf/cluster_nodes old
	cmd=(sh -c '. libexec/lib/lite.sh; . libexec/lib/members.sh; nodes_write 7 "n1 n2"')
}
nodes_goes() { over; }
nodes_again() {
	if [ "$(cat over)" = 0 ]; then
		[ "$(tail -n 1 n1/conf/cluster_nodes)" = 'n1 n2' ]
	fi
	cmp old n1/conf/cluster_nodes || [ "$(tail -n 1 n1/conf/cluster_nodes)" = 'n1 n2' ]
	has "it's here"
	(cd n1 && "${cmd[@]}")
	[ "$(tail -n 1 n1/conf/cluster_nodes)" = 'n1 n2' ]
}
@test "F49 F43 F44 conf/cluster_nodes follows the log" { each nodes; }

form_begin() {
	tree n1 n1 n2
	tree n2 n1 n2
	cmd=(sh -c 'cd ../n2 && ./lite-raft first-boot >/dev/null 2>&1; cd ../n1 && ./lite-raft first-boot')
}
form_goes() { leads n1 || leads n2; }
form_again() {
	local name
	for name in n1 n2; do
		if [ -e "$name/state/node" ]; then
			on "$name" ./lite-raft start
		else
			on "$name" ./lite-raft first-boot
		fi
	done
	wait_for 60 leads n1
	[ "$(cd n1 && node show cluster)" = "$(cd n2 && node show cluster)" ]
	on n1 ./lite-raft-client set k 1
	[ "$(on n2 ./lite-raft-client get k)" = 1 ]
}
@test "F49 F43 F44 F67 the forming of a cluster" {
	long
	WAIT=5 each form ' run/(hello|form|waits|greet|heard|start|self|links|nodes)'
}

# n2 is taken in by a leader whose log begins behind a snapshot: what its roles, the
# client's command and what sends the snapshot write.
adds_begin() {
	tree n1 n1
	printf '4\n' >n1/conf/snapshot_period
	on n1 ./lite-raft first-boot --wait
	on n1 ./lite-raft-client set k "it's here"
	head -c 1000000 /dev/zero >big
	wait_for 120 compacted
	tree n2 n1 n2
	cmd=(sh -c 'libexec/os/hold state/running libexec/lib/begin --foreground &
		while kill -0 $! && ! ./lite-raft-client --timeout 1 noop; do libexec/step/timer sleep 0.1; done 2>/dev/null
		./lite-raft-client --timeout 20 add-member n2')
}
compacted() { (cd n1 && ./lite-raft-client set big - <../big) && [ ! -e n1/state/log/0000000000000001 ]; }
adds_goes() { over; }
adds_again() {
	on n1 ./lite-raft start
	[ ! -e n2/state/node ] || on n2 ./lite-raft start
	wait_for 60 leads n1
	run on n1 ./lite-raft-client add-member n2
	[[ $status -eq 0 || $output = *'it is a member already' ]]
	[ "$(cd n2 && node show members)" = 2 ]
	[ "$(on n2 ./lite-raft-client get k)" = "it's here" ]
	on n2 ./lite-raft-client set k2 "it's here"
}
@test "F49 F43 F44 F25 F35 a node is taken in, and sent a snapshot" { WAIT=8 each adds ' (conf|run)/[a-z_.]*(n2|\.new)?$'; }

recover_begin() {
	two
	on n1 ./lite-raft-client set k "it's here"
	calm
	rm -r n2
	cmd=(./lite-raft recover --members n1 --yes)
}
recover_goes() { over; }
recover_again() {
	if [ ! -e n1/state.lost.now ]; then
		on n1 "${cmd[@]}"
	elif [ ! -e n1/state/node ]; then
		on n1 ./lite-raft first-boot --from state.lost.now.backup
	else
		on n1 ./lite-raft start --wait
		[ -n "$(on n1 ./lite-raft-client list)" ] || on n1 ./lite-raft load --over state.lost.now.backup
	fi
	[ "$(on n1 ./lite-raft-client get k)" = "it's here" ]
}
@test "F49 F43 F44 a recover" { WAIT=15 each recover ' (conf/|state|run/(recover|load))'; }

fsck_begin() {
	one
	calm
	poke n1/state/term 20
	cmd=(./lite-raft fsck --repair)
}
fsck_goes() { over; }
fsck_again() {
	local file
	for file in lock members node term log/0000000000000001; do
		cmp -s {before/n1,n1}/state/"$file" || cmp before/n1/state/"$file" n1/state.before.now/state/"$file"
	done
	if [ "$(cat over)" != 0 ]; then
		rm -rf n1/state.before.now # another second's has another name
		on n1 "${cmd[@]}"
	fi
	on n1 ./lite-raft fsck
	run -1 cmp -s {before/n1,n1}/state/term
	[ ! -e n1/fsck.trial ]
	has "it's here"
}
@test "F49 F43 F44 F45 fsck --repair" { each fsck; }

# guard: by the end of the lease the package is dead, whatever has become of all
# else.  What stands for the monitor is feign.c, so that the test says what it says.

load guard

@test "usage, and a name that is none" {
	run -0 guard --help
	[ "$output" = 'usage: guard NAME' ]
	run -64 guard
	run -64 guard a b
	run -64 guard ../x
	run -64 guard -x
}

@test "it greets, keeps the lock, and ends with what the monitor ends with" {
	begin
	[ "$(said)" = idle ]
	run -1 guard web
	[[ "$output" = "guard: web runs here already: pid $guard" ]]
	order leave 78
	ended 78
}

@test "a lease that ends: everything that was started is dead by then" {
	begin
	order run "$PACKAGE"
	soon living 7
	order "tell arm 7 @ $(lease)"
	soon was_said 'armed 7 *'
	armed_at
	soon beats_end
	dead_in_time
	soon was_said dead
	soon beats_end
	# It would begin anew, and the monitor is what it was.
	order "tell arm 8 @ $(lease)"
	soon was_said 'armed 8 *'
	[ "$(wc -l <feign.pid)" -eq 1 ]
}

@test "renewed it lives, by the latest T0 only; given back it goes on without end" {
	SOFT=1300 # feign has to renew it in time
	begin
	order renewing
	order run "$PACKAGE"
	soon living 7
	order "tell arm 1 @ $(lease)"
	soon was_said 'armed 1 *'
	sleep 2.5
	not was_said dead
	living 7
	order 'tell disarm 2'
	order 'tell disarm 1'
	soon was_said idle 2
	sleep 1.9
	living 7
	not was_said dead
	order 'tell kill 500000000'
	soon was_said dead
	soon beats_end
}

@test "a renewal that comes late shortens nothing, one of the future lengthens nothing" {
	begin
	order "tell arm 1 @ 60000000000 400000000 400000000"
	soon was_said 'armed 1 *'
	order 'tell renewed @-70000'
	order "tell arm 2 @-1 $(lease)"
	order 'tell renewed @+90000'
	soon was_said dead
	[ "$(grep -o '^armed [12]\|^dead' said | tr '\n' ' ')" = 'armed 1 armed 2 dead ' ]
	[ "$(wc -l <feign.pid)" -eq 1 ]
}

@test "a T0 that is too old, or of the future, arms nothing" {
	begin
	order "tell arm 1 @-1200 $(lease)"
	order "tell arm 2 @+9000 $(lease)"
	soon was_said idle 3
	not was_said 'armed*'
	order "tell arm 3 @-200 $(lease)"
	soon was_said 'armed 3 *'
}

@test "the time of an arm counts from its T0, not from when it came" {
	SOFT=1000
	begin
	order run "$PACKAGE"
	soon living 7
	order "tell arm 1 @-600 $(lease)"
	soon was_said 'armed 1 *'
	armed_at
	soon beats_end
	dead_in_time
}

@test "a renewal counts from its T0, not from when it came" {
	begin
	order run "$PACKAGE"
	soon living 7
	order 'tell arm 1 @-87000 90000000000 400000000 400000000'
	soon was_said 'armed 1 *'
	order 'tell renewed @-86500'
	# 3.9 s from the arm on; counted from when it came, 90: longer than is waited for.
	soon was_said dead
	soon beats_end
}

@test "the monitor is killed: the next one is greeted with the lease, the package untouched" {
	begin
	order run "$PACKAGE"
	soon living 7
	order 'tell script 0'
	order "tell arm 4 @ 60000000000 400000000 400000000"
	soon was_said 'armed 4 *'
	kill -KILL "$(feigned)"
	soon was_said 'armed 4 *' 2
	[ "$(wc -l <feign.pid)" -eq 2 ]
	living 7
	soon was_said 'log guard: the monitor was ended by signal 9*'
	# What it left is the guard's now, and dies with the lease all the same.
	order 'tell kill 900000000'
	soon was_said dead
	soon beats_end
}

@test "a control script does not outlive the monitor that waits for it" {
	begin
	order run 'exec sleep 1000'
	soon started_script
	kill -KILL "$(feigned)"
	soon gone "$(script_pid)"
}

@test "the monitor is frozen: the package is dead in time, the monitor started anew" {
	begin
	order run "$PACKAGE"
	soon living 7
	order "tell arm 1 @ $(lease)"
	soon was_said 'armed 1 *'
	armed_at
	kill -STOP "$(feigned)"
	soon beats_end
	dead_in_time
	soon was_said idle 2
	[ "$(wc -l <feign.pid)" -eq 2 ]
}

@test "killed by order: what ignores TERM, was stopped, double-forked or began a session" {
	begin
	order run "$PACKAGE"
	soon living 7
	order 'tell kill 900000000'
	soon was_said dead
	soon beats_end
}

# kicked: a watchdog, whose kicks are in the file kicks.  Descriptor 8 is to be closed once
# guard has opened it.
kicked() {
	mkfifo dog
	cat dog >kicks 3>&- 4>&- &
	reader=$!
	exec 8>dog # which waits for the reader: without one guard would be refused
}

@test "a watchdog is kicked while the lease is good, and is told when it is given back" {
	kicked
	SOFT=5000
	begin
	order renewing
	order "tell watchdog $PWD/dog"
	order "tell arm 1 @ $(lease)"
	soon was_said 'armed 1 *'
	exec 8>&-
	soon grep -q kkk kicks
	order 'tell disarm 1'
	wait "$reader"
	[[ "$(cat kicks)" = k*kV ]]
}

@test "with standard descriptors that were closed the watchdog takes none of them, nor does anything else" {
	local fd became
	mkfifo dog
	closed() { exec "$@" <&- >&- 2>&-; }
	closed guard web 3>&- 4>&- &
	guard=$!
	soon was_said '*'
	exec 7<>dog
	order "tell watchdog $PWD/dog"
	order "tell arm 1 @ $(lease)"
	soon was_said 'armed 1 *'
	for fd in 0 1 2; do
		became=$(readlink "/proc/$guard/fd/$fd")
		printf '%s: %s\n' "$fd" "$became"
		[ "$became" = /dev/null ]
	done
	exec 7>&-
}

@test "guard is killed: nobody kicks the watchdog, and it is not told that this is well" {
	kicked
	SOFT=5000
	begin
	order renewing
	order "tell watchdog $PWD/dog"
	order "tell arm 1 @ $(lease)"
	soon was_said 'armed 1 *'
	exec 8>&-
	soon grep -q kkk kicks
	kill -KILL "$guard"
	wait "$reader"
	[[ "$(cat kicks)" = k*k ]]
}

# bite: notes when the last kick came.
bite() {
	local byte last
	while read -rN 1 byte && [ "$byte" = k ]; do
		read -r last _ </proc/uptime
	done
	printf '%s\n' "$last" >kicked
}

@test "the watchdog's last kick is early enough: silence for grace + kill ends the host by L" {
	GRACE=3000 KILL=3000
	mkfifo dog
	bite 3>&- 4>&- <dog &
	reader=$!
	exec 8>dog
	begin
	order "tell watchdog $PWD/dog"
	order "tell arm 1 @ $(lease)"
	soon was_said 'armed 1 *'
	exec 8>&-
	armed_at
	soon was_said dead
	wait "$reader"
	last=$(cat kicked)
	# T0 + soft, in hundredths of a second; the reader may be late, by less than grace.
	[ "$((10#${last/./}))" -le $((armed + SOFT / 10 + 250)) ]
}

# kicks_come N: so many more of them are in kicks than are now, by and by.
kicks_come() {
	local n
	n=$(wc -c <kicks)
	more_kicks() { [ "$(wc -c <kicks)" -ge "$((n + $1))" ]; }
	soon more_kicks "$1"
}

@test "other deadlines of a package that runs: its watchdog is kicked by those" {
	local long='700000000 60000000000 400000000'
	SOFT=5000
	kicked
	begin
	order renewing
	order "tell watchdog $PWD/dog"
	order "tell arm 1 @ $long"
	soon was_said "armed 1 * $long"
	exec 8>&-
	kicks_come 2
	order "tell arm 1 @ $(lease)"
	soon was_said "armed 1 * $(lease)"
	kicks_come 5
	order "tell arm 1 @ $long"
	soon was_said "armed 1 * $long" 2
	kicks_come 5
	order 'tell disarm 1'
	wait "$reader"
	[[ "$(cat kicks)" = k*kV ]]
}

@test "another watchdog of a package that runs: kicked from then on; one that is not there is told of" {
	SOFT=5000
	mkfifo dog other
	cat dog >kicks.dog 3>&- 4>&- &
	reader=$!
	cat other >kicks 3>&- 4>&- &
	reader="$reader $!"
	exec 8>dog 9>other
	begin
	order renewing
	order "tell arm 1 @ $(lease)"
	soon was_said 'armed 1 *'
	order "tell watchdog $PWD/dog"
	order "tell arm 1 @ $(lease)"
	soon was_said 'armed 1 *' 2
	exec 8>&-
	soon grep -q kkk kicks.dog
	order "tell watchdog $PWD/none"
	order "tell arm 1 @ $(lease)"
	soon was_said "unwatched no watchdog: $PWD/none: No such file or directory"
	soon was_said 'log guard: cannot use the watchdog *none: No such file*guarded before'
	soon was_said 'armed 1 *' 3
	order "tell watchdog $PWD/other"
	order "tell arm 1 @ $(lease)"
	soon was_said unwatched
	exec 9>&-
	soon grep -q kkk kicks
	# The first one was kicked until then, and told that it is no longer needed.
	soon grep -q 'kV$' kicks.dog
	order 'tell watchdog '
	order "tell arm 1 @ $(lease)"
	soon grep -q 'kV$' kicks
	not was_said dead
}

@test "a watchdog that is not there: the lease is not guarded without it" {
	begin
	order "tell watchdog $PWD/none"
	order "tell arm 1 @ $(lease)"
	soon was_said idle 2
	was_said 'log guard: cannot use the watchdog *none: No such file*without it'
	order 'tell watchdog '
	order "tell arm 1 @ $(lease)"
	soon was_said 'armed 1 *'
}

@test "what another guard left behind is found by its mark, and killed" {
	begin
	order run "$PACKAGE"
	soon living 7
	kill -STOP "$(feigned)" # or it would end in peace
	kill -KILL "$guard"
	wait "$guard" || : # its lock is free then
	kill -KILL "$(feigned)"
	rm -f said
	begin
	soon was_said 'log guard: * processes of the package were here before*'
	living 7
	order 'tell kill 900000000'
	soon was_said dead
	soon beats_end
}

@test "a process that forks without end is dead in time, too" {
	begin
	order run 'f() { (f) & exit; }; while :; do sleep 0.01; : >forking; f; done'
	soon test -e forking
	order "tell arm 1 @ $(lease)"
	soon was_said dead
	rm forking
	sleep 0.1
	[ ! -e forking ]
}

# leaves_orphans BECOME: what a guard has left behind leaves one behind, too, while the next
# one, which is run by BECOME, is there.
leaves_orphans() {
	begin
	cat >parent <<'END'
echo $$ >parent.pid
until [ -e go ]; do
	sleep 0.02
done
setsid sh -c 'echo $$ >orphan.pid; exec sleep 1000' &
until [ -s orphan.pid ]; do
	sleep 0.02
done
END
	order 'run setsid sh ./parent & exit'
	soon test -s parent.pid
	kill -STOP "$(feigned)"
	kill -KILL "$guard"
	wait "$guard" || :
	kill -KILL "$(feigned)"
	rm -f said
	become=$1
	begin
	soon was_said '*processes of the package were here before*'
	: >go
	soon gone "$(cat parent.pid)"
	foreign=$(cat orphan.pid)
	not gone "$foreign"
	order 'tell kill 20000000000'
	soon was_said dead
	gone "$foreign"
}

@test "what another guard left behind, and has left others behind since" {
	[ "$(id -u)" -ne 0 ] || become=unprivileged
	leaves_orphans "$become"
}

# elsewhere CMD: in another cgroup than ours.
elsewhere() {
	echo 0 >"$rmdir/cgroup.procs"
	exec "$@"
}

@test "the same, where that guard was run in another cgroup" {
	top=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	rmdir=$top/lr-guard.$$
	mkdir "$rmdir" 2>/dev/null || { rmdir='' && skip 'needs a cgroup2 of its own'; }
	leaves_orphans elsewhere
}

@test "told to leave, it tells each monitor, and leaves no cgroup behind" {
	begin
	order 'tell leave'
	order "tell arm 1 @ 60000000000 400000000 400000000"
	soon was_said 'armed 1 *'
	kill -KILL "$(feigned)"
	soon was_said leave
	mark=$(mark)
	order 'tell disarm 1'
	order 'leave 0'
	ended 0
	[ -z "$(find /sys/fs/cgroup -name "$mark" 2>/dev/null)" ]
}

@test "without root: it says once what it lacks, and does all the same" {
	[ "$(id -u)" -eq 0 ] || skip 'the other tests are without'
	become=unprivileged KILL=4000
	begin
	soon was_said 'log guard: it*, which needs root*'
	order run "$PACKAGE"
	soon living 7
	order "tell arm 1 @ $(lease)"
	soon was_said 'armed 1 *'
	armed_at
	soon beats_end
	dead_in_time
	soon was_said dead
	soon beats_end
}

@test "an address and mounts go with the package" {
	[ "$(id -u)" -eq 0 ] || skip 'root alone has some'
	unshare -nm true 2>/dev/null || skip 'no namespaces here'
	mkdir data 'two words'
	become=apart
	begin
	inside mount -t tmpfs none data
	inside mkdir data/deep
	inside mount -t tmpfs none data/deep
	inside mount -t tmpfs none 'two words'
	inside ip link set lo up
	# Also with a length that nobody has told guard.
	inside ip addr add 10.9.8.7/24 dev lo
	inside ip addr add 10.9.8.7/32 dev lo
	inside ip addr add fd00::9:8:7/128 dev lo
	order "tell resources vip 10.9.8.7/24 lo|vip fd00::9:8:7/64 lo|fs $PWD/data|fs $PWD/data/deep|fs $PWD/two words"
	order run "cd data/deep && exec sleep 1000"
	soon started_script
	order 'tell kill 2000000000'
	soon was_said dead
	not inside grep -E 'pkg/data|two.040words' /proc/self/mounts
	inside ip -o addr >addresses
	not grep '9[.:]8[.:]7/' addresses
}

@test "a mount whose server does not answer is forced" {
	[ "$(id -u)" -eq 0 ] || skip 'root alone has some'
	unshare -nm true 2>/dev/null || skip 'no namespaces here'
	printf '%s\n' '#include <sys/syscall.h>' '#include <unistd.h>' \
		'int umount2(const char *d, int f) { return f & 1 ? (int)syscall(SYS_umount2, d, f) : (alarm(30), pause()); }' >../dead.c
	"${CC:-cc}" -shared -fPIC -o ../dead.so ../dead.c
	mkdir data
	become=apart
	export LD_PRELOAD=$PLACE/dead.so
	begin
	unset LD_PRELOAD
	inside mount -t tmpfs none data
	order "tell resources fs $PWD/data"
	order 'tell kill 2000000000'
	soon was_said dead
	not inside grep pkg/data /proc/self/mounts
}

@test "an address that is added while the package is killed goes, too" {
	[ "$(id -u)" -eq 0 ] || skip 'takes root'
	unshare -nm true 2>/dev/null || skip 'no namespaces here'
	become=netadmin
	begin
	inside ip link set lo up
	inside ip addr add 10.9.8.7/24 dev lo
	stranger # which guard may not kill
	order "tell resources vip 10.9.8.7/24 lo|group $foreign $(awk '{ print $22 }' "/proc/$foreign/stat")"
	order 'tell kill 20000000000'
	soon not has_address
	inside ip addr add 10.9.8.7/24 dev lo
	kill -KILL "$foreign"
	soon was_said dead
	not has_address
}

@test "a mount that a stranger uses: undead until he is gone" {
	[ "$(id -u)" -eq 0 ] || skip 'root alone has some'
	unshare -nm true 2>/dev/null || skip 'no namespaces here'
	mkdir data
	become=apart
	begin
	inside mount -t tmpfs none data
	nsenter -m -t "$guard" sh -c 'cd "$0" && exec sleep 1000' "$PWD/data" 3>&- 4>&- &
	foreign=$!
	soon inside test "/proc/$foreign/cwd" -ef data
	order "tell resources fs $PWD/data"
	order "tell arm 1 @ $(lease)"
	order 'tell kill 300000000'
	soon was_said 'undead a mount is still there'
	not was_said dead
	kill -KILL "$foreign"
	soon was_said dead
	not inside grep -E 'pkg/data|two.040words' /proc/self/mounts
}

@test "the list of resources is told whole, and given to the next monitor" {
	begin
	order 'tell resources vip 10.9.8.7/24 lo|fs /nowhere at all'
	order "tell arm 4 @ 60000000000 400000000 400000000"
	soon was_said 'armed 4 *'
	kill -KILL "$(feigned)"
	soon was_said 'armed 4 *' 2
	was_said 'resources vip 10.9.8.7/24 lo'
	was_said 'fs /nowhere at all'
}

@test "a cgroup that cannot be found out about is never gone; one that was removed is" {
	local group
	group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	begin
	order 'tell resources cgroup /sys/fs/cgroup/system.slice/web.service'
	order 'tell kill 200000000'
	soon was_said 'undead a resource cannot be looked at here'
	order 'tell resources cgroup system.slice/web.service'
	order 'tell kill 200000000'
	soon was_said 'undead a resource cannot be looked at here' 2
	not was_said dead
	[ -n "$group" ] || skip 'no cgroup2 here'
	order 'tell resources cgroup /lr-nobody.slice/web.service'
	order 'tell kill 900000000'
	soon was_said dead
	mkdir "$group/lr-guard-$$" 2>/dev/null || skip 'no cgroups may be made here'
	sleep 1000 3>&- 4>&- &
	foreign=$!
	rmdir=$group/lr-guard-$$
	echo "$foreign" >"$rmdir/cgroup.procs"
	order "tell resources cgroup /lr-guard-$$"
	order 'tell kill 900000000'
	soon was_said dead 2
	gone "$foreign"
}

@test "a process that nothing can kill: undead, and why; with the lease over it is said again" {
	[ "$(id -u)" -eq 0 ] || skip 'takes root'
	become=unprivileged
	begin
	# Another user's, which guard may not kill: as one in the disk's hands.
	stranger env PKG_MARK="$(mark)"
	order 'leave 74'
	soon was_said idle 2
	order "tell resources group $foreign $(awk '{ print $22 }' "/proc/$foreign/stat")"
	order "tell arm 1 @ $(lease)"
	soon was_said 'armed 1 *'
	order 'tell kill 200000000'
	soon was_said 'undead 1 process has not ended'
	soon was_said 'undead 1 process has not ended' 2
	kill -KILL "$foreign"
	soon was_said dead
}

@test "while it kills it is not armed anew: how that ends is the answer" {
	[ "$(id -u)" -eq 0 ] || skip 'takes root'
	become=unprivileged
	begin
	stranger
	order "tell resources group $foreign $(awk '{ print $22 }' "/proc/$foreign/stat")"
	order 'tell arm 1 @ 60000000000 400000000 400000000'
	soon was_said 'armed 1 *'
	order 'tell kill 600000000'
	order 'tell arm 1 @ 60000000000 400000000 400000000'
	soon was_said 'undead 1 process has not ended'
	not was_said 'armed 1 *' 2
	order 'tell arm 1 @ 60000000000 400000000 400000000'
	soon was_said 'armed 1 *' 2
}

@test "what won't die is rebooted with the host, as often as it takes" {
	[ "$(id -u)" -eq 0 ] || skip 'takes root'
	become=unprivileged # which may not
	begin
	stranger
	order "tell resources group $foreign $(awk '{ print $22 }' "/proc/$foreign/stat")"
	order 'tell reboot yes'
	order "tell arm 1 @ $(lease)"
	soon was_said 'log guard: cannot reboot this host*' 2
}

@test "a file system that is mounted in another namespace is not gone" {
	[ "$(id -u)" -eq 0 ] || skip 'root alone has some'
	unshare -nm true 2>/dev/null || skip 'no namespaces here'
	command -v mke2fs >/dev/null || skip 'no mke2fs here'
	truncate -s 8M disk
	mke2fs -q -F disk
	device=$(losetup -f --show disk 2>/dev/null) || skip 'no loop devices here'
	loop=$device
	mkdir data
	become=apart
	begin
	inside mount -t ext2 "$device" data
	nsenter -m -t "$guard" unshare -m sleep 1000 3>&- 4>&- &
	foreign=$!
	until [ "$(readlink "/proc/$foreign/exe")" = "$(command -v sleep)" ]; do
		sleep 0.01
	done
	grep -q '/data ext2' "/proc/$foreign/mounts"
	order "tell resources device $device|fs $PWD/data"
	order "tell arm 1 @ $(lease)"
	order 'tell kill 300000000'
	soon was_said 'undead a device is in use elsewhere*'
	not was_said dead
	not inside grep -E 'pkg/data|two.040words' /proc/self/mounts
	kill -KILL "$foreign"
	soon was_said dead
}

# resources LINE...: what a control script of these lines tells guard, it is told.
resources() {
	{
		printf '#!/bin/sh\n. "$PKG_LIB/resources.sh"\n'
		printf '%s\n' "$@" 'pkg_main "$@"'
	} >script
	order "tell resources $(PKG_LIB=$ROOT/pkg/libexec PKG_RUN=$PWD/run/web sh script resources | tr '\n' '|')"
}

@test "what a control script says of a program is what guard kills" {
	begin
	# Not of guard's own: nothing but what is written down leads to it.
	"$ROOT/pkg/libexec/apart" run/web/prog.it "$(cat /proc/sys/kernel/random/boot_id)" sleep 1000 3>&- 4>&-
	read -r foreign _ <run/web/prog.it
	resources 'prog it "exec sleep 1000"'
	order 'tell kill 2000000000'
	soon was_said dead
	gone "$foreign"
}

@test "what a control script says of a unit is what guard kills" {
	local top=
	while read -r _ directory type _; do
		[ "$type" != cgroup2 ] || top=$directory
	done </proc/self/mounts
	[ -n "$top" ] && mkdir -p "$top/lr-$$.slice/web.service" 2>/dev/null || skip 'needs root and cgroup2'
	begin
	sleep 1000 3>&- 4>&- &
	foreign=$!
	echo "$foreign" >"$top/lr-$$.slice/web.service/cgroup.procs"
	printf '#!/bin/sh\nprintf "%%s\\n" Id=web.service Restart=no "ControlGroup=/lr-%s.slice/web.service"\n' "$$" >libexec/systemctl
	chmod +x libexec/systemctl
	resources 'unit web'
	order 'tell kill 2000000000'
	soon was_said dead
	gone "$foreign"
	soon rmdir "$top/lr-$$.slice/web.service"
	rmdir "$top/lr-$$.slice"
}

@test "where there is no /proc to follow: what is in the process groups that are known" {
	cp "$ROOT/build/tests/pkg/guard_plain" libexec/guard
	become=unprivileged
	[ "$(id -u)" -eq 0 ] || become=env
	begin
	order run 'sh ./beat & setsid sh ./beat & sh ./beat & trap "" TERM; wait'
	soon living 3
	for it in $(pids); do
		[ "$(ps -o pgid= -p "$it" | tr -d ' ')" -ne "$it" ] || order "tell resources group $it -"
	done
	order "tell arm 1 @ $(lease)"
	soon was_said dead
	soon beats_end
}

@test "where a fork keeps the priority, the children give it back" {
	cp "$ROOT/build/tests/pkg/guard_plain" libexec/guard
	begin
	[ "$(ps -o cls= -p "$guard")" = ' FF' ] || skip 'guard has no priority here'
	[ "$(ps -o cls= -p "$(feigned)")" = ' TS' ]
}

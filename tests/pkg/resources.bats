# Control scripts: what they are made of is started from the top and stopped from
# the bottom, twice is fine, half is nothing, and no word becomes a command.
# bats file_tags=shells

bats_require_minimum_version 1.5.0
load ../lib/wait

ROOT=${BATS_TEST_DIRNAME%/tests/*}

setup() {
	PKG=$BATS_TEST_TMPDIR/a\ pkg
	mkdir "$PKG" "$PKG/control-scripts"
	cp -Rp "$ROOT/pkg/libexec" "$PKG"
	cp "$ROOT/pkg/control-scripts/template" "$PKG/control-scripts"
	cd "$PKG" || return
	unset PKG_LIB PKG_NAME PKG_RUN PKG_NODE
}

teardown() {
	local script
	for script in control-scripts/*; do
		call "${script##*/}" stop >/dev/null 2>&1 || :
	done
	rm -f told # whoever was told waits for that
}

# script NAME: makes a control script of the lines on stdin.
script() {
	{
		head -n 1 "$ROOT/pkg/libexec/session" # under the same shell
		printf '. "${PKG_LIB:-$(dirname -- "$0")/../libexec}/resources.sh"\n'
		cat
		printf 'pkg_main "$@"\n'
	} >"control-scripts/$1"
	chmod +x "control-scripts/$1"
}

# call NAME WORD...: runs it, as a monitor or a person does.
call() {
	timeout 60 "control-scripts/$1" "${@:2}" 3>&- 4>&-
}

# systemd COMMANDS: what stands for it answers `systemctl show` with these; the rest
# of what it is asked for it writes into the file `asked`.
systemd() {
	mkdir -p bin
	printf '#!/bin/sh\n[ "$1" = show ] || { printf "%%s\\n" "$*" >>asked; exit; }\n%s\n' "$1" >bin/systemctl
	chmod +x bin/systemctl
	PATH=$PWD/bin:$PATH
}

# gone PID: it has ended.
gone() {
	! kill -0 "$1" 2>/dev/null || [ "$(ps -o stat= -p "$1" | cut -c 1)" = Z ]
}

@test "the template, copied, is a package that runs" {
	cp control-scripts/template control-scripts/testpkg1
	run -1 call testpkg1 status
	[ -z "$output" ]
	run -0 call testpkg1 start
	run -0 call testpkg1 status
	read -r pid started rest <run/testpkg1/prog.example
	run -0 call testpkg1 resources
	[ "$output" = "group $pid $started" ]
	run -0 call testpkg1 check
	run -0 call testpkg1 stop
	soon gone "$pid"
	run -1 call testpkg1 status
}

@test "each line that the template has in comments can be used" {
	sed 's/^#\([a-z][a-z]*  *[^ .]\)/\1/' control-scripts/template >control-scripts/all
	chmod +x control-scripts/all
	grep -q '^fence' control-scripts/all
	[ "$(grep -c -E '^(need|lun|vg|fs|vip|prog|unit|notify|fence) ' control-scripts/all)" -eq 10 ]
	systemd "echo Id=httpd.service"
	run -0 call all resources
	[[ $output == *"vip 10.0.0.50/24 eth0"* && $output == *"fs /data"* && $output == *"cgroup /system.slice/httpd.service"* ]]
	# What this host lacks is said, a line each.
	run -78 call all check
	[[ $output == *"all: lun:/dev/mapper/d1: there is no such device"* ]]
	[[ $output == *"all: unit:httpd.service: "* ]]
}

@test "start and stop twice are fine, and what is started is the same" {
	script twice <<-'END'
		prog one "exec sleep 1000"
		prog two "exec sleep 1000"
	END
	call twice start
	one=$(cat run/twice/prog.one)
	call twice start
	[ "$(cat run/twice/prog.one)" = "$one" ]
	call twice stop
	call twice stop
	run -1 call twice status
}

@test "from a half-started state: what is missing is started, and half is not down" {
	script half <<-'END'
		prog one "exec sleep 1000"
		prog two "exec sleep 1000"
	END
	call half start
	read -r one rest <run/half/prog.one
	read -r two rest <run/half/prog.two
	kill -KILL "$two"
	soon gone "$two"
	run -4 call half status
	[ "$output" = 'prog:two down' ]
	call half start
	run -0 call half status
	[ "$(cut -d ' ' -f 1 run/half/prog.one)" = "$one" ]
	kill -KILL "$one"
	soon gone "$one"
	call half stop
	run -1 call half status
}

@test "a start that fails half-way leaves nothing started, and stops from the bottom" {
	script fails <<-'END'
		prog one "trap 'echo one down >>log; exit' TERM; echo one up >>log; while :; do sleep 0.05; done" check="cat log | grep -q 'one up'"
		prog two "trap 'echo two down >>log; exit' TERM; echo two up >>log; while :; do sleep 0.05; done" check="grep -q 'two up' log"
		need file nowhere
		prog three "echo three up >>log; sleep 1000"
	END
	run -1 call fails start
	# The reason is the last that is said, which is what people are shown.
	[[ ${lines[-1]} == "fails: cannot start need file nowhere: there is no nowhere" ]]
	run -1 call fails status
	[ "$(grep down log | tr '\n' ' ')" = 'two down one down ' ]
	run ! grep -q three log
	: >nowhere
	run -0 call fails start
	run -0 call fails status
}

@test "a program is known by what was written down, never by its name" {
	script own <<-'END'
		prog it "exec sleep 1234"
	END
	sleep 1234 3>&- 4>&- &
	other=$!
	run -1 call own status
	call own start
	call own stop
	kill -0 "$other"
	# The same number, of another process: another start, or another boot.
	call own start
	read -r pid started boot <run/own/prog.it
	call own stop
	printf '%s %s %s\n' "$other" "$started" "$boot" >run/own/prog.it
	run -1 call own status
	call own stop
	kill -0 "$other"
	printf '%s %s %s\n' "$other" "$(awk '{ print $22 }' "/proc/$other/stat")" another-boot >run/own/prog.it
	run -1 call own status
	call own stop
	kill -0 "$other"
	kill "$other"
}

@test "its process group is ended whole, also what does not listen" {
	script deaf <<-'END'
		prog it "trap '' TERM; sleep 1000 & echo \$! >child; while :; do sleep 0.1; done" wait=1
	END
	call deaf start
	soon test -s child
	read -r child <child
	read -r pid rest <run/deaf/prog.it
	[ "$(ps -o pgid= -p "$child" | tr -d ' ')" = "$pid" ]
	call deaf stop
	soon gone "$child"
	soon gone "$pid"
}

@test "whoever has ended and left something behind is not down" {
	script left <<-'END'
		prog it "sleep 1000 & echo \$! >child; until [ -e enough ]; do sleep 0.05; done"
	END
	call left start
	: >enough
	read -r pid rest <run/left/prog.it
	soon gone "$pid"
	run -4 call left status
	[ "$output" = 'prog:it has ended, and left processes behind' ]
	call left stop
	soon gone "$(cat child)"
	run -1 call left status
}

@test "check= says whether it works: yes, degraded, no; and a start waits for it" {
	script checked <<-'END'
		prog it "sleep 0.5; echo 0 >works; sleep 1000" check='exit "$(cat works || echo 1)"'
	END
	call checked start
	[ "$(cat works)" = 0 ]
	run -0 call checked status
	echo 2 >works
	run -2 call checked status
	[ "$output" = 'prog:it check says degraded' ]
	echo 1 >works
	run -4 call checked status
	[ "$output" = 'prog:it check failed' ]
}

@test "what a program prints does not grow without end" {
	script loud <<-'END'
		prog it "exec cat words"
	END
	mkfifo words
	call loud start
	exec 9>words
	awk 'BEGIN { for (i = 0; i < 16500; i++) printf "%063d\n", i }' >&9
	soon grep -q 16499 run/loud/prog.it.out
	run -0 call loud status
	echo again >&9
	soon grep -q again run/loud/prog.it.out
	[ "$(wc -c <run/loud/prog.it.out)" -lt 1000 ]
	grep -q 16499 run/loud/prog.it.out.old
	[ "$(wc -c <run/loud/prog.it.out.old)" -le 65536 ]
	exec 9>&-
}

@test "what was written down does not outlive a boot where the kernel has no name for one" {
	[ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null || skip 'needs root, and a mount namespace'
	script own <<-'END'
		prog it "exec sleep 1234"
	END
	mkdir bin
	printf '#!/bin/sh\n[ "$*" != "-o lstart= -p 1" ] || exec cat boot\nexec %s "$@"\n' "$(command -v ps)" >bin/ps
	chmod +x bin/ps
	export PATH=$PWD/bin:$PATH
	nameless() {
		timeout 60 unshare -m sh -c 'mount --bind /dev/null /proc/sys/kernel/random/boot_id && exec "$@"' sh \
			control-scripts/own "$@" 3>&- 4>&-
	}
	# Where nobody can tell, none is started that could not be known again.
	: >boot
	run -1 nameless start
	[[ $output == *"cannot start prog:it: "*"one boot from another"* ]]
	echo 'Sun Nov 29  1:00:00 2026' >boot
	nameless start
	run -0 nameless status
	read -r pid _ <run/own/prog.it
	echo 'Sun Nov 29  2:00:00 2026' >boot
	run -1 nameless status
	run -0 nameless resources
	[ -z "$output" ]
	nameless stop
	kill "$pid"
}

@test "what ends at once was not started, and what it said is told" {
	script ends <<-'END'
		prog it "echo no licence >&2; exit 3" check=false
	END
	run -1 call ends start
	[[ $output == *"cannot start prog:it: has ended at once: no licence"* ]]
	run -1 call ends status
}

@test "the original: echo ran what stood in the name" {
	script quoted <<-'END'
		nodes="a b"
		kill='$(touch ran)'
		prog it "sleep 1000"
	END
	for name in 'x; touch ran' '$(touch ran)' '`touch ran`' 'nodes; touch ran' 'nodes
touch ran' '' PATH pkg_list 'a[$(touch ran)]'; do
		run -64 call quoted echo "$name"
	done
	run -0 call quoted echo nodes
	[ "$output" = 'a b' ]
	run -0 call quoted echo kill
	[ "$output" = '$(touch ran)' ]
	run -1 call quoted echo soft
	[ -z "$output" ]
	[ ! -e ran ]
}

@test "a usage error is 64 and never 0" {
	script usage <<-'END'
		prog it "sleep 1000"
	END
	for words in '' run 'start now' 'echo' 'status x' -x; do
		run -64 --separate-stderr call usage $words
		[[ $stderr == 'usage: '* && -z $output ]]
	done
	run -0 call usage --help
}

@test "words reach the program as they were written" {
	script words <<-'END'
		prog it "printf '%s|' 'a  b' \"\\\$HOME\" '*' >said; sleep 1000" check="test -s said"
	END
	call words start
	[ "$(cat said)" = 'a  b|$HOME|*|' ]
}

@test "notify tells, and is not waited for long; fence needs a line of its own" {
	printf '#!/bin/sh\nprintf "%%s\\n" "$*" >>told\nwhile [ -e told ]; do sleep 0.1; done\n' >page
	printf '#!/bin/sh\nprintf "fenced %%s\\n" "$*" >>told\n[ "$1" != c ]\n' >cut
	chmod +x page cut
	script told <<-'END'
		prog it "sleep 1000"
		notify ./page
	END
	run -1 call told fence b
	script told <<-'END'
		prog it "sleep 1000"
		notify ./page
		fence "./cut"
	END
	PKG_NODE=a call told start
	soon grep -q started told
	PKG_NODE=a call told stop
	soon grep -q stopping told
	run -0 call told fence 'b; touch ran'
	run -1 call told fence c
	[ ! -e ran ]
	diff - told <<-'END'
		started told a
		stopping told a
		fenced b; touch ran
		fenced c
	END
}

@test "notify: who is told of a stop has been, when the script's process group is ended" {
	printf '#!/bin/sh\nsleep 0.5\nprintf "%%s\n" "$*" >>told\n' >page
	chmod +x page
	script told <<-'END'
		prog it "exec sleep 1000"
		notify ./page
	END
	call told start
	soon grep -q started told
	setsid -w sh -c 'echo $$ >group; exec control-scripts/told stop' 3>&- 4>&-
	kill -KILL -- "-$(cat group)" || :
	grep -q stopping told
}

# in_space CMD...: in a network and mount namespace of its own.
in_space() {
	[ "$(id -u)" -eq 0 ] && command -v unshare >/dev/null && command -v ip >/dev/null ||
		skip 'needs root, unshare and ip'
	unshare -mn true 2>/dev/null || skip 'no namespaces here'
	timeout 120 unshare -mn "$BASH" -e -c "$1" 3>&- 4>&-
}

@test "fs: mounted, seen read-only, unmounted however often it was mounted" {
	mkdir data
	script disk <<-END
		fs scratch "$PWD/data" tmpfs size=1m
	END
	run -0 in_space '
		call() { timeout 20 control-scripts/disk "$@"; }
		call status && exit 1 || [ $? -eq 1 ]
		call start; call start; call status
		grep -q -c scratch /proc/self/mounts
		[ "$(grep -c ^scratch /proc/self/mounts)" -eq 1 ]
		mount -o remount,ro scratch data
		said=$(call status) && exit 1 || [ $? -eq 2 ]
		[ "$said" = "fs:$PWD/data ro" ]
		mount -t tmpfs scratch data
		call stop; call stop
		call status && exit 1 || [ $? -eq 1 ]
		mount -t tmpfs other data
		said=$(call status) && exit 1 || [ $? -eq 4 ]
		[ "$said" = "fs:$PWD/data other is mounted there" ]
		call start 2>/dev/null && exit 1
		call resources'
	[ "${lines[-1]}" = "fs $PWD/data" ]
}

@test "vip: added once, told to the neighbours, refused where another host has it" {
	script address <<-'END'
		vip 10.9.9.9/24 v0
		vip 2001:db8::9/64 v0
	END
	run -0 in_space '
		call() { timeout 20 control-scripts/address "$@"; }
		unshare -n sleep 100 & other=$!
		trap "kill $other" EXIT
		until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.05; done
		ip link add v0 type veth peer name v1 netns "$other"
		ip link set v0 up
		there() { nsenter -t "$other" -n "$@"; }
		there ip addr add 10.9.9.1/24 dev v1
		there ip link set v1 up
		there ip -6 addr add 2001:db8::1/64 dev v1 nodad
		until ip -o link show v0 | grep -q LOWER_UP; do sleep 0.05; done
		call status && exit 1 || [ $? -eq 1 ]
		# The neighbour remembers another hardware address for it.
		there ip neigh add 10.9.9.9 lladdr 02:00:00:00:00:01 dev v1 nud stale
		there ip neigh add 2001:db8::9 lladdr 02:00:00:00:00:01 dev v1 nud stale
		call start; call start; call status
		[ "$(ip -o addr show dev v0 | grep -c -e 10.9.9.9/24 -e 2001:db8::9/64)" -eq 2 ]
		mine=$(ip -o link show v0 | sed "s/.*ether //; s/ .*//")
		until [ "$(there ip neigh show dev v1 | grep -c "$mine")" -ge 2 ]; do sleep 0.05; done
		call resources
		call stop; call stop
		call status && exit 1 || [ $? -eq 1 ]
		# Another host has one of them: neither stays here.
		there ip addr add 10.9.9.9/24 dev v1
		said=$(call start 2>&1) && exit 1
		[[ $said == *"vip:10.9.9.9/24: another host has it"* ]]
		there ip addr del 10.9.9.9/24 dev v1
		there ip addr add 2001:db8::9/64 dev v1 nodad
		said=$(call start 2>&1) && exit 1
		[[ $said == *"vip:2001:db8::9/64: another host has it"* ]]
		call status && exit 1 || [ $? -eq 1 ]'
	[ "${lines[0]}" = 'vip 10.9.9.9/24 v0' ]
	[ "${lines[1]}" = 'vip 2001:db8::9/64 v0' ]
}

@test "fs: a directory under another name than the kernel's is not mounted, and killed under that one" {
	mkdir -p real/data
	ln -s real link
	for directory in "$PWD/real/data/" "$PWD//real/data" "$PWD/real/../real/data" "$PWD/link/data" real/data; do
		script disk <<<"fs scratch '$directory' tmpfs size=1m"
		run -78 call disk check
		[[ $output == "disk: fs:$directory: "*write* ]]
		run -0 in_space '! timeout 20 control-scripts/disk start 2>/dev/null && ! grep -q ^scratch /proc/self/mounts'
		run -0 call disk resources
		case $directory in
		*/real/data/ | *//* | */link/*) [ "$output" = "fs $PWD/real/data" ] ;;
		esac
	done
}

@test "unit: guard is told systemd's cgroup of it, or where that will be" {
	script service <<<'unit web'
	systemd 'printf "%s\n" Id=web.service Restart=no Slice=system-web.slice ControlGroup=/here/web.service'
	run -0 call service resources
	[ "$output" = 'cgroup /here/web.service' ]
	for pair in system-web.slice:/system.slice/system-web.slice a-b-c.slice:/a.slice/a-b.slice/a-b-c.slice \
		-.slice: :/system.slice; do
		systemd "printf '%s\n' Id=web.service Restart=no Slice=${pair%:*} ControlGroup="
		run -0 call service resources
		[ "$output" = "cgroup ${pair#*:}/web.service" ]
	done
	# Who does not know all does not say that it is all.
	script service <<-'END'
		unit web
		fs /dev/x /data
	END
	systemd 'exit 1'
	run -1 --separate-stderr call service resources
	[ "$output" = 'fs /data' ]
	[ "$stderr" = 'service: cannot tell how to kill unit:web: systemctl does not answer' ]
}

@test "unit: what guard could not kill, or what would come back, is not started" {
	script service <<<'unit web'
	for shown in 'Id=web.service Restart=on-failure' 'Id=web.service Restart=always' 'Id=web.socket' ''; do
		systemd "printf '%s\n' $shown Slice= ControlGroup="
		run -1 call service start
		[[ $output == 'service: cannot start unit:web: '* ]]
		run ! grep -q start asked
	done
	systemd "printf '%s\n' Id=web.service Restart=no Slice= ControlGroup="
	run -0 in_space '
		while read -r _ directory type _; do
			[ "$type" != cgroup2 ] || umount -l "$directory"
		done </proc/mounts
		mkdir cgroups
		! control-scripts/service start 2>said || exit 1
		grep -q "cannot start unit:web: guard could not kill it: no cgroup2" said
		! grep -q start asked || exit 1
		mount -t cgroup2 cgroup2 cgroups || exit 0
		control-scripts/service start
		grep -q "start web" asked'
}

@test "lun: a key is a number, however it is written" {
	mkdir -p bin
	cat >bin/sg_persist <<-'END'
		#!/bin/sh
		case $* in
		*--read-reservation*) printf '  PR generation=0x5, Reservation follows:\n    Key=0xab12\n    scope: LU_SCOPE,  type: x\n' ;;
		*) printf '%s\n' "$*" >>asked ;;
		esac
	END
	chmod +x bin/sg_persist
	PATH=$PWD/bin:$PATH
	: >disk
	for key in ab12 AB12 0xab12 0X00AB12; do
		script shared <<<"lun '$PWD/disk' key=$key"
		run -0 call shared status
		rm -f asked
		run -0 call shared start
		run ! grep -e --preempt asked
		run -0 call shared stop
		grep -q -e '--release --param-rk=ab12' asked
	done
	script shared <<<"lun '$PWD/disk' key=ab1"
	run -1 call shared status
	# Who has it reserved loses it, with all that is on its way.
	run -0 call shared start
	grep -q -e '--preempt-abort --param-rk=ab1 --param-sark=ab12 ' asked
	# A disk that is not there is not used: what has been killed can be called down.
	script shared <<<"lun '$PWD/none'"
	run -1 call shared status
	for key in key= key=0 key=xyz key=12345678901234567 kee=ab12; do
		script shared <<<"lun '$PWD/disk' $key"
		run -1 call shared start
		[[ $output == *"cannot use $key: a key is "* ]]
		run -78 call shared check
	done
}

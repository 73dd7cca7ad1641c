# hold: the lock that makes a process the node.

load unit

# is_held: by anyone.
is_held() {
	hold --who lock >/dev/null
}

@test "the holder is the command itself, and --who names it" {
	run -0 hold lock sh -c 'printf "%s " "$$"; hold --who lock'
	set -- $output
	[ "$#" -eq 2 ]
	[ "$1" = "$2" ]
}

@test "the lock file is made, for its owner alone" {
	hold lock true
	[ "$(ls -l lock | cut -c 1-10)" = -rw------- ]
}

@test "the command's words, input, output and exit status pass through" {
	run -7 hold lock sh -c 'cat; printf "<%s>" "$@"; exit 7' sh 'two words' '' '*' <<<hello
	[ "$output" = $'hello\n<two words><><*>' ]
}

@test "a second one is told who holds it, and runs nothing" {
	start hold lock sleep 60
	soon is_held
	run -1 --separate-stderr hold lock touch ran
	[ "$output" = '' ]
	[ "$stderr" = "hold: lock is held by pid $pid" ]
	[ ! -e ran ]
	[ "$(hold --who lock)" = "$pid" ]
}

@test "of many contenders one runs" {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		hold lock sh -c 'printf "x\n" >>ran; while ! [ -e enough ]; do sleep 0.02; done' 2>>refused 3>&- 4>&- &
		started="$started $!"
	done
	seven() { [ "$(grep -c held refused)" -eq 7 ]; }
	soon seven
	touch enough
	wait
	[ "$(cat ran)" = x ]
}

@test "nobody holds it: --who says nothing and answers no" {
	run -1 hold --who lock
	[ "$output" = '' ]
	[ ! -e lock ]
	: >lock
	run -1 hold --who lock
	[ "$output" = '' ]
}

@test "a holder that is killed holds nothing" {
	start hold lock sleep 60
	soon is_held
	kill -KILL "$pid"
	free() { ! is_held; }
	soon free
	run -0 hold lock printf mine
	[ "$output" = mine ]
}

@test "a child of the holder does not hold it" {
	start hold lock sh -c 'sleep 60 & printf "%s\n" "$!"; wait'
	soon test -s out
	started="$started $(cat out)"
	kill -KILL "$pid"
	free() { ! is_held; }
	soon free
}

@test "the lock stays through exec, whatever the shell" {
	local shell tried=0
	for shell in sh dash bash ksh mksh yash zsh 'busybox sh'; do
		command -v "${shell%% *}" >/dev/null || continue
		tried=$((tried + 1))
		printf '%s\n' "# with $shell"
		start hold lock $shell -c 'exec "$@" "$0"' 'x=$(hold --who lock); printf "%s\n" "$x"' \
			$shell -c 'set -- "$0"
				(: <out) && x=$(cat <err) && printf "%s\n" "$$" >here
				while ! [ -e enough ]; do sleep 0.02; done
				exec '"$shell"' -c "$1"'
		soon test -s here
		[ "$(cat here)" = "$pid" ]
		[ "$(hold --who lock)" = "$pid" ]
		touch enough
		ended
		[ "$status" -eq 0 ]
		[ "$output" = "$pid" ]
		rm here enough
	done
	[ "$tried" -gt 0 ]
}

@test "the lock's descriptor is one that no script names" {
	[ -d /proc/self/fd ] || skip 'no /proc'
	hold lock ls -l /proc/self/fd >list
	grep -q ' 100 -> .*/lock$' list
	[ "$(grep -c '/lock$' list)" -eq 1 ]
}

@test "where few descriptors are allowed it is as high as can be" {
	[ -d /proc/self/fd ] || skip 'no /proc'
	(ulimit -n 64 && hold lock ls -l /proc/self/fd) >list
	grep -q ' 50 -> .*/lock$' list
	(ulimit -n 30 && hold lock sh -c 'hold --who lock') >list
	[ -s list ]
}

@test "what cannot be locked or run is an error" {
	run -74 hold none/lock true
	[ "$output" = 'hold: cannot open none/lock: No such file or directory' ]
	mkdir dir
	run -74 hold dir true
	[ "$output" = 'hold: cannot open dir: Is a directory' ]
	run -74 hold lock ./nonesuch
	[ "$output" = 'hold: cannot run ./nonesuch: No such file or directory' ]
	: >plain
	run -74 hold lock ./plain
	[ "$output" = 'hold: cannot run ./plain: Permission denied' ]
}

@test "usage" {
	run -0 --separate-stderr hold --help
	[[ $output = usage:* ]]
	[ "$stderr" = '' ]
	for words in '' 'lock' '--who' '--who a b'; do
		run -64 --separate-stderr hold $words
		[ "$output" = '' ]
		[[ $stderr = usage:* ]]
	done
}

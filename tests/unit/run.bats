# tests/run: what counts as failed.

load unit

# job: runs ./some.bats as tests/run does; prints what it counts, and what is said.
job() {
	printf -- '- some.bats\n' >files
	rm -rf 1
	mkdir 1
	env -i PATH="${PATH//$BATS_LIBEXEC:/}" sh -c '
		root=$PWD work=$PWD limit=$1 grace=5
		. "$0/tests/lib/job.sh"
		run_file 1
		cat 1/count 1/out; failures 1' "$ROOT" "$1"
}

@test "a file that leaves a process behind has failed, and the process is ended" {
	printf '@test "one" {\n\tsleep 300 >/dev/null 2>&1 3>&- 4>&- &\n\techo $! >%s/pid\n}\n' "'$PWD'" >some.bats
	run -0 job 60
	printf '%s\n' "$output"
	[ "${lines[0]}" = '1 1 0' ]
	grep -q '^# left behind, and killed: .*sleep 300' <<<"$output"
	[ "${lines[-2]}" = '# failed in some.bats:' ]
	[[ ${lines[-1]} == '#   # left behind, and killed: '*'sleep 300' ]]
	gone "$(cat pid)"
}

@test "a file that takes too long, or dies, has failed with all that it did not say" {
	printf '@test "one" { true; }\n@test "two" { sleep 300 3>&- 4>&-; }\n@test "three" { true; }\n' >some.bats
	for limit in 2 20; do # the first one may take longer, on a slow machine
		run -0 job "$limit"
		printf '%s\n' "$output"
		[[ ${lines[0]} == 0\ * ]] || break
	done
	[[ ${lines[0]} =~ ^1\ [12]\ 0$ ]]
	grep -q "longer than $limit s" <<<"$output"
}

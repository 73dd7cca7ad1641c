# Every program that a person may start says how: --help on stdout, and what it
# does not know is a usage error.
# bats file_tags=shells

bats_require_minimum_version 1.5.0

setup() {
	ROOT=${BATS_TEST_DIRNAME%/tests/*}
	cd "$ROOT" || return
	unset SSH_ORIGINAL_COMMAND
}

# programs: all but the roles, and what start and first-boot run of libexec/lib.
programs() {
	find lite-raft lite-raft-client bin libexec tests/run tests/bench/run -type f -perm -u+x |
		grep -v -e ^libexec/role/ -e ^libexec/lib/ | sed "s,^,./," | sort
}

@test "--help: the usage on stdout, and 0" {
	programs >"$BATS_TEST_TMPDIR/programs"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/programs")" -ge 19 ]
	while read -r program <&5; do
		run -0 --separate-stderr "$program" --help 5<&-
		printf '%s: %s%s\n' "$program" "$output" "$stderr"
		[[ $output == "usage: "* && -z $stderr ]]
	done 5<"$BATS_TEST_TMPDIR/programs"
	for verb in start sandbox demo; do
		run -0 --separate-stderr ./lite-raft "$verb" --help
		[[ $output == "usage: lite-raft "* && -z $stderr ]]
	done
}

@test "by a link, or as a copy alone, it says how it is called" {
	local by
	for program in lite-raft lite-raft-client; do
		ln -s "$ROOT/$program" "$BATS_TEST_TMPDIR/$program"
		ln -s "$program" "$BATS_TEST_TMPDIR/another"
		mkdir "$BATS_TEST_TMPDIR/copy"
		cp "$program" "$BATS_TEST_TMPDIR/copy"
		for by in "$BATS_TEST_TMPDIR"/{"$program",another,"copy/$program"}; do
			run -78 --separate-stderr "$by" status
			[[ -z $output && $stderr = "$program: cannot begin: $by is a link or a copy; "* ]]
		done
		rm -r "$BATS_TEST_TMPDIR"/{another,copy}
		run -0 sh -c 'PATH=$PATH:$1 && "$2" --help' sh "$ROOT" "$program"
	done
}

@test "--help that nobody takes is 74" {
	programs >"$BATS_TEST_TMPDIR/programs"
	while read -r program <&5; do
		for nowhere in '>/dev/full' '>&-'; do
			run --separate-stderr sh -c "exec \"\$1\" --help $nowhere" sh "$program" 5<&-
			printf '%s %s: %s %s\n' "$program" "$nowhere" "$status" "$stderr"
			[ "$status" -eq 74 ]
		done
	done 5<"$BATS_TEST_TMPDIR/programs"
	run -74 --separate-stderr sh -c 'exec ./lite-raft version >/dev/full'
}

@test "an option that there is not: one usage error on stderr, and 64" {
	programs >"$BATS_TEST_TMPDIR/programs"
	while read -r program <&5; do
		run --separate-stderr "$program" --nothing 5<&-
		printf '%s: %s %s%s\n' "$program" "$status" "$output" "$stderr"
		[ -z "$output" ]
		case $program in
		# It is the door: all that it does not know is refused.
		*/gate) [ "$status" -eq 77 ] ;;
		*) [ "$status" -eq 64 ] ;;
		esac
		case $program in
		*/gate) ;;
		*client | */call) [[ $stderr == "lite-raft-client: cannot use --nothing: no such option (--"* ]] ;;
		*) [[ $stderr == "usage: "* ]] ;;
		esac
	done 5<"$BATS_TEST_TMPDIR/programs"
}

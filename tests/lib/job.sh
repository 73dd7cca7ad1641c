# job.sh - one file of tests, from its beginning to its end; sourced by tests/run,
# which sets what is named here, and makes the plan.

root=${root:-} work=${work:-} limit=${limit:-} grace=${grace:-100}

# take N: sets shell, name, title and tree (where it runs) to what the N'th line
# of the plan says.
take() {
	read -r shell name <<END
$(sed -n "$1p" "$work/files")
END
	title=$name tree=$root
	[ "$shell" = - ] || title="$name under $shell" tree=$work/$shell
}

# ours N: the pids of what the N'th file's tests started and what still lives:
# Linux shows the environment that was handed down, a process's words, and where
# it stands.
ours() {
	[ -e /proc/self/environ ] || return 0
	{
		grep -ls "TMPDIR=$work/$1/tmp" /proc/[0-9]*/environ
		grep -ls "$work/$1/tmp/" /proc/[0-9]*/cmdline
		find /proc/[0-9]*/cwd -maxdepth 0 -lname "$work/$1/*" 2>/dev/null
	} | sed 's,/proc/\([0-9]*\)/.*,\1,' | sort -u
}

# sweep N: ends them; 1 if there were any.  A process that is about to end has
# $grace tenths of a second for it.
sweep() {
	polls=0
	while left=$(ours "$1") && [ -n "$left" ] && [ "$polls" -lt "$grace" ]; do
		sleep 0.1
		polls=$((polls + 1))
	done
	for pid in $(printf '%s ' "$left"); do
		printf '# left behind, and killed: %s\n' "$(ps -ww -o pid= -o args= -p "$pid")"
		kill -s KILL "$pid" 2>/dev/null
	done
	[ -z "$left" ]
}

# count N STATUS: prints "PASSED FAILED SKIPPED" of the N'th file, whose bats
# ended with STATUS (or which left processes behind); a test that was planned and
# never spoken of has failed.
count() {
	awk -v status="$2" '
	/^1\.\.[0-9]+$/ { planned = substr($0, 4) + 0; plan = 1 }
	/^ok [0-9]+ .*# skip/ { skipped++; next }
	/^ok [0-9]+/ { passed++ }
	/^not ok [0-9]+/ { failed++ }
	END {
		if (passed + failed + skipped < planned)
			failed = planned - passed - skipped
		if (!failed && (!plan || status != 0))
			failed = 1
		print passed + 0, failed + 0, skipped + 0
	}' "$work/$1/tap"
}

# failures N: names, once more, what failed in the N'th file.
failures() {
	take "$1"
	printf '# failed in %s:\n' "$title"
	grep -E '^(not ok|# (left behind|ended|the runner))' "$work/$1/out" | sed 's/^/#   /' || :
}

# run_file N BATS-OPTION...: runs the N'th file; its words are in $work/N/out,
# and $work/N/count, which comes last, has its numbers.
run_file() {
	number=$1
	shift
	here=$work/$number
	take "$number"
	if [ "$name" = - ]; then
		printf '# nothing runs under %s: there is no such shell here\n' "$shell" >"$here/out"
		printf '0 0 1\n' >"$here/count"
		return
	fi
	cd "$tree" || exit
	mkdir "$here/tmp"
	file_began=$(date +%s)
	TMPDIR=$here/tmp timeout -k 15 "$limit" bats --tap --print-output-on-failure "$@" "$name" \
		</dev/null >"$here/tap" 2>&1 &
	printf '%s\n' "$!" >"$here/pid"
	wait "$!"
	status=$?
	rm "$here/pid"
	{
		printf '# %s\n' "$title"
		cat "$here/tap"
		if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
			printf '# ended, since it took longer than %s s: %s\n' "$limit" "$title"
		fi
		sweep "$number" || status=1
		printf '# %s took %s s\n' "$title" "$(($(date +%s) - file_began))"
	} >"$here/out" 2>&1
	rm -rf "$here/tmp"
	count "$number" "$status" >"$here/count.new" && mv "$here/count.new" "$here/count"
}

# dial: a Unix socket becomes a command's stdin and stdout.

load unit

# listening SOCKET: somebody does.
listening() {
	[ -e "$1.open" ]
}

@test "the greeting has the command's pid and words" {
	start door s
	soon listening s
	dial s sh -c 'printf "%s\n" "$$" >pid; read -r line; printf "I heard %s\n" "$line"' \
		sh plain 'two words' '' '"' $'tab\there'
	ended
	[ "$status" -eq 0 ]
	[ "$(sed -n '$p' out)" = 'I heard welcome' ]
	[ "$(sed -n 1p out)" = "dial $(cat pid) sh -c \"printf \\\"%s\\\\n\\\" \\\"\$\$\\\" >pid; read -r line; printf \\\"I heard %s\\\\n\\\" \\\"\$line\\\"\" sh plain \"two words\" \"\" \"\\\"\" \"tab\\there\"" ]
}

@test "what the greeting says can be read as one line" {
	start door s
	soon listening s
	dial s true $'two\nlines' $'\001' $'\303\244'
	ended
	[ "$(wc -l <out)" -eq 1 ]
	[[ $output = 'dial '[0-9]*' true "two\nlines" "\x01" '* ]]
}

@test "the exit status is the command's" {
	start door s
	soon listening s
	run -5 dial s sh -c 'exit 5'
	ended
	[ "$status" -eq 0 ]
}

@test "stderr stays what it was, and nothing else of the socket is left open" {
	[ -d /proc/self/fd ] || skip 'no /proc'
	start door s
	soon listening s
	dial s sh -c 'list=$(ls -l /proc/$$/fd); printf "%s\n" "$list" >&2' 2>list
	ended
	[ "$(grep -c socket: list)" -eq 2 ]
	grep -q ' 0 -> socket:' list
	grep -q ' 1 -> socket:' list
}

@test "it works when stdin and stdout are closed" {
	start door s
	soon listening s
	dial s sh -c 'read -r line; printf "I heard %s\n" "$line"' <&- >&-
	ended
	[ "$(sed -n '$p' out)" = 'I heard welcome' ]
}

@test "a path may be longer than a socket's name" {
	local dir
	dir=$PWD/$(printf '%0100d' 1)/$(printf '%0100d' 2)
	mkdir -p "$dir"
	start door "$dir/s"
	soon listening "$dir/s"
	dial "$dir/s" pwd
	ended
	[ "$status" -eq 0 ]
	[ "$(sed -n '$p' out)" = "$PWD" ]
}

@test "nobody listens: no leader" {
	run -69 dial s true
	[ "$output" = 'dial: cannot connect to s: No such file or directory' ]
	start door s
	soon listening s
	kill -KILL "$pid"
	refused() { run -69 dial s true; }
	soon refused
	[ "$output" = 'dial: cannot connect to s: Connection refused' ]
}

@test "what is no socket, or cannot be run, is an error" {
	: >file
	run dial file true
	[ "$status" -ne 0 ]
	[[ $output = 'dial: cannot connect to file: '* ]]
	start door s
	soon listening s
	run -74 dial s ./nonesuch
	[ "$output" = 'dial: cannot run ./nonesuch: No such file or directory' ]
	ended
}

@test "usage" {
	run -0 --separate-stderr dial --help
	[[ $output = usage:* ]]
	[ "$stderr" = '' ]
	for words in '' 's'; do
		run -64 --separate-stderr dial $words
		[ "$output" = '' ]
		[[ $stderr = usage:* ]]
	done
}

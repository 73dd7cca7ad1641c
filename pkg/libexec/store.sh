# store.sh - asks lite-raft's store, by libexec/session: one conversation with one
# server after the other, until one of them leads and has answered all.
#
# What is asked may be carried out twice, where an answer was lost; so all that is
# written is a compare-and-set that leads to the same value.

store_limit=5     # seconds for a conversation
store_patience=15 # for all of them

work=${work-}

# mksh, ended by a signal, takes the status of the last command here.
store_close() {
	status=$?
	rm -rf "$work"
	exit "$status"
}

# Removes what those left who were ended by a signal, as by the end of a pipe.
store_sweep() {
	find run ! -path run -prune -name '.[0-9]*' | while read -r left; do
		kill -0 "${left#run/.}" 2>/dev/null || rm -rf "$left"
	done
}

# Makes $work, a directory of our own, which is gone when we are.
store_open() {
	[ -d run ] || (umask 077 && mkdir run) || die 74 "cannot make $PWD/run"
	store_sweep
	work=run/.$$
	rm -rf "$work" # somebody had our pid before us
	mkdir -m 700 "$work" || die 74 "cannot make $PWD/$work"
	trap store_close EXIT
	trap 'exit 130' HUP INT TERM
	: >"$work/ask"
	: >"$work/why"
	libexec/session --list >"$work/servers" || exit $?
	[ -s "$work/servers" ] ||
		die 78 "cannot find a server: write them into $PWD/lite-raft-remote"
}

# One more line to be asked.
ask() { # WORD...
	printf '%s\n' "$*" >>"$work/ask"
}

# Prints a word as batch lines have it.
quote() { # TEXT
	case $1 in
	'' | *[!A-Za-z0-9_./:@%+,=~^-]*)
		printf '%s\n' "$1" | awk '
			{ gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); gsub(/\t/, "\\t"); gsub(/\r/, "\\r") }
			{ text = text (NR > 1 ? "\\n" : "") $0 }
			END { printf "\"%s\"", text }'
		;;
	*) printf '%s' "$1" ;;
	esac
}

# Prints what a quoted word stands for.
unquote() { # WORD
	case $1 in
	\"*) ;;
	*)
		printf '%s\n' "$1"
		return
		;;
	esac
	printf '%s\n' "$1" | awk '{
		$0 = substr($0, 2, length($0) - 2)
		while ((i = index($0, "\\")) > 0) {
			c = substr($0, i + 1, 1)
			skip = 2
			if (c == "n") c = "\n"
			else if (c == "t") c = "\t"
			else if (c == "r") c = "\r"
			else if (c == "x") {
				h = "0123456789abcdef"
				x = tolower(substr($0, i + 2, 2))
				c = sprintf("%c", (index(h, substr(x, 1, 1)) - 1) * 16 + index(h, substr(x, 2)) - 1)
				skip = 4
			}
			printf "%s%s", substr($0, 1, i - 1), c
			$0 = substr($0, i + skip)
		}
		print
	}'
}

# One conversation with SERVER: 0 if all was answered; else $hint may be a leader.
store_try() { # SERVER
	hint=
	bounded "$store_limit" libexec/session "$1" <"$work/ask" >"$work/said" 2>"$work/err"
	[ $? -ne 75 ] || printf 'no answer within %s s\n' "$store_limit" >>"$work/err"
	awk -v remote="$1" '
		!begun && remote != "." { begun = $0 == "lite-raft-gate 1"; next }
		$1 == "hello" { next }
		$1 == 69 && $2 == "not-leader" { exit }
		{ print }' "$work/said" >"$work/answers"
	hint=$(sed -n 's/^69 not-leader //p' "$work/said" | tail -n 1)
	# 69 and 75 are of the store, not of what was asked.
	if [ "$(grep -c . "$work/answers")" -eq "$(grep -c . "$work/ask")" ] &&
		! grep -q -e '^69' -e '^75' "$work/answers"; then
		return
	fi
	store_why "$1"
	return 1
}

# Notes why SERVER did not answer: the newest reason of each is kept.
store_why() { # SERVER
	store_said=$(tr -d '\r' <"$work/err" | grep . | tail -n 1)
	case $store_said:$hint in
	:?*) store_said="does not lead" ;;
	:) store_said=$(sed -n -e 's/^69 *//p' -e 's/^75 *//p' "$work/answers" | tail -n 1) ;;
	esac
	grep -v -F -e "$1: " "$work/why" >"$work/why.new"
	printf '%s: %s\n' "$1" "${store_said:-no answer}" >>"$work/why.new"
	mv "$work/why.new" "$work/why"
}

# The server that lite-raft calls NAME, if one of them is: sets $server.
store_server() { # NAME
	while read -r server; do
		store_host=${server%%=*}
		store_host=${store_host#*@}
		[ "${store_host%%:*}" != "$1" ] || return 0
	done <"$work/servers"
	return 1
}

# Asks what $work/ask has, of whoever leads: 0, or 69 and $store_reason.
store_ask() {
	store_end=$(($(date +%s) + store_patience))
	while :; do
		# The one that led last time comes first; no package is called as the file is.
		if [ -f run/.server ] && read -r server <run/.server && grep -q -x -F -e "$server" "$work/servers"; then
			store_round "$server" && return
		fi
		while read -r server <&4; do
			store_round "$server" 4<&- && return
		done 4<"$work/servers"
		[ "$(date +%s)" -lt "$store_end" ] || break
		sleep 0.3
	done
	store_reason=$(tr '\n' ';' <"$work/why")
	store_reason=${store_reason%;}
	return 69
}

# Asks SERVER, and whom it names.
store_round() { # SERVER
	server=$1
	store_hops=0
	until store_try "$server"; do
		store_hops=$((store_hops + 1))
		if [ -z "$hint" ] || [ "$hint" = - ] || [ "$store_hops" -gt 3 ] || ! store_server "$hint"; then
			return 1
		fi
	done
	printf '%s\n' "$server" >run/.server
	: >"$work/ask"
}

# The same, for those who can't go on without.
store() {
	store_ask || store_die
}

store_die() {
	die 69 "cannot ask the store: $store_reason; ./pkg check says more"
}

# Sets $answer to what answer N says, and returns its status.
answer() { # N
	answer=$(sed -n "$1p" "$work/answers")
	answer_status=${answer%% *}
	case $answer in
	*' '*) answer=${answer#* } ;;
	*) answer= ;;
	esac
	[ "${answer_status:-75}" -le 1 ] || die "$answer_status" "cannot ask the store: $(unquote "$answer")"
	return "$answer_status"
}

# Sets $timeout to the store's election_timeout; empty: an older one, which tells
# nothing.
timeout_find() { # ANSWER
	timeout=
	case $1 in
	*' election_timeout='*)
		timeout=${1#*' election_timeout='}
		timeout=${timeout%%[!0-9.]*}
		;;
	esac
}

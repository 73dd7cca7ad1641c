# lib.sh - what the scripts of pkg share.  Sourced with pkg's directory as the
# current one.

LC_ALL=C
export LC_ALL
set -f # no name is a pattern
work=${work-}
script_return=$(printf '\r')
script_patience=20 # seconds for what a control script is asked here
# For yash: what a loop in a function goes through is not the function's own.
[ -z "${YASH_VERSION-}" ] || command set +o forlocal

# Says why on stderr, one line, and ends with STATUS.
die() { # STATUS WORD...
	die_status=$1
	shift
	printf '%s: %s\n' "${prog:-${0##*/}}" "$*" >&2
	exit "$die_status"
}

# One line on stderr that stops nothing.
warn() { # WORD...
	printf '%s: %s\n' "${prog:-${0##*/}}" "$*" >&2
}

# A usage error: prints $usage.
usage() {
	printf 'usage: %s\n' "${usage:?}" >&2
	exit 64
}

# One line on stdout for a person.
say() { # WORD...
	printf '%s: %s\n' "${prog:-${0##*/}}" "$*"
}

# A name of a package or a node.
name_check() { # NAME
	case $1 in
	'' | [-.]* | *[!A-Za-z0-9_.-]*) die 64 "cannot use the name $1: letters, digits and _ . -, no - or . first" ;;
	esac
	[ "${#1}" -le 64 ] || die 64 "cannot use the name $1: it has more than 64 bytes"
}

# Sets $node and PKG_NODE to what this host is called: what the file node_name says,
# else its host name up to the first dot.
node_load() {
	node=${PKG_NODE-}
	if [ -z "$node" ] && [ -f node_name ]; then
		read -r node <node_name || [ -n "$node" ] || die 78 'cannot read node_name: write one name into it'
	fi
	if [ -z "$node" ]; then
		node=$(uname -n)
		node=${node%%.*}
	fi
	case $node in
	'' | [-.]* | *[!A-Za-z0-9_.-]*) die 78 "cannot use this host's name, $node: write another into $PWD/node_name" ;;
	esac
	PKG_NODE=$node
	export PKG_NODE
}

# Is the beginning of $script_name without a NUL?
script_is_text() {
	[ "$(dd if="$script_name" bs=512 count=1 2>/dev/null | tr -cd '\000' | wc -c)" -eq 0 ]
}

# Ends unless there is a control script NAME that can be run: a shell that stumbles over it
# would answer 2, which is degraded, to whatever it is asked.
script_check() { # NAME
	[ -f "control-scripts/$1" ] ||
		die 78 "cannot find control-scripts/$1; begin with: cp control-scripts/template control-scripts/$1"
	[ -x "control-scripts/$1" ] || die 78 "cannot run control-scripts/$1; use: chmod +x control-scripts/$1"
	[ -r "control-scripts/$1" ] || die 78 "cannot read control-scripts/$1, nor could what runs it; use: chmod +r control-scripts/$1"
	script_name=control-scripts/$1 script_line=
	read -r script_line <"$script_name" || :
	case $script_line in
	'#!'*"$script_return") die 78 "cannot use $script_name: its lines end as those of DOS do, with a carriage return" ;;
	'#!'*) ;;
	*)
		script_is_text || return 0 # a program
		die 78 "cannot use $script_name: its first line must name what runs it, as #!/bin/sh does"
		;;
	esac
	script_line=${script_line#'#!'}
	# shellcheck disable=SC2086 # the kernel takes it apart as well
	set -- $script_line
	[ -x "${1-}" ] || die 78 "cannot run $script_name: its first line names ${1:-nothing}, which is not here"
	case " $* " in
	*tclsh' '* | *wish' '* | *fish' '* | *csh' '*) ;;
	*sh' '* | *ksh93' '*)
		script_line=$("$@" -n "$script_name" 2>&1) ||
			die 78 "cannot use $script_name: $(printf '%s\n' "$script_line" | sed -e "s,^.*$script_name: ,," -e q)"
		;;
	esac
}

# Runs the control script NAME with nothing in its environment that could be taken
# for a setting; its status, or 75: it did not end in time.
script_run() { # NAME WORD...
	script_name=$1
	shift
	libexec/within "$script_patience" env -i "PATH=$PATH" "HOME=${HOME-/}" "PKG_LIB=$PWD/libexec" "PKG_NAME=$script_name" \
		"PKG_NODE=${PKG_NODE-}" "control-scripts/$script_name" "$@"
}

# Prints what this host's monitor of NAME says; 69: there is none, 75: it says nothing.
local_ask() { # NAME
	libexec/local "$1" status 2>/dev/null
}

# Runs a program for SECONDS at most; its status, or 75: it was ended then.  Each call has
# files of its own: what was ended may take its time, and note that when another runs.
# Without exec yash would keep a shell before it.
bounded() { # SECONDS COMMAND...
	bounded_left=$(($1 * 20))
	bounded_calls=$((${bounded_calls:-0} + 1))
	bounded_file=$work/bounded.$bounded_calls
	shift
	{
		{
			exec "$@" <&3 2>&5 3<&- 5>&- &
			printf '%s\n' "$!" >"$bounded_file.pid"
			wait "$!"
			printf '%s\n' "$?" >"$bounded_file.new"
			mv "$bounded_file.new" "$bounded_file"
		} 5>&2 2>/dev/null &
	} 3<&0
	# Once it is ended, a second at most for that to be noted.
	until [ -e "$bounded_file" ] || [ "$bounded_left" -le -20 ]; do
		if [ "$bounded_left" -eq 0 ] && [ -s "$bounded_file.pid" ]; then
			read -r bounded_pid <"$bounded_file.pid" && kill "$bounded_pid" 2>/dev/null
		fi
		bounded_left=$((bounded_left - 1))
		sleep 0.05
	done
	[ "$bounded_left" -ge 0 ] || return 75
	read -r bounded_status <"$bounded_file"
	return "$bounded_status"
}

# Sets $found to the value of NAME= in a line of words; 1 if there is none.
word_find() { # NAME LINE
	found=
	case " $2" in
	*" $1="*) ;;
	*) return 1 ;;
	esac
	found=" $2"
	found=${found#*" $1="}
	found=${found%% *}
}

# Prints text that was quoted with % and two hexadecimal digits.
plain() { # TEXT
	printf '%s\n' "$1" | awk '{
		while ((i = index($0, "%")) > 0) {
			h = toupper(substr($0, i + 1, 2))
			n = (index("0123456789ABCDEF", substr(h, 1, 1)) - 1) * 16 + index("0123456789ABCDEF", substr(h, 2)) - 1
			printf "%s%c", substr($0, 1, i - 1), n
			$0 = substr($0, i + 3)
		}
		print
	}'
}

# lite.sh - what the scripts of lite-raft share.  Sourced with the node's
# directory as the current one; a script sets $prog first if its messages are
# to name another than itself.

LC_ALL=C
export LC_ALL
unset CDPATH
umask 077
set -f # no name is a pattern
# For yash, unless its name is sh, what a loop in a function goes through is the
# function's own.
[ -z "${YASH_VERSION-}" ] || command set +o forlocal

# Prints lite-raft's version, which the programs have from there.
version() {
	while read -r _ version_word version_text _; do
		[ "$version_word" = VERSION ] || continue
		version_text=${version_text#?}
		printf '%s\n' "${version_text%?}"
	done <libexec/core/types.h
}

# Says why on stderr, one line, and ends with STATUS.
die() { # STATUS WORD...
	die_status=$1
	shift
	printf '%s: %s\n' "${prog:-${0##*/}}" "$*" >&2
	exit "$die_status"
}

# A usage error: prints $usage.
usage() {
	printf 'usage: %s\n' "${usage:?}" >&2
	exit 64
}

# What was asked for, on stdout.
put() { # TEXT
	{ printf '%s\n' "$1"; } 2>/dev/null || die 74 'cannot write standard output'
}

# Answers "--help", if that is all that was said.
helps() { # ARGUMENT...
	[ "$*" = --help ] || return 0
	put "usage: ${usage:?}"
	exit
}

# One line on stdout for a person.
say() { # WORD...
	printf '%s: %s\n' "${prog:-${0##*/}}" "$*"
}

# One line in message-log.
note() { # WORD...
	libexec/os/node note "$*"
}

# True while process PID holds this node's lock, that is, while it is the role, and
# where that can't be asked just now.
held() { # PID
	held_by=$(libexec/os/hold --who state/running)
	case $? in
	0 | 1) [ "$held_by" = "$1" ] ;;
	esac
}

# A directory that can stand between single quotes in any shell's command line,
# csh's included (it looks for ! even there).
path_check() { # PATH
	case $1 in
	*'
'*) die 78 'cannot use this directory: its name has a newline in it' ;;
	*"'"* | *'!'*) die 78 "cannot use the directory $1: its name has a ' or a ! in it" ;;
	esac
}

# Sets $directory to where NODE's copy lies: what conf/directories says, else
# the same path as here.
directory_of() { # NODE
	directory=$PWD
	if [ -f conf/directories ]; then
		[ -r conf/directories ] || die 78 'cannot read conf/directories'
		dir_return=$(printf '\r')
		while dir_node='' && read -r dir_node dir_path || [ -n "$dir_node" ]; do
			[ "$dir_node" = "$1" ] || continue
			dir_path=${dir_path%"$dir_return"}
			directory=${dir_path%% #*}
		done <conf/directories
	fi
	case $directory in
	/*) path_check "$directory" ;;
	*) die 78 "cannot use conf/directories: write an absolute path: $1 /path/to/lite-raft" ;;
	esac
}

# Sets $election_timeout to what is in force, and $seconds to it rounded up.
timeout_load() {
	election_timeout=10
	if [ -r run/election_timeout ]; then
		read -r election_timeout <run/election_timeout
	fi
	election_timeout=${election_timeout:-10}
	seconds=${election_timeout%%.*}
	case $election_timeout in
	*.*[1-9]*) seconds=$((seconds + 1)) ;;
	esac
}

# Sets $last to the last line of FILE that is not empty, without the carriage
# return that ssh ends its lines with.
last_line() { # FILE
	last=
	[ -s "$1" ] || return 0
	while last_read='' && read -r last_read || [ -n "$last_read" ]; do
		last_read=${last_read%[!\ -~]}
		[ -z "$last_read" ] || last=$last_read
	done <"$1"
}

# Notes the last line of FILE as NODE's, unless it is what was noted last.
complain() { # NODE FILE
	last_line "$2"
	if [ -n "$last" ] && [ "$last" != "${complained:-}" ]; then
		note "$1: $last"
	fi
	complained=$last
}

# usage.bash - what the programs' --help has, for tests that hold something else
# against it.

# verbs COMMAND: the verbs of lite-raft or lite-raft-client.
verbs() {
	case $1 in
	*-client) "$@" --help | sed -n 's/^  \([a-z-]*\)\( .*\)*$/\1/p' ;;
	*) "$@" --help | sed -E -e ':a; s/\[[^][]*\]//; ta' -e 's/sandbox .*/sandbox/' | tr '|' '\n' |
		sed -E 's/^(usage:)? *(lite-raft)? *//; s/ .*//' ;;
	esac | grep . | sort -u
}

# options COMMAND...: the options of a command.
options() {
	"$@" --help | grep -o -E -e '(^|[[ ])--?[a-z]+[a-z-]*' | grep -o -e '-.*' | grep -v -x -e '-[a-z][a-z]' | sort -u
}

# check.sh - lite-raft check: asks every node what it is like and how it reaches
# each, and prints what check.awk makes of it.

. libexec/lib/report.sh

# Puts "at NODE " before each line.
at() { # NODE
	while IFS= read -r at_line; do
		printf 'at %s %s\n' "$1" "$at_line"
	done
}

# Asks NODE, and tells how that went, and what NODE told.
check_node() { # NODE
	case $1 in
	"$self") reach "$1" self "$limit" ;;
	*) reach "$1" all "$limit" ;;
	esac
	printf 'at %s %s\n' "$self" "$reach_way"
	[ "$1" = "$self" ] || printf '%s\n' "$reach_report" | at "$1"
	check_slow "$1"
	check_slow "$1"
}

# While many log in at a time each takes long: what did is tried again.
check_slow() { # NODE
	[ "$reach_kind" = up ] && [ "${reach_login% *}" -gt 1000000 ] || return
	reach "$1" self "$limit"
	printf 'at %s login %s %s\n' "$self" "$1" "${reach_login:-0}"
}

# All that is to be judged.  What no clock bounds is not begun.
check_tell() {
	report_conf | at "$self"
	measured=$(report_measured)
	status=$?
	printf '%s\n' "$measured" | at "$self"
	[ "$status" -eq 0 ] || return
	for name in $nodes; do
		check_node "$name" &
	done
	wait
}

# 0 all is well, 1 something is to be mended, 74 that can't be printed, 78 conf/ cannot be
# read.
check() { # [json]
	conf_check
	nodes=$conf
	programs_build >&2
	if [ -f state/node ]; then
		self=$(libexec/os/node show name) || exit
		nodes=$(once "$nodes $(libexec/os/node show peers | tr '\n' ' ')")
	else
		self=$( (conf_self "$nodes" && printf '%s\n' "$conf") 2>/dev/null) || self=here
	fi
	places=$(for name in $nodes; do
		directory_of "$name"
		printf 'asks %s %s\n' "$name" "$directory"
	done) || exit
	limit=$(count "$nodes")
	limit=$((limit * 5 + 50))
	[ ! -t 2 ] || printf '%s: asks %s\n' "$prog" "$nodes" >&2
	conf_timeout
	ssh=ssh
	[ ! -f conf/ssh_config ] || ssh='ssh -F conf/ssh_config'
	# Not every awk says that it could not print.
	judged=$({
		printf '%s\n' "$places"
		check_tell 2>&1
	} | awk -v here="$self" -v timeout="$conf" -v ssh="$ssh" -v json="$1" -f libexec/lib/check.awk)
	status=$?
	[ "$status" -le 1 ] || die 74 'cannot judge what was told'
	put "$judged"
	return "$status"
}

# conf.sh - reads and checks what the administrator says in conf/.
# Nothing in a setting is ever run.  Each conf_* leaves the setting in $conf; one
# that cannot be used ends the script with 78 and the line to write.

. libexec/lib/lite.sh

# The words of conf/NAME, one blank between them.
conf_read() { # NAME EXAMPLE
	conf=
	conf_fix="write a line such as: $2"
	[ -e "conf/$1" ] || die 78 "cannot read conf/$1: it is missing; $conf_fix"
	[ -f "conf/$1" ] || die 78 "cannot read conf/$1: it is no file; $conf_fix"
	[ -r "conf/$1" ] || die 78 "cannot read conf/$1: not permitted; chmod u+r conf/$1"
	# In a comment is any byte; not every shell reads each of them in each locale.
	conf_text=$(LC_ALL=C sed 's/#.*//' "conf/$1" | LC_ALL=C tr -c '\11\12\40-\176' '[\15*]')
	case $conf_text in
	*"$(printf '\r')"*) die 78 "cannot use conf/$1: it has carriage returns" \
		"(CRLF) or other bytes that are no text; $conf_fix" ;;
	esac
	for conf_word in $conf_text; do
		conf=${conf:+$conf }$conf_word
	done
	[ -n "$conf" ] || die 78 "cannot use conf/$1: it is empty; $conf_fix"
}

# As conf_read, for a setting of one word.
conf_word() { # NAME EXAMPLE
	conf_read "$1" "$2"
	case $conf in
	*\ *) die 78 "cannot use conf/$1: it says more than one thing; $conf_fix" ;;
	esac
}

# True for what can be a node's name.
name_valid() { # NAME
	case $1 in
	'' | -* | *[!A-Za-z0-9._:%-]*) return 1 ;;
	esac
	[ "${#1}" -le 80 ]
}

# conf/cluster_nodes.
conf_nodes() {
	conf_read cluster_nodes 'node1 node2 node3'
	for conf_node in $conf; do
		name_valid "$conf_node" || die 78 "cannot use conf/cluster_nodes:" \
			"$conf_node is no name of a host; $conf_fix"
	done
	nodes_once=$(once "$conf")
	[ "$conf" = "$nodes_once" ] || die 78 "cannot use conf/cluster_nodes: it names a" \
		"host twice; write: $nodes_once"
	[ "$(count "$conf")" -le 31 ] || die 78 "cannot use conf/cluster_nodes: it names" \
		"$(count "$conf") hosts; 31 are the most"
}

# Prints each word of LIST once.
once() { # LIST
	once_list=
	for once_word in $1; do
		among "$once_word" "$once_list" ||
			once_list=${once_list:+$once_list }$once_word
	done
	printf '%s\n' "$once_list"
}

# Prints how many words LIST has.
count() { # LIST
	count_words=0
	for count_word in $1; do
		[ -z "$count_word" ] || count_words=$((count_words + 1))
	done
	printf '%s\n' "$count_words"
}

# True if WORD is one of LIST.
among() { # WORD LIST
	case " $2 " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

# conf/election_timeout: seconds, without surplus zeros before the point.
conf_timeout() {
	conf_word election_timeout 3
	case $conf in
	*[!0-9.]* | *.*.* | .* | *.) conf_wrong ;;
	esac
	timeout_whole=${conf%%.*}
	timeout_rest=${conf#"$timeout_whole"}
	while :; do
		case $timeout_whole in
		0?*) timeout_whole=${timeout_whole#0} ;;
		*) break ;;
		esac
	done
	case $timeout_whole in
	?????*) conf_wrong ;;
	esac
	[ "$timeout_whole" -le 3600 ] || conf_wrong
	case $timeout_whole$timeout_rest in
	0 | 0.0 | 0.0[0-4]* | 3600.*[1-9]*) conf_wrong ;;
	esac
	conf=$timeout_whole$timeout_rest
}

conf_wrong() {
	die 78 "cannot use conf/election_timeout: $conf is no number of seconds" \
		"from 0.05 to 3600; $conf_fix"
}

# conf/snapshot_period.
conf_period() {
	conf_word snapshot_period 10000
	case $conf in
	*[!0-9]* | 0* | ????????????????*) die 78 "cannot use conf/snapshot_period:" \
		"$conf is no number of log entries from 1 up; $conf_fix" ;;
	esac
}

# All that must be right before a node runs; leaves conf/cluster_nodes in $conf.
conf_check() {
	conf_timeout
	conf_period
	conf_nodes
}

# Prints the names and addresses that this host goes by, one a line.
host_names() {
	host=$(hostname 2>/dev/null || uname -n)
	printf '%s\n' "$host" "${host%%.*}"
	case $(uname -s) in
	Linux | FreeBSD) hostname -f 2>/dev/null ;; # elsewhere -f may set the name
	esac
	if command -v ip >/dev/null; then
		ip -o addr
	else
		ifconfig -a
	fi 2>/dev/null | while read -r host_line; do
		host_before=
		for host_word in $host_line; do
			case $host_before in
			inet | inet6)
				host_word=${host_word#addr:}
				printf '%s\n' "${host_word%%/*}"
				;;
			esac
			host_before=$host_word
		done
	done
}

# This host's name among NODES: what conf/node_name says, else the one that is a
# name or an address of this host.
conf_self() { # NODES
	if [ -e conf/node_name ]; then
		conf_word node_name "${1%% *}"
		among "$conf" "$1" || die 78 "cannot use conf/node_name: $conf is not in" \
			"conf/cluster_nodes ($1)"
		return
	fi
	conf=
	self_names=$(host_names)
	self_names=$(once "$self_names")
	for self in $1; do
		! among "$self" "$self_names" || conf=${conf:+$conf }$self
	done
	case $conf in
	'') self_why="is this host (its names: $self_names)" ;;
	*\ *) self_why="is meant: this host goes by $conf" ;;
	*) return ;;
	esac
	die 78 "cannot tell which of conf/cluster_nodes $self_why; write the right one" \
		"into conf/node_name: printf '%s\\n' ${1%% *} >conf/node_name"
}

# Prints what NODES (conf/cluster_nodes) says otherwise than the configuration in
# force, a line each.
conf_differs() { # NODES
	differs_members="$(libexec/os/node show name) $(libexec/os/node show peers)"
	differs_members=$(once "$differs_members")
	for differs_node in $1; do
		among "$differs_node" "$differs_members" ||
			printf 'conf/cluster_nodes names %s, which is no member; to add it: ./lite-raft-client add-member %s\n' \
				"$differs_node" "$differs_node"
	done
	for differs_node in $differs_members; do
		among "$differs_node" "$1" ||
			printf 'conf/cluster_nodes does not name the member %s; to remove it: ./lite-raft-client del-member %s\n' \
				"$differs_node" "$differs_node"
	done
}

# status.sh - lite-raft status: this node, from its own files.

. libexec/lib/conf.sh

row() { # KEY VALUE
	[ -z "$2" ] || printf '%-16s %s\n' "$1" "$2"
}

# The first line of FILE, or nothing.
first_line() { # FILE
	first=
	[ ! -r "$1" ] || read -r first <"$1"
	printf '%s\n' "$first"
}

# The settings; where another one is in force until the node is started anew, both.
status_conf() {
	if ! why=$( (conf_check) 2>&1); then
		row conf "${why#*: }"
		return
	fi
	conf_timeout
	in_force=$(first_line run/election_timeout)
	if [ -n "$pid" ] && [ "$in_force" != "$conf" ]; then
		row election_timeout "$in_force (after a restart: $conf)"
	else
		row election_timeout "$conf"
	fi
	conf_period
	row snapshot_period "$conf"
	conf_nodes
	row cluster_nodes "$conf"
	conf_differs "$conf" | while read -r line; do
		row differs "$line"
	done
}

# What a person calls the cluster, if anything.
status_name() {
	[ -e conf/cluster_name ] || return 0
	if name=$( (conf_read cluster_name orders && printf '%s\n' "$conf") 2>&1); then
		row cluster_name "$name"
		return
	fi
	case $name in
	*': it is empty; '*) ;;
	*) row cluster_name "${name#*: }" ;;
	esac
}

# 0 the node runs, 1 it does not; 74 its state cannot be read.
status() {
	[ -f state/node ] || die 78 'cannot show a node: it has not had its first boot'
	status_name
	pid=$(running)
	case $? in
	0)
		row running "yes, pid $pid"
		row role "$(first_line run/role)"
		row leader "$(first_line run/leader)"
		;;
	1) row running no ;;
	*) exit 78 ;; # it has said why
	esac
	shown=$(libexec/os/node show) || exit
	while read -r key value; do
		row "$key" "$value"
		case $key in
		name) self=$value ;;
		joiner) joiner=$value ;;
		esac
	done <<END
$shown
END
	if [ "$joiner" = yes ]; then
		row waits "to be added; on a member: ./lite-raft-client add-member $self (if its old state was lost, first: ./lite-raft-client del-member $self)"
	elif [ -n "$pid" ]; then
		row waits "$(first_line run/waits)"
	fi
	status_conf
	[ -n "$pid" ]
}

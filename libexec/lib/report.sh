# report.sh - what a node tells of itself for lite-raft check, here or to another
# node: a line each, a word and what there is to say.
#
#	version VERSION SUM	of the tree: its number, its scripts' and sources' sum
#	directory DIR		by this name the gate was found; really DIR: without links
#	nodes NAME		of conf/cluster_nodes, a line each, sorted; noconf WHY
#	timeout SECONDS		conf/election_timeout
#	name NAME		this node's; noname WHY
#	cluster ID		where it has formed; differs WHAT: conf/ and the members
#	programs missing	nothing more is known then
#	clock runs | clock stands
#	disk US | nodisk WHY	what a sync takes, in microseconds
#	way NODE HOW ...	how NODE is reached from there, see reach

. libexec/lib/boot.sh # which has conf.sh

# Prints a sum of all scripts and sources, but for their first lines, which a first
# boot may rewrite.
report_sum() {
	set --
	set +f
	for report_file in bin/* libexec/*/*; do
		case $report_file in
		*.o | */lead/lead) continue ;;
		esac
		[ ! -f "$report_file" ] || [ -f "$report_file.c" ] || set -- "$@" "$report_file"
	done
	set -f
	awk 'FNR > 1' "$@" | cksum
}

# Who this node is, by its state/ or else its conf/.
report_name() {
	if [ -f state/node ]; then
		report_self=$(libexec/os/node show name 2>&1)
	else
		report_self=$( (conf_self "$report_nodes" && printf '%s\n' "$conf") 2>&1)
	fi || {
		printf 'noname %s\n' "${report_self#*: }"
		report_self=
		return
	}
	printf 'name %s\n' "$report_self"
	if [ -f state/node ] && [ "$(libexec/os/node show formed 2>/dev/null)" = yes ]; then
		printf 'cluster %s\n' "$(libexec/os/node show cluster)"
		conf_differs "$report_nodes" | sed 's/^/differs /'
	fi
}

# What conf/ says.  Sets $report_nodes, empty where it cannot be read, and
# $report_self, empty where that is not known.
report_conf() {
	report_nodes=''
	report_self=''
	report_tree=$(report_sum)
	printf 'version %s %s\n' "$(version)" "${report_tree% *}"
	printf 'directory %s\nreally %s\n' "$PWD" "$(pwd -P)"
	if ! report_why=$( (conf_check) 2>&1); then
		printf 'noconf %s\n' "${report_why#*: }"
		return
	fi
	conf_timeout
	printf 'timeout %s\n' "$conf"
	conf_nodes
	report_nodes=$conf
	printf '%s\n' "$conf" | tr ' ' '\n' | sort | sed 's/^/nodes /'
	! programs_run || report_name
}

# The clock and the disk; 1 where the clock stands, and nothing can be bounded.
report_measured() {
	libexec/os/measure
}

# The way to each node, beginning with the one behind this: so of many nodes that
# do so at a time no sshd gets too many at once.
report_ways() {
	report_before=
	report_behind=
	report_met=
	for report_node in $report_nodes; do
		if [ -n "$report_met" ]; then
			report_behind="$report_behind $report_node"
		else
			report_before="$report_before $report_node"
		fi
		[ "$report_node" != "$report_self" ] || report_met=1
	done
	report_n=0
	for report_node in $report_behind $report_before; do
		(reach "$report_node" self 30 && printf '%s\n' "$reach_way") &
		report_n=$((report_n + 1))
		[ $((report_n % 5)) -ne 0 ] || wait
	done
	wait
}

# Asks NODE's gate for its report: "all", or "self" for that node alone, within
# SECONDS.  Sets $reach_way to one of these lines, and $reach_report to the report.
#	way NODE up LOGIN NOISE TRIP NAME	microseconds, bytes, microseconds
#	way NODE KIND [WHY]			what bars it
reach() { # NODE all|self SECONDS
	for reach_rest in 1 0; do
		reach_once "$@"
		# A sshd that has too much to do turns some away.
		[ "$reach_kind" = busy ] || break
		libexec/step/timer sleep "$reach_rest"
	done
	reach_way="way $1 $reach_kind $reach_why"
}

reach_once() {
	reach_login='' reach_trip='' reach_name=- reach_said='' reach_why='' reach_kind=''
	reach_report=
	reach_text=$(libexec/link/probe ask "$2" "$3" libexec/link/peer -o "$1" check </dev/null 2>&1)
	while IFS= read -r reach_line; do
		case $reach_line in
		'> login '*) reach_login=${reach_line#> login } ;;
		'> trip '*) reach_trip=${reach_line#> trip } ;;
		'> late') reach_kind=late ;;
		'> ended '*) ;;
		'> end') reach_kind=up ;;
		'> '*)
			[ "$reach_line" = "${reach_line#> name }" ] || reach_name=${reach_line#> name }
			reach_report="$reach_report${reach_report:+
}${reach_line#> }"
			;;
		*)
			reach_said="$reach_said ${reach_line#! }"
			[ "$reach_line" = '! ' ] || reach_why=${reach_line#! }
			;;
		esac
	done <<END
$reach_text
END
	case $reach_kind:$reach_login in
	up:*) reach_why="$reach_login ${reach_trip:--} $reach_name" ;;
	late:?* | :?*) reach_kind=broken ;;
	late:) ;;
	*) reach_words ;;
	esac
}

# Sets $reach_kind to what ssh, a shell or the gate mean by $reach_said.
reach_words() {
	case $reach_said in
	*'IDENTIFICATION HAS CHANGED'*)
		reach_kind=changed
		reach_why=${reach_said##*Offending * in }
		reach_why=${reach_why%%:[0-9]*}
		case $reach_why in
		/*) ;;
		*) reach_why=~/.ssh/known_hosts ;;
		esac
		;;
	*'REVOKED HOST KEY'*) reach_kind=revoked ;;
	*'key is known for '* | *'Host key verification failed'*) reach_kind=unknown ;;
	*[Rr]esolve* | *'Name or service not known'*) reach_kind=unresolved ;;
	*'UNPROTECTED PRIVATE KEY'*)
		reach_kind=open
		reach_why=${reach_said##*Permissions ???? for \'}
		reach_why=${reach_why%%\' are too open*}
		;;
	*'ermission denied ('* | *'oo many authentication failures'*) reach_kind=denied ;;
	*'Connection refused'*) reach_kind=refused ;;
	*'timed out'* | *'o route to host'* | *nreachable*) reach_kind=silent ;;
	*kex_exchange* | *'onnection reset'* | *'onnection closed'*) reach_kind=busy ;;
	*'no such verb for this caller'*) reach_kind=gate ;;
	*'ommand not found'* | *gate*'not found'* | *gate*'o such file'*) reach_kind=nowhere ;;
	*) reach_kind=other ;;
	esac
}

# members.sh - who the others are, as state/members has it: read without a program,
# for those who look every second.

# Sets $members_head to the first line of state/members, which each configuration
# has another one of; 1 if it is what it was.
members_moved() {
	members_now=
	[ ! -r state/members ] || read -r members_now <state/members
	[ "$members_now" != "${members_head-}" ] || return
	members_head=$members_now
}

# Sets $peers to the names of all others, a blank before each; $members to all names,
# and $changing to the name of one that is coming or going, if there is one.
peers_load() {
	peers='' members='' changing=''
	[ -r state/members ] && read -r _ _ peers_self _ <state/node || return
	while read -r peers_part peers_name _; do
		case $peers_part in
		lite-raft-members) continue ;;
		member | learner) ;;
		*) changing=$peers_name ;;
		esac
		members="$members $peers_name"
		[ "$peers_name" = "$peers_self" ] || peers="$peers $peers_name"
	done <state/members
}

# Has conf/cluster_nodes be TEXT, durably; what it was is kept.
nodes_replace() { # TEXT
	if [ -f conf/cluster_nodes ] && {
		! cp -p conf/cluster_nodes conf/cluster_nodes.old.new || ! libexec/os/replace conf/cluster_nodes.old
	} || ! printf '%s\n' "$1" >conf/cluster_nodes.new || ! libexec/os/replace conf/cluster_nodes; then
		die 74 'cannot write conf/cluster_nodes'
	fi
}

# Writes conf/cluster_nodes, which the log is the truth of from now on.
nodes_write() { # INDEX NAMES
	nodes_replace "# The members as of index $1; ./lite-raft-client add-member and del-member
# change them, and this file with them.
$2"
}

# conf/cluster_nodes follows the configuration, once no node is coming or going; what
# a person has written there since stays until the next one.  SEEN is not empty if
# this one has just come.  $members_head and peers_load's are set.
nodes_follow() { # [SEEN]
	follow_index=${members_head#lite-raft-members 1 }
	follow_index=${follow_index%% *}
	[ -z "$changing" ] && [ "${follow_index:-1}" -gt 1 ] || return 0
	follow_file=
	while read -r follow_line; do
		case $follow_line in
		'# The members as of index '*)
			follow_file=${follow_line#*index }
			follow_file=${follow_file%%;*}
			;;
		esac
	done <conf/cluster_nodes
	[ "$follow_file" != "$follow_index" ] && [ -n "$follow_file${1-}" ] || return 0
	nodes_write "$follow_index" "${members# }"
}

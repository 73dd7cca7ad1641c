# recover.sh - lite-raft recover: a new cluster out of what one node of a lost
# majority has.
#
# It is the way back when nothing else is: the old state/ is kept beside, all that
# its log holds goes into a backup, and that is loaded into a cluster that begins
# anew, with ids of its own.  So none of the old nodes can ever be taken for one
# of the new, nor one that comes back do any harm.

. libexec/lib/backup.sh
. libexec/lib/boot.sh

# Prints the other members that answer under the id that they had: one whose state
# was lost is none any more.
recover_alive() {
	for name in $peers; do
		libexec/os/node greet "$name" |
			libexec/step/timer limit 10 libexec/link/peer -o "$name" hello 2>/dev/null |
			while read -r magic type _ from id _; do
				case "$magic $type $from" in
				"lr1 hello! $name") ! grep -q "^[a-z]* $name $id\$" state/members || printf '%s\n' "$name" ;;
				esac
			done
	done
}

# What would be done, and what may be lost by it.
recover_say() {
	cat <<-END
		This node, $self, would leave the cluster $cluster ($members voters) for ever, and be the
		first of a new one, of: $new.

		  Its log ends at index $last of term $term.  Up to index $commit it knows that all was committed.
		  Kept:      all of that, also what lies behind $commit, which may never have been acknowledged.
		  Lost:      whatever others had acknowledged behind index $last, if anything.  A node whose
		             log ends later has more: on each that is left, ./lite-raft status says last_index.
		  Forgotten: the ids of requests: a client that tries one again that was asked of the old
		             cluster hears that its outcome is unknown.  Indexes begin anew.

		The old state is kept, as $kept, and a backup of it as $saved.
	END
}

# Makes the new cluster: from here on each message says where things are.
recover_do() {
	backup_file "$PWD/$saved"
	backup_write --whole
	say "wrote $saved: $keys keys"
	trap 'printf "%s\n" "lite-raft: what there was is in $PWD/$kept, and all of its keys in $saved beside it" >&2' EXIT
	mv state "$kept" || die 74 "cannot move state to $kept"
	if ! cp -p conf/cluster_nodes conf/cluster_nodes.old || ! printf '%s\n' "$self" >conf/cluster_nodes.new ||
		! mv -f conf/cluster_nodes.new conf/cluster_nodes; then
		die 74 'cannot write conf/cluster_nodes'
	fi
	first_boot ''
	start
	leader_wait
	load '' "$PWD/$saved"
	trap - EXIT
	say "the new cluster $(libexec/os/node show cluster) has one node, $self; the old state is in $kept"
}

# recover --members "a b" [--yes]; 0 done, 1 not without --yes, or others live.
recover() { # NODES YES
	[ -f state/node ] || die 78 'cannot recover: there is no state here; on a node that has some of what was lost,' \
		'use this there'
	! pid=$(running) || die 1 "cannot recover: this node runs (pid $pid); if its cluster is lost: ./lite-raft stop"
	case $(libexec/os/node show formed):$(libexec/os/node show joiner) in
	yes:no) ;;
	*) die 1 'cannot recover: this node was no member of its cluster, it has nothing; take one that was' ;;
	esac
	self=$(libexec/os/node show name)
	new=$1
	for name in $new; do
		name_valid "$name" || die 64 "cannot recover: $name is no name of a host"
	done
	among "$self" "$new" || die 64 "cannot recover without this node: --members \"$self ...\""
	peers=$(libexec/os/node show peers)
	members=$(libexec/os/node show members)
	cluster=$(libexec/os/node show cluster)
	last=$(libexec/os/node show last_index)
	term=$(libexec/os/node show last_term)
	commit=$(libexec/os/node show commit_index)
	kept=state.lost.$(date -u +%Y%m%dT%H%M%SZ)
	saved=$kept.backup
	alive=$(recover_alive)
	if [ "$(($(count "$alive") + 1))" -gt $((members / 2)) ]; then
		die 1 "cannot recover: $(once "$self $alive") answer, a majority of $members: start them all," \
			"and take the others out: ./lite-raft-client del-member NODE"
	fi
	recover_say
	[ -n "$2" ] || die 1 "nothing was done; to do it: ./lite-raft recover --members \"$new\" --yes"
	recover_do
	for name in $new; do
		[ "$name" != "$self" ] || continue
		say "to be done for $name: there, mv state state.old if it has one; here, ./lite-raft-client add-member $name"
	done
}

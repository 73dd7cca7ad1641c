# recover.sh - lite-raft recover: a new cluster out of what one node of a lost
# majority has.
#
# It is the way back when nothing else is: the old state/ is kept beside, all that
# its log holds goes into a backup, and that is loaded into a cluster that begins
# anew, with ids of its own.  So none of the old nodes can ever be taken for one
# of the new, nor one that comes back do any harm.

. libexec/lib/backup.sh
. libexec/lib/boot.sh
. libexec/lib/members.sh

# What NODE says of itself, and of who the members are.
recover_hello() { # NODE
	libexec/os/node greet "$1" | libexec/step/timer limit 10 libexec/link/peer -o "$1" hello 2>/dev/null
}

# Sets $alive to the voters that answer if they can elect a leader, as living.awk
# has it.
recover_alive() {
	[ -d run ] || mkdir run || die 74 'cannot make run'
	if ! printf 'lr1 hello! %s %s %s\n' "$cluster" "$self" "$(libexec/os/node show id)" >run/recover ||
		! cat state/members >>run/recover; then
		die 74 'cannot write run/recover'
	fi
	asked=$self
	while :; do
		alive=$(awk -v asked="$asked" -f libexec/lib/living.awk run/recover) || die 74 'cannot read run/recover'
		case $alive in
		'ask '*) names=${alive#ask } ;;
		*) return ;;
		esac
		for name in $names; do
			recover_hello "$name" >"run/recover.$name" &
		done
		wait
		for name in $names; do
			cat "run/recover.$name" >>run/recover
		done
		asked="$asked $names"
	done
}

# What would be done, and what may be lost by it.
recover_say() {
	known="Up to index $commit it knows that all was committed."
	[ "$commit" -gt 0 ] || known='Of none of it is known here whether it was committed.'
	cat <<-END
		This node, $self, would leave the cluster $cluster ($voters voters) for ever, and be the
		first of a new one, of: $new.

		  Its log ends at index $last of term $term.  $known
		  Kept:      all of that, also what was perhaps never acknowledged.
		  Lost:      whatever others had acknowledged behind index $last, if anything.  A node whose
		             log ends later has more: on each that is left, ./lite-raft status says last_index.
		  Forgotten: the ids of requests: what a client has asked of the old cluster, and tries again
		             in the new one, may be carried out a second time; let all clients end
		             before.  Indexes begin anew.

		The old state is kept, as $kept, and a backup of it as $saved.
	END
}

# Where things are, and how it goes on, for one that did not come to its end.
recover_cut() {
	way="first-boot --from $saved"
	[ ! -e state/node ] || way="start, then ./lite-raft load --over $saved"
	printf '%s\n' "lite-raft: what there was is in $PWD/$kept, all of its keys in $saved beside it; to go on: ./lite-raft $way" >&2
}

# Makes the new cluster.  Once state is moved, what is left to do is first-boot
# --from, as start and first-boot say (lost_check) if this ends here.
recover_do() {
	backup_file "$PWD/$saved"
	backup_write --whole
	say "wrote $saved: $keys keys"
	[ "$(cat conf/cluster_nodes)" = "$self" ] || nodes_replace "$self"
	mv state "$kept" || die 74 "cannot move state to $kept"
	trap 'status=$?; recover_cut; exit "$status"' EXIT
	trap 'exit 74' TERM INT HUP
	first_boot ''
	start
	leader_wait
	load '' "$PWD/$saved"
	trap - EXIT TERM INT HUP
	say "the new cluster $(libexec/os/node show cluster) has one node, $self; the old state is in $kept"
}

# recover --members "a b" [--yes]; 0 done, 1 not without --yes, or others live.
recover() { # NODES YES
	lost_check recover
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
	voters=$(grep -c -E '^(member|joining|leaving) ' state/members)
	cluster=$(libexec/os/node show cluster)
	last=$(libexec/os/node show last_index)
	term=$(libexec/os/node show last_term)
	commit=$(libexec/os/node show commit_index)
	kept=state.lost.$(date -u +%Y%m%dT%H%M%SZ)
	saved=$kept.backup
	recover_alive
	[ -z "$alive" ] || die 1 "cannot recover: $alive answer, and are a majority: start them all, and take the" \
		'others out: ./lite-raft-client del-member NODE'
	recover_say
	[ -n "$2" ] || die 1 "nothing was done; to do it: ./lite-raft recover --members \"$new\" --yes"
	recover_do
	for name in $new; do
		[ "$name" != "$self" ] || continue
		say "to be done for $name: there, ./lite-raft stop and mv state state.old, if it has one; here, ./lite-raft-client add-member $name"
	done
}

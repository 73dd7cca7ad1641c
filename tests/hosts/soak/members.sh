# members.sh - members of a soak's cluster that come and go; sourced by run, behind lab.

HOSTS=4 # the last one comes and goes

# The last host that there is enters, or leaves.
fault_member() {
	member_at=$(lab_leader) || return 0
	case $(members "$member_at") in
	*" h$HOSTS "*) lab_client "$member_at" --timeout 20 del-member "h$HOSTS" || : ;;
	*)
		lab_poweron "$HOSTS"
		lab_client "$member_at" --timeout 20 add-member "h$HOSTS" || :
		;;
	esac
}

mend_member() { :; }

# A member loses its state, and comes back as a new one.
fault_wipe() {
	lab_on "$1" ./lite-raft stop || :
	lab_on "$1" rm -rf state
}

wiped_is_out() { lab_client "$wipe_by" --timeout 10 del-member "h$1" || ! members "$wipe_by" | grep -q " h$1 "; }
wiped_is_in() { lab_client "$wipe_by" --timeout 20 add-member "h$1" || members "$1" | grep -q "member h$1 "; }

mend_wipe() {
	wipe_by=$(lab_powered | grep -v -x "$1" | head -n 1)
	wait_for 60 wiped_is_out "$1" && wait_for 60 wiped_is_in "$1"
}

# The configuration that host I has: "member h1 member h2 ... ".
members() { # I
	lab_on "$1" cat state/members | awk 'NR > 1 { printf "%s %s ", $1, $2 }'
}

# No change of the members is under way, as a host has it that is in step.
members_rest() {
	case $(members 1) in
	'' | *entering* | *leaving* | *learner*) return 1 ;;
	esac
}

# The hosts that count are those who are members; the last one has no state if it is
# none.  When nothing is wrong any more, and no change is under way.
members_settle() {
	wait_for 60 members_rest || return 1
	case $(members 1) in
	*" h$HOSTS "*) printf '%s\n' "$HOSTS" >"$LAB/count" ;;
	*)
		printf '%s\n' "$((HOSTS - 1))" >"$LAB/count"
		lab_poweron "$HOSTS"
		lab_on "$HOSTS" ./lite-raft stop >/dev/null 2>&1 || :
		lab_on "$HOSTS" rm -rf state
		;;
	esac
}

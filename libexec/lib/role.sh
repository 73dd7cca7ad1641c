# role.sh - what the three roles share.  The process of a role holds
# state/running: $$ is the node's pid, whatever its role.

. libexec/lib/lite.sh
. libexec/lib/child.sh

# Enters ROLE.
role_begin() { # ROLE
	printf '%s\n' "$1" >run/role
	trap 'answer role_end' TERM INT HUP
}

# SIGTERM ends the node: what this role started, what outlives the roles, and
# with this process the lock falls.
role_end() {
	trap : TERM INT
	end "$child $started"
	besides_end
	exit 0
}

# Starts the connections to the peers, and what takes the snapshots, unless an earlier
# role has.
links_begin() {
	complaining run/links libexec/os/hold run/links.lock libexec/link/links $$ &
}

links_end() {
	beside_end run/links.lock
}

# Ends what goes on beside the roles.
besides_end() {
	links_end
	beside_end run/compact.lock
}

beside_end() { # LOCK
	while beside=$(libexec/os/hold --who "$1"); do
		kill -s TERM "$beside" 2>/dev/null
		libexec/step/timer sleep 0.02
	done
}

# Waits a random time that grows with the number of TRIES in vain, so that of
# several candidates one comes first (Raft, section 5.2), and that those whose calls take
# long do not make them take longer still.
pause() { # TRIES
	case $1 in
	1 | 2) pause_most=0.15 ;;
	3) pause_most=0.3 ;;
	4) pause_most=0.6 ;;
	5) pause_most=1.2 ;;
	6) pause_most=2.5 ;;
	*) pause_most=5 ;;
	esac
	await libexec/step/timer sleep --random "$pause_most"
}

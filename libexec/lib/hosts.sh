# hosts.sh - lite-raft keys --hosts: collects the hosts' keys, shows them, and pins
# in conf/known_hosts what a person agrees to.

. libexec/lib/conf.sh

# Prints a line for each key that NODE's sshd shows, as ssh would ask for it:
#	NODE LOOKUP FINGERPRINT TYPE KEY
# or NODE and why there is none.
hosts_scan() { # NODE
	config=
	[ ! -f conf/ssh_config ] || config=conf/ssh_config
	host='' port='' alias='' proxy=''
	while read -r word value; do
		case $word in
		hostname) host=$value ;;
		port) port=$value ;;
		hostkeyalias) alias=$value ;;
		proxyjump | proxycommand) [ "$value" = none ] || proxy=$value ;;
		esac
	done <<END
$(ssh -G ${config:+-F "$config"} -- "$1" 2>/dev/null)
END
	if [ -n "$proxy" ]; then
		printf '%s - is reached through a proxy: write its key into conf/known_hosts by hand\n' "$1"
		return
	fi
	case $alias:$port in
	:22) alias=$host ;;
	:*) alias="[$host]:$port" ;;
	esac
	ssh-keyscan -T 5 -p "$port" -- "$host" 2>/dev/null | {
		none=1
		while read -r host type key; do
			print=$(printf '%s %s %s\n' "$host" "$type" "$key" | ssh-keygen -lf - 2>/dev/null) || continue
			print=${print#* }
			printf '%s %s %s %s %s\n' "$1" "$alias" "${print%% *}" "$type" "$key"
			none=
		done
		[ -z "$none" ] || printf '%s - does not show a key: is its sshd up, and does its name lead there?\n' "$1"
	}
}

# What conf/known_hosts says of LOOKUP's KEY: known, changed (another of its TYPE is
# pinned), other (one of another type is), revoked, new.
hosts_pinned() { # LOOKUP TYPE KEY
	[ -f conf/known_hosts ] && pinned=$(ssh-keygen -F "$1" -f conf/known_hosts 2>/dev/null | grep -v '^#') || pinned=
	if printf '%s\n' "$pinned" | grep '^@revoked ' | grep -qF " $2 $3"; then
		printf 'revoked\n'
		return
	fi
	pinned=$(printf '%s\n' "$pinned" | grep -v '^@')
	case "$pinned " in
	' ') printf 'new\n' ;;
	*" $2 $3"[!A-Za-z0-9+/=]*) printf 'known\n' ;;
	*" $2 "*) printf 'changed\n' ;;
	*) printf 'other\n' ;;
	esac
}

# Shows what was scanned; sets $fresh to the lines that may be pinned, and $changed
# and $revoked to the nodes that show another key than is pinned, or a revoked one.  A host with a key pinned gets
# no second one, of another type, by a mere yes.
hosts_show() {
	fresh='' changed='' revoked=''
	while read -r node lookup print type key; do
		[ -n "$node" ] || continue
		if [ "$lookup" = - ]; then
			say "$node $print $type $key"
			continue
		fi
		state=$(hosts_pinned "$lookup" "$type" "$key")
		put "$(printf '%-16s %s %s (%s)' "$node" "$print" "$type" "$state")"
		case $state in
		changed | other) changed="$changed $node" ;;
		revoked) revoked="$revoked $node" ;;
		new) fresh="$fresh$node $lookup $print $type $key
" ;;
		esac
	done
}

# Asks at a terminal where they were shown, too; else 1.
hosts_agree() {
	[ -t 0 ] && [ -t 1 ] && [ -t 2 ] || return
	printf '%s: are these the keys that the hosts themselves show (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there)? Pin them? [y/N] ' "${prog:-}" >&2
	read -r answer
	case $answer in
	[Yy]*) return 0 ;;
	esac
	return 1
}

# Prints those of $fresh that are in $accept (-: all).
hosts_agreed() {
	while read -r node lookup print type key; do
		[ -n "$node" ] || continue
		[ "$accept" = - ] || among "$print" "$accept" || continue
		printf '%s %s %s\n' "$lookup" "$type" "$key" || return
	done <<END
$fresh
END
}

# Pins them; 74 where that fails, and what is pinned stays.
hosts_pin() {
	if ! {
		{ [ ! -f conf/known_hosts ] || cat conf/known_hosts; } && hosts_agreed
	} >conf/known_hosts.new || ! keys_replace known_hosts; then
		die 74 'cannot write conf/known_hosts'
	fi
}

# 0 every node has a key pinned that it shows, and ssh looks there; 1 not so.
hosts() { # [--yes | --accept FINGERPRINT...]
	accept=
	case ${1-}:$# in
	:0) ;;
	--yes:1) accept=- ;;
	--accept:?*)
		shift
		accept=$*
		[ $# -gt 0 ] || usage
		! among - "$accept" || usage
		;;
	*) usage ;;
	esac
	conf_nodes
	nodes=$conf
	scanned=$(for name in $nodes; do
		hosts_scan "$name" &
	done && wait)
	hosts_show <<END
$(printf '%s\n' "$scanned" | sort)
END
	if [ -n "$fresh" ]; then
		[ -n "$accept" ] || ! hosts_agree || accept=-
		[ -n "$accept" ] || die 1 "nothing was pinned; compare the fingerprints, and then: ./lite-raft keys --hosts --yes," \
			'or --accept FINGERPRINT...'
		hosts_pin
	fi
	left=
	for name in $nodes; do
		hosts_settled "$name" || left="$left $name"
	done
	if [ -n "$left" ]; then
		for name in $changed; do
			among "$name" "$left" || continue
			say "$name shows another key than conf/known_hosts has: if it was made anew, take the old one out there"
		done
		for name in $revoked; do
			say "$name shows a key that conf/known_hosts calls revoked: make it a new one there (ssh-keygen -A)"
		done
		die 1 "no key is pinned that these show:$left"
	fi
	case $(keys_ssh userknownhostsfile lite-raft) in
	*"$PWD/conf/known_hosts"*) say 'conf/known_hosts has a key of each' ;;
	*) die 1 'conf/known_hosts has a key of each, but ssh looks elsewhere; to have it look there: ./lite-raft keys' ;;
	esac
}

# True if a key that NODE shows is pinned now.
hosts_settled() { # NODE
	while read -r node lookup print type key; do
		case $node:$lookup in
		"$1:-") ;;
		"$1:"*) [ "$(hosts_pinned "$lookup" "$type" "$key")" != known ] || return 0 ;;
		esac
	done <<END
$scanned
END
	return 1
}

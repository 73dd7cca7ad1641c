# keys.sh - lite-raft keys: a key of the cluster's own, which opens nothing but the
# gate, one for hosts that are clients only, and the hosts' keys.  What is there is
# never overwritten, and no check of a host's key is ever left out.

. libexec/lib/conf.sh

keys_usage='lite-raft keys                   makes conf/peer_key and conf/client_key, has
                                    conf/ssh_config use the first, and shows
                                    the lines that let them in
       lite-raft keys --install [FILE]  writes those lines on this host, into
                                    ~/.ssh/authorized_keys or FILE
       lite-raft keys --hosts [--yes | --accept FINGERPRINT...]
                                    shows the hosts'"'"' keys and, where that is
                                    agreed to, pins them in conf/known_hosts

On the first host: keys, then --hosts; copy the directory to the others; on each
host: --install.  ./lite-raft check says whether it works.

The way back: take the lines that name this directory'"'"'s libexec/link/gate out of
authorized_keys on each host, and those between the two marks out of
conf/ssh_config; then remove conf/peer_key, conf/client_key (and what they are
called with .pub behind) and conf/known_hosts.'

keys_mark='# lite-raft keys: what stands from here to the next mark is its own'
keys_end='# lite-raft keys: end'

# Puts conf/NAME.new in its place, durably, without a program: there may be none yet.
keys_replace() { # NAME
	sync && mv -f "conf/$1.new" "conf/$1" && sync
}

# Makes the pair conf/NAME, unless it is there.
keys_pair() { # NAME WHAT-FOR
	if [ -e "conf/$1" ] || [ -h "conf/$1" ]; then
		[ -z "$(find -H "conf/$1" -prune \( -perm -040 -o -perm -004 \))" ] ||
			die 78 "cannot use conf/$1: others may read it, so no ssh takes it; if none did: chmod 600 conf/$1"
		[ -e "conf/$1.pub" ] || {
			ssh-keygen -y -f "conf/$1" </dev/null >"conf/$1.pub.new" && keys_replace "$1.pub"
		} || die 78 "cannot make conf/$1.pub out of conf/$1; move that away, and again: ./lite-raft keys"
		say "conf/$1 is there: $2"
		return
	fi
	[ ! -e "conf/$1.pub" ] || die 78 "cannot make conf/$1: conf/$1.pub is there without it; move it away"
	ssh-keygen -q -t ed25519 -N '' -C "lite-raft-${1%_key}" -f "conf/$1" </dev/null || die 74 "cannot make conf/$1"
	say "made conf/$1: $2"
}

# Sets $line to what lets conf/ROLE_key in on this host, to the gate alone, and
# $blob to what is the key in it.
keys_line() { # ROLE
	case $PWD in
	*[\"\\%\$]* | *[[:cntrl:]]*)
		die 78 "cannot use the directory $PWD for keys: its name has one of \" \\ % \$ in it"
		;;
	esac
	read -r type blob comment <"conf/$1_key.pub" || die 78 "cannot read conf/$1_key.pub; use: ./lite-raft keys"
	line="restrict,command=\"'$PWD/libexec/link/gate' $1\" $type $blob $comment"
}

# What ssh would do with conf/ssh_config: prints the values of SETTING for NODE.
keys_ssh() { # SETTING NODE
	ssh -G -F conf/ssh_config -- "$2" 2>/dev/null | sed -n "s/^$1 //p"
}

# Prints what in conf/ssh_config is a person's; not 0 where that fails.
keys_others() {
	[ -f conf/ssh_config ] || return 0
	awk -v mark="$keys_mark" -v end="$keys_end" '
		$0 == mark { own = 1 }
		!own
		$0 == end { own = 0 }
		END { if (own) exit 3 }' conf/ssh_config
	keys_status=$?
	[ "$keys_status" -ne 3 ] ||
		die 78 "cannot tell which lines of conf/ssh_config are a person's: where its own end there should be a line: $keys_end"
	return "$keys_status"
}

# Has conf/ssh_config use conf/peer_key and conf/known_hosts, on this host and in
# this directory; a person's lines stay, and come first.  The user's own keys are
# tried after it, until all hosts know the new one.
keys_config() {
	keys_ssh identityfile lite-raft | grep -q -x -F -e "$PWD/conf/peer_key" && return
	keys_users=$(for own in ~/.ssh/id_ed25519 ~/.ssh/id_ecdsa ~/.ssh/id_rsa; do
		[ ! -f "$own" ] || printf '\n\tIdentityFile "%s"' "$own"
	done)
	# With -F ssh reads neither of the included by itself.
	if ! { keys_others && printf '%s\n' "$keys_mark" 'Host *' "	IdentityFile \"$PWD/conf/peer_key\"$keys_users" \
		'	IdentitiesOnly yes' "	UserKnownHostsFile \"$PWD/conf/known_hosts\" ~/.ssh/known_hosts" \
		'	Include ~/.ssh/config' '	Include /etc/ssh/ssh_config' "$keys_end"; } >conf/ssh_config.new ||
		! keys_replace ssh_config; then
		die 74 'cannot write conf/ssh_config'
	fi
	say 'conf/ssh_config uses conf/peer_key and conf/known_hosts from now on'
}

keys_make() {
	keys_pair peer_key "opens the gates of this cluster's nodes"
	keys_pair client_key 'opens them for the store alone: for other hosts'
	keys_config
	known=$(keys_ssh userknownhostsfile lite-raft)
	case $known in
	"$PWD/conf/known_hosts"*) ;;
	*) say "conf/ssh_config has hosts' keys looked up in $known, not in conf/known_hosts" ;;
	esac
	say "these lines let them in, in $(id -un)'s authorized_keys on each host (./lite-raft keys --install):"
	for role in peer client; do
		keys_line "$role"
		put "$line"
	done
}

keys_install() { # FILE
	[ -f conf/peer_key.pub ] || die 78 'cannot install what is not there yet; use: ./lite-raft keys'
	keys_config
	[ -d "${1%/*}" ] || mkdir "${1%/*}" || die 74 "cannot make ${1%/*}"
	for role in peer client; do
		keys_line "$role"
		if [ -f "$1" ] && grep -q -x -F -e "$line" "$1"; then
			say "$1 has conf/${role}_key already"
			continue
		fi
		[ ! -f "$1" ] || ! grep -q -F -e "$blob" "$1" ||
			die 1 "cannot install conf/${role}_key: $1 has it with other words in line $(grep -n -F -e "$blob" "$1" | sed 's/:.*//;q'); take that line out first"
		# A last line without its end must not swallow this one.
		[ ! -s "$1" ] || [ -z "$(tail -c 1 "$1")" ] || line="
$line"
		printf '%s\n' "$line" >>"$1" || die 74 "cannot write $1"
		say "$1 lets conf/${role}_key in, to the gate alone"
	done
	say "the way back: take the lines out of $1 that have $PWD/libexec/link/gate in them"
}

keys() { # WORD...
	usage=$keys_usage
	case ${1-}:$# in
	:0) keys_make ;;
	--install:[12])
		file=${2-~/.ssh/authorized_keys}
		case $file in
		/*) ;;
		*) file=$OLDPWD/$file ;;
		esac
		keys_install "$file"
		;;
	--hosts:*)
		shift
		. libexec/lib/hosts.sh
		hosts "$@"
		;;
	--help:1) put "usage: $usage" ;;
	*) usage ;;
	esac
}

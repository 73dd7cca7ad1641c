# sshd.sh - a sandbox's keys and its own sshds; sourced by sandbox, which sets
# dir and nodes.  $dir/nI holds: host_key, id (node I's own key), known_hosts,
# authorized_keys, port, sshd_config, sshd.pid and sshd.log.

dir=${dir:-} nodes=${nodes:-}

# make_keys I: node I's host key and its own key, where they are not there yet.
make_keys() {
	for key in host_key id; do
		[ -f "$dir/n$1/$key" ] ||
			ssh-keygen -q -t ed25519 -N '' -C "n$1" -f "$dir/n$1/$key" || return 1
	done
}

# spread_keys I: everyone's host key and own key become known to node I.
spread_keys() {
	: >"$dir/n$1/known_hosts" && : >"$dir/n$1/authorized_keys" || return 1
	j=1
	while [ "$j" -le "$nodes" ]; do
		read -r type key comment <"$dir/n$j/host_key.pub" &&
			printf '%s %s %s\n' "$comment" "$type" "$key" >>"$dir/n$1/known_hosts" &&
			cat "$dir/n$j/id.pub" >>"$dir/n$1/authorized_keys" || return 1
		j=$((j + 1))
	done
}

# write_ssh_config I: how node I reaches the others, for the one who reads
# conf/ssh_config; nothing of it is in ~/.ssh.
write_ssh_config() {
	{
		j=1
		while [ "$j" -le "$nodes" ]; do
			printf 'Host n%s\n\tHostName 127.0.0.1\n\tPort %s\n\tHostKeyAlias n%s\n' \
				"$j" "$(cat "$dir/n$j/port")" "$j" || return 1
			j=$((j + 1))
		done
		cat <<END
Host *
	IdentityFile "$dir/n$1/id"
	IdentitiesOnly yes
	IdentityAgent none
	UserKnownHostsFile "$dir/n$1/known_hosts"
	GlobalKnownHostsFile /dev/null
END
	} >"$dir/n$1/lite-raft/conf/ssh_config"
}

# write_sshd_config I PORT: what is run there has a home of its own, so that the
# user's shell start-up files neither slow it down nor change it.  What never leaves
# this machine needs no keys that outlive quantum computers: they take half a login's
# time; and of the ciphers the one that costs least, where ssh has it.
write_sshd_config() {
	# Without PAM sshd turns a locked account away, with a key too; Debian
	# locks root's where sudo is to be used.
	pam=no
	[ "$(id -u)" -ne 0 ] || ! grep -q '^root:!' /etc/shadow 2>/dev/null || pam=yes
	cat >"$dir/n$1/sshd_config" <<END
ListenAddress 127.0.0.1
Port $2
HostKey "$dir/n$1/host_key"
AuthorizedKeysFile "$dir/n$1/authorized_keys"
PidFile "$dir/n$1/sshd.pid"
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserRC no
PrintMotd no
StrictModes no
KexAlgorithms curve25519-sha256
Subsystem sftp internal-sftp
SetEnv HOME="$dir/n$1"
END
	[ "$pam" = no ] || printf 'UsePAM yes\n' >>"$dir/n$1/sshd_config"
	cipher=aes128-gcm@openssh.com
	! ssh -Q cipher 2>/dev/null | grep -qx "$cipher" || printf 'Ciphers %s\n' "$cipher" >>"$dir/n$1/sshd_config"
}

# args_of PID: its command line; nothing if it is gone.
args_of() {
	ps -ww -o args= -p "$1" 2>/dev/null
}

# sshd_pids I: prints the pids of node I's sshd: there is one, or one more while
# somebody logs in.  Its configuration's path tells it from all others.
sshd_pids() {
	ps -A -ww -o pid= -o args= | mine="sshd -f $dir/n$1/sshd_config" awk 'index($0, ENVIRON["mine"]) { print $1 }'
}

# sshd_pid I: prints the one that listens; 1 if none does.  A pid in the pid file
# that has passed to another process is none.
sshd_pid() {
	[ -f "$dir/n$1/sshd.pid" ] && read -r listener <"$dir/n$1/sshd.pid" || return 1
	case "
$(sshd_pids "$1")
" in
	*"
$listener
"*) printf '%s\n' "$listener" ;;
	*) return 1 ;;
	esac
}

# start_sshd I: sshd binds to its port when it is a daemon already: its pid
# file says that it listens, its log that the port is taken; then the next.
start_sshd() {
	sshd_pid "$1" >/dev/null && return 0
	port=$((20000 + ($$ * 31 + $1) % 10000))
	[ ! -f "$dir/n$1/port" ] || read -r port <"$dir/n$1/port"
	tries=0
	while [ "$tries" -lt 100 ]; do
		rm -f "$dir/n$1/sshd.pid" "$dir/n$1/sshd.log"
		write_sshd_config "$1" "$port" || return 1
		"$(command -v sshd)" -f "$dir/n$1/sshd_config" -E "$dir/n$1/sshd.log" || break
		until [ -s "$dir/n$1/sshd.pid" ] || [ -z "$(sshd_pids "$1")" ]; do
			sleep 0.05
		done
		if [ -s "$dir/n$1/sshd.pid" ]; then
			printf '%s\n' "$port" >"$dir/n$1/port"
			return
		fi
		grep -q 'Cannot bind any address' "$dir/n$1/sshd.log" || break
		port=$((20000 + (port + 97) % 10000))
		tries=$((tries + 1))
	done
	printf 'sshd does not start:\n'
	cat "$dir/n$1/sshd.log"
	return 1
}

# log_in I: can node I log in to itself?  As the others do, but for the host key.
log_in() {
	ssh -F "$dir/n$1/lite-raft/conf/ssh_config" -o BatchMode=yes -o ConnectTimeout=10 "n$1" true && return 0
	tail -n 3 "$dir/n$1/sshd.log"
	return 1
}

# family PID: prints PID's children, and theirs.
family() {
	ps -A -o pid= -o ppid= | awk -v top="$1" '
	{ up[$1] = $2 }
	END {
		for (p in up) {
			for (q = up[p]; q in up && q != top; q = up[q])
				;
			if (q == top)
				print p
		}
	}'
}

# stop_sshd I: ends node I's sshd with its sessions, and kills what does not end; 1 if it
# lives on.
stop_sshd() {
	polls=0 name=TERM
	while left=$(sshd_pids "$1") && [ -n "$left" ] && [ "$polls" -lt 100 ]; do
		[ "$polls" -lt 40 ] || name=KILL
		for pid in $left; do
			signal "$name" "$pid $(family "$pid")"
		done
		sleep 0.05
		polls=$((polls + 1))
	done
	[ -z "$left" ]
}

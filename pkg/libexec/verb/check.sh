# check.sh - pkg check: what would keep packages from running here, or from being
# taken over, a line each.

name=${name-} node=${node-} work=${work-} answer='' found=''

# One line of what is wrong.
wrong() { # WORD...
	say "$*"
	bad=78
}

check_programs() {
	for program in announce apart guard local monitor session settings within; do
		[ -x "libexec/$program" ] || wrong "libexec/$program is not there: type make where lite-raft is, and copy pkg again"
	done
	libexec/settings --help >/dev/null 2>&1 || wrong 'libexec/settings does not run on this kind of machine: build lite-raft here'
	[ "$(id -u)" -eq 0 ] ||
		say 'this is not root: no addresses, mounts, LUNs, real-time priority, nor a reboot of a host that cannot kill'
	if [ ! -r /proc/self/stat ]; then
		say 'there is no /proc: processes that leave their process group are not found'
	fi
}

# Each server by itself: whether it answers, whether it leads.
check_servers() {
	leads=
	while read -r server <&4; do
		ask status
		if store_try "$server"; then
			leads=$server
			say "$server answers, and knows a leader"
		elif [ -n "$hint" ]; then
			say "$server answers"
		else
			wrong "$(grep -F -e "$server: " "$work/why" | tail -n 1)"
		fi
		: >"$work/ask"
	done 4<"$work/servers"
	[ -n "$leads" ] || wrong 'no server leads: type ./lite-raft status on one of them'
}

# Does this clock run?  Safety rests on differences of it alone.
check_clock() {
	[ -r /proc/uptime ] || return 0
	read -r before _ </proc/uptime
	sleep 0.2
	read -r after _ </proc/uptime
	[ "$before" != "$after" ] || wrong "this host's clock stands still"
}

# Each other node of NAME: whether this host can ask it for proof.
check_nodes() { # NODE...
	for other; do
		[ "$other" != "$node" ] || continue
		libexec/within 20 libexec/prove "$name" "$other" >"$work/said" 2>"$work/err" </dev/null
		if [ -s "$work/said" ]; then
			say "$other answers: $(tail -n 1 "$work/said")"
		else
			why=$(grep . "$work/err" | tail -n 1)
			say "$other can't be asked for proof that it is dead, so its lease must run out: ${why:-no pkg that is run as $other lies at the same place there, nor where the file directories says}"
		fi
	done
}

check_package() {
	script_check "$name"
	script_run "$name" status >"$work/said" 2>&1 </dev/null
	case $? in
	0 | 1 | 2 | 3 | 7) ;;
	75) say 'its status does not end' ;;
	*) say "its status is neither up nor down: $(tail -n 1 "$work/said")" ;;
	esac
	# A plain script knows no check, and says so as it likes.
	if grep -q pkg_main "control-scripts/$name"; then
		script_run "$name" check </dev/null || bad=78
	elif ! script_run "$name" resources >/dev/null 2>&1 </dev/null; then
		say 'its guard can kill what it starts itself; what a service manager or a container engine starts for it must be named by its verb resources: see control-script(5)'
	fi
	ask get "pkg/$name/conf"
	ask status
	ask list "pkg/$name/node/"
	store
	answer 3
	known=$answer
	answer 2
	timeout_find "$answer"
	if ! answer 1; then
		wrong "the store does not know $name; use: ./pkg init $name"
		return
	fi
	conf=$(unquote "$answer")
	order=$(printf '%s\n' "$conf" | sed -n 's/^nodes //p')
	case " ${order:-$node} " in
	*" $node "*) ;;
	*) wrong "$node is none of its nodes ($order); what this host is called stands in $PWD/node_name, where there is one" ;;
	esac
	if ! times=$(printf '%s\n' "$conf" | libexec/settings ${timeout:+"$timeout"} 2>"$work/err"); then
		why=$(tail -n 1 "$work/err")
		wrong "its settings in the store cannot be used: ${why#settings: }; the way out: ./pkg init $name"
	elif word_find soft "$times"; then
		wrong "its settings do not fit the store's election_timeout, $timeout s, any more; the way out: ./pkg init $name"
	fi
	word_find limit "$times" && limit=$found && word_find wait "$times" &&
		say "a node that is cut off has stopped it after $limit s; another takes over after $found s"
	# It is not opened, for then it would run.
	watchdog=$(printf '%s\n' "$conf" | sed -n 's/^watchdog //p')
	[ -z "$watchdog" ] || [ -w "$watchdog" ] ||
		wrong "its watchdog, $watchdog, is not there, or not for us to write: the package does not start here"
	for other in ${order:-$known}; do
		set -- "$@" "${other##*/}"
	done
	check_nodes "$@"
}

verb_check() {
	bad=0
	# A monitor has not the keys of whoever types this.
	unset SSH_AUTH_SOCK
	node_load
	store_open
	say "this host is $node"
	check_programs
	check_clock
	check_servers
	if [ -n "$name" ] && [ "$bad" -eq 0 ]; then
		check_package
	fi
	exit "$bad"
}

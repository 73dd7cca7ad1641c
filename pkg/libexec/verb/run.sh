# run.sh - pkg run and stop: this node takes part, or leaves.

name=${name-} node=${node-} work=${work-} foreground=${foreground-} answer='' found=''
stop_patience=60 # seconds for stop, beside what its control script may take

verb_run() {
	script_check "$name"
	node_load
	if [ ! -x libexec/guard ] || [ ! -x libexec/monitor ]; then
		die 78 'cannot run anything: pkg is not built yet; type make, where lite-raft is'
	fi
	if local_ask "$name" >/dev/null; then
		say "$name runs on $node already"
		return
	fi
	# The keys of whoever types this may go when they do.
	unset SSH_AUTH_SOCK
	store_open
	order=
	ask get "pkg/$name/conf"
	if store_ask; then
		answer 1 || die 78 "cannot run $name: the store does not know it; use: ./pkg init $name"
		order=$(unquote "$answer" | sed -n 's/^nodes //p')
	fi
	case " ${order:-$node} " in
	*" $node "*) ;;
	*) warn "$name will not run on $node, which is none of its nodes ($order); what this host is called stands in $PWD/node_name, where there is one" ;;
	esac
	[ -d message-log ] || (umask 077 && mkdir message-log) || die 74 "cannot make $PWD/message-log"
	rm -f "run/$name/ready"
	if [ -n "$foreground" ]; then
		rm -rf "$work"
		trap - EXIT
		exec libexec/guard "$name" </dev/null
	fi
	exec libexec/guard "$name" </dev/null >/dev/null 2>"$work/err" &
	guard=$!
	polls=300
	until [ -e "run/$name/ready" ]; do
		# The shell has looked after its children while it waited for one of them.
		if ! kill -0 "$guard" 2>/dev/null; then
			why=$(tail -n 1 "$work/err")
			die 1 "cannot run $name: ${why:-its guard ended}; message-log/$name.log may say more"
		fi
		polls=$((polls - 1))
		[ "$polls" -gt 0 ] || run_late
		sleep 0.1
	done
	say "$name is watched on $node"
}

# Its monitor has not read the store yet; or can't even begin, and says why.
run_late() {
	why=$(tail -n 1 "$work/err")
	[ -z "$why" ] || die 74 "$name is not watched so far, and tries again: $why"
	die 69 "$name waits for the store${store_reason:+ ($store_reason)}; it goes on by itself: message-log/$name.log"
}

# Sets $owner and $state out of the lease in answer N.
lease_load() { # N
	owner=- state=none
	answer "$1" || return 1
	lease=$answer
	lease_text=$(unquote "$lease")
	word_find owner "$lease_text" && owner=$found
	word_find state "$lease_text" && state=$found
}

# Sets $lag to how far a note may be behind the lease, by the settings CONF.
lag_load() { # CONF
	lag=0
	! word_find lag "$(printf '%s\n' "$1" | libexec/settings 2>/dev/null)" || lag=$found
}

# Does the note of a node say that it stands by, and has it been written lately?  That is
# told by how often the lease, $lease_text, has been renewed since, for which of two hosts'
# wall clocks is right nobody knows.
stands_by() { # NOTE
	printf '%s %s %s\n' "$lag" "$lease_text" "$1" | awk '{
		for (i = 2; i <= NF; i++)
			word[substr($i, 1, index($i, "=") - 1)] = substr($i, index($i, "=") + 1)
		split(word["seen"], seen, ".")
		if (seen[1] + 0 < word["epoch"] + 0)
			seen[2] = 0
		late = seen[1] + 0 <= word["epoch"] + 0 && seen[2] + $1 < word["seq"] + 0
		exit word["state"] != "standby" || late
	}'
}

# Sets $next to who may take NAME by itself, in the order of its nodes; empty: nobody.
# Reads $lease_text.
next_find() { # WITHOUT
	next=
	ask list "pkg/$name/node/"
	ask get "pkg/$name/conf"
	ask get "pkg/$name/want"
	store
	answer 1
	others=$answer
	answer 2 || return 0
	conf=$(unquote "$answer")
	lag_load "$conf"
	order=$(printf '%s\n' "$conf" | sed -n 's/^nodes //p')
	answer 3 && want=$(unquote "$answer") || want=
	! word_find auto "$want" || [ "$found" = on ] || return 0
	word_find off "$want" || found=
	banned=,$found,$1,
	for key in $others; do
		ask get "$key"
	done
	store
	standing='' n=0
	for key in $others; do
		n=$((n + 1))
		answer "$n" || continue
		case $banned in
		*,"${key##*/}",*) ;;
		*) ! stands_by "$(unquote "$answer")" || standing="$standing ${key##*/}" ;;
		esac
	done
	for next in ${order:-$standing}; do
		case " $standing " in
		*" $next "*) return ;;
		esac
	done
	next=
}

# Says what becomes of NAME when this node, its owner, leaves.
stop_say() {
	case $state in
	maint)
		say "$node leaves $name as it is, in maintenance: nobody looks after it, nor takes over, until: ./pkg maint $name off"
		return
		;;
	stuck)
		say "$node cannot stop $name: nobody takes over until $node is fenced or off, and then: ./pkg confirm-dead $name"
		return
		;;
	esac
	next_find "$node"
	if [ -n "$next" ]; then
		say "$node leaves $name, and $next takes over if it still can; what keeps it down is: ./pkg halt $name"
	else
		say "$node leaves $name, and nobody takes over: no other node stands by, or may by itself; see: ./pkg status $name"
	fi
}

# Prints the seconds that its control script may take to stop NAME, and behind them, as say
# does, what becomes of it; as far as it comes, for it ends where that can't be found out.
stop_advice() {
	store_open
	ask get "pkg/$name/lease"
	ask get "pkg/$name/conf"
	timeout=
	if ! store_ask; then
		printf '60 '
		say "$node leaves $name; who takes over can't be told without the store: ${store_reason-}"
		return
	fi
	! answer 2 || timeout=$(unquote "$answer" | sed -n 's/^stop_timeout 0*\([0-9]\{1,5\}\).*/\1/p')
	printf '%s ' "${timeout:-60}"
	lease_load 1 || :
	case $state in
	released | halted | failed) owner=- ;;
	esac
	if [ "$owner" = "$node" ]; then
		stop_say
	else
		say "$node no longer stands by for $name"
	fi
}

# Whatever else is out of order, this node leaves.
verb_stop() {
	node_load
	polls=20
	until local_ask "$name" >/dev/null; do
		[ $? -ne 75 ] || die 74 "cannot reach the monitor of $name, which says nothing; message-log/$name.log may say why"
		# One that died is being started again.
		if [ ! -e "run/$name/socket" ] || [ "$polls" -eq 0 ]; then
			say "$name is not run on $node"
			return
		fi
		polls=$((polls - 1))
		sleep 0.1
	done
	advice=$(stop_advice)
	timeout=${advice%%' '*}
	case $advice in
	*' '?*) printf '%s\n' "${advice#*' '}" ;;
	*) say "$node leaves $name; who takes over can't be told" ;;
	esac
	libexec/within $((${timeout:-60} + stop_patience)) libexec/local "$name" leave
	case $? in
	0) ;;
	75) die 1 "cannot stop $name so far, and goes on with it on $node; see: ./pkg why $name" ;;
	*) die 74 "cannot reach the monitor of $name: message-log/$name.log may say why" ;;
	esac
}

# init.sh - pkg init: what the control script says of itself becomes the package's
# settings in the store.  A package that runs goes on.

name=${name-} work=${work-} answer='' found=''
newline='
'
settings='nodes failback restarts start_timeout stop_timeout status_timeout status_interval
on_stop_fail profile renew soft grace kill poll watchdog reboot'

# Prints a line "SETTING VALUE" for each that the control script knows.
init_read() {
	# Whoever has an answer to this does not know what it was asked.
	script_run "$name" echo no_such_setting >/dev/null 2>&1 </dev/null
	case $? in
	0) return ;;
	75) die 78 "cannot use control-scripts/$name: its echo does not end" ;;
	esac
	for setting in $settings; do
		value=$(script_run "$name" echo "$setting" 2>/dev/null </dev/null) || continue
		case $value in
		*"$newline"*) die 78 "cannot use control-scripts/$name: its $setting has several lines" ;;
		esac
		[ -z "$value" ] || printf '%s %s\n' "$setting" "$value"
	done
}

verb_init() {
	script_check "$name"
	node_load
	store_open
	init_read >"$work/conf"
	ask status
	ask get "pkg/$name/conf"
	store
	answer 1
	timeout_find "$answer"
	follows=$(libexec/settings ${timeout:+"$timeout"} <"$work/conf" 2>"$work/err") || {
		read -r why <"$work/err"
		die 78 "cannot use control-scripts/$name: ${why#settings: }"
	}
	[ -n "$timeout" ] ||
		say "the servers do not tell their election_timeout: soft must be at least 1.5 of it + renew + 1.3" >&2
	if word_find soft "$follows"; then
		printf 'soft %s\n' "$found" >>"$work/conf"
		say "soft is $found s, for the store's election_timeout is $timeout s"
	fi
	conf=$(cat "$work/conf")
	if answer 2; then
		old=$answer
		if [ "$(unquote "$old")" = "$conf" ]; then
			say "$name is in the store as it is here"
			return
		fi
		ask if "pkg/$name/conf" = "$old" set "$(quote "$conf")"
		did='has been changed; a package that runs goes on'
	else
		ask if "pkg/$name/conf" absent set "$(quote "$conf")"
		did="is in the store; now, on each of its nodes: ./pkg run $name"
	fi
	store
	answer 1 || {
		# The answer to the first attempt may have been lost, or another init won.
		ask get "pkg/$name/conf"
		store
		answer 1
		[ "$(unquote "$answer")" = "$conf" ] || die 1 "cannot change $name: somebody else just did; try again"
	}
	say "$name $did"
	word_find limit "$follows"
	limit=$found
	word_find wait "$follows"
	say "a node that is cut off has stopped it after $limit s; another takes over after $found s"
}

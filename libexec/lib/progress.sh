# progress.sh - what the leader and a node say of it; how far a node has come that is
# being added: at a terminal one line that is written over, else one of its own
# every five seconds.

# Sets $role, $last, $match, $id and $standing to what $table, the answer to status,
# says of NODE: 1 if it is not there.  $standing is its note.
row_find() { # NODE
	while read -r row_name role _ last _ match _ _ id standing; do
		[ "$row_name" != "$1" ] || return 0
		: "$role $id $standing" # are the caller's
	done <<END
$table
END
	return 1
}

# Sets $hello to what NODE says of itself; empty if it does not answer.
hello_load() { # NODE
	hello=$(libexec/os/node greet "$1" |
		libexec/step/timer limit 5 libexec/link/peer "$1" hello 2>/dev/null)
}

# Sets $now: seconds, of the wall's clock, which only has to go on.
now_load() {
	now=$(awk 'BEGIN { srand(); print srand() }')
}

progress_begin() { # NODE
	progress_node=$1
	now_load
	began='' text=''
	said_at=$now
}

progress_end() {
	[ ! -t 1 ] || [ -z "$text" ] || printf '\n'
}

progress() {
	table=$(libexec/link/call --timeout 2 status 2>/dev/null) && row_find "$progress_node" || return
	now_load
	text="$match of $last entries"
	if [ "$match" = 0 ]; then
		hello_load "$progress_node"
		incoming=${hello##*
incoming }
		incoming=${incoming%%
*}
		case $incoming in
		[0-9]*\ [1-9]*) progress_bytes "${incoming% *}" "${incoming#* }" ;;
		esac
	fi
	if [ -t 1 ]; then
		printf '\r%s: %s  ' "$progress_node" "$text"
	elif [ $((now - said_at)) -ge 5 ]; then
		say "$progress_node has $text"
		said_at=$now
	fi
}

# A snapshot is under way: how much of it is there, how fast it comes, how long it
# still takes.
progress_bytes() { # HAVE TOTAL
	[ -n "$began" ] || began=$now had=$1
	text="$1 of $2 bytes"
	[ "$now" -gt "$began" ] && [ "$1" -gt "$had" ] || return 0
	rate=$((($1 - had) / (now - began)))
	[ "$rate" -eq 0 ] || text="$text, $rate a second, $((($2 - $1) / rate)) s left"
}

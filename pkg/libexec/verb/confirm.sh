# confirm.sh - pkg confirm-dead: a person swears that the owner's host does not run
# the package; nothing else takes the lease of an owner that could not stop it.

name=${name-} yes=${yes-} answer='' found=''

# Sets $seconds to how long a value of this limit must stand still: W, rounded up.
still_seconds() { # LIMIT in ms
	seconds=$((($1 * 110 / 90 + 100 + 999) / 1000))
}

verb_confirm_dead() {
	store_open
	ask get "pkg/$name/conf"
	ask get "pkg/$name/lease"
	store
	answer 1 || die 78 "cannot find $name: the store does not know it; use: ./pkg init $name"
	answer 2 || die 1 "cannot confirm anything: nobody has run $name yet"
	old=$answer
	lease=$(unquote "$old")
	word_find owner "$lease" && owner=$found
	word_find state "$lease" && state=$found
	word_find limit "$lease" && limit=$found
	word_find seq "$lease" && seq=$found
	case $state in
	released | halted | failed)
		say "$name is not held by anybody: its state is $state"
		return
		;;
	esac
	case $limit:$seq in
	*[!0-9:]* | :* | *:) die 74 "cannot read the lease of $name: $lease" ;;
	esac
	still_seconds "$limit"
	say "looks for $seconds s whether $owner renews the lease of $name" >&2
	sleep "$seconds"
	ask get "pkg/$name/lease"
	store
	answer 1
	[ "$answer" = "$old" ] ||
		die 1 "cannot call $owner dead: it has renewed its lease just now; power it off, or end the package on it"
	if [ -z "$yes" ]; then
		if [ ! -t 0 ] || [ ! -t 2 ]; then
			die 64 "cannot ask you here: ./pkg confirm-dead --yes $name swears that $name does not run on $owner"
		fi
		printf '%s may run on two nodes if you are wrong.\nIs the host %s off, or nothing of %s left on it?  Then type its name: ' "$name" "$owner" "$name" >&2
		read -r said || said=
		[ "$said" = "$owner" ] || die 1 'nothing was changed'
	fi
	new=
	for lease_word in $lease; do
		case $lease_word in
		state=*) lease_word=state=released ;;
		seq=*) lease_word=seq=$((seq + 1)) ;;
		to=*) lease_word=to=- ;;
		esac
		new=$new${new:+ }$lease_word
	done
	ask if "pkg/$name/lease" = "$old" set "\"$new\""
	store
	if ! answer 1; then
		ask get "pkg/$name/lease"
		store
		answer 1
		[ "$(unquote "$answer")" = "$new" ] || die 1 "cannot call $owner dead: it, or somebody else, changed the lease just now"
	fi
	say "$name is free: who stands by takes it over"
}

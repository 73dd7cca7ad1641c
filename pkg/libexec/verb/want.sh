# want.sh - what the administrators want of a package: halt, start, enable, disable,
# maint; and move, which is wanted once.  Each is a compare-and-set on one value.
# Sourced behind run.sh.

name=${name-} word=${word-} verb=${verb-} answer='' found='' owner='' state='' lease_text=''

# Sets up, auto, maint, off and clear to what is in $1, or what holds without.
want_parse() { # TEXT
	up=yes auto=on maint=off off='' clear=''
	for want_word in $1; do
		case $want_word in
		up=*) up=${want_word#up=} ;;
		auto=*) auto=${want_word#auto=} ;;
		maint=*) maint=${want_word#maint=} ;;
		off=*) off=${want_word#off=} ;;
		clear=*) clear=${want_word#clear=} ;;
		esac
	done
}

# A word by chance.
chance() {
	od -A n -N 8 -t x1 /dev/urandom 2>/dev/null | tr -d ' \n' | grep . || printf '%s%s\n' "$(date +%s)" "$$"
}

# Sets $off without NODE.
off_without() { # NODE
	off_old=$off, off=''
	while [ -n "$off_old" ]; do
		off_one=${off_old%%,*}
		off_old=${off_old#*,}
		[ -z "$off_one" ] || [ "$off_one" = "$1" ] || off=$off${off:+,}$off_one
	done
}

# Changes up, auto, maint, off and clear as VERB wants it.
want_change() {
	case $verb in
	halt) up=no ;;
	start) up=yes clear=$drawn ;;
	enable | disable)
		if [ -z "$word" ]; then
			[ "$verb" = enable ] && auto=on || auto=off
		else
			off_without "$word"
			[ "$verb" = enable ] || off=$off${off:+,}$word
		fi
		[ "$verb" = disable ] || clear=$drawn
		;;
	maint) maint=$word ;;
	esac
}

# Ends unless $word is among the nodes that CONF allows.
word_among() { # CONF WHAT
	order=$(printf '%s\n' "$1" | sed -n 's/^nodes //p')
	case " ${order:-$word} " in
	*" $word "*) ;;
	*) die 1 "$2: it is none of its nodes ($order)" ;;
	esac
}

# Writes it: as often as another administrator was quicker.
want_write() {
	store_open
	drawn=$(chance)
	for round in 1 2 3 4 5 6 7 8 9; do
		ask get "pkg/$name/conf"
		ask get "pkg/$name/want"
		store
		answer 1 || die 78 "cannot find $name: the store does not know it; use: ./pkg init $name"
		case $verb:$word in
		disable:?*) word_among "$(unquote "$answer")" "cannot disable $name on $word" ;;
		esac
		answer 2 && ask_old="= $answer" || ask_old=absent answer=
		want_parse "$(unquote "$answer")"
		before="$up $auto $maint $off $clear"
		want_change
		[ "$before" != "$up $auto $maint $off $clear" ] || return 0
		new="up=$up auto=$auto maint=$maint off=$off clear=$clear"
		[ "${#new}" -le 1024 ] ||
			die 1 "cannot change $name: the names of the disabled nodes would have more than 1024 bytes; enable some"
		ask if "pkg/$name/want" "$ask_old" set "\"$new\""
		store
		answer 1 && return
		sleep 0.1
	done
	die 1 "cannot change $name: others do so all the time (after $round attempts)"
}

# Waits until the lease's state is one of STATES, and its owner another than NOT;
# SECONDS at most.
lease_await() { # SECONDS STATES [NOT]
	await_end=$(($(date +%s) + $1))
	while :; do
		ask get "pkg/$name/lease"
		store
		lease_load 1 || return 1
		case " $2 " in
		*" $state "*) [ "$owner" = "${3-}" ] || return 0 ;;
		esac
		[ "$(date +%s)" -lt "$await_end" ] || return 1
		sleep 0.3
	done
}

verb_halt() {
	want_write
	lease_await 30 'halted released failed' || [ "$state" = none ] ||
		die 1 "$name is not down yet: its state is $state, on $owner; see: ./pkg why $name"
	say "$name is down, and stays so until: ./pkg start $name"
}

verb_start() {
	want_write
	lease_await 30 'running degraded' ||
		die 1 "$name does not run yet: its state is $state, on $owner; see: ./pkg why $name"
	say "$name runs on $owner"
}

verb_enable() {
	want_write
	if [ -n "$word" ]; then
		say "$name may run on $word again"
	else
		say "$name moves and is taken over by itself again"
	fi
}

verb_disable() {
	want_write
	if [ -n "$word" ]; then
		say "$name may not run on $word; the way back: ./pkg enable $name $word"
	else
		say "$name stays where it is and is not taken over; the way back: ./pkg enable $name"
	fi
}

verb_maint() {
	want_write
	if [ "$word" = on ]; then
		say "$name is left alone, whatever happens; the way back: ./pkg maint $name off"
	else
		say "$name is looked after again"
	fi
}

verb_move() {
	store_open
	ask get "pkg/$name/conf"
	ask get "pkg/$name/lease"
	ask get "pkg/$name/order"
	ask get "pkg/$name/want"
	store
	answer 1 || die 78 "cannot find $name: the store does not know it; use: ./pkg init $name"
	conf=$(unquote "$answer")
	lag_load "$conf"
	answer 4 || answer=
	want_parse "$(unquote "$answer")"
	answer 3 && ask_old="= $answer" || ask_old=absent
	lease_load 2 || die 1 "cannot move $name: it does not run"
	case $state in
	running | degraded) ;;
	*) die 1 "cannot move $name: its state is $state, on $owner" ;;
	esac
	[ "$owner" != "$word" ] || die 1 "cannot move $name to $word: it is there"
	if [ -n "$word" ]; then
		word_among "$conf" "cannot move $name to $word"
		case ,$off, in
		*,"$word",*) die 1 "cannot move $name to $word: it may not run there; the way back: ./pkg enable $name $word" ;;
		esac
		ask get "pkg/$name/node/$word"
		store
		answer 1 || answer=
		stands_by "$(unquote "$answer")" ||
			die 1 "cannot move $name to $word: it does not stand by there; see: ./pkg status $name"
	else
		next_find "$owner"
		[ -n "$next" ] ||
			die 1 "cannot move $name: no other node stands by, or may take it by itself; see: ./pkg why $name"
	fi
	word_find epoch "$lease_text"
	order="move ${word:--} $found.$(chance)"
	ask if "pkg/$name/order" "$ask_old" set "\"$order\""
	store
	if ! answer 1; then
		# The answer to the first attempt may have been lost; it is this one's, or taken.
		ask get "pkg/$name/order"
		store
		! answer 1 || [ "$(unquote "$answer")" = "$order" ] ||
			die 1 "cannot move $name: somebody else just gave an order; see: ./pkg status $name"
	fi
	lease_await 60 'running degraded' "$owner" ||
		die 1 "$name has not moved yet: its state is $state, on $owner; see: ./pkg log $name"
	say "$name runs on $owner"
}

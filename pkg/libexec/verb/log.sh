# log.sh - pkg log and why: what the store remembers of a package, whichever node saw
# it.

name=${name-} follow=${follow-} work=${work-} answer='' found=''

# Sets $keys to the events' keys that come behind KEY, oldest first; 69 as store_ask.
events_find() { # KEY
	ask list "pkg/$name/event/"
	store_ask || return
	answer 1
	keys=
	for key in $answer; do
		case ${key##*/} in
		*[!0-9]*) continue ;;
		esac
		keys="$keys$key
"
	done
	# A number that has got another digit sorts behind those that have not.
	keys=$(printf '%s' "$keys" | awk -F / -v after="$1" '
		length($NF) > length(after) || (length($NF) == length(after) && $NF > after) { print length($NF), $0 }' |
		sort -k 1n -k 2 | cut -d ' ' -f 2)
}

# Prints those events, and sets $last to the number of the newest; 69 as store_ask.
events_print() {
	[ -n "$keys" ] || return 0
	for key in $keys; do
		ask get "$key"
	done
	store_ask || return
	last=${key##*/}
	count=$(grep -c . "$work/answers")
	n=0
	while [ "$n" -lt "$count" ]; do
		n=$((n + 1))
		answer "$n" || continue # it has gone meanwhile
		event_print "$(unquote "$answer")"
	done
}

event_print() { # TEXT
	at=${1%% *}
	case $at in
	*[!0-9]* | '') printf '%s\n' "$1" && return ;;
	esac
	# GNU and busybox have one way, the BSDs another.
	shown=$(date -u -d "@$at" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null) ||
		shown=$(date -u -r "$at" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null) || shown=$at
	printf '%s %s\n' "$shown" "${1#* }"
}

# Ends unless the store knows the package.
known_check() {
	ask get "pkg/$name/conf"
	store
	answer 1 || die 78 "cannot find $name: the store does not know it; use: ./pkg init $name"
}

# Prints the events behind $last; 69 as store_ask.
events_show() {
	events_find "$last" && events_print
}

verb_log() {
	store_open
	known_check
	last=0 away=''
	events_show || store_die
	while [ -n "$follow" ]; do
		sleep 1
		printf '' >"$work/ask" || die 74 "cannot write $PWD/$work"
		if events_show; then
			away=''
		elif [ -z "$away" ]; then
			warn "cannot ask the store, and goes on to try: ${store_reason-}"
			away=1
		fi
	done
}

# One line of what is so now, and the events that led there.
verb_why() {
	store_open
	known_check
	ask get "pkg/$name/lease"
	ask get "pkg/$name/want"
	ask list "pkg/$name/node/"
	store
	answer 3
	nodes=$answer
	if answer 2; then
		want=$(unquote "$answer")
		case " $want " in
		*' up=no '*) printf 'it is to be down: ./pkg halt was typed; ./pkg start %s starts it\n' "$name" ;;
		esac
		case " $want " in
		*' maint=on '*) printf 'it is left alone: ./pkg maint %s off ends that\n' "$name" ;;
		esac
		case " $want " in
		*' auto=off '*) printf 'nobody takes it over: ./pkg enable %s ends that\n' "$name" ;;
		esac
		word_find off "$want" && [ -n "$found" ] &&
			printf 'not to run on %s: ./pkg enable %s NODE ends that\n' "$found" "$name"
	fi
	if answer 1; then
		lease=$(unquote "$answer")
		word_find owner "$lease" && owner=$found
		word_find state "$lease" && state=$found
		word_find note "$lease"
		printf 'its state is %s, its owner %s%s\n' "$state" "$owner" "${found:+: $(plain "$found")}"
	else
		printf 'nobody has run it yet: ./pkg run %s, on its nodes\n' "$name"
	fi
	for key in $nodes; do
		ask get "$key"
	done
	[ -z "$nodes" ] || store
	n=0
	for key in $nodes; do
		n=$((n + 1))
		answer "$n" || continue
		text=$(unquote "$answer")
		word_find state "$text" && state=$found
		word_find fails "$text" && fails=$found
		word_find note "$text"
		printf '%s: %s, %s failures%s\n' "${key##*/}" "$state" "$fails" "${found:+: $(plain "$found")}"
	done
	events_find 0 || store_die
	keys=$(printf '%s\n' "$keys" | tail -n 8)
	events_print || store_die
}

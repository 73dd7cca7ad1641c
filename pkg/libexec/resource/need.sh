# need.sh - what must be there before anything is started.
#
#	need ping ADDRESS...    one of them answers
#	need file PATH...       all of them exist
#	need command NAME...    all of them can be run

need_start() { # WHAT WORD...
	need_what=$1
	shift
	case $need_what in
	ping) need_ping "$@" ;;
	file | command) need_all "$need_what" "$@" ;;
	esac
}

need_stop() { :; }

# It has no state of its own, but without it what is up is degraded.
need_status() {
	need_start "$@" && return 5
	return 6
}

need_check() { # WHAT WORD...
	case $1:$# in
	*:1)
		because 1 'write something behind it'
		return
		;;
	file:* | command:*) ;;
	ping:*)
		pkg_has ping && return
		because 1 'there is no ping here' || return
		;;
	*)
		because 1 'write ping, file or command behind need' || return
		;;
	esac
}

need_kill() { :; }

need_ping() { # ADDRESS...
	for need_word; do
		if ping -c 1 -w 2 "$need_word" >/dev/null 2>&1; then
			return
		fi
	done
	because 1 "no answer from $*" || return
}

need_all() { # WHAT WORD...
	need_what=$1
	shift
	for need_word; do
		case $need_what in
		file) [ -e "$need_word" ] && continue ;;
		command) pkg_has "$need_word" && continue ;;
		esac
		because 1 "there is no $need_word" || return
	done
}

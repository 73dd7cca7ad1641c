# main.sh - the verbs of a control script; sourced by resources.sh.

label=${label-} pkg_list=${pkg_list-}

pkg_status_one() { # LINE
	pkg_call status "$1" 3<&-
	pkg_was=$?
	case $pkg_was in
	0) pkg_ups=1 ;;
	1) pkg_downs=1 said=${said:-down} ;;
	2) pkg_worst=2 pkg_ups=1 ;;
	5) return ;;
	6) pkg_worst=2 ;;
	*) pkg_unknown=1 said=${said:-unknown} ;;
	esac
	[ -z "$said" ] || pkg_note="${pkg_note:+$pkg_note; }$label $said"
}

# 0 all is up, 1 all is down, 2 degraded, 4 anything else; one line says why.
pkg_state() {
	pkg_ups='' pkg_downs='' pkg_unknown='' pkg_worst=0 pkg_note=''
	pkg_each pkg_status_one "$pkg_list"
	case $pkg_ups:$pkg_downs:$pkg_unknown in
	:1:) pkg_worst=1 pkg_note='' ;;
	1::) ;;
	::) pkg_worst=4 pkg_note='nothing that it is made of has a state' ;;
	*) pkg_worst=4 ;;
	esac
	[ -z "$pkg_note" ] || printf '%s\n' "$pkg_note"
	return "$pkg_worst"
}

pkg_check_one() { # LINE
	pkg_call check "$1" 3<&- && return
	pkg_say "$label: ${said:-cannot be used here}"
	pkg_bad=78
}

# What can't work on this host, a line each.
pkg_check() {
	pkg_bad=0
	pkg_each pkg_check_one "$pkg_list"
	return "$pkg_bad"
}

pkg_kill_one() { # LINE
	pkg_call kill "$1" 3<&- && return
	printf '%s: cannot tell how to kill %s%s\n' "$PKG_NAME" "$label" "${said:+: $said}" >&2
	pkg_bad=1
}

# What guard has to know, or 1: it is not all of it.
pkg_resources() {
	pkg_bad=0
	pkg_each pkg_kill_one "$pkg_list"
	return "$pkg_bad"
}

# The settings of a package are variables of its control script.  What NAME may be
# stands here, and nowhere does NAME become a command.  1: it has none.
pkg_echo() { # NAME
	case $1 in
	failback) set -- ${failback+"$failback"} ;;
	grace) set -- ${grace+"$grace"} ;;
	kill) set -- ${kill+"$kill"} ;;
	nodes) set -- ${nodes+"$nodes"} ;;
	on_stop_fail) set -- ${on_stop_fail+"$on_stop_fail"} ;;
	poll) set -- ${poll+"$poll"} ;;
	profile) set -- ${profile+"$profile"} ;;
	reboot) set -- ${reboot+"$reboot"} ;;
	renew) set -- ${renew+"$renew"} ;;
	restarts) set -- ${restarts+"$restarts"} ;;
	soft) set -- ${soft+"$soft"} ;;
	start_timeout) set -- ${start_timeout+"$start_timeout"} ;;
	status_interval) set -- ${status_interval+"$status_interval"} ;;
	status_timeout) set -- ${status_timeout+"$status_timeout"} ;;
	stop_timeout) set -- ${stop_timeout+"$stop_timeout"} ;;
	watchdog) set -- ${watchdog+"$watchdog"} ;;
	*) pkg_die 64 "cannot print $1: no such setting" ;;
	esac
	[ $# -gt 0 ] || return 1
	printf '%s\n' "$1"
}

# Fences NODE by what a line "fence COMMAND" says; 1 if it could not, or there is none.
pkg_fence() { # NODE
	case ${pkg_list-} in
	fence* | *"
"fence*) ;;
	*) pkg_die 1 "cannot fence $1: there is no line \"fence COMMAND\"" ;;
	esac
	PKG_FENCED=$1
	export PKG_FENCED
	pkg_each pkg_fence_one "$pkg_list"
}

pkg_fence_one() { # LINE
	case $1 in
	fence*) pkg_call now "$1" 3<&- ;;
	esac
}

# The last line of a control script.
pkg_main() { # VERB [WORD]
	set -f
	case $#:${1-} in
	1:start | 1:stop | 1:check)
		[ -d "$PKG_RUN" ] || (umask 077 && mkdir -p "$PKG_RUN") || pkg_die 74 "cannot make $PKG_RUN"
		"pkg_$1"
		;;
	1:status) pkg_state ;;
	1:resources) pkg_resources ;;
	2:echo | 2:fence) "pkg_$1" "$2" ;;
	1:help | 1:--help) printf 'usage: %s start|stop|status|check|resources|echo SETTING|fence NODE\n' "$PKG_NAME" ;;
	*)
		printf 'usage: %s start|stop|status|check|resources|echo SETTING|fence NODE\n' "$PKG_NAME" >&2
		exit 64
		;;
	esac
}

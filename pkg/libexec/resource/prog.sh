# prog.sh - a program that stays in the foreground, in a process group of its own.
# Which one it is, is written down when it is started; nothing is found by name.
#
#	prog NAME COMMAND [check=COMMAND] [stop=COMMAND] [wait=SECONDS]
#
# check: 0 it works, 2 degraded.  stop: asks it to end, before SIGTERM does.
# wait: how long that may take before SIGKILL (10).
# run/PACKAGE/prog.NAME has its pid, its start time and the boot;
# run/PACKAGE/prog.NAME.out what it prints: past 1 MiB that begins anew, and its end goes
# to prog.NAME.out.old.

# Sets prog_check, prog_stop_it and prog_seconds.
prog_options() { # NAME COMMAND OPTION...
	prog_check_it='' prog_stop_it='' prog_seconds=10
	shift 2
	for prog_word; do
		case $prog_word in
		check=*) prog_check_it=${prog_word#check=} ;;
		stop=*) prog_stop_it=${prog_word#stop=} ;;
		wait=*[!0-9]* | wait=) pkg_die 64 "cannot use $prog_word: seconds are a whole number" ;;
		wait=*) prog_seconds=${prog_word#wait=} ;;
		*) pkg_die 64 "cannot use $prog_word: write check=, stop= or wait=" ;;
		esac
	done
}

# Sets prog_pid, prog_started; both empty where nothing was written down in this boot.
prog_read() { # NAME
	prog_pid='' prog_started='' prog_boot=''
	[ -f "$PKG_RUN/prog.$1" ] || return 0
	read -r prog_pid prog_started prog_boot <"$PKG_RUN/prog.$1" || :
	case $prog_pid in
	'' | *[!0-9]*) prog_pid='' ;;
	esac
	prog_now_read
	[ "$prog_boot" = "$prog_now" ] || prog_pid=
}

# Sets prog_now to what tells this boot from all others: where the kernel has no name for
# it, when init was started; or empty.
prog_now_read() {
	prog_now=
	{ read -r prog_now </proc/sys/kernel/random/boot_id; } 2>/dev/null && return
	prog_now=$(ps -o lstart= -p 1 2>/dev/null | tr -s ' \n' __)
}

# Its output is appended to, so that it goes on at the beginning.
prog_trim() { # NAME
	prog_out=$PKG_RUN/prog.$1.out
	[ -n "$(find "$prog_out" -size +2048 2>/dev/null)" ] || return 0
	tail -c 65536 "$prog_out" >"$prog_out.old"
	: >"$prog_out"
}

# 0 it runs; 1 it is gone, and so is its group; 4 it is gone and left some behind.
prog_alive() { # NAME
	prog_read "$1"
	[ -n "$prog_pid" ] || return 1
	if [ "$prog_started" != - ] && prog_stat=$(cat "/proc/$prog_pid/stat" 2>/dev/null) && [ -n "$prog_stat" ]; then
		prog_field=0
		for prog_word in ${prog_stat##*\) }; do
			prog_field=$((prog_field + 1))
			case $prog_field:$prog_word in
			1:[ZX]) break ;;
			# As long as the group lives its number is nobody else's.
			20:"$prog_started") return 0 ;;
			20:*) return 1 ;;
			esac
		done
	elif [ "$prog_started" = - ] && kill -0 "$prog_pid" 2>/dev/null; then
		return 0
	fi
	prog_left || return 1
	because 4 'has ended, and left processes behind' || return
}

# Is there anything of the group but those that have ended?
prog_left() {
	kill -0 "-$prog_pid" 2>/dev/null || return 1
	ps -A -o pgid= -o stat= 2>/dev/null | awk -v group="$prog_pid" '
		$1 == group && $2 !~ /^[ZX]/ { left = 1 }
		END { exit !left }'
}

prog_gone() { # NAME
	prog_alive "$1"
	[ $? -eq 1 ]
}

prog_start() { # NAME COMMAND OPTION...
	prog_options "$@"
	prog_alive "$1"
	case $? in
	0) ;;
	1)
		prog_now_read
		[ -n "$prog_now" ] || because 1 'nothing tells one boot from another here' || return
		: >"$PKG_RUN/prog.$1.out"
		"$PKG_LIB/apart" "$PKG_RUN/prog.$1" "$prog_now" sh -c "$2" "$1" >>"$PKG_RUN/prog.$1.out" 2>&1 || {
			because 1 "$(tail -n 1 "$PKG_RUN/prog.$1.out" 2>/dev/null)" || return
		}
		;;
	*) prog_stop "$@" && prog_start "$@" && return ;;
	esac
	# It is started once it works, or else is not.
	while [ -n "$prog_check_it" ] && ! prog_works; do
		prog_alive "$1" || break
		sleep 0.2
	done
	prog_alive "$1" && return
	because 1 "has ended at once: $(tail -n 1 "$PKG_RUN/prog.$1.out" 2>/dev/null)"
}

# 0 it does, or in part.
prog_works() {
	sh -c "$prog_check_it" check </dev/null >/dev/null 2>&1
	prog_worked=$?
	case $prog_worked in
	0 | 2) return 0 ;;
	esac
	return 1
}

prog_stop() { # NAME COMMAND OPTION...
	prog_options "$@"
	prog_gone "$1" || {
		[ -z "$prog_stop_it" ] || sh -c "$prog_stop_it" stop </dev/null >/dev/null 2>&1 || :
		kill -TERM "-$prog_pid" 2>/dev/null
		kill -CONT "-$prog_pid" 2>/dev/null
		pkg_wait "$prog_seconds" prog_gone "$1" || {
			kill -KILL "-$prog_pid" 2>/dev/null
			pkg_wait 5 prog_gone "$1" || {
				because 1 "process $prog_pid does not end" || return
			}
		}
	}
	rm -f "$PKG_RUN/prog.$1"
	because 0 ''
}

prog_status() { # NAME COMMAND OPTION...
	prog_options "$@"
	prog_trim "$1"
	prog_alive "$1" || return
	[ -n "$prog_check_it" ] || return 0
	if ! prog_works; then
		because 4 'check failed' || return
	fi
	[ "$prog_worked" -eq 0 ] || because 2 'check says degraded'
}

prog_check() { # NAME COMMAND OPTION...
	case $1 in
	*[!A-Za-z0-9_.-]*)
		because 1 'its name is of letters, digits and _ . -' || return
		;;
	esac
	[ $# -ge 2 ] || {
		because 1 'write the command behind its name' || return
	}
	prog_options "$@"
	# What stands first on the line, if it is a path.
	case $2 in
	/*)
		[ -x "${2%% *}" ] || {
			because 1 "cannot run ${2%% *}" || return
		}
		;;
	esac
	[ -x "$PKG_LIB/apart" ] || {
		because 1 'pkg is not built yet: make, where lite-raft is' || return
	}
}

prog_kill() { # NAME COMMAND OPTION...
	prog_read "$1"
	[ -z "$prog_pid" ] || printf 'group %s %s\n' "$prog_pid" "$prog_started"
}

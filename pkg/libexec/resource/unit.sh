# unit.sh - a service that systemd starts for us; it must not be enabled.
#
#	unit NAME

# Sets unit_id, unit_restart and unit_group: its cgroup from the top, by systemd's word
# for it; while it does not run that is empty, and then where it will be.
unit_find() { # NAME
	unit_shown=$(systemctl show -p Id -p Restart -p Slice -p ControlGroup "$1" 2>/dev/null)
	unit_word Id && unit_id=$unit_found
	[ -n "$unit_id" ] || {
		because 1 'systemctl does not answer' || return
	}
	unit_word Restart && unit_restart=$unit_found
	unit_word Slice && unit_slice_path "${unit_found:-system.slice}"
	unit_word ControlGroup && unit_group=${unit_found:-$unit_path/$unit_id}
}

unit_word() { # PROPERTY
	unit_found=$(printf '%s\n' "$unit_shown" | sed -n "s/^$1=//p")
}

# Sets unit_path: a-b.slice is in a.slice, and -.slice the top.
unit_slice_path() { # SLICE
	unit_path='' unit_above='' unit_rest=${1%.slice}-
	[ "$1" != -.slice ] || unit_rest=
	while [ -n "$unit_rest" ]; do
		unit_above=$unit_above${unit_above:+-}${unit_rest%%-*}
		unit_rest=${unit_rest#*-}
		unit_path=$unit_path/$unit_above.slice
	done
}

# Could guard kill it, and does it stay dead then?
unit_mortal() { # NAME
	unit_find "$1" || return
	case $unit_id in
	*.service) ;;
	*) because 1 'is no service' || return ;;
	esac
	case $unit_restart in
	no) ;;
	*) because 1 'systemd would start it again: write Restart=no into it' || return ;;
	esac
	awk '$3 == "cgroup2" { found = 1 } END { exit !found }' /proc/self/mounts 2>/dev/null ||
		because 1 'guard could not kill it: no cgroup2 is mounted here'
}

unit_start() { # NAME
	unit_mortal "$1" && pkg_try systemctl start "$1"
}

unit_stop() { # NAME
	pkg_try systemctl stop "$1"
}

unit_status() { # NAME
	unit_state=$(systemctl is-active "$1" 2>/dev/null)
	case $unit_state in
	active) ;;
	inactive | failed) return 1 ;;
	*) because 4 "${unit_state:-systemctl does not answer}" ;;
	esac
}

unit_check() { # NAME
	if ! pkg_has systemctl || [ ! -d /run/systemd/system ]; then
		because 1 'this system is not run by systemd' || return
	fi
	systemctl cat "$1" >/dev/null 2>&1 || {
		because 1 'there is no such unit' || return
	}
	! systemctl is-enabled "$1" >/dev/null 2>&1 || {
		because 1 "it starts at boot by itself; as root: systemctl disable $1" || return
	}
	unit_mortal "$1" || return
	[ "$(id -u)" -eq 0 ] || {
		because 1 'only root may start and stop it' || return
	}
}

# Its processes are systemd's children, in a cgroup of their own.
unit_kill() { # NAME
	unit_find "$1" && printf 'cgroup %s\n' "$unit_group"
}

# unit.sh - a service that systemd starts for us; it must not be enabled.
#
#	unit NAME

unit_start() { # NAME
	pkg_try systemctl start "$1"
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
	case $(systemctl show -p Restart --value "$1" 2>/dev/null) in
	no | '') ;;
	*) because 1 'systemd would start it again: write Restart=no into it' || return ;;
	esac
	[ "$(id -u)" -eq 0 ] || {
		because 1 'only root may start and stop it' || return
	}
}

# Its processes are systemd's children, in a cgroup of their own, which has this name
# before they are there, too.
unit_kill() { # NAME
	unit_slice=$(systemctl show -p Slice --value "$1" 2>/dev/null)
	printf 'cgroup /sys/fs/cgroup/%s/%s\n' "${unit_slice:-system.slice}" "$1"
}

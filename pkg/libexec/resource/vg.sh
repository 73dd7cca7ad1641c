# vg.sh - a volume group of LVM, activated on one host at a time.
#
#	vg NAME

vg_start() { # NAME
	pkg_try vgchange --activate y "$1"
}

vg_stop() { # NAME
	pkg_wait 5 pkg_try vgchange --activate n "$1"
}

# Some of its volumes active, and some not, is neither up nor down.
vg_status() { # NAME
	vg_states=$(lvs --noheadings --options lv_active "$1" 2>/dev/null) || {
		because 4 'there is no such volume group' || return
	}
	case $vg_states in
	*active*) ;;
	*) return 1 ;;
	esac
	case $(printf '%s\n' "$vg_states" | grep -c -v active) in
	0) return 0 ;;
	esac
	because 4 'some of its volumes are not active' || return
}

vg_check() { # NAME
	if ! pkg_has vgchange; then
		because 1 'there is no LVM here'
	elif [ "$(id -u)" -ne 0 ]; then
		because 1 'only root may activate it'
	else
		vgs "$1" >/dev/null 2>&1 || because 1 'there is no such volume group'
	fi
}

vg_kill() { :; }

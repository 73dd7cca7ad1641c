# vip.sh - an address that is on one host at a time.
#
#	vip ADDRESS/PREFIX DEVICE

# Sets vip_address and vip_whole: without the prefix, and with the one for a single
# address; vip_six is 6 for IPv6.
vip_parse() { # ADDRESS/PREFIX
	vip_address=${1%%/*} vip_six=''
	case $vip_address in
	*:*) vip_six=6 vip_whole=$vip_address/128 ;;
	*) vip_whole=$vip_address/32 ;;
	esac
}

# Prints what this host has of it.
vip_show() { # DEVICE
	ip -o addr show dev "$1" to "$vip_whole" 2>/dev/null
}

vip_status() { # ADDRESS/PREFIX DEVICE
	vip_parse "$1"
	vip_link=$(ip -o link show dev "$2" 2>/dev/null) || {
		because 1 "there is no $2" || return
	}
	case $(vip_show "$2") in
	'') return 1 ;;
	*dadfailed*)
		because 4 'another host has it' || return
		;;
	*tentative*)
		because 4 'is not usable yet' || return
		;;
	esac
	case $vip_link in
	*NO-CARRIER* | *'state DOWN'*)
		because 2 "$2 has no carrier" || return
		;;
	esac
}

# An IPv6 address is probed by the kernel itself.
vip_settled() { # DEVICE
	case $(vip_show "$1") in
	*dadfailed* | '') return 0 ;;
	*tentative*) return 1 ;;
	esac
}

vip_start() { # ADDRESS/PREFIX DEVICE
	vip_status "$@"
	case $? in
	0 | 2) ;;
	1)
		[ -n "$vip_link" ] || return 1
		because 0 ''
		if [ -z "$vip_six" ]; then
			"$PKG_LIB/announce" --probe "$vip_address" "$2" 2>/dev/null
			if [ $? -eq 1 ]; then
				because 1 'another host has it' || return
			fi
		fi
		pkg_try ip addr add "$1" dev "$2" || return
		;;
	esac
	if [ -n "$vip_six" ]; then
		pkg_wait 5 vip_settled "$2"
		case $(vip_show "$2") in
		*dadfailed* | *tentative* | '')
			ip addr del "$1" dev "$2" 2>/dev/null
			because 1 'another host has it' || return
			;;
		esac
	fi
	# A device without hardware addresses, as lo, has no neighbours to tell.
	"$PKG_LIB/announce" "$vip_address" "$2" 2>/dev/null || :
	because 0 ''
}

vip_stop() { # ADDRESS/PREFIX DEVICE
	vip_parse "$1"
	# As it stands there: its prefix may be another than was written.
	vip_show "$2" | while read -r _ _ _ vip_found _; do
		ip addr del "$vip_found" dev "$2" 3<&- || exit
	done
	[ -z "$(vip_show "$2")" ]
}

vip_check() { # ADDRESS/PREFIX DEVICE
	case $1 in
	*/*) ;;
	*)
		because 1 'write the prefix behind it, as in 10.0.0.50/24'
		return
		;;
	esac
	if ! pkg_has ip; then
		because 1 'there is no ip here (iproute2)'
	elif ! ip link show dev "${2-}" >/dev/null 2>&1; then
		because 1 "there is no device ${2-}"
	elif [ "$(id -u)" -ne 0 ]; then
		because 1 'only root may add it'
	fi
}

vip_kill() { # ADDRESS/PREFIX DEVICE
	printf 'vip %s %s\n' "$1" "$2"
}
